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

use super::news::News;
use super::sink::Sink;
use super::{Observer, Summary};
use crate::model::Entry;

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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{
        Credits, Event, Failure, FailureKind, Generation, JobEvent, Lane, RemoteId, StopReason,
        Tag, Timestamp,
    };
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
            JobEvent::PaidTwice {
                remote: "other-1".parse().unwrap(),
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
{"type":"paid_twice","job":"a","other_remote_id":"other-1"}
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
