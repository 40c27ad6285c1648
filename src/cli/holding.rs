//! The output folder belongs to one run at a time.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

use super::error::Error;
use super::herald::Herald;
use crate::driver::{self, Clock as _, SystemClock};
use crate::journal::{Lock, LockError};

/// Creates the folder if need be and takes its lock. Another run that holds it is waited for, which is
/// said, if `patience` is given.
///
/// # Errors
/// If it cannot be created or locked, or the other run outlasts the patience.
pub(super) async fn take_lock(
    folder: &Path,
    patience: Option<Duration>,
    herald: Herald,
    clock: &SystemClock,
) -> Result<Lock, Error> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot create the output folder `{}`", folder.display()))?;
    let holder = format!("process {} since {}", std::process::id(), clock.now());
    let take = |patience| driver::take_lock(folder, &holder, patience, clock);
    match (take(Duration::ZERO).await, patience) {
        (Err(held @ LockError::Held { .. }), Some(patience)) => {
            herald.note(&format!("{held}; waiting for it to end"));
            Ok(take(patience).await?)
        }
        (taken, _) => Ok(taken?),
    }
}
