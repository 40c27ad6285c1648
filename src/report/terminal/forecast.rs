//! An estimate of the time until a run has finished.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::{Phase, Timestamp};
use crate::report::summary::Summary;

/// Submits that the pace is measured over: enough to smooth a burst, few enough to follow a slow-down.
const MAX_SUBMITS: usize = 12;

/// The times of the newest submits of this run.
#[derive(Debug, Clone, Default)]
pub(super) struct Forecast {
    submits: VecDeque<Timestamp>,
}

impl Forecast {
    /// Records a submit.
    pub(super) fn on_submit(&mut self, at: Timestamp) {
        if self.submits.len() == MAX_SUBMITS {
            self.submits.pop_front();
        }
        self.submits.push_back(at);
    }

    /// Estimates the time from `now` until everything is rendered; `None` before the first render has finished.
    ///
    /// A pending job waits for a free slot at the provider or for the pace of submits, whichever takes longer; the last
    /// one then renders as long as usual.
    pub(super) fn remaining(&self, summary: &Summary, now: Timestamp) -> Option<Duration> {
        let render = summary.usual_render()?;
        let counts = summary.counts();
        let slots = u32::try_from(counts.rendering.max(1)).unwrap_or(u32::MAX);
        if counts.pending > 0 {
            let wait = self.spacing().unwrap_or_default().max(render / slots);
            let pending = u32::try_from(counts.pending).unwrap_or(u32::MAX);
            return Some(wait.saturating_mul(pending).saturating_add(render));
        }
        summary
            .rows()
            .filter(|row| matches!(row.state.phase, Phase::Rendering { .. }) && !row.is_overdue)
            .map(|row| {
                let began = row.state.accepted_at.unwrap_or(now);
                render.saturating_sub(now.since(began))
            })
            .max()
    }

    /// Returns the mean time between two submits.
    fn spacing(&self) -> Option<Duration> {
        let (first, last) = (self.submits.front()?, self.submits.back()?);
        let gaps = u32::try_from(self.submits.len() - 1).ok()?;
        last.since(*first).checked_div(gaps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::{TestRun, at};

    #[test]
    fn there_is_no_forecast_before_the_first_render() {
        let mut run = TestRun::with_jobs(3);
        run.accepted(1, "a");
        assert_eq!(Forecast::default().remaining(&run.summary(), at(30)), None);
    }

    #[test]
    fn slots_at_the_provider_limit_pending_jobs() {
        let mut run = TestRun::with_jobs(8);
        run.done(1, "a");
        run.accepted(2, "b");
        run.accepted(3, "c");
        let mut forecast = Forecast::default();
        for second in [1, 2, 3] {
            forecast.on_submit(at(second));
        }
        // Five pending, two places, 59 s a render: 5 × 29.5 s, and the last one's 59 s.
        let remaining = forecast.remaining(&run.summary(), at(62)).unwrap();
        assert_eq!(remaining, Duration::from_millis(206_500));
    }

    #[test]
    fn a_slow_pace_limits_pending_jobs() {
        let mut run = TestRun::with_jobs(4);
        run.done(1, "a");
        run.accepted(62, "b");
        let mut forecast = Forecast::default();
        for second in [0, 200, 400] {
            forecast.on_submit(at(second));
        }
        let remaining = forecast.remaining(&run.summary(), at(62)).unwrap();
        assert_eq!(remaining, Duration::from_secs(2 * 200 + 59));
    }

    #[test]
    fn the_last_renders_count_down_to_zero() {
        let mut run = TestRun::with_jobs(2);
        run.done(1, "a");
        run.accepted(70, "b");
        let (forecast, summary) = (Forecast::default(), run.summary());
        assert_eq!(forecast.remaining(&summary, at(91)), Some(Duration::from_secs(39)));
        assert_eq!(forecast.remaining(&summary, at(999)), Some(Duration::ZERO));
    }
}
