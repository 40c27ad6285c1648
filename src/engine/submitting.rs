//! The part of the engine that spends money: which job is submitted when, and what its answer means.

use std::sync::Arc;
use std::time::Duration;

use super::Batch;
use super::job::Job;
use super::lane::LONGEST_HOLD;
use crate::model::{
    Command, CommandKind, Credits, Disposition, Event, Failure, FailureKind, JobEvent, Lane, Phase,
    RemoteId, StopReason, Timestamp,
};

/// A provider that has never answered in this run is probably not there at all.
const PATIENCE_AT_FIRST: Duration = Duration::from_secs(30);

/// A provider that has answered before is probably on the other side of a network that will return.
const PATIENCE_LATER: Duration = Duration::from_secs(10 * 60);

/// After so many lost answers in a row nothing more is submitted until the list has told of one of them: each may
/// have been paid for.
const MAX_CONSECUTIVE_LOST_SUBMITS: usize = 20;

impl Batch {
    /// Whether there is something to submit, now or later in this run.
    pub(super) fn wants_to_submit(&self) -> bool {
        !self.is_stopping() && !self.ready.is_empty()
    }

    /// Whether a submit was redirected. That stops a run and is taken for a wrong address; but whoever answers so
    /// may have accepted it before, and the list may show that late.
    pub(super) fn was_redirected(&self) -> bool {
        self.pending.iter().any(|place| {
            let failure = self.jobs[*place].state.last_failure.as_ref();
            failure.is_some_and(|failure| failure.kind == FailureKind::Redirected)
        })
    }

    /// Whether a job has ever been submitted, as far as this journal knows.
    pub(super) fn has_submits_on_record(&self) -> bool {
        let was_submitted = |job: &Job| job.state.attempts > 0 || job.state.tag.is_some();
        self.jobs.iter().any(was_submitted)
    }

    /// Starts every submit that all limits allow.
    pub(super) fn submit_if_allowed(&mut self, now: Timestamp) {
        let is_full = self.wants_to_submit() && self.are_slots_scarce();
        self.concurrency.set_saturated(is_full);
        while self.wants_to_submit() && self.inventory.allows_submits() {
            if let Some(until) = self.submit_lane.long_hold(now) {
                // Asked for by this run or an earlier one.
                self.stop(StopReason::LongHold { until });
                return;
            }
            let Some(&place) = self.ready.first() else {
                return;
            };
            if self.consecutive_lost_submits >= MAX_CONSECUTIVE_LOST_SUBMITS {
                if self.outstanding_submits == 0 && !self.is_reconciling(now) {
                    self.stop(StopReason::TooManyDoubts);
                }
                return;
            }
            let doubtful = self.doubtful(now);
            if !self.concurrency.has_room(self.in_flight, doubtful) {
                return;
            }
            if let Some(reason) = self.budget.objection(self.jobs[place].reservation) {
                // What is promised now may turn out cheaper than reserved; if nothing is promised
                // any more, it never will.
                if self.in_flight == 0 && !self.is_reconciling(now) {
                    self.stop(reason);
                }
                return;
            }
            if let Err(later) = self.submit_lane.take(now) {
                self.wake(later);
                return;
            }
            self.submit(now, place);
        }
    }

    /// Puts on record what has been learnt of the account.
    pub(super) fn record_learned_slots(&mut self, now: Timestamp) {
        if let Some(places) = self.concurrency.unrecorded() {
            self.record(now, Event::PlacesLearnt { places });
        }
    }

    /// Places at the provider that jobs in doubt may have taken: each for as long as a render can
    /// take, because it may be one.
    fn doubtful(&mut self, now: Timestamp) -> usize {
        if is_broken!(DoubtTakesNoPlace) {
            return 0;
        }
        let limit = self.policy.limits.render_timeout;
        let ends = self
            .in_doubt
            .iter()
            .filter_map(|place| self.jobs[*place].state.submitted_at)
            .map(|submitted| submitted.plus(limit))
            .filter(|end| *end > now);
        let (in_doubt, first_end) = ends.fold((0, None), |(count, first), end| {
            (
                count + 1,
                Some(first.map_or(end, |first: Timestamp| first.min(end))),
            )
        });
        if let Some(end) = first_end {
            self.wake(end);
        }
        in_doubt
    }

    fn submit(&mut self, now: Timestamp, place: usize) {
        let job = &self.jobs[place];
        let tag = job.tag(&self.campaign, job.state.generation);
        self.commands.push(Command::Submit {
            job: job.spec.id.clone(),
            request: Arc::clone(&job.spec.request),
            name: tag.name_for(&job.spec.id),
        });
        self.outstanding_submits += 1;
        if is_broken!(IntentAfterAnswer) {
            self.ready.remove(&place);
            return;
        }
        self.record_intent(now, place);
    }

    /// Puts on record what is about to be sent.
    fn record_intent(&mut self, now: Timestamp, place: usize) {
        let job = &self.jobs[place];
        let generation = job.state.generation;
        let event = JobEvent::SubmitStarted {
            tag: job.tag(&self.campaign, generation),
            fingerprint: job.spec.fingerprint.clone(),
            generation,
            reserved: job.reservation,
        };
        self.transition(now, place, event);
    }

    pub(super) fn on_submitted(
        &mut self,
        now: Timestamp,
        place: usize,
        result: Result<RemoteId, Failure>,
    ) {
        if is_broken!(IntentAfterAnswer) {
            self.record_intent(now, place);
        }
        if !matches!(self.jobs[place].state.phase, Phase::Submitting) {
            return;
        }
        let is_taken = |remote: &RemoteId| self.by_remote.contains_key(remote);
        let result = match result {
            // Two jobs cannot be one render: which of them was accepted, the list will tell.
            Ok(remote) if is_taken(&remote) => Err(Failure::new(
                FailureKind::Malformed,
                format!("the provider answered with the id of another job, `{remote}`"),
            )),
            result => result,
        };
        match result {
            Ok(remote) => {
                self.has_reached_provider = true;
                self.submit_lane.succeeded();
                self.concurrency.accepted();
                self.transition(now, place, JobEvent::Submitted { remote });
                self.duplicate_runs.begin(now);
            }
            Err(failure) => self.on_submit_failed(now, place, failure),
        }
    }

    fn on_submit_failed(&mut self, now: Timestamp, place: usize, failure: Failure) {
        let jitter = self.jitter(place);
        let message = failure.to_string();
        let disposition = failure.disposition(CommandKind::Submit);
        if disposition != Disposition::HoldLane {
            self.apply_retry_after(now, Lane::Submit, &failure);
        }
        match disposition {
            Disposition::Retry => {
                self.submit_lane.failed_to_reach(now, &failure, jitter);
                self.transition(now, place, JobEvent::SubmitDeferred { failure });
                let silence = self.submit_lane.failing_for(now);
                self.give_up_if_unreachable(silence, message);
            }
            Disposition::HoldLane => {
                self.has_reached_provider = true;
                self.transition(
                    now,
                    place,
                    JobEvent::SubmitDeferred {
                        failure: failure.clone(),
                    },
                );
                // A provider that names a time speaks of its pace; only when that does not help, or it
                // names none, may it mean how many are under way. The refusals of one burst are one.
                let is_first = self.submit_lane.held_until(now).is_none();
                let names_pace = failure.retry_after.is_some() && !self.submit_lane.is_failing();
                if is_first && !names_pace {
                    self.concurrency
                        .refused(self.in_flight, self.outstanding_submits);
                    self.record_learned_slots(now);
                }
                if is_broken!(ThrottleHoldsOneJob) {
                    return;
                }
                let until = self.submit_lane.throttled(now, &failure, jitter);
                self.record(
                    now,
                    Event::LaneHeld {
                        lane: Lane::Submit,
                        until,
                        failure,
                    },
                );
                let is_endless = self.submit_lane.failing_for(now) > LONGEST_HOLD;
                if is_endless || self.submit_lane.long_hold(now).is_some() {
                    self.stop(StopReason::LongHold { until });
                }
            }
            Disposition::FailJob => {
                self.has_reached_provider = true;
                let charged = Some(Credits::ZERO);
                self.transition(now, place, JobEvent::Failed { failure, charged });
                self.count_failure();
            }
            Disposition::StopSubmitting => {
                self.transition(now, place, JobEvent::SubmitDeferred { failure });
                self.stop(StopReason::OutOfCredits { message });
            }
            Disposition::StopRun => {
                let reason = StopReason::of_refusal(&failure);
                self.transition(now, place, JobEvent::SubmitDeferred { failure });
                self.stop(reason);
            }
            // The rest of the table speaks of reads; a submit that met it may have been accepted.
            Disposition::InDoubt
            | Disposition::AskById
            | Disposition::NotVisible
            | Disposition::FreshLink
            | Disposition::WaitForPerson => {
                if is_broken!(LostIsRetried) {
                    return self.transition(now, place, JobEvent::SubmitDeferred { failure });
                }
                self.consecutive_lost_submits += 1;
                self.transition(now, place, JobEvent::SubmitLost { failure });
            }
        }
    }

    /// Keeps a pause that the provider names together with a failure of another kind, such as a 503
    /// with `Retry-After`: the whole lane waits, and it is on record.
    pub(super) fn apply_retry_after(&mut self, now: Timestamp, name: Lane, failure: &Failure) {
        let Some(until) = failure.retry_after.map(|wish| wish.moment(now)) else {
            return;
        };
        let lane = match name {
            Lane::Submit => &mut self.submit_lane,
            Lane::Poll => &mut self.read_lane,
            Lane::Fetch => return,
        };
        if until <= now {
            return;
        }
        let until = lane.cap_pause(now, until);
        lane.hold(until);
        let failure = failure.clone();
        let lane = name;
        self.record(
            now,
            Event::LaneHeld {
                lane,
                until,
                failure,
            },
        );
    }

    /// Ends the run if nothing has been reached for too long.
    pub(super) fn give_up_if_unreachable(&mut self, silence: Duration, message: String) {
        let patience = if self.has_reached_provider {
            PATIENCE_LATER
        } else {
            PATIENCE_AT_FIRST
        };
        if silence >= patience {
            self.stop(StopReason::Unreachable { message });
        }
    }
}
