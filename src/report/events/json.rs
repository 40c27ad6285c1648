//! What is told to programs: kept apart from [`Event`], so that the journal's form can change without
//! breaking whoever reads the lines.

use std::io::Write;

use serde::Serialize;

use crate::model::{
    Credits, Entry, Event, Failure, FailureKind, Generation, JobEvent, JobId, Lane, RemoteId, Tag,
    Timestamp, redact_url,
};
use crate::report::events::wording;
use crate::report::observer::LineStream;
use crate::report::observer::Observer;
use crate::report::summary::Summary;
use crate::report::words;

#[derive(Debug, Serialize)]
pub(super) struct JsonFailure {
    kind: FailureKind,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
}

/// What is told: kept apart from [`Event`], so that the journal's form can change without breaking
/// whoever reads the lines.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum JsonEvent<'a> {
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
        failure: JsonFailure,
    },
    JournalLost,
    InventoryTaken {
        rows: u64,
    },
    InventorySkipped {
        failure: JsonFailure,
    },
    PlacesLearnt {
        places: usize,
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
        failure: JsonFailure,
    },
    SubmitLost {
        job: &'a JobId,
        failure: JsonFailure,
    },
    Adopted {
        job: &'a JobId,
        remote_id: &'a RemoteId,
        tag: &'a Tag,
        generation: Generation,
        reserved: Credits,
    },
    NotProven {
        job: &'a JobId,
        why: &'static str,
        message: String,
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
        failure: JsonFailure,
    },
    FetchLeft {
        job: &'a JobId,
        failure: JsonFailure,
    },
    LinkExpired {
        job: &'a JobId,
        failure: JsonFailure,
    },
    PaidTwice {
        job: &'a JobId,
        other_remote_id: &'a RemoteId,
    },
    FileMissing {
        job: &'a JobId,
    },
    Failed {
        job: &'a JobId,
        failure: JsonFailure,
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

impl JsonFailure {
    fn of(failure: &Failure) -> Self {
        Self {
            kind: failure.kind,
            message: words::clean(&failure.message),
            http_status: failure.status,
        }
    }
}

impl<'a> JsonEvent<'a> {
    pub(super) fn of(summary: &Summary, event: &'a Event) -> Self {
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
                stopped: stopped.as_ref().map(wording::kind),
                message: stopped.as_ref().map(wording::sentence),
            },
            Event::LaneHeld {
                lane,
                until,
                failure,
            } => Self::LaneHeld {
                lane: *lane,
                until: until.to_string(),
                failure: JsonFailure::of(failure),
            },
            Event::JournalLost => Self::JournalLost,
            Event::InventoryTaken { rows } => Self::InventoryTaken { rows: *rows },
            Event::InventorySkipped { failure } => Self::InventorySkipped {
                failure: JsonFailure::of(failure),
            },
            Event::PlacesLearnt { places } => Self::PlacesLearnt { places: *places },
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
                failure: JsonFailure::of(failure),
            },
            JobEvent::SubmitLost { failure } => Self::SubmitLost {
                job,
                failure: JsonFailure::of(failure),
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
            JobEvent::NotProven { why } => Self::NotProven {
                job,
                why: why.word(),
                message: words::clean(&why.to_string()),
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
                failure: JsonFailure::of(failure),
            },
            JobEvent::FetchLeft { failure } => Self::FetchLeft {
                job,
                failure: JsonFailure::of(failure),
            },
            JobEvent::LinkExpired { failure } => Self::LinkExpired {
                job,
                failure: JsonFailure::of(failure),
            },
            JobEvent::PaidTwice { remote } => Self::PaidTwice {
                job,
                other_remote_id: remote,
            },
            JobEvent::FileMissing => Self::FileMissing { job },
            JobEvent::Failed { failure, charged } => Self::Failed {
                job,
                failure: JsonFailure::of(failure),
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

/// Version of the lines' form.
const VERSION: u32 = 1;

/// Tells a run as one JSON object a line.
#[derive(Debug)]
pub struct JsonLines {
    sink: LineStream,
}

impl JsonLines {
    /// Lines to `stream`.
    pub fn new(stream: Box<dyn Write + Send>) -> Self {
        Self {
            sink: LineStream::new(stream),
        }
    }
}

impl Observer for JsonLines {
    fn on_entry(&mut self, summary: &Summary, entry: &Entry) {
        let news = JsonEvent::of(summary, &entry.event);
        self.sink
            .write_line(&line(Some(entry.sequence), entry.at, news));
    }
}

/// What is said besides the entries of the journal.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum JsonMessage<'a> {
    /// Something worth knowing though nothing is wrong.
    Note {
        /// For people.
        message: &'a str,
    },
    /// Something that may be wrong.
    Warning {
        /// For people.
        message: &'a str,
    },
    /// What ended the program before or after its run.
    Error {
        /// For people.
        message: &'a str,
        /// What to do.
        hints: &'a [String],
        /// What the program ends with.
        exit_code: u8,
    },
}

/// A line, without its line feed, for what was said at `at`.
pub(crate) fn json_message_line(at: Timestamp, remark: JsonMessage<'_>) -> String {
    line(None, at, remark)
}

fn line(sequence: Option<u64>, at: Timestamp, event: impl Serialize) -> String {
    let line = JsonLine {
        version: VERSION,
        sequence,
        at: at.to_string(),
        event,
    };
    serde_json::to_string(&line).expect("a line is plain data, which JSON can always represent")
}

#[derive(Debug, Serialize)]
struct JsonLine<E> {
    version: u32,
    /// `None` for what is no entry of the journal.
    sequence: Option<u64>,
    at: String,
    event: E,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Inconclusive, StopReason};
    use crate::report::testing::{Shared, TestRun, artifact, at, id, output};

    const DOCUMENT: &str = include_str!("../../../docs/events.md");

    /// One entry of every kind; the schema is what this gives.
    fn every_entry() -> TestRun {
        let mut run = TestRun::with_jobs(1);
        let failure = Failure::new(FailureKind::Throttled, "slow\u{1b} down").with_status(429);
        let job = run.campaign.jobs[0].spec.clone();
        let (fingerprint, generation) = (job.fingerprint.clone(), Generation(0));
        let tag = Tag::of("spring", &job.id, &fingerprint, generation);
        let remote: RemoteId = "r-1".parse().unwrap();
        let reserved = Credits::from_thousandths(5500);
        run.push(1, Event::RunEnded { stopped: None });
        let stopped = Some(StopReason::CapReached);
        run.push(1, Event::RunEnded { stopped });
        let (lane, until) = (Lane::Submit, at(9));
        run.push(
            1,
            Event::LaneHeld {
                lane,
                until,
                failure: failure.clone(),
            },
        );
        run.push(1, Event::InventoryTaken { rows: 31 });
        run.push(
            1,
            Event::InventorySkipped {
                failure: failure.clone(),
            },
        );
        run.push(1, Event::PlacesLearnt { places: 12 });
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
            JobEvent::NotProven {
                why: Inconclusive::Once,
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
            JobEvent::FetchLeft {
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
            run.push(
                2,
                Event::Job {
                    job: id("a"),
                    event,
                },
            );
        }
        run
    }

    #[test]
    fn the_schema_stays_as_it_is() {
        let run = every_entry();
        let shared = Shared::default();
        run.replay_to(&mut JsonLines::new(Box::new(shared.clone())));
        let hints = ["try `callsheet status`".to_owned()];
        let (message, exit_code) = ("something is", 7);
        let mut told = shared.text();
        for remark in [
            JsonMessage::Note { message },
            JsonMessage::Warning { message },
            JsonMessage::Error {
                message,
                hints: &hints,
                exit_code,
            },
        ] {
            told.push_str(&json_message_line(at(3), remark));
            told.push('\n');
        }
        let (_, rest) = DOCUMENT.split_once("```jsonl\n").unwrap();
        let (documented, _) = rest.split_once("```").unwrap();
        assert_eq!(
            told, documented,
            "`docs/events.md` shows each line as it is"
        );
    }

    #[test]
    fn the_document_tells_every_kind_of_failure_and_of_end() {
        let kinds = [
            "interrupted",
            "max_duration",
            "too_many_failures",
            "out_of_credits",
            "cap_reached",
            "run_cap_reached",
            "rival",
            "long_hold",
            "unauthorised",
            "wrong_address",
            "unreachable",
            "inventory_refused",
            "local",
        ];
        for kind in
            kinds
                .into_iter()
                .chain(["throttled", "not_sent", "lost", "rejected", "render_failed"])
        {
            assert!(DOCUMENT.contains(&format!("`{kind}`")), "{kind}");
        }
    }
}
