//! The result of a step. Its commands are available only after its entries are on disk.

use crate::model::{Command, Entry, Timestamp};

/// The engine's answer to one call. [`Step::persist`] is the only way to its commands.
#[derive(Debug)]
#[must_use = "entries that are not persisted are lost, and the commands with them"]
pub struct Step(pub(super) PersistedStep);

/// A step whose entries are on disk.
#[derive(Debug)]
pub struct PersistedStep {
    /// What became true, for the observers.
    pub entries: Vec<Entry>,
    /// The commands to execute now.
    pub commands: Vec<Command>,
    /// When to call again if nothing happens before.
    pub wake_at: Option<Timestamp>,
    /// Whether the run is over.
    pub finished: bool,
}

impl Step {
    /// Passes the entries to `write`, which must not return `Ok` before they are durable, and returns the commands.
    ///
    /// # Errors
    /// The error of `write`. The commands are then dropped.
    pub fn persist<E>(
        self,
        write: impl FnOnce(&[Entry]) -> Result<(), E>,
    ) -> Result<PersistedStep, E> {
        if !self.0.entries.is_empty() {
            write(&self.0.entries)?;
        }
        Ok(self.0)
    }
}
