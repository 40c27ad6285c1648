//! The whole run as one value. [`Batch`] owns the parts of the engine, passes them what happened, and carries out what
//! they decide.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::absence_proof::{AbsenceProofs, longest_create};
use super::adaptive_limit::AdaptiveLimit;
use super::adoption::{
    AdoptableRow, Adopted, ListRequest, duplicates, nameless, paid_before_edits,
};
use super::backoff::Jitter;
use super::budget::Budget;
use super::concurrency_limit::{ConcurrencyLimit, FixedLimit};
use super::decision::{Decision, WakeUp};
use super::downloads::Downloads;
use super::inventory::{Verdict, leaves_out_unfinished, reaches};
use super::job::{Sender, TrackedJob};
use super::job_table::JobTable;
use super::lane::LaneLimiter;
use super::poll_intervals::PollUrgency;
use super::poller::Poller;
use super::reads::Reads;
use super::reconciler::{ListRefusal, Reconciler};
use super::reopening::{Reopening, adopt_duplicate};
use super::rules::{SafetyRules, SoundRules};
use super::step::{PersistedStep, Step};
use super::submitter::{NextSubmit, Submitter};
use super::{RunOptions, Submits};
use crate::model::{
    Command, CommandKind, Credits, Disposition, Entry, Event, Failure, FailureKind, History,
    HistoryError, InFlight, JobEvent, JobId, JobState, Lane, Listing, OTHER_JOB, Outcome, Phase,
    PlannedJob, RemoteId, RenderReport, StopReason, Timestamp, find_tags,
};

/// Time limit for an unreachable provider that has not answered in this run. Its address is probably wrong.
const PATIENCE_AT_FIRST: Duration = Duration::from_secs(30);

/// Time limit for an unreachable provider that has answered in this run. The network is probably down temporarily.
const PATIENCE_LATER: Duration = Duration::from_secs(10 * 60);

/// An input of the engine.
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
    campaign: String,
    options: RunOptions,
    jobs: JobTable,
    budget: Budget,
    submitter: Submitter,
    reads: Reads,
    poller: Poller,
    downloads: Downloads,
    reconciler: Reconciler,
    reopening: Reopening,
    /// Failed jobs that are looked for before they are paid for again, until there is an answer.
    revisited: BTreeSet<usize>,
    rules: &'static dyn SafetyRules,

    /// Whether an entry says that the journal was lost, and the list has not been read since.
    is_loss_recorded: bool,
    /// Rows of the longest list ever seen.
    longest_list: u64,
    /// When the list was last read for all jobs of the campaign, in this run or an earlier one.
    last_inventory: Option<Timestamp>,
    has_reached_provider: bool,
    /// Jobs that failed in this run.
    failures: usize,
    selected: usize,
    started: Option<Timestamp>,
    stop: Option<StopReason>,
    has_ended: bool,

    /// The number of the newest entry.
    sequence: u64,
    entries: Vec<Entry>,
    commands: Vec<Command>,
    wake: WakeUp,
}

impl Batch {
    /// Restores a batch from a history, which was folded with the transition function that the live run uses. `jobs`
    /// must hold every job of the history, in the order of the sheet. The run begins with the first step, however
    /// much later that is.
    ///
    /// # Errors
    /// If the history contradicts itself, or has a job that `jobs` does not.
    pub fn restore(
        campaign: &str,
        jobs: Vec<PlannedJob>,
        options: RunOptions,
        history: &History,
        now: Timestamp,
    ) -> Result<Self, HistoryError> {
        Self::restore_with(&SoundRules, campaign, jobs, options, history, now)
    }

    /// Restores a batch with these rules.
    pub(super) fn restore_with(
        rules: &'static dyn SafetyRules,
        campaign: &str,
        jobs: Vec<PlannedJob>,
        mut options: RunOptions,
        history: &History,
        now: Timestamp,
    ) -> Result<Self, HistoryError> {
        let history = history.clone().about(jobs.iter().map(|job| &job.spec.id));
        if let Some(fault) = history.fault() {
            return Err(fault.clone());
        }
        let past = &history.resuming;
        // A recorded loss of the journal stays in effect until the list has been read.
        let is_loss_recorded = past.last_loss > 0;
        options.journal_was_lost |= is_loss_recorded;
        // What the folder showed then may have been written over.
        options.has_accepted_jobs |= past.has_lost_accepted_jobs;
        // What a job had before it was reopened is on record, too.
        options.known_remotes.retain(|(_, remote)| !past.superseded.contains(remote));
        let selected = jobs.iter().filter(|job| job.selected).count();
        let jobs = JobTable::restore(jobs, &options, &history);

        let limits = &options.limits;
        let jitter = Jitter(options.seed);
        let mut budget = Budget::new(limits.max_credits.credits(), limits.max_credits_run, rules);
        for (index, job) in jobs.iter().enumerate() {
            budget.restore(index, job);
        }
        let mut limit: Box<dyn ConcurrencyLimit> = match limits.in_flight {
            InFlight::AtMost(most) => Box::new(FixedLimit::new(most)),
            InFlight::Auto { from } => Box::new(AdaptiveLimit::new(from, limits.render_timeout)),
        };
        let mut poller = Poller::new(limits, jitter, rules, now);
        for (at, took) in &past.newest_renders {
            poller.intervals.add_sample(*took);
            limit.on_render_finished(*at, *took);
        }
        limit.restore(past.learned_limit, jobs.in_flight);
        let last_submit = rules.last_submit(past.last_submit);
        let mut submit_lane = LaneLimiter::of_submits(limits.submit_rate, now, last_submit);
        let mut read_lane = LaneLimiter::of_reads(limits.read_rate(), now);
        let mut downloads = Downloads::new(limits.downloads, jitter, rules);
        for (lane, until) in &past.holds {
            match lane {
                Lane::Submit => submit_lane.hold(*until),
                Lane::Poll => read_lane.hold(*until),
                Lane::Download => downloads.hold(*until),
            }
        }
        let trusted_since = past.trusted_since.unwrap_or(now);
        let mut proofs = AbsenceProofs::new(
            limits.settle,
            rules,
            trusted_since,
            past.longest_list,
            limits.render_timeout,
        );
        for (job, lost_at) in &past.lost {
            if let Some(index) = jobs.index_of(job) {
                proofs.restore_loss(index, *lost_at);
            }
        }
        Ok(Self {
            campaign: campaign.to_owned(),
            budget,
            submitter: Submitter::new(submit_lane, limit, limits.render_timeout, jitter, rules),
            reads: Reads::new(read_lane, jitter, rules),
            poller,
            downloads,
            reconciler: Reconciler::new(campaign, &options, jitter, proofs, rules),
            longest_list: past.longest_list,
            last_inventory: past.last_inventory,
            reopening: Reopening {
                rules,
                last_end: past.last_end,
                last_complete_end: past.last_complete_end,
            },
            revisited: BTreeSet::new(),
            rules,
            is_loss_recorded,
            has_reached_provider: false,
            failures: 0,
            selected,
            started: None,
            stop: None,
            has_ended: false,
            sequence: history.sequence(),
            entries: Vec::new(),
            commands: Vec::new(),
            wake: WakeUp::default(),
            jobs,
            options,
        })
    }

    /// Processes the inputs until `now` and returns the next step. Call it first without inputs, then for every
    /// answer, and at the latest at the time named by the previous step.
    pub fn step(&mut self, now: Timestamp, inputs: impl IntoIterator<Item = Input>) -> Step {
        let due = self.wake.time();
        if due.is_some_and(|due| now > due.plus(self.options.limits.settle)) {
            self.reconciler.proofs.discard(&self.jobs);
        }
        self.wake = WakeUp::default();
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
            self.take_back_videos(now);
            self.schedule(now);
            if self.is_finished(now) && !self.starts_final_check(now) {
                self.end(now);
            }
        }
        Step(PersistedStep {
            entries: std::mem::take(&mut self.entries),
            commands: std::mem::take(&mut self.commands),
            wake_at: self.wake.time(),
            finished: self.has_ended,
        })
    }

    /// Returns the state of a job.
    pub(crate) fn state(&self, job: &JobId) -> Option<&Arc<JobState>> {
        let index = self.jobs.index_of(job)?;
        Some(&self.jobs[index].state)
    }

    /// Returns the phases of all jobs in order, for checks against the journal.
    pub fn phases(&self) -> impl Iterator<Item = (&JobId, &Phase)> {
        self.jobs.iter().map(|job| (&job.spec.id, &job.state.phase))
    }

    /// Returns why the run is ending early, if it is.
    pub const fn stop_reason(&self) -> Option<&StopReason> {
        self.stop.as_ref()
    }

    /// Returns the end of each lane's hold that is later than `now`, for the display.
    pub fn lane_holds(&self, now: Timestamp) -> Vec<(Lane, Timestamp)> {
        let lanes = [&self.submitter.lane, &self.reads.lane];
        let holds = lanes.map(|lane| (lane.name, lane.held_until(now)));
        let downloads = (Lane::Download, self.downloads.held_until(now));
        let holds = holds.into_iter().chain([downloads]);
        holds.filter_map(|(lane, until)| Some((lane, until?))).collect()
    }

    /// Returns the newest failure if no read has succeeded for a while, for the display.
    pub fn read_failure(&self, now: Timestamp) -> Option<Failure> {
        self.reads.lane.last_failure(now).cloned()
    }

    /// Returns the progress of the renders under way, from 0 to 1, where the provider reports it. For the display,
    /// never recorded.
    pub fn render_progress(&self) -> Vec<(JobId, f64)> {
        self.poller
            .progress()
            .map(|(index, progress)| (&self.jobs[index], progress))
            .filter(|(job, _)| job.state.rendered_at.is_none())
            .map(|(job, progress)| (job.spec.id.clone(), progress))
            .collect()
    }

    /// Returns how many submits have no answer yet, for the display.
    pub const fn unanswered_submits(&self) -> usize {
        self.submitter.outstanding
    }

    /// Checks whether submits wait until the provider's list has been read, for the display.
    pub const fn is_reading_list(&self) -> bool {
        self.awaits_inventory()
    }

    /// Returns how many jobs in doubt this run still looks for, for the display.
    pub fn reconciling_jobs(&self, now: Timestamp) -> usize {
        if self.is_reconciling(now) && !self.stops_at_once() { self.jobs.in_doubt.len() } else { 0 }
    }

    /// Returns the entries that a run beginning at `now` would record before it requests or sends anything, for a
    /// preview.
    pub fn opening_entries(&self, now: Timestamp) -> Vec<Entry> {
        let reopened = self.jobs.iter().flat_map(|job| {
            let first = self.reopening.event(job, &self.options);
            let again = self.reopening.is_requested(job, &self.options).then(|| reopened(job));
            // The answer to a request for a job is not known yet, so that it counts as paid for again.
            let first = first
                .filter(|event| again.is_none() || matches!(event, JobEvent::SubmitLost { .. }));
            first.into_iter().chain(again).map(|event| Event::job(&job.spec.id, event))
        });
        let events = std::iter::once(self.run_started()).chain(reopened);
        let entry = |(event, sequence)| Entry { sequence, at: now, event };
        events.zip(self.sequence + 1..).map(entry).collect()
    }

    /// Checks the counters against a full count.
    #[cfg(test)]
    pub(super) fn assert_counts(&self) {
        self.jobs.assert_counts();
    }

    // Beginning and end

    fn run_started(&self) -> Event {
        Event::RunStarted {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            process: self.options.process,
            account: self.options.account.clone().map(Box::new),
            cap: self.options.new_cap,
        }
    }

    fn begin(&mut self, now: Timestamp) {
        self.started = Some(now);
        self.poller.begin(now);
        self.reconciler.proofs.begin(now);
        for index in 0..self.jobs.len() {
            self.jobs.enqueue(index);
            self.enter_phase(now, index);
        }
        self.record(now, self.run_started());
        let is_loss_recorded = self.is_loss_recorded;
        if self.options.journal_was_lost && !self.is_loss_recorded {
            self.is_loss_recorded = true;
            self.record(now, Event::JournalLost);
            if self.options.has_accepted_jobs {
                self.record(now, Event::AcceptedJobsLost);
            }
        }
        let mut may_submit = false;
        // What a job has when it is reopened is on record.
        let mut named = std::mem::take(&mut self.options.known_remotes);
        named.retain(|(job, remote)| {
            let is_other = self.options.other_shards.contains(job);
            !is_other && self.jobs.with_remote(remote).is_none()
        });
        for index in 0..self.jobs.len() {
            let is_requested = self.is_requested(index);
            may_submit |= is_requested;
            if is_requested {
                self.poller.revisit(index);
            }
            if let Some(event) = self.reopening.event(&self.jobs[index], &self.options) {
                self.transition(now, index, event);
            }
            // Also one that an interrupted run has asked for.
            if self.jobs[index].state.revisited.is_some() {
                self.poller.revisit(index);
                self.revisited.extend(is_requested.then_some(index));
            }
        }
        may_submit |= !self.jobs.ready.is_empty();
        // A run that collects may be the first one on an empty disk, or after another machine's.
        let may_have_lost_jobs = (self.options.journal_was_lost
            || self.options.submits == Submits::Nothing)
            && !self.jobs.pending.is_empty()
            // A job that was adopted may have been made again.
            || is_loss_recorded && self.jobs.iter().any(|job| job.state.is_adopted);
        let may_have_unknown_jobs = may_have_lost_jobs || self.has_refused_jobs();
        let known = named.into_iter().filter_map(|(job, remote)| {
            // A job that is not in the sheet may have another id there.
            let index = self.jobs.index_of(&job);
            let is_pending = index.is_none_or(|index| self.jobs.pending.contains(&index));
            is_pending.then_some((remote, index))
        });
        let known = known.collect();
        let jobs = &self.jobs;
        let last = self.last_inventory;
        self.reconciler.plan_inventory(now, may_submit, may_have_unknown_jobs, known, last, jobs);
    }

    /// Checks whether a submit was refused for good, and the list was not read since: it is looked for once.
    fn has_refused_jobs(&self) -> bool {
        let is_collecting = self.options.submits == Submits::Nothing;
        self.jobs.iter().filter(|job| job.is_refused()).any(|job| {
            let refused = job.state.finished_at;
            let is_newer = |listed| refused.is_none_or(|refused| refused >= listed);
            is_collecting || self.last_inventory.is_none_or(is_newer)
        })
    }

    /// Checks whether the job is paid for again once the provider was asked for it.
    fn is_requested(&self, index: usize) -> bool {
        self.reopening.is_requested(&self.jobs[index], &self.options)
    }

    fn is_finished(&self, now: Timestamp) -> bool {
        if self.submitter.outstanding > 0 {
            return false;
        }
        if self.stops_at_once() {
            return true;
        }
        let is_revisiting =
            self.stop.is_none() && !self.reads.have_ended && !self.revisited.is_empty();
        if self.wants_to_submit()
            || self.awaits_inventory()
            || self.is_reconciling(now)
            || is_revisiting
        {
            return false;
        }
        self.options.leave_after_submitting
            || (self.poller.is_idle(self.reads.have_ended)
                && self.downloads.are_idle()
                && !self.reconciler.is_waiting())
    }

    /// Reads the list a last time before the run ends, if another run may have submitted. Returns whether it does.
    fn starts_final_check(&mut self, now: Timestamp) -> bool {
        let may_list = self.rules.checks_at_end(self.stop.as_ref()) && !self.reads.have_ended;
        let longest = now.plus(longest_create(self.options.limits.settle));
        let is_held = self.reads.lane.held_until(now).is_some_and(|until| until > longest);
        let starts = may_list && self.reconciler.schedule_final_check(now, is_held);
        if starts {
            self.list_if_due(now);
        }
        starts
    }

    fn end(&mut self, now: Timestamp) {
        self.has_ended = true;
        self.wake = WakeUp::default();
        let stopped = self.stop.clone();
        self.record(now, Event::RunEnded { stopped });
    }

    fn stop(&mut self, reason: StopReason) {
        self.stop = Some(match self.stop.take() {
            Some(earlier) => earlier.or_more_severe(reason),
            None => reason,
        });
    }

    /// Checks whether the run ends without waiting for paid renders. It still waits for answers to submits.
    fn stops_at_once(&self) -> bool {
        self.stop.as_ref().is_some_and(|reason| !reason.finishes_paid_work())
    }

    /// Checks whether there are jobs to submit, now or later in this run.
    fn wants_to_submit(&self) -> bool {
        self.stop.is_none() && !self.jobs.ready.is_empty()
    }

    /// Checks whether the list must be read before anything else can be decided.
    const fn awaits_inventory(&self) -> bool {
        self.stop.is_none() && !self.reconciler.inventory.is_settled()
    }

    /// Returns when the list is read after a refusal, if submits wait for that.
    fn waits_for_list(&self, now: Timestamp) -> Option<Timestamp> {
        self.submitter.needs_list(now, &self.jobs).filter(|_| self.wants_to_submit())
    }

    /// Checks whether the run still looks for jobs in doubt.
    fn is_reconciling(&self, now: Timestamp) -> bool {
        let may_have_reference = !self.jobs.accepted.is_empty()
            || self.submitter.outstanding > 0
            || self.wants_to_submit();
        let proofs = &self.reconciler.proofs;
        !self.reads.have_ended && proofs.is_pending(now, &self.jobs, may_have_reference)
    }

    /// Checks whether nearly all slots are taken. Several may become free between two polls.
    fn are_slots_scarce(&self) -> bool {
        let taken = self.jobs.in_flight + self.jobs.in_doubt.len();
        !self.submitter.limit.has_room(taken + taken / 3, 0)
    }

    fn poll_urgency(&self) -> PollUrgency {
        let in_flight = self.jobs.in_flight;
        let waits_for_slot = self.are_slots_scarce() && !self.submitter.limit.has_queued();
        if self.wants_to_submit() && !waits_for_slot {
            PollUrgency::Low(in_flight)
        } else if self.submitter.limit.is_adaptive() {
            PollUrgency::Learned(in_flight)
        } else {
            PollUrgency::High(in_flight)
        }
    }

    // Commands

    fn schedule(&mut self, now: Timestamp) {
        if let (Some(limit), Some(started)) = (self.options.limits.max_duration, self.started) {
            let end = started.plus(limit);
            if now >= end {
                self.stop(StopReason::MaxDuration);
            } else {
                self.wake.at(end);
            }
        }
        if self.stops_at_once() {
            return;
        }
        let overdue = self.poller.check_deadlines(now, &mut self.wake);
        self.carry_out(now, overdue);
        self.submit_if_allowed(now);
        self.list_if_due(now);
        self.poll_if_due(now);
        let (jobs, wake, commands) = (&self.jobs, &mut self.wake, &mut self.commands);
        let given_up = self.downloads.start_due(now, jobs, wake, commands);
        self.carry_out(now, given_up);
    }

    fn submit_if_allowed(&mut self, now: Timestamp) {
        let is_saturated = self.wants_to_submit() && self.are_slots_scarce();
        self.submitter.limit.set_saturated(is_saturated);
        while self.wants_to_submit() && self.reconciler.inventory.is_settled() {
            let is_reconciling = self.is_reconciling(now);
            let (jobs, budget) = (&self.jobs, &self.budget);
            let wake = &mut self.wake;
            match self.submitter.next(now, jobs, budget, is_reconciling, wake) {
                NextSubmit::Submit(index) => self.submit(now, index),
                NextSubmit::Wait => return,
                NextSubmit::Stop(reason) => return self.stop(reason),
            }
        }
    }

    fn submit(&mut self, now: Timestamp, index: usize) {
        let job = &self.jobs[index];
        let generation = job.state.generation;
        let tag = job.tag(&self.campaign, generation);
        self.commands.push(Command::Submit {
            job: job.spec.id.clone(),
            request: job.spec.request.clone(),
            name: tag.name_for(&job.spec.id),
        });
        let event = JobEvent::SubmitStarted {
            tag,
            fingerprint: job.spec.fingerprint.clone(),
            generation,
            reserved: self.budget.reservation(job),
            least: job.least,
        };
        self.transition(now, index, event);
    }

    fn list_if_due(&mut self, now: Timestamp) {
        let is_inventory = self.awaits_inventory();
        let for_jobs = is_inventory || self.is_reconciling(now);
        let for_refused = self.waits_for_list(now);
        if !self.reconciler.proofs.has_shown_unfinished
            && !self.reconciler.is_waiting()
            && self.submitter.checks_unfinished(&self.jobs)
        {
            self.reconciler.detector.schedule(now);
        }
        let Some(due) = self.reconciler.due(now, for_jobs, for_refused) else {
            return;
        };
        if due > now {
            self.wake.at(due);
        } else if is_inventory && self.reconciler.inventory.wants_lookup() {
            // The list is compared with the answers.
            if self.reconciler.inventory.may_look_up() && self.may_read(now) {
                let command = self.reconciler.inventory.look_up();
                self.commands.extend(command);
            }
        } else if self.may_read(now) {
            let refused_since = self.submitter.refused_since();
            let command = self.reconciler.request(now, &self.jobs, is_inventory, refused_since);
            self.commands.push(command);
        }
    }

    fn poll_if_due(&mut self, now: Timestamp) {
        let wants_starts = self.submitter.limit.is_adaptive();
        while let Some(due) = self.poller.due()
            && !self.reads.have_ended
        {
            if due > now {
                return self.wake.at(due);
            }
            if self.poller.is_busy(self.reads.lane.is_failing()) || !self.may_read(now) {
                return;
            }
            let command = self.poller.request(now, &self.jobs, wants_starts);
            self.commands.extend(command);
        }
    }

    /// Takes the turn of a read, or wakes up when it comes, or stops the run if it is too far away.
    fn may_read(&mut self, now: Timestamp) -> bool {
        let turn = self.reads.take(now, &mut self.wake);
        turn.unwrap_or_else(|reason| {
            self.stop(reason);
            false
        })
    }

    // Answers

    fn on_outcome(&mut self, now: Timestamp, outcome: Outcome) {
        match outcome {
            Outcome::Submitted { job, result } => {
                self.submitter.on_outcome();
                if let Some(index) = self.jobs.index_of(&job) {
                    let decisions = self.submitter.on_answer(now, index, &self.jobs, result);
                    self.carry_out(now, decisions);
                }
            }
            Outcome::Polled { remotes, result } => {
                if self.reconciler.inventory.takes(&remotes) {
                    self.on_looked_up(now, remotes, result);
                } else {
                    self.poller.on_outcome();
                    self.on_polled(now, &remotes, result);
                }
            }
            Outcome::JobPolled { job, result } => {
                self.poller.on_outcome();
                if let Some(index) = self.jobs.index_of(&job) {
                    self.on_looked(now, index, result);
                }
            }
            Outcome::Listed { result } => self.on_listed(now, result),
            Outcome::Downloaded { job, result } => {
                self.downloads.on_outcome();
                if let Some(index) = self.jobs.index_of(&job) {
                    let decisions = self.downloads.on_answer(now, index, &self.jobs, result);
                    self.carry_out(now, decisions);
                }
            }
        }
    }

    fn on_polled(
        &mut self,
        now: Timestamp,
        remotes: &[RemoteId],
        result: Result<Vec<RenderReport>, Failure>,
    ) {
        let polled = remotes.iter();
        let polled: Vec<(&RemoteId, usize)> =
            polled.filter_map(|remote| Some((remote, self.jobs.with_remote(remote)?))).collect();
        match result {
            Ok(reports) => {
                self.on_read(now);
                let mut reports: HashMap<RemoteId, RenderReport> =
                    reports.into_iter().map(|report| (report.remote.clone(), report)).collect();
                for (remote, index) in polled {
                    match reports.remove(remote) {
                        Some(report) => self.on_report(now, index, report),
                        None => self.poller.on_unmentioned(now, index, &self.jobs[index]),
                    }
                }
                self.update_queue(now);
            }
            Err(failure) => {
                let disposition = failure.disposition(CommandKind::Poll);
                let is_refused_batch = disposition == Disposition::PollIndividually;
                for (_, index) in polled {
                    if let Some(event) = self.rules.failed_poll(&failure) {
                        self.transition(now, index, event);
                    }
                    if is_refused_batch {
                        self.poller.on_refused_batch(now, index, &self.jobs[index]);
                    } else {
                        self.poller.on_failure(now, index, &self.jobs[index]);
                    }
                }
                if is_refused_batch {
                    let decision = self.reads.on_refused_batch(now, &failure);
                    self.carry_out(now, decision);
                } else {
                    self.on_read_failed(now, failure, CommandKind::Poll);
                }
            }
        }
    }

    /// Adopts jobs that other records name, and notes which jobs the provider knows.
    fn on_looked_up(
        &mut self,
        now: Timestamp,
        remotes: Vec<RemoteId>,
        result: Result<Vec<RenderReport>, Failure>,
    ) {
        let mut reports = match result {
            Ok(reports) => reports,
            Err(failure) => {
                self.reconciler.inventory.retry(remotes);
                return self.on_list_failed(now, now, failure);
            }
        };
        self.on_read(now);
        self.reconciler.on_looked_up(now);
        // Of several renders of a job, the newest generation counts.
        let own = self.reconciler.own_tags(&self.jobs);
        let generation = |report: &RenderReport| {
            let tags = report.name.as_deref().into_iter().flat_map(find_tags);
            tags.filter_map(|tag| Some(own.owner(&tag)?.1)).max()
        };
        reports.sort_by_cached_key(|report| Reverse(generation(report)));
        for report in &reports {
            let named = self.reconciler.inventory.on_found(&report.remote);
            let named = named.or_else(|| self.owner(report));
            match named.and_then(|index| Some((index, self.adoption(index, report)?))) {
                Some((index, event)) => self.transition(now, index, event),
                None => self.reconciler.inventory.keep_unmatched(report),
            }
            if let Some(index) = self.jobs.with_remote(&report.remote) {
                self.on_report(now, index, report.clone());
            }
        }
        let has_requests = || (0..self.jobs.len()).any(|index| self.is_requested(index));
        if self.jobs.pending.is_empty()
            && !self.reconciler.inventory.wants_lookup()
            && !has_requests()
        {
            self.reconciler.inventory.skip();
        }
    }

    /// Returns the pending job whose tag is in the name of a row, under whatever id it was paid for.
    fn owner(&mut self, report: &RenderReport) -> Option<usize> {
        let own = self.reconciler.own_tags(&self.jobs);
        let mut tags = report.name.as_deref().into_iter().flat_map(find_tags);
        let (index, _) = tags.find_map(|tag| own.owner(&tag))?;
        self.jobs.pending.contains(&index).then_some(index)
    }

    /// Returns the event that adopts a row which another record names for a pending job.
    fn adoption(&mut self, index: usize, report: &RenderReport) -> Option<JobEvent> {
        let spec = &self.jobs[index].spec;
        let paid = self.reconciler.unpaid_requests(&self.jobs).identify(report);
        let is_edited = paid.is_some_and(|paid| paid.fingerprint != spec.fingerprint);
        if is_edited || !report.echo.fits(&spec.request) {
            return None;
        }
        let own = self.reconciler.own_tags(&self.jobs);
        let row = AdoptableRow::named(&self.jobs, own, &self.campaign, index, report);
        row.event(&self.jobs, self.options.fresh, self.rules)
    }

    fn on_looked(&mut self, now: Timestamp, index: usize, result: Result<RenderReport, Failure>) {
        match result {
            Ok(report) => {
                self.on_read(now);
                self.poller.on_found_by_id(index);
                self.on_report(now, index, report);
                self.update_queue(now);
            }
            Err(failure) => {
                if failure.disposition(CommandKind::PollJob) == Disposition::NotVisible {
                    let pause = self.reads.on_refused_request(now, &failure);
                    self.carry_out(now, pause);
                    let (job, last) = (&self.jobs[index], self.reads.last_success);
                    let may_fail = self.rules.is_missing(self.poller.is_account_of(job));
                    let decisions =
                        self.poller.on_not_found(now, index, job, failure, last, may_fail);
                    self.carry_out(now, decisions);
                } else {
                    self.poller.on_failure(now, index, &self.jobs[index]);
                    self.on_read_failed(now, failure, CommandKind::PollJob);
                }
            }
        }
    }

    fn on_report(&mut self, now: Timestamp, index: usize, report: RenderReport) {
        if !self.rules.fits(&report, &self.jobs[index]) {
            return self.on_other_job(now, index);
        }
        self.follow_charge(now, index, &report);
        let (job, last) = (&self.jobs[index], self.reads.last_success);
        self.poller.note_account(job);
        let decisions = self.poller.on_report(now, index, job, report, last);
        self.carry_out(now, decisions);
        self.revisited.remove(&index);
    }

    /// Records the charge of a finished job if it has grown.
    fn follow_charge(&mut self, now: Timestamp, index: usize, report: &RenderReport) {
        let job = &self.jobs[index];
        let known = job.state.charged.unwrap_or_default();
        if let Some(credits) = report.credits_used
            && job.ended_remote() == Some(&report.remote)
            // Another campaign has paid for a reused video.
            && job.state.reserved > Credits::ZERO
            && self.rules.is_higher_charge(credits, known)
        {
            self.transition(now, index, JobEvent::Charged { credits });
        }
    }

    /// Notes a report that is about another text, persona or ratio: its video must not be taken for the job's own.
    fn on_other_job(&mut self, now: Timestamp, index: usize) {
        let job = &self.jobs[index];
        if !matches!(job.state.phase, Phase::Rendering { .. }) {
            return;
        }
        self.poller.on_failure(now, index, job);
        if job.state.observed.as_deref() != Some(OTHER_JOB) {
            let status = OTHER_JOB.to_owned();
            self.transition(now, index, JobEvent::Observed { status });
        }
    }

    fn on_read(&mut self, now: Timestamp) {
        self.reads.on_success(now);
        self.has_reached_provider = true;
    }

    fn on_read_failed(&mut self, now: Timestamp, failure: Failure, kind: CommandKind) {
        let is_sent = failure.kind != FailureKind::NotSent;
        let message = failure.to_string();
        let decisions = self.reads.on_failure(now, failure, kind);
        self.carry_out(now, decisions);
        // A provider that answers with failures only is waited for as long as the user says. A list has a patience of its
        // own.
        let silence = self.reads.lane.failing_for(now);
        let is_over = self.options.limits.patience.is_some_and(|patience| silence >= patience);
        if is_over && is_sent && kind != CommandKind::List {
            self.stop(StopReason::Unreachable { message });
        }
    }

    /// Updates how many renders wait at the provider.
    fn update_queue(&mut self, now: Timestamp) {
        let (in_flight, queued) = (self.jobs.in_flight, self.jobs.queued);
        self.submitter.limit.on_queue_changed(in_flight, queued);
        let decision = self.submitter.take_unrecorded_limit();
        self.carry_out(now, decision);
    }

    fn on_listed(&mut self, now: Timestamp, result: Result<Listing, Failure>) {
        let Some(request) = self.reconciler.take_request() else {
            return;
        };
        let listing = match result {
            Ok(listing) => listing,
            Err(failure) => return self.on_list_failed(now, request.started, failure),
        };
        self.on_read(now);
        self.reconciler.on_listed(now, &request, &listing, &self.jobs);
        self.check_names(now, &listing);
        let mut adopted = self.adopt(now, &request, &listing);
        if request.is_inventory {
            adopted.add(&self.adopt_edited(now, &listing));
        }
        for row in nameless(&self.jobs, &listing) {
            let index = row.index;
            if let Some(event) = row.event(&self.jobs, false, self.rules) {
                self.transition(now, index, event);
            }
        }
        for report in &listing.found {
            if let Some(index) = self.jobs.with_remote(&report.remote)
                && !self.rules.fits(report, &self.jobs[index])
            {
                self.on_other_job(now, index);
            }
        }
        self.record_duplicates(now, &request, &listing);
        let (started, proofs) = (request.started, &request.proofs);
        let decisions = self.reconciler.proofs.evaluate(now, started, proofs, &listing, &self.jobs);
        self.carry_out(now, decisions);
        for report in &listing.found {
            // As good as a poll.
            if let Some(index) = self.jobs.with_remote(&report.remote) {
                self.on_report(now, index, report.clone());
            }
        }
        if request.includes_own_rows {
            let ours = leaves_out_unfinished(&listing, &self.jobs, request.started, self.rules);
            self.submitter.on_unfinished(listing.shows_unfinished, ours);
            self.check_refused(now, &request, &listing);
        }
        if !adopted.may_have_more {
            self.advance_inventory(now, &request, &listing, adopted.has_unknown);
        }
        self.reconciler.schedule_next(now, &self.jobs);
    }

    /// Lets refused jobs that the list does not show be sent again, if it would show them.
    fn check_refused(&mut self, now: Timestamp, request: &ListRequest, listing: &Listing) {
        let started = request.started.minus(listing.age);
        let Some(since) = self.submitter.refused_since().filter(|since| *since < started) else {
            return;
        };
        let longest = self.longest_list;
        let is_believed = self.options.without_list
            || reaches(listing, &self.jobs, request.started, since, longest, self.rules)
                && !self.submitter.hides_unfinished;
        let settle = self.options.limits.settle;
        let is_unproven = self.submitter.on_listed(now, started, is_believed, settle);
        if is_unproven && self.wants_to_submit() {
            let message = if self.submitter.hides_unfinished {
                "the list may leave out renders under way".to_owned()
            } else {
                format!("the list may be cut off after {} rows", listing.rows)
            };
            self.stop(StopReason::InventoryUnproven { message });
        }
    }

    /// Notes whether the list shows our jobs with their tags.
    fn check_names(&mut self, now: Timestamp, listing: &Listing) {
        for report in &listing.found {
            let job = self.jobs.with_remote(&report.remote).map(|index| &self.jobs[index]);
            let Some(tag) = job.and_then(|job| job.state.tag.as_ref()) else {
                continue;
            };
            let mut tags = report.name.as_deref().into_iter().flat_map(find_tags);
            let shows_tag = tags.any(|shown| shown == *tag);
            let decision = self.submitter.on_name_listed(shows_tag);
            self.carry_out(now, decision);
        }
    }

    /// Adopts the rows that are jobs of ours.
    fn adopt(&mut self, now: Timestamp, request: &ListRequest, listing: &Listing) -> Adopted {
        let mut adopted = Adopted::default();
        let own = self.reconciler.own_rows(request);
        let may_reopen = self.options.fresh && request.is_inventory;
        for candidate in request.candidates(&self.jobs, own, listing, self.rules) {
            let index = candidate.index;
            let Some(event) = candidate.event(&self.jobs, may_reopen, self.rules) else {
                continue;
            };
            self.take_over(now, index, event, request.is_inventory, &mut adopted);
        }
        adopted
    }

    /// Adopts rows of jobs without any record whose rows were renumbered or edited since.
    fn adopt_edited(&mut self, now: Timestamp, listing: &Listing) -> Adopted {
        let mut adopted = Adopted::default();
        if !self.rules.may_be_edited() {
            return adopted;
        }
        let unpaid = self.reconciler.unpaid_requests(&self.jobs);
        let unmatched = std::mem::take(&mut self.reconciler.inventory.unmatched);
        let own = self.reconciler.own_tags(&self.jobs);
        let (campaign, jobs) = (&self.campaign, &self.jobs);
        let others = &self.options.other_shards;
        let rows = paid_before_edits(campaign, jobs, own, &unpaid, others, &unmatched, listing);
        let events = rows.into_iter().filter_map(|row| {
            let may_reopen = self.options.fresh || self.options.redo_changed && row.is_edited(jobs);
            Some((row.index, row.event(jobs, may_reopen, self.rules)?))
        });
        let events: Vec<(usize, JobEvent)> = events.collect();
        self.reconciler.inventory.unmatched = unmatched;
        for (index, event) in events {
            self.take_over(now, index, event, true, &mut adopted);
        }
        adopted
    }

    /// Applies the adoption of a row, or what is done in its place.
    fn take_over(
        &mut self,
        now: Timestamp,
        index: usize,
        event: JobEvent,
        is_inventory: bool,
        adopted: &mut Adopted,
    ) {
        let is_reopened = matches!(event, JobEvent::Reopened { .. });
        if let JobEvent::Adopted { generation, .. } = &event
            && generation.0 > 0
            && !is_inventory
        {
            // A later generation may be there too.
            self.reconciler.detector.look_again(now);
        }
        adopted.may_have_more |= is_reopened;
        adopted.has_unknown |= !is_reopened && !self.jobs.in_doubt.contains(&index);
        self.poller.note_account(&self.jobs[index]);
        if adopted.has_unknown && is_inventory && !self.is_loss_recorded {
            // A crash before the next list does not forget that there may be more.
            self.is_loss_recorded = true;
            self.record(now, Event::JournalLost);
        }
        let has_earlier = self.jobs[index].state.phase.remote().is_some();
        if has_earlier && !is_reopened {
            let earlier = reopened(&self.jobs[index]);
            self.transition(now, index, earlier);
        }
        self.transition(now, index, event);
    }

    /// Records further rows of jobs that have one. If new ones appear during this run, another run is submitting, and this
    /// one stops.
    fn record_duplicates(&mut self, now: Timestamp, request: &ListRequest, listing: &Listing) {
        if listing.found.is_empty() {
            return;
        }
        let own = self.reconciler.own_tags(&self.jobs);
        for (index, event) in duplicates(&self.jobs, own, listing, self.rules) {
            self.transition(now, index, event);
            let state = &self.jobs[index].state;
            let is_other_job = matches!(state.phase, Phase::Rendering { .. })
                && state.observed.as_deref() == Some(OTHER_JOB);
            if is_other_job {
                // The create was answered with the id of another job, and this is the one that it made.
                let message = "the provider answered with the id of another job";
                let failure = Failure::new(FailureKind::Malformed, message);
                let charged = Some(Credits::ZERO);
                self.transition(now, index, JobEvent::Failed { failure, charged });
            }
            if let Some(event) = adopt_duplicate(&self.jobs[index]) {
                self.transition(now, index, event);
            }
            if is_other_job {
                continue;
            }
            if request.includes_own_rows && !request.is_inventory {
                let job = self.jobs[index].spec.id.clone();
                self.stop(StopReason::DuplicateRun { job });
            }
        }
    }

    fn advance_inventory(
        &mut self,
        now: Timestamp,
        request: &ListRequest,
        listing: &Listing,
        has_unknown: bool,
    ) {
        // A job in doubt is resubmitted only after the list had time to show it.
        let is_too_early = |index: &usize| {
            let is_too_early = self.reconciler.is_too_early(request, &self.jobs, *index);
            is_too_early && self.is_requested(*index)
        };
        if self.jobs.in_doubt.iter().any(is_too_early) {
            return;
        }
        let rows = listing.rows;
        let (inventory, jobs) = (&mut self.reconciler.inventory, &self.jobs);
        // The longest list before this one, which cannot speak for itself.
        let longest = self.longest_list;
        match inventory.judge(now, request, listing, jobs, has_unknown, longest) {
            Verdict::NotNeeded => {
                if request.includes_own_rows && self.has_refused_jobs() {
                    self.take_inventory(now, rows);
                }
            }
            Verdict::ReadAgain | Verdict::Collected => {}
            Verdict::Settled { is_cut_off } => {
                if is_cut_off {
                    self.record(now, Event::ListCutOff { rows });
                }
                self.take_inventory(now, rows);
                self.reopen_requested(now);
            }
            Verdict::Unproven(message) => self.stop(StopReason::InventoryUnproven { message }),
        }
        self.longest_list = self.longest_list.max(rows);
    }

    fn take_inventory(&mut self, now: Timestamp, rows: u64) {
        self.last_inventory = Some(now);
        self.record(now, Event::InventoryTaken { rows });
    }

    /// Reopens the jobs that are to be paid for again, once the list was read.
    fn reopen_requested(&mut self, now: Timestamp) {
        for index in 0..self.jobs.len() {
            self.reopen_if_requested(now, index);
        }
    }

    /// Reopens a job that is to be paid for again, if it was looked for by its id and in the list.
    fn reopen_if_requested(&mut self, now: Timestamp, index: usize) {
        let job = &self.jobs[index];
        let is_looked_for = match &job.state.phase {
            Phase::InDoubt { .. } => true,
            Phase::Failed { .. } => self.poller.is_revisited(index),
            Phase::Rendering { .. } | Phase::Downloading { .. } => job.has_given_up_download,
            Phase::Pending | Phase::Submitting | Phase::Done { .. } => false,
        };
        if !is_looked_for || self.awaits_inventory() || !self.is_requested(index) {
            return;
        }
        if job.has_given_up_download && !self.gives_up_video(now, index) {
            return;
        }
        let is_in_doubt = matches!(self.jobs[index].state.phase, Phase::InDoubt { .. });
        let event = reopened(&self.jobs[index]);
        self.transition(now, index, event);
        if !is_in_doubt && !self.options.without_list {
            // A run with another journal may have paid for the next generation.
            self.submitter.look_for(now, index);
        }
    }

    /// Takes back the videos that were given up for others, once nothing more is submitted: their links may live again. A
    /// refused create that was accepted is looked for.
    fn take_back_videos(&mut self, now: Timestamp) {
        if self.stop.as_ref().is_none_or(|reason| !reason.finishes_paid_work()) {
            return;
        }
        let given_up = self.jobs.ready.iter();
        let given_up = given_up.filter_map(|index| Some((*index, self.jobs[*index].take_back()?)));
        for (index, event) in given_up.collect::<Vec<_>>() {
            self.transition(now, index, event);
            self.reconciler.detector.on_refused(now);
        }
    }

    /// Decides whether a video that cannot be downloaded is paid for again: its link is dead for good, there is no other
    /// render of the job, and the run may submit it.
    fn gives_up_video(&mut self, now: Timestamp, index: usize) -> bool {
        let job = &self.jobs[index];
        let failure = job.state.last_failure.as_deref();
        let failure = failure.filter(|failure| self.rules.may_give_up(failure));
        let Some(failure) = failure.cloned().filter(|_| self.stop.is_none()) else {
            return false;
        };
        if !job.state.duplicates.is_empty() && !job.has_changed() {
            if matches!(job.state.phase, Phase::Downloading { .. }) {
                self.transition(now, index, JobEvent::LinkExpired { failure: failure.clone() });
            }
            self.transition(now, index, JobEvent::Failed { failure, charged: None });
            if let Some(event) = adopt_duplicate(&self.jobs[index]) {
                self.transition(now, index, event);
            }
            return false;
        }
        if let Some(reason) = self.budget.exceeded_by(job, self.jobs.in_flight == 0) {
            self.stop(reason);
            return false;
        }
        true
    }

    /// Processes the failure of a list, or of a request by id, that was sent at `started`.
    fn on_list_failed(&mut self, now: Timestamp, started: Timestamp, failure: Failure) {
        let unproven = AbsenceProofs::on_refused(&self.jobs, &failure);
        self.carry_out(now, unproven);
        let is_awaited = self.awaits_inventory() || self.waits_for_list(now).is_some();
        match self.reconciler.on_refused(now, started, &failure, is_awaited) {
            ListRefusal::Retry => {}
            ListRefusal::Stop => {
                self.stop(StopReason::InventoryRefused { message: failure.to_string() });
            }
            ListRefusal::Skip => {
                let failure = failure.clone();
                self.submitter.skip_list();
                self.record(now, Event::InventorySkipped { failure });
                self.reopen_requested(now);
            }
        }
        self.on_read_failed(now, failure, CommandKind::List);
    }

    // Changes

    fn carry_out(&mut self, now: Timestamp, decisions: impl IntoIterator<Item = Decision>) {
        for decision in decisions {
            match decision {
                Decision::Apply(index, event) => {
                    let is_given_up = matches!(event, JobEvent::DownloadGivenUp { .. });
                    self.transition(now, index, event);
                    if is_given_up {
                        self.reopen_if_requested(now, index);
                    }
                }
                Decision::Record(event) => self.record(now, event),
                Decision::PollAgain(index) => self.poll_again(now, index),
                Decision::FailRender { index, failure, charged } => {
                    self.fail_render(now, index, failure, charged);
                }
                Decision::CountFailure => self.count_failure(),
                Decision::AddRenderTime(took) => {
                    self.poller.intervals.add_sample(took);
                    self.submitter.limit.on_render_finished(now, took);
                }
                Decision::NoteReachable => self.has_reached_provider = true,
                Decision::CheckReachable { silence, message } => {
                    self.check_reachable(silence, message);
                }
                Decision::Stop(reason) => self.stop(reason),
            }
        }
    }

    /// Applies an event to a job: to its state, the entries, all sums and all queues.
    fn transition(&mut self, now: Timestamp, index: usize, event: JobEvent) {
        self.revisited.remove(&index);
        let state = &self.jobs[index].state;
        if matches!(event, JobEvent::SubmitStarted { .. }) {
            self.budget.begin_submit(index, state);
        }
        let before = self.budget.commitment(index, state);
        let change = self.jobs.apply(now, index, &event);
        self.budget.update(index, &self.jobs[index], before);
        if change.has_started {
            self.submitter.limit.on_render_started();
        }
        if matches!(event, JobEvent::Submitted { .. }) {
            self.reconciler.detector.on_accepted(now);
        }
        if matches!(event, JobEvent::Rendered { .. }) && self.jobs[index].sender == Sender::ThisRun
        {
            self.submitter.on_rendered();
        }
        if matches!(event, JobEvent::Failed { .. }) && self.jobs[index].is_refused() {
            self.reconciler.detector.on_refused(now);
        }
        if matches!(
            event,
            JobEvent::Submitted { .. } | JobEvent::Adopted { .. } | JobEvent::FoundAbsent
        ) {
            self.submitter.on_submit_resolved();
        }
        self.record(now, Event::job(&self.jobs[index].spec.id, event));
        self.reconciler.update_tags(index, &self.jobs);
        if change.has_moved {
            self.poller.dequeue(index);
            self.enter_phase(now, index);
        }
    }

    /// Tells the parts which phase a job is in.
    fn enter_phase(&mut self, now: Timestamp, index: usize) {
        let job = &self.jobs[index];
        match &job.state.phase {
            Phase::Pending | Phase::Done { .. } => {
                self.poller.forget(index);
                self.downloads.forget(index);
                self.reconciler.proofs.forget(index);
            }
            Phase::InDoubt { .. } => self.reconciler.add_doubt(now, index),
            Phase::Rendering { .. } => {
                let failed_downloads = self.downloads.failures(index);
                let urgency = self.poll_urgency();
                self.poller.start(now, index, job, failed_downloads, urgency);
            }
            Phase::Downloading { .. } if !job.has_given_up_download => {
                self.downloads.enqueue(now, index);
            }
            Phase::Downloading { .. } | Phase::Submitting | Phase::Failed { .. } => {}
        }
    }

    fn record(&mut self, now: Timestamp, event: Event) {
        self.sequence += 1;
        self.entries.push(Entry { sequence: self.sequence, at: now, event });
    }

    fn poll_again(&mut self, now: Timestamp, index: usize) {
        let urgency = self.poll_urgency();
        let job = &self.jobs[index];
        let decision = self.poller.poll_again(now, index, job, urgency);
        self.carry_out(now, decision);
    }

    fn fail_render(
        &mut self,
        now: Timestamp,
        index: usize,
        failure: Failure,
        charged: Option<Credits>,
    ) {
        let is_revisited = self.poller.is_revisited(index);
        let job = &self.jobs[index];
        let failure = match &job.state.revisited {
            // The provider has forgotten the render that failed.
            Some(earlier)
                if job.state.awaits_credits() && failure.kind == FailureKind::NotFound =>
            {
                (**earlier).clone()
            }
            Some(_) | None => failure,
        };
        // An earlier failure says nothing about the credits of today.
        let is_new = !is_revisited && job.sender == Sender::ThisRun;
        let stops = self.rules.stops_submits(&failure) && is_new;
        if !is_new && failure.kind == FailureKind::OutOfCredits {
            self.submitter.probe();
        }
        if stops {
            self.stop(StopReason::OutOfCredits { message: failure.to_string() });
        }
        self.transition(now, index, JobEvent::Failed { failure, charged });
        if let Some(event) = adopt_duplicate(&self.jobs[index]) {
            self.transition(now, index, event);
        } else if is_revisited {
            // An earlier run has counted it.
            self.reopen_if_requested(now, index);
        } else if !self.jobs[index].state.awaits_credits() {
            self.count_failure();
        }
    }

    /// Counts a job that failed in this run, and stops the run if these are too many.
    fn count_failure(&mut self) {
        self.failures += 1;
        let allowance = self.options.limits.max_fail;
        if allowance.is_some_and(|most| most.is_exceeded(self.failures, self.selected)) {
            self.stop(StopReason::TooManyFailures);
        }
    }

    fn check_reachable(&mut self, silence: Duration, message: String) {
        let usual = if self.has_reached_provider { PATIENCE_LATER } else { PATIENCE_AT_FIRST };
        let patience = self.options.limits.patience.unwrap_or(usual);
        if silence >= patience {
            self.stop(StopReason::Unreachable { message });
        }
    }
}

/// Returns the event that reopens a job, to be paid for again.
fn reopened(job: &TrackedJob) -> JobEvent {
    JobEvent::Reopened { generation: job.state.generation.next() }
}
