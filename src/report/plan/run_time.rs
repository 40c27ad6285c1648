//! An estimate of how long a run takes.

use std::time::Duration;

use crate::model::{InFlight, Limits};
use crate::report::summary::Summary;

use super::rows::plan_rows;

/// The assumed time of a render while none was measured. The provider publishes none.
const ASSUMED_RENDER: Duration = Duration::from_secs(120);

/// The same for the sandbox, whose renders take 1.5 to 5 seconds by default.
const ASSUMED_SANDBOX_RENDER: Duration = Duration::from_secs(3);

/// Returns the time in which `pending` jobs are rendered if one is submitted each `interval` and at most `slots` render
/// at once.
pub(in crate::report) fn time_for(
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
    let jobs = plan_rows(summary).filter(|row| row.state.is_submitted()).count();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::TestRun;

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
