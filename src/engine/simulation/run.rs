//! One simulated campaign: a provider, a journal, and the program that runs and crashes between them.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use super::invariants::Invariants;
use super::profile::ProviderProfile;
use super::provider::SimulatedProvider;
use super::random::Random;
use super::recorder::Recorder;
use crate::engine::rules::{SafetyRules, SoundRules};
use crate::engine::{Batch, Input, PersistedStep, RunOptions, Submits};
use crate::model::{
    Account, AccountMark, AspectRatio, Command, Credits, Entry, Estimate, Event, Failure,
    FailureKind, History, InFlight, JobId, JobSpec, Limits, Origin, Outcome, PlannedJob, Rate,
    SecretText, Speech, StopReason, Timestamp, VideoRequest,
};

pub(super) const CAMPAIGN: &str = "simulated";

/// The account of the campaign.
static ACCOUNT: LazyLock<AccountMark> = LazyLock::new(|| {
    let (id, origin, source) =
        (SecretText::new("a"), "https://api.example".into(), "a file".into());
    AccountMark::new(&Account { id, origin, source })
});

/// What is in transit between the program and the provider.
#[derive(Debug)]
enum InTransit {
    Request(Command),
    Answer(Outcome),
}

/// One simulated campaign.
pub(super) struct Simulation {
    rules: &'static dyn SafetyRules,
    recorder: Recorder,
    pub(super) random: Random,
    pub(super) provider: SimulatedProvider,
    pub(super) options: RunOptions,
    pub(super) jobs: Vec<PlannedJob>,
    pub(super) journal: Vec<Entry>,
    pub(super) invariants: Invariants,
    /// By arrival, then by the order of sending.
    events: BTreeMap<(Timestamp, u64), InTransit>,
    sent: u64,
    /// The true time.
    pub(super) now: Timestamp,
    /// How far the machine's clock is ahead, until it is set right.
    clock_ahead: Duration,
    /// Whether the machine sleeps at times.
    pub(super) sleeps: bool,
    pub(super) interrupts_runs: bool,
    pub(super) crashes: u64,
    pub(super) steps: u64,
}

pub(super) fn planned(number: usize, version: u64) -> PlannedJob {
    let id: JobId = format!("job-{number:03}").parse().unwrap();
    let speech = Speech::Text(format!("Text number {number}, version {version}").into());
    let request = VideoRequest::new(speech, "persona", AspectRatio::Square);
    let origin = Origin { file: "sheet.csv".into(), line: 2 };
    let high = Credits::whole(5);
    PlannedJob {
        spec: JobSpec::new(id, request, origin).into(),
        estimate: Estimate {
            seconds_low: 1.0,
            seconds_high: 30.0,
            low: high,
            high,
            reserve: high,
            ..Estimate::default()
        },
        selected: true,
        in_sheet: true,
        left_out: None,
    }
}

fn in_flight(random: &mut Random) -> InFlight {
    let count = u32::try_from(1 + random.below(8)).unwrap();
    if random.percent(40) { InFlight::Auto { from: count } } else { InFlight::AtMost(count) }
}

impl Simulation {
    pub(super) fn new(seed: u64) -> Self {
        Self::with_mutant(seed, &SoundRules, Recorder::Faithful)
    }

    /// Creates a simulation with these rules, whose journal is written by `recorder`.
    pub(super) fn with_mutant(
        seed: u64,
        rules: &'static dyn SafetyRules,
        recorder: Recorder,
    ) -> Self {
        let mut random = Random::new(seed);
        let mut profile = ProviderProfile::new(&mut random);
        profile.underreports = Random::new(seed ^ 0xC0DE).percent(20);
        profile.twins = if Random::new(seed ^ 0xDAB).percent(10) { 30 } else { 0 };
        if Random::new(seed ^ 0xD0DE).percent(10) {
            profile.nameless = 20;
            // Nothing would show them.
            profile.repeated_by_gateway = 0;
        }
        let cap = random
            .percent(25)
            .then(|| Credits::whole(i64::try_from(10 + random.below(60)).unwrap()));
        let limits = Limits {
            submit_rate: Rate { count: 1, per: Duration::from_secs(1 + random.below(3)) },
            in_flight: in_flight(&mut random),
            max_credits: cap.into(),
            ..Limits::default()
        };
        let rows = match profile.list_cap {
            // So that it matters whether one row is cut off.
            cap @ 0..100 if random.percent(50) => cap + 1,
            _ => usize::try_from(3 + random.below(20)).unwrap(),
        };
        let jobs = (0..rows).map(|number| planned(number, 0)).collect();
        let crashes = if random.percent(50) { 1 + random.below(6) } else { 0 };
        // A run that crashed, or whose answers were lost, does not know of the renders that are hidden.
        let is_steady = profile.hides == Some(false) && profile.repeated_by_gateway > 0;
        let crashes = if is_steady { 0 } else { crashes };
        let clock_ahead =
            if random.percent(20) { random.millis(0, 7_200_000) } else { Duration::ZERO };
        Self {
            rules,
            recorder,
            provider: SimulatedProvider::new(Random::new(seed ^ 0xFEED), profile),
            options: RunOptions { limits, seed, ..RunOptions::default() },
            jobs,
            journal: Vec::new(),
            invariants: Invariants::default(),
            events: BTreeMap::new(),
            sent: 0,
            now: Timestamp::from_millis(1_700_000_000_000),
            clock_ahead,
            sleeps: random.percent(15) && !is_steady,
            interrupts_runs: random.percent(25),
            crashes,
            steps: 0,
            random,
        }
    }

    /// Gives several commands with different options. Each is given again after a crash.
    pub(super) fn run_commands(&mut self) {
        for number in 0..=self.random.below(4) {
            self.choose_options(number);
            self.run_to_end();
        }
    }

    /// Gives one command until its run ends by itself: again after each crash.
    pub(super) fn run_to_end(&mut self) {
        loop {
            let crash_at = (self.crashes > 0).then(|| self.random.below(60));
            let began = self.now;
            let ended = self.run_once(crash_at);
            let is_complete = |entry: &Entry| entry.event == Event::RunEnded { stopped: None };
            if self.options.submits == Submits::Nothing
                && self.journal.last().is_some_and(is_complete)
            {
                self.invariants.everything_is_collected(&self.provider, began);
            }
            self.pause();
            self.invariants.nothing_is_lost(&self.provider);
            if ended {
                return;
            }
            self.crashes -= 1;
            if self.random.percent(10) {
                self.lose_journal();
            }
        }
    }

    /// Lets time pass without the program: answers are lost, but requests still arrive.
    fn pause(&mut self) {
        self.events.retain(|_, what| matches!(what, InTransit::Request(_)));
        let longest = *self.random.one_of(&[500, 3000, 90_000]);
        self.now = self.now.plus(self.random.millis(10, longest));
        if self.random.percent(20) {
            self.clock_ahead = Duration::ZERO;
        }
        self.provider_catches_up();
        self.events.clear();
    }

    /// Deletes the journal, if a list that lags at most a settle time and the sheet suffice to restore it, or if the list
    /// is as short as a page, so that nothing is submitted. Sometimes the whole folder is lost, so that there is no
    /// evidence of it: the list must then show what was accepted.
    fn lose_journal(&mut self) {
        let settle = self.options.limits.settle;
        let profile = &mut self.provider.profile;
        let is_page = profile.list_cap == 10;
        let is_whole = profile.list_cap == usize::MAX;
        if !(is_page || is_whole)
            || profile.hides.is_some()
            || profile.nameless > 0
            || self.invariants.rows_were_edited
        {
            return;
        }
        // Creates behind a gateway have arrived, and the list may not show them yet.
        let latest = self.provider.accepted.iter().map(|row| row.at).max().unwrap_or_default();
        self.now = self.now.max(latest);
        self.journal.clear();
        let has_evidence = !is_whole || self.random.percent(40);
        let delay = &mut self.provider.profile.list_delay;
        *delay = if has_evidence { (*delay).min(settle) } else { settle };
        if !has_evidence {
            for row in &mut self.provider.accepted {
                row.listed_from = row.at.plus(settle);
            }
        }
        self.options.journal_was_lost = has_evidence;
        self.options.is_unattended |= !has_evidence;
        self.invariants.lose_journal();
        let mut random = Random::new(self.options.seed ^ self.steps ^ 0xED17);
        if random.percent(50) {
            self.options.fresh = false;
        }
        self.options.has_accepted_jobs = has_evidence && !self.provider.accepted.is_empty();
        if has_evidence && random.percent(50) {
            self.name_remotes();
        } else if self.options.has_accepted_jobs && random.percent(20) {
            // The account hides what it has.
            self.provider.profile.list_cap = 0;
        }
        if self.random.percent(30) {
            self.rename_jobs();
        } else if random.percent(50) {
            self.edit_after_loss(&mut random);
        }
    }

    /// Returns the time of the machine's clock.
    fn machine_time(&self) -> Timestamp {
        self.now.plus(self.clock_ahead)
    }

    /// Runs the program once. Returns whether the run ended by itself.
    fn run_once(&mut self, crash_at: Option<u64>) -> bool {
        let jobs = self.jobs.clone();
        let machine_time = self.machine_time();
        let history = History::of(&self.journal, machine_time);
        let mut options = self.options.clone();
        if history.account().is_none() {
            options.account = Some(ACCOUNT.clone());
        }
        let batch =
            Batch::restore_with(self.rules, CAMPAIGN, jobs, options, &history, machine_time);
        let mut batch = batch.unwrap_or_else(|error| panic!("{error}"));
        self.recorder.begin_run();
        self.invariants.begin_run(&self.jobs);
        let interrupts = self.interrupts_runs && self.random.percent(30);
        let interrupt_at = interrupts.then(|| self.random.below(200));
        let mut inputs = Vec::new();
        for step_number in 0.. {
            self.steps += 1;
            assert!(self.steps < 100_000, "it does not end");
            if interrupt_at == Some(step_number) {
                inputs.push(Input::Stop(StopReason::Interrupted));
            }
            let step = batch.step(self.machine_time(), inputs.drain(..));
            let crashes = crash_at == Some(step_number);
            if crashes && self.random.percent(30) {
                // The answers of this step were never recorded.
                self.invariants.forget_pauses();
                return false;
            }
            let (journal, recorder) = (&mut self.journal, &mut self.recorder);
            let first = journal.len();
            let Ok(ready) = step.persist(|entries| {
                recorder.write(entries, journal);
                Ok::<(), std::convert::Infallible>(())
            });
            self.check(&batch, first, &ready);
            if ready.finished {
                self.invariants.twins_are_counted(&batch, &self.options, &self.provider);
                return true;
            }
            for command in ready.commands {
                // A crash between persist and act: recorded, never sent.
                if !crashes || self.random.percent(50) {
                    self.dispatch(command);
                }
            }
            if crashes {
                return false;
            }
            self.invariants.keep_pauses();
            self.advance(ready.wake_at, &mut inputs);
        }
        unreachable!("the loop ends by returning")
    }

    /// Checks the entries of a step, which begin at `first` in the journal, and the batch after it.
    fn check(&mut self, batch: &Batch, first: usize, ready: &PersistedStep) {
        for entry in &self.journal[first..] {
            self.invariants.check_new(entry, &self.provider, &self.options);
            self.invariants.on_entry(entry, self.now, &self.options);
        }
        if !self.recorder.holds_back() {
            self.invariants.check_phases(batch);
        }
        batch.assert_counts();
        for (_, progress) in batch.render_progress() {
            assert!((0.0..=1.0).contains(&progress));
        }
        if let Some(wake_at) = ready.wake_at {
            let wait = wake_at.since(self.machine_time());
            assert!(!wait.is_zero(), "woken in the past");
            let longest = Duration::from_secs(31 * 60);
            assert!(wait < longest, "sleeps for {wait:?}");
        }
    }

    fn dispatch(&mut self, command: Command) {
        let read_interval = self.options.limits.read_rate().interval();
        self.invariants.on_command(&command, self.now, read_interval);
        let latency = match command {
            Command::Submit { .. } => self.random.millis(20, 8000),
            Command::List { .. } => {
                let longest = self.provider.profile.list_takes;
                self.random.millis(50, longest)
            }
            Command::Poll { .. } | Command::PollJob { .. } | Command::Download(_) => {
                self.random.millis(5, 500)
            }
        };
        self.send(self.now.plus(latency), InTransit::Request(command));
    }

    fn send(&mut self, arrival: Timestamp, what: InTransit) {
        self.sent += 1;
        self.events.insert((arrival, self.sent), what);
    }

    /// Advances time to the next event for the program.
    fn advance(&mut self, wake_at: Option<Timestamp>, inputs: &mut Vec<Input>) {
        let wake_at = wake_at.map(|at| at.minus(self.clock_ahead));
        if self.sleeps && self.random.permille(10) {
            return self.sleep();
        }
        while inputs.is_empty() {
            let next = self.events.first_key_value().map(|((at, _), _)| *at);
            let until = next.into_iter().chain(wake_at).min();
            let until = until.expect("something is in transit, or the step names a time");
            self.now = self.now.max(until);
            if next != Some(until) {
                return;
            }
            while let Some(entry) = self.events.first_entry()
                && entry.key().0 <= self.now
            {
                match entry.remove() {
                    InTransit::Request(command) => {
                        let outcome = self.handle(self.now, command);
                        let back = self.random.millis(5, 500);
                        self.send(self.now.plus(back), InTransit::Answer(outcome));
                    }
                    InTransit::Answer(outcome) => {
                        self.invariants.on_answer(&outcome, self.now);
                        inputs.push(Input::Answered(outcome));
                    }
                }
            }
        }
    }

    fn handle(&mut self, at: Timestamp, command: Command) -> Outcome {
        let outcome = self.provider.handle(at, command);
        Invariants::check_paid_once(&self.provider);
        let most = self.provider.peak_concurrency;
        if let InFlight::AtMost(limit) = self.options.limits.in_flight {
            let limit = usize::try_from(limit).unwrap();
            assert!(most <= limit, "{most} renders at once, {limit} allowed");
        }
        outcome
    }

    /// Lets the machine sleep for an hour: requests arrive, and the connections are lost.
    fn sleep(&mut self) {
        let wakes = self.now.plus(Duration::from_secs(3600));
        let lost = || Failure::new(FailureKind::Lost, "connection reset");
        for ((arrival, _), what) in std::mem::take(&mut self.events) {
            let outcome = match what {
                InTransit::Request(command) => self.handle(arrival, command),
                InTransit::Answer(outcome) => outcome,
            };
            let outcome = match outcome {
                Outcome::Submitted { job, .. } => Outcome::Submitted { job, result: Err(lost()) },
                Outcome::Polled { remotes, .. } => Outcome::Polled { remotes, result: Err(lost()) },
                Outcome::JobPolled { job, .. } => Outcome::JobPolled { job, result: Err(lost()) },
                Outcome::Listed { .. } => Outcome::Listed { result: Err(lost()) },
                Outcome::Downloaded { job, .. } => Outcome::Downloaded { job, result: Err(lost()) },
            };
            let back = self.random.millis(5, 500);
            self.send(wakes.plus(back), InTransit::Answer(outcome));
        }
        self.now = wakes;
    }

    fn provider_catches_up(&mut self) {
        for ((at, _), what) in std::mem::take(&mut self.events) {
            if let InTransit::Request(command) = what {
                self.handle(at, command);
            }
        }
    }

    pub(super) fn journal_text(&self) -> String {
        use std::fmt::Write;
        self.journal.iter().fold(String::new(), |mut text, entry| {
            writeln!(text, "{} {:?}", entry.at, entry.event).expect("a String takes all");
            text
        })
    }
}
