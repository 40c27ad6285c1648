//! How a run begins: the journal folded into a batch, and what the person's wishes make of it.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::budget::Budget;
use super::concurrency::Concurrency;
use super::job::Job;
use super::lane::Lane;
use super::pace::Pace;
use super::polling::Polling;
use super::reconciling::Inventory;
use super::rivals::Watch;
use super::{Batch, Policy, Submits, backoff};
use crate::model::{
    Credits, Entry, Event, Failure, FailureKind, IllegalTransition, JobEvent, JobId,
    Lane as LaneName, Phase, PlannedJob, Timestamp,
};

/// A journal that does not fit the campaign.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// An entry speaks of a job that is neither in the plan nor in the journal's own list.
    #[error("entry {sequence} speaks of an unknown job `{job}`")]
    UnknownJob {
        /// Its number.
        sequence: u64,
        /// The job.
        job: JobId,
    },
    /// An entry cannot follow those before it.
    #[error("entry {sequence} about job `{job}` contradicts those before it")]
    Contradiction {
        /// Its number.
        sequence: u64,
        /// The job.
        job: JobId,
        /// The rule it breaks.
        source: Box<IllegalTransition>,
    },
    /// Entries are missing or out of order.
    #[error("entry {found} follows entry {previous}")]
    Gap {
        /// The number before.
        previous: u64,
        /// The number found.
        found: u64,
    },
}

impl Batch {
    /// The batch that `history` leads to: a fold of its entries with the transition function that
    /// the live run uses. `jobs` must hold every job the history speaks of, in the sheet's order.
    pub fn restore(
        campaign: &str,
        jobs: Vec<PlannedJob>,
        policy: Policy,
        history: &[Entry],
        now: Timestamp,
    ) -> Result<Self, RestoreError> {
        let mut batch = Self::without_history(campaign, jobs, policy, now);
        let (moments, clock_is_true_since) = believable_moments(history, now);
        batch.clock_is_true_since = clock_is_true_since;
        let mut past = Past::default();
        for (entry, at) in history.iter().zip(moments) {
            batch.remember(entry, at, &mut past)?;
        }
        if past.last_submit.is_some() {
            let rate = batch.policy.limits.submit_rate;
            if is_broken!(PaceForgotten) {
                past.last_submit = None;
            }
            let pace = Pace::new(rate, now, past.last_submit);
            batch.submit_lane = Lane::new(pace, backoff::SUBMIT);
        }
        for (lane, until) in past.holds {
            match lane {
                LaneName::Submit => batch.submit_lane.hold(until),
                LaneName::Poll => batch.read_lane.hold(until),
                LaneName::Fetch => {}
            }
        }
        for place in 0..batch.jobs.len() {
            let job = &batch.jobs[place];
            batch
                .budget
                .moved(Credits::ZERO, Budget::committed_by(&job.state));
            batch.in_flight += usize::from(job.is_in_flight());
            batch.waiting += usize::from(job.is_waiting());
            batch.know_acceptance(place);
            batch.enter(now, place);
        }
        batch.concurrency.restore(past.places, batch.in_flight);
        Ok(batch)
    }

    fn without_history(
        campaign: &str,
        jobs: Vec<PlannedJob>,
        policy: Policy,
        now: Timestamp,
    ) -> Self {
        let jobs: Vec<Job> = jobs
            .into_iter()
            .map(|planned| {
                let id = &planned.spec.id;
                let is_named =
                    planned.in_sheet && (policy.resubmit.contains(id) || policy.redo.contains(id));
                let is_wanted = planned.selected || is_named;
                let may_submit = policy.submits == Submits::Selected && is_wanted;
                Job::new(planned, may_submit)
            })
            .collect();
        let limits = &policy.limits;
        Self {
            campaign: campaign.to_owned(),
            places: jobs
                .iter()
                .enumerate()
                .map(|(place, job)| (job.spec.id.clone(), place))
                .collect(),
            by_remote: HashMap::new(),
            pending: BTreeSet::new(),
            ready: BTreeSet::new(),
            doubts: BTreeSet::new(),
            looks: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            fetches: BTreeSet::new(),
            accepted: BTreeSet::new(),
            submit_lane: Lane::new(Pace::new(limits.submit_rate, now, None), backoff::SUBMIT),
            read_lane: Lane::new(Pace::new(limits.poll_rate, now, None), backoff::READ),
            concurrency: Concurrency::new(limits.in_flight, limits.render_timeout),
            polling: Polling::new(limits.poll_interval, now),
            budget: Budget::new(limits.max_credits, limits.max_credits_run),
            inventory: Inventory::default(),
            rivals: Watch::new(limits.settle),
            own_rows: None,
            in_flight: 0,
            waiting: 0,
            submits_in_air: 0,
            reads_in_air: 0,
            fetches_in_air: 0,
            list_in_air: None,
            next_list: None,
            list_failures: 0,
            most_rows: 0,
            clock_is_true_since: now,
            has_reached_provider: false,
            last_answer: None,
            reads_are_over: false,
            failed_this_run: 0,
            selected: jobs.iter().filter(|job| job.selected).count(),
            started: None,
            last_end: 0,
            last_own_end: 0,
            stop: None,
            has_ended: false,
            sequence: 0,
            entries: Vec::new(),
            commands: Vec::new(),
            wake_at: None,
            jobs,
            policy,
        }
    }

    /// Takes in one entry of the journal, believed to be of the moment `at`.
    fn remember(
        &mut self,
        entry: &Entry,
        at: Timestamp,
        past: &mut Past,
    ) -> Result<(), RestoreError> {
        let sequence = entry.sequence;
        if sequence != self.sequence + 1 {
            return Err(RestoreError::Gap {
                previous: self.sequence,
                found: sequence,
            });
        }
        self.sequence = sequence;
        match &entry.event {
            Event::RunStarted { .. } => past.run_started = at,
            Event::RunEnded { stopped } => {
                self.last_end = sequence;
                if stopped.is_none() {
                    self.last_own_end = sequence;
                }
            }
            // A hold lasts as long as it was meant to, whatever has become of the clock.
            Event::LaneHeld { lane, until, .. } => {
                past.holds.push((*lane, at.plus(until.since(entry.at))));
            }
            Event::InventoryTaken { rows } => self.most_rows = self.most_rows.max(*rows),
            Event::InventorySkipped { .. } => {}
            Event::PlacesLearnt { places } => past.places = Some(*places),
            Event::Job { job, event } => {
                let unknown = || RestoreError::UnknownJob {
                    sequence,
                    job: job.clone(),
                };
                let place = *self.places.get(job).ok_or_else(unknown)?;
                let known = &mut self.jobs[place];
                let was_rendered = known.state.rendered_at.is_some();
                known
                    .state
                    .apply(at, event)
                    .map_err(|source| RestoreError::Contradiction {
                        sequence,
                        job: job.clone(),
                        source: Box::new(source),
                    })?;
                if matches!(event, JobEvent::SubmitStarted { .. }) {
                    past.last_submit = Some(at);
                }
                if matches!(event, JobEvent::Reopened { .. }) {
                    known.live.reopened = sequence;
                }
                if matches!(event, JobEvent::SubmitLost { .. }) {
                    known.live.lost_at = Some(at).filter(|at| *at >= self.clock_is_true_since);
                }
                if matches!(event, JobEvent::Rendered { .. }) && !was_rendered {
                    self.learn(at, place, past.run_started);
                }
            }
        }
        Ok(())
    }

    /// Learns how long a render takes that was accepted and seen finished in one run, the one that
    /// started at `since`. Any other may have been finished for days before somebody looked.
    pub(super) fn learn(&mut self, now: Timestamp, place: usize, since: Timestamp) {
        let state = &self.jobs[place].state;
        if let Some(accepted) = state.accepted_at
            && accepted >= since
            && !state.is_adopted
        {
            let took = now.since(accepted);
            self.polling.learn(took);
            self.concurrency.finished(now, took);
        }
    }

    /// What a run that begins now would put on record before it asks or sends anything: what it would
    /// reopen. For those who only want to know.
    pub fn opening(mut self, now: Timestamp) -> Vec<Entry> {
        self.begin(now);
        self.entries
    }

    /// The first step of a run: what the person's wishes make of what is on record.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.started = Some(now);
        self.record(
            now,
            Event::RunStarted {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                process: self.policy.process,
            },
        );
        for place in 0..self.jobs.len() {
            if let Some(event) = self.reopening(place) {
                self.jobs[place].live.is_revisited = matches!(event, JobEvent::Revisited);
                self.transition(now, place, event);
            }
        }
        self.plan_inventory(now);
    }

    /// What becomes true of a job because a run begins, if anything.
    fn reopening(&self, place: usize) -> Option<JobEvent> {
        let job = &self.jobs[place];
        let policy = &self.policy;
        let again = JobEvent::Reopened {
            generation: job.state.generation.next(),
        };
        // The same command resumes: what it has reopened already, it does not reopen again.
        let is_new_voyage = job.live.reopened <= self.last_own_end;
        let is_fresh = policy.fresh && is_new_voyage;
        let is_redone = policy.redo_changed && job.has_changed();
        let is_rejected = policy.redo.contains(&job.spec.id) && is_new_voyage;
        match &job.state.phase {
            Phase::Submitting => {
                if is_broken!(DoubtResentOnResume) {
                    let failure = Failure::new(FailureKind::Interrupted, "taken for not sent");
                    return Some(JobEvent::SubmitDeferred { failure });
                }
                Some(JobEvent::SubmitLost {
                    failure: Failure::new(
                        FailureKind::Interrupted,
                        "the program ended before the answer arrived",
                    ),
                })
            }
            Phase::Done { .. } => {
                if job.may_submit && (is_fresh || is_redone || is_rejected) {
                    return Some(again);
                }
                policy
                    .missing_files
                    .contains(&job.spec.id)
                    .then_some(JobEvent::FileMissing)
            }
            Phase::Failed { remote, failure } => {
                // A refused row that has been mended was never paid for: it is simply new.
                let is_mended = remote.is_none() && job.has_changed();
                // What the provider accepted and then did not show may turn up by now: it is asked
                // before it is paid for again.
                let may_turn_up = remote.is_some()
                    && matches!(failure.kind, FailureKind::NotFound | FailureKind::NoOutput);
                let is_retried = (policy.retry_failed && !may_turn_up) || self.is_named(place);
                let is_retried = is_retried && self.is_new_word(place);
                if job.may_submit && (is_retried || is_mended || is_fresh || is_redone) {
                    return Some(again);
                }
                may_turn_up.then_some(JobEvent::Revisited)
            }
            // One in doubt that is named is looked for in the list first; see `reopen_named`.
            Phase::Pending
            | Phase::InDoubt { .. }
            | Phase::Rendering { .. }
            | Phase::Fetching { .. } => None,
        }
    }

    /// Whether the person has asked for this very job to be submitted again.
    pub(super) fn is_named(&self, place: usize) -> bool {
        let job = &self.jobs[place];
        job.may_submit && self.policy.resubmit.contains(&job.spec.id)
    }

    /// Whether the person's word about this job has not been acted on yet. A run that crashed and is
    /// started again by the same command is no second word.
    pub(super) fn is_new_word(&self, place: usize) -> bool {
        self.jobs[place].live.reopened <= self.last_end
    }
}

/// What the journal says that belongs to no job.
#[derive(Default)]
struct Past {
    run_started: Timestamp,
    last_submit: Option<Timestamp>,
    holds: Vec<(LaneName, Timestamp)>,
    places: Option<usize>,
}

/// The moments of the entries as far as this run may believe them, and since when the clock that
/// wrote them is the one that reads them. A clock that was set back leaves entries that lie in the
/// future, or after those that follow them: they are moved back, each as little as will do, and what
/// lay between two entries of one clock stays between them. So nothing ever waits for a wrong clock.
fn believable_moments(history: &[Entry], now: Timestamp) -> (Vec<Timestamp>, Timestamp) {
    let mut ahead = Duration::ZERO;
    let (mut next, mut true_since) = (now, now);
    let mut moments: Vec<Timestamp> = history
        .iter()
        .rev()
        .map(|entry| {
            let at = entry.at.minus(ahead);
            ahead += at.since(next);
            next = at.min(next);
            if ahead.is_zero() {
                true_since = next;
            }
            next
        })
        .collect();
    moments.reverse();
    (moments, true_since)
}
