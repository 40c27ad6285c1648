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
                // An edited row whose job was never charged is new.
                let is_edited = job.state.has_failed_uncharged() && job.has_changed();
                // A job that was accepted and has no result may have one by now. It is polled before it is paid for
                // again.
                let may_appear = remote.is_some()
                    && matches!(failure.kind, FailureKind::NotFound | FailureKind::NoOutput);
                let is_retried = !may_appear && wants_retry(job, options);
                let is_requested = is_retried || is_resubmitted(job, options);
                let is_requested = is_requested && self.is_unapplied_request(job);
                if job.may_submit && (is_requested || is_edited || is_fresh || is_redone) {
                    return Some(again);
                }
                may_appear.then_some(JobEvent::Revisited)
            }
            // A job in doubt that is resubmitted is looked for in the list first.
            Phase::Pending
            | Phase::InDoubt { .. }
            | Phase::Rendering { .. }
            | Phase::Downloading { .. } => None,
        }
    }

    /// Returns the event that reopens a job in doubt for `--resubmit`. Call it after the list has been read.
    pub(super) fn resubmit(&self, job: &TrackedJob, options: &RunOptions) -> Option<JobEvent> {
        let is_due = is_resubmitted(job, options) && self.is_unapplied_request(job);
        is_due.then(|| JobEvent::Reopened { generation: job.state.generation.next() })
    }

    /// Returns the event for a job that was revisited before it is retried, and has failed again.
    pub(super) fn retry(&self, job: &TrackedJob, options: &RunOptions) -> Option<JobEvent> {
        let is_due = wants_retry(job, options) && job.may_submit && self.is_unapplied_request(job);
        is_due.then(|| JobEvent::Reopened { generation: job.state.generation.next() })
    }

    /// Checks whether the user's request for a job has not been acted on yet. A run that crashed and is started again by
    /// the same command is no second request.
    fn is_unapplied_request(&self, job: &TrackedJob) -> bool {
        job.last_reopened <= self.last_end
    }
}

/// Checks whether the run may submit a job.
pub(super) fn may_submit(planned: &crate::model::PlannedJob, options: &RunOptions) -> bool {
    let id = &planned.spec.id;
    let is_named = options.resubmit.contains(id) || options.redo.contains(id);
    let is_wanted = planned.selected || (planned.in_sheet && is_named);
    options.submits == Submits::Selected && is_wanted
}

/// Checks whether the user resubmits this very job.
pub(super) fn is_resubmitted(job: &TrackedJob, options: &RunOptions) -> bool {
    job.may_submit && options.resubmit.contains(&job.spec.id)
}

fn wants_retry(job: &TrackedJob, options: &RunOptions) -> bool {
    options.retry_failed && job.state.is_retried_unnamed()
}
