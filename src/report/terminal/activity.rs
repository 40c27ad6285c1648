//! The lines that stay below: pure, so that they can be looked at without a terminal.

use crate::model::{Credits, JobId, Phase, StopReason, Timestamp};
use crate::report::events::wording;
use crate::report::events::wording::{LogLine, Verbosity, lane_name, what};
use crate::report::observer::{LiveState, Transfer};
use crate::report::row::Row;
use crate::report::summary::Summary;
use crate::report::terminal::forecast::Forecast;
use crate::report::terminal::style::{Colours, Style};
use crate::report::words;
use crate::report::words::{clean, clock, pad, shorten};

/// What goes on now is shown in at most so many lines.
pub(super) const MOST_ACTIVITIES: usize = 6;

/// Width of the bar in the campaign's line.
const BAR: usize = 12;

/// Where the whole campaign stands, as a line off a terminal.
pub(crate) fn standing(summary: &Summary, pulse: &LiveState) -> LogLine {
    let mut text = format!("{}; {}", jobs(summary), credits(summary));
    for wait in holds(pulse).chain(trouble(pulse)).chain(waits(pulse)) {
        text.push_str("; ");
        text.push_str(&wait);
    }
    LogLine {
        from: Verbosity::Normal,
        style: Style::Faint,
        word: "standing",
        job: None,
        text,
    }
}

/// `5 of 12 done, 1 failed, 3 rendering, 4 queued`: what matters most first, for a narrow terminal
/// cuts the end.
fn jobs(summary: &Summary) -> String {
    let counts = summary.counts();
    let mut parts = vec![format!("{} of {} done", counts.done, counts.total)];
    for (count, word) in [
        (counts.failed, "failed"),
        (counts.in_doubt - counts.sending, "in doubt"),
        (counts.sending, "sending"),
        (counts.rendering, "rendering"),
        (counts.downloading, "downloading"),
        (counts.pending, "queued"),
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

fn holds(pulse: &LiveState) -> impl Iterator<Item = String> {
    let is_on = |until: Timestamp| until > pulse.now;
    pulse
        .holds
        .iter()
        .filter(move |(_, until)| is_on(*until))
        .map(|(lane, until)| format!("{} paused until {}", lane_name(*lane), clock(*until)))
}

/// What the run waits for or why it winds down, if that cannot be seen from its jobs.
pub(super) fn waits(pulse: &LiveState) -> impl Iterator<Item = String> {
    let ending = pulse.stopping.as_ref().map(|reason| {
        let word = if reason.finishes_paid_work() {
            ""
        } else {
            "stopping: "
        };
        format!("{word}{}", ending(reason, pulse))
    });
    let is_ending = ending.is_some();
    let list = (pulse.is_reading_list && !is_ending)
        .then(|| "reading the provider's list before anything is submitted".to_owned());
    let is_leaving = pulse
        .stopping
        .as_ref()
        .is_some_and(|reason| !reason.finishes_paid_work());
    let doubts = (pulse.looked_for > 0 && !pulse.is_reading_list && !is_leaving).then(|| {
        let jobs = words::plural(pulse.looked_for, "job");
        format!("waiting for proof about {jobs} in doubt")
    });
    ending.into_iter().chain(list).chain(doubts)
}

/// A run that is coming to its end early: what it still does, and for whom it waits.
pub(crate) fn ending(reason: &StopReason, pulse: &LiveState) -> String {
    if reason.finishes_paid_work() {
        let reason = wording::sentence(reason);
        return format!("nothing more is submitted: {reason}; what is paid for is finished");
    }
    let answers = words::agree(pulse.submits, "the answer", "the answers");
    let submits = words::plural(pulse.submits, "submit");
    let waiting = (pulse.submits > 0).then(|| format!("waiting for {answers} of {submits}"));
    let why = if *reason == StopReason::Interrupted {
        "Ctrl-C again leaves at once, equally safe".to_owned()
    } else {
        wording::sentence(reason)
    };
    match waiting {
        Some(waiting) => format!("{waiting}; {why}"),
        None => why,
    }
}

/// Why nothing is heard of the provider.
pub(crate) fn trouble(pulse: &LiveState) -> Option<String> {
    let failure = words::failure(pulse.trouble.as_ref()?);
    Some(format!("the provider cannot be asked: {failure}"))
}

/// The campaign's two lines: how far it is, then what it costs and how long it will take.
pub(super) fn campaign(
    summary: &Summary,
    forecast: &Forecast,
    pulse: &LiveState,
    colours: Colours,
) -> [String; 2] {
    let counts = summary.counts();
    let filled = (counts.finished() * BAR).checked_div(counts.total);
    let filled = filled.unwrap_or(0).min(BAR);
    let bar = format!(
        "{}{}",
        colours.paint(Style::Good, &"━".repeat(filled)),
        colours.paint(Style::Faint, &"─".repeat(BAR - filled)),
    );
    let mut costs = vec![credits(summary)];
    let reasons = holds(pulse).chain(trouble(pulse));
    costs.extend(reasons.map(|reason| colours.paint(Style::Doubt, &reason)));
    if let Some(remaining) = forecast.remaining(summary, pulse.now) {
        costs.push(format!("about {} to go", words::duration(remaining)));
    }
    [format!("{bar} {}", jobs(summary)), costs.join("; ")]
}

/// What goes on now: downloads first, since they move; then renders, the longest first.
pub(super) fn activities(summary: &Summary, pulse: &LiveState) -> Vec<String> {
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
fn elapsed(row: &Row, pulse: &LiveState) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{JobEvent, Lane};
    use crate::report::testing::{TestRun, at, id};

    fn pulse(second: i64) -> LiveState {
        LiveState {
            now: at(second),
            ..LiveState::default()
        }
    }

    fn run() -> TestRun {
        let mut run = TestRun::with_jobs(8);
        run.campaign.max_credits = Some(Credits::whole(50));
        run.done(1, "a");
        run.failed(2, "b", "no face");
        run.lost(3, "c");
        run.accepted(40, "d");
        let status = "run\u{1b}ning".into();
        run.tell(45, "d", JobEvent::Observed { status });
        run.rendered(41, "e");
        run.sent(90, "f");
        run
    }

    #[test]
    fn two_lines_tell_the_campaign() {
        let mut pulse = pulse(100);
        pulse.holds = vec![(Lane::Submit, at(160)), (Lane::Poll, at(99))];
        let lines = campaign(&run().summary(), &Forecast::default(), &pulse, Colours::Off);
        assert_eq!(
            lines,
            [
                "━━━───────── 1 of 8 done, 1 failed, 1 in doubt, 1 sending, 1 rendering, 1 downloading, 2 queued",
                "10 credits spent, 15 promised, 25 left; submits paused until 14:02:40Z; about 2 min 57 s to go",
            ]
        );
    }

    #[test]
    fn what_goes_on_is_shown_with_bytes_and_progress() {
        let mut pulse = pulse(100);
        pulse.transfers = vec![Transfer {
            job: id("e"),
            received: 400_000,
            expected: Some(1_234_567),
        }];
        pulse.progress = vec![(id("d"), 0.4)];
        assert_eq!(
            activities(&run().summary(), &pulse),
            [
                "  e                         Anna 9x16           downloading  400 kB of 1.2 MB",
                "  d                         Anna 9x16           run ning     59 s, 40 %",
                "  f                         Anna 9x16           submitting   10 s",
            ]
        );
    }

    #[test]
    fn more_than_fits_is_counted() {
        let mut run = TestRun::with_jobs(10);
        for job in b'a'..=b'j' {
            run.accepted(1, &char::from(job).to_string());
        }
        let lines = activities(&run.summary(), &pulse(9));
        assert_eq!(lines.len(), MOST_ACTIVITIES);
        assert_eq!(lines[MOST_ACTIVITIES - 1], "  and 5 more");
    }

    #[test]
    fn what_is_waited_for_is_said() {
        let told = |pulse: LiveState| waits(&pulse).collect::<Vec<_>>().join(" | ");
        let (now, submits) = (at(1), 2);
        assert_eq!(told(pulse(1)), "");
        assert_eq!(
            told(LiveState {
                now,
                is_reading_list: true,
                looked_for: 1,
                ..LiveState::default()
            }),
            "reading the provider's list before anything is submitted"
        );
        assert_eq!(
            told(LiveState {
                now,
                looked_for: 3,
                ..LiveState::default()
            }),
            "waiting for proof about 3 jobs in doubt"
        );
        let stopping = Some(StopReason::Interrupted);
        assert_eq!(
            told(LiveState {
                now,
                stopping,
                submits,
                looked_for: 3,
                ..LiveState::default()
            }),
            "stopping: waiting for the answers of 2 submits; Ctrl-C again leaves at once, equally safe"
        );
        let stopping = Some(StopReason::CapReached);
        assert_eq!(
            told(LiveState {
                now,
                stopping,
                looked_for: 1,
                ..LiveState::default()
            }),
            "nothing more is submitted: the next job would pass `--max-credits`; what is paid for is \
             finished | waiting for proof about 1 job in doubt"
        );
    }

    #[test]
    fn strange_progress_is_no_reason_to_fail() {
        let mut run = TestRun::with_jobs(1);
        run.accepted(1, "a");
        for (progress, shown) in [(f64::NAN, "  8 s"), (7.5, "8 s, 100 %"), (-1.0, "8 s, 0 %")] {
            let mut pulse = pulse(10);
            pulse.progress = vec![(id("a"), progress)];
            let lines = activities(&run.summary(), &pulse);
            assert!(lines[0].ends_with(shown), "{lines:?}");
        }
    }
}
