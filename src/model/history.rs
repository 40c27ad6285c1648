//! The history of a campaign: the fold of its journal's entries. A run resumes from it, and every report is derived
//! from it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::{
    AccountMark, Entry, Event, IllegalTransition, JobEvent, JobId, JobState, Lane, RecordedCap,
    RemoteId, StopReason, Timestamp, TrustedTime,
};

/// The number of newest renders kept one by one, for the current render time.
const RENDERS_REMEMBERED: usize = 1000;

/// The history of a campaign: the state of each job, and the other information in its entries.
///
/// An entry that contradicts earlier ones only sets the [fault](Self::fault): a run must check it, a display need not.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The indices in `jobs`, shared by all owners of the same jobs.
    pub(crate) indices: Arc<HashMap<JobId, usize>>,
    /// All jobs: in the given order, else in the order of their first entries.
    pub(crate) jobs: Vec<JobHistory>,
    /// The jobs of the campaign, if they were given: entries of others are ignored then.
    order: Option<Arc<[JobId]>>,
    sequence: u64,
    last: Option<Timestamp>,
    runs: Vec<Run>,
    fault: Option<HistoryError>,
    renders: Renders,
    pub(crate) resuming: ResumeState,
}

/// The history of one job.
#[derive(Debug, Clone, Default)]
pub(crate) struct JobHistory {
    /// The state of the job, shared by all holders of the same state.
    pub(crate) state: Arc<JobState>,
    /// Whether the newest run has stopped waiting for the render.
    pub(crate) is_overdue: bool,
    /// The number of runs that had begun when it was last submitted or adopted.
    pub(crate) sent_in_run: u32,
}

/// The renders of known duration.
#[derive(Debug, Clone, Copy, Default)]
struct Renders {
    count: u32,
    total: Duration,
}

/// Information that only a resuming run needs.
#[derive(Debug, Clone, Default)]
pub(crate) struct ResumeState {
    /// The time since which the clock can be trusted.
    pub(crate) trusted_since: Option<Timestamp>,
    /// The time of the newest submit.
    pub(crate) last_submit: Option<Timestamp>,
    /// When the provider's list was last read for all jobs of the campaign.
    pub(crate) last_inventory: Option<Timestamp>,
    /// The end of the pause that the provider asked for.
    pub(crate) holds: BTreeMap<Lane, Timestamp>,
    /// The learned limit of concurrent renders.
    pub(crate) learned_limit: Option<usize>,
    /// The length of the longest list.
    pub(crate) longest_list: u64,
    /// The number of the newest entry that says that the journal was lost or old; 0 if there is none, or the list was
    /// read completely since.
    pub(crate) last_loss: u64,
    /// Whether the folder showed then that jobs were accepted.
    pub(crate) has_lost_accepted_jobs: bool,
    /// The number of the newest entry that ends a run in any way.
    pub(crate) last_end: u64,
    /// The number of the newest entry that ends a run with nothing left to do.
    pub(crate) last_complete_end: u64,
    /// For each reopened job, the number of the newest entry that reopened it.
    pub(crate) reopened: HashMap<JobId, u64>,
    /// For each job whose answer was ever lost, the trusted time of the newest such entry.
    pub(crate) lost: HashMap<JobId, Timestamp>,
    /// The renders that were accepted and seen to be finished in one run, the newest last: when, and their duration.
    /// Others may have finished long before they were observed.
    pub(crate) newest_renders: VecDeque<(Timestamp, Duration)>,
    /// The remote ids of jobs before they were reopened.
    pub(crate) superseded: Vec<RemoteId>,
    /// The account that the campaign belongs to.
    account: Option<Box<AccountMark>>,
    /// The number of runs that had begun when that was recorded.
    pub(crate) account_since: usize,
    /// The newest cap that the user has given.
    cap: Option<RecordedCap>,
}

/// Entries that contradict each other or the campaign.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum HistoryError {
    /// There are entries of a job that is neither in the plan nor in the journal's list of jobs.
    #[error("the journal names an unknown job `{job}`")]
    UnknownJob {
        /// The job.
        job: JobId,
    },
    /// An entry is not allowed after those before it.
    #[error("entry {sequence} about job `{job}` contradicts those before it")]
    Contradiction {
        /// The number of the entry.
        sequence: u64,
        /// The job.
        job: JobId,
        /// The violated rule.
        source: Box<IllegalTransition>,
    },
    /// Entries are missing or out of order.
    #[error("entry {found} follows entry {previous}")]
    Gap {
        /// The previous number.
        previous: u64,
        /// The number found.
        found: u64,
    },
}

impl History {
    /// Folds `entries`, with their times as far as they can be trusted at `now`.
    pub fn of(entries: &[Entry], now: Timestamp) -> Self {
        let mut history = Self::default();
        let moments = TrustedTime::believed(entries.iter().map(|entry| entry.at), now);
        for (entry, moment) in entries.iter().zip(moments) {
            history.apply(entry, moment);
        }
        history
    }

    /// Applies an entry at the time `moment`.
    pub fn apply(&mut self, entry: &Entry, moment: TrustedTime) {
        let TrustedTime { at, is_certain } = moment;
        if entry.sequence != self.sequence + 1 {
            self.fault.get_or_insert(HistoryError::Gap {
                previous: self.sequence,
                found: entry.sequence,
            });
        }
        self.sequence = entry.sequence;
        self.last = Some(at);
        if is_certain {
            self.resuming.trusted_since.get_or_insert(at);
        }
        match &entry.event {
            Event::RunStarted { version, process, account, cap } => {
                self.runs.push(Run {
                    started: at,
                    version: version.clone(),
                    process: *process,
                    first_submit: None,
                    last_video: None,
                    ended: None,
                });
                for job in &mut self.jobs {
                    job.is_overdue = false;
                }
                if let Some(mark) = account {
                    self.resuming.account = Some(mark.clone());
                    self.resuming.account_since = self.runs.len();
                }
                self.resuming.cap = cap.or(self.resuming.cap);
            }
            Event::RunEnded { stopped } => {
                self.resuming.last_end = entry.sequence;
                if stopped.is_none() {
                    self.resuming.last_complete_end = entry.sequence;
                }
                if let Some(run) = self.runs.last_mut() {
                    run.ended = Some(RunEnd { at, stopped: stopped.clone() });
                }
            }
            // A hold keeps its duration, whatever the clock does.
            Event::LaneHeld { lane, until, .. } => {
                let until = at.plus(until.since(entry.at));
                let held = self.resuming.holds.entry(*lane).or_insert(until);
                *held = until.max(*held);
            }
            Event::JournalLost => self.resuming.last_loss = entry.sequence,
            Event::AcceptedJobsLost => self.resuming.has_lost_accepted_jobs = true,
            Event::InventoryTaken { rows } => {
                self.resuming.last_loss = 0;
                self.resuming.has_lost_accepted_jobs = false;
                self.resuming.last_inventory = Some(at);
                self.resuming.longest_list = self.resuming.longest_list.max(*rows);
            }
            Event::InventorySkipped { .. }
            | Event::TagNotShown { .. }
            | Event::ListCutOff { .. } => {}
            Event::LimitLearned { limit } => self.resuming.learned_limit = Some(*limit),
            Event::Job { job, event } => self.apply_to_job(entry.sequence, moment, job, event),
        }
    }

    fn apply_to_job(&mut self, sequence: u64, moment: TrustedTime, id: &JobId, event: &JobEvent) {
        let Some(index) = self.index_or_new(id) else {
            return;
        };
        let job = &mut self.jobs[index];
        let was_rendered = job.state.rendered_at.is_some();
        let is_reopened = matches!(event, JobEvent::Reopened { .. });
        let earlier = job.state.phase.remote().filter(|_| is_reopened).cloned();
        if let Err(source) = Arc::make_mut(&mut job.state).apply(moment.at, event) {
            self.fault.get_or_insert(HistoryError::Contradiction {
                sequence,
                job: id.clone(),
                source: Box::new(source),
            });
            return;
        }
        if !matches!(event, JobEvent::Observed { .. } | JobEvent::PaidTwice { .. }) {
            job.is_overdue = matches!(event, JobEvent::RenderOverdue);
        }
        if event.fingerprint().is_some() {
            job.sent_in_run = u32::try_from(self.runs.len()).unwrap_or(u32::MAX);
        }
        // A fresh link reports the same render a second time.
        if matches!(event, JobEvent::Rendered { .. }) && !was_rendered {
            self.learn(moment.at, index);
        }
        if let Some(run) = self.runs.last_mut() {
            if matches!(event, JobEvent::SubmitStarted { .. }) {
                run.first_submit.get_or_insert(moment.at);
            }
            if matches!(event, JobEvent::Downloaded { .. }) {
                run.last_video = Some(moment.at);
            }
        }
        let resuming = &mut self.resuming;
        resuming.superseded.extend(earlier);
        if is_reopened {
            resuming.reopened.insert(id.clone(), sequence);
        }
        if matches!(event, JobEvent::SubmitStarted { .. }) {
            resuming.last_submit = Some(moment.at);
        }
        if matches!(event, JobEvent::SubmitLost { .. }) {
            resuming.lost.remove(id);
            if moment.is_certain {
                resuming.lost.insert(id.clone(), moment.at);
            }
        }
    }

    fn index_or_new(&mut self, id: &JobId) -> Option<usize> {
        if let Some(index) = self.indices.get(id) {
            return Some(*index);
        }
        if self.order.is_some() {
            return None;
        }
        Arc::make_mut(&mut self.indices).insert(id.clone(), self.jobs.len());
        self.jobs.push(JobHistory::default());
        Some(self.jobs.len() - 1)
    }

    /// Records the duration of a render that was just seen to be finished.
    fn learn(&mut self, at: Timestamp, index: usize) {
        let state = &self.jobs[index].state;
        let Some(took) = state.render_time() else {
            return;
        };
        self.renders.count += 1;
        self.renders.total += took;
        let began = self.runs.last().map(|run| run.started).unwrap_or_default();
        if state.accepted_at.is_some_and(|accepted| accepted >= began) {
            let newest = &mut self.resuming.newest_renders;
            newest.push_back((at, took));
            if newest.len() > RENDERS_REMEMBERED {
                newest.pop_front();
            }
        }
    }

    /// Returns the history of one job, if it has one.
    pub(crate) fn job(&self, id: &JobId) -> Option<&JobHistory> {
        self.index_of(id).map(|index| &self.jobs[index])
    }

    /// Returns the index in `jobs`.
    pub(crate) fn index_of(&self, id: &JobId) -> Option<usize> {
        self.indices.get(id).copied()
    }

    /// Returns the ids of all jobs with entries.
    pub fn ids(&self) -> impl Iterator<Item = &JobId> {
        self.indices.keys()
    }

    /// Returns the state of a job, or `None` without entries.
    pub fn state(&self, id: &JobId) -> Option<&JobState> {
        self.job(id).map(|job| &*job.state)
    }

    /// Returns all jobs with entries and their states.
    pub fn states(&self) -> impl Iterator<Item = (&JobId, &JobState)> {
        let jobs = &self.jobs;
        self.indices.iter().map(|(id, index)| (id, &*jobs[*index].state))
    }

    /// Returns every remote id that a job of the campaign has, or had before it was reopened.
    pub fn remotes(&self) -> impl Iterator<Item = &RemoteId> {
        let current = self.jobs.iter().filter_map(|job| job.state.phase.remote());
        current.chain(&self.resuming.superseded)
    }

    /// Checks whether there are no entries.
    pub const fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    /// Returns the number of the newest entry, or 0.
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Returns the time of the newest entry.
    pub const fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// Returns every run in order.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Returns the account that the campaign belongs to, if a run has recorded it.
    pub fn account(&self) -> Option<&AccountMark> {
        self.resuming.account.as_deref()
    }

    /// Returns the cap that the user has given last, if any.
    pub const fn cap(&self) -> Option<RecordedCap> {
        self.resuming.cap
    }

    /// Returns the first entry that contradicts those before it.
    pub const fn fault(&self) -> Option<&HistoryError> {
        self.fault.as_ref()
    }

    /// Returns the mean render time, from acceptance to the end, or `None` without any.
    pub fn mean_render_time(&self) -> Option<Duration> {
        self.renders.total.checked_div(self.renders.count)
    }

    /// Adds the newest runs of another shard of the same campaign.
    pub(crate) fn join(&mut self, other: &Self) {
        self.runs.extend(other.runs.iter().cloned());
        self.runs.sort_by_key(|run| run.started);
        self.last = self.last.max(other.last);
        self.renders.count += other.renders.count;
        self.renders.total += other.renders.total;
    }
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The start.
    pub started: Timestamp,
    /// The version of the program.
    pub version: String,
    /// The process id.
    pub process: u32,
    /// When it submitted its first job.
    pub first_submit: Option<Timestamp>,
    /// When it downloaded its last video.
    pub last_video: Option<Timestamp>,
    /// The end; `None` while it is active, or if it crashed.
    pub ended: Option<RunEnd>,
}

/// The orderly end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// The time.
    pub at: Timestamp,
    /// Why the run stopped early, if it did.
    pub stopped: Option<StopReason>,
}

impl History {
    /// Returns the history with `jobs` in their order. A recorded job outside of `jobs` is an error now and is ignored
    /// in later entries.
    #[must_use]
    pub fn about<'a>(mut self, jobs: impl IntoIterator<Item = &'a JobId>) -> Self {
        let order: Arc<[JobId]> = jobs.into_iter().cloned().collect();
        if self.order.as_ref() == Some(&order) {
            return self;
        }
        let indices: HashMap<JobId, usize> = order.iter().cloned().zip(0..).collect();
        let mut jobs = vec![JobHistory::default(); order.len()];
        for (id, known) in self.indices.iter() {
            match indices.get(id) {
                Some(index) => jobs[*index] = std::mem::take(&mut self.jobs[*known]),
                None => {
                    self.fault.get_or_insert(HistoryError::UnknownJob { job: id.clone() });
                }
            }
        }
        self.jobs = jobs;
        self.indices = Arc::new(indices);
        self.order = Some(order);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        AspectRatio, Credits, Failure, FailureKind, Fingerprint, Generation, Output, Phase, Speech,
        StopReason, Tag, VideoRequest,
    };

    /// A list of entries, one second apart.
    #[derive(Default)]
    struct EventLog(Vec<Entry>);

    impl EventLog {
        fn push(&mut self, event: Event) {
            let sequence = self.0.len() as u64 + 1;
            self.0.push(Entry { sequence, at: at(sequence), event });
        }

        fn begin(&mut self) {
            let (version, process) = ("1".into(), 1);
            self.push(Event::RunStarted { version, process, account: None, cap: None });
        }

        fn end(&mut self, stopped: Option<StopReason>) {
            self.push(Event::RunEnded { stopped });
        }

        fn push_job(&mut self, job: &str, event: JobEvent) {
            self.push(Event::job(&id(job), event));
        }

        fn accepted(&mut self, job: &str, remote: &str) {
            let request = VideoRequest::new(Speech::Text("x".into()), "p", AspectRatio::Square);
            let fingerprint = Fingerprint::of(&request);
            let generation = Generation(0);
            let tag = Tag::of("c", &id(job), &fingerprint, generation);
            let reserved = Credits::whole(5);
            self.push_job(
                job,
                JobEvent::SubmitStarted { tag, fingerprint, generation, reserved, least: None },
            );
            let remote = remote.parse().unwrap();
            self.push_job(job, JobEvent::Submitted { remote });
        }

        fn history(&self) -> History {
            History::of(&self.0, at(1_000_000))
        }
    }

    fn id(job: &str) -> JobId {
        job.parse().unwrap()
    }

    fn at(second: u64) -> Timestamp {
        Timestamp::default().plus(Duration::from_secs(second))
    }

    fn rendered() -> JobEvent {
        JobEvent::Rendered {
            output: Arc::new(Output {
                video_url: "https://x/".into(),
                thumbnail_url: None,
                duration_seconds: None,
                credits_used: None,
            }),
        }
    }

    fn failed() -> JobEvent {
        JobEvent::Failed { failure: Failure::new(FailureKind::RenderFailed, "no"), charged: None }
    }

    #[test]
    fn jobs_are_in_the_given_order_and_others_are_left_out() {
        let mut log = EventLog::default();
        log.begin();
        log.accepted("a", "r1");
        log.accepted("b", "r2");
        let jobs = ["new", "b"].map(id);
        let mut history = log.history().about(&jobs);
        assert_eq!(history.fault().unwrap().to_string(), "the journal names an unknown job `a`");
        let phases = |history: &History| {
            let jobs = history.jobs.iter();
            jobs.map(|job| job.state.phase.name()).collect::<Vec<_>>()
        };
        assert_eq!(phases(&history), ["pending", "rendering"]);
        let last = log.0.len() as u64 + 1;
        for (sequence, job) in (last..).zip(["a", "b"]) {
            let entry = Entry { sequence, at: at(sequence), event: Event::job(&id(job), failed()) };
            history.apply(&entry, TrustedTime::certain(entry.at));
        }
        assert_eq!(phases(&history), ["pending", "failed"]);
        assert_eq!(history.sequence(), last + 1);
    }

    #[test]
    fn a_render_time_is_recorded_once() {
        let mut log = EventLog::default();
        log.begin();
        log.accepted("a", "r1");
        log.accepted("b", "r2");
        log.push_job("a", rendered());
        let failure = Failure::new(FailureKind::NotFound, "gone");
        log.push_job("a", JobEvent::LinkExpired { failure });
        log.push_job("a", rendered());
        log.begin();
        log.push_job("b", rendered());
        let history = log.history();
        let seconds = Duration::from_secs;
        assert_eq!(history.mean_render_time(), Some((seconds(3) + seconds(5)) / 2));
        let newest = &history.resuming.newest_renders;
        assert_eq!(newest.iter().collect::<Vec<_>>(), [&(at(6), seconds(3))]);
    }

    #[test]
    fn the_next_run_waits_again_for_a_render_that_timed_out() {
        let mut log = EventLog::default();
        log.begin();
        log.accepted("a", "r1");
        log.push_job("a", JobEvent::RenderOverdue);
        let is_overdue = |log: &EventLog| log.history().job(&id("a")).unwrap().is_overdue;
        assert!(is_overdue(&log));
        log.end(Some(StopReason::Interrupted));
        log.begin();
        assert!(!is_overdue(&log));
        let resuming = log.history().resuming;
        assert_eq!((resuming.last_end, resuming.last_complete_end), (5, 0));
    }

    #[test]
    fn remote_ids_are_known_after_a_job_was_reopened() {
        let mut log = EventLog::default();
        log.begin();
        log.accepted("a", "r1");
        log.push_job("a", failed());
        let generation = Generation(1);
        log.push_job("a", JobEvent::Reopened { generation });
        let history = log.history();
        assert_eq!(history.state(&id("a")).unwrap().phase, Phase::Pending);
        assert_eq!(history.remotes().map(RemoteId::as_str).collect::<Vec<_>>(), ["r1"]);
        assert_eq!(history.resuming.reopened[&id("a")], 5);
    }

    #[test]
    fn the_time_of_a_lost_answer_is_kept_if_the_clock_is_right() {
        let mut log = EventLog::default();
        log.begin();
        log.accepted("a", "r1");
        log.0.pop();
        let failure = Failure::new(FailureKind::Lost, "lost");
        log.push_job("a", JobEvent::SubmitLost { failure });
        let lost = |now| History::of(&log.0, now).resuming.lost.get(&id("a")).copied();
        assert_eq!(lost(at(9)), Some(at(3)));
        assert_eq!(lost(at(2)), None, "it lies in the future");
    }

    #[test]
    fn a_contradicting_entry_changes_nothing_and_is_reported() {
        let mut log = EventLog::default();
        log.begin();
        log.push_job("a", rendered());
        log.push_job("a", rendered());
        let history = log.history();
        let fault = history.fault().unwrap().to_string();
        assert_eq!(fault, "entry 2 about job `a` contradicts those before it");
        assert_eq!(history.state(&id("a")).unwrap().phase, Phase::Pending);
        log.0.remove(0);
        let fault = log.history().fault().unwrap().to_string();
        assert_eq!(fault, "entry 2 follows entry 0");
    }
}
