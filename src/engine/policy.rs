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
    /// Submit failed jobs again (`--retry-failed`): once each, however often the run crashes and the
    /// same command is given again.
    pub retry_failed: bool,
    /// Submit paid jobs again whose request has changed (`--redo-changed`).
    pub redo_changed: bool,
    /// Submit everything again that is done or failed (`--fresh`). What is under way or in doubt is not
    /// doubled. A run that crashed or was stopped early has begun the new generation: a run
    /// without this goes on with it, and one with it reopens only what was not reopened yet. So each
    /// job is paid for once more, until a run has ended by itself.
    pub fresh: bool,
    /// Submit these again though they are in doubt or failed (`--resubmit`); ignored for all others. One
    /// in doubt is first looked for in the provider's list, and taken over if it is there.
    pub resubmit: BTreeSet<JobId>,
    /// Submit these again though they are done (`--redo-rejected`); ignored for all others. As with
    /// `fresh`, a run that crashed or was stopped early has begun: the same command again redoes only
    /// what was not reopened yet.
    pub redo: BTreeSet<JobId>,
    /// Finished jobs whose file is no longer on disk.
    pub missing_files: BTreeSet<JobId>,
    /// The output folder shows signs of earlier work that the journal does not know: submit
    /// nothing before the provider's list has been read, twice, and collect what it shows even if
    /// nothing is to be submitted.
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
