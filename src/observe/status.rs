//! `status`: where a campaign stands, on one screen.

use std::fmt::Write;

use serde_json::{Value, json};

use super::colours::{Colours, Tone};
use super::results::{VERSION, credits, runs, totals};
use super::summary::{Row, Summary};
use super::{closing, hints, words};
use crate::model::{Phase, Timestamp};

/// Jobs under way that are shown one by one.
const MOST_SHOWN: usize = 12;

/// Whether a run is going on. The journal alone cannot tell a run that goes on from one that
/// crashed; its lock can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// A process holds the campaign.
    Running,
    /// None does.
    Idle,
    /// It could not be found out.
    Unknown,
}

/// When and how a status is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// The time.
    pub now: Timestamp,
    /// Whether a run is going on.
    pub liveness: Liveness,
    /// Whether to use colours.
    pub colours: Colours,
}

/// One screen: counts, credits, what is under way, what went wrong, what to do next.
pub fn status_screen(summary: &Summary, view: View) -> String {
    let mut text = String::new();
    let colours = view.colours;
    for (label, value) in closing::facts(summary, colours) {
        // The time of a run that is not over is told in its own line.
        let (label, value) = if label == "time" {
            ("run", last_run(summary, view))
        } else {
            (label, value)
        };
        let label = colours.paint(Tone::Strong, &format!("{label:>9}"));
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
    text.push_str(&closing::troubles(summary, colours));
    if view.liveness != Liveness::Running {
        let hints = hints::all(summary);
        if !hints.is_empty() {
            text.push('\n');
        }
        for hint in hints {
            let _ = writeln!(text, "{} {hint}", colours.paint(Tone::Work, "hint:"));
        }
    }
    text
}

fn job_line(summary: &Summary, row: &Row, view: View) -> String {
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
fn last_run(summary: &Summary, view: View) -> String {
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
pub fn status_json(summary: &Summary, view: View) -> Value {
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
        "runs": runs(summary),
        "hints": hints::all(summary),
        "resume": hints::resume(summary),
    })
}
