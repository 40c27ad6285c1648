//! The pace of one lane: a rate limit that slows down and recovers.

use std::time::Duration;

use crate::model::{Rate, Timestamp};

/// A rate limit that can be slowed down and recovers with successes. It allows no bursts: 15 a minute means one
/// every four seconds, so that no window of a minute has more than 15.
#[derive(Debug)]
pub(super) struct Pace {
    /// The interval between two requests at full pace.
    interval: Duration,
    /// The factor by which the interval is longer: 1 at full pace, 2 at half, at most [`MAX_SLOWDOWN`].
    slowdown: u32,
    /// When the newest request was made.
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
        Self {
            interval: rate.interval(),
            slowdown: 1,
            // A journal of a clock that was set back since must not delay the first request.
            last: last.map(|last| last.min(now)),
            successes: 0,
            was_raised: false,
            patience: 1,
        }
    }

    /// Takes one request's turn at `now`.
    ///
    /// # Errors
    /// The time of the next turn, if it is not now.
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        // Timestamps are whole milliseconds: round up.
        let interval = self.interval.saturating_mul(self.slowdown);
        let interval = interval.saturating_add(Duration::from_nanos(999_999));
        match self.last.map(|last| last.plus(interval)) {
            Some(next) if next > now => Err(next),
            Some(_) | None => {
                self.last = Some(now);
                Ok(())
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

    const fn change(&mut self, slowdown: u32) {
        self.successes = 0;
        self.slowdown = slowdown;
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
