//! How many renders at one time: the user's limit, or less when the provider wants less; or what is learnt of the
//! account.

use std::time::Duration;

use super::concurrency_limit::ConcurrencyLimit;
use crate::model::{InFlight, Timestamp};

/// The places at the provider.
#[derive(Debug)]
pub(crate) enum Concurrency {
    /// The user's number.
    Fixed(Fixed),
    /// Nobody's number: it is learnt.
    Adaptive(ConcurrencyLimit),
}

/// A limit that is cut when the provider refuses and grows back by ones.
#[derive(Debug)]
pub(crate) struct Fixed {
    limit: usize,
    current: usize,
    /// Submits accepted since the limit last changed.
    accepted: usize,
}

impl Concurrency {
    /// Nothing is known of the provider yet. Renders are given up after `render_timeout`.
    pub(crate) fn new(limit: InFlight, render_timeout: Duration) -> Self {
        match limit {
            InFlight::Auto { from } => Self::Adaptive(ConcurrencyLimit::new(from, render_timeout)),
            InFlight::AtMost(most) => {
                let limit = usize::try_from(most.max(1)).unwrap_or(usize::MAX);
                Self::Fixed(Fixed {
                    limit,
                    current: limit,
                    accepted: 0,
                })
            }
        }
    }

    /// Takes in what earlier runs have learnt, and how many of their renders are under way.
    pub(crate) fn restore(&mut self, learned: Option<usize>, in_flight: usize) {
        if let Self::Adaptive(limit) = self {
            limit.restore(learned, in_flight);
        }
    }

    /// Whether one more may be submitted while `in_flight` are known to be under way and `doubtful`
    /// may be. Those count against the user's limit, which is never passed; what the provider wants
    /// is a guess anyhow, and one job in doubt must not freeze a campaign that was once slowed down.
    pub(crate) fn has_room(&self, in_flight: usize, doubtful: usize) -> bool {
        match self {
            Self::Fixed(fixed) => {
                in_flight < fixed.current && in_flight.saturating_add(doubtful) < fixed.limit
            }
            Self::Adaptive(limit) => limit.has_room(in_flight, doubtful),
        }
    }

    /// Whether most places are taken, and more would be.
    pub(crate) const fn set_saturated(&mut self, is_saturated: bool) {
        if let Self::Adaptive(limit) = self {
            limit.set_saturated(is_saturated);
        }
    }

    /// The provider refused one more while `in_flight` were under way, `outstanding` of them not answered yet.
    /// With none under way it cannot have meant their number.
    pub(crate) fn refused(&mut self, in_flight: usize, outstanding: usize) {
        match self {
            Self::Fixed(fixed) => {
                if in_flight > 0 {
                    fixed.current = fixed.current.min(in_flight);
                    fixed.accepted = 0;
                }
            }
            Self::Adaptive(limit) => limit.refused(in_flight.saturating_sub(outstanding)),
        }
    }

    /// The provider accepted one: as many as fit at one time earn one place more, up to the user's number.
    pub(crate) const fn accepted(&mut self) {
        if let Self::Fixed(fixed) = self {
            fixed.accepted += 1;
            if fixed.current < fixed.limit && fixed.accepted >= fixed.current {
                fixed.current += 1;
                fixed.accepted = 0;
            }
        }
    }

    /// The provider has begun to work on a render.
    pub(crate) fn render_started(&mut self) {
        if let Self::Adaptive(limit) = self {
            limit.render_started();
        }
    }

    /// Of `in_flight` renders so many are now known to wait in the provider's queue.
    pub(crate) fn queue_changed(&mut self, in_flight: usize, waiting: usize) {
        if let Self::Adaptive(limit) = self {
            limit.queue_changed(in_flight, waiting);
        }
    }

    /// A render was seen finished at `now`, `took` after it was accepted.
    pub(crate) fn render_finished(&mut self, now: Timestamp, took: Duration) {
        if let Self::Adaptive(limit) = self {
            limit.render_finished(now, took);
        }
    }

    /// What is worth being put on record.
    pub(crate) fn unrecorded(&mut self) -> Option<usize> {
        match self {
            Self::Fixed(_) => None,
            Self::Adaptive(limit) => limit.unrecorded(),
        }
    }

    /// Whether it is worth knowing which renders have begun.
    pub(crate) const fn is_adaptive(&self) -> bool {
        matches!(self, Self::Adaptive(_))
    }

    /// Whether renders wait at the provider that take over the moment another ends.
    pub(crate) const fn has_queued(&self) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Adaptive(limit) => limit.has_queued(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_most(limit: u32) -> Concurrency {
        Concurrency::new(InFlight::AtMost(limit), Duration::from_secs(1800))
    }

    /// How many it lets be in flight.
    fn slots(concurrency: &Concurrency) -> usize {
        (0..100)
            .find(|flying| !concurrency.has_room(*flying, 0))
            .unwrap()
    }

    #[test]
    fn a_refusal_reduces_at_once_and_growth_is_slow() {
        let mut concurrency = at_most(8);
        concurrency.refused(3, 0);
        assert_eq!(slots(&concurrency), 3);
        for _ in 0..3 {
            concurrency.accepted();
        }
        assert_eq!(slots(&concurrency), 4);
        for _ in 0..1000 {
            concurrency.accepted();
        }
        assert_eq!(slots(&concurrency), 8, "never above the user's limit");
        concurrency.refused(0, 0);
        assert_eq!(slots(&concurrency), 8, "the number cannot have been meant");
        concurrency.refused(1, 0);
        assert_eq!(slots(&concurrency), 1);
    }

    #[test]
    fn jobs_in_doubt_count_against_the_users_limit_only() {
        let mut concurrency = at_most(3);
        assert!(!concurrency.has_room(1, 2));
        concurrency.refused(1, 0);
        assert!(concurrency.has_room(0, 2) && !concurrency.has_room(0, 3));
    }

    #[test]
    fn a_fixed_limit_never_changes_without_refusals() {
        let mut concurrency = at_most(5);
        concurrency.set_saturated(true);
        concurrency.restore(Some(80), 40);
        for _ in 0..100 {
            concurrency.render_started();
        }
        concurrency.queue_changed(5, 4);
        assert_eq!(slots(&concurrency), 5);
        assert!(concurrency.unrecorded().is_none() && !concurrency.is_adaptive());
    }
}
