//! The lock of the output folder: one run at a time.

use std::path::Path;
use std::time::Duration;

use super::error::Error;
use super::notices::Notices;
use crate::driver::{Clock as _, SystemClock};
use crate::journal::{Lock, LockError};

/// Pause between two attempts: too short to notice, long enough to cost nothing.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

/// `status` holds the lock for a moment to test it; that must not refuse a run.
const MIN_WAIT: Duration = Duration::from_millis(400);

/// Checks that the folder can be created and written to, without leaving a trace.
///
/// # Errors
/// If it cannot.
pub(crate) fn check_writable(folder: &Path) -> Result<(), Error> {
    let existing = folder.ancestors().find(|folder| folder.exists());
    let existing = existing.unwrap_or(Path::new("."));
    tempfile::tempfile_in(existing).map(drop).map_err(|source| {
        let folder = folder.to_owned();
        Error::Lock(LockError::Unavailable { folder, source })
    })
}

/// Creates the folder if necessary and takes its lock. With `wait`, waits until the other run releases the lock, and
/// reports that.
///
/// # Errors
/// If the folder cannot be created or locked, or the other run still holds it after `wait`.
pub(crate) async fn lock_output(
    folder: &Path,
    wait: Option<Duration>,
    notices: &Notices,
    clock: &SystemClock,
) -> Result<Lock, Error> {
    let holder = format!("process {} since {}", std::process::id(), clock.now());
    match (acquire_within(folder, &holder, MIN_WAIT).await, wait) {
        (Err(held @ LockError::Held { .. }), Some(wait)) => {
            notices.note(&format!("{held}; waiting for it to end"));
            Ok(acquire_within(folder, &holder, wait).await?)
        }
        (result, _) => Ok(result?),
    }
}

/// Acquires the lock of the output folder; waits about `wait` at most while another process holds it.
async fn acquire_within(folder: &Path, holder: &str, wait: Duration) -> Result<Lock, LockError> {
    let mut retries = wait.as_millis() / RETRY_INTERVAL.as_millis();
    loop {
        match Lock::acquire(folder, holder) {
            Err(LockError::Held { .. }) if retries > 0 => retries -= 1,
            result => return result,
        }
        #[expect(clippy::disallowed_methods, reason = "a lock cannot be awaited")]
        tokio::time::sleep(RETRY_INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_held_lock_is_awaited_up_to_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let held = Lock::acquire(folder.path(), "the first").unwrap();
        let minute = Duration::from_secs(60);
        let started = tokio::time::Instant::now();
        let refused = acquire_within(folder.path(), "the second", minute).await;
        assert!(matches!(refused, Err(LockError::Held { .. })));
        assert!(started.elapsed() >= minute);

        let waiting = acquire_within(folder.path(), "the second", minute);
        let freeing = async {
            tokio::time::advance(minute / 2).await;
            drop(held);
        };
        let (taken, ()) = tokio::join!(waiting, freeing);
        assert!(taken.is_ok());
    }
}
