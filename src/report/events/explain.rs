//! The history of one job, for `why`.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::model::{Credits, Entry, Event, JobId, Speech, Timestamp, redact_url};
use crate::report::events::json::JsonEvent;
use crate::report::events::wording::{LogLine, describe, persona_and_ratio};
use crate::report::files::json::{JsonJob, VERSION};
use crate::report::format::{credit_range, date_time};
use crate::report::job_row::JobRow;
use crate::report::next_steps::job_advice;
use crate::report::summary::Summary;
use crate::util::text::{duration, plural, sanitize, truncate};

/// Characters of a job's text that are shown.
const MAX_TEXT: usize = 200;

/// Returns the history of `job` as text; `None` if the campaign has no such job.
pub(crate) fn explain(
    summary: &Summary,
    entries: &[Entry],
    job: &JobId,
    now: Timestamp,
) -> Option<String> {
    let row = summary.row(job)?;
    let mut text = heading(summary, &row, now);
    let mut previous: Option<Timestamp> = None;
    for entry in entries_of(entries, job) {
        let LogLine { word, text: what, detail, .. } = describe(summary, &entry.event);
        let gap = previous.map_or_else(String::new, |previous| {
            format!(" ({} later)", duration(entry.at.since(previous)))
        });
        let _ = writeln!(text, "{}  {word:9}  {what}{detail}{gap}", date_time(entry.at));
        previous = Some(entry.at);
    }
    if previous.is_none() {
        text.push_str("nothing has happened to it yet\n");
    }
    let _ = writeln!(text, "\ncredits: {}", money(&row));
    let _ = writeln!(text, "next: {}", next(summary, &row));
    Some(text)
}

/// Returns the history of `job` as JSON, with the events of `--log-format json`; `None` if the campaign has no such
/// job.
pub(crate) fn explain_json(summary: &Summary, entries: &[Entry], job: &JobId) -> Option<Value> {
    let row = summary.row(job)?;
    let event = |entry: &Entry| {
        let line = describe(summary, &entry.event);
        json!({
            "sequence": entry.sequence,
            "at": entry.at.to_string(),
            "event": JsonEvent::of(summary, &entry.event),
            "text": format!("{}: {}{}", line.word, line.text, line.detail),
        })
    };
    Some(json!({
        "version": VERSION,
        "campaign": summary.campaign().name,
        "job": JsonJob::of(summary, &row),
        "events": entries_of(entries, job).map(event).collect::<Vec<_>>(),
        "next": next(summary, &row),
    }))
}

fn entries_of<'a>(entries: &'a [Entry], job: &'a JobId) -> impl Iterator<Item = &'a Entry> {
    entries
        .iter()
        .filter(move |entry| matches!(&entry.event, Event::Job { job: other, .. } if other == job))
}

fn heading(summary: &Summary, row: &JobRow, now: Timestamp) -> String {
    let spec = &row.job.spec;
    let speech = match &spec.request.speech {
        Speech::Text(text) => format!("\"{}\"", truncate(&sanitize(text), MAX_TEXT)),
        Speech::Audio(url) => redact_url(url),
    };
    let mut status = row.status().replace('_', " ");
    if status == "rendering"
        && let Some(since) = row.state.accepted_at.or(row.state.submitted_at)
    {
        let _ = write!(status, " for {}", duration(now.since(since)));
    }
    if row.is_outdated() {
        status.push_str(", outdated");
    }
    format!(
        "{}: {status} ({}, line {})\n{}, {}\n{speech}\n\n",
        spec.id,
        sanitize(&spec.origin.file),
        spec.origin.line,
        persona_and_ratio(summary, &spec.id),
        spec.request.model_version,
    )
}

fn money(row: &JobRow) -> String {
    let (state, estimate) = (row.state, &row.job.estimate);
    let mut parts = vec![format!("{} spent", state.spent())];
    if state.promised() > Credits::ZERO {
        parts.push(format!("{} promised", state.promised()));
    }
    if state.earlier > Credits::ZERO {
        parts.push(format!("{} of it for earlier attempts", state.earlier));
    }
    let range = credit_range(estimate.low, estimate.high);
    parts.push(format!("estimated {range}"));
    parts.push(plural(state.attempts, "submit"));
    parts.join(", ")
}

fn next(summary: &Summary, row: &JobRow) -> String {
    match job_advice(summary.campaign(), row) {
        Some(advice) => format!("{}: `{}`", advice.text, advice.command),
        None if row.is_submitting => "the answer to its request; the run waits for it".to_owned(),
        None if row.file().is_some() => "nothing; it is done".to_owned(),
        None if !row.job.in_sheet => "nothing; it is no longer in the sheet".to_owned(),
        None => "nothing; it is not selected".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Failure, FailureKind, Inconclusive, JobEvent};
    use crate::report::testing::{TestRun, at, id};

    fn shown(run: &TestRun, job: &str) -> Option<String> {
        explain(&run.summary(), &run.entries, &id(job), at(100))
    }

    #[test]
    fn the_history_of_a_job() {
        let mut run = TestRun::with_jobs(2);
        run.done(1, "a");
        run.lost(2, "b");
        let text = shown(&run, "a").unwrap();
        let tag = run.summary().row(&id("a")).unwrap().state.tag.clone().unwrap();
        assert_eq!(
            text,
            format!(
                "\
a: done (spring.csv, line 2)
Anna 9x16, standard
\"Say something nice about a.\"

2026-11-24 14:00:01Z  sending    at most 5 credits, tag `{tag}`
2026-11-24 14:00:02Z  submitted  Anna 9x16 as remote-a (1 s later)
2026-11-24 14:01:01Z  rendered   5 credits, 12.5 s long (59 s later)
2026-11-24 14:01:02Z  done       videos/a.mp4  1.2 MB  5 credits  SHA-256 9f86d081 (1 s later)

credits: 5 spent, estimated 5, 1 submit
next: nothing; it is done
"
            )
        );
        assert_eq!(shown(&run, "z"), None);
    }

    #[test]
    fn each_history_ends_with_the_next_step() {
        let mut run = TestRun::with_jobs(6);
        run.failed(1, "a", "no face");
        run.lost(2, "b");
        let why = Inconclusive::CutShort;
        run.job_event(2, "b", JobEvent::NotProven { why });
        run.accepted(3, "c");
        run.rendered(4, "d");
        run.sent(5, "e");
        let failure = Failure::new(FailureKind::Rejected, "text too long");
        let charged = Some(Credits::ZERO);
        run.job_event(6, "e", JobEvent::Failed { failure, charged });
        for (job, next) in [
            ("a", "pay for it again: `callsheet run spring.csv --retry-failed --only a`"),
            ("b", "pay again: `callsheet run spring.csv --resubmit b`"),
            ("b", "unproven   the provider's list does not show it, but may not reach"),
            ("c", "c: rendering for 1 min 36 s ("),
            ("d", "it is paid for but not downloaded: `callsheet collect spring.csv`"),
            (
                "e",
                "correct the row in the sheet, or submit it unchanged: `callsheet run spring.csv --retry-failed --only e`",
            ),
            ("f", "nothing has happened to it yet"),
        ] {
            let text = shown(&run, job).unwrap();
            assert!(text.contains(next), "{text}");
        }
    }
}
