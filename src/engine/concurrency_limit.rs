//! The limit for renders in flight, and the one that the user has set.

use std::fmt::Debug;
use std::time::Duration;

use crate::model::Timestamp;

/// A limit for renders in flight. The defaults are for a limit that is not learned.
pub(super) trait ConcurrencyLimit: Debug + Send + Sync {
    /// Checks whether one more job may be submitted while `in_flight` are known to be under way and `in_doubt` may
    /// be. Jobs in doubt count against the highest value that the limit may have, not against the present one: that
    /// is an estimate, and one job in doubt must not block a campaign that was once throttled.
    fn has_room(&self, in_flight: usize, in_doubt: usize) -> bool;

    /// Reduces the limit after a refusal with `in_flight` renders, of which `outstanding` submits have no answer yet.
    /// With none in flight the refusal was not about concurrency.
    fn on_refused(&mut self, in_flight: usize, outstanding: usize);

    /// Continues from earlier runs, which learned `learned` slots and left `in_flight` renders.
    fn restore(&mut self, _learned: Option<usize>, _in_flight: usize) {}

    /// Sets whether nearly all slots are taken and more jobs are ready.
    fn set_saturated(&mut self, _is_saturated: bool) {}

    /// Counts an accepted submit, with which `in_flight` renders are under way.
    fn on_accepted(&mut self, _in_flight: usize) {}

    /// Counts a render that the provider has started.
    fn on_render_started(&mut self) {}

    /// Updates how many of `in_flight` renders wait in the provider's queue.
    fn on_queue_changed(&mut self, _in_flight: usize, _queued: usize) {}

    /// Adds the duration of a render that was seen to be finished at `now`.
    fn on_render_finished(&mut self, _now: Timestamp, _took: Duration) {}

    /// Returns a learned limit that should be recorded.
    fn take_unrecorded(&mut self) -> Option<usize> {
        None
    }

    /// Checks whether the limit is learned, so that it is useful to know when renders start.
    fn is_adaptive(&self) -> bool {
        false
    }

    /// Checks whether renders are known to wait in the provider's queue.
    fn has_queued(&self) -> bool {
        false
    }
}

/// The user's limit. Refusals reduce it, and accepted submits raise it again.
#[derive(Debug)]
pub(super) struct FixedLimit {
    limit: usize,
    current: usize,
    /// Submits accepted since the last change.
    accepted: usize,
    /// The most renders in flight with an accepted submit since the last refusal.
    proven: usize,
    /// Accepted submits before the next slot is tried.
    patience: usize,
    /// The value after the last refusal.
    refused: usize,
}

/// The most accepted submits before the next slot is tried.
const MAX_PATIENCE: usize = 256;

impl FixedLimit {
    /// Creates a limit of `most` renders, at least 1.
    pub(super) fn new(most: u32) -> Self {
        let limit = usize::try_from(most.max(1)).unwrap_or(usize::MAX);
        Self { limit, current: limit, accepted: 0, proven: 0, patience: 1, refused: 0 }
    }
}

impl ConcurrencyLimit for FixedLimit {
    fn has_room(&self, in_flight: usize, in_doubt: usize) -> bool {
        in_flight < self.current && in_flight.saturating_add(in_doubt) < self.limit
    }

    /// Each refusal at about the same number doubles the accepted submits before one more slot is tried. If more renders
    /// were accepted before, the refusal has another reason, unless it is repeated.
    fn on_refused(&mut self, in_flight: usize, _outstanding: usize) {
        let proven = std::mem::replace(&mut self.proven, in_flight);
        if in_flight == 0 || in_flight < proven {
            return;
        }
        let is_same = in_flight.abs_diff(self.refused) <= 1 + in_flight / 8;
        self.patience = if is_same { (self.patience * 2).min(MAX_PATIENCE) } else { 1 };
        self.refused = in_flight;
        self.current = self.current.min(in_flight);
        self.accepted = 0;
    }

    fn on_accepted(&mut self, in_flight: usize) {
        self.proven = self.proven.max(in_flight);
        self.accepted += 1;
        if self.current < self.limit && self.accepted >= self.patience {
            self.current += 1;
            self.accepted = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns how many it allows in flight.
    fn slots(concurrency: &FixedLimit) -> usize {
        (0..100).find(|flying| !concurrency.has_room(*flying, 0)).unwrap()
    }

    #[test]
    fn a_refusal_reduces_at_once_and_each_further_one_slows_the_growth() {
        let mut concurrency = FixedLimit::new(8);
        for patience in [1, 2, 4, 8] {
            concurrency.on_refused(3, 0);
            assert_eq!(slots(&concurrency), 3);
            for _ in 1..patience {
                concurrency.on_accepted(3);
                assert_eq!(slots(&concurrency), 3);
            }
            concurrency.on_accepted(3);
            assert_eq!(slots(&concurrency), 4);
        }
        for _ in 0..1000 {
            concurrency.on_accepted(8);
        }
        assert_eq!(slots(&concurrency), 8, "never above the user's limit");
        concurrency.on_refused(0, 0);
        assert_eq!(slots(&concurrency), 8, "not about concurrency");
    }

    #[test]
    fn a_refusal_of_fewer_renders_than_were_accepted_must_be_repeated() {
        let mut concurrency = FixedLimit::new(8);
        for _ in 0..3 {
            concurrency.on_accepted(8);
            concurrency.on_refused(7, 0);
            assert_eq!(slots(&concurrency), 8);
        }
        concurrency.on_accepted(7);
        concurrency.on_refused(7, 0);
        assert_eq!(slots(&concurrency), 7);
    }

    #[test]
    fn jobs_in_doubt_count_against_the_users_limit_only() {
        let mut concurrency = FixedLimit::new(3);
        assert!(!concurrency.has_room(1, 2));
        concurrency.on_refused(1, 0);
        assert!(concurrency.has_room(0, 2) && !concurrency.has_room(0, 3));
    }

    #[test]
    fn a_fixed_limit_never_changes_without_refusals() {
        let mut concurrency = FixedLimit::new(5);
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
