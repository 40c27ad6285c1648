//! The whole run as one value: told what happened and what time it is, it decides what is now true
//! and what to do next.

use std::collections::{BTreeSet, HashMap};

use super::budget::Budget;
use super::concurrency::Concurrency;
use super::job::Job;
use super::lane::Lane;
use super::pace::Pace;
use super::polling::Polling;
use super::reconciling::{Inventory, ListInAir};
use super::step::Step;
use super::{Policy, Submits, backoff};
use crate::model::{
    Command, Credits, Entry, Event, Failure, FailureKind, Generation, IllegalTransition, JobEvent,
    JobId, Lane as LaneName, Outcome, Phase, PlannedJob, RemoteId, StopReason, Timestamp,
};

/// Something that happened outside.
#[derive(Debug)]
pub enum Input {
    /// A command was answered.
    Answered(Outcome),
    /// The run is to end.
    Stop(StopReason),
}

/// The engine. See the [module](super) for how it is used and what it promises.
#[derive(Debug)]
pub struct Batch {
    pub(super) campaign: String,
    pub(super) policy: Policy,
    pub(super) jobs: Vec<Job>,
    places: HashMap<JobId, usize>,
    pub(super) by_remote: HashMap<RemoteId, usize>,

    /// Pending jobs that may be submitted, in the sheet's order.
    pub(super) ready: BTreeSet<usize>,
    /// Jobs in doubt.
    pub(super) doubts: BTreeSet<usize>,
    /// Renders by when they are to be looked at.
    pub(super) looks: BTreeSet<(Timestamp, usize)>,
    /// Renders by when this run stops waiting for them.
    pub(super) deadlines: BTreeSet<(Timestamp, usize)>,
    /// Finished renders by when they are to be downloaded.
    pub(super) fetches: BTreeSet<(Timestamp, usize)>,
    /// Jobs known to be accepted, by when: the witnesses for reconciling.
    pub(super) accepted: BTreeSet<(Timestamp, usize)>,

    pub(super) submit_lane: Lane,
    pub(super) read_lane: Lane,
    pub(super) concurrency: Concurrency,
    pub(super) polling: Polling,
    pub(super) budget: Budget,
    pub(super) inventory: Inventory,

    pub(super) in_flight: usize,
    pub(super) submits_in_air: usize,
    pub(super) reads_in_air: usize,
    pub(super) fetches_in_air: usize,
    pub(super) list_in_air: Option<ListInAir>,
    pub(super) next_list: Option<Timestamp>,
    pub(super) list_failures: u32,
    pub(super) most_rows: u64,

    pub(super) has_reached_provider: bool,
    pub(super) failed_this_run: usize,
    pub(super) started: Option<Timestamp>,
    stop: Option<StopReason>,
    has_ended: bool,
    sequence: u64,

    entries: Vec<Entry>,
    pub(super) commands: Vec<Command>,
    wake_at: Option<Timestamp>,
}

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
        let mut jobs: Vec<Job> = jobs
            .into_iter()
            .map(|job| Job::new(job.spec, job.estimate, job.selected))
            .collect();
        let places: HashMap<JobId, usize> = jobs
            .iter()
            .enumerate()
            .map(|(place, job)| (job.spec.id.clone(), place))
            .collect();
        let mut sequence = 0;
        let mut last_submit = None;
        let mut holds = Vec::new();
        for entry in history {
            if entry.sequence != sequence + 1 {
                return Err(RestoreError::Gap {
                    previous: sequence,
                    found: entry.sequence,
                });
            }
            sequence = entry.sequence;
            match &entry.event {
                Event::Job { job, event } => {
                    let place = *places.get(job).ok_or_else(|| RestoreError::UnknownJob {
                        sequence,
                        job: job.clone(),
                    })?;
                    jobs[place].state.apply(entry.at, event).map_err(|source| {
                        RestoreError::Contradiction {
                            sequence,
                            job: job.clone(),
                            source: Box::new(source),
                        }
                    })?;
                    if matches!(event, JobEvent::SubmitStarted { .. }) {
                        last_submit = Some(entry.at);
                    }
                }
                Event::LaneHeld { lane, until, .. } => holds.push((*lane, *until)),
                Event::RunStarted { .. }
                | Event::RunEnded { .. }
                | Event::InventoryTaken { .. }
                | Event::InventorySkipped { .. } => {}
            }
        }

        let limits = &policy.limits;
        let mut batch = Self {
            campaign: campaign.to_owned(),
            places,
            by_remote: HashMap::new(),
            ready: BTreeSet::new(),
            doubts: BTreeSet::new(),
            looks: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            fetches: BTreeSet::new(),
            accepted: BTreeSet::new(),
            submit_lane: Lane::new(
                Pace::new(limits.submit_rate, now, last_submit),
                backoff::SUBMIT,
            ),
            read_lane: Lane::new(Pace::new(limits.poll_rate, now, None), backoff::READ),
            concurrency: Concurrency::new(limits.in_flight),
            polling: Polling::new(limits.poll_interval),
            budget: Budget::new(limits.max_credits),
            inventory: Inventory::default(),
            in_flight: 0,
            submits_in_air: 0,
            reads_in_air: 0,
            fetches_in_air: 0,
            list_in_air: None,
            next_list: None,
            list_failures: 0,
            most_rows: 0,
            has_reached_provider: false,
            failed_this_run: 0,
            started: None,
            stop: None,
            has_ended: false,
            sequence,
            entries: Vec::new(),
            commands: Vec::new(),
            wake_at: None,
            jobs,
            policy,
        };
        for (lane, until) in holds {
            match lane {
                LaneName::Submit => batch.submit_lane.hold(until),
                LaneName::Poll => batch.read_lane.hold(until),
                LaneName::Fetch => {}
            }
        }
        for place in 0..batch.jobs.len() {
            batch.restore_job(place, now);
        }
        Ok(batch)
    }

    fn restore_job(&mut self, place: usize, now: Timestamp) {
        let job = &self.jobs[place];
        let state = &job.state;
        self.budget
            .moved(Credits::ZERO, Budget::committed_by(state));
        self.in_flight += usize::from(job.is_in_flight());
        if let (Some(accepted), Some(remote)) = (state.accepted_at, state.phase.remote()) {
            self.accepted.insert((accepted, place));
            self.by_remote.insert(remote.clone(), place);
            if let Some(rendered) = state.rendered_at.filter(|_| !state.is_adopted) {
                self.polling.learn(rendered.since(accepted));
            }
        }
        self.enter(now, place);
    }

    /// Takes in what happened until `now` and answers with what follows. Call it first without any
    /// input, then for every answer, and at the latest at the time named by the step before.
    pub fn step(&mut self, now: Timestamp, inputs: impl IntoIterator<Item = Input>) -> Step {
        self.wake_at = None;
        if self.started.is_none() {
            self.begin(now);
        }
        for input in inputs {
            match input {
                Input::Answered(outcome) => self.on_outcome(now, outcome),
                Input::Stop(reason) => self.stop(reason),
            }
        }
        self.schedule(now);
        if !self.has_ended && self.is_finished(now) {
            self.has_ended = true;
            self.record(
                now,
                Event::RunEnded {
                    stopped: self.stop.clone(),
                },
            );
        }
        Step {
            entries: std::mem::take(&mut self.entries),
            commands: std::mem::take(&mut self.commands),
            wake_at: self.wake_at,
            finished: self.has_ended,
        }
    }

    /// The phases of all jobs, in order, for checks against the journal.
    pub fn phases(&self) -> impl Iterator<Item = (&JobId, &Phase)> {
        self.jobs.iter().map(|job| (&job.spec.id, &job.state.phase))
    }

    /// Why the run is ending early, if it is.
    pub fn stopping(&self) -> Option<&StopReason> {
        self.stop.as_ref()
    }

    /// The end of each lane's hold that lies after `now`, for the display.
    pub fn holds(&self, now: Timestamp) -> Vec<(LaneName, Timestamp)> {
        [
            (LaneName::Submit, &self.submit_lane),
            (LaneName::Poll, &self.read_lane),
        ]
        .into_iter()
        .filter_map(|(name, lane)| Some((name, lane.held_until(now)?)))
        .collect()
    }

    fn begin(&mut self, now: Timestamp) {
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
                self.transition(now, place, event);
            }
        }
        self.plan_inventory(now);
    }

    /// What becomes true of a job because a run begins, if anything.
    fn reopening(&self, place: usize) -> Option<JobEvent> {
        let job = &self.jobs[place];
        let policy = &self.policy;
        let is_named = policy.resubmit.contains(&job.spec.id);
        let may_submit = policy.submits == Submits::Selected && (job.selected || is_named);
        let again = || JobEvent::Reopened {
            generation: job.state.generation.next(),
        };
        match &job.state.phase {
            Phase::Submitting => Some(JobEvent::SubmitLost {
                failure: Failure::new(
                    FailureKind::Interrupted,
                    "the program ended before the answer arrived",
                ),
            }),
            Phase::InDoubt { .. } => (may_submit && is_named).then(again),
            Phase::Done { .. } => {
                let redo = policy.fresh || (policy.redo_changed && job.has_changed());
                if may_submit && redo {
                    return Some(again());
                }
                policy
                    .missing_files
                    .contains(&job.spec.id)
                    .then_some(JobEvent::FileMissing)
            }
            Phase::Failed { remote, failure } => {
                // A refused row that has been mended was never paid for: it is simply new.
                let is_mended = remote.is_none() && job.has_changed();
                let redo = is_named
                    || is_mended
                    || policy.fresh
                    || policy.retry_failed
                    || (policy.redo_changed && job.has_changed());
                if may_submit && redo {
                    return Some(again());
                }
                let may_turn_up = remote.is_some()
                    && matches!(failure.kind, FailureKind::NotFound | FailureKind::NoOutput);
                may_turn_up.then_some(JobEvent::Revisited)
            }
            Phase::Pending | Phase::Rendering { .. } | Phase::Fetching { .. } => None,
        }
    }

    fn on_outcome(&mut self, now: Timestamp, outcome: Outcome) {
        match outcome {
            Outcome::Submitted { job, result } => {
                self.submits_in_air = self.submits_in_air.saturating_sub(1);
                if let Some(place) = self.place(&job) {
                    self.on_submitted(now, place, result);
                }
            }
            Outcome::Polled { remotes, result } => {
                self.reads_in_air = self.reads_in_air.saturating_sub(1);
                self.on_polled(now, &remotes, result);
            }
            Outcome::Looked { job, result } => {
                self.reads_in_air = self.reads_in_air.saturating_sub(1);
                if let Some(place) = self.place(&job) {
                    self.on_looked(now, place, result);
                }
            }
            Outcome::Listed { result } => self.on_listed(now, result),
            Outcome::Fetched { job, result } => {
                self.fetches_in_air = self.fetches_in_air.saturating_sub(1);
                if let Some(place) = self.place(&job) {
                    self.on_fetched(now, place, result);
                }
            }
        }
    }

    fn schedule(&mut self, now: Timestamp) {
        self.check_deadlines(now);
        if !self.is_leaving() {
            self.submit_due(now);
            self.list_due(now);
            self.look_due(now);
            self.fetch_due(now);
        }
    }

    fn check_deadlines(&mut self, now: Timestamp) {
        if let (Some(limit), Some(started)) = (self.policy.limits.max_duration, self.started) {
            if now >= started.plus(limit) {
                self.stop(StopReason::MaxDuration);
            } else {
                self.wake(started.plus(limit));
            }
        }
        while let Some(&(deadline, place)) = self.deadlines.first() {
            if deadline > now {
                self.wake(deadline);
                break;
            }
            self.give_up_waiting(now, place);
        }
    }

    /// Whether the run is over, apart from submits whose answers are still to come.
    fn is_leaving(&self) -> bool {
        self.stop
            .as_ref()
            .is_some_and(|reason| !reason.finishes_paid_work())
    }

    fn is_finished(&self, now: Timestamp) -> bool {
        if self.submits_in_air > 0 {
            return false;
        }
        if self.is_leaving() {
            return true;
        }
        if self.wants_to_submit() || self.is_reconciling(now) {
            return false;
        }
        if self.policy.leave_after_submitting {
            return true;
        }
        self.looks.is_empty()
            && self.fetches.is_empty()
            && self.reads_in_air == 0
            && self.fetches_in_air == 0
            && self.list_in_air.is_none()
    }

    pub(super) fn stop(&mut self, reason: StopReason) {
        self.stop = Some(match self.stop.take() {
            Some(earlier) => earlier.graver(reason),
            None => reason,
        });
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stop.is_some()
    }

    pub(super) fn wake(&mut self, at: Timestamp) {
        self.wake_at = Some(self.wake_at.map_or(at, |earlier| earlier.min(at)));
    }

    fn place(&self, job: &JobId) -> Option<usize> {
        self.places.get(job).copied()
    }

    pub(super) fn record(&mut self, now: Timestamp, event: Event) {
        self.sequence += 1;
        self.entries.push(Entry {
            sequence: self.sequence,
            at: now,
            event,
        });
    }

    /// Makes `event` true of one job: on record, in its state, in every sum and queue.
    pub(super) fn transition(&mut self, now: Timestamp, place: usize, event: JobEvent) {
        let job = &mut self.jobs[place];
        let (committed, in_flight) = (Budget::committed_by(&job.state), job.is_in_flight());
        let phase = job.state.phase.clone();
        job.state
            .apply(now, &event)
            .expect("the engine decides only what the table of phases allows");
        self.budget
            .moved(committed, Budget::committed_by(&job.state));
        self.in_flight = self.in_flight + usize::from(job.is_in_flight()) - usize::from(in_flight);
        if let (Some(accepted), Some(remote)) = (job.state.accepted_at, job.state.phase.remote()) {
            self.accepted.insert((accepted, place));
            self.by_remote.insert(remote.clone(), place);
        }
        let has_moved = std::mem::discriminant(&phase) != std::mem::discriminant(&job.state.phase);
        let entry = Event::job(&job.spec.id, event);
        self.record(now, entry);
        if has_moved {
            self.leave_queues(place);
            self.enter(now, place);
        }
    }

    pub(super) fn leave_queues(&mut self, place: usize) {
        let live = &mut self.jobs[place].live;
        if let Some(due) = live.look_due.take() {
            self.looks.remove(&(due, place));
        }
        if let Some(deadline) = live.deadline.take() {
            self.deadlines.remove(&(deadline, place));
        }
        self.ready.remove(&place);
        self.doubts.remove(&place);
    }

    /// Puts a job into the queues of the phase it is in.
    fn enter(&mut self, now: Timestamp, place: usize) {
        let job = &self.jobs[place];
        match &job.state.phase {
            Phase::Pending => {
                let is_named = self.policy.resubmit.contains(&job.spec.id);
                if self.policy.submits == Submits::Selected && (job.selected || is_named) {
                    self.ready.insert(place);
                }
            }
            Phase::InDoubt { .. } => {
                self.doubts.insert(place);
                self.jobs[place].live.doubtful_since.get_or_insert(now);
                self.next_list.get_or_insert(now);
            }
            Phase::Rendering { .. } => self.watch(now, place),
            Phase::Fetching { .. } => {
                if !job.live.is_parked {
                    self.fetches.insert((now, place));
                }
            }
            Phase::Submitting | Phase::Done { .. } | Phase::Failed { .. } => {}
        }
    }

    /// Counts a job that failed in this run, and stops the submitting if that is one too many.
    pub(super) fn count_failure(&mut self) {
        self.failed_this_run += 1;
        let selected = self.jobs.iter().filter(|job| job.selected).count();
        let allowance = self.policy.limits.max_fail;
        if allowance.is_some_and(|allowance| allowance.is_passed(self.failed_this_run, selected)) {
            self.stop(StopReason::TooManyFailures);
        }
    }

    /// A number that spreads waits: different for each job, the same in each replay.
    pub(super) fn salt(&self, place: usize) -> u64 {
        backoff::mix(self.policy.seed ^ u64::try_from(place).unwrap_or(u64::MAX))
    }

    /// The generations of a job's tag that a listing is searched for: its own, and a few after it in
    /// case the journal that knew of them was lost.
    pub(super) fn plausible_generations(&self, place: usize) -> impl Iterator<Item = Generation> {
        let first = self.jobs[place].state.generation.0;
        (first..first.saturating_add(4)).map(Generation)
    }
}
