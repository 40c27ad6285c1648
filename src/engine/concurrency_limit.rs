//! The limit for renders in flight: the user's number, less while the provider refuses it, or an adaptive limit.

use std::time::Duration;

use super::adaptive_limit::AdaptiveLimit;
use crate::model::{InFlight, Timestamp};

/// The limit for renders in flight.
#[derive(Debug)]
pub(super) enum ConcurrencyLimit {
    /// The user's number.
    Fixed(FixedLimit),
    /// The number is learned.
    Adaptive(AdaptiveLimit),
}

/// A limit that is reduced by refusals and grows back by ones.
#[derive(Debug)]
pub(super) struct FixedLimit {
    limit: usize,
    current: usize,
    /// Submits accepted since the last change.
    accepted: usize,
}

impl ConcurrencyLimit {
    /// Creates a limit. Renders are given up after `render_timeout`.
    pub(super) fn new(limit: InFlight, render_timeout: Duration) -> Self {
        match limit {
            InFlight::Auto { from } => Self::Adaptive(AdaptiveLimit::new(from, render_timeout)),
            InFlight::AtMost(most) => {
                let limit = usize::try_from(most.max(1)).unwrap_or(usize::MAX);
                Self::Fixed(FixedLimit { limit, current: limit, accepted: 0 })
            }
        }
    }

    /// Continues from earlier runs, which learned `learned` slots and left `in_flight` renders.
    pub(super) fn restore(&mut self, learned: Option<usize>, in_flight: usize) {
        if let Self::Adaptive(limit) = self {
            limit.restore(learned, in_flight);
        }
    }

    /// Checks whether one more job may be submitted while `in_flight` are known to be under way and `in_doubt` may
    /// be. Jobs in doubt count against the user's limit, which is never exceeded, but not against the
    /// reduced one: that is an estimate, and one job in doubt must not block a campaign that was once throttled.
    pub(super) fn has_room(&self, in_flight: usize, in_doubt: usize) -> bool {
        match self {
            Self::Fixed(fixed) => {
                in_flight < fixed.current && in_flight.saturating_add(in_doubt) < fixed.limit
            }
            Self::Adaptive(limit) => limit.has_room(in_flight, in_doubt),
        }
    }

    /// Sets whether nearly all slots are taken and more jobs are ready.
    pub(super) const fn set_saturated(&mut self, is_saturated: bool) {
        if let Self::Adaptive(limit) = self {
            limit.set_saturated(is_saturated);
        }
    }

    /// Reduces the limit after a refusal with `in_flight` renders, of which `outstanding` submits have no answer yet.
    /// With none in flight the refusal was not about concurrency.
    pub(super) fn on_refused(&mut self, in_flight: usize, outstanding: usize) {
        match self {
            Self::Fixed(fixed) => {
                if in_flight > 0 {
                    fixed.current = fixed.current.min(in_flight);
                    fixed.accepted = 0;
                }
            }
            Self::Adaptive(limit) => limit.on_refused(in_flight.saturating_sub(outstanding)),
        }
    }

    /// Counts an accepted submit. As many as there are slots add one slot, up to the user's number.
    pub(super) const fn on_accepted(&mut self) {
        if let Self::Fixed(fixed) = self {
            fixed.accepted += 1;
            if fixed.current < fixed.limit && fixed.accepted >= fixed.current {
                fixed.current += 1;
                fixed.accepted = 0;
            }
        }
    }

    /// Counts a render that the provider has started.
    pub(super) fn on_render_started(&mut self) {
        if let Self::Adaptive(limit) = self {
            limit.on_render_started();
        }
    }

    /// Updates how many of `in_flight` renders wait in the provider's queue.
    pub(super) fn on_queue_changed(&mut self, in_flight: usize, queued: usize) {
        if let Self::Adaptive(limit) = self {
            limit.on_queue_changed(in_flight, queued);
        }
    }

    /// Takes in how long a render took that was seen to be finished at `now`.
    pub(super) fn on_render_finished(&mut self, now: Timestamp, took: Duration) {
        if let Self::Adaptive(limit) = self {
            limit.on_render_finished(now, took);
        }
    }

    /// Returns a learned limit that should be recorded.
    pub(super) fn take_unrecorded(&mut self) -> Option<usize> {
        match self {
            Self::Fixed(_) => None,
            Self::Adaptive(limit) => limit.take_unrecorded(),
        }
    }

    /// Checks whether the limit is learned.
    pub(super) const fn is_adaptive(&self) -> bool {
        matches!(self, Self::Adaptive(_))
    }

    /// Checks whether renders are known to wait in the provider's queue.
    pub(super) const fn has_queued(&self) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Adaptive(limit) => limit.has_queued(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_most(limit: u32) -> ConcurrencyLimit {
        ConcurrencyLimit::new(InFlight::AtMost(limit), Duration::from_secs(1800))
    }

    /// Returns how many it allows in flight.
    fn slots(concurrency: &ConcurrencyLimit) -> usize {
        (0..100).find(|flying| !concurrency.has_room(*flying, 0)).unwrap()
    }

    #[test]
    fn a_refusal_reduces_at_once_and_growth_is_slow() {
        let mut concurrency = at_most(8);
        concurrency.on_refused(3, 0);
        assert_eq!(slots(&concurrency), 3);
        for _ in 0..3 {
            concurrency.on_accepted();
        }
        assert_eq!(slots(&concurrency), 4);
        for _ in 0..1000 {
            concurrency.on_accepted();
        }
        assert_eq!(slots(&concurrency), 8, "never above the user's limit");
        concurrency.on_refused(0, 0);
        assert_eq!(slots(&concurrency), 8, "not about concurrency");
        concurrency.on_refused(1, 0);
        assert_eq!(slots(&concurrency), 1);
    }

    #[test]
    fn jobs_in_doubt_count_against_the_users_limit_only() {
        let mut concurrency = at_most(3);
        assert!(!concurrency.has_room(1, 2));
        concurrency.on_refused(1, 0);
        assert!(concurrency.has_room(0, 2) && !concurrency.has_room(0, 3));
    }

    #[test]
    fn a_fixed_limit_never_changes_without_refusals() {
        let mut concurrency = at_most(5);
        concurrency.set_saturated(true);
        concurrency.restore(Some(80), 40);
        for _ in 0..100 {
            concurrency.on_render_started();
        }
        concurrency.on_queue_changed(5, 4);
        assert_eq!(slots(&concurrency), 5);
        assert!(concurrency.take_unrecorded().is_none() && !concurrency.is_adaptive());
    }
}
