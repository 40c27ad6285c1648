//! Acquiring the lock of an output folder, with a time limit.

use std::path::Path;
use std::time::Duration;

use super::Clock;
use crate::journal::{Lock, LockError};

/// Pause between two attempts: too short to notice, long enough to cost nothing.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

/// `status` holds the lock for a moment to test it; that must not refuse a run.
const MIN_WAIT: Duration = Duration::from_millis(300);

/// Acquires the lock of the output folder `folder`; waits at most `wait` while another run holds it. See [`Lock::acquire`]
/// for `holder`.
///
/// # Errors
/// [`LockError::Held`] after the wait; other errors at once.
pub async fn acquire_lock(
    folder: &Path,
    holder: &str,
    wait: Duration,
    clock: &dyn Clock,
) -> Result<Lock, LockError> {
    let end = clock.now().plus(wait.max(MIN_WAIT));
    loop {
        match Lock::acquire(folder, holder) {
            Err(LockError::Held { .. }) if clock.now() < end => {
                #[expect(clippy::disallowed_methods, reason = "the driver waits")]
                tokio::time::sleep(RETRY_INTERVAL).await;
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
    async fn a_held_lock_is_awaited_up_to_the_limit() {
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
