//! `status`: where a campaign stands, on one screen.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::model::{Phase, Timestamp};
use crate::report::files::json::{VERSION, credits, runs, totals};
use crate::report::row::Row;
use crate::report::summary::Summary;
use crate::report::terminal::live_region::LiveRegion;
use crate::report::terminal::style::{Colours, Style};
use crate::report::{next_steps, summary_text, words};

/// Jobs under way that are shown one by one.
const MOST_SHOWN: usize = 12;

/// Whether a run is under way. The journal alone cannot tell a live run from a crashed one; the lock can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Liveness {
    /// A process holds the lock.
    Running,
    /// No process holds the lock.
    Idle,
    /// The lock could not be tried.
    Unknown,
}

/// When and how a status is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StatusContext {
    /// The time.
    pub now: Timestamp,
    /// Whether a run is going on.
    pub liveness: Liveness,
    /// Whether to use colours.
    pub colours: Colours,
}

/// One screen: counts, credits, what is under way, what went wrong, what to do next.
pub(crate) fn status_screen(summary: &Summary, view: StatusContext) -> String {
    let mut text = String::new();
    let colours = view.colours;
    for (label, value) in summary_text::facts(summary, colours) {
        // The time of a run that is not over is told in its own line.
        let (label, value) = if label == "time" {
            ("run", last_run(summary, view))
        } else {
            (label, value)
        };
        let label = colours.paint(Style::Strong, &format!("{label:>9}"));
        let _ = writeln!(text, "{label}  {value}");
    }
    let under_way: Vec<Row> = summary
        .rows()
        .filter(|row| {
            matches!(
                row.state.phase,
                Phase::Rendering { .. } | Phase::Fetching { .. }
            )
        })
        .collect();
    if !under_way.is_empty() {
        let _ = writeln!(text, "\nunder way:");
    }
    for row in under_way.iter().take(MOST_SHOWN) {
        let _ = writeln!(text, "  {}", job_line(summary, row, view));
    }
    if under_way.len() > MOST_SHOWN {
        let _ = writeln!(text, "  and {} more", under_way.len() - MOST_SHOWN);
    }
    text.push_str(&summary_text::troubles(summary, colours));
    if view.liveness != Liveness::Running {
        let hints = next_steps::all(summary);
        if !hints.is_empty() {
            text.push('\n');
        }
        for hint in hints {
            let _ = writeln!(text, "{} {hint}", colours.paint(Style::Work, "hint:"));
        }
    }
    text
}

fn job_line(summary: &Summary, row: &Row, view: StatusContext) -> String {
    let request = &row.job.spec.request;
    let persona = words::clean(summary.campaign().persona(&request.persona));
    let state = row.state;
    let word = match (&state.phase, state.observed.as_deref()) {
        (Phase::Rendering { .. }, Some(observed)) => words::clean(observed),
        (phase, _) => phase.name().to_owned(),
    };
    let since = state.accepted_at.or(state.submitted_at);
    let elapsed = since.map_or_else(String::new, |since| words::duration(view.now.since(since)));
    let overdue = if row.is_overdue { "  overdue" } else { "" };
    format!(
        "{}  {}  {:4}  {word:11}  {elapsed}{overdue}",
        words::pad(row.id().as_str(), 24),
        words::pad(&words::shorten(&persona, 12), 12),
        request.aspect_ratio,
    )
}

/// The newest run: since when, or how it ended.
fn last_run(summary: &Summary, view: StatusContext) -> String {
    let Some(run) = summary.runs().last() else {
        return "none yet".to_owned();
    };
    let began = words::moment(run.started);
    match (&run.ended, view.liveness) {
        (Some(end), _) => format!(
            "began {began}, ended {} ({})",
            words::moment(end.at),
            words::duration(end.at.since(run.started)),
        ),
        (None, Liveness::Running) => format!(
            "going on for {} (process {})",
            words::duration(view.now.since(run.started)),
            run.process,
        ),
        (None, Liveness::Idle) => {
            format!("began {began} and did not end in order; everything it did is on record")
        }
        (None, Liveness::Unknown) => format!("began {began}, end unknown"),
    }
}

/// The same for programs: totals, credits, runs, and hints.
pub(crate) fn status_json(summary: &Summary, view: StatusContext) -> Value {
    let campaign = summary.campaign();
    json!({
        "version": VERSION,
        "campaign": campaign.name,
        "manifest": campaign.manifest.display().to_string(),
        "out": campaign.out.display().to_string(),
        "sandbox": campaign.is_sandbox,
        "now": view.now.to_string(),
        "running": match view.liveness {
            Liveness::Running => Value::Bool(true),
            Liveness::Idle => Value::Bool(false),
            Liveness::Unknown => Value::Null,
        },
        "totals": totals(summary),
        "credits": credits(summary),
        "approval": campaign.approval.to_json(),
        "runs": runs(summary),
        "hints": next_steps::all(summary),
        "resume": next_steps::resume(summary),
    })
}

/// Keeps a status on the screen of a terminal, redrawn in place.
#[derive(Debug)]
pub(crate) struct LiveStatus {
    region: LiveRegion,
}

impl LiveStatus {
    /// A watch on standard output.
    pub(crate) fn on_terminal() -> Self {
        Self {
            region: LiveRegion::on_output(),
        }
    }

    /// Shows the status as it is now.
    pub(crate) fn show(&mut self, summary: &Summary, view: StatusContext) {
        let screen = status_screen(summary, view);
        self.region.show(screen.lines().map(str::to_owned));
    }

    /// Takes the status off the screen.
    pub(crate) fn clear(&mut self) {
        self.region.clear();
    }

    /// The status in one dated line, for where nothing can be redrawn.
    pub(crate) fn line(summary: &Summary, view: StatusContext) -> String {
        format!(
            "{}  {}\n",
            words::moment(view.now),
            summary_text::headline(summary)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::JobEvent;
    use crate::report::testing::{TestRun, at};

    fn view(liveness: Liveness) -> StatusContext {
        StatusContext {
            now: at(100),
            liveness,
            colours: Colours::Off,
        }
    }

    fn run() -> TestRun {
        let mut run = TestRun::with_jobs(3);
        run.done(1, "a");
        run.accepted(4, "b");
        let status = "in_queue".into();
        run.tell(30, "b", JobEvent::Observed { status });
        run.rendered(5, "c");
        run
    }

    #[test]
    fn one_screen_says_where_a_running_campaign_stands() {
        assert_eq!(
            status_screen(&run().summary(), view(Liveness::Running)),
            " campaign  spring
     jobs  3 jobs: 1 done, 1 rendering, 1 downloading
  credits  10 spent, 5 promised
      run  going on for 1 min 40 s (process 42)
   videos  spring-output/videos (1 file)
  results  spring-output/results.csv
     page  spring-output/report.html

under way:
  b                         Anna          9x16  in_queue     1 min 35 s
  c                         Anna          9x16  downloading  1 min 34 s
"
        );
    }

    #[test]
    fn a_campaign_that_was_never_run_has_no_files_to_name() {
        let mut run = TestRun::with_jobs(2);
        run.entries.clear();
        let screen = status_screen(&run.summary(), view(Liveness::Idle));
        assert!(
            screen.contains("2 jobs") && !screen.contains("results.csv"),
            "{screen}"
        );
    }

    #[test]
    fn a_run_that_crashed_is_told_from_one_that_goes_on() {
        let summary = run().summary();
        let screen = status_screen(&summary, view(Liveness::Idle));
        assert!(screen.contains("did not end in order; everything it did is on record"));
        assert!(screen.contains("hint: `c` is paid for"), "{screen}");
        let screen = status_screen(&summary, view(Liveness::Unknown));
        assert!(
            screen.contains("began 2026-11-24 14:00:00Z, end unknown"),
            "{screen}"
        );
        let mut run = run();
        run.ended(70, None);
        let screen = status_screen(&run.summary(), view(Liveness::Idle));
        assert!(
            screen.contains("ended 2026-11-24 14:01:10Z (1 min 10 s)"),
            "{screen}"
        );
    }

    #[test]
    fn programs_get_totals_credits_and_hints() {
        let status = status_json(&run().summary(), view(Liveness::Running));
        assert_eq!(status["totals"]["done"], 1);
        assert_eq!(status["credits"]["spent"], 10);
        assert_eq!(status["running"], true);
        assert_eq!(status["hints"].as_array().unwrap().len(), 2);
    }
}
