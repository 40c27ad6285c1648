//! The status of a campaign, as a screen, as JSON, and redrawn while a run is under way.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::model::{Phase, Timestamp};
use crate::report::events::wording::{persona_and_ratio, provider_status};
use crate::report::files::json::{VERSION, credits, runs, totals};
use crate::report::format::date_time;
use crate::report::job_row::JobRow;
use crate::report::next_steps;
use crate::report::summary::Summary;
use crate::report::summary_text::{facts, headline, hint_lines, labelled, problems};
use crate::util::fs::LockState;
use crate::util::style::Colours;
use crate::util::text::{duration, pad, truncate};

/// Jobs under way that are shown before the rest is counted.
const MAX_SHOWN: usize = 12;

/// The information that a status shows besides the summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StatusContext {
    /// The time.
    pub now: Timestamp,
    /// The lock of the output folder, which an active run holds.
    pub lock: LockState,
    /// Whether to use colours.
    pub colours: Colours,
}

/// Returns counts, credits, jobs under way, problems and hints as text.
pub(crate) fn status_screen(summary: &Summary, context: StatusContext) -> String {
    let colours = context.colours;
    let mut facts = facts(summary, colours);
    for fact in &mut facts {
        if fact.0 == "time" {
            *fact = ("run", last_run(summary, context));
        }
    }
    let mut text = labelled(facts, colours);
    let under_way: Vec<JobRow> =
        summary.rows().filter(|row| row.is_outstanding() || row.is_submitting).collect();
    if !under_way.is_empty() {
        text.push_str("\nunder way:\n");
    }
    for row in under_way.iter().take(MAX_SHOWN) {
        let _ = writeln!(text, "  {}", job_line(summary, row, context.now));
    }
    if under_way.len() > MAX_SHOWN {
        let _ = writeln!(text, "  and {} more", under_way.len() - MAX_SHOWN);
    }
    text.push_str(&problems(summary, colours));
    if context.lock != LockState::Held {
        text.push_str(&hint_lines(summary));
    }
    text
}

fn job_line(summary: &Summary, row: &JobRow, now: Timestamp) -> String {
    let (id, state) = (row.id(), row.state);
    let word = match (&state.phase, state.observed.as_deref()) {
        (Phase::Rendering { .. }, Some(observed)) => provider_status(observed),
        (_, _) => row.status().to_owned(),
    };
    let since = state.accepted_at.or(state.submitted_at);
    let elapsed = since.map_or_else(String::new, |since| duration(now.since(since)));
    let overdue = if row.is_overdue { "  overdue" } else { "" };
    let what = truncate(&persona_and_ratio(summary, id), 18);
    let (id, what, word) = (pad(id.as_str(), 24), pad(&what, 18), pad(&word, 11));
    format!("{id}  {what}  {word}  {elapsed}{overdue}")
}

/// Describes the newest run.
fn last_run(summary: &Summary, context: StatusContext) -> String {
    let Some(run) = summary.runs().last() else {
        return "none yet".to_owned();
    };
    let began = date_time(run.started);
    match (&run.ended, context.lock) {
        (Some(end), _) => format!(
            "began {began}, ended {} ({})",
            date_time(end.at),
            duration(end.at.since(run.started)),
        ),
        (None, LockState::Held) => format!(
            "running for {} (process {})",
            duration(context.now.since(run.started)),
            run.process,
        ),
        (None, LockState::Free) => {
            format!("began {began} and ended unexpectedly; everything it did is recorded")
        }
        (None, LockState::Unknown) => format!("began {began}, end unknown"),
    }
}

/// Returns totals, credits, runs and hints as JSON.
pub(crate) fn status_json(summary: &Summary, context: StatusContext) -> Value {
    let campaign = summary.campaign();
    json!({
        "version": VERSION,
        "campaign": campaign.name,
        "manifest": campaign.manifest.to_string(),
        "out": campaign.out.display().to_string(),
        "sandbox": campaign.is_sandbox,
        "now": context.now.to_string(),
        "running": match context.lock {
            LockState::Held => Value::Bool(true),
            LockState::Free => Value::Bool(false),
            LockState::Unknown => Value::Null,
        },
        "totals": totals(summary),
        "credits": credits(summary),
        "approval": campaign.approval.to_json(),
        "runs": runs(summary),
        "hints": next_steps::hints(summary),
        "resume": next_steps::resume(summary).map(|command| command.to_string()),
    })
}

/// Returns the status in one line with the time, for output that is not redrawn.
pub(crate) fn status_line(summary: &Summary, context: StatusContext) -> String {
    format!("{}  {}\n", date_time(context.now), headline(summary))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::JobEvent;
    use crate::report::testing::{TestRun, at};

    fn view(lock: LockState) -> StatusContext {
        StatusContext { now: at(100), lock, colours: Colours::Off }
    }

    fn run() -> TestRun {
        let mut run = TestRun::with_jobs(3);
        run.done(1, "a");
        run.accepted(4, "b");
        let status = "in_queue".into();
        run.job_event(30, "b", JobEvent::Observed { status });
        run.rendered(5, "c");
        run
    }

    #[test]
    fn the_screen_of_a_running_campaign() {
        assert_eq!(
            status_screen(&run().summary(), view(LockState::Held)),
            " campaign  spring
     jobs  3 jobs: 1 done, 1 rendering, 1 downloading
  credits  10 spent, 5 promised
      run  running for 1 min 40 s (process 42)
   videos  spring-output/videos (1 file)
  results  spring-output/results.csv
     page  spring-output/report.html

under way:
  b                         Anna 9x16           in_queue     1 min 35 s
  c                         Anna 9x16           downloading  1 min 34 s
"
        );
    }

    #[test]
    fn a_request_that_a_run_is_sending_is_no_doubt() {
        let mut run = TestRun::with_jobs(1);
        run.sent(40, "a");
        let screen = status_screen(&run.live_summary(), view(LockState::Held));
        assert!(screen.contains("1 job: 1 submitting"), "{screen}");
        assert!(
            screen.contains("  a                         Anna 9x16           submitting   1 min")
        );
        assert!(!screen.contains("doubt") && !screen.contains("pay again"), "{screen}");
        assert_eq!(status_json(&run.live_summary(), view(LockState::Held))["hints"], json!([]));
    }

    #[test]
    fn a_campaign_without_runs_has_no_files() {
        let mut run = TestRun::with_jobs(2);
        run.entries.clear();
        let screen = status_screen(&run.summary(), view(LockState::Free));
        assert!(screen.contains("2 jobs") && !screen.contains("results.csv"), "{screen}");
    }

    #[test]
    fn a_crashed_run_differs_from_a_live_one() {
        let summary = run().summary();
        let screen = status_screen(&summary, view(LockState::Free));
        assert!(screen.contains("ended unexpectedly; everything it did is recorded"));
        assert!(
            screen.contains("hint: `c` is paid for but not downloaded: `callsheet"),
            "{screen}"
        );
        let screen = status_screen(&summary, view(LockState::Unknown));
        assert!(screen.contains("began 2026-11-24 14:00:00Z, end unknown"), "{screen}");
        let mut run = run();
        run.ended(70, None);
        let screen = status_screen(&run.summary(), view(LockState::Free));
        assert!(screen.contains("ended 2026-11-24 14:01:10Z (1 min 10 s)"), "{screen}");
    }

    #[test]
    fn json_has_totals_credits_and_hints() {
        let status = status_json(&run().summary(), view(LockState::Held));
        assert_eq!(status["totals"]["done"], 1);
        assert_eq!(status["credits"]["spent"], 10);
        assert_eq!(status["running"], true);
        assert_eq!(status["hints"].as_array().unwrap().len(), 2);
    }
}
