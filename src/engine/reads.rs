//! Reads, the requests that cost nothing: when one may start, and what a failed one means. It never means
//! anything for a job.

use super::backoff::Jitter;
use super::decision::{Decision, WakeUp};
use super::lane::{LONGEST_HOLD, LaneLimiter};
use super::rules::SafetyRules;
use crate::model::{CommandKind, Disposition, Failure, FailureKind, StopReason, Timestamp};

/// Decides about polls and listings.
#[derive(Debug)]
pub(super) struct Reads {
    pub(super) lane: LaneLimiter,
    jitter: Jitter,
    rules: &'static dyn SafetyRules,
    /// When a read last succeeded in this run.
    pub(super) last_success: Option<Timestamp>,
    /// Whether the provider asked for a pause that this run does not wait for, so that reads are left to a later run.
    pub(super) have_ended: bool,
}

impl Reads {
    pub(super) const fn new(
        lane: LaneLimiter,
        jitter: Jitter,
        rules: &'static dyn SafetyRules,
    ) -> Self {
        Self { lane, jitter, rules, last_success: None, have_ended: false }
    }

    /// Takes one request's turn, or wakes up when it comes. Returns whether it is now.
    ///
    /// # Errors
    /// If a hold, asked for in this run or an earlier one, is too long to wait for.
    pub(super) fn take(&mut self, now: Timestamp, wake: &mut WakeUp) -> Result<bool, StopReason> {
        if let Some(until) = self.lane.long_hold(now) {
            self.have_ended = true;
            return Err(StopReason::LongHold { until });
        }
        let turn = self.lane.take(now);
        Ok(turn.map_err(|later| wake.at(later)).is_ok())
    }

    /// Notes a read that succeeded.
    pub(super) fn on_success(&mut self, now: Timestamp) {
        self.last_success = Some(now);
        self.lane.succeed();
    }

    /// Handles a refusal of one request that says nothing about the provider as a whole.
    pub(super) fn on_refused_request(
        &mut self,
        now: Timestamp,
        failure: &Failure,
    ) -> Option<Decision> {
        let pause = self.rules.apply_retry_after(&mut self.lane, now, failure);
        pause.map(Decision::Record)
    }

    /// Decides what the refusal of a request for many jobs means: they are polled one by one.
    pub(super) fn on_refused_batch(
        &mut self,
        now: Timestamp,
        failure: &Failure,
    ) -> Option<Decision> {
        if failure.kind != FailureKind::NotFound {
            // The provider does not answer this request, but it is there.
            self.last_success = Some(now);
        }
        self.on_refused_request(now, failure)
    }

    /// Decides what a failed read means.
    pub(super) fn on_failure(
        &mut self,
        now: Timestamp,
        failure: Failure,
        kind: CommandKind,
    ) -> Vec<Decision> {
        let jitter = self.jitter.of_run();
        let disposition = failure.disposition(kind);
        let mut decisions = Vec::new();
        if disposition != Disposition::HoldLane {
            decisions.extend(self.on_refused_request(now, &failure));
        }
        match disposition {
            Disposition::HoldLane => {
                let until = self.rules.throttle(&mut self.lane, now, &failure, jitter);
                decisions.push(Decision::NoteReachable);
                decisions.push(Decision::Record(self.lane.held(until, failure)));
                let is_endless = self.lane.failing_for(now) > LONGEST_HOLD;
                if is_endless || self.lane.long_hold(now).is_some() {
                    self.have_ended = true;
                    decisions.push(Decision::Stop(StopReason::LongHold { until }));
                }
            }
            Disposition::StopRun => {
                decisions.push(Decision::Stop(StopReason::of_refusal(&failure)));
            }
            Disposition::Retry
            | Disposition::InDoubt
            | Disposition::FailJob
            | Disposition::StopSubmitting
            | Disposition::PollIndividually
            | Disposition::NotVisible
            | Disposition::FreshLink
            | Disposition::LeaveToUser => {
                // A list that the provider cannot make says nothing about its other answers, and has a back-off of its
                // own. Polls must not wait with it.
                let is_sent = failure.kind != FailureKind::NotSent;
                if kind != CommandKind::List || !is_sent {
                    self.lane.back_off(now, &failure, jitter);
                }
                decisions.push(if is_sent {
                    Decision::NoteReachable
                } else {
                    Decision::CheckReachable {
                        silence: self.lane.failing_for(now),
                        message: failure.to_string(),
                    }
                });
            }
        }
        decisions
    }
}
