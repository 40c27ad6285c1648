//! How many renders at one time: the user's limit, or less when the provider wants less; or what is learnt of the
//! account.

use std::time::Duration;

use super::window::Window;
use crate::model::{InFlight, Timestamp};

/// The places at the provider.
#[derive(Debug)]
pub(crate) enum Concurrency {
    /// The user's number.
    Fixed(Fixed),
    /// Nobody's number: it is learnt.
    Learnt(Window),
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
            InFlight::Auto { from } => Self::Learnt(Window::new(from, render_timeout)),
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
    pub(crate) fn restore(&mut self, learnt: Option<usize>, in_flight: usize) {
        if let Self::Learnt(window) = self {
            window.restore(learnt, in_flight);
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
            Self::Learnt(window) => window.has_room(in_flight, doubtful),
        }
    }

    /// Whether most places are taken, and more would be.
    pub(crate) const fn filled(&mut self, is_full: bool) {
        if let Self::Learnt(window) = self {
            window.filled(is_full);
        }
    }

    /// The provider refused one more while `in_flight` were under way, `in_air` of them not answered yet.
    /// With none under way it cannot have meant their number.
    pub(crate) fn refused(&mut self, in_flight: usize, in_air: usize) {
        match self {
            Self::Fixed(fixed) => {
                if in_flight > 0 {
                    fixed.current = fixed.current.min(in_flight);
                    fixed.accepted = 0;
                }
            }
            Self::Learnt(window) => window.refused(in_flight.saturating_sub(in_air)),
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
    pub(crate) fn begun(&mut self) {
        if let Self::Learnt(window) = self {
            window.begun();
        }
    }

    /// Of `in_flight` renders so many are now known to wait in the provider's queue.
    pub(crate) fn waits(&mut self, in_flight: usize, waiting: usize) {
        if let Self::Learnt(window) = self {
            window.waits(in_flight, waiting);
        }
    }

    /// A render was seen finished at `now`, `took` after it was accepted.
    pub(crate) fn finished(&mut self, now: Timestamp, took: Duration) {
        if let Self::Learnt(window) = self {
            window.finished(now, took);
        }
    }

    /// What is worth being put on record.
    pub(crate) fn news(&mut self) -> Option<usize> {
        match self {
            Self::Fixed(_) => None,
            Self::Learnt(window) => window.news(),
        }
    }

    /// Whether it is worth knowing which renders have begun.
    pub(crate) const fn learns(&self) -> bool {
        matches!(self, Self::Learnt(_))
    }

    /// Whether renders wait at the provider that take over the moment another ends.
    pub(crate) const fn has_spare(&self) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Learnt(window) => window.has_spare(),
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
    fn places(concurrency: &Concurrency) -> usize {
        (0..100)
            .find(|flying| !concurrency.has_room(*flying, 0))
            .unwrap()
    }

    #[test]
    fn cut_at_once_and_grown_back_slowly() {
        let mut concurrency = at_most(8);
        concurrency.refused(3, 0);
        assert_eq!(places(&concurrency), 3);
        for _ in 0..3 {
            concurrency.accepted();
        }
        assert_eq!(places(&concurrency), 4);
        for _ in 0..1000 {
            concurrency.accepted();
        }
        assert_eq!(places(&concurrency), 8, "never above the user's limit");
        concurrency.refused(0, 0);
        assert_eq!(places(&concurrency), 8, "the number cannot have been meant");
        concurrency.refused(1, 0);
        assert_eq!(places(&concurrency), 1);
    }

    #[test]
    fn what_is_in_doubt_counts_against_the_users_limit_alone() {
        let mut concurrency = at_most(3);
        assert!(!concurrency.has_room(1, 2));
        concurrency.refused(1, 0);
        assert!(concurrency.has_room(0, 2) && !concurrency.has_room(0, 3));
    }

    #[test]
    fn a_number_is_pinned_whatever_the_provider_does() {
        let mut concurrency = at_most(5);
        concurrency.filled(true);
        concurrency.restore(Some(80), 40);
        for _ in 0..100 {
            concurrency.begun();
        }
        concurrency.waits(5, 4);
        assert_eq!(places(&concurrency), 5);
        assert!(concurrency.news().is_none() && !concurrency.learns());
    }
}
