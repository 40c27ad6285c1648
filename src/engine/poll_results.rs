//! The part of the engine that hears what the provider says about renders, and what a failed read
//! means: nothing about any job.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::lane::LONGEST_HOLD;
use super::{Batch, backoff};
use crate::model::{
    CommandKind, Credits, Disposition, Event, Failure, FailureKind, JobEvent, Lane, Output, Phase,
    RemoteId, RenderReport, RenderStatus, StopReason, Timestamp,
};

/// So many answers that do not mention a job, and it is asked about by its id.
const UNMENTIONED_BEFORE_LOOKING: u32 = 2;

/// An answer that should be final and is not (`done` without output, 404) is believed only after so
/// many looks…
const UNSETTLED_POLLS: u32 = 6;

/// …and so many times the shortest interval between looks (a minute by default).
pub(super) const UNSETTLED_INTERVALS: u32 = 12;

impl Batch {
    pub(super) fn on_polled(
        &mut self,
        now: Timestamp,
        remotes: &[RemoteId],
        result: Result<Vec<RenderReport>, Failure>,
    ) {
        let asked: Vec<(&RemoteId, usize)> = remotes
            .iter()
            .filter_map(|remote| Some((remote, *self.by_remote.get(remote)?)))
            .collect();
        match result {
            Ok(reports) => {
                self.on_read_success(now);
                let mut reports: HashMap<RemoteId, RenderReport> = reports
                    .into_iter()
                    .map(|report| (report.remote.clone(), report))
                    .collect();
                for (remote, place) in asked {
                    match reports.remove(remote) {
                        Some(report) => self.on_report(now, place, report),
                        None => self.on_unmentioned(now, place),
                    }
                }
                self.on_queue_changed(now);
            }
            Err(failure) => {
                let ask_by_id = failure.disposition(CommandKind::Poll) == Disposition::AskById;
                for (_, place) in asked {
                    if is_broken!(FailedPollFailsJob) {
                        self.fail_render(now, place, failure.clone(), None);
                    }
                    self.jobs[place].live.polls_by_id |= ask_by_id;
                    let wait = if ask_by_id {
                        Duration::ZERO
                    } else {
                        self.policy.limits.poll_interval
                    };
                    self.poll_after(now, place, wait);
                }
                if ask_by_id {
                    if failure.kind != FailureKind::NotFound {
                        // It will not answer this question, but it is there.
                        self.last_answer = Some(now);
                    }
                    self.apply_retry_after(now, Lane::Poll, &failure);
                } else {
                    self.on_read_failed(now, failure, CommandKind::Poll);
                }
            }
        }
    }

    /// Which renders wait at the provider may have changed.
    fn on_queue_changed(&mut self, now: Timestamp) {
        self.concurrency.queue_changed(self.in_flight, self.waiting);
        self.record_learned_slots(now);
    }

    /// A job the answer does not mention has given no information.
    fn on_unmentioned(&mut self, now: Timestamp, place: usize) {
        let live = &mut self.jobs[place].live;
        live.unmentioned += 1;
        live.polls_by_id |= live.unmentioned >= UNMENTIONED_BEFORE_LOOKING;
        let wait = if live.polls_by_id {
            Duration::ZERO
        } else {
            self.policy.limits.poll_interval
        };
        self.poll_after(now, place, wait);
    }

    pub(super) fn on_looked(
        &mut self,
        now: Timestamp,
        place: usize,
        result: Result<RenderReport, Failure>,
    ) {
        match result {
            Ok(report) => {
                self.on_read_success(now);
                // The fleet request may work again; if not, two answers will tell.
                self.jobs[place].live.polls_by_id = false;
                self.on_report(now, place, report);
                self.on_queue_changed(now);
            }
            Err(failure) => {
                if failure.disposition(CommandKind::Look) == Disposition::NotVisible {
                    self.apply_retry_after(now, Lane::Poll, &failure);
                    // Is it the job that is not there, or the API? The fleet request will tell.
                    let live = &mut self.jobs[place].live;
                    live.polls_by_id = false;
                    live.unmentioned = UNMENTIONED_BEFORE_LOOKING - 1;
                    self.on_unsettled(now, place, failure);
                } else {
                    self.poll_after(now, place, self.policy.limits.poll_interval);
                    self.on_read_failed(now, failure, CommandKind::Look);
                }
            }
        }
    }

    /// What the provider says of a render that was being watched.
    pub(super) fn on_report(&mut self, now: Timestamp, place: usize, report: RenderReport) {
        let job = &mut self.jobs[place];
        let Phase::Rendering { remote } = &job.state.phase else {
            return;
        };
        if *remote != report.remote {
            return;
        }
        job.live.unmentioned = 0;
        let charged = report.credits_used.filter(|used| *used >= Credits::ZERO);
        match report.status {
            RenderStatus::Done => {
                let Some(video_url) = report.output else {
                    let failure = Failure::new(
                        FailureKind::NoOutput,
                        "the provider says `done` but shows no video",
                    );
                    return self.on_unsettled(now, place, failure);
                };
                job.live.unsettled = None;
                let state = &job.state;
                // One of an earlier run may have been finished for days before this run looked.
                let of_this_run = |accepted: &Timestamp| Some(*accepted) >= self.started;
                let accepted = state.accepted_at.filter(of_this_run);
                if state.rendered_at.is_none()
                    && !state.is_adopted
                    && let Some(accepted) = accepted
                {
                    self.learn(now, now.since(accepted));
                }
                let output = Arc::new(Output {
                    video_url,
                    thumbnail_url: report.thumbnail,
                    duration_seconds: report.duration_seconds,
                    // A charge that comes later reads as 0 until then, and no finished render is free.
                    credits_used: charged.filter(|used| *used > Credits::ZERO),
                });
                self.transition(now, place, JobEvent::Rendered { output });
                // It has come after all; should its link expire, it is to be watched again.
                let live = &mut self.jobs[place].live;
                live.is_overdue = false;
                live.last_poll = None;
            }
            RenderStatus::Failed | RenderStatus::Rejected => {
                let reason = report
                    .failed_reason
                    .unwrap_or_else(|| "no reason given".to_owned());
                let message = format!("{} by the provider: {reason}", report.status);
                let failure = Failure::new(FailureKind::RenderFailed, message);
                self.fail_render(now, place, failure, charged);
            }
            RenderStatus::Pending
            | RenderStatus::InQueue
            | RenderStatus::Running
            | RenderStatus::Other(_) => {
                job.live.unsettled = None;
                job.live.progress = report.progress.and_then(share_done);
                let status = clean_word(report.status.as_word());
                if job.state.observed.as_deref() != Some(status.as_str()) {
                    self.transition(now, place, JobEvent::Observed { status });
                }
                self.poll_again(now, place);
            }
        }
    }

    /// An answer that should be final and is not: believed only when it is repeated for long enough.
    fn on_unsettled(&mut self, now: Timestamp, place: usize, failure: Failure) {
        let job = &mut self.jobs[place];
        if !job.wants_polls() {
            return;
        }
        let (poll_queue, since) = job
            .live
            .unsettled
            .map_or((1, now), |(poll_queue, at)| (poll_queue + 1, at));
        job.live.unsettled = Some((poll_queue, since));
        let poll_interval = self.policy.limits.poll_interval;
        let long_enough = poll_interval.saturating_mul(UNSETTLED_INTERVALS);
        let is_repeated = poll_queue >= UNSETTLED_POLLS && now.since(since) >= long_enough;
        // What an earlier run has found by patience is only to be confirmed.
        let is_confirmed = job.live.is_revisited && self.last_answer.is_some();
        if !is_repeated && !is_confirmed {
            return self.poll_again(now, place);
        }
        let is_unanswered = !is_confirmed && self.last_answer < Some(since);
        if failure.kind == FailureKind::NotFound && is_unanswered {
            // Nothing at all is found there any more: it is not the job that is missing.
            return self.stop(StopReason::WrongAddress {
                message: failure.to_string(),
            });
        }
        let job = &self.jobs[place];
        if failure.kind == FailureKind::NoOutput && job.state.rendered_at.is_some() {
            // The video was there before; only the fresh link is wanting.
            self.park(now, place, failure);
            return self.dequeue(place);
        }
        let failure = if failure.kind == FailureKind::NotFound && job.state.rendered_at.is_some() {
            let message = format!(
                "its file is not in `videos`, and the provider no longer has it: {}",
                failure.message
            );
            Failure { message, ..failure }
        } else {
            failure
        };
        self.fail_render(now, place, failure, None);
    }

    fn fail_render(
        &mut self,
        now: Timestamp,
        place: usize,
        failure: Failure,
        charged: Option<Credits>,
    ) {
        let is_new = !self.jobs[place].live.is_revisited;
        self.transition(now, place, JobEvent::Failed { failure, charged });
        if is_new {
            return self.count_failure();
        }
        // It was asked about once more before it is retried, and has not turned up.
        let job = &self.jobs[place];
        let is_retried = self.policy.retry_failed && job.state.is_retried_unnamed();
        if is_retried && job.may_submit && self.is_unapplied_request(place) {
            let generation = job.state.generation.next();
            self.jobs[place].live.is_revisited = false;
            self.transition(now, place, JobEvent::Reopened { generation });
        }
    }

    pub(super) fn on_read_success(&mut self, now: Timestamp) {
        self.last_answer = Some(now);
        self.has_reached_provider = true;
        self.read_lane.succeeded();
    }

    /// A failed read costs nothing and says nothing about any job.
    pub(super) fn on_read_failed(&mut self, now: Timestamp, failure: Failure, kind: CommandKind) {
        let jitter = backoff::mix(self.policy.seed);
        let message = failure.to_string();
        let disposition = failure.disposition(kind);
        let failure = if is_broken!(ReadWishIgnored) {
            failure.with_retry_after(None)
        } else {
            failure
        };
        if disposition != Disposition::HoldLane {
            self.apply_retry_after(now, Lane::Poll, &failure);
        }
        match disposition {
            Disposition::HoldLane => {
                self.has_reached_provider = true;
                let until = self.read_lane.throttled(now, &failure, jitter);
                self.record(
                    now,
                    Event::LaneHeld {
                        lane: Lane::Poll,
                        until,
                        failure,
                    },
                );
                let is_endless = self.read_lane.failing_for(now) > LONGEST_HOLD;
                if is_endless || self.read_lane.long_hold(now).is_some() {
                    self.stop_reading(until);
                }
            }
            Disposition::StopRun => self.stop(StopReason::of_refusal(&failure)),
            Disposition::Retry
            | Disposition::InDoubt
            | Disposition::FailJob
            | Disposition::StopSubmitting
            | Disposition::AskById
            | Disposition::NotVisible
            | Disposition::FreshLink
            | Disposition::WaitForPerson => {
                // A list that the provider cannot make says nothing about its other answers, and
                // waits by itself: polls must not wait with it.
                let is_list_alone =
                    kind == CommandKind::List && failure.kind != FailureKind::NotSent;
                if !is_list_alone {
                    self.read_lane.failed_to_reach(now, &failure, jitter);
                }
                if failure.kind == FailureKind::NotSent {
                    let silence = self.read_lane.failing_for(now);
                    self.give_up_if_unreachable(silence, message);
                } else {
                    self.has_reached_provider = true;
                }
            }
        }
    }
}

/// How far a render has come, from 0 to 1. The provider writes fractions; more than 1 is taken for a
/// percentage.
fn share_done(progress: f64) -> Option<f64> {
    let share = if progress > 1.0 {
        progress / 100.0
    } else {
        progress
    };
    share.is_finite().then(|| share.clamp(0.0, 1.0))
}

/// A status word from the provider, short enough to be shown.
fn clean_word(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).take(40).collect()
}
