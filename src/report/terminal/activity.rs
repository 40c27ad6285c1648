//! The text of the lines that show the current state of a run, without a terminal.

use crate::model::{JobId, Phase, StopReason};
use crate::report::events::wording::{
    LogLine, Verbosity, lane_name, persona_and_ratio, provider_status, stop_sentence,
};
use crate::report::job_row::JobRow;
use crate::report::observer::{LiveState, Transfer};
use crate::report::summary::Summary;
use crate::report::{forecast, format};
use crate::util::glyph::Glyph;
use crate::util::style::{Colours, Style};
use crate::util::text::{agree, byte_size, duration, pad, plural, truncate};

/// Lines of downloads and renders before the rest is counted.
const MAX_ACTIVITIES: usize = 6;

/// Width of the progress bar.
const BAR: usize = 12;

/// Returns the state of the campaign as a log line.
pub(crate) fn standing(summary: &Summary, state: &LiveState) -> LogLine {
    let mut text = format!("{}; {}", jobs(summary), credits(summary));
    for wait in holds(state).chain(trouble(state)).chain(waits(summary, state)) {
        text.push_str("; ");
        text.push_str(&wait);
    }
    LogLine::new(Verbosity::Normal, Style::Dim, "standing", text)
}

/// Returns `5 of 12 done, 1 failed, 3 rendering, 4 queued`. The most important comes first, because a narrow terminal
/// cuts the end.
fn jobs(summary: &Summary) -> String {
    let counts = summary.counts();
    let mut text = format!("{} of {} done", counts.done, counts.total);
    for (count, word) in [
        (counts.failed, "failed"),
        (counts.in_doubt, "in doubt"),
        (counts.submitting, "submitting"),
        (counts.rendering, "rendering"),
        (counts.downloading, "downloading"),
        (counts.pending, "queued"),
    ] {
        if count > 0 {
            text = format!("{text}, {count} {word}");
        }
    }
    text
}

fn credits(summary: &Summary) -> String {
    format!("credits: {}", summary.money().sentence_without_to_do())
}

fn holds(state: &LiveState) -> impl Iterator<Item = String> {
    let active = state.holds.iter().filter(|(_, until)| *until > state.now);
    active.map(|(lane, until)| {
        let until = format::time_of_day(*until);
        format!("{} paused until {until}", lane_name(*lane))
    })
}

/// Returns what the run waits for or why it is ending, where its jobs do not show it.
pub(super) fn waits(summary: &Summary, state: &LiveState) -> impl Iterator<Item = String> {
    let ending = state.stopping.as_ref().map(|reason| {
        let text = ending(summary, reason, state);
        if reason.finishes_paid_work() { text } else { format!("stopping: {text}") }
    });
    let is_stopping = state.stopping.as_ref().is_some_and(|reason| !reason.finishes_paid_work());
    let list = (state.is_reading_list && ending.is_none())
        .then(|| "reading the provider's list before anything is submitted".to_owned());
    let doubts = (state.looked_for > 0 && !state.is_reading_list && !is_stopping).then(|| {
        let jobs = plural(state.looked_for, "job");
        format!("waiting for proof about {jobs} in doubt")
    });
    ending.into_iter().chain(list).chain(doubts)
}

/// Describes a run that is ending early: what it still does and what it waits for.
pub(crate) fn ending(summary: &Summary, reason: &StopReason, state: &LiveState) -> String {
    if reason.finishes_paid_work() {
        let reason = stop_sentence(summary, reason);
        return format!("submitting has stopped: {reason}; paid jobs are finished");
    }
    let why = if *reason == StopReason::Interrupted {
        "press Ctrl-C again to leave at once, equally safe".to_owned()
    } else {
        stop_sentence(summary, reason)
    };
    if state.submits == 0 {
        return why;
    }
    let responses = agree(state.submits, "the response", "the responses");
    let submits = plural(state.submits, "submit");
    format!("waiting for {responses} to {submits}; {why}")
}

/// Returns why the provider does not respond.
pub(crate) fn trouble(state: &LiveState) -> Option<String> {
    let failure = format::failure(state.trouble.as_ref()?);
    Some(format!("the provider does not respond: {failure}"))
}

/// Returns what a page says about the state of a run besides its jobs: pauses, trouble, waits and downloads.
pub(crate) fn live_sentences(summary: &Summary, state: &LiveState) -> Vec<String> {
    let is_interrupted = state.stopping == Some(StopReason::Interrupted);
    let waits: Vec<String> = match state.submits {
        // A page has no Ctrl-C.
        0 if is_interrupted => vec!["stopping".to_owned()],
        submits if is_interrupted => {
            let responses = agree(submits, "the response", "the responses");
            vec![format!("stopping: waiting for {responses} to {}", plural(submits, "submit"))]
        }
        _ => waits(summary, state).collect(),
    };
    let downloads = state.transfers.iter().take(MAX_ACTIVITIES);
    let downloads =
        downloads.map(|transfer| format!("downloading {}: {}", transfer.job, received(transfer)));
    holds(state).chain(trouble(state)).chain(waits).chain(downloads).collect()
}

/// Returns the two lines about the campaign: progress, then credits and remaining time.
pub(super) fn campaign(summary: &Summary, state: &LiveState, colours: Colours) -> [String; 2] {
    let counts = summary.counts();
    let filled = (counts.finished() * BAR).checked_div(counts.total);
    let filled = filled.unwrap_or(0).min(BAR);
    let bar = format!(
        "{}{}",
        colours.paint(Style::Success, &Glyph::FilledBar.text().repeat(filled)),
        colours.paint(Style::Dim, &Glyph::EmptyBar.text().repeat(BAR - filled)),
    );
    let mut parts = vec![credits(summary)];
    let delays = holds(state).chain(trouble(state));
    parts.extend(delays.map(|delay| colours.paint(Style::Warning, &delay)));
    if let Some(remaining) = forecast::remaining(summary, state.now) {
        parts.push(format!("about {} to go", duration(remaining)));
    }
    [format!("{bar} {}", jobs(summary)), parts.join("; ")]
}

/// Returns a line for each activity: first downloads, then submits and renders, the oldest first.
pub(super) fn activities(summary: &Summary, state: &LiveState) -> Vec<String> {
    let is_active = |row: &JobRow| {
        matches!(row.state.phase, Phase::Submitting | Phase::Rendering { .. }) && !row.is_overdue
    };
    let mut renders: Vec<JobRow> = summary.rows().filter(is_active).collect();
    renders.sort_by_key(|row| row.state.submitted_at);
    let count = state.transfers.len() + renders.len();
    let shown = if count > MAX_ACTIVITIES { MAX_ACTIVITIES - 1 } else { count };
    let downloads = state
        .transfers
        .iter()
        .map(|transfer| activity(summary, &transfer.job, "downloading", &received(transfer)));
    let renders = renders.iter().map(|row| {
        let word = match (&row.state.phase, &row.state.observed) {
            (Phase::Rendering { .. }, Some(observed)) => truncate(&provider_status(observed), 11),
            (Phase::Rendering { .. }, None) => "accepted".to_owned(),
            (_, _) => "submitting".to_owned(),
        };
        activity(summary, row.id(), &word, &elapsed(row, state))
    });
    let mut lines: Vec<String> = downloads.chain(renders).take(shown).collect();
    if shown < count {
        lines.push(format!("  and {} more", count - shown));
    }
    lines
}

fn activity(summary: &Summary, job: &JobId, word: &str, detail: &str) -> String {
    let (id, what) = (truncate(job.as_str(), 24), truncate(&persona_and_ratio(summary, job), 18));
    format!("  {}  {}  {}  {detail}", pad(&id, 24), pad(&what, 18), pad(word, 11))
}

/// Returns `12 s, 40 %`.
fn elapsed(row: &JobRow, state: &LiveState) -> String {
    let since = row.state.accepted_at.or(row.state.submitted_at);
    let elapsed = since.map_or_else(String::new, |since| duration(state.now.since(since)));
    let progress = state.progress.iter().find(|(job, _)| job == row.id());
    match progress {
        Some((_, progress)) if progress.is_finite() => {
            let percent = (progress * 100.0).clamp(0.0, 100.0);
            format!("{elapsed}, {percent:.0} %")
        }
        Some(_) | None => elapsed,
    }
}

/// Returns `0.4 of 1.2 MB`.
fn received(transfer: &Transfer) -> String {
    let received = byte_size(transfer.received);
    match transfer.expected {
        Some(expected) => format!("{received} of {}", byte_size(expected)),
        None => received,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Credits, JobEvent, Lane};
    use crate::report::testing::{TestRun, at, id};

    fn state(second: i64) -> LiveState {
        LiveState { now: at(second), ..LiveState::default() }
    }

    fn run() -> TestRun {
        let mut run = TestRun::with_jobs(8);
        run.campaign.max_credits = Some(Credits::whole(50));
        run.done(1, "a");
        run.failed(2, "b", "no face");
        run.lost(3, "c");
        run.accepted(40, "d");
        let status = "ru\u{1b}n".into();
        run.job_event(45, "d", JobEvent::Observed { status });
        run.rendered(41, "e");
        run.sent(90, "f");
        run
    }

    #[test]
    fn the_campaign_has_two_lines() {
        let mut state = state(100);
        state.holds = vec![(Lane::Submit, at(160)), (Lane::Poll, at(99))];
        let lines = campaign(&run().live_summary(), &state, Colours::Off);
        assert_eq!(
            lines,
            [
                "━━━───────── 1 of 8 done, 1 failed, 1 in doubt, 1 submitting, 1 rendering, 1 downloading, 2 queued",
                "credits: 10 spent, 15 promised, 5 withheld, 20 left of 50; submits paused until 14:02:40Z; about 2 min 57 s to go",
            ]
        );
    }

    #[test]
    fn activities_show_bytes_and_progress() {
        let mut state = state(100);
        state.transfers =
            vec![Transfer { job: id("e"), received: 400_000, expected: Some(1_234_567) }];
        state.progress = vec![(id("d"), 0.4)];
        assert_eq!(
            activities(&run().summary(), &state),
            [
                "  e                         Anna 9x16           downloading  400 kB of 1.2 MB",
                "  d                         Anna 9x16           ru\\u{1b}n    59 s, 40 %",
                "  f                         Anna 9x16           submitting   10 s",
            ]
        );
    }

    #[test]
    fn activities_beyond_the_limit_are_counted() {
        let mut run = TestRun::with_jobs(10);
        for job in b'a'..=b'j' {
            run.accepted(1, &char::from(job).to_string());
        }
        let lines = activities(&run.summary(), &state(9));
        assert_eq!(lines.len(), MAX_ACTIVITIES);
        assert_eq!(lines[MAX_ACTIVITIES - 1], "  and 5 more");
    }

    #[test]
    fn waits_are_described() {
        let summary = TestRun::with_jobs(1).summary();
        let shown = |state: LiveState| waits(&summary, &state).collect::<Vec<_>>().join(" | ");
        let (now, submits) = (at(1), 2);
        assert_eq!(shown(state(1)), "");
        assert_eq!(
            shown(LiveState { now, is_reading_list: true, looked_for: 1, ..LiveState::default() }),
            "reading the provider's list before anything is submitted"
        );
        assert_eq!(
            shown(LiveState { now, looked_for: 3, ..LiveState::default() }),
            "waiting for proof about 3 jobs in doubt"
        );
        let stopping = Some(StopReason::Interrupted);
        assert_eq!(
            shown(LiveState { now, stopping, submits, looked_for: 3, ..LiveState::default() }),
            "stopping: waiting for the responses to 2 submits; press Ctrl-C again to leave at once, equally safe"
        );
        let stopping = Some(StopReason::CapReached);
        assert_eq!(
            shown(LiveState { now, stopping, looked_for: 1, ..LiveState::default() }),
            "submitting has stopped: the next job would exceed `--max-credits`; paid jobs are finished \
             | waiting for proof about 1 job in doubt"
        );
    }

    #[test]
    fn invalid_progress_is_ignored_or_clamped() {
        let mut run = TestRun::with_jobs(1);
        run.accepted(1, "a");
        for (progress, shown) in [(f64::NAN, "  8 s"), (7.5, "8 s, 100 %"), (-1.0, "8 s, 0 %")] {
            let mut state = state(10);
            state.progress = vec![(id("a"), progress)];
            let lines = activities(&run.summary(), &state);
            assert!(lines[0].ends_with(shown), "{lines:?}");
        }
    }
}
