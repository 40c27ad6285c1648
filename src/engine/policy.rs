//! What the user wants of this run.

use std::collections::BTreeSet;

use crate::model::{JobId, Limits};

/// What this run may and shall do.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub struct Policy {
    /// The limits.
    pub limits: Limits,
    /// What to submit.
    pub submits: Submits,
    /// Leave as soon as everything is submitted (`--submit-only`).
    pub leave_after_submitting: bool,
    /// Submit failed jobs again (`--retry-failed`).
    pub retry_failed: bool,
    /// Submit paid jobs again whose request has changed (`--redo-changed`).
    pub redo_changed: bool,
    /// Submit everything again (`--fresh`).
    pub fresh: bool,
    /// Submit these again though they are in doubt or failed (`--resubmit`).
    pub resubmit: BTreeSet<JobId>,
    /// Finished jobs whose file is no longer on disk.
    pub missing_files: BTreeSet<JobId>,
    /// The output folder shows signs of earlier work that the journal does not know: submit
    /// nothing before the provider's list has been read, twice.
    pub journal_was_lost: bool,
    /// This program's process id, for the record.
    pub process: u32,
    /// Seed of the jitter.
    pub seed: u64,
}

/// Whether this run submits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Submits {
    /// Every selected job that has not been paid for.
    #[default]
    Selected,
    /// Nothing (`collect`).
    Nothing,
}
