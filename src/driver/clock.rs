//! The clock. No other module reads the time.

use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::model::Timestamp;

/// A source of the current time.
pub trait Clock {
    /// Returns the current time, which is never earlier than a time returned before.
    fn now(&self) -> Timestamp;
}

/// The system's wall clock, which never runs backwards.
///
/// It advances with monotonic time, so that a wall clock that is set back does not repeat time, and it follows jumps ahead
/// of the wall clock, because monotonic time stops while a machine sleeps.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
    /// The wall clock at `started`, plus all jumps ahead since.
    base: Mutex<Timestamp>,
}

impl SystemClock {
    /// Returns a clock that starts at the time of the wall clock.
    pub fn new() -> Self {
        // The wall clock first, for the reason given at `reading`.
        let base = Mutex::new(wall());
        Self { started: monotonic(), base }
    }

    /// Reads the wall clock first: on a busy machine time may pass between the two readings, which in the other order would
    /// count as a jump ahead.
    fn reading(
        &self,
        wall: impl FnOnce() -> Timestamp,
        elapsed: impl FnOnce() -> Duration,
    ) -> Timestamp {
        let (wall, elapsed) = (wall(), elapsed());
        let mut base = self.base.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
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
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_wall_clock_that_is_set_back_does_not_repeat_time_and_a_jump_ahead_is_followed() {
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
    fn a_busy_machine_does_not_advance_the_clock() {
        let clock = SystemClock {
            started: monotonic(),
            base: Mutex::new(Timestamp::from_millis(1_000_000)),
        };
        // Each reading takes 40 milliseconds.
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
