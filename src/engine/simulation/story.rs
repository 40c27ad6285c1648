//! One seed's story: a provider, a journal, and the program that lives and dies between them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::chance::Chance;
use super::checks::Checks;
use super::nature::Nature;
use super::world::World;
use crate::engine::{Batch, Input, Policy, Ready};
use crate::model::{
    AspectRatio, Command, Credits, Entry, Estimate, Failure, FailureKind, History, InFlight, JobId,
    JobSpec, Limits, Origin, Outcome, PlannedJob, Rate, Speech, StopReason, Timestamp,
    VideoRequest,
};

const CAMPAIGN: &str = "simulated";

/// What is in the air between the program and the provider.
#[derive(Debug)]
enum Flying {
    Request(Command),
    Answer(Outcome),
}

pub(super) struct Story {
    pub(super) chance: Chance,
    pub(super) world: World,
    pub(super) policy: Policy,
    pub(super) jobs: Vec<PlannedJob>,
    pub(super) journal: Vec<Entry>,
    pub(super) checks: Checks,
    /// By arrival, then by departure.
    air: BTreeMap<(Timestamp, u64), Flying>,
    departures: u64,
    /// The true time.
    pub(super) now: Timestamp,
    /// How far the clock of the machine is ahead of it, until it is set right.
    clock_ahead: Duration,
    pub(super) is_laptop: bool,
    pub(super) is_impatient: bool,
    pub(super) crashes: u64,
    pub(super) steps: u64,
}

pub(super) fn planned(number: usize, version: u64) -> PlannedJob {
    let id: JobId = format!("job-{number:03}").parse().unwrap();
    let speech = Speech::Text(format!("Text number {number}, version {version}").into());
    let request = VideoRequest::new(speech, "persona", AspectRatio::Square);
    let origin = Origin {
        file: "sheet.csv".into(),
        line: 2,
    };
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
    }
}

fn in_flight(chance: &mut Chance) -> InFlight {
    let count = u32::try_from(1 + chance.below(8)).unwrap();
    if chance.percent(40) {
        InFlight::Auto { from: count }
    } else {
        InFlight::AtMost(count)
    }
}

impl Story {
    pub(super) fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let nature = Nature::new(&mut chance);
        let cap = chance
            .percent(25)
            .then(|| Credits::whole(i64::try_from(10 + chance.below(60)).unwrap()));
        let limits = Limits {
            submit_rate: Rate {
                count: 1,
                per: Duration::from_secs(1 + chance.below(3)),
            },
            in_flight: in_flight(&mut chance),
            max_credits: cap,
            ..Limits::default()
        };
        let rows = match nature.list_cap {
            // Where it matters whether one row is cut off.
            cap @ 0..100 if chance.percent(50) => cap + 1,
            _ => usize::try_from(3 + chance.below(20)).unwrap(),
        };
        let jobs = (0..rows).map(|number| planned(number, 0)).collect();
        let crashes = if chance.percent(50) {
            1 + chance.below(6)
        } else {
            0
        };
        let clock_ahead = if chance.percent(20) {
            chance.millis(0, 7_200_000)
        } else {
            Duration::ZERO
        };
        Self {
            world: World::new(Chance::new(seed ^ 0xFEED), nature),
            policy: Policy {
                limits,
                seed,
                ..Policy::default()
            },
            jobs,
            journal: Vec::new(),
            checks: Checks::default(),
            air: BTreeMap::new(),
            departures: 0,
            now: Timestamp::from_millis(1_700_000_000_000),
            clock_ahead,
            is_laptop: chance.percent(15),
            is_impatient: chance.percent(25),
            crashes,
            steps: 0,
            chance,
        }
    }

    /// Some lives of the program, each with its own wishes, and each started again after a crash.
    pub(super) fn play(&mut self) {
        for life in 0..=self.chance.below(4) {
            self.wish(life);
            self.live();
        }
    }

    /// One life, started again by the same command after each crash.
    pub(super) fn live(&mut self) {
        loop {
            let crash_at = (self.crashes > 0).then(|| self.chance.below(60));
            let ended = self.run_once(crash_at);
            self.pause();
            self.checks.nothing_is_lost(&self.world);
            if ended {
                return;
            }
            self.crashes -= 1;
            if self.chance.percent(10) {
                self.lose_journal();
            }
        }
    }

    /// The program is not there: answers fall on deaf ears, but what was sent still arrives.
    fn pause(&mut self) {
        self.air
            .retain(|_, flying| matches!(flying, Flying::Request(_)));
        let longest = *self.chance.one_of(&[500, 3000, 90_000]);
        self.now = self.now.plus(self.chance.millis(10, longest));
        if self.chance.percent(20) {
            self.clock_ahead = Duration::ZERO;
        }
        self.provider_catches_up();
        self.air.clear();
    }

    /// The journal is deleted. A whole list that is not later than the settle time makes up for it,
    /// if the sheet still says what was paid for.
    fn lose_journal(&mut self) {
        let nature = &mut self.world.nature;
        if nature.list_cap < usize::MAX || self.checks.rows_were_edited {
            return;
        }
        nature.list_delay = nature.list_delay.min(self.policy.limits.settle);
        self.now = self.now.plus(self.policy.limits.settle);
        self.journal.clear();
        self.policy.journal_was_lost = true;
        self.checks.lose_journal();
    }

    /// What the machine's clock shows.
    fn told(&self) -> Timestamp {
        self.now.plus(self.clock_ahead)
    }

    /// One run of the program; answers whether it ended by itself.
    fn run_once(&mut self, crash_at: Option<u64>) -> bool {
        let jobs = self.jobs.clone();
        let told = self.told();
        let history = History::of(&self.journal, told);
        let mut batch = Batch::restore(CAMPAIGN, jobs, self.policy.clone(), &history, told)
            .unwrap_or_else(|error| panic!("{error}"));
        self.checks.begin_run(&self.jobs);
        let interrupts = self.is_impatient && self.chance.percent(30);
        let interrupt_at = interrupts.then(|| self.chance.below(200));
        let mut inputs = Vec::new();
        for step_number in 0.. {
            self.steps += 1;
            assert!(self.steps < 100_000, "it does not end");
            if interrupt_at == Some(step_number) {
                inputs.push(Input::Stop(StopReason::Interrupted));
            }
            let step = batch.step(self.told(), inputs.drain(..));
            let crashes = crash_at == Some(step_number);
            if crashes && self.chance.percent(30) {
                // What was heard in this step was never written down.
                self.checks.forget_heard();
                return false;
            }
            let journal = &mut self.journal;
            let Ok(ready) = step.persist(|entries| {
                journal.extend_from_slice(entries);
                Ok::<(), std::convert::Infallible>(())
            });
            self.check(&batch, &ready);
            if ready.finished {
                return true;
            }
            for command in ready.commands {
                // Between persist and act: written, never sent.
                if !crashes || self.chance.percent(50) {
                    self.depart(command);
                }
            }
            if crashes {
                return false;
            }
            self.checks.keep_heard();
            self.advance(ready.wake_at, &mut inputs);
        }
        unreachable!("the loop ends by returning")
    }

    fn check(&mut self, batch: &Batch, ready: &Ready) {
        for entry in &ready.entries {
            self.checks.entry(entry, self.now, &self.policy.limits);
        }
        self.checks.fold(batch);
        batch.assert_counts();
        for (_, share) in batch.progress() {
            assert!((0.0..=1.0).contains(&share));
        }
        if let Some(wake_at) = ready.wake_at {
            let wait = wake_at.since(self.told());
            assert!(!wait.is_zero(), "woken in the past");
            let longest = Duration::from_secs(31 * 60);
            assert!(wait < longest, "sleeps for {wait:?}");
        }
    }

    fn depart(&mut self, command: Command) {
        let read_interval = self.policy.limits.poll_rate.interval();
        self.checks.departure(&command, self.now, read_interval);
        let latency = match command {
            Command::Submit { .. } => self.chance.millis(20, 8000),
            Command::List { .. } => {
                let longest = self.world.nature.list_takes;
                self.chance.millis(50, longest)
            }
            Command::Poll { .. } | Command::Look { .. } | Command::Fetch(_) => {
                self.chance.millis(5, 500)
            }
        };
        self.fly(self.now.plus(latency), Flying::Request(command));
    }

    fn fly(&mut self, arrival: Timestamp, what: Flying) {
        self.departures += 1;
        self.air.insert((arrival, self.departures), what);
    }

    /// Moves time on to the next thing that happens to the program.
    fn advance(&mut self, wake_at: Option<Timestamp>, inputs: &mut Vec<Input>) {
        let wake_at = wake_at.map(|told| told.minus(self.clock_ahead));
        if self.is_laptop && self.chance.permille(10) {
            return self.sleep();
        }
        while inputs.is_empty() {
            let next = self.air.first_key_value().map(|((at, _), _)| *at);
            let until = next.into_iter().chain(wake_at).min();
            let until = until.expect("in the air, to be woken, or finished");
            self.now = self.now.max(until);
            if next != Some(until) {
                return;
            }
            while let Some(entry) = self.air.first_entry()
                && entry.key().0 <= self.now
            {
                match entry.remove() {
                    Flying::Request(command) => {
                        let outcome = self.meet(self.now, command);
                        let back = self.chance.millis(5, 500);
                        self.fly(self.now.plus(back), Flying::Answer(outcome));
                    }
                    Flying::Answer(outcome) => {
                        self.checks.hear(&outcome, self.now);
                        inputs.push(Input::Answered(outcome));
                    }
                }
            }
        }
    }

    fn meet(&mut self, at: Timestamp, command: Command) -> Outcome {
        let outcome = self.world.meet(at, command);
        let most = self.world.most_at_once;
        if let InFlight::AtMost(limit) = self.policy.limits.in_flight {
            let limit = usize::try_from(limit).unwrap();
            assert!(most <= limit, "{most} renders at once, {limit} allowed");
        }
        Checks::accepted(&self.world);
        outcome
    }

    /// The lid is closed for an hour: what was sent arrives, the connections are dead.
    fn sleep(&mut self) {
        let wakes = self.now.plus(Duration::from_secs(3600));
        let dead = || Failure::new(FailureKind::Lost, "connection reset");
        for ((arrival, _), flying) in std::mem::take(&mut self.air) {
            let outcome = match flying {
                Flying::Request(command) => self.meet(arrival, command),
                Flying::Answer(outcome) => outcome,
            };
            let outcome = match outcome {
                Outcome::Submitted { job, .. } => Outcome::Submitted {
                    job,
                    result: Err(dead()),
                },
                Outcome::Polled { remotes, .. } => Outcome::Polled {
                    remotes,
                    result: Err(dead()),
                },
                Outcome::Looked { job, .. } => Outcome::Looked {
                    job,
                    result: Err(dead()),
                },
                Outcome::Listed { .. } => Outcome::Listed {
                    result: Err(dead()),
                },
                Outcome::Fetched { job, .. } => Outcome::Fetched {
                    job,
                    result: Err(dead()),
                },
            };
            let back = self.chance.millis(5, 500);
            self.fly(wakes.plus(back), Flying::Answer(outcome));
        }
        self.now = wakes;
    }

    fn provider_catches_up(&mut self) {
        for ((at, _), flying) in std::mem::take(&mut self.air) {
            if let Flying::Request(command) = flying {
                self.meet(at, command);
            }
        }
    }

    pub(super) fn told_so_far(&self) -> String {
        use std::fmt::Write;
        self.journal.iter().fold(String::new(), |mut text, entry| {
            writeln!(text, "{} {:?}", entry.at, entry.event).expect("a String takes all");
            text
        })
    }
}
