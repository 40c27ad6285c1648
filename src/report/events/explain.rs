//! `why`: everything that happened to one job, in sentences, and what comes next.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::model::{Credits, Entry, Event, JobEvent, JobId, Output, Phase, Speech, Timestamp};
use crate::report::events::json::JsonEvent;
use crate::report::events::wording;
use crate::report::files::json::JsonJob;
use crate::report::files::json::VERSION;
use crate::report::row::Row;
use crate::report::status::StatusContext;
use crate::report::summary::Summary;
use crate::report::words;
use crate::report::words::{bytes, clean, credits, moment, plural, range};

/// Characters of a job's text that are shown.
const MOST_TEXT: usize = 200;

/// The story of `job` as `entries` tell it; `None` if the campaign knows no such job.
pub(crate) fn explain(
    summary: &Summary,
    entries: &[Entry],
    job: &JobId,
    view: StatusContext,
) -> Option<String> {
    let row = summary.row(job)?;
    let mut text = heading(summary, &row);
    let mut before: Option<Timestamp> = None;
    for entry in entries {
        let Event::Job { job: whose, event } = &entry.event else {
            continue;
        };
        if whose != job {
            continue;
        }
        let gap = before.map_or_else(String::new, |before| {
            format!(" ({} later)", words::duration(entry.at.since(before)))
        });
        let _ = writeln!(text, "{}  {}{gap}", moment(entry.at), sentence(event));
        before = Some(entry.at);
    }
    if before.is_none() {
        text.push_str("nothing has happened to it yet\n");
    }
    let _ = writeln!(text, "\ncredits: {}", money(&row));
    let _ = writeln!(text, "next: {}", next(summary, &row, view));
    Some(text)
}

/// The same for programs: the job as it stands, and everything that happened to it in the form of the
/// lines of `--log-format json`. `None` if the campaign knows no such job.
pub(crate) fn explain_json(
    summary: &Summary,
    entries: &[Entry],
    job: &JobId,
    view: StatusContext,
) -> Option<Value> {
    let row = summary.row(job)?;
    let mut events = Vec::new();
    for entry in entries {
        if let Event::Job { job: whose, event } = &entry.event
            && whose == job
        {
            events.push(json!({
                "sequence": entry.sequence,
                "at": entry.at.to_string(),
                "event": JsonEvent::of(summary, &entry.event),
                "text": sentence(event),
            }));
        }
    }
    Some(json!({
        "version": VERSION,
        "campaign": summary.campaign().name,
        "job": JsonJob::of(summary, &row),
        "events": events,
        "next": next(summary, &row, view),
    }))
}

fn heading(summary: &Summary, row: &Row) -> String {
    let spec = &row.job.spec;
    let said = match &spec.request.speech {
        Speech::Text(text) => format!("\"{}\"", words::shorten(&clean(text), MOST_TEXT)),
        Speech::Audio(url) => crate::model::redact_url(url),
    };
    let origin = format!("{}, line {}", clean(&spec.origin.file), spec.origin.line);
    format!(
        "{}: {} ({origin})\n{}, {}\n{said}\n\n",
        spec.id,
        row.status().replace('_', " "),
        wording::what(summary, &spec.id),
        spec.request.model_version,
    )
}

fn sentence(event: &JobEvent) -> String {
    match event {
        JobEvent::SubmitStarted {
            tag,
            generation,
            reserved,
            ..
        } => {
            let again = match generation.0 {
                0 => String::new(),
                times => format!(", paid for on purpose once more (time {})", times + 1),
            };
            format!("was sent as `{tag}`, at most {}{again}", credits(*reserved))
        }
        JobEvent::Submitted { remote } => format!("was accepted as `{remote}`"),
        JobEvent::SubmitDeferred { failure } => {
            format!(
                "was not accepted and is to be sent again: {}",
                words::failure(failure)
            )
        }
        JobEvent::SubmitLost { failure } => format!(
            "came to be in doubt, for no answer says whether it was accepted: {}",
            words::failure(failure)
        ),
        JobEvent::Adopted { remote, tag, .. } => {
            format!("was found at the provider as `{remote}` by its mark `{tag}`; not paid again")
        }
        JobEvent::NotProven { why } => {
            format!(
                "was looked for, which proved nothing: {}",
                clean(&why.to_string())
            )
        }
        JobEvent::FoundAbsent => {
            "was proven not to be at the provider: two listings should have shown it and did not"
                .to_owned()
        }
        JobEvent::Observed { status } => format!("was `{}` at the provider", clean(status)),
        JobEvent::RenderOverdue => {
            "was not finished in the time allowed; the run stopped waiting".to_owned()
        }
        JobEvent::Rendered { output } => rendered(output),
        JobEvent::Fetched { artifact } => format!(
            "was downloaded to `{}`, {}, SHA-256 {}",
            clean(&artifact.file),
            bytes(artifact.bytes),
            clean(&artifact.sha256),
        ),
        JobEvent::FetchDeferred { failure } => {
            format!("could not be downloaded: {}", words::failure(failure))
        }
        JobEvent::FetchLeft { failure } => format!(
            "could not be downloaded, and was left to a later run: {}",
            words::failure(failure)
        ),
        JobEvent::LinkExpired { failure } => format!(
            "needs a fresh link, for the old one no longer works: {}",
            words::failure(failure)
        ),
        JobEvent::PaidTwice { remote } => format!(
            "was seen to have been paid for twice: the provider has a second job with its mark, \
             `{remote}`, which another run or a person has made"
        ),
        JobEvent::FileMissing => "had its file missing from the disk".to_owned(),
        JobEvent::Failed { failure, charged } => {
            let charged = match charged {
                None => "; the charge is not known".to_owned(),
                Some(Credits::ZERO) => "; nothing was charged".to_owned(),
                Some(charged) => format!("; {} charged", credits(*charged)),
            };
            format!("failed: {}{charged}", words::failure(failure))
        }
        JobEvent::Revisited => {
            "is asked about once more, for what was paid for may still turn up".to_owned()
        }
        JobEvent::Reopened { .. } => "is to be paid for once more, as asked".to_owned(),
    }
}

fn rendered(output: &Output) -> String {
    let length = output
        .duration_seconds
        .map(|seconds| format!(", {seconds} s long"));
    let charge = match output.credits_used {
        Some(charge) => format!("for {}", credits(charge)),
        None => "with no charge reported".to_owned(),
    };
    format!("was rendered {charge}{}", length.unwrap_or_default())
}

fn money(row: &Row) -> String {
    let (state, estimate) = (row.state, &row.job.estimate);
    let mut parts = vec![format!("{} spent", state.spent())];
    if state.promised() > Credits::ZERO {
        parts.push(format!("{} promised", state.promised()));
    }
    if state.earlier > Credits::ZERO {
        parts.push(format!("{} of it for earlier attempts", state.earlier));
    }
    parts.push(format!("estimated {}", range(estimate.low, estimate.high)));
    let attempts = usize::try_from(state.attempts).unwrap_or(usize::MAX);
    parts.push(plural(attempts, "submit"));
    parts.join(", ")
}

fn next(summary: &Summary, row: &Row, view: StatusContext) -> String {
    let campaign = summary.campaign();
    let run = campaign.command("run", &[]);
    let collect = campaign.command("collect", &[]);
    let id = row.id().as_str();
    match &row.state.phase {
        Phase::Pending if row.job.in_sheet => format!("`{run}` submits it"),
        Phase::Pending => "nothing, for it is gone from the sheet".to_owned(),
        Phase::Submitting | Phase::InDoubt { .. } => format!(
            "`{run}` looks for it at the provider; only if the dashboard shows no such video, `{}` \
             pays for it once more",
            campaign.command("run", &["--resubmit", id])
        ),
        Phase::Rendering { .. } | Phase::Fetching { .. } if row.state.is_to_be_downloaded() => {
            format!(
                "`{collect}` downloads it{}",
                row.failure().map_or("", |_| ", if it can be had by then")
            )
        }
        Phase::Rendering { .. } | Phase::Fetching { .. } => {
            let since = row.state.accepted_at.or(row.state.submitted_at);
            let elapsed = since.map_or_else(String::new, |since| {
                format!(" for {}", words::duration(view.now.since(since)))
            });
            format!("it has been rendering{elapsed}; `{collect}` fetches it when it is finished")
        }
        Phase::Done { .. } if row.has_changed() => format!(
            "its row was edited since; `{}` makes the new version, and pays for it",
            campaign.command("run", &["--redo-changed"])
        ),
        Phase::Done { .. } => "nothing; it is done".to_owned(),
        Phase::Failed { remote, .. } => {
            let again = campaign.command("run", &["--resubmit", id]);
            if !row.state.is_retried_unnamed() {
                return format!(
                    "its video is gone, at the provider too; `{again}` pays for it once more"
                );
            }
            let retry = campaign.command("run", &["--retry-failed", "--only", id]);
            match remote {
                None => format!("mend its row in the sheet, or `{retry}` sends it unchanged"),
                Some(_) => format!("`{retry}` pays for it once more"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Failure, FailureKind, Inconclusive};
    use crate::report::status::Liveness;
    use crate::report::terminal::style::Colours;
    use crate::report::testing::{TestRun, at, id};

    fn told(run: &TestRun, job: &str) -> Option<String> {
        let view = StatusContext {
            now: at(100),
            liveness: Liveness::Idle,
            colours: Colours::Off,
        };
        explain(&run.summary(), &run.entries, &id(job), view)
    }

    #[test]
    fn a_job_has_a_story() {
        let mut run = TestRun::with_jobs(2);
        run.done(1, "a");
        run.lost(2, "b");
        let text = told(&run, "a").unwrap();
        let tag = run
            .summary()
            .row(&id("a"))
            .unwrap()
            .state
            .tag
            .clone()
            .unwrap();
        assert_eq!(
            text,
            format!(
                "\
a: done (spring.csv, line 2)
Anna 9x16, standard
\"Say something nice about a.\"

2026-11-24 14:00:01Z  was sent as `{tag}`, at most 5 credits
2026-11-24 14:00:02Z  was accepted as `remote-a` (1 s later)
2026-11-24 14:01:01Z  was rendered for 5 credits, 12.5 s long (59 s later)
2026-11-24 14:01:02Z  was downloaded to `videos/a.mp4`, 1.2 MB, SHA-256 9f86d081 (1 s later)

credits: 5 spent, estimated 5, 1 submit
next: nothing; it is done
"
            )
        );
        assert_eq!(told(&run, "z"), None);
    }

    #[test]
    fn every_story_says_what_comes_next() {
        let mut run = TestRun::with_jobs(6);
        run.failed(1, "a", "no face");
        run.lost(2, "b");
        let why = Inconclusive::CutShort;
        run.tell(2, "b", JobEvent::NotProven { why });
        run.accepted(3, "c");
        run.rendered(4, "d");
        run.sent(5, "e");
        let failure = Failure::new(FailureKind::Rejected, "text too long");
        let charged = Some(Credits::ZERO);
        run.tell(6, "e", JobEvent::Failed { failure, charged });
        for (job, next) in [
            (
                "a",
                "`callsheet run spring.csv --retry-failed --only a` pays for it once more",
            ),
            (
                "b",
                "`callsheet run spring.csv --resubmit b` pays for it once more",
            ),
            (
                "b",
                "which proved nothing: the provider's list does not show it, but may not reach",
            ),
            (
                "c",
                "it has been rendering for 1 min 36 s; `callsheet collect spring.csv` fetches it",
            ),
            ("d", "`callsheet collect spring.csv` downloads it"),
            ("e", "mend its row in the sheet"),
            ("f", "nothing has happened to it yet"),
        ] {
            let text = told(&run, job).unwrap();
            assert!(text.contains(next), "{text}");
        }
    }
}
