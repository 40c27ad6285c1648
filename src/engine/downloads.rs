//! Downloads of finished videos. A failed download never fails the render: the job can be collected later.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::backoff::{DOWNLOAD, Jitter};
use super::decision::{Decision, WakeUp};
use super::job_table::JobTable;
use super::lane::{LONGEST_HOLD, LaneLimiter};
use super::rules::SafetyRules;
use crate::model::{
    Artifact, Command, CommandKind, Disposition, DownloadRequest, Failure, FailureKind, Generation,
    JobEvent, Phase, StopReason, Timestamp,
};

/// The number of failed downloads of one job after which this run leaves it to `collect`.
const FAILURES_PER_RUN: u32 = 8;

/// The same for a job that the user wants to replace if its video cannot be downloaded.
const FAILURES_BEFORE_REPLACEMENT: u32 = 2;

/// The number of failed downloads after which the provider is asked for a fresh link, because the host of the
/// present one may be gone.
const FAILURES_PER_LINK: u32 = 3;

/// An attempt that got this many bytes further resets the count of failures, however it ended.
const SIGNIFICANT_PROGRESS: u64 = 64 << 10;

/// Decides about downloads.
#[derive(Debug)]
pub(super) struct Downloads {
    limit: usize,
    jitter: Jitter,
    rules: &'static dyn SafetyRules,
    /// Finished renders by when they are to be downloaded.
    queue: BTreeSet<(Timestamp, usize)>,
    attempts: HashMap<usize, Attempts>,
    /// Downloads that have not ended yet.
    outstanding: usize,
    /// The hosts that have refused downloads, by name and port.
    lanes: HashMap<String, LaneLimiter>,
    /// The end of the latest hold of an earlier run. Its host is not recorded, so it is kept for all hosts.
    earlier_hold: Option<Timestamp>,
}

/// Failed downloads of one job.
#[derive(Debug, Clone, Copy, Default)]
struct Attempts {
    /// Failures since the file last grew by much.
    failures: u32,
    /// Bytes that had been reached by then.
    bytes_kept: u64,
}

impl Downloads {
    /// Allows `limit` downloads at one time, at least 1.
    pub(super) fn new(limit: u32, jitter: Jitter, rules: &'static dyn SafetyRules) -> Self {
        Self {
            limit: usize::try_from(limit.max(1)).unwrap_or(usize::MAX),
            jitter,
            rules,
            queue: BTreeSet::new(),
            attempts: HashMap::new(),
            outstanding: 0,
            lanes: HashMap::new(),
            earlier_hold: None,
        }
    }

    /// Holds all downloads until `until`, as an earlier run did.
    pub(super) const fn hold(&mut self, until: Timestamp) {
        self.earlier_hold = Some(until);
    }

    /// Returns the end of the longest hold, if any host is held.
    pub(super) fn held_until(&self, now: Timestamp) -> Option<Timestamp> {
        let holds = self.lanes.values().filter_map(|lane| lane.held_until(now));
        holds.chain(self.earlier_hold.filter(|until| *until > now)).max()
    }

    /// Returns the end of the hold of a host, if it is held.
    fn host_held_until(&self, host: &str, now: Timestamp) -> Option<Timestamp> {
        let held = self.lanes.get(host).and_then(|lane| lane.held_until(now));
        held.max(self.earlier_hold.filter(|until| *until > now))
    }

    /// Downloads a job's video at `due`.
    pub(super) fn enqueue(&mut self, due: Timestamp, index: usize) {
        self.queue.insert((due, index));
    }

    /// Returns how many downloads of a job have failed.
    pub(super) fn failures(&self, index: usize) -> u32 {
        self.attempts.get(&index).map_or(0, |it| it.failures)
    }

    /// Forgets the failed downloads of a job.
    pub(super) fn forget(&mut self, index: usize) {
        self.attempts.remove(&index);
    }

    /// Checks whether no download is due or running.
    pub(super) fn are_idle(&self) -> bool {
        self.queue.is_empty() && self.outstanding == 0
    }

    /// Starts the downloads that are due and whose hosts are not held. Returns what becomes of those whose hosts are held
    /// for too long.
    pub(super) fn start_due(
        &mut self,
        now: Timestamp,
        jobs: &JobTable,
        wake: &mut WakeUp,
        commands: &mut Vec<Command>,
    ) -> Vec<Decision> {
        let mut decisions = Vec::new();
        while let Some(&(due, index)) = self.queue.first() {
            if due > now {
                wake.at(due);
                break;
            }
            if self.outstanding >= self.limit {
                break;
            }
            self.queue.pop_first();
            let job = &jobs[index];
            let Phase::Downloading { output, .. } = &job.state.phase else {
                continue;
            };
            let host = host_of(&output.video_url);
            if let Some(until) = self.host_held_until(host, now) {
                if until > now.plus(LONGEST_HOLD) {
                    let message = format!("`{host}` asked for a pause in downloads");
                    let failure = Failure::new(FailureKind::Throttled, message);
                    let event = JobEvent::DownloadGivenUp { failure };
                    decisions.push(Decision::Apply(index, event));
                } else {
                    self.enqueue(until, index);
                }
                continue;
            }
            commands.push(Command::Download(DownloadRequest {
                job: job.spec.id.clone(),
                video_url: output.video_url.clone(),
                thumbnail_url: output.thumbnail_url.clone(),
                file: job.spec.video_path(),
                thumbnail: job.spec.thumbnail_path(),
            }));
            self.outstanding += 1;
        }
        decisions
    }

    /// Notes that a download has ended, or that no answer will come.
    pub(super) const fn on_outcome(&mut self) {
        self.outstanding = self.outstanding.saturating_sub(1);
    }

    /// Decides what the result of a download means.
    pub(super) fn on_answer(
        &mut self,
        now: Timestamp,
        index: usize,
        jobs: &JobTable,
        result: Result<Artifact, Failure>,
    ) -> Vec<Decision> {
        let state = &jobs[index].state;
        let Phase::Downloading { output, .. } = &state.phase else {
            return Vec::new();
        };
        let host = host_of(&output.video_url);
        let apply = |event| Decision::Apply(index, event);
        match result {
            Ok(artifact) => {
                if let Some(lane) = self.lanes.get_mut(host) {
                    lane.succeed();
                }
                let artifact = Arc::new(artifact);
                vec![apply(JobEvent::Downloaded { artifact })]
            }
            Err(failure) => {
                let most = if jobs[index].is_resubmitted {
                    FAILURES_BEFORE_REPLACEMENT
                } else {
                    FAILURES_PER_RUN
                };
                self.on_failure(now, index, host, state.generation, most, failure)
            }
        }
    }

    fn on_failure(
        &mut self,
        now: Timestamp,
        index: usize,
        host: &str,
        generation: Generation,
        most_failures: u32,
        mut failure: Failure,
    ) -> Vec<Decision> {
        let bytes_kept = std::mem::take(&mut failure.bytes_kept);
        let attempts = self.attempts.entry(index).or_default();
        if bytes_kept >= attempts.bytes_kept.saturating_add(SIGNIFICANT_PROGRESS) {
            attempts.bytes_kept = bytes_kept;
            attempts.failures = 0;
        }
        let disposition = failure.disposition(CommandKind::Download);
        if disposition == Disposition::HoldLane {
            return self.on_throttled(now, index, host, failure);
        }
        attempts.failures += 1;
        let failures = attempts.failures;
        let is_last = failures >= most_failures;
        let wait = DOWNLOAD.wait(failures, self.jitter.of_job(index));
        let mut decisions = Vec::new();
        let mut pause = None;
        if failure.retry_after.is_some() {
            let rules = self.rules;
            let lane = self.lane(host);
            let held = rules.apply_retry_after(lane, now, &failure);
            pause = held.as_ref().and(lane.held_until(now));
            decisions.extend(held.map(Decision::Record));
        }
        let apply = |event| Decision::Apply(index, event);
        let events = match disposition {
            // A stale link may be refused like a wrong one.
            Disposition::LeaveToUser if failures > 1 => {
                vec![apply(JobEvent::DownloadGivenUp { failure })]
            }
            Disposition::FreshLink if is_last => vec![apply(JobEvent::DownloadGivenUp { failure })],
            Disposition::FreshLink | Disposition::LeaveToUser => {
                let events = self.rules.expired_link(failure, generation);
                events.into_iter().map(apply).collect()
            }
            Disposition::StopRun => {
                let reason = StopReason::of_refusal(&failure);
                vec![apply(JobEvent::DownloadGivenUp { failure }), Decision::Stop(reason)]
            }
            Disposition::Retry
            | Disposition::HoldLane
            | Disposition::InDoubt
            | Disposition::FailJob
            | Disposition::StopSubmitting
            | Disposition::PollIndividually
            | Disposition::NotVisible => {
                let due = pause.unwrap_or_else(|| now.plus(wait));
                let event = if is_last || due > now.plus(LONGEST_HOLD) {
                    JobEvent::DownloadGivenUp { failure }
                } else if pause.is_none() && failures.is_multiple_of(FAILURES_PER_LINK) {
                    JobEvent::LinkExpired { failure }
                } else {
                    self.enqueue(due, index);
                    JobEvent::DownloadDeferred { failure }
                };
                vec![apply(event)]
            }
        };
        decisions.extend(events);
        decisions
    }

    /// Holds a host after a 429, which says nothing about the file.
    fn on_throttled(
        &mut self,
        now: Timestamp,
        index: usize,
        host: &str,
        failure: Failure,
    ) -> Vec<Decision> {
        let (rules, jitter) = (self.rules, self.jitter.of_run());
        let lane = self.lane(host);
        let until = rules.throttle(lane, now, &failure, jitter);
        let held = lane.held(until, failure.clone());
        let is_endless = lane.failing_for(now) > LONGEST_HOLD;
        let event = if is_endless || lane.long_hold(now).is_some() {
            JobEvent::DownloadGivenUp { failure }
        } else {
            self.enqueue(until, index);
            JobEvent::DownloadDeferred { failure }
        };
        vec![Decision::Record(held), Decision::Apply(index, event)]
    }

    fn lane(&mut self, host: &str) -> &mut LaneLimiter {
        self.lanes.entry(host.to_owned()).or_insert_with(LaneLimiter::of_downloads)
    }
}

/// Returns host and port of a link.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}
