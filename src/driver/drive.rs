//! The loop: [`Drive`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::tasks::Tasks;
use super::{Clock, CommandExecutor, Interrupts};
use crate::engine::{Batch, Input};
use crate::journal::{Journal, JournalError};
use crate::model::{
    AcceptedJob, Entry, Event, JobEvent, JobId, Outcome, RemoteId, StopReason, Timestamp,
};
use crate::report::{LiveState, Observer, Summary};

/// Longest wait without reading the clock: timers stop while a machine sleeps.
const LONGEST_SLEEP: Duration = Duration::from_secs(15);

/// A durable store of entries.
pub trait EntryStore {
    /// The error of a write.
    type Error;

    /// Writes entries. They are on disk when this returns.
    ///
    /// # Errors
    /// If they cannot be written; none of them may be relied on then.
    fn append(&mut self, entries: &[Entry]) -> Result<(), Self::Error>;
}

impl EntryStore for Journal {
    type Error = JournalError;
    fn append(&mut self, entries: &[Entry]) -> Result<(), JournalError> {
        Self::append(self, entries)
    }
}

/// Everything that a run needs.
pub struct Drive<'run, P, J> {
    /// The engine.
    pub batch: Batch,
    /// The journal.
    pub journal: J,
    /// The executor of the commands.
    pub provider: Arc<P>,
    /// The clock.
    pub clock: &'run dyn Clock,
    /// Interrupts. The caller may have received some before the run.
    pub interrupts: &'run mut Interrupts,
    /// The state of the recorded entries, which each new entry updates.
    pub summary: &'run mut Summary,
    /// The observers, in the order of notification.
    pub observers: Vec<&'run mut dyn Observer>,
    /// How often the display wants a [`LiveState`].
    pub tick: Duration,
}

impl<P, J> fmt::Debug for Drive<'_, P, J> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Drive").finish_non_exhaustive()
    }
}

/// An accepted submit that could not be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnrecordedSubmit {
    /// The job.
    pub job: JobId,
    /// Its id at the provider.
    pub remote: RemoteId,
}

/// Why a run was aborted.
#[derive(Debug, thiserror::Error)]
pub enum DriveError<E> {
    /// The journal could not be written.
    #[error("what happened could not be recorded, so nothing more was submitted")]
    Journal {
        /// Why.
        source: E,
        /// Accepted submits whose ids are not recorded; the next run finds them by their tags.
        unrecorded: Vec<UnrecordedSubmit>,
    },
    /// A second interrupt.
    #[error("interrupted a second time: left at once")]
    Abandoned,
    /// The work is not done, but there is nothing to wait for: a bug.
    #[error("internal error: the run is not finished but waits for nothing")]
    Stuck,
}

impl<P: CommandExecutor, J: EntryStore> Drive<'_, P, J> {
    /// Runs to the end. Returns the reason if the run stopped early.
    ///
    /// # Errors
    /// See [`DriveError`]. The journal is correct in every case, and complete enough to resume from.
    pub async fn run(mut self) -> Result<Option<StopReason>, DriveError<J::Error>> {
        let mut tasks = Tasks::new(Arc::clone(&self.provider));
        let mut inputs = Vec::new();
        let mut interruptions = 0_u32;
        let mut was_interrupted = false;
        let mut tick = tokio::time::interval(self.tick);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            let now = self.clock.now();
            let step = self.batch.step(now, inputs.drain(..));
            let write = |entries: &[Entry]| {
                self.journal.append(entries).map_err(|source| (source, accepted_in(entries)))
            };
            let ready = match step.persist(write) {
                Ok(ready) => ready,
                Err((source, mut unrecorded)) => {
                    unrecorded.extend(self.last_answers(&mut tasks).await);
                    return Err(DriveError::Journal { source, unrecorded });
                }
            };
            for entry in &ready.entries {
                self.summary.apply(entry);
                self.share_final_state(entry);
                for observer in &mut self.observers {
                    observer.on_entry(self.summary, entry);
                }
            }
            for command in ready.commands {
                tasks.start(command);
            }
            if ready.finished {
                return Ok(self.batch.stop_reason().cloned());
            }
            if std::mem::take(&mut was_interrupted) {
                // Show the effect of a pressed key at once.
                self.pulse(&tasks);
            }
            if ready.wake_at.is_none() && tasks.is_empty() {
                return Err(DriveError::Stuck);
            }

            let sleep = sleep_time(now, ready.wake_at);
            #[expect(clippy::disallowed_methods, reason = "the driver waits")]
            let wake_up = tokio::time::sleep(sleep);
            tokio::pin!(wake_up);
            loop {
                tokio::select! {
                    biased;
                    Some(()) = self.interrupts.recv() => {
                        interruptions += 1;
                        if interruptions > 1 {
                            return Err(DriveError::Abandoned);
                        }
                        was_interrupted = true;
                        inputs.push(Input::Stop(StopReason::Interrupted));
                        break;
                    }
                    Some(outcome) = tasks.next() => {
                        inputs.push(Input::Answered(outcome));
                        while let Some(outcome) = tasks.next_ready() {
                            inputs.push(Input::Answered(outcome));
                        }
                        break;
                    }
                    () = &mut wake_up => break,
                    _ = tick.tick() => self.pulse(&tasks),
                }
            }
        }
    }

    /// Makes engine and summary share the state of a finished job, to hold it in memory once.
    fn share_final_state(&mut self, entry: &Entry) {
        if let Event::Job { job, event: JobEvent::Downloaded { .. } | JobEvent::Failed { .. } } =
            &entry.event
            && let Some(state) = self.batch.state(job)
        {
            self.summary.share(job, state);
        }
    }

    fn pulse(&mut self, tasks: &Tasks<P>) {
        let now = self.clock.now();
        let pulse = LiveState {
            now,
            transfers: tasks.transfers(),
            holds: self.batch.lane_holds(now),
            trouble: self.batch.read_failure(now),
            progress: self.batch.render_progress(),
            stopping: self.batch.stop_reason().cloned(),
            submits: self.batch.unanswered_submits(),
            is_reading_list: self.batch.is_reading_list(),
            looked_for: self.batch.reconciling_jobs(now),
        };
        for observer in &mut self.observers {
            observer.on_tick(self.summary, &pulse);
        }
    }

    /// Waits for the ids of submits in flight after the journal has failed, because they may be paid for. An interrupt ends
    /// the wait.
    async fn last_answers(&mut self, tasks: &mut Tasks<P>) -> Vec<UnrecordedSubmit> {
        let mut unrecorded = Vec::new();
        while tasks.has_submits() {
            tokio::select! {
                Some(()) = self.interrupts.recv() => break,
                Some(outcome) = tasks.next() => {
                    unrecorded.extend(accepted(outcome));
                }
                else => break,
            }
        }
        unrecorded
    }
}

/// Returns the accepted submits in `entries`.
fn accepted_in(entries: &[Entry]) -> Vec<UnrecordedSubmit> {
    let accepted = |entry: &Entry| {
        let Event::Job { job, event: JobEvent::Submitted { remote } } = &entry.event else {
            return None;
        };
        Some(UnrecordedSubmit { job: job.clone(), remote: remote.clone() })
    };
    entries.iter().filter_map(accepted).collect()
}

fn accepted(outcome: Outcome) -> Option<UnrecordedSubmit> {
    let Outcome::Submitted { job, result: Ok(AcceptedJob { remote, .. }) } = outcome else {
        return None;
    };
    Some(UnrecordedSubmit { job, remote })
}

fn sleep_time(now: Timestamp, wake_at: Option<Timestamp>) -> Duration {
    wake_at.map_or(LONGEST_SLEEP, |at| at.since(now).min(LONGEST_SLEEP))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::engine::RunOptions;
    use crate::model::{
        Artifact, AspectRatio, Command, DownloadProgress, Estimate, JobSpec, Limits, Listing,
        Origin, PlannedJob, RenderReport, RenderStatus, Speech, VideoRequest,
    };
    use crate::report::Campaign;

    /// Tokio's paused clock.
    struct PausedClock(tokio::time::Instant);

    impl PausedClock {
        fn new() -> Self {
            Self(tokio::time::Instant::now())
        }
    }

    impl Clock for PausedClock {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(1_700_000_000_000).plus(self.0.elapsed())
        }
    }

    /// Accepts every submit; each render takes a minute.
    #[derive(Default)]
    struct FakeProvider {
        accepted: Mutex<BTreeMap<RemoteId, tokio::time::Instant>>,
        panics_at_submit: bool,
    }

    const RENDER: Duration = Duration::from_secs(60);

    impl FakeProvider {
        fn report(&self, remote: &RemoteId) -> RenderReport {
            let is_done = self.accepted.lock().unwrap()[remote].elapsed() >= RENDER;
            RenderReport {
                remote: remote.clone(),
                name: None,
                status: if is_done { RenderStatus::Done } else { RenderStatus::Running },
                output: is_done.then(|| format!("https://files.example/{remote}")),
                thumbnail: None,
                duration_seconds: None,
                credits_used: None,
                failed_reason: None,
                progress: None,
                created_at: None,
                echo: Box::default(),
            }
        }
    }

    impl CommandExecutor for FakeProvider {
        #[expect(clippy::disallowed_methods, reason = "a second under a paused clock")]
        async fn perform(&self, command: Command, _progress: Arc<DownloadProgress>) -> Outcome {
            tokio::time::sleep(Duration::from_secs(1)).await;
            match command {
                Command::Submit { job, .. } => {
                    assert!(!self.panics_at_submit, "intended");
                    let remote: RemoteId = format!("remote-{job}").parse().unwrap();
                    let now = tokio::time::Instant::now();
                    self.accepted.lock().unwrap().insert(remote.clone(), now);
                    Outcome::Submitted { job, result: Ok(AcceptedJob::tagged(remote)) }
                }
                Command::Poll { remotes } => Outcome::Polled {
                    result: Ok(remotes.iter().map(|remote| self.report(remote)).collect()),
                    remotes,
                },
                Command::PollJob { job, remote } => {
                    Outcome::JobPolled { job, result: Ok(self.report(&remote)) }
                }
                Command::List { .. } => Outcome::Listed { result: Ok(Listing::default()) },
                Command::Download(order) => Outcome::Downloaded {
                    job: order.job,
                    result: Ok(Artifact {
                        file: order.file,
                        bytes: 1,
                        sha256: "0".into(),
                        thumbnail: None,
                    }),
                },
            }
        }
    }

    /// Stores entries until it is full.
    struct MemoryJournal {
        entries: Arc<Mutex<Vec<Entry>>>,
        room: usize,
        transactions: Arc<AtomicUsize>,
    }

    impl EntryStore for MemoryJournal {
        type Error = &'static str;
        fn append(&mut self, entries: &[Entry]) -> Result<(), Self::Error> {
            let mut written = self.entries.lock().unwrap();
            if written.len() + entries.len() > self.room {
                return Err("the journal is full");
            }
            written.extend_from_slice(entries);
            // An empty transaction syncs nothing.
            let is_synced = usize::from(!entries.is_empty());
            self.transactions.fetch_add(is_synced, Ordering::Relaxed);
            Ok(())
        }
    }

    #[derive(Default)]
    struct RecordingObserver {
        entries: Vec<Entry>,
        /// The number of owners of the state of a finished job, each time a job has finished.
        holders: Vec<usize>,
        pulses: usize,
    }

    impl Observer for RecordingObserver {
        fn on_entry(&mut self, summary: &Summary, entry: &Entry) {
            if let Event::Job { job, event: JobEvent::Downloaded { .. } } = &entry.event {
                let job = summary.history().job(job);
                self.holders.extend(job.map(|job| Arc::strong_count(&job.state)));
            }
            self.entries.push(entry.clone());
        }
        fn on_tick(&mut self, _summary: &Summary, _pulse: &LiveState) {
            self.pulses += 1;
        }
    }

    fn planned(count: usize) -> Vec<PlannedJob> {
        let jobs = (0..count).map(|number| {
            let id: JobId = format!("job-{number}").parse().unwrap();
            let speech = Speech::Text(format!("Text {number}").into());
            let request = VideoRequest::new(speech, "persona", AspectRatio::Square);
            let origin = Origin { file: "sheet.csv".into(), line: 2 };
            PlannedJob {
                spec: JobSpec::new(id, request, origin).into(),
                estimate: Estimate::default(),
                selected: true,
                in_sheet: true,
                left_out: None,
            }
        });
        jobs.collect()
    }

    fn batch(summary: &Summary, limits: Limits, clock: &PausedClock) -> Batch {
        let options = RunOptions { limits, ..RunOptions::default() };
        let jobs = summary.campaign().jobs.clone();
        Batch::restore("test", jobs, options, summary.history(), clock.now()).unwrap()
    }

    struct RunResult {
        result: Result<Option<StopReason>, DriveError<&'static str>>,
        written: Vec<Entry>,
        transactions: usize,
        observer: RecordingObserver,
    }

    /// Runs `jobs` jobs, with an interrupt after each of `interrupts`.
    async fn run(
        jobs: usize,
        fake: FakeProvider,
        room: usize,
        interrupts: &[Duration],
    ) -> RunResult {
        run_within(Limits::default(), jobs, fake, room, interrupts).await
    }

    async fn run_within(
        limits: Limits,
        jobs: usize,
        fake: FakeProvider,
        room: usize,
        interrupts: &[Duration],
    ) -> RunResult {
        let clock = PausedClock::new();
        let entries = Arc::new(Mutex::new(Vec::new()));
        let transactions = Arc::default();
        let mut observer = RecordingObserver::default();
        let campaign = Campaign::new("test", "m".into(), "o".into(), planned(jobs));
        let mut summary = Summary::new(Arc::new(campaign));
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let drive = Drive {
            batch: batch(&summary, limits, &clock),
            journal: MemoryJournal {
                entries: Arc::clone(&entries),
                room,
                transactions: Arc::clone(&transactions),
            },
            provider: Arc::new(fake),
            clock: &clock,
            interrupts: &mut receiver,
            summary: &mut summary,
            observers: vec![&mut observer],
            tick: Duration::from_secs(1),
        };
        let interrupting = async {
            for after in interrupts {
                #[expect(clippy::disallowed_methods, reason = "under a paused clock")]
                tokio::time::sleep(*after).await;
                sender.send(()).ok();
            }
        };
        let (result, ()) = tokio::join!(drive.run(), interrupting);
        let written = entries.lock().unwrap().clone();
        RunResult { result, written, transactions: transactions.load(Ordering::Relaxed), observer }
    }

    fn count(entries: &[Entry], what: &str) -> usize {
        entries.iter().filter(|entry| format!("{:?}", entry.event).contains(what)).count()
    }

    #[tokio::test(start_paused = true)]
    async fn a_campaign_runs_to_its_end_and_observers_receive_recorded_entries() {
        let ran = run(20, FakeProvider::default(), usize::MAX, &[]).await;
        assert!(matches!(ran.result, Ok(None)), "{:?}", ran.result);
        assert_eq!(count(&ran.written, "Downloaded"), 20);
        assert_eq!(ran.observer.entries, ran.written);
        let holders = &ran.observer.holders;
        assert!(!holders.is_empty());
        assert!(
            holders.iter().all(|count| *count == 2),
            "shared by engine and summary: {holders:?}"
        );
        assert!(ran.observer.pulses > 60, "the display ticks meanwhile");
    }

    /// Each transaction syncs the disk, which takes longer than everything else a job needs.
    #[tokio::test(start_paused = true)]
    async fn entries_of_a_step_are_one_transaction() {
        let limits = Limits {
            submit_rate: "4/s".parse().unwrap(),
            in_flight: crate::model::InFlight::AtMost(60),
            downloads: 60,
            ..Limits::default()
        };
        let jobs = 240;
        let ran = run_within(limits, jobs, FakeProvider::default(), usize::MAX, &[]).await;
        assert_eq!(count(&ran.written, "Downloaded"), jobs);
        assert!(ran.written.len() > 4 * jobs);
        // A submit has a transaction, and so has its response. All results of a poll share one, and so do the downloads that
        // follow.
        let of_submits = 2 * jobs;
        let of_others = ran.transactions - of_submits;
        assert!(of_others * 8 < jobs, "{of_others} beside {of_submits}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_interrupt_waits_for_submits_in_flight() {
        let ran =
            run(20, FakeProvider::default(), usize::MAX, &[Duration::from_millis(5500)]).await;
        assert!(matches!(ran.result, Ok(Some(StopReason::Interrupted))));
        let started = count(&ran.written, "SubmitStarted");
        assert!(started > 0 && started < 20);
        assert_eq!(count(&ran.written, "Submitted {"), started);
        assert!(matches!(ran.written.last().unwrap().event, Event::RunEnded { .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn the_second_interrupt_returns_at_once() {
        let soon = Duration::from_millis(10);
        let ran =
            run(20, FakeProvider::default(), usize::MAX, &[Duration::from_millis(1500), soon])
                .await;
        assert!(matches!(ran.result, Err(DriveError::Abandoned)));
        assert_eq!(count(&ran.written, "Submitted {"), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_journal_ends_the_run_and_returns_the_paid_ids() {
        // Room for the start of the run, the inventory and one submit.
        let ran = run(20, FakeProvider::default(), 3, &[]).await;
        let Err(DriveError::Journal { unrecorded, .. }) = ran.result else {
            panic!("{:?}", ran.result);
        };
        assert_eq!(count(&ran.written, "SubmitStarted"), 1);
        assert_eq!(ran.written.len(), 3);
        let expected = UnrecordedSubmit {
            job: "job-0".parse().unwrap(),
            remote: "remote-job-0".parse().unwrap(),
        };
        assert_eq!(unrecorded, [expected]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_submit_whose_task_panics_is_in_doubt() {
        let fake = FakeProvider { panics_at_submit: true, ..FakeProvider::default() };
        let ran = run(1, fake, usize::MAX, &[]).await;
        assert!(matches!(ran.result, Ok(None)), "{:?}", ran.result);
        assert_eq!(count(&ran.written, "SubmitLost"), 1);
        assert_eq!(count(&ran.written, "SubmitStarted"), 1, "never sent again");
    }
}
