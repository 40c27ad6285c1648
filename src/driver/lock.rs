//! Waiting for another run to end.

use std::path::Path;
use std::time::Duration;

use super::Clock;
use crate::journal::{Lock, LockError};

/// Between two tries: short enough that nobody notices, long enough to cost nothing.
const BETWEEN_TRIES: Duration = Duration::from_millis(200);

/// A look at whether a run is going on tries the lock for a moment; that must not turn a run away.
const LEAST_PATIENCE: Duration = Duration::from_millis(300);

/// Takes the lock of the output folder `folder`, waiting for at most `patience` if another run holds
/// it. See [`Lock::acquire`] for `holder`.
///
/// # Errors
/// [`LockError::Held`] when the patience is over; other errors at once.
pub async fn acquire_lock(
    folder: &Path,
    holder: &str,
    patience: Duration,
    clock: &dyn Clock,
) -> Result<Lock, LockError> {
    let end = clock.now().plus(patience.max(LEAST_PATIENCE));
    loop {
        match Lock::acquire(folder, holder) {
            Err(LockError::Held { .. }) if clock.now() < end => {
                #[expect(clippy::disallowed_methods, reason = "the driver waits")]
                tokio::time::sleep(BETWEEN_TRIES).await;
            }
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::drive::tests::PausedClock;

    #[tokio::test(start_paused = true)]
    async fn a_held_lock_is_waited_for_and_given_up_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let clock = PausedClock::new();
        let held = Lock::acquire(folder.path(), "the first").unwrap();
        let minute = Duration::from_secs(60);
        let started = clock.now();
        let refused = acquire_lock(folder.path(), "the second", minute, &clock).await;
        assert!(matches!(refused, Err(LockError::Held { .. })));
        assert!(clock.now().since(started) >= minute);

        let waiting = acquire_lock(folder.path(), "the second", minute, &clock);
        let freeing = async {
            tokio::time::advance(minute / 2).await;
            drop(held);
        };
        let (taken, ()) = tokio::join!(waiting, freeing);
        assert!(taken.is_ok());
    }
}
