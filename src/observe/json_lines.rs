//! One JSON object a line, for programs: `--log-format json`.
//!
//! ```json
//! {"version":1,"sequence":7,"at":"2026-11-24T14:03:07.250Z","event":{"type":"done","job":"a",...}}
//! ```
//!
//! `version` is raised when a field is renamed, removed or given another meaning; fields and types
//! that are new leave it as it is, so readers should ignore what they do not know. `sequence` counts
//! the campaign's entries from 1 without gaps, over all its runs. `type` is one of:
//!
//! | type | fields |
//! |---|---|
//! | `run_started` | `program` (its version), `process`, `jobs`, `pending` |
//! | `run_ended` | `stopped` (null, or why: `interrupted`, `cap_reached`, ...), `message` |
//! | `lane_held` | `lane` (`submit`, `poll`, `fetch`), `until`, `failure` |
//! | `inventory_taken` | `rows` |
//! | `inventory_skipped` | `failure` |
//! | `submit_started` | `job`, `tag`, `generation`, `reserved` |
//! | `submitted` | `job`, `remote_id` |
//! | `submit_deferred`, `submit_lost` | `job`, `failure` |
//! | `adopted` | `job`, `remote_id`, `tag`, `generation`, `reserved` |
//! | `found_absent`, `render_overdue`, `file_missing`, `revisited` | `job` |
//! | `observed` | `job`, `status` (the provider's word) |
//! | `rendered` | `job`, `video_url`, `thumbnail_url`, `duration_seconds`, `credits_used` |
//! | `done` | `job`, `file`, `thumbnail`, `bytes`, `sha256` |
//! | `fetch_deferred`, `link_expired` | `job`, `failure` |
//! | `failed` | `job`, `failure`, `credits_used` |
//! | `reopened` | `job`, `generation` |
//!
//! A `failure` has `kind`, `message` and, if there was an answer, `http_status`. Links are without
//! what signs them. Absent values are `null`.

use std::io::Write;

use serde::Serialize;

use super::sink::Sink;
use super::summary::Summary;
use super::{Observer, stop_words, words};
use crate::model::{
    Credits, Entry, Event, Failure, FailureKind, Generation, JobEvent, JobId, Lane, RemoteId, Tag,
    redact_url,
};

/// Version of the lines' form.
const VERSION: u32 = 1;

/// Tells a run as one JSON object a line.
#[derive(Debug)]
pub struct JsonLines {
    summary: Summary,
    sink: Sink,
}

impl JsonLines {
    /// Lines about what follows on `summary`.
    pub fn new(summary: Summary, stream: Box<dyn Write + Send>) -> Self {
        Self {
            summary,
            sink: Sink::new(stream),
        }
    }
}

impl Observer for JsonLines {
    fn on_entry(&mut self, entry: &Entry) {
        self.summary.apply(entry);
        let line = Line {
            version: VERSION,
            sequence: entry.sequence,
            at: entry.at.to_string(),
            event: News::of(&self.summary, &entry.event),
        };
        let line = serde_json::to_string(&line)
            .expect("a line is plain data, which JSON can always represent");
        self.sink.write_line(&line);
    }
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    version: u32,
    sequence: u64,
    at: String,
    event: News<'a>,
}

#[derive(Debug, Serialize)]
struct Trouble {
    kind: FailureKind,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
}

/// What is told: kept apart from [`Event`], so that the journal's form can change without breaking
/// whoever reads the lines.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum News<'a> {
    RunStarted {
        program: &'a str,
        process: u32,
        jobs: usize,
        pending: usize,
    },
    RunEnded {
        stopped: Option<&'static str>,
        message: Option<String>,
    },
    LaneHeld {
        lane: Lane,
        until: String,
        failure: Trouble,
    },
    InventoryTaken {
        rows: u64,
    },
    InventorySkipped {
        failure: Trouble,
    },
    SubmitStarted {
        job: &'a JobId,
        tag: &'a Tag,
        generation: Generation,
        reserved: Credits,
    },
    Submitted {
        job: &'a JobId,
        remote_id: &'a RemoteId,
    },
    SubmitDeferred {
        job: &'a JobId,
        failure: Trouble,
    },
    SubmitLost {
        job: &'a JobId,
        failure: Trouble,
    },
    Adopted {
        job: &'a JobId,
        remote_id: &'a RemoteId,
        tag: &'a Tag,
        generation: Generation,
        reserved: Credits,
    },
    FoundAbsent {
        job: &'a JobId,
    },
    Observed {
        job: &'a JobId,
        status: String,
    },
    RenderOverdue {
        job: &'a JobId,
    },
    Rendered {
        job: &'a JobId,
        video_url: String,
        thumbnail_url: Option<String>,
        duration_seconds: Option<f64>,
        credits_used: Option<Credits>,
    },
    Done {
        job: &'a JobId,
        file: &'a str,
        thumbnail: Option<&'a str>,
        bytes: u64,
        sha256: &'a str,
    },
    FetchDeferred {
        job: &'a JobId,
        failure: Trouble,
    },
    LinkExpired {
        job: &'a JobId,
        failure: Trouble,
    },
    FileMissing {
        job: &'a JobId,
    },
    Failed {
        job: &'a JobId,
        failure: Trouble,
        credits_used: Option<Credits>,
    },
    Revisited {
        job: &'a JobId,
    },
    Reopened {
        job: &'a JobId,
        generation: Generation,
    },
}

impl Trouble {
    fn of(failure: &Failure) -> Self {
        Self {
            kind: failure.kind,
            message: words::clean(&failure.message),
            http_status: failure.status,
        }
    }
}

impl<'a> News<'a> {
    fn of(summary: &Summary, event: &'a Event) -> Self {
        match event {
            Event::RunStarted { version, process } => {
                let counts = summary.counts();
                Self::RunStarted {
                    program: version,
                    process: *process,
                    jobs: counts.total,
                    pending: counts.pending,
                }
            }
            Event::RunEnded { stopped } => Self::RunEnded {
                stopped: stopped.as_ref().map(stop_words::kind),
                message: stopped.as_ref().map(stop_words::sentence),
            },
            Event::LaneHeld {
                lane,
                until,
                failure,
            } => Self::LaneHeld {
                lane: *lane,
                until: until.to_string(),
                failure: Trouble::of(failure),
            },
            Event::InventoryTaken { rows } => Self::InventoryTaken { rows: *rows },
            Event::InventorySkipped { failure } => Self::InventorySkipped {
                failure: Trouble::of(failure),
            },
            Event::Job { job, event } => Self::of_job(job, event),
        }
    }

    fn of_job(job: &'a JobId, event: &'a JobEvent) -> Self {
        match event {
            JobEvent::SubmitStarted {
                tag,
                generation,
                reserved,
                ..
            } => Self::SubmitStarted {
                job,
                tag,
                generation: *generation,
                reserved: *reserved,
            },
            JobEvent::Submitted { remote } => Self::Submitted {
                job,
                remote_id: remote,
            },
            JobEvent::SubmitDeferred { failure } => Self::SubmitDeferred {
                job,
                failure: Trouble::of(failure),
            },
            JobEvent::SubmitLost { failure } => Self::SubmitLost {
                job,
                failure: Trouble::of(failure),
            },
            JobEvent::Adopted {
                remote,
                tag,
                generation,
                reserved,
                ..
            } => Self::Adopted {
                job,
                remote_id: remote,
                tag,
                generation: *generation,
                reserved: *reserved,
            },
            JobEvent::FoundAbsent => Self::FoundAbsent { job },
            JobEvent::Observed { status } => Self::Observed {
                job,
                status: words::clean(status),
            },
            JobEvent::RenderOverdue => Self::RenderOverdue { job },
            JobEvent::Rendered { output } => Self::Rendered {
                job,
                video_url: redact_url(&output.video_url),
                thumbnail_url: output.thumbnail_url.as_deref().map(redact_url),
                duration_seconds: output.duration_seconds,
                credits_used: output.credits_used,
            },
            JobEvent::Fetched { artifact } => Self::Done {
                job,
                file: &artifact.file,
                thumbnail: artifact.thumbnail.as_deref(),
                bytes: artifact.bytes,
                sha256: &artifact.sha256,
            },
            JobEvent::FetchDeferred { failure } => Self::FetchDeferred {
                job,
                failure: Trouble::of(failure),
            },
            JobEvent::LinkExpired { failure } => Self::LinkExpired {
                job,
                failure: Trouble::of(failure),
            },
            JobEvent::FileMissing => Self::FileMissing { job },
            JobEvent::Failed { failure, charged } => Self::Failed {
                job,
                failure: Trouble::of(failure),
                credits_used: *charged,
            },
            JobEvent::Revisited => Self::Revisited { job },
            JobEvent::Reopened { generation } => Self::Reopened {
                job,
                generation: *generation,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{StopReason, Timestamp};
    use crate::observe::testing::{Shared, Tale, artifact, at, id, output};

    /// One entry of every kind; the schema is what this gives.
    fn every_entry() -> Tale {
        let mut tale = Tale::of(1);
        let failure = Failure::new(FailureKind::Throttled, "slow\u{1b} down").with_status(429);
        let job = tale.campaign.jobs[0].spec.clone();
        let (fingerprint, generation) = (job.fingerprint.clone(), Generation(0));
        let tag = Tag::of("spring", &job.id, &fingerprint, generation);
        let remote: RemoteId = "r-1".parse().unwrap();
        let reserved = Credits::from_thousandths(5500);
        tale.push(1, Event::RunEnded { stopped: None });
        let stopped = Some(StopReason::CapReached);
        tale.push(1, Event::RunEnded { stopped });
        let (lane, until) = (Lane::Submit, at(9));
        tale.push(
            1,
            Event::LaneHeld {
                lane,
                until,
                failure: failure.clone(),
            },
        );
        tale.push(1, Event::InventoryTaken { rows: 31 });
        tale.push(
            1,
            Event::InventorySkipped {
                failure: failure.clone(),
            },
        );
        for event in [
            JobEvent::SubmitStarted {
                tag: tag.clone(),
                fingerprint: fingerprint.clone(),
                generation,
                reserved,
            },
            JobEvent::Submitted {
                remote: remote.clone(),
            },
            JobEvent::SubmitDeferred {
                failure: failure.clone(),
            },
            JobEvent::SubmitLost {
                failure: failure.clone(),
            },
            JobEvent::Adopted {
                remote,
                tag,
                fingerprint,
                generation,
                reserved,
            },
            JobEvent::FoundAbsent,
            JobEvent::Observed {
                status: "running".into(),
            },
            JobEvent::RenderOverdue,
            JobEvent::Rendered {
                output: output("a"),
            },
            JobEvent::Fetched {
                artifact: artifact("a"),
            },
            JobEvent::FetchDeferred {
                failure: failure.clone(),
            },
            JobEvent::LinkExpired {
                failure: failure.clone(),
            },
            JobEvent::FileMissing,
            JobEvent::Failed {
                failure,
                charged: None,
            },
            JobEvent::Revisited,
            JobEvent::Reopened {
                generation: Generation(1),
            },
        ] {
            tale.push(
                2,
                Event::Job {
                    job: id("a"),
                    event,
                },
            );
        }
        tale
    }

    #[test]
    fn the_schema_stays_as_it_is() {
        let tale = every_entry();
        let shared = Shared::default();
        let summary = Summary::new(Arc::new(tale.campaign.clone()));
        let mut lines = JsonLines::new(summary, Box::new(shared.clone()));
        for entry in &tale.entries {
            lines.on_entry(entry);
        }
        let Event::Job {
            event: JobEvent::SubmitStarted { tag, .. },
            ..
        } = &tale.entries[6].event
        else {
            panic!("{:?}", tale.entries[6]);
        };
        let failure = r#"{"kind":"throttled","message":"slow  down","http_status":429}"#;
        let expected = r#"
{"type":"run_started","program":"0.1.0","process":42,"jobs":1,"pending":1}
{"type":"run_ended","stopped":null,"message":null}
{"type":"run_ended","stopped":"cap_reached","message":"the next job would pass `--max-credits`"}
{"type":"lane_held","lane":"submit","until":"2026-11-24T14:00:09.000Z","failure":FAILURE}
{"type":"inventory_taken","rows":31}
{"type":"inventory_skipped","failure":FAILURE}
{"type":"submit_started","job":"a","tag":"TAG","generation":0,"reserved":5.5}
{"type":"submitted","job":"a","remote_id":"r-1"}
{"type":"submit_deferred","job":"a","failure":FAILURE}
{"type":"submit_lost","job":"a","failure":FAILURE}
{"type":"adopted","job":"a","remote_id":"r-1","tag":"TAG","generation":0,"reserved":5.5}
{"type":"found_absent","job":"a"}
{"type":"observed","job":"a","status":"running"}
{"type":"render_overdue","job":"a"}
{"type":"rendered","job":"a","video_url":"https://cdn.example/a.mp4?…","thumbnail_url":"https://cdn.example/a.jpg","duration_seconds":12.5,"credits_used":5}
{"type":"done","job":"a","file":"videos/a.mp4","thumbnail":"thumbnails/a.jpg","bytes":1234567,"sha256":"9f86d081"}
{"type":"fetch_deferred","job":"a","failure":FAILURE}
{"type":"link_expired","job":"a","failure":FAILURE}
{"type":"file_missing","job":"a"}
{"type":"failed","job":"a","failure":FAILURE,"credits_used":null}
{"type":"revisited","job":"a"}
{"type":"reopened","job":"a","generation":1}
"#
        .replace("FAILURE", failure)
        .replace("TAG", tag.as_str());
        let text = shared.text();
        let events: Vec<&str> = expected.trim().lines().collect();
        assert_eq!(text.lines().count(), events.len());
        for ((line, event), entry) in text.lines().zip(events).zip(&tale.entries) {
            let (sequence, at): (u64, Timestamp) = (entry.sequence, entry.at);
            assert_eq!(
                line,
                format!(r#"{{"version":1,"sequence":{sequence},"at":"{at}","event":{event}}}"#)
            );
        }
    }
}
