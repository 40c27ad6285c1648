//! What the engine answers, and the gate that keeps money behind the disk.

use crate::model::{Command, Entry, Timestamp};

/// The engine's answer to one call. Its commands are out of reach until its entries have been
/// written: [`Step::persist`] is the only way to them.
#[derive(Debug)]
#[must_use = "entries that are not persisted are lost, and the commands with them"]
pub struct Step {
    pub(super) entries: Vec<Entry>,
    pub(super) commands: Vec<Command>,
    pub(super) wake_at: Option<Timestamp>,
    pub(super) finished: bool,
}

/// A step whose entries are on disk.
#[derive(Debug)]
pub struct PersistedStep {
    /// What became true, to be told to the observers.
    pub entries: Vec<Entry>,
    /// What to do now.
    pub commands: Vec<Command>,
    /// When to call again if nothing else happens before.
    pub wake_at: Option<Timestamp>,
    /// The run is over: there is nothing to wait for.
    pub finished: bool,
}

impl Step {
    /// Hands the entries to `write`, which must not return `Ok` before they are durable, and then
    /// gives out the commands.
    ///
    /// # Errors
    /// Whatever `write` returns; the commands are then gone, as they must be.
    pub fn persist<E>(
        self,
        write: impl FnOnce(&[Entry]) -> Result<(), E>,
    ) -> Result<PersistedStep, E> {
        if !self.entries.is_empty() {
            write(&self.entries)?;
        }
        Ok(PersistedStep {
            entries: self.entries,
            commands: self.commands,
            wake_at: self.wake_at,
            finished: self.finished,
        })
    }
}
