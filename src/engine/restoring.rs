//! How a run begins: the journal folded into a batch, and what the person's wishes make of it.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::budget::Budget;
use super::concurrency::Concurrency;
use super::duplicate_runs::Detector;
use super::job::Job;
use super::lane::{LONGEST_READ_PAUSE, LONGEST_SUBMIT_PAUSE, Lane};
use super::pace::Pace;
use super::poll_intervals::PollIntervals;
use super::reconciling::Inventory;
use super::{Batch, Policy, Submits, backoff};
use crate::model::{
    Credits, Entry, Event, Failure, FailureKind, History, HistoryError, JobEvent, Lane as LaneName,
    Phase, PlannedJob, Timestamp,
};

impl Batch {
    /// The batch that `history` leads to, which was folded with the transition function that the live run
    /// uses. `jobs` must hold every job the history speaks of, in the sheet's order. The run begins with its
    /// first step, however much later that is.
    ///
    /// # Errors
    /// If the history contradicts itself, or knows a job that `jobs` does not.
    pub fn restore(
        campaign: &str,
        jobs: Vec<PlannedJob>,
        policy: Policy,
        history: &History,
        now: Timestamp,
    ) -> Result<Self, HistoryError> {
        let ids = jobs.iter().map(|job| &job.spec.id);
        let history = if history.is_about(ids.clone()) {
            Cow::Borrowed(history)
        } else {
            Cow::Owned(history.clone().about(ids))
        };
        if let Some(fault) = history.fault() {
            return Err(fault.clone());
        }
        let mut batch = Self::before(&history, campaign, jobs, policy, now);
        batch.apply_history(&history);
        let past = &history.resuming;
        let last_submit = past.last_submit.filter(|_| !is_broken!(PaceForgotten));
        if past.last_submit.is_some() {
            let rate = batch.policy.limits.submit_rate;
            batch.submit_lane = Lane::new(
                Pace::new(rate, now, last_submit),
                backoff::SUBMIT,
                LONGEST_SUBMIT_PAUSE,
            );
        }
        for (lane, until) in &past.holds {
            match lane {
                LaneName::Submit => batch.submit_lane.hold(*until),
                LaneName::Poll => batch.read_lane.hold(*until),
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
            batch.index_acceptance(place);
        }
        batch
            .concurrency
            .restore(past.places_learnt, batch.in_flight);
        Ok(batch)
    }

    /// Takes in what has become of each job, and what was learnt.
    fn apply_history(&mut self, history: &History) {
        let past = &history.resuming;
        for (job, known) in self.jobs.iter_mut().zip(history.jobs()) {
            let id = &job.spec.id;
            job.state = known.state.clone();
            if let Some(sequence) = past.reopened.get(id) {
                job.live.reopened = *sequence;
            }
            if let Some(lost) = past.lost.get(id) {
                job.live.lost_at = Some(*lost);
            }
        }
        for (at, took) in &past.newest_renders {
            self.learn(*at, *took);
        }
        self.sequence = history.sequence();
        self.last_end = past.last_end;
        self.last_own_end = past.last_own_end;
        self.most_rows = past.most_rows;
        // What one run has found out holds until the list has been read, whatever becomes of the traces.
        self.last_loss = past.last_loss;
        self.policy.journal_was_lost |= past.last_loss > 0;
        if let Some(since) = past.certain_since {
            self.clock_trusted_since = since;
        }
    }

    /// The batch with nothing of `history` in it yet but where its jobs stand.
    fn before(
        history: &History,
        campaign: &str,
        jobs: Vec<PlannedJob>,
        policy: Policy,
        now: Timestamp,
    ) -> Self {
        let jobs: Vec<Job> = jobs
            .into_iter()
            .map(|planned| {
                let id = &planned.spec.id;
                let is_resubmit_requested =
                    planned.in_sheet && (policy.resubmit.contains(id) || policy.redo.contains(id));
                let is_wanted = planned.selected || is_resubmit_requested;
                let may_submit = policy.submits == Submits::Selected && is_wanted;
                Job::new(planned, may_submit)
            })
            .collect();
        let limits = &policy.limits;
        Self {
            campaign: campaign.to_owned(),
            places: history.places(),
            by_remote: HashMap::new(),
            pending: BTreeSet::new(),
            ready: BTreeSet::new(),
            in_doubt: BTreeSet::new(),
            poll_queue: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            fetches: BTreeSet::new(),
            accepted: BTreeSet::new(),
            submit_lane: Lane::new(
                Pace::new(limits.submit_rate, now, None),
                backoff::SUBMIT,
                LONGEST_SUBMIT_PAUSE,
            ),
            read_lane: Lane::new(
                Pace::new(limits.poll_rate, now, None),
                backoff::READ,
                LONGEST_READ_PAUSE,
            ),
            concurrency: Concurrency::new(limits.in_flight, limits.render_timeout),
            intervals: PollIntervals::new(limits.poll_interval, now),
            budget: Budget::new(limits.max_credits, limits.max_credits_run),
            inventory: Inventory::default(),
            last_loss: 0,
            duplicate_runs: Detector::new(limits.settle),
            own_rows: None,
            in_flight: 0,
            waiting: 0,
            outstanding_submits: 0,
            consecutive_lost_submits: 0,
            outstanding_reads: 0,
            outstanding_fetches: 0,
            outstanding_list: None,
            next_list: None,
            list_failures: 0,
            list_failing_since: None,
            most_rows: 0,
            clock_trusted_since: now,
            has_reached_provider: false,
            last_answer: None,
            reads_ended: false,
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

    /// Learns that a render took so long, which was seen to be finished at `now`.
    pub(super) fn learn(&mut self, now: Timestamp, took: Duration) {
        self.intervals.record_render(took);
        self.concurrency.render_finished(now, took);
    }

    /// What a run that begins now would put on record before it asks or sends anything: what it would
    /// reopen. For those who only want to know.
    pub fn opening_entries(&self, now: Timestamp) -> Vec<Entry> {
        let jobs = self.jobs.iter().enumerate();
        let reopened =
            jobs.filter_map(|(place, job)| Some(Event::job(&job.spec.id, self.reopening(place)?)));
        let events = std::iter::once(self.run_started()).chain(reopened);
        let entry = |(event, sequence)| Entry {
            sequence,
            at: now,
            event,
        };
        events.zip(self.sequence + 1..).map(entry).collect()
    }

    fn run_started(&self) -> Event {
        Event::RunStarted {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            process: self.policy.process,
        }
    }

    /// The first step of a run: what the person's wishes make of what is on record.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.started = Some(now);
        for place in 0..self.jobs.len() {
            self.enqueue(now, place);
        }
        self.record(now, self.run_started());
        if self.policy.journal_was_lost && self.last_loss == 0 {
            self.record(now, Event::JournalLost);
        }
        for place in 0..self.jobs.len() {
            if let Some(event) = self.reopening(place) {
                self.jobs[place].live.is_revisited = matches!(event, JobEvent::Revisited);
                self.transition(now, place, event);
            }
        }
        self.plan_first_listing(now);
    }

    /// What becomes true of a job because a run begins, if anything.
    fn reopening(&self, place: usize) -> Option<JobEvent> {
        let job = &self.jobs[place];
        let policy = &self.policy;
        let again = JobEvent::Reopened {
            generation: job.state.generation.next(),
        };
        // The same command resumes: what it has reopened already, it does not reopen again.
        let is_new_request = job.live.reopened <= self.last_own_end;
        let is_fresh = policy.fresh && is_new_request;
        let is_redone = policy.redo_changed && job.has_changed();
        let is_rejected = policy.redo.contains(&job.spec.id) && is_new_request;
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
                let is_retried =
                    policy.retry_failed && !may_turn_up && job.state.is_retried_unnamed();
                let is_retried = is_retried || self.is_resubmit_requested(place);
                let is_retried = is_retried && self.is_unapplied_request(place);
                if job.may_submit && (is_retried || is_mended || is_fresh || is_redone) {
                    return Some(again);
                }
                may_turn_up.then_some(JobEvent::Revisited)
            }
            // One in doubt that is named is looked for in the list first; see `reopen_requested`.
            Phase::Pending
            | Phase::InDoubt { .. }
            | Phase::Rendering { .. }
            | Phase::Fetching { .. } => None,
        }
    }

    /// Whether the person has asked for this very job to be submitted again.
    pub(super) fn is_resubmit_requested(&self, place: usize) -> bool {
        let job = &self.jobs[place];
        job.may_submit && self.policy.resubmit.contains(&job.spec.id)
    }

    /// Whether the person's word about this job has not been acted on yet. A run that crashed and is
    /// started again by the same command is no second word.
    pub(super) fn is_unapplied_request(&self, place: usize) -> bool {
        self.jobs[place].live.reopened <= self.last_end
    }
}
