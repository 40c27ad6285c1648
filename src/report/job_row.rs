//! One job of a campaign with its state.

use crate::model::{Failure, JobId, JobState, Phase, PlannedJob};
use crate::report::format::failure;

/// A planned job and its current state.
#[derive(Debug, Clone, Copy)]
pub struct JobRow<'a> {
    /// The planned job.
    pub job: &'a PlannedJob,
    /// Its state.
    pub state: &'a JobState,
    /// Whether the newest run stopped waiting for its render.
    pub is_overdue: bool,
    /// Whether an active run is sending its request.
    pub is_submitting: bool,
}

impl<'a> JobRow<'a> {
    /// Returns the job's id.
    pub fn id(&self) -> &'a JobId {
        &self.job.spec.id
    }

    /// Returns the job's status in `results.csv`.
    pub fn status(&self) -> &'static str {
        if self.left_out().is_some() {
            "skipped"
        } else if self.is_submitting {
            "submitting"
        } else {
            self.state.status()
        }
    }

    /// Returns why the job was left out, unless it was paid for before.
    pub fn left_out(&self) -> Option<&'a str> {
        let is_left_out = self.state.is_open() && !self.job.selected;
        self.job.left_out.as_deref().filter(|_| is_left_out)
    }

    /// Returns why the job is not done: the reason for leaving it out, or the failure.
    pub(crate) fn error(&self) -> Option<String> {
        let left_out = self.left_out().map(str::to_owned);
        left_out.or_else(|| self.failure().map(failure))
    }

    /// Returns the downloaded video, relative to the output folder.
    pub fn file(&self) -> Option<&'a str> {
        let artifact = self.state.phase.artifact();
        artifact.map(|artifact| artifact.file.as_str())
    }

    /// Returns the downloaded thumbnail, relative to the output folder.
    pub fn thumbnail(&self) -> Option<&'a str> {
        self.state.phase.artifact()?.thumbnail.as_deref()
    }

    /// Returns the failure that keeps the job from being done.
    pub fn failure(&self) -> Option<&'a Failure> {
        match &self.state.phase {
            Phase::Failed { failure, .. } | Phase::InDoubt { failure } => Some(failure),
            Phase::Pending | Phase::Rendering { .. } | Phase::Downloading { .. } => {
                self.state.last_failure.as_deref()
            }
            Phase::Submitting | Phase::Done { .. } => None,
        }
    }

    /// Checks whether the sheet's row was edited after it was paid for.
    pub fn has_changed(&self) -> bool {
        let paid = self.state.fingerprint.as_ref();
        paid.is_some_and(|paid| *paid != self.job.spec.fingerprint)
    }

    /// Checks whether the job was paid for, or may have been, with what its row said before an edit.
    pub fn is_outdated(&self) -> bool {
        let may_be_paid = match &self.state.phase {
            Phase::Pending | Phase::Failed { .. } => false,
            Phase::Submitting
            | Phase::InDoubt { .. }
            | Phase::Rendering { .. }
            | Phase::Downloading { .. }
            | Phase::Done { .. } => true,
        };
        may_be_paid && self.job.in_sheet && self.has_changed()
    }

    /// Checks whether the job failed without a charge and its row was edited since, so that the next run submits it.
    pub(crate) fn is_retried_edited(&self) -> bool {
        self.job.in_sheet && self.has_changed() && self.state.has_failed_uncharged()
    }

    /// Checks whether the job was sent, no response says whether it was accepted, and none is awaited.
    pub(crate) const fn is_in_doubt(&self) -> bool {
        matches!(self.state.phase, Phase::Submitting | Phase::InDoubt { .. }) && !self.is_submitting
    }

    /// Checks whether the provider is working on the job or has its video.
    pub(crate) const fn is_outstanding(&self) -> bool {
        matches!(self.state.phase, Phase::Rendering { .. } | Phase::Downloading { .. })
    }

    /// Checks whether the job failed.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.state.phase, Phase::Failed { .. }) && !self.state.is_open()
    }

    /// Whether the host of the video or the provider has refused the newest download, so that another try may not help.
    pub(crate) fn has_dead_link(&self) -> bool {
        self.state.is_to_be_downloaded() && self.failure().is_some_and(Failure::denies_video)
    }
}
