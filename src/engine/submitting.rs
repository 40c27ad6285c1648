//! The part of the engine that spends money: which job is submitted when, and what its answer means.

use std::sync::Arc;
use std::time::Duration;

use super::Batch;
use super::lane::LONGEST_HOLD;
use crate::model::{
    Command, CommandKind, Credits, Disposition, Event, Failure, JobEvent, Lane, Phase, RemoteId,
    StopReason, Timestamp,
};

/// A provider that has never answered in this run is probably not there at all.
const PATIENCE_AT_FIRST: Duration = Duration::from_secs(30);

/// A provider that has answered before is probably on the other side of a network that will return.
const PATIENCE_LATER: Duration = Duration::from_secs(10 * 60);

impl Batch {
    /// Whether there is something to submit, now or later in this run.
    pub(super) fn wants_to_submit(&self) -> bool {
        !self.is_stopping() && !self.ready.is_empty()
    }

    /// Starts every submit that all limits allow.
    pub(super) fn submit_due(&mut self, now: Timestamp) {
        while self.wants_to_submit() && self.inventory.allows_submits() {
            let Some(&place) = self.ready.first() else {
                return;
            };
            if self.occupied(now) >= self.concurrency.current() {
                return;
            }
            if !self.budget.allows(self.jobs[place].reservation()) {
                // What is promised now may turn out cheaper than reserved; if nothing is promised
                // any more, it never will.
                if self.in_flight == 0 && !self.is_reconciling(now) {
                    self.stop(StopReason::CapReached);
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

    /// Places taken at the provider: what is being rendered, what is in the air, and what is in doubt
    /// for as long as a render can take, because it may be one.
    fn occupied(&mut self, now: Timestamp) -> usize {
        let mut occupied = self.in_flight;
        let limit = self.policy.limits.render_timeout;
        let ends: Vec<Timestamp> = self
            .doubts
            .iter()
            .filter_map(|place| self.jobs[*place].state.submitted_at)
            .map(|submitted| submitted.plus(limit))
            .filter(|end| *end > now)
            .collect();
        for end in ends {
            occupied += 1;
            self.wake(end);
        }
        occupied
    }

    fn submit(&mut self, now: Timestamp, place: usize) {
        let job = &self.jobs[place];
        let generation = job.state.generation;
        let tag = job.tag(&self.campaign, generation);
        let name = tag.name_for(&job.spec.id);
        let event = JobEvent::SubmitStarted {
            tag,
            fingerprint: job.spec.fingerprint.clone(),
            generation,
            reserved: job.reservation(),
        };
        self.commands.push(Command::Submit {
            job: job.spec.id.clone(),
            request: Arc::clone(&job.spec.request),
            name,
        });
        self.submits_in_air += 1;
        self.transition(now, place, event);
    }

    pub(super) fn on_submitted(
        &mut self,
        now: Timestamp,
        place: usize,
        result: Result<RemoteId, Failure>,
    ) {
        if !matches!(self.jobs[place].state.phase, Phase::Submitting) {
            return;
        }
        match result {
            Ok(remote) => {
                self.has_reached_provider = true;
                self.submit_lane.succeeded();
                self.concurrency.accepted();
                self.transition(now, place, JobEvent::Submitted { remote });
            }
            Err(failure) => self.on_submit_failed(now, place, failure),
        }
    }

    fn on_submit_failed(&mut self, now: Timestamp, place: usize, failure: Failure) {
        let salt = self.salt(place);
        let message = failure.to_string();
        match failure.disposition(CommandKind::Submit) {
            Disposition::Retry => {
                self.transition(now, place, JobEvent::SubmitDeferred { failure });
                self.submit_lane.failed_to_reach(now, salt);
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
                self.concurrency.refused(self.in_flight);
                let until = self.submit_lane.throttled(now, &failure, salt);
                self.record(
                    now,
                    Event::LaneHeld {
                        lane: Lane::Submit,
                        until,
                        failure,
                    },
                );
                if until > now.plus(LONGEST_HOLD)
                    || self.submit_lane.failing_for(now) > LONGEST_HOLD
                {
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
                self.transition(now, place, JobEvent::SubmitLost { failure });
            }
        }
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
