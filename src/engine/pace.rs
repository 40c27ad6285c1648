//! The pace of one lane: governor's GCRA rate limiter on the engine's own clock.
//!
//! The provider publishes no rate, so the pace is found as CUBIC finds the capacity of a path (RFC 9438): it remembers the
//! pace that was refused, returns most of the way to it within ten successes, stays near it for a while, and only then
//! goes beyond it.
//!
//! * All refusals until the next success are one episode, and reduce the pace once.
//! * A first refusal says little about the pace: another client may have used up the account's limit. The pace is halved
//!   for a moment.
//! * A refusal near the remembered pace confirms it. The pace is reduced a little, and stays twice as long below what was
//!   refused as before.
//! * A refusal soon after another shows that the remembered pace is too high. The limit of the account is between the
//!   number of successes since that other refusal and the pace that was refused.

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

/// A rate limit that is reduced by refusals and recovers with successes. It allows no bursts: 15 a minute means one
/// every four seconds, so that no window of a minute has more than 15.
#[derive(Debug)]
pub(super) struct Pace {
    limiter: Limiter,
    clock: ManualClock,
    origin: Timestamp,
    rate: Rate,
    /// The present share of the rate, from [`MIN_SHARE`] to 1.
    share: f64,
    last: Option<Timestamp>,
    recovery: Option<Recovery>,
}

/// How the pace recovers from the newest reduction.
#[derive(Debug, Clone, Copy)]
struct Recovery {
    /// When the provider last refused.
    since: Timestamp,
    /// The remembered share of the rate.
    remembered: f64,
    /// By which part of the remembered share the pace was reduced.
    cut: f64,
    /// After how many successes the pace is back at the remembered one.
    length: u32,
    /// Successes since the reduction.
    successes: u32,
    /// Whether requests have waited for the pace all the time, so that their number says what the account allows.
    is_saturated: bool,
}

/// The cut after a first refusal, and the successes until the pace is back. After ten, it is back at 90 %.
const FIRST: (f64, u32) = (0.5, 24);

/// The cut once the limit of the account is about to be found.
const SEARCHING: (f64, u32) = (0.1, 40);

/// The cut once it has been found.
const FOUND_CUT: f64 = 0.05;

/// The most successes below a limit that was found, so that a higher limit is noticed some time.
const MAX_LENGTH: u32 = 640;

/// A refusal after fewer successes comes soon after the last.
const SOON: u32 = 20;

/// A refused pace is near the remembered one within this factor.
const NEAR: f64 = 1.5;

/// The pace is never reduced below this share of the rate, so that the end of a limit is noticed within the run.
const MIN_SHARE: f64 = 0.01;

/// Longer than any run. A longer interval would not fit the limiter's arithmetic.
const LONGEST_INTERVAL: Duration = Duration::from_secs(366 * 24 * 3600);

impl Recovery {
    /// Returns the share of the rate after the successes so far: a cubic curve that is flat at the remembered share.
    fn share(&self) -> f64 {
        let missing = 1.0 - f64::from(self.successes) / f64::from(self.length);
        (self.remembered * (1.0 - self.cut * missing.powi(3))).clamp(MIN_SHARE, 1.0)
    }
}

impl Pace {
    /// Creates a pace of `rate` for a run that begins at `now`. `last` is the time of the last request of an earlier
    /// run, so that a restart keeps the pace.
    pub(super) fn new(rate: Rate, now: Timestamp, last: Option<Timestamp>) -> Self {
        // A journal of a clock that was set back since must not delay the first request.
        let last = last.map(|last| last.min(now));
        let origin = last.unwrap_or(now);
        let clock = ManualClock::default();
        let limiter = limiter(rate.interval(), &clock);
        let mut pace =
            Self { limiter, clock, origin, rate, share: 1.0, last: None, recovery: None };
        if let Some(last) = last {
            pace.take(last).expect("the first request is always allowed");
        }
        pace
    }

    fn interval(&self) -> Duration {
        self.rate.interval().min(LONGEST_INTERVAL).div_f64(self.share)
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
        if let Err(not_until) = self.limiter.check() {
            let wait = not_until.wait_time_from(self.clock.now());
            // Timestamps are whole milliseconds: round up, so that the wake-up is not too early.
            return Err(now.plus(wait + Duration::from_nanos(999_999)));
        }
        let last = self.last.replace(now).unwrap_or(now);
        let is_late = now.since(last) > self.interval() * 2;
        // The first success ends a hold.
        if let Some(recovery) = self.recovery.as_mut().filter(|it| it.successes > 0) {
            recovery.is_saturated &= !is_late;
        }
        Ok(())
    }

    /// Reduces the pace after the first refusal of an episode.
    pub(super) fn reduce(&mut self, now: Timestamp) {
        let share = self.share;
        let (remembered, (cut, length)) = match self.recovery {
            Some(last) if last.successes < SOON && last.is_saturated && last.successes > 0 => {
                let allowed = f64::from(last.successes) * self.rate.interval().as_secs_f64()
                    / now.since(last.since).as_secs_f64();
                (
                    f64::midpoint(share, allowed.min(share)),
                    (SEARCHING.0, last.length.max(SEARCHING.1)),
                )
            }
            Some(last) if (last.remembered / NEAR..=last.remembered * NEAR).contains(&share) => {
                let length = (last.length * 2).clamp(2 * SEARCHING.1, MAX_LENGTH);
                (share, (FOUND_CUT, length))
            }
            Some(_) | None => (share, FIRST),
        };
        self.recovery = Some(Recovery {
            since: now,
            remembered,
            cut,
            length,
            successes: 0,
            is_saturated: true,
        });
        self.update();
    }

    /// Notes a further refusal of the episode.
    pub(super) const fn on_refused_again(&mut self, now: Timestamp) {
        if let Some(recovery) = &mut self.recovery {
            recovery.since = now;
        }
    }

    /// Counts a success, which raises a reduced pace.
    pub(super) fn succeeded(&mut self) {
        if let Some(recovery) = &mut self.recovery {
            recovery.successes = recovery.successes.saturating_add(1);
            self.update();
        }
    }

    /// Replaces the limiter if the share has changed, because a governor quota cannot be changed, and repeats the last
    /// request in it.
    fn update(&mut self) {
        let share = self.recovery.map_or(1.0, |recovery| recovery.share());
        #[expect(clippy::float_cmp, reason = "the share stays exactly the same at its limits")]
        if share == self.share {
            return;
        }
        self.share = share;
        self.clock.0.store(0, Ordering::Relaxed);
        self.limiter = limiter(self.interval(), &self.clock);
        if let Some(last) = self.last {
            let nanos = u64::try_from(last.since(self.origin).as_nanos()).unwrap_or(u64::MAX);
            self.clock.0.store(nanos, Ordering::Relaxed);
            self.limiter.check().expect("the first request is always allowed");
        }
    }
}

fn limiter(interval: Duration, clock: &ManualClock) -> Limiter {
    let quota = Quota::with_period(interval.min(LONGEST_INTERVAL))
        .expect("an interval is never zero")
        .allow_burst(NonZeroU32::MIN);
    RateLimiter::direct_with_clock(quota, clock.clone())
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
    fn a_first_refusal_halves_the_pace_and_ten_successes_restore_most_of_it() {
        let mut pace = two_a_second(None);
        pace.take(at(0)).unwrap();
        pace.reduce(at(0));
        assert_eq!(pace.take(at(500)), Err(at(1000)));
        for _ in 0..10 {
            pace.succeeded();
        }
        assert!((0.9..0.91).contains(&pace.share), "{}", pace.share);
        for _ in 0..14 {
            pace.succeeded();
        }
        assert_eq!(pace.take(at(499)), Err(at(500)));
        assert_eq!(pace.take(at(500)), Ok(()));
        for _ in 0..10_000 {
            pace.succeeded();
        }
        assert_eq!(pace.take(at(999)), Err(at(1000)), "never faster than the rate");
    }

    #[test]
    fn even_endless_refusals_leave_a_hundredth_of_the_pace() {
        let mut pace = two_a_second(None);
        for second in 0..1000 {
            pace.reduce(at(second * 1000));
            pace.succeeded();
        }
        assert!(pace.share >= MIN_SHARE);
        assert!(pace.share < 0.1, "{}", pace.share);
    }

    /// An account that allows `count` requests in any window of `millis` and says in whole seconds how long to wait.
    struct Account {
        count: usize,
        millis: i64,
        accepted: Vec<i64>,
        refused: usize,
    }

    impl Account {
        /// Sends `count` requests at the pace of `rate`. Returns how long that takes.
        fn send(&mut self, rate: &str, count: usize) -> i64 {
            let mut pace = Pace::new(rate.parse().unwrap(), at(0), None);
            let mut now = 0;
            while self.accepted.len() < count {
                if let Err(later) = pace.take(at(now)) {
                    now = i64::try_from(later.since(at(0)).as_millis()).unwrap();
                    continue;
                }
                let oldest = self.accepted.len().checked_sub(self.count);
                let free = oldest.map_or(now, |oldest| self.accepted[oldest] + self.millis);
                if free <= now {
                    self.accepted.push(now);
                    pace.succeeded();
                } else {
                    self.refused += 1;
                    pace.reduce(at(now));
                    now += (free - now + 999) / 1000 * 1000;
                }
            }
            now
        }
    }

    #[test]
    fn the_rate_of_the_account_is_found_and_kept() {
        for (count, millis) in [(5, 1000), (50, 10_000), (10, 1000), (12, 60_000)] {
            for factor in [1.2, 2.0, 5.0] {
                let mut account = Account { count, millis, accepted: Vec::new(), refused: 0 };
                let wanted = f64::from(u32::try_from(count).unwrap()) * factor;
                let rate = format!("{}/{}s", wanted.round(), millis / 1000);
                let took = account.send(&rate, 1000);
                let shortest = 1000 / i64::try_from(count).unwrap() * millis;
                let case =
                    format!("{count} in {millis} ms, {rate}: {took} ms, {}", account.refused);
                assert!(took * 100 <= shortest * 120, "{case}");
                assert!(account.refused <= 50, "{case}");
            }
        }
    }

    #[test]
    fn a_refusal_at_full_pace_long_after_another_costs_little() {
        let mut pace = two_a_second(None);
        pace.reduce(at(0));
        for _ in 0..100 {
            pace.succeeded();
        }
        pace.reduce(at(100_000));
        assert!(pace.share >= 0.95 - f64::EPSILON);
    }

    #[test]
    fn successes_that_waited_for_other_limits_say_nothing_about_the_pace() {
        let mut pace = two_a_second(None);
        pace.take(at(0)).unwrap();
        pace.reduce(at(0));
        for second in 1..=10 {
            pace.take(at(10_000 * second)).unwrap();
            pace.succeeded();
        }
        let share = pace.share;
        pace.reduce(at(110_000));
        assert!(pace.share > share * 0.9, "{} of {share}", pace.share);
    }
}
