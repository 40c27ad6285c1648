//! The lock of the output folder: one run at a time.

use std::path::Path;
use std::time::Duration;

use super::error::Error;
use super::notices::Notices;
use crate::driver::{self, Clock as _, SystemClock};
use crate::journal::{Lock, LockError};

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
    let lock = |wait| driver::acquire_lock(folder, &holder, wait, clock);
    match (lock(Duration::ZERO).await, wait) {
        (Err(held @ LockError::Held { .. }), Some(wait)) => {
            notices.note(&format!("{held}; waiting for it to end"));
            Ok(lock(wait).await?)
        }
        (result, _) => Ok(result?),
    }
}
