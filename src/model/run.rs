//! One execution of the program, as the journal tells it.

use super::{Failure, StopReason, Timestamp};

/// One execution of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// When it began.
    pub started: Timestamp,
    /// Version of the program.
    pub version: String,
    /// Its process id.
    pub process: u32,
    /// How it ended; `None` while it goes on, and for ever if it crashed.
    pub ended: Option<RunEnd>,
}

/// The orderly end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// When.
    pub at: Timestamp,
    /// Why it stopped early, if it did.
    pub stopped: Option<StopReason>,
}

/// What the newest run found out about jobs the provider already had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inventory {
    /// The list was read; it had so many rows.
    Taken(u64),
    /// The list could not be had.
    Skipped(Failure),
}
