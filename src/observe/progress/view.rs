//! The lines that stay below: pure, so that they can be looked at without a terminal.

use super::super::colours::{Colours, Tone};
use super::super::narration::{Telling, Verbosity, lane_name, what};
use super::super::summary::{Row, Summary};
use super::super::words::{self, clean, clock, pad, shorten};
use super::super::{Pulse, Transfer};
use super::forecast::Forecast;
use crate::model::{Credits, JobId, Phase, Timestamp};

/// What goes on now is shown in at most so many lines.
pub(super) const MOST_ACTIVITIES: usize = 6;

/// Width of the bar in the campaign's line.
const BAR: usize = 20;

/// Where the whole campaign stands, as a line off a terminal.
pub(in crate::observe) fn standing(summary: &Summary, pulse: &Pulse) -> Telling {
    let mut text = format!("{}; {}", jobs(summary), credits(summary));
    for hold in holds(pulse) {
        text.push_str("; ");
        text.push_str(&hold);
    }
    Telling {
        from: Verbosity::Normal,
        tone: Tone::Faint,
        word: "standing",
        job: None,
        text,
    }
}

/// `5 of 12 done, 3 rendering, 4 queued, 1 failed`.
fn jobs(summary: &Summary) -> String {
    let counts = summary.counts();
    let mut parts = vec![format!("{} of {} done", counts.done, counts.total)];
    for (count, word) in [
        (counts.rendering, "rendering"),
        (counts.downloading, "downloading"),
        (counts.pending, "queued"),
        (counts.failed, "failed"),
        (counts.in_doubt, "in doubt"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    parts.join(", ")
}

/// `25 credits spent, 15 promised, 60 left`.
fn credits(summary: &Summary) -> String {
    let money = summary.money();
    let mut text = format!("{} spent", words::credits(money.spent));
    if money.promised > Credits::ZERO {
        text = format!("{text}, {} promised", money.promised);
    }
    match money.left() {
        Some(left) => format!("{text}, {left} left"),
        None => text,
    }
}

fn holds(pulse: &Pulse) -> impl Iterator<Item = String> {
    let is_on = |until: Timestamp| until > pulse.now;
    pulse
        .holds
        .iter()
        .filter(move |(_, until)| is_on(*until))
        .map(|(lane, until)| format!("{} paused until {}", lane_name(*lane), clock(*until)))
}

/// The campaign's line or lines: how far it is, then what it costs.
pub(super) fn campaign(
    summary: &Summary,
    forecast: &Forecast,
    pulse: &Pulse,
    colours: Colours,
) -> [String; 2] {
    let counts = summary.counts();
    let filled = (counts.finished() * BAR).checked_div(counts.total);
    let filled = filled.unwrap_or(0).min(BAR);
    let bar = format!(
        "{}{}",
        colours.paint(Tone::Good, &"━".repeat(filled)),
        colours.paint(Tone::Faint, &"─".repeat(BAR - filled)),
    );
    let mut costs = vec![credits(summary)];
    costs.extend(holds(pulse));
    if let Some(remaining) = forecast.remaining(summary, pulse.now) {
        costs.push(format!("about {} left", words::duration(remaining)));
    }
    [
        format!("{bar} {}", jobs(summary)),
        format!("{} {}", " ".repeat(BAR), costs.join("; ")),
    ]
}

/// What goes on now: downloads first, since they move; then renders, the longest first.
pub(super) fn activities(summary: &Summary, pulse: &Pulse) -> Vec<String> {
    let mut renders: Vec<Row> = summary
        .rows()
        .filter(|row| {
            matches!(row.state.phase, Phase::Submitting | Phase::Rendering { .. })
                && !row.is_overdue
        })
        .collect();
    renders.sort_by_key(|row| row.state.submitted_at);
    let count = pulse.transfers.len() + renders.len();
    let shown = if count > MOST_ACTIVITIES {
        MOST_ACTIVITIES - 1
    } else {
        count
    };
    let downloads = pulse
        .transfers
        .iter()
        .map(|transfer| activity(summary, &transfer.job, "downloading", &received(transfer)));
    let renders = renders.iter().map(|row| {
        let word = match (&row.state.phase, &row.state.observed) {
            (Phase::Rendering { .. }, Some(observed)) => shorten(&clean(observed), 11),
            (Phase::Rendering { .. }, None) => "accepted".to_owned(),
            (_, _) => "submitting".to_owned(),
        };
        activity(summary, row.id(), &word, &elapsed(row, pulse))
    });
    let mut lines: Vec<String> = downloads.chain(renders).take(shown).collect();
    if shown < count {
        lines.push(format!("  and {} more", count - shown));
    }
    lines
}

fn activity(summary: &Summary, job: &JobId, word: &str, detail: &str) -> String {
    let id = pad(&shorten(job.as_str(), 24), 24);
    let what = pad(&shorten(&what(summary, job), 18), 18);
    format!("  {id}  {what}  {word:11}  {detail}")
}

/// `12 s, 40 %`.
fn elapsed(row: &Row, pulse: &Pulse) -> String {
    let since = row.state.accepted_at.or(row.state.submitted_at);
    let elapsed = since.map_or_else(String::new, |since| words::duration(pulse.now.since(since)));
    let progress = pulse.progress.iter().find(|(job, _)| job == row.id());
    match progress {
        Some((_, progress)) if progress.is_finite() => {
            let percent = (progress * 100.0).clamp(0.0, 100.0);
            format!("{elapsed}, {percent:.0} %")
        }
        Some(_) | None => elapsed,
    }
}

/// `0.4 of 1.2 MB`.
fn received(transfer: &Transfer) -> String {
    let received = words::bytes(transfer.received);
    match transfer.expected {
        Some(expected) => format!("{received} of {}", words::bytes(expected)),
        None => received,
    }
}
