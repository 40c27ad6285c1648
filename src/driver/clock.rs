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
        Self {
            started: monotonic(),
            base: Mutex::new(wall()),
        }
    }

    fn reading(&self, elapsed: Duration, wall: Timestamp) -> Timestamp {
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
        self.reading(monotonic().duration_since(self.started), wall())
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
    use super::*;

    #[test]
    fn a_wall_clock_set_back_does_not_repeat_time_and_one_that_jumps_ahead_is_followed() {
        let clock = SystemClock {
            started: monotonic(),
            base: Mutex::new(Timestamp::from_millis(1_000_000)),
        };
        let reading = |elapsed, wall| {
            let elapsed = Duration::from_millis(elapsed);
            clock
                .reading(elapsed, Timestamp::from_millis(wall))
                .as_millis()
        };
        assert_eq!(reading(10, 1_000_010), 1_000_010);
        assert_eq!(reading(20, 400_000), 1_000_020, "set back");
        assert_eq!(reading(30, 4_600_000), 4_600_000, "an hour asleep");
        assert_eq!(reading(40, 4_600_010), 4_600_010);
        assert_eq!(reading(50, 0), 4_600_020, "the jump is remembered");
    }
}
