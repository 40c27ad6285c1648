//! The pace of one lane: governor's GCRA rate limiter on the engine's own clock.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::model::{Rate, Timestamp};

/// A clock for governor that shows the time the engine was called with.
#[derive(Debug, Clone, Default)]
struct ManualClock(Arc<AtomicU64>);

impl Clock for ManualClock {
    type Instant = Nanos;
    fn now(&self) -> Nanos {
        Nanos::from(self.0.load(Ordering::Relaxed))
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, ManualClock, NoOpMiddleware<Nanos>>;

/// A rate limit that can be slowed down and recovers with successes. It allows no bursts: 15 a minute means one
/// every four seconds, so that no window of a minute has more than 15.
#[derive(Debug)]
pub(super) struct Pace {
    limiter: Limiter,
    clock: ManualClock,
    origin: Timestamp,
    rate: Rate,
    /// The factor by which the interval is longer: 1 at full pace, 2 at half, at most [`MAX_SLOWDOWN`].
    slowdown: u32,
    last: Option<Timestamp>,
    /// Successes since the last change of pace.
    successes: u32,
    /// Whether the last change was an increase.
    was_raised: bool,
    /// The factor by which an increase needs more successes.
    patience: u32,
}

/// Halving stops at an eighth of the pace. A provider that wants less sends `Retry-After`.
const MAX_SLOWDOWN: u32 = 8;

/// Longer than any run. A longer interval would not fit the limiter's arithmetic.
const LONGEST_INTERVAL: Duration = Duration::from_secs(366 * 24 * 3600);

/// Successes at half the pace that restore the full pace. A quarter of the pace needs half as many for the step to a
/// half, so each step takes the same time, and recovery from a burst is quick.
const SUCCESSES_TO_RECOVER: u32 = 5;

/// An increase that is refused before this many successes was too fast. The next one needs twice as many
/// successes.
const STEADY_SUCCESSES: u32 = 20;

/// The limit of that doubling, so that an increase is still tried from time to time.
const MAX_PATIENCE: u32 = 16;

impl Pace {
    /// Creates a pace of `rate` for a run that begins at `now`. `last` is the time of the last request of an earlier
    /// run, so that a restart keeps the pace.
    pub(super) fn new(rate: Rate, now: Timestamp, last: Option<Timestamp>) -> Self {
        // A journal of a clock that was set back since must not delay the first request.
        let last = last.map(|last| last.min(now));
        let origin = last.unwrap_or(now);
        let clock = ManualClock::default();
        let limiter = Self::limiter(rate, 1, &clock);
        let mut pace = Self {
            limiter,
            clock,
            origin,
            rate,
            slowdown: 1,
            last: None,
            successes: 0,
            was_raised: false,
            patience: 1,
        };
        if let Some(last) = last {
            pace.take(last).expect("the first request is always allowed");
        }
        pace
    }

    fn limiter(rate: Rate, slowdown: u32, clock: &ManualClock) -> Limiter {
        let interval = rate.interval().min(LONGEST_INTERVAL) * slowdown;
        let quota = Quota::with_period(interval)
            .expect("an interval is never zero")
            .allow_burst(NonZeroU32::MIN);
        RateLimiter::direct_with_clock(quota, clock.clone())
    }

    /// Takes one request's turn at `now`.
    ///
    /// # Errors
    /// The time of the next turn, if it is not now.
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        let nanos = |moment: Timestamp| {
            u64::try_from(moment.since(self.origin).as_nanos()).unwrap_or(u64::MAX)
        };
        self.clock.0.store(nanos(now), Ordering::Relaxed);
        match self.limiter.check() {
            Ok(()) => {
                self.last = Some(now);
                Ok(())
            }
            Err(not_until) => {
                let wait = not_until.wait_time_from(self.clock.now());
                // Timestamps are whole milliseconds: round up, so that the wake-up is not too early.
                Err(now.plus(wait + Duration::from_nanos(999_999)))
            }
        }
    }

    /// Halves the pace.
    pub(super) fn slow_down(&mut self) {
        if self.was_raised {
            self.patience = (self.patience * 2).min(MAX_PATIENCE);
        }
        self.was_raised = false;
        self.change((self.slowdown * 2).min(MAX_SLOWDOWN));
    }

    /// Counts a success. Enough of them double the pace, up to the full pace.
    pub(super) fn succeeded(&mut self) {
        self.successes = self.successes.saturating_add(1);
        if self.was_raised && self.successes >= STEADY_SUCCESSES {
            self.was_raised = false;
            self.patience = 1;
        }
        let needed = (2 * SUCCESSES_TO_RECOVER).div_ceil(self.slowdown) * self.patience;
        if self.slowdown > 1 && self.successes >= needed {
            self.change(self.slowdown / 2);
            self.was_raised = true;
        }
    }

    /// Replaces the limiter, because a governor quota cannot be changed, and repeats the last request in it.
    fn change(&mut self, slowdown: u32) {
        self.successes = 0;
        if slowdown == self.slowdown {
            return;
        }
        self.slowdown = slowdown;
        self.clock.0.store(0, Ordering::Relaxed);
        self.limiter = Self::limiter(self.rate, slowdown, &self.clock);
        if let Some(last) = self.last {
            self.take(last).expect("the first request is always allowed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + millis)
    }

    fn two_a_second(last: Option<Timestamp>) -> Pace {
        Pace::new("2/s".parse().unwrap(), at(0), last)
    }

    #[test]
    fn no_burst_is_allowed_and_the_next_time_is_exact() {
        let mut pace = two_a_second(None);
        assert_eq!(pace.take(at(0)), Ok(()));
        assert_eq!(pace.take(at(100)), Err(at(500)));
        assert_eq!(pace.take(at(500)), Ok(()));
        assert_eq!(pace.take(at(5000)), Ok(()));
        assert_eq!(pace.take(at(5000)), Err(at(5500)), "idle time allows no burst");
    }

    #[test]
    fn a_restart_keeps_the_pace() {
        assert_eq!(two_a_second(Some(at(-200))).take(at(0)), Err(at(300)));
        assert_eq!(two_a_second(Some(at(-900))).take(at(0)), Ok(()));
        assert_eq!(two_a_second(Some(at(86_400_000))).take(at(0)), Err(at(500)), "clock set back");
    }

    #[test]
    fn the_pace_halves_and_recovers_with_successes() {
        let mut pace = two_a_second(None);
        pace.take(at(0)).unwrap();
        pace.slow_down();
        assert_eq!(pace.take(at(500)), Err(at(1000)));
        for _ in 0..SUCCESSES_TO_RECOVER {
            pace.succeeded();
        }
        assert_eq!(pace.take(at(500)), Ok(()));
    }

    /// Returns how many successes it takes until the pace is `slowdown`.
    fn successes_until(pace: &mut Pace, slowdown: u32) -> u32 {
        let mut count = 0;
        while pace.slowdown > slowdown {
            pace.succeeded();
            count += 1;
        }
        count
    }

    #[test]
    fn recovery_takes_longer_after_a_refused_increase() {
        let mut pace = two_a_second(None);
        for _ in 0..5 {
            pace.slow_down();
        }
        let steps = [4, 2, 1].map(|slowdown| successes_until(&mut pace, slowdown));
        assert_eq!((steps, pace.slowdown), ([2, 3, 5], 1));
        for needed in [10, 20, 40, 80, 80] {
            pace.slow_down();
            assert_eq!(successes_until(&mut pace, 1), needed, "refused at once");
        }
        for _ in 0..STEADY_SUCCESSES {
            pace.succeeded();
        }
        pace.slow_down();
        assert_eq!(successes_until(&mut pace, 1), 5, "it held");
    }
}
