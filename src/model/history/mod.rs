//! What the journal of a campaign adds up to: [`History`], the one fold of its entries. A run goes on from
//! it, and what is shown is read from it.

mod arranging;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::{
    Entry, Event, IllegalTransition, Inventory, JobEvent, JobId, JobState, Lane, RemoteId, Run,
    RunEnd, Sparse, Timestamp, TrustedTime,
};

/// So many of the newest renders are remembered one by one: enough to know how long they take by now.
const RENDERS_REMEMBERED: usize = 1000;

/// The past of a campaign: where each of its jobs stands, and what else its entries say.
///
/// An entry that contradicts those before it changes nothing but the [fault](Self::fault): whoever goes on
/// from a history must look at that, whoever only shows it need not.
#[derive(Debug, Clone, Default)]
pub struct History {
    places: Arc<HashMap<JobId, usize>>,
    jobs: Vec<JobHistory>,
    /// The jobs whose history it is, if that was said: others are none of its business then.
    order: Option<Arc<[JobId]>>,
    sequence: u64,
    last: Option<Timestamp>,
    runs: Vec<Run>,
    inventory: Option<Inventory>,
    fault: Option<HistoryError>,
    renders: Renders,
    pub(crate) resuming: Resuming,
}

/// The past of one job.
#[derive(Debug, Clone, Default)]
pub(crate) struct JobHistory {
    /// The fold of its events. Whoever holds the same shares it.
    pub(crate) state: Sparse<JobState>,
    /// The newest run has stopped waiting for its render.
    pub(crate) is_overdue: bool,
    /// How many runs had begun when it was last submitted or adopted.
    pub(crate) sent_in_run: u32,
}

/// Renders whose length is known.
#[derive(Debug, Clone, Copy, Default)]
struct Renders {
    count: u32,
    total: Duration,
}

/// What matters to a run that goes on, and to nobody who only looks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resuming {
    /// The first moment since which the clock can be believed.
    pub(crate) certain_since: Option<Timestamp>,
    /// When a submit was last started.
    pub(crate) last_submit: Option<Timestamp>,
    /// Until when the provider asked for a pause.
    pub(crate) holds: BTreeMap<Lane, Timestamp>,
    /// How many renders at one time the provider has shown to be right.
    pub(crate) places_learnt: Option<usize>,
    /// The longest list ever seen.
    pub(crate) most_rows: u64,
    /// The number of the newest entry that says that the journal was lost or old; 0 if none does, or the list has
    /// been read with care since.
    pub(crate) last_loss: u64,
    /// The number of the newest entry that ends a run, in whatever way.
    pub(crate) last_end: u64,
    /// The number of the newest entry that ends a run which had nothing left to do.
    pub(crate) last_own_end: u64,
    /// For each job that was ever reopened, the number of the newest entry that did it.
    pub(crate) reopened: HashMap<JobId, u64>,
    /// For each job whose answer was ever lost, when that was last known, by a clock that can be believed.
    pub(crate) lost: HashMap<JobId, Timestamp>,
    /// Renders that were accepted and seen to be finished in one run, the newest last: when, and how long
    /// they took. Any other may have been finished for days before somebody looked.
    pub(crate) newest_renders: VecDeque<(Timestamp, Duration)>,
    /// Ids at the provider of what jobs were before they were reopened.
    pub(crate) superseded: Vec<RemoteId>,
}

/// Entries that do not fit together, or not the campaign.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum HistoryError {
    /// There are entries about a job that is neither in the plan nor in the journal's own list.
    #[error("the journal speaks of an unknown job `{job}`")]
    UnknownJob {
        /// The job.
        job: JobId,
    },
    /// An entry cannot follow those before it.
    #[error("entry {sequence} about job `{job}` contradicts those before it")]
    Contradiction {
        /// Its number.
        sequence: u64,
        /// The job.
        job: JobId,
        /// The rule it breaks.
        source: Box<IllegalTransition>,
    },
    /// Entries are missing or out of order.
    #[error("entry {found} follows entry {previous}")]
    Gap {
        /// The number before.
        previous: u64,
        /// The number found.
        found: u64,
    },
}

impl History {
    /// What `entries` add up to, as far as their times can be believed at `now`.
    pub fn of(entries: &[Entry], now: Timestamp) -> Self {
        let mut history = Self::default();
        let moments = TrustedTime::believed(entries.iter().map(|entry| entry.at), now);
        for (entry, moment) in entries.iter().zip(moments) {
            history.apply(entry, moment);
        }
        history
    }

    /// Takes in one entry, which became true at `moment`.
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
            self.resuming.certain_since.get_or_insert(at);
        }
        match &entry.event {
            Event::RunStarted { version, process } => {
                self.runs.push(Run {
                    started: at,
                    version: version.clone(),
                    process: *process,
                    ended: None,
                });
                for job in &mut self.jobs {
                    job.is_overdue = false;
                }
            }
            Event::RunEnded { stopped } => {
                self.resuming.last_end = entry.sequence;
                if stopped.is_none() {
                    self.resuming.last_own_end = entry.sequence;
                }
                if let Some(run) = self.runs.last_mut() {
                    run.ended = Some(RunEnd {
                        at,
                        stopped: stopped.clone(),
                    });
                }
            }
            // A hold lasts as long as it was meant to, whatever has become of the clock.
            Event::LaneHeld { lane, until, .. } => {
                let until = at.plus(until.since(entry.at));
                let held = self.resuming.holds.entry(*lane).or_insert(until);
                *held = until.max(*held);
            }
            Event::JournalLost => self.resuming.last_loss = entry.sequence,
            Event::InventoryTaken { rows } => {
                self.resuming.last_loss = 0;
                self.resuming.most_rows = self.resuming.most_rows.max(*rows);
                self.inventory = Some(Inventory::Taken(*rows));
            }
            Event::InventorySkipped { failure } => {
                self.inventory = Some(Inventory::Skipped(failure.clone()));
            }
            Event::PlacesLearnt { places } => self.resuming.places_learnt = Some(*places),
            Event::Job { job, event } => self.apply_to_job(entry.sequence, moment, job, event),
        }
    }

    fn apply_to_job(&mut self, sequence: u64, moment: TrustedTime, id: &JobId, event: &JobEvent) {
        let Some(place) = self.place_or_new(id) else {
            return;
        };
        let job = &mut self.jobs[place];
        let was_rendered = job.state.rendered_at.is_some();
        let is_reopened = matches!(event, JobEvent::Reopened { .. });
        let earlier = job.state.phase.remote().filter(|_| is_reopened).cloned();
        if let Err(source) = job.state.apply(moment.at, event) {
            self.fault.get_or_insert(HistoryError::Contradiction {
                sequence,
                job: id.clone(),
                source: Box::new(source),
            });
            return;
        }
        job.is_overdue = match event {
            JobEvent::RenderOverdue => true,
            JobEvent::Observed { .. } | JobEvent::PaidTwice { .. } => job.is_overdue,
            JobEvent::SubmitStarted { .. }
            | JobEvent::Submitted { .. }
            | JobEvent::SubmitDeferred { .. }
            | JobEvent::SubmitLost { .. }
            | JobEvent::Adopted { .. }
            | JobEvent::NotProven { .. }
            | JobEvent::FoundAbsent
            | JobEvent::Rendered { .. }
            | JobEvent::Fetched { .. }
            | JobEvent::FetchDeferred { .. }
            | JobEvent::FetchLeft { .. }
            | JobEvent::LinkExpired { .. }
            | JobEvent::FileMissing
            | JobEvent::Failed { .. }
            | JobEvent::Revisited
            | JobEvent::Reopened { .. } => false,
        };
        if event.fingerprint().is_some() {
            job.sent_in_run = u32::try_from(self.runs.len()).unwrap_or(u32::MAX);
        }
        // A fresh link reports the same render once more.
        if matches!(event, JobEvent::Rendered { .. }) && !was_rendered {
            self.learn(moment.at, place);
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

    fn place_or_new(&mut self, id: &JobId) -> Option<usize> {
        if let Some(place) = self.places.get(id) {
            return Some(*place);
        }
        if self.order.is_some() {
            return None;
        }
        Arc::make_mut(&mut self.places).insert(id.clone(), self.jobs.len());
        self.jobs.push(JobHistory::default());
        Some(self.jobs.len() - 1)
    }

    /// Learns how long a render took that has just been seen to be finished.
    fn learn(&mut self, at: Timestamp, place: usize) {
        let state = &self.jobs[place].state;
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

    /// The past of one job, if it has one.
    pub(crate) fn job(&self, id: &JobId) -> Option<&JobHistory> {
        self.place(id).map(|place| &self.jobs[place])
    }

    /// Where it stands in [`jobs`](Self::jobs).
    pub(crate) fn place(&self, id: &JobId) -> Option<usize> {
        self.places.get(id).copied()
    }

    /// The place of each of [its jobs](Self::jobs), which others may hold too.
    pub(crate) fn places(&self) -> Arc<HashMap<JobId, usize>> {
        Arc::clone(&self.places)
    }

    /// All of them: in the order that was given, else in that in which they were first heard of.
    pub(crate) fn jobs(&self) -> &[JobHistory] {
        &self.jobs
    }

    /// The same, to be changed.
    pub(crate) fn jobs_mut(&mut self) -> &mut [JobHistory] {
        &mut self.jobs
    }

    /// Every job that something is on record of.
    pub fn ids(&self) -> impl Iterator<Item = &JobId> {
        self.places.keys()
    }

    /// Where a job stands; `None` of one that nothing is on record of.
    pub fn state(&self, id: &JobId) -> Option<&JobState> {
        self.job(id).map(|job| &*job.state)
    }

    /// Every job that something is on record of, and where it stands.
    pub fn states(&self) -> impl Iterator<Item = (&JobId, &JobState)> {
        let jobs = &self.jobs;
        self.places
            .iter()
            .map(|(id, place)| (id, &*jobs[*place].state))
    }

    /// Every id at the provider that a job of the campaign has, or had before it was reopened.
    pub fn remotes(&self) -> impl Iterator<Item = &RemoteId> {
        let current = self.jobs.iter().filter_map(|job| job.state.phase.remote());
        current.chain(&self.resuming.superseded)
    }

    /// Whether nothing is on record at all.
    pub const fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    /// The number of the newest entry; 0 if there is none.
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The time of the newest entry.
    pub const fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// Every run, in order.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// What the newest run found out about jobs the provider already had, if anything.
    pub const fn inventory(&self) -> Option<&Inventory> {
        self.inventory.as_ref()
    }

    /// The first entry that did not fit those before it.
    pub const fn fault(&self) -> Option<&HistoryError> {
        self.fault.as_ref()
    }

    /// How long renders take, from acceptance to being seen finished; `None` before the first.
    pub fn usual_render(&self) -> Option<Duration> {
        self.renders.total.checked_div(self.renders.count)
    }

    /// Takes in the newest runs of another part of the same campaign.
    pub(crate) fn join(&mut self, other: &Self) {
        self.runs.extend(other.runs.iter().cloned());
        self.runs.sort_by_key(|run| run.started);
        self.last = self.last.max(other.last);
        self.renders.count += other.renders.count;
        self.renders.total += other.renders.total;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        AspectRatio, Credits, Failure, FailureKind, Fingerprint, Generation, Output, Phase, Speech,
        StopReason, Tag, VideoRequest,
    };

    /// Entries, a second apart.
    #[derive(Default)]
    struct Tale(Vec<Entry>);

    impl Tale {
        fn push(&mut self, event: Event) {
            let sequence = self.0.len() as u64 + 1;
            self.0.push(Entry {
                sequence,
                at: at(sequence),
                event,
            });
        }

        fn begin(&mut self) {
            let (version, process) = ("1".into(), 1);
            self.push(Event::RunStarted { version, process });
        }

        fn end(&mut self, stopped: Option<StopReason>) {
            self.push(Event::RunEnded { stopped });
        }

        fn tell(&mut self, job: &str, event: JobEvent) {
            self.push(Event::job(&id(job), event));
        }

        fn accepted(&mut self, job: &str, remote: &str) {
            let request = VideoRequest::new(Speech::Text("x".into()), "p", AspectRatio::Square);
            let fingerprint = Fingerprint::of(&request);
            let generation = Generation(0);
            let tag = Tag::of("c", &id(job), &fingerprint, generation);
            let reserved = Credits::whole(5);
            self.tell(
                job,
                JobEvent::SubmitStarted {
                    tag,
                    fingerprint,
                    generation,
                    reserved,
                },
            );
            let remote = remote.parse().unwrap();
            self.tell(job, JobEvent::Submitted { remote });
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
        JobEvent::Failed {
            failure: Failure::new(FailureKind::RenderFailed, "no"),
            charged: None,
        }
    }

    #[test]
    fn jobs_stand_in_the_order_that_is_asked_for_and_others_are_left_out() {
        let mut tale = Tale::default();
        tale.begin();
        tale.accepted("a", "r1");
        tale.accepted("b", "r2");
        let jobs = ["new", "b"].map(id);
        let mut history = tale.history().about(&jobs);
        assert_eq!(
            history.fault().unwrap().to_string(),
            "the journal speaks of an unknown job `a`"
        );
        let phases = |history: &History| {
            let jobs = history.jobs().iter();
            jobs.map(|job| job.state.phase.name()).collect::<Vec<_>>()
        };
        assert_eq!(phases(&history), ["pending", "rendering"]);
        let last = tale.0.len() as u64 + 1;
        for (sequence, job) in (last..).zip(["a", "b"]) {
            let entry = Entry {
                sequence,
                at: at(sequence),
                event: Event::job(&id(job), failed()),
            };
            history.apply(&entry, TrustedTime::certain(entry.at));
        }
        assert_eq!(phases(&history), ["pending", "failed"]);
        assert_eq!(history.sequence(), last + 1);
    }

    #[test]
    fn renders_teach_their_length_once_and_only_those_of_one_run_how_long_they_take_by_now() {
        let mut tale = Tale::default();
        tale.begin();
        tale.accepted("a", "r1");
        tale.accepted("b", "r2");
        tale.tell("a", rendered());
        let failure = Failure::new(FailureKind::NotFound, "gone");
        tale.tell("a", JobEvent::LinkExpired { failure });
        tale.tell("a", rendered());
        tale.begin();
        tale.tell("b", rendered());
        let history = tale.history();
        let seconds = Duration::from_secs;
        assert_eq!(history.usual_render(), Some((seconds(3) + seconds(5)) / 2));
        let newest = &history.resuming.newest_renders;
        assert_eq!(newest.iter().collect::<Vec<_>>(), [&(at(6), seconds(3))]);
    }

    #[test]
    fn what_a_person_was_told_to_wait_for_no_longer_is_waited_for_again_by_the_next_run() {
        let mut tale = Tale::default();
        tale.begin();
        tale.accepted("a", "r1");
        tale.tell("a", JobEvent::RenderOverdue);
        let is_overdue = |tale: &Tale| tale.history().job(&id("a")).unwrap().is_overdue;
        assert!(is_overdue(&tale));
        tale.end(Some(StopReason::Interrupted));
        tale.begin();
        assert!(!is_overdue(&tale));
        let resuming = tale.history().resuming;
        assert_eq!((resuming.last_end, resuming.last_own_end), (5, 0));
    }

    #[test]
    fn ids_at_the_provider_are_known_after_a_job_was_reopened() {
        let mut tale = Tale::default();
        tale.begin();
        tale.accepted("a", "r1");
        tale.tell("a", failed());
        let generation = Generation(1);
        tale.tell("a", JobEvent::Reopened { generation });
        let history = tale.history();
        assert_eq!(history.state(&id("a")).unwrap().phase, Phase::Pending);
        assert_eq!(
            history.remotes().map(RemoteId::as_str).collect::<Vec<_>>(),
            ["r1"]
        );
        assert_eq!(history.resuming.reopened[&id("a")], 5);
    }

    #[test]
    fn the_moment_of_a_loss_is_kept_if_its_clock_is_right() {
        let mut tale = Tale::default();
        tale.begin();
        tale.accepted("a", "r1");
        tale.0.pop();
        let failure = Failure::new(FailureKind::Lost, "lost");
        tale.tell("a", JobEvent::SubmitLost { failure });
        let lost = |now| {
            History::of(&tale.0, now)
                .resuming
                .lost
                .get(&id("a"))
                .copied()
        };
        assert_eq!(lost(at(9)), Some(at(3)));
        assert_eq!(lost(at(2)), None, "it lies in the future");
    }

    #[test]
    fn what_does_not_fit_changes_nothing_and_is_named() {
        let mut tale = Tale::default();
        tale.begin();
        tale.tell("a", rendered());
        tale.tell("a", rendered());
        let history = tale.history();
        let fault = history.fault().unwrap().to_string();
        assert_eq!(fault, "entry 2 about job `a` contradicts those before it");
        assert_eq!(history.state(&id("a")).unwrap().phase, Phase::Pending);
        tale.0.remove(0);
        let fault = tale.history().fault().unwrap().to_string();
        assert_eq!(fault, "entry 2 follows entry 0");
    }
}
