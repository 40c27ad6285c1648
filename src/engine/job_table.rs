//! All jobs of a batch, with indexes over them. Every change of a job's state goes through [`JobTable::apply`],
//! which keeps the indexes up to date.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Index;
use std::sync::Arc;

use super::RunOptions;
use super::job::{Sender, TrackedJob};
use super::reopening::may_submit;
use crate::model::{FailureKind, History, JobEvent, JobId, Phase, PlannedJob, RemoteId, Timestamp};

/// All jobs of a batch, in the order of the sheet. A job is named by its index.
#[derive(Debug)]
pub(super) struct JobTable {
    all: Vec<TrackedJob>,
    indices: Arc<HashMap<JobId, usize>>,
    /// By the [keys](RemoteId::key) of their ids.
    by_remote: HashMap<Box<str>, usize>,
    /// The keys of the ids that jobs had before they were reopened.
    superseded: HashSet<Box<str>>,
    /// Pending jobs, whether or not this run may submit them.
    pub(super) pending: BTreeSet<usize>,
    /// Pending jobs that this run may submit.
    pub(super) ready: BTreeSet<usize>,
    pub(super) in_doubt: BTreeSet<usize>,
    /// Jobs known to be accepted, by the time of acceptance.
    pub(super) accepted: BTreeSet<(Timestamp, usize)>,
    /// Renders known to be under way.
    pub(super) in_flight: usize,
    /// Of those, known to wait in the provider's queue.
    pub(super) queued: usize,
}

/// What an event has changed besides the job's state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    /// The job is in another phase.
    pub(super) has_moved: bool,
    /// The provider was first seen to work on the render.
    pub(super) has_started: bool,
}

impl JobTable {
    /// Restores the jobs from `history`, which is about exactly these. The queues stay empty until each job is
    /// [enqueued](Self::enqueue).
    pub(super) fn restore(
        planned: Vec<PlannedJob>,
        options: &RunOptions,
        history: &History,
    ) -> Self {
        let reopened = &history.resuming.reopened;
        // A run that records another account says nothing about jobs before it.
        let is_bound = options.account.is_none() && history.account().is_some();
        let bound_in_run = history.resuming.account_since;
        let jobs = planned.into_iter().zip(&history.jobs);
        let all: Vec<TrackedJob> = jobs
            .map(|(planned, known)| TrackedJob {
                may_submit: may_submit(&planned, options),
                is_resubmitted: may_submit(&planned, options)
                    && options.resubmit.contains(&planned.spec.id),
                last_reopened: reopened.get(&planned.spec.id).copied().unwrap_or(0),
                spec: planned.spec,
                reservation: planned.estimate.reserve,
                least: planned.estimate.least,
                state: Arc::clone(&known.state),
                is_overdue: false,
                has_given_up_download: false,
                sender: match usize::try_from(known.sent_in_run) {
                    Ok(run) if is_bound && run >= bound_in_run => Sender::SameAccount,
                    Ok(_) | Err(_) => Sender::Unknown,
                },
            })
            .collect();
        let mut jobs = Self {
            indices: Arc::clone(&history.indices),
            by_remote: HashMap::new(),
            superseded: history.resuming.superseded.iter().map(RemoteId::key).collect(),
            pending: BTreeSet::new(),
            ready: BTreeSet::new(),
            in_doubt: BTreeSet::new(),
            accepted: BTreeSet::new(),
            in_flight: all.iter().filter(|job| job.is_in_flight()).count(),
            queued: all.iter().filter(|job| job.is_queued()).count(),
            all,
        };
        for index in 0..jobs.len() {
            jobs.index_acceptance(index);
        }
        jobs
    }

    /// Applies `event` to one job.
    pub(super) fn apply(&mut self, now: Timestamp, index: usize, event: &JobEvent) -> Change {
        let job = &mut self.all[index];
        let (was_in_flight, was_queued) = (job.is_in_flight(), job.is_queued());
        let had_started = job.has_started();
        let previous = job.state.phase.clone();
        let previously_accepted = job.state.accepted_at;
        Arc::make_mut(&mut job.state)
            .apply(now, event)
            .expect("the engine decides only what the table of phases allows");
        job.is_overdue |= matches!(event, JobEvent::RenderOverdue);
        job.is_overdue &= !matches!(event, JobEvent::Rendered { .. });
        if matches!(event, JobEvent::Reopened { .. }) {
            job.last_reopened = u64::MAX;
        }
        job.has_given_up_download |= matches!(event, JobEvent::DownloadGivenUp { .. });
        if matches!(event, JobEvent::SubmitStarted { .. }) {
            job.sender = Sender::ThisRun;
        }
        self.in_flight =
            self.in_flight + usize::from(job.is_in_flight()) - usize::from(was_in_flight);
        self.queued = self.queued + usize::from(job.is_queued()) - usize::from(was_queued);
        let change = Change {
            has_moved: std::mem::discriminant(&previous)
                != std::mem::discriminant(&job.state.phase),
            has_started: job.has_started() && !had_started,
        };
        if previously_accepted != job.state.accepted_at {
            // An earlier generation is no reference for this one.
            if let Some(accepted) = previously_accepted {
                self.accepted.remove(&(accepted, index));
            }
            if let Some(remote) = previous.remote() {
                self.by_remote.remove(&remote.key());
                self.superseded.insert(remote.key());
            }
        }
        self.index_acceptance(index);
        if change.has_moved {
            self.pending.remove(&index);
            self.ready.remove(&index);
            self.in_doubt.remove(&index);
            self.enqueue(index);
        }
        change
    }

    fn index_acceptance(&mut self, index: usize) {
        let state = &self.all[index].state;
        if let (Some(accepted), Some(remote)) = (state.accepted_at, state.phase.remote()) {
            self.accepted.insert((accepted, index));
            self.by_remote.insert(remote.key(), index);
        }
    }

    /// Puts a job into the queues of its phase.
    pub(super) fn enqueue(&mut self, index: usize) {
        let job = &mut self.all[index];
        if matches!(job.state.phase, Phase::Pending | Phase::Done { .. }) {
            // Facts about an earlier submit say nothing about the next.
            job.is_overdue = false;
            job.has_given_up_download = false;
        }
        if matches!(job.state.phase, Phase::Pending) {
            self.pending.insert(index);
            if job.may_submit {
                self.ready.insert(index);
            }
        }
        if matches!(job.state.phase, Phase::InDoubt { .. }) {
            self.in_doubt.insert(index);
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &TrackedJob> {
        self.all.iter()
    }

    /// Returns the index of the job with this id.
    pub(super) fn index_of(&self, id: &JobId) -> Option<usize> {
        self.indices.get(id).copied()
    }

    /// Returns the index of the job with this id at the provider.
    pub(super) fn with_remote(&self, remote: &RemoteId) -> Option<usize> {
        self.by_remote.get(&remote.key()).copied()
    }

    /// Checks whether a job has this id at the provider, or had it before it was reopened.
    pub(super) fn is_recorded(&self, remote: &RemoteId) -> bool {
        self.with_remote(remote).is_some() || self.superseded.contains(&remote.key())
    }

    /// Checks whether the journal knows of any submit.
    pub(super) fn has_submits(&self) -> bool {
        let was_submitted = |job: &TrackedJob| job.state.attempts > 0 || job.state.tag.is_some();
        self.all.iter().any(was_submitted)
    }

    /// Checks whether the answer to a submit was a redirect. That counts as a wrong address, but the server may have
    /// accepted the job first, and the list may show it late.
    pub(super) fn has_redirected_submit(&self) -> bool {
        self.pending.iter().any(|index| {
            let failure = self.all[*index].state.last_failure.as_ref();
            failure.is_some_and(|failure| failure.kind == FailureKind::Redirected)
        })
    }

    /// Checks the counters against a full count.
    #[cfg(test)]
    pub(super) fn assert_counts(&self) {
        let count = |is: fn(&TrackedJob) -> bool| self.all.iter().filter(|job| is(job)).count();
        assert_eq!(self.in_flight, count(TrackedJob::is_in_flight), "in flight");
        assert_eq!(self.queued, count(TrackedJob::is_queued), "queued");
    }
}

impl Index<usize> for JobTable {
    type Output = TrackedJob;
    fn index(&self, index: usize) -> &TrackedJob {
        &self.all[index]
    }
}
