//! The options of a run.

use std::collections::BTreeSet;

use crate::model::{AccountMark, JobId, Limits, RecordedCap, RemoteId};

/// The options of a run.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct RunOptions {
    /// The limits of requests, credits and time.
    pub limits: Limits,
    /// Which jobs to submit.
    pub submits: Submits,
    /// End the run when every job is submitted (`--submit-only`).
    pub leave_after_submitting: bool,
    /// Submit failed jobs again (`--retry-failed`): once each, however often the run crashes and the same command is
    /// given again.
    pub retry_failed: bool,
    /// Submit paid jobs again whose request has changed since (`--redo-changed`).
    pub redo_changed: bool,
    /// Submit all jobs again that are done or failed (`--fresh`), but not those under way or in doubt. A run that crashed
    /// or was stopped early has begun the new generation: the next run continues it with or without this option,
    /// and reopens only jobs that were not reopened yet. So each job is paid for one more time, until a run has ended by
    /// itself.
    pub fresh: bool,
    /// Submit these jobs again if they are in doubt or failed (`--resubmit`). A job in doubt is first looked for in the
    /// provider's list, and adopted if it is there.
    pub resubmit: BTreeSet<JobId>,
    /// Submit these jobs again if they are done (`--redo-rejected`). As with `fresh`, the same command after a crash or an
    /// early stop reopens only jobs that were not reopened yet.
    pub redo: BTreeSet<JobId>,
    /// Finished jobs whose files are no longer on disk.
    pub missing_files: BTreeSet<JobId>,
    /// The output folder shows evidence of work that the journal does not know. Nothing is submitted before the
    /// provider's list has been read twice, and what the list shows is collected even if the run submits nothing.
    pub journal_was_lost: bool,
    /// Ids at the provider that other records name for jobs without one: they are asked for by id and adopted.
    pub known_remotes: Vec<(JobId, RemoteId)>,
    /// The jobs of other shards, under all their ids: their rows are not taken for renumbered rows of this one.
    pub other_shards: BTreeSet<JobId>,
    /// The output folder shows that jobs were accepted which the journal does not know, so that a complete list shows at
    /// least one job of the campaign.
    pub has_accepted_jobs: bool,
    /// Submit although the provider's list cannot be read, or does not prove what was paid for (`--without-list`).
    pub without_list: bool,
    /// Submit the first jobs of a campaign only if the list is known to be complete (`--require-proof`).
    pub requires_proof: bool,
    /// Whether no person attends the run, who would know of another one: the first jobs of a campaign are submitted after
    /// two lists instead of one.
    pub is_unattended: bool,
    /// The id of this process, to be recorded.
    pub process: u32,
    /// The account that the journal is to belong to, if its mark is not recorded yet.
    pub account: Option<AccountMark>,
    /// The cap that the user has given, if the journal has another one: it applies to later runs without one.
    pub new_cap: Option<RecordedCap>,
    /// The seed of the jitter.
    pub seed: u64,
}

/// Which jobs a run submits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Submits {
    /// All selected jobs that have not been paid for.
    #[default]
    Selected,
    /// None (`collect`).
    Nothing,
}
