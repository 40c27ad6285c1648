//! The output folder belongs to one run at a time.

use std::path::Path;
use std::time::Duration;

use super::error::Error;
use super::herald::Printer;
use crate::driver::{self, Clock as _, SystemClock};
use crate::journal::{Lock, LockError};

/// Whether the folder could be created and written to, found out without a trace.
///
/// # Errors
/// If not.
pub(super) fn must_be_writable(folder: &Path) -> Result<(), Error> {
    let there = folder.ancestors().find(|folder| folder.exists());
    let there = there.unwrap_or(Path::new("."));
    tempfile::tempfile_in(there).map(drop).map_err(|source| {
        let folder = folder.to_owned();
        Error::Lock(LockError::Unavailable { folder, source })
    })
}

/// Creates the folder if need be and takes its lock. Another run that holds it is waited for, which is
/// said, if `patience` is given.
///
/// # Errors
/// If it cannot be created or locked, or the other run outlasts the patience.
pub(super) async fn take_lock(
    folder: &Path,
    patience: Option<Duration>,
    herald: Printer,
    clock: &SystemClock,
) -> Result<Lock, Error> {
    let holder = format!("process {} since {}", std::process::id(), clock.now());
    let take = |patience| driver::acquire_lock(folder, &holder, patience, clock);
    match (take(Duration::ZERO).await, patience) {
        (Err(held @ LockError::Held { .. }), Some(patience)) => {
            herald.note(&format!("{held}; waiting for it to end"));
            Ok(take(patience).await?)
        }
        (taken, _) => Ok(taken?),
    }
}
