//! Submits, the requests that cost money: which job is submitted when, and what the answer means.

use std::collections::BTreeMap;
use std::time::Duration;

use super::backoff::Jitter;
use super::budget::Budget;
use super::concurrency_limit::ConcurrencyLimit;
use super::decision::{Decision, WakeUp};
use super::job_table::JobTable;
use super::lane::{LONGEST_HOLD, LaneLimiter};
use super::rules::SafetyRules;
use crate::model::{
    AcceptedJob, CommandKind, Credits, Disposition, Event, Failure, FailureKind, JobEvent, Phase,
    StopReason, Timestamp,
};

/// After this many consecutive lost answers no job is submitted until the list has shown one of them: each may have
/// been paid for. The same after two answers that cannot be read.
const MAX_CONSECUTIVE_LOST: usize = 20;

/// The next submit.
#[derive(Debug)]
pub(super) enum NextSubmit {
    /// Submit this job now.
    Submit(usize),
    /// Submit nothing now.
    Wait,
    /// Submit nothing more in this run.
    Stop(StopReason),
}

/// Whether the provider keeps the names of jobs, which contain their tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Unknown,
    Kept,
    /// An answer was without the tag, or, if true, the list was.
    Missing(bool),
}

/// Whether the account has credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AccountCredits {
    Expected,
    /// Jobs have failed for want of them: one submit is made at a time, until one is rendered.
    Doubtful,
    /// A submit of this run was rendered.
    Proven,
}

/// Decides about submits.
#[derive(Debug)]
pub(super) struct Submitter {
    pub(super) lane: LaneLimiter,
    pub(super) limit: Box<dyn ConcurrencyLimit>,
    render_timeout: Duration,
    jitter: Jitter,
    rules: &'static dyn SafetyRules,
    /// Submits without an answer yet.
    pub(super) outstanding: usize,
    /// Renders in flight at the first of the refusals since the last success, until one of these has reduced the limit of
    /// renders.
    refused_with: Option<usize>,
    /// Answers lost since a submit was last known to be accepted or not.
    consecutive_lost: usize,
    /// Jobs whose submit was refused, or that were reopened, with the time: each is looked for in the list before it is
    /// sent again. One list requested later covers all of them.
    refused: BTreeMap<usize, Timestamp>,
    /// When the list is read for them again, after one that would not have shown them.
    looks_again_at: Option<Timestamp>,
    /// Whether a list may have left out renders under way, and no list has shown one since.
    pub(super) hides_unfinished: bool,
    /// Whether the list was read after a refusal to see whether it shows renders under way.
    has_checked_unfinished: bool,
    names: Names,
    credits: AccountCredits,
}

impl Submitter {
    pub(super) const fn new(
        lane: LaneLimiter,
        limit: Box<dyn ConcurrencyLimit>,
        render_timeout: Duration,
        jitter: Jitter,
        rules: &'static dyn SafetyRules,
    ) -> Self {
        Self {
            lane,
            limit,
            render_timeout,
            jitter,
            rules,
            outstanding: 0,
            refused_with: None,
            consecutive_lost: 0,
            refused: BTreeMap::new(),
            looks_again_at: None,
            hides_unfinished: false,
            has_checked_unfinished: false,
            names: Names::Unknown,
            credits: AccountCredits::Expected,
        }
    }

    /// Lets one submit test whether there are credits: an earlier one has failed for want of them.
    pub(super) fn probe(&mut self) {
        if self.credits == AccountCredits::Expected {
            self.credits = AccountCredits::Doubtful;
        }
    }

    /// Notes that a submit of this run was rendered, so that there are credits.
    pub(super) const fn on_rendered(&mut self) {
        self.credits = AccountCredits::Proven;
    }

    /// Notes that a job is looked for in the list before it is sent.
    pub(super) fn look_for(&mut self, now: Timestamp, index: usize) {
        self.refused.insert(index, now);
    }

    /// Returns when the list is read for refused jobs, if nothing can be submitted until they were looked for. A render
    /// under way shows what the list is worth.
    pub(super) fn needs_list(&self, now: Timestamp, jobs: &JobTable) -> Option<Timestamp> {
        let has_render = jobs.in_flight > self.outstanding || self.outstanding == 0;
        let is_due = !self.refused.is_empty()
            && has_render
            && self.lane.held_until(now).is_none()
            && jobs.ready.iter().all(|index| self.refused.contains_key(index));
        is_due.then(|| self.looks_again_at.map_or(now, |at| at.max(now)))
    }

    /// Returns since when refused jobs have waited for a list.
    pub(super) fn refused_since(&self) -> Option<Timestamp> {
        self.refused.values().min().copied()
    }

    /// Checks whether the list is read now to see whether it shows renders under way: once, while there is one that it
    /// must show. Later, when refused jobs are looked for, all may have finished.
    pub(super) fn checks_unfinished(&mut self, jobs: &JobTable) -> bool {
        let has_render = jobs.in_flight > self.outstanding;
        let checks = has_render && !self.refused.is_empty() && !self.has_checked_unfinished;
        self.has_checked_unfinished |= checks;
        checks
    }

    /// Notes whether a list shows renders under way, or leaves out all of ours.
    pub(super) const fn on_unfinished(&mut self, shows_any: bool, leaves_out_ours: bool) {
        self.hides_unfinished = !shows_any && (self.hides_unfinished || leaves_out_ours);
    }

    /// Notes that a list requested at `started` has arrived. `is_believed`: it would show refused jobs that were accepted.
    /// Returns whether they cannot be looked for.
    pub(super) fn on_listed(
        &mut self,
        now: Timestamp,
        started: Timestamp,
        is_believed: bool,
        settle: Duration,
    ) -> bool {
        if self.lane.held_until(started).is_some() {
            // It is read again after the hold.
            return false;
        }
        if is_believed {
            self.refused.retain(|_, refused| *refused >= started);
            self.looks_again_at = None;
            return false;
        }
        let has_looked_again = self.looks_again_at.is_some_and(|at| at <= started);
        self.looks_again_at.get_or_insert(now.plus(settle));
        has_looked_again
    }

    /// Forgets which refused jobs were not looked for yet.
    pub(super) fn skip_list(&mut self) {
        self.refused.clear();
        self.looks_again_at = None;
    }

    /// Notes whether the list shows an accepted job with its tag.
    pub(super) fn on_name_listed(&mut self, shows_tag: bool) -> Option<Decision> {
        match self.names {
            _ if shows_tag => self.names = Names::Kept,
            Names::Unknown | Names::Missing(false) => {
                self.names = Names::Missing(true);
                return Some(Decision::Record(Event::TagNotShown { is_listed: true }));
            }
            Names::Kept | Names::Missing(true) => {}
        }
        None
    }

    /// Decides which job is submitted next. `is_reconciling`: the run still looks for jobs in doubt.
    pub(super) fn next(
        &mut self,
        now: Timestamp,
        jobs: &JobTable,
        budget: &Budget,
        is_reconciling: bool,
        wake: &mut WakeUp,
    ) -> NextSubmit {
        if let Some(until) = self.lane.long_hold(now) {
            // Requested from this run or an earlier one.
            return NextSubmit::Stop(StopReason::LongHold { until });
        }
        let is_free = |index: &&usize| !self.refused.contains_key(index);
        let Some(&index) = jobs.ready.iter().find(is_free) else {
            // The list is read after the hold.
            if let Some(until) = self.lane.held_until(now) {
                wake.at(until);
            }
            return NextSubmit::Wait;
        };
        if matches!(self.names, Names::Missing(_)) && self.outstanding > 0 {
            // At most one answer that is lost could not be cleared up.
            return NextSubmit::Wait;
        }
        if self.lane.is_failing() && self.outstanding > 0 {
            // One request tests whether the provider accepts submits again.
            return NextSubmit::Wait;
        }
        if self.consecutive_lost >= MAX_CONSECUTIVE_LOST {
            return if self.outstanding == 0 && !is_reconciling {
                NextSubmit::Stop(StopReason::TooManyDoubts)
            } else {
                NextSubmit::Wait
            };
        }
        if jobs[index].state.credit_failures > 0 {
            self.probe();
        }
        let lacked_credits = self.credits == AccountCredits::Doubtful;
        if jobs.in_flight > 0 && self.rules.probes(lacked_credits) {
            return NextSubmit::Wait;
        }
        let in_doubt = self.slots_in_doubt(now, jobs, wake);
        if !self.limit.has_room(jobs.in_flight, in_doubt) {
            return NextSubmit::Wait;
        }
        if let Some(reason) = budget.exceeded_by(&jobs[index], jobs.in_flight == 0) {
            // Jobs under way may cost less than reserved. Without any, there will never be room.
            return if jobs.in_flight == 0 && !is_reconciling {
                NextSubmit::Stop(reason)
            } else {
                NextSubmit::Wait
            };
        }
        if let Err(later) = self.lane.take(now) {
            wake.at(later);
            return NextSubmit::Wait;
        }
        self.outstanding += 1;
        NextSubmit::Submit(index)
    }

    /// Returns how many slots at the provider jobs in doubt may occupy, and wakes up when the first becomes free.
    fn slots_in_doubt(&self, now: Timestamp, jobs: &JobTable, wake: &mut WakeUp) -> usize {
        let in_doubt = jobs.in_doubt.iter();
        let ends = in_doubt.filter_map(|index| {
            let state = &jobs[*index].state;
            self.rules.occupied_until(state, now, self.render_timeout)
        });
        ends.inspect(|end| wake.at(*end)).count()
    }

    /// Notes that a submit was answered, or that no answer will come.
    pub(super) const fn on_outcome(&mut self) {
        self.outstanding = self.outstanding.saturating_sub(1);
    }

    /// Notes that a submit is known to be accepted or not.
    pub(super) const fn on_submit_resolved(&mut self) {
        self.consecutive_lost = 0;
    }

    /// Decides what the answer to a submit means.
    pub(super) fn on_answer(
        &mut self,
        now: Timestamp,
        index: usize,
        jobs: &JobTable,
        result: Result<AcceptedJob, Failure>,
    ) -> Vec<Decision> {
        if !matches!(jobs[index].state.phase, Phase::Submitting) {
            return Vec::new();
        }
        match result {
            // Two jobs cannot be one render. The list will show which of them was accepted.
            Ok(AcceptedJob { remote, .. }) if jobs.with_remote(&remote).is_some() => {
                let message =
                    format!("the provider answered with the id of another job, `{remote}`");
                let failure = Failure::new(FailureKind::Malformed, message);
                self.on_failure(now, index, jobs, failure)
            }
            Ok(AcceptedJob { remote, shows_tag }) => {
                self.lane.succeed();
                self.limit.on_accepted(jobs.in_flight);
                let event = JobEvent::Submitted { remote };
                let mut decisions = vec![Decision::NoteReachable, Decision::Apply(index, event)];
                if shows_tag && self.names == Names::Unknown {
                    self.names = Names::Kept;
                } else if !shows_tag && self.names == Names::Unknown {
                    self.names = Names::Missing(false);
                    decisions.push(Decision::Record(Event::TagNotShown { is_listed: false }));
                }
                decisions
            }
            Err(failure) => self.on_failure(now, index, jobs, failure),
        }
    }

    fn on_failure(
        &mut self,
        now: Timestamp,
        index: usize,
        jobs: &JobTable,
        failure: Failure,
    ) -> Vec<Decision> {
        let jitter = self.jitter.of_job(index);
        let message = failure.to_string();
        let disposition = failure.disposition(CommandKind::Submit);
        let mut decisions = Vec::new();
        if disposition != Disposition::HoldLane {
            let pause = self.rules.apply_retry_after(&mut self.lane, now, &failure);
            decisions.extend(pause.map(Decision::Record));
        }
        let is_refused = matches!(
            disposition,
            Disposition::Retry
                | Disposition::HoldLane
                | Disposition::FailJob
                | Disposition::StopSubmitting
                | Disposition::StopRun
        );
        if is_refused && self.rules.is_looked_for(&failure) {
            self.refused.insert(index, now);
        }
        let deferred = |failure| Decision::Apply(index, JobEvent::SubmitDeferred { failure });
        match disposition {
            Disposition::Retry => {
                self.lane.back_off(now, &failure, jitter);
                let silence = self.lane.failing_for(now);
                decisions.push(deferred(failure));
                decisions.push(Decision::CheckReachable { silence, message });
            }
            Disposition::HoldLane => {
                decisions.push(Decision::NoteReachable);
                decisions.push(deferred(failure.clone()));
                decisions.extend(self.on_throttled(now, jobs, failure, jitter));
            }
            Disposition::FailJob => {
                decisions.push(Decision::NoteReachable);
                let charged = Some(Credits::ZERO);
                decisions.push(Decision::Apply(index, JobEvent::Failed { failure, charged }));
                decisions.push(Decision::CountFailure);
            }
            Disposition::StopSubmitting => {
                decisions.push(deferred(failure));
                decisions.push(Decision::Stop(StopReason::OutOfCredits { message }));
            }
            Disposition::StopRun => {
                let reason = StopReason::of_refusal(&failure);
                decisions.push(deferred(failure));
                decisions.push(Decision::Stop(reason));
            }
            // The other dispositions are about reads. A submit with one of them may have been accepted.
            Disposition::InDoubt
            | Disposition::PollIndividually
            | Disposition::NotVisible
            | Disposition::FreshLink
            | Disposition::LeaveToUser => {
                // An answer that cannot be read, or is about another job, is no bad luck: the next one will be like it.
                let is_read = failure.kind == FailureKind::Malformed;
                self.consecutive_lost += if is_read { MAX_CONSECUTIVE_LOST / 2 } else { 1 };
                let event = self.rules.unanswered_submit(failure);
                decisions.push(Decision::Apply(index, event));
            }
        }
        decisions
    }

    fn on_throttled(
        &mut self,
        now: Timestamp,
        jobs: &JobTable,
        failure: Failure,
        jitter: u64,
    ) -> Vec<Decision> {
        let mut decisions = Vec::new();
        // The refused job itself is no longer in flight.
        let in_flight = jobs.in_flight.saturating_sub(1);
        let is_of_burst = self.lane.held_until(now).is_some();
        // With `Retry-After` the refusal is about the pace. Without it, or if waiting did not help, it may be about the
        // number of renders, unless some have ended since the first refusal.
        let may_be_slots = if self.lane.is_throttled() {
            self.refused_with.is_some_and(|first| in_flight >= first)
        } else {
            self.refused_with = Some(in_flight);
            failure.retry_after.is_none()
        };
        if may_be_slots && !is_of_burst {
            self.refused_with = None;
            self.limit.on_refused(in_flight, self.outstanding);
            decisions.extend(self.take_unrecorded_limit());
        }
        let until = self.rules.throttle(&mut self.lane, now, &failure, jitter);
        decisions.push(Decision::Record(self.lane.held(until, failure)));
        let is_endless = self.lane.failing_for(now) > LONGEST_HOLD;
        if is_endless || self.lane.long_hold(now).is_some() {
            decisions.push(Decision::Stop(StopReason::LongHold { until }));
        }
        decisions
    }

    /// Records the learned limit if it has changed.
    pub(super) fn take_unrecorded_limit(&mut self) -> Option<Decision> {
        let limit = self.limit.take_unrecorded()?;
        Some(Decision::Record(Event::LimitLearned { limit }))
    }
}
