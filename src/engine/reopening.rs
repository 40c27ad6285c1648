//! Job transitions at the start of a run: interrupted, reopened and revisited jobs.

use super::job::TrackedJob;
use super::rules::SafetyRules;
use super::{RunOptions, Submits};
use crate::model::{FailureKind, JobEvent, Phase};

/// Decides what becomes of jobs when a run begins.
#[derive(Debug)]
pub(super) struct Reopening {
    pub(super) rules: &'static dyn SafetyRules,
    /// The newest entry that ends a run, in whatever way.
    pub(super) last_end: u64,
    /// The newest entry that ends a run which had nothing left to do.
    pub(super) last_complete_end: u64,
}

impl Reopening {
    /// Returns the event for a job when a run begins, if there is one.
    pub(super) fn event(&self, job: &TrackedJob, options: &RunOptions) -> Option<JobEvent> {
        let again = JobEvent::Reopened { generation: job.state.generation.next() };
        // The same command resumes a run, and reopens no job a second time.
        let is_first_of_command = job.last_reopened <= self.last_complete_end;
        let is_fresh = options.fresh && is_first_of_command;
        let is_redone = options.redo_changed && job.has_changed();
        let is_rejected = options.redo.contains(&job.spec.id) && is_first_of_command;
        match &job.state.phase {
            Phase::Submitting => Some(self.rules.interrupted_submit()),
            Phase::Done { .. } => {
                if job.may_submit && (is_fresh || is_redone || is_rejected) {
                    return Some(again);
                }
                options.missing_files.contains(&job.spec.id).then_some(JobEvent::FileMissing)
            }
            Phase::Failed { remote, failure } => {
                if let Some(event) = adopt_duplicate(job) {
                    return Some(event);
                }
                // An edited row whose job was never charged is new.
                let is_edited = job.state.has_failed_uncharged() && job.has_changed();
                let is_requested = self.is_requested(job, options);
                let is_looked_for = remote.is_some() && self.rules.is_looked_for_before_retry();
                let is_retried = is_requested && !is_looked_for;
                if job.may_submit && (is_retried || is_edited || is_fresh || is_redone) {
                    return Some(again);
                }
                // A job that was accepted and has no result may have one by now.
                let may_appear =
                    matches!(failure.kind, FailureKind::NotFound | FailureKind::NoOutput);
                (remote.is_some() && (may_appear || is_requested)).then_some(JobEvent::Revisited)
            }
            // A job that is resubmitted is looked for first.
            Phase::Pending
            | Phase::InDoubt { .. }
            | Phase::Rendering { .. }
            | Phase::Downloading { .. } => None,
        }
    }

    /// Checks whether the job is paid for again once the provider was asked for it: the user wants that, or it waits for
    /// credits. A run that crashed and is started again by the same command is no second request.
    pub(super) fn is_requested(&self, job: &TrackedJob, options: &RunOptions) -> bool {
        let is_named = job.is_resubmitted;
        let is_wanted = match &job.state.phase {
            Phase::Submitting | Phase::InDoubt { .. } => is_named,
            Phase::Rendering { .. } | Phase::Downloading { .. }
                if job.state.is_to_be_downloaded() =>
            {
                is_named
            }
            Phase::Rendering { .. } | Phase::Failed { .. } if job.state.awaits_credits() => {
                return job.may_submit && job.last_reopened != u64::MAX;
            }
            Phase::Rendering { .. } if job.state.revisited.is_none() => false,
            Phase::Rendering { .. } | Phase::Failed { .. } => {
                let is_retried = options.retry_failed && job.state.is_retried_unnamed();
                is_named || (is_retried && job.may_submit)
            }
            Phase::Pending | Phase::Downloading { .. } | Phase::Done { .. } => false,
        };
        is_wanted && job.last_reopened <= self.last_end
    }
}

/// Returns the event by which a failed job takes over another render with its tag that was paid for.
pub(super) fn adopt_duplicate(job: &TrackedJob) -> Option<JobEvent> {
    let state = &job.state;
    let remote = state.duplicates.first().filter(|_| !job.has_changed())?;
    matches!(state.phase, Phase::Failed { .. }).then_some(())?;
    Some(JobEvent::Adopted {
        remote: remote.clone(),
        tag: state.tag.clone()?,
        fingerprint: state.fingerprint.clone()?,
        generation: state.generation,
        reserved: state.reserved,
        least: state.least,
    })
}

/// Checks whether the run may submit a job.
pub(super) fn may_submit(planned: &crate::model::PlannedJob, options: &RunOptions) -> bool {
    let id = &planned.spec.id;
    let is_named = options.resubmit.contains(id) || options.redo.contains(id);
    let is_wanted = planned.selected || (planned.in_sheet && is_named);
    options.submits == Submits::Selected && is_wanted
}
