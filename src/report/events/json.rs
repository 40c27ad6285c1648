//! Events as JSON, one object a line: `--log-format json`.
//!
//! ```json
//! {"version":1,"sequence":7,"at":"2026-11-24T14:03:07.250Z","event":{"type":"done","job":"a",...}}
//! ```
//!
//! `docs/events.md` is the schema; a test compares it with the output.

use std::io::Write;

use serde::{Serialize, Serializer};

use crate::model::{
    Entry, Event, Failure, FailureKind, JobEvent, JobId, Timestamp, redact_url, variant_name,
};
use crate::report::events::wording::stop_sentence;
use crate::report::format::object;
use crate::report::observer::{LineStream, Observer};
use crate::report::summary::Summary;
use crate::util::json::safe_json;
use crate::util::text::sanitize;

/// Version of the lines; raised when a field is renamed or removed.
const VERSION: u32 = 1;

/// Writes a run as JSON lines.
#[derive(Debug)]
pub struct JsonLines {
    stream: LineStream,
}

impl JsonLines {
    /// Returns an observer that writes to `stream`.
    pub fn new(stream: Box<dyn Write + Send>) -> Self {
        Self { stream: LineStream::new(stream) }
    }
}

impl Observer for JsonLines {
    fn on_entry(&mut self, summary: &Summary, entry: &Entry) {
        let event = JsonEvent::of(summary, &entry.event);
        self.stream.write_line(&json_line(Some(entry.sequence), entry.at, event));
    }
}

/// A line that is not an entry of the journal.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum JsonMessage<'a> {
    /// A note.
    Note {
        /// Its text.
        message: &'a str,
    },
    /// A warning.
    Warning {
        /// Its text.
        message: &'a str,
    },
    /// The error that ends the program.
    Error {
        /// Its text.
        message: &'a str,
        /// What to do.
        hints: &'a [String],
        /// The program's exit code.
        exit_code: u8,
    },
}

/// Returns the line of a message, without a line feed.
pub(crate) fn json_message_line(at: Timestamp, message: JsonMessage<'_>) -> String {
    json_line(None, at, message)
}

fn json_line(sequence: Option<u64>, at: Timestamp, event: impl Serialize) -> String {
    #[derive(Serialize)]
    struct Line<E> {
        version: u32,
        sequence: Option<u64>,
        at: String,
        event: E,
    }
    let line = Line { version: VERSION, sequence, at: at.to_string(), event };
    safe_json(&serde_json::to_string(&line).expect("plain data can be represented as JSON"))
}

/// An event for programs. Its fields are independent of [`Event`], so that the journal's format can change without
/// breaking readers of the lines.
pub(crate) struct JsonEvent<'a> {
    summary: &'a Summary,
    event: &'a Event,
}

#[derive(Serialize)]
struct JsonFailure {
    kind: FailureKind,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
}

impl JsonFailure {
    fn of(failure: &Failure) -> Self {
        Self {
            kind: failure.kind,
            message: sanitize(&failure.message),
            http_status: failure.status,
        }
    }
}

impl<'a> JsonEvent<'a> {
    /// Returns an event that `summary` includes already.
    pub(crate) const fn of(summary: &'a Summary, event: &'a Event) -> Self {
        Self { summary, event }
    }
}

impl Serialize for JsonEvent<'_> {
    #[rustfmt::skip] // A table: one line for each event.
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let failed = JsonFailure::of;
        match self.event {
            Event::RunStarted { version, process, .. } => {
                let counts = self.summary.counts();
                object!(out, type: "run_started", program: version, process: process, jobs: counts.total, pending: counts.pending)
            }
            Event::RunEnded { stopped } => {
                let stopped = stopped.as_ref();
                object!(out, type: "run_ended", stopped: stopped.map(variant_name), message: stopped.map(|reason| stop_sentence(self.summary, reason)))
            }
            Event::LaneHeld { lane, until, failure } =>
                object!(out, type: "lane_held", lane: lane, until: until.to_string(), failure: failed(failure)),
            Event::JournalLost => object!(out, type: "journal_lost"),
            Event::AcceptedJobsLost => object!(out, type: "accepted_jobs_lost"),
            Event::InventoryTaken { rows } => object!(out, type: "inventory_taken", rows: rows),
            Event::TagNotShown { is_listed } => object!(out, type: "tag_not_shown", listed: is_listed),
        Event::ListCutOff { rows } => object!(out, type: "list_cut_off", rows: rows),
        Event::InventorySkipped { failure } => object!(out, type: "inventory_skipped", failure: failed(failure)),
            Event::LimitLearned { limit } => object!(out, type: "places_learnt", places: limit),
            Event::Job { job, event } => serialize_job_event(out, job, event),
        }
    }
}

#[rustfmt::skip] // A table: one line for each event.
fn serialize_job_event<S: Serializer>(out: S, job: &JobId, event: &JobEvent) -> Result<S::Ok, S::Error> {
    let failed = JsonFailure::of;
    match event {
        JobEvent::SubmitStarted { tag, generation, reserved, .. } =>
            object!(out, type: "submit_started", job: job, tag: tag, generation: generation, reserved: reserved),
        JobEvent::Submitted { remote } => object!(out, type: "submitted", job: job, remote_id: remote),
        JobEvent::SubmitDeferred { failure } => object!(out, type: "submit_deferred", job: job, failure: failed(failure)),
        JobEvent::SubmitLost { failure } => object!(out, type: "submit_lost", job: job, failure: failed(failure)),
        JobEvent::Adopted { remote, tag, generation, reserved, .. } =>
            object!(out, type: "adopted", job: job, remote_id: remote, tag: tag, generation: generation, reserved: reserved),
        JobEvent::NotProven { why } =>
            object!(out, type: "not_proven", job: job, why: variant_name(why), message: sanitize(&why.to_string())),
        JobEvent::FoundAbsent => object!(out, type: "found_absent", job: job),
        JobEvent::Observed { status } => object!(out, type: "observed", job: job, status: sanitize(status)),
        JobEvent::RenderOverdue => object!(out, type: "render_overdue", job: job),
        JobEvent::Rendered { output } => {
            let thumbnail = output.thumbnail_url.as_deref();
            object!(out, type: "rendered", job: job, video_url: redact_url(&output.video_url),
                thumbnail_url: thumbnail.map(redact_url), duration_seconds: output.duration_seconds,
                credits_used: output.credits_used)
        }
        JobEvent::Downloaded { artifact } =>
            object!(out, type: "done", job: job, file: artifact.file, thumbnail: artifact.thumbnail, bytes: artifact.bytes,
                sha256: artifact.sha256),
        JobEvent::DownloadDeferred { failure } => object!(out, type: "fetch_deferred", job: job, failure: failed(failure)),
        JobEvent::DownloadGivenUp { failure } => object!(out, type: "fetch_left", job: job, failure: failed(failure)),
        JobEvent::LinkExpired { failure } => object!(out, type: "link_expired", job: job, failure: failed(failure)),
        JobEvent::PaidTwice { remote } => object!(out, type: "paid_twice", job: job, other_remote_id: remote),
        JobEvent::Charged { credits } => object!(out, type: "charged", job: job, credits_used: credits),
        JobEvent::FileMissing => object!(out, type: "file_missing", job: job),
        JobEvent::Failed { failure, charged } =>
            object!(out, type: "failed", job: job, failure: failed(failure), credits_used: charged),
        JobEvent::Revisited => object!(out, type: "revisited", job: job),
        JobEvent::Reopened { generation } => object!(out, type: "reopened", job: job, generation: generation),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Credits, Generation, Inconclusive, Lane, RemoteId, StopReason, Tag};
    use crate::report::testing::{SharedBuffer, TestRun, artifact, at, id, output};

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
        run.event(1, Event::RunEnded { stopped: None });
        let stopped = Some(StopReason::CapReached);
        run.event(1, Event::RunEnded { stopped });
        let (lane, until) = (Lane::Submit, at(9));
        run.event(1, Event::LaneHeld { lane, until, failure: failure.clone() });
        run.event(1, Event::InventoryTaken { rows: 31 });
        run.event(1, Event::InventorySkipped { failure: failure.clone() });
        run.event(1, Event::LimitLearned { limit: 12 });
        for event in [
            JobEvent::SubmitStarted {
                tag: tag.clone(),
                fingerprint: fingerprint.clone(),
                generation,
                reserved,
                least: None,
            },
            JobEvent::Submitted { remote: remote.clone() },
            JobEvent::SubmitDeferred { failure: failure.clone() },
            JobEvent::SubmitLost { failure: failure.clone() },
            JobEvent::Adopted { remote, tag, fingerprint, generation, reserved, least: None },
            JobEvent::NotProven { why: Inconclusive::Once },
            JobEvent::FoundAbsent,
            JobEvent::Observed { status: "running".into() },
            JobEvent::RenderOverdue,
            JobEvent::Rendered { output: output("a") },
            JobEvent::Downloaded { artifact: artifact("a") },
            JobEvent::DownloadDeferred { failure: failure.clone() },
            JobEvent::DownloadGivenUp { failure: failure.clone() },
            JobEvent::LinkExpired { failure: failure.clone() },
            JobEvent::PaidTwice { remote: "other-1".parse().unwrap() },
            JobEvent::Charged { credits: Credits::whole(6) },
            JobEvent::FileMissing,
            JobEvent::Failed { failure, charged: None },
            JobEvent::Revisited,
            JobEvent::Reopened { generation: Generation(1) },
        ] {
            run.event(2, Event::Job { job: id("a"), event });
        }
        run
    }

    #[test]
    fn the_output_matches_the_document() {
        let run = every_entry();
        let shared = SharedBuffer::default();
        run.replay(&mut JsonLines::new(Box::new(shared.clone())));
        let hints = ["try `callsheet status`".to_owned()];
        let (message, exit_code) = ("something is", 7);
        let mut shown = shared.text();
        for message in [
            JsonMessage::Note { message },
            JsonMessage::Warning { message },
            JsonMessage::Error { message, hints: &hints, exit_code },
        ] {
            shown.push_str(&json_message_line(at(3), message));
            shown.push('\n');
        }
        let (_, rest) = DOCUMENT.split_once("```jsonl\n").unwrap();
        let (documented, _) = rest.split_once("```").unwrap();
        assert_eq!(shown, documented, "the example lines of `docs/events.md`");
    }

    #[test]
    fn the_document_has_every_kind_of_failure_and_stop() {
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
            kinds.into_iter().chain(["throttled", "not_sent", "lost", "rejected", "render_failed"])
        {
            assert!(DOCUMENT.contains(&format!("`{kind}`")), "{kind}");
        }
    }
}
