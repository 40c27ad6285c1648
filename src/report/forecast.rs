//! Estimates of how long a run takes: before it begins, and while it is active.

use std::time::Duration;

use crate::model::{InFlight, Limits, Phase, Timestamp};
use crate::report::next_steps::{NextStep, next_step};
use crate::report::summary::Summary;

/// The assumed time of a render while none was measured. The provider publishes none.
const ASSUMED_RENDER: Duration = Duration::from_secs(120);

/// The same for the sandbox, whose renders take 1.5 to 5 seconds by default.
const ASSUMED_SANDBOX_RENDER: Duration = Duration::from_secs(3);

/// Returns the time in which `pending` jobs are rendered if one is submitted each `interval` and at most `slots` render
/// at once.
fn time_for(
    pending: usize,
    interval: Duration,
    slots: Option<usize>,
    render: Duration,
) -> Duration {
    let count = |number: usize| u32::try_from(number.max(1)).unwrap_or(u32::MAX);
    let wait = slots.map_or(interval, |slots| interval.max(render / count(slots)));
    let pending = u32::try_from(pending).unwrap_or(u32::MAX);
    wait.saturating_mul(pending).saturating_add(render)
}

/// Returns the time that a run with `limits` takes for what it would submit. `None` if it would submit nothing.
///
/// A learned limit of concurrent renders is left out, because it grows to what the provider takes.
pub(crate) fn run_time(summary: &Summary, limits: &Limits) -> Option<Duration> {
    let jobs = summary.rows().filter(|row| next_step(row) == NextStep::Submit).count();
    run_time_of(jobs, summary, limits)
}

/// Returns the time that a run with `limits` takes for `jobs` of the campaign. `None` without any.
pub(crate) fn run_time_of(jobs: usize, summary: &Summary, limits: &Limits) -> Option<Duration> {
    let assumed =
        if summary.campaign().is_sandbox { ASSUMED_SANDBOX_RENDER } else { ASSUMED_RENDER };
    let render = summary.mean_render_time().unwrap_or(assumed);
    let slots = match limits.in_flight {
        InFlight::Auto { .. } => None,
        InFlight::AtMost(most) => usize::try_from(most).ok(),
    };
    // The first is submitted at once.
    let later = jobs.checked_sub(1)?;
    Some(time_for(later, limits.submit_rate.interval(), slots, render))
}

/// Submits that the pace is measured over: enough to smooth a burst, few enough to follow a slow-down.
const MAX_SUBMITS: usize = 12;

/// Estimates the time from `now` until everything is rendered; `None` before the first render has finished.
///
/// A pending job waits for a free slot at the provider or for the pace of submits, whichever takes longer; the last
/// one then renders as long as usual.
pub(crate) fn remaining(summary: &Summary, now: Timestamp) -> Option<Duration> {
    let render = summary.mean_render_time()?;
    let counts = summary.counts();
    if counts.pending > 0 {
        let interval = submit_interval(summary).unwrap_or_default();
        return Some(time_for(counts.pending, interval, Some(counts.rendering), render));
    }
    summary
        .rows()
        .filter(|row| matches!(row.state.phase, Phase::Rendering { .. }) && !row.is_overdue)
        .map(|row| render.saturating_sub(now.since(row.state.accepted_at.unwrap_or(now))))
        .max()
}

/// Returns the mean time between the newest submits of this run.
fn submit_interval(summary: &Summary) -> Option<Duration> {
    let started = summary.runs().last()?.started;
    let submits = summary.rows().filter_map(|row| row.state.submitted_at);
    let mut submits: Vec<Timestamp> = submits.filter(|at| *at >= started).collect();
    submits.sort_unstable();
    let newest = &submits[submits.len().saturating_sub(MAX_SUBMITS)..];
    let (first, last) = (newest.first()?, newest.last()?);
    last.since(*first).checked_div(u32::try_from(newest.len() - 1).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Event;
    use crate::report::testing::{TestRun, at};

    #[test]
    fn there_is_no_forecast_before_the_first_render() {
        let mut run = TestRun::with_jobs(3);
        run.accepted(1, "a");
        assert_eq!(remaining(&run.summary(), at(30)), None);
    }

    #[test]
    fn slots_at_the_provider_limit_pending_jobs() {
        let mut run = TestRun::with_jobs(8);
        run.done(1, "a");
        run.accepted(2, "b");
        run.accepted(3, "c");
        // Five pending, two places, 59 s a render: 5 × 29.5 s, and the last one's 59 s.
        let remaining = remaining(&run.summary(), at(62)).unwrap();
        assert_eq!(remaining, Duration::from_millis(206_500));
    }

    #[test]
    fn a_slow_pace_limits_pending_jobs() {
        let mut run = TestRun::with_jobs(5);
        run.done(1, "a");
        run.accepted(201, "b");
        run.accepted(401, "c");
        let remaining = remaining(&run.summary(), at(402)).unwrap();
        assert_eq!(remaining, Duration::from_secs(2 * 200 + 59));
    }

    #[test]
    fn the_pace_ignores_submits_of_earlier_runs() {
        let mut run = TestRun::with_jobs(4);
        run.done(1, "a");
        run.ended(70, None);
        let (version, process) = ("0.1.0".into(), 43);
        run.event(1000, Event::RunStarted { version, process, account: None, cap: None });
        run.accepted(1001, "b");
        run.accepted(1101, "c");
        let remaining = remaining(&run.summary(), at(1102)).unwrap();
        assert_eq!(remaining, Duration::from_secs(100 + 59));
    }

    #[test]
    fn the_last_renders_count_down_to_zero() {
        let mut run = TestRun::with_jobs(2);
        run.done(1, "a");
        run.accepted(70, "b");
        let summary = run.summary();
        assert_eq!(remaining(&summary, at(91)), Some(Duration::from_secs(39)));
        assert_eq!(remaining(&summary, at(999)), Some(Duration::ZERO));
    }

    #[test]
    fn the_pace_or_the_slots_decide() {
        let minutes = |number: u64| Duration::from_secs(60 * number);
        let time = |in_flight, jobs| {
            let limits = Limits { in_flight, ..Limits::default() };
            run_time(&TestRun::with_jobs(jobs).summary(), &limits)
        };
        assert_eq!(time(InFlight::AUTO, 0), None);
        assert_eq!(time(InFlight::AUTO, 1), Some(minutes(2)));
        // 15 a minute, and two minutes for the last one.
        assert_eq!(time(InFlight::AUTO, 16), Some(minutes(3)));
        // Two minutes for each pair.
        assert_eq!(time(InFlight::AtMost(2), 21), Some(minutes(22)));
    }
}
