//! The one way in which anything becomes true of a job: on record, in its state, in every sum and
//! queue.

use super::Batch;
use super::budget::Budget;
use crate::model::{Event, JobEvent, Phase, Timestamp};

impl Batch {
    /// Makes `event` true of one job.
    pub(super) fn transition(&mut self, now: Timestamp, place: usize, event: JobEvent) {
        let job = &mut self.jobs[place];
        let committed = Budget::committed_by(&job.state);
        let (in_flight, waiting, begun) = (job.is_in_flight(), job.is_waiting(), job.has_begun());
        if matches!(event, JobEvent::SubmitStarted { .. }) {
            job.cost_before_run.get_or_insert(committed);
        }
        let by_run = job.committed_by_run();
        let phase = job.state.phase.clone();
        let accepted = job.state.accepted_at;
        job.state
            .apply(now, &event)
            .expect("the engine decides only what the table of phases allows");
        self.budget
            .moved(committed, Budget::committed_by(&job.state));
        self.budget.moved_by_run(by_run, job.committed_by_run());
        self.in_flight = self.in_flight + usize::from(job.is_in_flight()) - usize::from(in_flight);
        self.waiting = self.waiting + usize::from(job.is_waiting()) - usize::from(waiting);
        if job.has_begun() && !begun {
            self.concurrency.render_started();
        }
        if accepted != job.state.accepted_at {
            // What an earlier generation was is no witness for what this one is.
            if let Some(accepted) = accepted {
                self.accepted.remove(&(accepted, place));
            }
            if let Some(remote) = phase.remote() {
                self.by_remote.remove(remote);
            }
        }
        if matches!(
            event,
            JobEvent::Submitted { .. } | JobEvent::Adopted { .. } | JobEvent::FoundAbsent
        ) {
            self.consecutive_lost_submits = 0;
        }
        let has_moved = std::mem::discriminant(&phase) != std::mem::discriminant(&job.state.phase);
        let is_hidden = is_broken!(PhaseNotRecorded) && matches!(event, JobEvent::Rendered { .. });
        let entry = Event::job(&job.spec.id, event);
        if !is_hidden {
            self.record(now, entry);
        }
        self.index_acceptance(place);
        self.update_campaign_tags(place);
        if has_moved {
            self.dequeue(place);
            self.enqueue(now, place);
        }
    }

    /// Keeps what is known to be accepted where answers and witnesses are looked up.
    pub(super) fn index_acceptance(&mut self, place: usize) {
        let state = &self.jobs[place].state;
        if let (Some(accepted), Some(remote)) = (state.accepted_at, state.phase.remote()) {
            self.accepted.insert((accepted, place));
            self.by_remote.insert(remote.clone(), place);
        }
    }

    pub(super) fn dequeue(&mut self, place: usize) {
        let live = &mut self.jobs[place].live;
        if let Some(due) = live.next_poll.take() {
            self.poll_queue.remove(&(due, place));
        }
        if let Some(deadline) = live.deadline.take() {
            self.deadlines.remove(&(deadline, place));
        }
        self.pending.remove(&place);
        self.ready.remove(&place);
        self.in_doubt.remove(&place);
    }

    /// Puts a job into the queues of the phase it is in.
    pub(super) fn enqueue(&mut self, now: Timestamp, place: usize) {
        let job = &mut self.jobs[place];
        match &job.state.phase {
            Phase::Pending => {
                // What was learnt about an earlier submit says nothing about the next.
                job.forget();
                self.pending.insert(place);
                if job.may_submit {
                    self.ready.insert(place);
                }
            }
            Phase::InDoubt { .. } => {
                job.live.in_doubt_since.get_or_insert(now);
                self.in_doubt.insert(place);
                self.next_list.get_or_insert(now);
            }
            Phase::Rendering { .. } => self.schedule_first_poll(now, place),
            Phase::Fetching { .. } => {
                if !job.live.is_parked {
                    self.fetches.insert((now, place));
                }
            }
            Phase::Done { .. } => job.forget(),
            Phase::Submitting | Phase::Failed { .. } => {}
        }
    }
}
