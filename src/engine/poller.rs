//! Polls: many renders in one request, one by one where that fails, and what the answers mean.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::backoff::{Jitter, READ};
use super::decision::{Decision, WakeUp};
use super::job::{Sender, TrackedJob};
use super::job_table::JobTable;
use super::poll_intervals::{IDS_PER_REQUEST, PollIntervals, PollUrgency};
use super::rules::SafetyRules;
use crate::model::{
    Command, Credits, Failure, FailureKind, JobEvent, Limits, Output, Phase, RenderReport,
    RenderStatus, StopReason, Timestamp, denies_credits,
};

/// The most requests at one time. The pace is usually the stricter limit.
const MAX_OUTSTANDING: usize = 4;

/// The least time that a last poll has to be answered.
const SHORTEST_GRACE: Duration = Duration::from_secs(30);

/// After this many answers that do not mention a job it is polled by its id.
const UNMENTIONED_BEFORE_BY_ID: u32 = 2;

/// The number of polls after which an answer is believed that should be final and is not (`done` without output,
/// 404).
const UNSETTLED_POLLS: u32 = 6;

/// The time for which such an answer must be repeated, in shortest poll intervals (a minute by default).
const UNSETTLED_INTERVALS: u32 = 12;

/// For how long a render without a link is polled once it is seen to be finished, in shortest poll intervals (ten minutes
/// by default). A later run polls for the shorter time.
const LINK_INTERVALS: u32 = 120;

/// The longest status word that is recorded.
const LONGEST_STATUS: usize = 40;

/// Decides about polls.
#[derive(Debug)]
pub(super) struct Poller {
    pub(super) intervals: PollIntervals,
    interval: Duration,
    render_timeout: Duration,
    jitter: Jitter,
    rules: &'static dyn SafetyRules,
    /// When this run began.
    started: Timestamp,
    /// Renders by when they are to be polled.
    queue: BTreeSet<(Timestamp, usize)>,
    /// Renders by when this run stops waiting for them.
    deadlines: BTreeSet<(Timestamp, usize)>,
    renders: HashMap<usize, Render>,
    /// Requests without an answer yet.
    outstanding: usize,
    /// Whether the account has shown a job that an earlier run has sent.
    is_earlier_account: bool,
}

/// The polling state of one render.
#[derive(Debug, Clone, Copy, Default)]
struct Render {
    /// Its key in the queue.
    due: Option<Timestamp>,
    /// Its key in the deadlines.
    deadline: Option<Timestamp>,
    polled_at: Option<Timestamp>,
    /// When its deadline passed. One more poll decides.
    last_poll: Option<Timestamp>,
    /// Consecutive answers that did not mention it.
    unmentioned: u32,
    /// Whether it is polled by its id, not together with others.
    is_by_id: bool,
    /// Number of consecutive answers that were not final though they should be (404, `done` without output), and the
    /// time of the first.
    unsettled: Option<(u32, Timestamp)>,
    /// Whether it had no result before this run, so that one more such answer is enough.
    is_revisited: bool,
    /// Its progress from 0 to 1, if the provider reports it.
    progress: Option<f64>,
}

impl Poller {
    pub(super) fn new(
        limits: &Limits,
        jitter: Jitter,
        rules: &'static dyn SafetyRules,
        now: Timestamp,
    ) -> Self {
        let (interval, shortest) = (limits.poll_interval, limits.read_rate().interval());
        Self {
            intervals: PollIntervals::new(interval, shortest, now),
            interval,
            render_timeout: limits.render_timeout,
            jitter,
            rules,
            started: now,
            queue: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            renders: HashMap::new(),
            outstanding: 0,
            is_earlier_account: false,
        }
    }

    pub(super) const fn begin(&mut self, now: Timestamp) {
        self.started = now;
    }

    /// Notes that one more answer without a result is enough for a job: it had none before this run.
    pub(super) fn revisit(&mut self, index: usize) {
        self.render(index).is_revisited = true;
    }

    pub(super) fn is_revisited(&self, index: usize) -> bool {
        self.renders.get(&index).is_some_and(|it| it.is_revisited)
    }

    /// Checks whether no poll is due or outstanding. `reads_have_ended`: polls that are due are left to a later run.
    pub(super) fn is_idle(&self, reads_have_ended: bool) -> bool {
        self.outstanding == 0 && (self.queue.is_empty() || reads_have_ended)
    }

    /// Returns the progress of the renders under way, from 0 to 1, where the provider reports it.
    pub(super) fn progress(&self) -> impl Iterator<Item = (usize, f64)> {
        let renders = self.deadlines.iter().map(|(_, index)| *index);
        renders.filter_map(|index| Some((index, self.renders.get(&index)?.progress?)))
    }

    fn render(&mut self, index: usize) -> &mut Render {
        self.renders.entry(index).or_default()
    }

    /// Begins to poll a render, or a finished one whose link has expired. `failed_downloads`: failed downloads of it.
    pub(super) fn start(
        &mut self,
        now: Timestamp,
        index: usize,
        job: &TrackedJob,
        failed_downloads: u32,
        urgency: PollUrgency,
    ) {
        if !job.wants_polls() {
            return;
        }
        let accepted = job.state.accepted_at.unwrap_or(now);
        let due = if job.state.rendered_at.is_some() {
            // Only a fresh link is needed.
            match failed_downloads {
                0 => now,
                count => now.plus(READ.wait(count, self.jitter.of_job(index))),
            }
        } else if accepted < self.started {
            // Accepted before this run, so it may have finished long ago.
            now
        } else {
            self.intervals.next(accepted, now, urgency)
        };
        // However long ago it was accepted, it is polled for a while before the run stops waiting for it.
        let deadline = accepted.plus(self.render_timeout).max(now.plus(self.grace()));
        self.schedule(index, due);
        self.set_deadline(index, deadline);
    }

    /// Notes that the account of this run has shown a job.
    pub(super) fn note_account(&mut self, job: &TrackedJob) {
        // A job of this run says nothing about those of earlier ones.
        self.is_earlier_account |= job.sender != Sender::ThisRun;
    }

    /// Checks whether the account of this run is known to be the one that paid for the job.
    pub(super) fn is_account_of(&self, job: &TrackedJob) -> bool {
        job.sender != Sender::Unknown || self.is_earlier_account
    }

    /// Returns a time that is long enough to settle an unsettled answer.
    fn grace(&self) -> Duration {
        let unsettled = self.interval.saturating_mul(UNSETTLED_INTERVALS);
        self.render_timeout.min(unsettled)
    }

    fn schedule(&mut self, index: usize, due: Timestamp) {
        if let Some(earlier) = self.render(index).due.replace(due) {
            self.queue.remove(&(earlier, index));
        }
        self.queue.insert((due, index));
    }

    fn set_deadline(&mut self, index: usize, deadline: Timestamp) {
        if let Some(earlier) = self.render(index).deadline.replace(deadline) {
            self.deadlines.remove(&(earlier, index));
        }
        self.deadlines.insert((deadline, index));
    }

    /// Stops polling a render.
    pub(super) fn dequeue(&mut self, index: usize) {
        let Some(render) = self.renders.get_mut(&index) else {
            return;
        };
        if let Some(due) = render.due.take() {
            self.queue.remove(&(due, index));
        }
        if let Some(deadline) = render.deadline.take() {
            self.deadlines.remove(&(deadline, index));
        }
    }

    /// Forgets the polling state of a render.
    pub(super) fn forget(&mut self, index: usize) {
        self.dequeue(index);
        self.renders.remove(&index);
    }

    /// Stops waiting for renders whose deadline has passed, after one more poll: the machine may have slept
    /// through their end.
    pub(super) fn check_deadlines(&mut self, now: Timestamp, wake: &mut WakeUp) -> Vec<Decision> {
        let mut decisions = Vec::new();
        while let Some(&(deadline, index)) = self.deadlines.first() {
            if deadline > now {
                wake.at(deadline);
                break;
            }
            let render = self.render(index);
            if render.last_poll.is_some() {
                decisions.push(self.give_up(index));
                continue;
            }
            render.last_poll = Some(now);
            let is_outstanding = render.due.is_none();
            self.set_deadline(index, now.plus(self.grace().max(SHORTEST_GRACE)));
            if !is_outstanding {
                self.schedule(index, now);
            }
        }
        decisions
    }

    /// Stops waiting for a render. It may still finish, and a later run will see that.
    fn give_up(&mut self, index: usize) -> Decision {
        self.dequeue(index);
        Decision::Apply(index, JobEvent::RenderOverdue)
    }

    /// Schedules the next poll of a render after an answer, or stops waiting for it.
    pub(super) fn poll_again(
        &mut self,
        now: Timestamp,
        index: usize,
        job: &TrackedJob,
        urgency: PollUrgency,
    ) -> Option<Decision> {
        if !job.wants_polls() {
            return None;
        }
        let render = *self.render(index);
        let due = match (render.unsettled, render.last_poll) {
            (Some((polls, _)), _) => now.plus(READ.wait(polls, self.jitter.of_job(index))),
            (None, Some(last)) if render.polled_at >= Some(last) => {
                return Some(self.give_up(index));
            }
            (None, Some(_)) => now,
            (None, None) => {
                let accepted = job.state.accepted_at.unwrap_or(now);
                self.intervals.next(accepted, now, urgency)
            }
        };
        self.schedule(index, due);
        None
    }

    fn poll_after(&mut self, now: Timestamp, index: usize, job: &TrackedJob, wait: Duration) {
        if job.wants_polls() {
            self.schedule(index, now.plus(wait));
        }
    }

    /// Returns when the next poll is due, if another request may be made.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.queue.first().map(|(due, _)| *due)
    }

    /// Checks whether as many requests are outstanding as may be. `is_failing`: one tests whether the provider answers
    /// again.
    pub(super) const fn is_busy(&self, is_failing: bool) -> bool {
        self.outstanding >= if is_failing { 1 } else { MAX_OUTSTANDING }
    }

    /// Makes the next request: for the first render that is due by its id, or for all that are due and others that cost
    /// no extra request. `wants_starts`: starts of renders are of use.
    pub(super) fn request(
        &mut self,
        now: Timestamp,
        jobs: &JobTable,
        wants_starts: bool,
    ) -> Option<Command> {
        let (_, first) = *self.queue.first()?;
        self.outstanding += 1;
        if self.render(first).is_by_id {
            self.take(now, first);
            let job = &jobs[first];
            return Some(Command::PollJob {
                job: job.spec.id.clone(),
                remote: job.state.phase.remote()?.clone(),
            });
        }
        let mut remotes = Vec::new();
        for index in self.batch(now, jobs, wants_starts) {
            self.take(now, index);
            remotes.extend(jobs[index].state.phase.remote().cloned());
        }
        Some(Command::Poll { remotes })
    }

    /// Returns the renders for one request: all that are due, others that may have finished, and others that may have
    /// started if starts are of use.
    fn batch(&self, now: Timestamp, jobs: &JobTable, wants_starts: bool) -> Vec<usize> {
        let horizon = now.plus(self.interval / 2);
        let is_by_id = |index: &usize| self.renders.get(index).is_some_and(|it| it.is_by_id);
        let queue = || self.queue.iter().filter(|(_, index)| !is_by_id(index));
        let mut batch: Vec<usize> = queue()
            .filter(|(due, index)| {
                *due <= horizon || self.may_have_finished(now, *index, &jobs[*index])
            })
            .map(|(_, index)| *index)
            .take(IDS_PER_REQUEST)
            .collect();
        if wants_starts {
            let chosen: HashSet<usize> = batch.iter().copied().collect();
            let others = queue()
                .map(|(_, index)| *index)
                .filter(|index| !chosen.contains(index))
                .filter(|index| self.may_have_started(now, *index, &jobs[*index]))
                .take(IDS_PER_REQUEST - batch.len());
            batch.extend(others);
        }
        batch
    }

    /// Takes a render out of the queue while its poll is outstanding.
    fn take(&mut self, now: Timestamp, index: usize) {
        let render = self.render(index);
        render.polled_at = Some(now);
        if let Some(due) = render.due.take() {
            self.queue.remove(&(due, index));
        }
    }

    /// Checks whether a render that is not due may have finished.
    fn may_have_finished(&self, now: Timestamp, index: usize, job: &TrackedJob) -> bool {
        let accepted = job.state.accepted_at.unwrap_or(now);
        self.may_poll_early(index, job) && self.intervals.may_have_finished(accepted, now)
    }

    /// Checks whether a render that is not due may have started. One that was accepted just now may not be known
    /// to the provider's list yet.
    fn may_have_started(&self, now: Timestamp, index: usize, job: &TrackedJob) -> bool {
        let age = now.since(job.state.accepted_at.unwrap_or(now));
        age >= self.interval && self.may_poll_early(index, job) && !job.has_started()
    }

    /// Checks whether a render may be polled before it is due. One with unsettled answers may not.
    fn may_poll_early(&self, index: usize, job: &TrackedJob) -> bool {
        let render = self.renders.get(&index).copied().unwrap_or_default();
        render.unsettled.is_none()
            && render.last_poll.is_none()
            && render.unmentioned == 0
            && job.state.rendered_at.is_none()
    }

    /// Notes that a request was answered, or that no answer will come.
    pub(super) const fn on_outcome(&mut self) {
        self.outstanding = self.outstanding.saturating_sub(1);
    }

    /// Schedules the next poll of a render that an answer did not mention. Such an answer says nothing about the job.
    pub(super) fn on_unmentioned(&mut self, now: Timestamp, index: usize, job: &TrackedJob) {
        let render = self.render(index);
        render.unmentioned += 1;
        render.is_by_id |= render.unmentioned >= UNMENTIONED_BEFORE_BY_ID;
        let wait = if render.is_by_id { Duration::ZERO } else { self.interval };
        self.poll_after(now, index, job, wait);
    }

    /// Schedules the next poll of a render after a failed one.
    pub(super) fn on_failure(&mut self, now: Timestamp, index: usize, job: &TrackedJob) {
        self.poll_after(now, index, job, self.intervals.after_failure());
    }

    /// Schedules a poll by its id for a render whose batch was refused.
    pub(super) fn on_refused_batch(&mut self, now: Timestamp, index: usize, job: &TrackedJob) {
        self.render(index).is_by_id = true;
        self.poll_after(now, index, job, Duration::ZERO);
    }

    /// Polls a render together with others again, after an answer to a poll by its id.
    pub(super) fn on_found_by_id(&mut self, index: usize) {
        self.render(index).is_by_id = false;
    }

    /// Decides what it means that a render was not found by its id. Whether the job or the API is missing will be
    /// seen from the next poll together with others. Unless it `may_fail`, the run only stops waiting for it: another
    /// account may have it.
    pub(super) fn on_not_found(
        &mut self,
        now: Timestamp,
        index: usize,
        job: &TrackedJob,
        failure: Failure,
        last_success: Option<Timestamp>,
        may_fail: bool,
    ) -> Vec<Decision> {
        let render = self.render(index);
        render.is_by_id = false;
        render.unmentioned = UNMENTIONED_BEFORE_BY_ID - 1;
        let mut decisions = self.on_unsettled(now, index, job, failure, last_success);
        if !may_fail {
            for decision in &mut decisions {
                if matches!(decision, Decision::FailRender { .. }) {
                    *decision = self.give_up(index);
                }
            }
        }
        decisions
    }

    /// Decides what the provider's report about a render means. `last_success` is when a read last succeeded.
    pub(super) fn on_report(
        &mut self,
        now: Timestamp,
        index: usize,
        job: &TrackedJob,
        report: RenderReport,
        last_success: Option<Timestamp>,
    ) -> Vec<Decision> {
        let is_current =
            matches!(&job.state.phase, Phase::Rendering { remote } if *remote == report.remote);
        if !is_current {
            return Vec::new();
        }
        let started = self.started;
        let render = self.render(index);
        render.unmentioned = 0;
        let charged = report.credits_used.filter(|used| *used >= Credits::ZERO);
        match report.status {
            RenderStatus::Done => {
                let took = render_time(now, job, started).map(Decision::AddRenderTime).into_iter();
                let Some(video_url) = report.output else {
                    let message = "the provider says `done` but shows no video";
                    let failure = Failure::new(FailureKind::NoOutput, message);
                    let status = report.status.as_word().to_owned();
                    let observed = Decision::Apply(index, JobEvent::Observed { status });
                    let observed = job.state.rendered_at.is_none().then_some(observed);
                    let decisions = self.on_unsettled(now, index, job, failure, last_success);
                    return took.chain(observed).chain(decisions).collect();
                };
                render.unsettled = None;
                render.last_poll = None;
                let output = Output {
                    video_url,
                    thumbnail_url: report.thumbnail,
                    duration_seconds: report.duration_seconds,
                    // A charge that comes later reads as 0 until then, and no finished render is free.
                    credits_used: charged.filter(|used| *used > Credits::ZERO),
                };
                let output = Arc::new(output);
                let rendered = Decision::Apply(index, JobEvent::Rendered { output });
                took.chain([rendered]).collect()
            }
            RenderStatus::Failed | RenderStatus::Rejected => {
                let reason = report.failed_reason.unwrap_or_else(|| "no reason given".to_owned());
                let message = format!("{} by the provider: {reason}", report.status);
                let kind = if denies_credits(&reason) {
                    FailureKind::OutOfCredits
                } else {
                    FailureKind::RenderFailed
                };
                let failure = Failure::new(kind, message);
                vec![Decision::FailRender { index, failure, charged }]
            }
            RenderStatus::Pending
            | RenderStatus::InQueue
            | RenderStatus::Running
            | RenderStatus::Other(_) => {
                render.unsettled = None;
                render.progress = report.progress.and_then(fraction);
                let status = short_status(report.status.as_word());
                let is_new = job.state.observed.as_deref() != Some(status.as_str());
                let observed = Decision::Apply(index, JobEvent::Observed { status });
                let observed = is_new.then_some(observed);
                observed.into_iter().chain([Decision::PollAgain(index)]).collect()
            }
        }
    }

    /// Decides what an answer means that should be final and is not. It is believed only if it is repeated for long
    /// enough.
    fn on_unsettled(
        &mut self,
        now: Timestamp,
        index: usize,
        job: &TrackedJob,
        failure: Failure,
        last_success: Option<Timestamp>,
    ) -> Vec<Decision> {
        if !job.wants_polls() {
            return Vec::new();
        }
        let is_missing_link = failure.kind == FailureKind::NoOutput;
        let is_new = job.state.rendered_at.is_none_or(|rendered| rendered >= self.started);
        let intervals =
            if is_missing_link && is_new { LINK_INTERVALS } else { UNSETTLED_INTERVALS };
        let long_enough = self.interval.saturating_mul(intervals);
        let render = self.render(index);
        let (polls, since) = render.unsettled.map_or((1, now), |(polls, since)| (polls + 1, since));
        render.unsettled = Some((polls, since));
        let is_repeated = polls >= UNSETTLED_POLLS && now.since(since) >= long_enough;
        // What an earlier run has found is only confirmed.
        let is_confirmed = render.is_revisited && last_success.is_some();
        if !is_repeated && !is_confirmed {
            if is_missing_link && polls == 1 {
                // The time for the render may be over.
                self.set_deadline(index, now.plus(long_enough).plus(SHORTEST_GRACE));
            }
            return vec![Decision::PollAgain(index)];
        }
        let is_rendered = job.state.rendered_at.is_some();
        let has_no_success = !is_confirmed && last_success < Some(since);
        if failure.kind == FailureKind::NotFound && has_no_success {
            // All lookups fail, so this 404 does not mean a missing job.
            let message = failure.to_string();
            return vec![Decision::Stop(StopReason::WrongAddress { message })];
        }
        if is_missing_link {
            self.dequeue(index);
            return vec![Decision::Apply(index, self.rules.missing_link(failure))];
        }
        let failure = if failure.kind == FailureKind::NotFound && is_rendered {
            let message = format!(
                "its file is not in `videos`, and the provider no longer has it: {}",
                failure.message
            );
            Failure { message, ..failure }
        } else {
            failure
        };
        vec![Decision::FailRender { index, failure, charged: None }]
    }
}

/// Returns how long a render took that was just seen to be finished, if that is known. A render of an earlier run may
/// have been finished for days.
fn render_time(now: Timestamp, job: &TrackedJob, started: Timestamp) -> Option<Duration> {
    let state = &job.state;
    let accepted = state.accepted_at.filter(|accepted| *accepted >= started)?;
    let is_first = state.rendered_at.is_none() && !state.is_adopted;
    is_first.then(|| now.since(accepted))
}

/// Returns the progress from 0 to 1. The provider sends fractions; more than 1 is taken for a percentage.
fn fraction(progress: f64) -> Option<f64> {
    let fraction = if progress > 1.0 { progress / 100.0 } else { progress };
    fraction.is_finite().then(|| fraction.clamp(0.0, 1.0))
}

/// Returns a status word of the provider, short enough to be shown.
fn short_status(word: &str) -> String {
    let printable = word.chars().filter(|c| !c.is_control());
    printable.take(LONGEST_STATUS).collect()
}
