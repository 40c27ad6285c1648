//! One JSON object a line, for programs: `--log-format json`.
//!
//! ```json
//! {"version":1,"sequence":7,"at":"2026-11-24T14:03:07.250Z","event":{"type":"done","job":"a",...}}
//! ```
//!
//! The schema is told in `docs/events.md`, which a test compares with what is written.

use std::io::Write;

use serde::Serialize;

use super::news::News;
use super::sink::Sink;
use super::{Observer, Summary};
use crate::model::{Entry, Timestamp};

/// Version of the lines' form.
const VERSION: u32 = 1;

/// Tells a run as one JSON object a line.
#[derive(Debug)]
pub struct JsonLines {
    sink: Sink,
}

impl JsonLines {
    /// Lines to `stream`.
    pub fn new(stream: Box<dyn Write + Send>) -> Self {
        Self {
            sink: Sink::new(stream),
        }
    }
}

impl Observer for JsonLines {
    fn on_entry(&mut self, summary: &Summary, entry: &Entry) {
        let news = News::of(summary, &entry.event);
        self.sink
            .write_line(&line(Some(entry.sequence), entry.at, news));
    }
}

/// What is said besides the entries of the journal.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Remark<'a> {
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
pub(crate) fn remark_line(at: Timestamp, remark: Remark<'_>) -> String {
    line(None, at, remark)
}

fn line(sequence: Option<u64>, at: Timestamp, event: impl Serialize) -> String {
    let line = Line {
        version: VERSION,
        sequence,
        at: at.to_string(),
        event,
    };
    serde_json::to_string(&line).expect("a line is plain data, which JSON can always represent")
}

#[derive(Debug, Serialize)]
struct Line<E> {
    version: u32,
    /// `None` for what is no entry of the journal.
    sequence: Option<u64>,
    at: String,
    event: E,
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::model::{
        Credits, Event, Failure, FailureKind, Generation, Inconclusive, JobEvent, Lane, RemoteId,
        StopReason, Tag,
    };
    use crate::report::testing::{Shared, Tale, artifact, at, id, output};

    const DOCUMENT: &str = include_str!("../../docs/events.md");

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
        tale.push(1, Event::PlacesLearnt { places: 12 });
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
        tale.tell_to(&mut JsonLines::new(Box::new(shared.clone())));
        let hints = ["try `callsheet status`".to_owned()];
        let (message, exit_code) = ("something is", 7);
        let mut told = shared.text();
        for remark in [
            Remark::Note { message },
            Remark::Warning { message },
            Remark::Error {
                message,
                hints: &hints,
                exit_code,
            },
        ] {
            told.push_str(&remark_line(at(3), remark));
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
