//! The whole run as one value: told what happened and what time it is, it decides what is now true
//! and what to do next.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::Policy;
use super::backoff;
use super::budget::Budget;
use super::concurrency::Concurrency;
use super::duplicate_runs::Detector;
use super::job::Job;
use super::lane::Lane;
use super::poll_intervals::PollIntervals;
use super::reconciling::{Inventory, ListRequest};
use super::step::Step;
use crate::model::{
    CampaignTags, Command, Entry, Event, Failure, JobId, JobState, Lane as LaneName, Outcome,
    Phase, RemoteId, Sparse, StopReason, Timestamp,
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
    pub(super) places: Arc<HashMap<JobId, usize>>,
    pub(super) by_remote: HashMap<RemoteId, usize>,

    /// Pending jobs, whether or not this run may submit them: the list may know better.
    pub(super) pending: BTreeSet<usize>,
    /// Pending jobs that this run may submit, in the sheet's order.
    pub(super) ready: BTreeSet<usize>,
    /// Jobs in doubt.
    pub(super) in_doubt: BTreeSet<usize>,
    /// Renders by when they are to be looked at.
    pub(super) poll_queue: BTreeSet<(Timestamp, usize)>,
    /// Renders by when this run stops waiting for them.
    pub(super) deadlines: BTreeSet<(Timestamp, usize)>,
    /// Finished renders by when they are to be downloaded.
    pub(super) fetches: BTreeSet<(Timestamp, usize)>,
    /// Jobs known to be accepted, by when: the witnesses for reconciling.
    pub(super) accepted: BTreeSet<(Timestamp, usize)>,

    pub(super) submit_lane: Lane,
    pub(super) read_lane: Lane,
    pub(super) concurrency: Concurrency,
    pub(super) intervals: PollIntervals,
    pub(super) budget: Budget,
    pub(super) inventory: Inventory,
    /// The entry that says that the journal was lost; 0 if none does, or the list has been read since.
    pub(super) last_loss: u64,
    pub(super) duplicate_runs: Detector,
    /// The tags of all jobs, once a list has been searched for them.
    pub(super) own_rows: Option<CampaignTags>,

    pub(super) in_flight: usize,
    /// Of those, known to wait in the provider's queue.
    pub(super) waiting: usize,
    pub(super) outstanding_submits: usize,
    /// Answers to submits of this run that were lost since one was last known to be accepted or not.
    pub(super) consecutive_lost_submits: usize,
    pub(super) outstanding_reads: usize,
    pub(super) outstanding_fetches: usize,
    pub(super) outstanding_list: Option<ListRequest>,
    pub(super) next_list: Option<Timestamp>,
    pub(super) list_failures: u32,
    /// Since when no list has been had.
    pub(super) list_failing_since: Option<Timestamp>,
    /// The longest list ever seen.
    pub(super) most_rows: u64,
    /// Before this moment the record was written by a clock that has been set back since.
    pub(super) clock_trusted_since: Timestamp,

    pub(super) has_reached_provider: bool,
    /// When a read last succeeded.
    pub(super) last_answer: Option<Timestamp>,
    /// The provider asked for a pause in reading that is not worth waiting for: what is still to be
    /// read is left to a later run.
    pub(super) reads_ended: bool,
    pub(super) failed_this_run: usize,
    pub(super) selected: usize,
    pub(super) started: Option<Timestamp>,
    /// The newest entry that ends a run, in whatever way.
    pub(super) last_end: u64,
    /// The newest entry that ends a run which had nothing left to do.
    pub(super) last_own_end: u64,
    pub(super) stop: Option<StopReason>,
    pub(super) has_ended: bool,
    pub(super) sequence: u64,

    pub(super) entries: Vec<Entry>,
    pub(super) commands: Vec<Command>,
    pub(super) wake_at: Option<Timestamp>,
}

impl Batch {
    /// Takes in what happened until `now` and answers with what follows. Call it first without any
    /// input, then for every answer, and at the latest at the time named by the step before.
    pub fn step(&mut self, now: Timestamp, inputs: impl IntoIterator<Item = Input>) -> Step {
        self.check_for_lost_time(now);
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
        if !self.has_ended {
            self.schedule(now);
            if self.is_finished(now) && !self.starts_final_check(now) {
                self.end(now);
            }
        }
        Step {
            entries: std::mem::take(&mut self.entries),
            commands: std::mem::take(&mut self.commands),
            wake_at: self.wake_at,
            finished: self.has_ended,
        }
    }

    /// Where a job stands.
    pub(crate) fn state(&self, job: &JobId) -> Option<&Sparse<JobState>> {
        self.place(job).map(|place| &self.jobs[place].state)
    }

    /// The phases of all jobs, in order, for checks against the journal.
    pub fn phases(&self) -> impl Iterator<Item = (&JobId, &Phase)> {
        self.jobs.iter().map(|job| (&job.spec.id, &job.state.phase))
    }

    /// Why the run is ending early, if it is.
    pub fn stop_reason(&self) -> Option<&StopReason> {
        self.stop.as_ref()
    }

    /// The end of each lane's hold that lies after `now`, for the display.
    pub fn lane_holds(&self, now: Timestamp) -> Vec<(LaneName, Timestamp)> {
        [
            (LaneName::Submit, &self.submit_lane),
            (LaneName::Poll, &self.read_lane),
        ]
        .into_iter()
        .filter_map(|(name, lane)| Some((name, lane.held_until(now)?)))
        .collect()
    }

    /// What went wrong last, if the provider has been asked for a while and nothing could be read. For
    /// the display.
    pub fn read_failure(&self, now: Timestamp) -> Option<Failure> {
        self.read_lane.last_failure(now).cloned()
    }

    /// How far the renders under way have come, from 0 to 1, as far as the provider has said so in
    /// this run. For the display; never on record.
    pub fn render_progress(&self) -> Vec<(JobId, f64)> {
        self.deadlines
            .iter()
            .map(|(_, place)| &self.jobs[*place])
            .filter(|job| job.state.rendered_at.is_none())
            .filter_map(|job| Some((job.spec.id.clone(), job.live.progress?)))
            .collect()
    }

    /// Submits whose answers are still to come. For the display.
    pub const fn unanswered_submits(&self) -> usize {
        self.outstanding_submits
    }

    /// Whether submits wait until the provider's list has been read. For the display.
    pub fn is_reading_list(&self) -> bool {
        self.awaits_inventory()
    }

    /// How many jobs in doubt this run still looks for. For the display.
    pub fn reconciling_jobs(&self, now: Timestamp) -> usize {
        if self.is_reconciling(now) && !self.stops_at_once() {
            self.in_doubt.len()
        } else {
            0
        }
    }

    /// What is counted as jobs move is what counting them anew would give.
    #[cfg(test)]
    pub(super) fn assert_counts(&self) {
        let count = |is: fn(&Job) -> bool| self.jobs.iter().filter(|job| is(job)).count();
        assert_eq!(self.in_flight, count(Job::is_in_flight), "in flight");
        assert_eq!(self.waiting, count(Job::is_waiting), "waiting");
    }

    fn on_outcome(&mut self, now: Timestamp, outcome: Outcome) {
        match outcome {
            Outcome::Submitted { job, result } => {
                self.outstanding_submits = self.outstanding_submits.saturating_sub(1);
                if let Some(place) = self.place(&job) {
                    self.on_submitted(now, place, result);
                }
            }
            Outcome::Polled { remotes, result } => {
                self.outstanding_reads = self.outstanding_reads.saturating_sub(1);
                self.on_polled(now, &remotes, result);
            }
            Outcome::Looked { job, result } => {
                self.outstanding_reads = self.outstanding_reads.saturating_sub(1);
                if let Some(place) = self.place(&job) {
                    self.on_looked(now, place, result);
                }
            }
            Outcome::Listed { result } => self.on_listed(now, result),
            Outcome::Fetched { job, result } => {
                self.outstanding_fetches = self.outstanding_fetches.saturating_sub(1);
                if let Some(place) = self.place(&job) {
                    self.on_fetched(now, place, result);
                }
            }
        }
    }

    fn schedule(&mut self, now: Timestamp) {
        self.check_duration(now);
        if !self.stops_at_once() {
            self.check_deadlines(now);
            self.submit_if_allowed(now);
            self.list_if_due(now);
            self.next_poll(now);
            self.fetch_if_due(now);
        }
    }

    fn check_duration(&mut self, now: Timestamp) {
        if let (Some(limit), Some(started)) = (self.policy.limits.max_duration, self.started) {
            if now >= started.plus(limit) {
                self.stop(StopReason::MaxDuration);
            } else {
                self.wake(started.plus(limit));
            }
        }
    }

    /// Whether the run is over, apart from submits whose answers are still to come.
    pub(super) fn stops_at_once(&self) -> bool {
        self.stop
            .as_ref()
            .is_some_and(|reason| !reason.finishes_paid_work())
    }

    fn is_finished(&self, now: Timestamp) -> bool {
        if self.outstanding_submits > 0 {
            return false;
        }
        if self.stops_at_once() {
            return true;
        }
        if self.wants_to_submit() || self.awaits_inventory() || self.is_reconciling(now) {
            return false;
        }
        if self.policy.leave_after_submitting {
            return true;
        }
        (self.poll_queue.is_empty() || self.reads_ended)
            && self.fetches.is_empty()
            && self.outstanding_reads == 0
            && self.outstanding_fetches == 0
            && self.outstanding_list.is_none()
    }

    fn end(&mut self, now: Timestamp) {
        self.has_ended = true;
        self.wake_at = None;
        let stopped = self.stop.clone();
        self.record(now, Event::RunEnded { stopped });
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

    /// Counts a job that failed in this run, and stops the submitting if that is one too many.
    pub(super) fn count_failure(&mut self) {
        self.failed_this_run += 1;
        let allowance = self.policy.limits.max_fail;
        if allowance.is_some_and(|most| most.is_passed(self.failed_this_run, self.selected)) {
            self.stop(StopReason::TooManyFailures);
        }
    }

    /// A number that spreads waits: different for each job, the same in each replay.
    pub(super) fn jitter(&self, place: usize) -> u64 {
        backoff::mix(self.policy.seed ^ u64::try_from(place).unwrap_or(u64::MAX))
    }
}
