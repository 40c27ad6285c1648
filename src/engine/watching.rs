//! The part of the engine that watches renders: many in one request, one by one where that fails.

use std::collections::HashMap;
use std::time::Duration;

use super::backoff::READ;
use super::lane::LONGEST_HOLD;
use super::{Batch, backoff};
use crate::model::{
    Command, CommandKind, Credits, Disposition, Event, Failure, FailureKind, JobEvent, Lane,
    Output, Phase, RemoteId, RenderReport, RenderStatus, StopReason, Timestamp,
};

/// The API answers at most so many ids in one request.
const IDS_A_REQUEST: usize = 100;

/// Reads in the air at one time; the pace limits them more than this does.
const READS_AT_ONCE: usize = 4;

/// So many answers that do not mention a job, and it is asked about by its id.
const UNMENTIONED_BEFORE_LOOKING: u32 = 2;

/// An answer that should be final and is not (`done` without output, 404) is believed only after so
/// many looks…
const PUZZLING_LOOKS: u32 = 6;

/// …and so many times the shortest interval between looks (a minute by default).
const PUZZLING_INTERVALS: u32 = 12;

/// The last look at a render has this much time to be answered.
const SHORTEST_GRACE: Duration = Duration::from_secs(30);

impl Batch {
    /// Puts a render into the queue of those to be looked at.
    pub(super) fn watch(&mut self, now: Timestamp, place: usize) {
        let started = self.started.unwrap_or(now);
        let job = &self.jobs[place];
        if job.live.is_overdue || job.live.is_parked {
            return;
        }
        let accepted = job.state.accepted_at.unwrap_or(now);
        let due = if job.state.rendered_at.is_some() {
            // Only a fresh link is wanted.
            match job.live.fetches {
                0 => now,
                tries => now.plus(READ.wait(tries, self.salt(place))),
            }
        } else if accepted < started {
            // Accepted before this run: it may have been finished for days.
            now
        } else {
            self.polling.next(accepted, now)
        };
        // However long ago it was accepted, it is looked at for a while before it is given up.
        let deadline = accepted
            .plus(self.policy.limits.render_timeout)
            .max(now.plus(self.grace()));
        self.look_at(place, due);
        self.wait_until(place, deadline);
    }

    /// Long enough to see through an answer that puzzles.
    fn grace(&self) -> Duration {
        let limits = &self.policy.limits;
        let puzzle = limits.poll_interval.saturating_mul(2 * PUZZLING_INTERVALS);
        limits.render_timeout.min(puzzle)
    }

    fn wait_until(&mut self, place: usize, deadline: Timestamp) {
        let live = &mut self.jobs[place].live;
        if let Some(earlier) = live.deadline.replace(deadline) {
            self.deadlines.remove(&(earlier, place));
        }
        self.deadlines.insert((deadline, place));
    }

    /// Stops waiting for renders whose time is up, but not before one more look: the machine may have
    /// slept through their end.
    pub(super) fn check_deadlines(&mut self, now: Timestamp) {
        while let Some(&(deadline, place)) = self.deadlines.first() {
            if deadline > now {
                self.wake(deadline);
                return;
            }
            let live = &mut self.jobs[place].live;
            if live.last_look.is_some() {
                self.give_up_waiting(now, place);
                continue;
            }
            live.last_look = Some(now);
            let is_in_air = live.look_due.is_none();
            self.wait_until(place, now.plus(self.grace().max(SHORTEST_GRACE)));
            if !is_in_air {
                self.look_at(place, now);
            }
        }
    }

    fn look_at(&mut self, place: usize, due: Timestamp) {
        let live = &mut self.jobs[place].live;
        if let Some(earlier) = live.look_due.replace(due) {
            self.looks.remove(&(earlier, place));
        }
        self.looks.insert((due, place));
    }

    /// Looks again after the learnt interval.
    fn look_again(&mut self, now: Timestamp, place: usize) {
        let job = &self.jobs[place];
        if !job.is_watched() {
            return;
        }
        if let Some(last) = job.live.last_look
            && job.live.puzzling.is_none()
        {
            return match job.live.asked_at >= Some(last) {
                true => self.give_up_waiting(now, place),
                false => self.look_at(place, now),
            };
        }
        let accepted = job.state.accepted_at.unwrap_or(now);
        let due = match job.live.puzzling {
            Some((looks, _)) => now.plus(READ.wait(looks, self.salt(place))),
            None => self.polling.next(accepted, now),
        };
        self.look_at(place, due);
    }

    /// This run no longer waits for a render. It may still finish; a later run will see.
    fn give_up_waiting(&mut self, now: Timestamp, place: usize) {
        let job = &mut self.jobs[place];
        let was_in_flight = job.is_in_flight();
        job.live.is_overdue = true;
        self.in_flight -= usize::from(was_in_flight);
        self.leave_queues(place);
        self.transition(now, place, JobEvent::RenderOverdue);
    }

    /// Sends the reads that are due, as few as possible.
    pub(super) fn look_due(&mut self, now: Timestamp) {
        while let Some(&(due, first)) = self.looks.first()
            && !self.reads_are_over
        {
            if due > now {
                self.wake(due);
                return;
            }
            if self.reads_in_air >= READS_AT_ONCE {
                return;
            }
            if !self.may_read(now) {
                return;
            }
            self.reads_in_air += 1;
            if self.jobs[first].live.by_id {
                self.ask(now, first);
                let job = &self.jobs[first];
                if let Some(remote) = job.state.phase.remote().cloned() {
                    self.commands.push(Command::Look {
                        job: job.spec.id.clone(),
                        remote,
                    });
                }
            } else {
                self.ask_fleet(now);
            }
        }
    }

    /// Whether a read may start now; if not, the run is woken when it may, or ends.
    pub(super) fn may_read(&mut self, now: Timestamp) -> bool {
        if let Some(until) = self.read_lane.long_hold(now) {
            // Asked for by this run or an earlier one.
            self.stop_reading(until);
            return false;
        }
        match self.read_lane.take(now) {
            Ok(()) => true,
            Err(later) => {
                self.wake(later);
                false
            }
        }
    }

    /// Nothing may be read for a long time: leaves what is still to be read to a later run.
    fn stop_reading(&mut self, until: Timestamp) {
        self.reads_are_over = true;
        self.stop(StopReason::LongHold { until });
    }

    /// One request for all that are due, and for those nearly due, which cost nothing more.
    fn ask_fleet(&mut self, now: Timestamp) {
        let horizon = now.plus(self.policy.limits.poll_interval / 2);
        let fleet: Vec<usize> = self
            .looks
            .iter()
            .take_while(|(due, _)| *due <= horizon)
            .map(|(_, place)| *place)
            .filter(|place| !self.jobs[*place].live.by_id)
            .take(IDS_A_REQUEST)
            .collect();
        let mut remotes = Vec::with_capacity(fleet.len());
        for place in fleet {
            self.ask(now, place);
            remotes.extend(self.jobs[place].state.phase.remote().cloned());
        }
        self.commands.push(Command::Poll { remotes });
    }

    /// Takes a job out of the queue while the question about it is in the air.
    fn ask(&mut self, now: Timestamp, place: usize) {
        let live = &mut self.jobs[place].live;
        live.asked_at = Some(now);
        if let Some(due) = live.look_due.take() {
            self.looks.remove(&(due, place));
        }
    }

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
            }
            Err(failure) => {
                let ask_by_id = failure.disposition(CommandKind::Poll) == Disposition::AskById;
                for (_, place) in asked {
                    if is_broken!(FailedPollFailsJob) {
                        self.fail_render(now, place, failure.clone(), None);
                    }
                    self.jobs[place].live.by_id |= ask_by_id;
                    let wait = match ask_by_id {
                        true => Duration::ZERO,
                        false => self.policy.limits.poll_interval,
                    };
                    self.look_after(now, place, wait);
                }
                if ask_by_id {
                    self.heed_wish(now, Lane::Poll, &failure);
                } else {
                    self.on_read_failed(now, failure, CommandKind::Poll);
                }
            }
        }
    }

    /// A job the answer does not mention has given no information.
    fn on_unmentioned(&mut self, now: Timestamp, place: usize) {
        let live = &mut self.jobs[place].live;
        live.unmentioned += 1;
        live.by_id |= live.unmentioned >= UNMENTIONED_BEFORE_LOOKING;
        let wait = match live.by_id {
            true => Duration::ZERO,
            false => self.policy.limits.poll_interval,
        };
        self.look_after(now, place, wait);
    }

    fn look_after(&mut self, now: Timestamp, place: usize, wait: Duration) {
        if self.jobs[place].is_watched() {
            self.look_at(place, now.plus(wait));
        }
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
                self.jobs[place].live.by_id = false;
                self.on_report(now, place, report);
            }
            Err(failure) => {
                if failure.disposition(CommandKind::Look) == Disposition::NotVisible {
                    self.heed_wish(now, Lane::Poll, &failure);
                    // Is it the job that is not there, or the API? The fleet request will tell.
                    let live = &mut self.jobs[place].live;
                    live.by_id = false;
                    live.unmentioned = UNMENTIONED_BEFORE_LOOKING - 1;
                    self.on_puzzle(now, place, failure);
                } else {
                    self.look_after(now, place, self.policy.limits.poll_interval);
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
                    return self.on_puzzle(now, place, failure);
                };
                job.live.puzzling = None;
                if job.state.rendered_at.is_none() {
                    self.learn(now, place, self.started.unwrap_or(now));
                }
                let output = Output {
                    video_url,
                    thumbnail_url: report.thumbnail,
                    duration_seconds: report.duration_seconds,
                    credits_used: charged,
                };
                self.transition(now, place, JobEvent::Rendered { output });
                // It has come after all; should its link expire, it is to be watched again.
                let live = &mut self.jobs[place].live;
                live.is_overdue = false;
                live.last_look = None;
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
                job.live.puzzling = None;
                job.live.progress = report.progress.and_then(share_done);
                let status = clean_word(report.status.as_word());
                if job.state.observed.as_deref() != Some(status.as_str()) {
                    self.transition(now, place, JobEvent::Observed { status });
                }
                self.look_again(now, place);
            }
        }
    }

    /// An answer that should be final and is not: believed only when it is repeated for long enough.
    fn on_puzzle(&mut self, now: Timestamp, place: usize, failure: Failure) {
        let job = &mut self.jobs[place];
        if !job.is_watched() {
            return;
        }
        let (looks, since) = job
            .live
            .puzzling
            .map_or((1, now), |(looks, at)| (looks + 1, at));
        job.live.puzzling = Some((looks, since));
        let poll_interval = self.policy.limits.poll_interval;
        let long_enough = poll_interval.saturating_mul(PUZZLING_INTERVALS);
        if looks < PUZZLING_LOOKS || now.since(since) < long_enough {
            return self.look_again(now, place);
        }
        if failure.kind == FailureKind::NotFound && self.last_answer < Some(since) {
            // Nothing at all is found there any more: it is not the job that is missing.
            return self.stop(StopReason::WrongAddress {
                message: failure.to_string(),
            });
        }
        if failure.kind == FailureKind::NoOutput && job.state.rendered_at.is_some() {
            // The video was there before; only the fresh link is wanting.
            job.live.is_parked = true;
            return self.leave_queues(place);
        }
        self.fail_render(now, place, failure, None);
    }

    fn fail_render(
        &mut self,
        now: Timestamp,
        place: usize,
        failure: Failure,
        charged: Option<Credits>,
    ) {
        self.transition(now, place, JobEvent::Failed { failure, charged });
        self.count_failure();
    }

    pub(super) fn on_read_success(&mut self, now: Timestamp) {
        self.last_answer = Some(now);
        self.has_reached_provider = true;
        self.read_lane.succeeded();
    }

    /// A failed read costs nothing and says nothing about any job.
    pub(super) fn on_read_failed(&mut self, now: Timestamp, failure: Failure, kind: CommandKind) {
        let salt = backoff::mix(self.policy.seed);
        let message = failure.to_string();
        let disposition = failure.disposition(kind);
        let failure = match is_broken!(ReadWishIgnored) {
            true => failure.with_retry_after(None),
            false => failure,
        };
        if disposition != Disposition::HoldLane {
            self.heed_wish(now, Lane::Poll, &failure);
        }
        match disposition {
            Disposition::HoldLane => {
                self.has_reached_provider = true;
                let until = self.read_lane.throttled(now, &failure, salt);
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
                self.read_lane.failed_to_reach(now, salt);
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
    let share = match progress > 1.0 {
        true => progress / 100.0,
        false => progress,
    };
    share.is_finite().then(|| share.clamp(0.0, 1.0))
}

/// A status word from the provider, short enough to be shown.
fn clean_word(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).take(40).collect()
}
