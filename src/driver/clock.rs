//! The time, read here and nowhere else.

use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::model::Timestamp;

/// Something that knows the time.
pub trait Clock {
    /// The time. Never earlier than an answer given before.
    fn now(&self) -> Timestamp;
}

/// The system's wall clock, kept from running back.
///
/// It moves on with monotonic time, so that setting the wall clock back does not repeat an hour; and
/// it jumps ahead when the wall clock does, because monotonic time stands still while a laptop sleeps.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
    /// What the wall clock said at `started`, moved on by every jump since.
    base: Mutex<Timestamp>,
}

impl SystemClock {
    /// A clock that begins with what the wall clock says.
    pub fn new() -> Self {
        // In this order for the same reason as in `reading`.
        let base = Mutex::new(wall());
        Self {
            started: monotonic(),
            base,
        }
    }

    /// The wall clock is asked first: on a busy machine much may happen before the second answer, and in the
    /// other order that would be taken for a jump ahead, and kept.
    fn reading(
        &self,
        wall: impl FnOnce() -> Timestamp,
        elapsed: impl FnOnce() -> Duration,
    ) -> Timestamp {
        let (wall, elapsed) = (wall(), elapsed());
        let mut base = self
            .base
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let projected = base.plus(elapsed);
        *base = base.plus(wall.since(projected));
        projected.max(wall)
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.reading(wall, || monotonic().duration_since(self.started))
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn monotonic() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn wall() -> Timestamp {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_wall_clock_set_back_does_not_repeat_time_and_one_that_jumps_ahead_is_followed() {
        let clock = SystemClock {
            started: monotonic(),
            base: Mutex::new(Timestamp::from_millis(1_000_000)),
        };
        let reading = |elapsed, wall| {
            let wall = || Timestamp::from_millis(wall);
            let reading = clock.reading(wall, || Duration::from_millis(elapsed));
            reading.as_millis()
        };
        assert_eq!(reading(10, 1_000_010), 1_000_010);
        assert_eq!(reading(20, 400_000), 1_000_020, "set back");
        assert_eq!(reading(30, 4_600_000), 4_600_000, "an hour asleep");
        assert_eq!(reading(40, 4_600_010), 4_600_010);
        assert_eq!(reading(50, 0), 4_600_020, "the jump is remembered");
    }

    #[test]
    fn a_busy_machine_does_not_put_the_clock_forward() {
        let clock = SystemClock {
            started: monotonic(),
            base: Mutex::new(Timestamp::from_millis(1_000_000)),
        };
        // Each question takes 40 milliseconds.
        let time = Cell::new(0);
        let ask = || time.replace(time.get() + 40);
        let wall = || Timestamp::from_millis(1_000_000 + ask());
        let elapsed = || Duration::from_millis(ask().unsigned_abs());
        for _ in 0..10 {
            let reading = clock.reading(wall, elapsed).as_millis();
            assert!(reading <= 1_000_000 + time.get(), "{reading}");
        }
    }
}
