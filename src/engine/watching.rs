//! The part of the engine that watches renders: many in one request, one by one where that fails. What
//! the answers mean is decided in [`reports`](super::reports).

use std::collections::HashSet;
use std::time::Duration;

use super::Batch;
use super::backoff::READ;
use super::polling::Haste;
use super::reports::PUZZLING_INTERVALS;
use crate::model::{Command, JobEvent, StopReason, Timestamp};

/// The API answers at most so many ids in one request.
const IDS_A_REQUEST: usize = 100;

/// Reads in the air at one time; the pace limits them more than this does.
const READS_AT_ONCE: usize = 4;

/// The last look at a render has at least this much time to be answered.
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
            self.polling.next(accepted, now, self.haste())
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
        let puzzle = limits.poll_interval.saturating_mul(PUZZLING_INTERVALS);
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
    pub(super) fn look_again(&mut self, now: Timestamp, place: usize) {
        let job = &self.jobs[place];
        if !job.is_watched() {
            return;
        }
        if let Some(last) = job.live.last_look
            && job.live.puzzling.is_none()
        {
            return if job.live.asked_at >= Some(last) {
                self.give_up_waiting(now, place);
            } else {
                self.look_at(place, now);
            };
        }
        let accepted = job.state.accepted_at.unwrap_or(now);
        let due = match job.live.puzzling {
            Some((looks, _)) => now.plus(READ.wait(looks, self.salt(place))),
            None => self.polling.next(accepted, now, self.haste()),
        };
        self.look_at(place, due);
    }

    /// What waits for the renders under way.
    fn haste(&self) -> Haste {
        let is_held = self.are_places_scarce() && !self.concurrency.has_spare();
        if self.wants_to_submit() && !is_held {
            Haste::Free(self.in_flight)
        } else {
            Haste::Held(self.in_flight)
        }
    }

    /// Whether most places are taken: a beat's finds free a few of them at one time.
    pub(super) fn are_places_scarce(&self) -> bool {
        let taken = self.in_flight + self.doubts.len();
        !self.concurrency.has_room(taken + taken / 3, 0)
    }

    /// This run no longer waits for a render. It may still finish; a later run will see.
    fn give_up_waiting(&mut self, now: Timestamp, place: usize) {
        let job = &mut self.jobs[place];
        let (was_in_flight, was_waiting) = (job.is_in_flight(), job.is_waiting());
        job.live.is_overdue = true;
        self.in_flight -= usize::from(was_in_flight);
        self.waiting -= usize::from(was_waiting);
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
    pub(super) fn stop_reading(&mut self, until: Timestamp) {
        self.reads_are_over = true;
        self.stop(StopReason::LongHold { until });
    }

    /// One request for all that are due, and for the others that may have ended, which cost nothing more. Nor do
    /// those that may have begun, where it is to be learnt how many the provider works on.
    fn ask_fleet(&mut self, now: Timestamp) {
        let horizon = now.plus(self.policy.limits.poll_interval / 2);
        let mut fleet: Vec<usize> = self
            .looks
            .iter()
            .filter(|(due, place)| *due <= horizon || self.may_be_done(now, *place))
            .map(|(_, place)| *place)
            .filter(|place| !self.jobs[*place].live.by_id)
            .take(IDS_A_REQUEST)
            .collect();
        if self.concurrency.learns() {
            let left = IDS_A_REQUEST - fleet.len();
            let asked: HashSet<usize> = fleet.iter().copied().collect();
            let others = self.looks.iter().map(|(_, place)| *place);
            let others = others.filter(|place| !asked.contains(place));
            let others = others.filter(|place| self.may_have_begun(now, *place));
            fleet.extend(others.take(left).collect::<Vec<usize>>());
        }
        let mut remotes = Vec::with_capacity(fleet.len());
        for place in fleet {
            self.ask(now, place);
            remotes.extend(self.jobs[place].state.phase.remote().cloned());
        }
        self.commands.push(Command::Poll { remotes });
    }

    /// Whether a render that is not due yet is worth asking about.
    fn may_be_done(&self, now: Timestamp, place: usize) -> bool {
        let job = &self.jobs[place];
        let accepted = job.state.accepted_at.unwrap_or(now);
        job.is_plain() && self.polling.may_be_done(accepted, now)
    }

    /// Whether a render that has not been seen being worked on could be by now. One that was accepted a moment ago
    /// may not even be known to the list yet.
    fn may_have_begun(&self, now: Timestamp, place: usize) -> bool {
        let job = &self.jobs[place];
        let age = now.since(job.state.accepted_at.unwrap_or(now));
        let is_settled = age >= self.policy.limits.poll_interval;
        is_settled && job.is_plain() && !job.has_begun() && !job.live.by_id
    }

    /// Takes a job out of the queue while the question about it is in the air.
    fn ask(&mut self, now: Timestamp, place: usize) {
        let live = &mut self.jobs[place].live;
        live.asked_at = Some(now);
        if let Some(due) = live.look_due.take() {
            self.looks.remove(&(due, place));
        }
    }

    pub(super) fn look_after(&mut self, now: Timestamp, place: usize, wait: Duration) {
        if self.jobs[place].is_watched() {
            self.look_at(place, now.plus(wait));
        }
    }
}
