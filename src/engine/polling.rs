//! The part of the engine that watches renders: many in one request, one by one where that fails. What
//! the answers mean is decided in [`reports`](super::reports).

use std::collections::HashSet;
use std::time::Duration;

use super::Batch;
use super::backoff::READ;
use super::poll_intervals::PollUrgency;
use super::poll_results::UNSETTLED_INTERVALS;
use crate::model::{Command, JobEvent, StopReason, Timestamp};

/// The API answers at most so many ids in one request.
const IDS_A_REQUEST: usize = 100;

/// Reads in the air at one time; the pace limits them more than this does.
const READS_AT_ONCE: usize = 4;

/// The last look at a render has at least this much time to be answered.
const SHORTEST_GRACE: Duration = Duration::from_secs(30);

impl Batch {
    /// Puts a render into the queue of those to be looked at.
    pub(super) fn schedule_first_poll(&mut self, now: Timestamp, place: usize) {
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
                tries => now.plus(READ.wait(tries, self.jitter(place))),
            }
        } else if accepted < started {
            // Accepted before this run: it may have been finished for days.
            now
        } else {
            self.intervals.next(accepted, now, self.poll_urgency())
        };
        // However long ago it was accepted, it is looked at for a while before it is given up.
        let deadline = accepted
            .plus(self.policy.limits.render_timeout)
            .max(now.plus(self.grace()));
        self.schedule_poll(place, due);
        self.set_deadline(place, deadline);
    }

    /// Long enough to see through an answer that puzzles.
    fn grace(&self) -> Duration {
        let limits = &self.policy.limits;
        let puzzle = limits.poll_interval.saturating_mul(UNSETTLED_INTERVALS);
        limits.render_timeout.min(puzzle)
    }

    fn set_deadline(&mut self, place: usize, deadline: Timestamp) {
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
            if live.last_poll.is_some() {
                self.give_up_waiting(now, place);
                continue;
            }
            live.last_poll = Some(now);
            let is_in_air = live.next_poll.is_none();
            self.set_deadline(place, now.plus(self.grace().max(SHORTEST_GRACE)));
            if !is_in_air {
                self.schedule_poll(place, now);
            }
        }
    }

    fn schedule_poll(&mut self, place: usize, due: Timestamp) {
        let live = &mut self.jobs[place].live;
        if let Some(earlier) = live.next_poll.replace(due) {
            self.poll_queue.remove(&(earlier, place));
        }
        self.poll_queue.insert((due, place));
    }

    /// Looks again after the learnt interval.
    pub(super) fn poll_again(&mut self, now: Timestamp, place: usize) {
        let job = &self.jobs[place];
        if !job.wants_polls() {
            return;
        }
        if let Some(last) = job.live.last_poll
            && job.live.unsettled.is_none()
        {
            return if job.live.asked_at >= Some(last) {
                self.give_up_waiting(now, place);
            } else {
                self.schedule_poll(place, now);
            };
        }
        let accepted = job.state.accepted_at.unwrap_or(now);
        let due = match job.live.unsettled {
            Some((poll_queue, _)) => now.plus(READ.wait(poll_queue, self.jitter(place))),
            None => self.intervals.next(accepted, now, self.poll_urgency()),
        };
        self.schedule_poll(place, due);
    }

    /// What waits for the renders under way.
    fn poll_urgency(&self) -> PollUrgency {
        let is_held = self.are_slots_scarce() && !self.concurrency.has_queued();
        if self.wants_to_submit() && !is_held {
            PollUrgency::Low(self.in_flight)
        } else {
            PollUrgency::High(self.in_flight)
        }
    }

    /// Whether most places are taken: a beat's finds free a few of them at one time.
    pub(super) fn are_slots_scarce(&self) -> bool {
        let taken = self.in_flight + self.in_doubt.len();
        !self.concurrency.has_room(taken + taken / 3, 0)
    }

    /// This run no longer waits for a render. It may still finish; a later run will see.
    fn give_up_waiting(&mut self, now: Timestamp, place: usize) {
        let job = &mut self.jobs[place];
        let (was_in_flight, was_waiting) = (job.is_in_flight(), job.is_waiting());
        job.live.is_overdue = true;
        self.in_flight -= usize::from(was_in_flight);
        self.waiting -= usize::from(was_waiting);
        self.dequeue(place);
        self.transition(now, place, JobEvent::RenderOverdue);
    }

    /// Sends the reads that are due, as few as possible.
    pub(super) fn next_poll(&mut self, now: Timestamp) {
        while let Some(&(due, first)) = self.poll_queue.first()
            && !self.reads_ended
        {
            if due > now {
                self.wake(due);
                return;
            }
            if self.outstanding_reads >= READS_AT_ONCE {
                return;
            }
            if !self.may_read(now) {
                return;
            }
            self.outstanding_reads += 1;
            if self.jobs[first].live.polls_by_id {
                self.mark_polled(now, first);
                let job = &self.jobs[first];
                if let Some(remote) = job.state.phase.remote().cloned() {
                    self.commands.push(Command::Look {
                        job: job.spec.id.clone(),
                        remote,
                    });
                }
            } else {
                self.poll_many(now);
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
    pub(super) fn stop_reading(&mut self, until: Timestamp) {
        self.reads_ended = true;
        self.stop(StopReason::LongHold { until });
    }

    /// One request for all that are due, and for the others that may have ended, which cost nothing more. Nor do
    /// those that may have begun, where it is to be learnt how many the provider works on.
    fn poll_many(&mut self, now: Timestamp) {
        let horizon = now.plus(self.policy.limits.poll_interval / 2);
        let mut fleet: Vec<usize> = self
            .poll_queue
            .iter()
            .filter(|(due, place)| *due <= horizon || self.may_have_finished(now, *place))
            .map(|(_, place)| *place)
            .filter(|place| !self.jobs[*place].live.polls_by_id)
            .take(IDS_A_REQUEST)
            .collect();
        if self.concurrency.is_adaptive() {
            let left = IDS_A_REQUEST - fleet.len();
            let asked: HashSet<usize> = fleet.iter().copied().collect();
            let others = self.poll_queue.iter().map(|(_, place)| *place);
            let others = others.filter(|place| !asked.contains(place));
            let others = others.filter(|place| self.may_have_begun(now, *place));
            fleet.extend(others.take(left).collect::<Vec<usize>>());
        }
        let mut remotes = Vec::with_capacity(fleet.len());
        for place in fleet {
            self.mark_polled(now, place);
            remotes.extend(self.jobs[place].state.phase.remote().cloned());
        }
        self.commands.push(Command::Poll { remotes });
    }

    /// Whether a render that is not due yet is worth asking about.
    fn may_have_finished(&self, now: Timestamp, place: usize) -> bool {
        let job = &self.jobs[place];
        let accepted = job.state.accepted_at.unwrap_or(now);
        job.has_steady_answers() && self.intervals.may_have_finished(accepted, now)
    }

    /// Whether a render that has not been seen being worked on could be by now. One that was accepted a moment ago
    /// may not even be known to the list yet.
    fn may_have_begun(&self, now: Timestamp, place: usize) -> bool {
        let job = &self.jobs[place];
        let age = now.since(job.state.accepted_at.unwrap_or(now));
        let is_settled = age >= self.policy.limits.poll_interval;
        is_settled && job.has_steady_answers() && !job.has_begun() && !job.live.polls_by_id
    }

    /// Takes a job out of the queue while the question about it is in the air.
    fn mark_polled(&mut self, now: Timestamp, place: usize) {
        let live = &mut self.jobs[place].live;
        live.asked_at = Some(now);
        if let Some(due) = live.next_poll.take() {
            self.poll_queue.remove(&(due, place));
        }
    }

    pub(super) fn poll_after(&mut self, now: Timestamp, place: usize, wait: Duration) {
        if self.jobs[place].wants_polls() {
            self.schedule_poll(place, now.plus(wait));
        }
    }
}
