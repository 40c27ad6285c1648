//! Thousands of runs under virtual time, with faults and crashes, against a provider that counts.
//!
//! `CALLSHEET_SIMULATION_SEEDS` sets the number of seeds; a failing seed prints its story.

mod world;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use self::world::{Chance, Nature, World};
use super::{Batch, Input, Policy};
use crate::model::{
    AspectRatio, Command, Credits, Entry, Estimate, Event, JobEvent, JobId, JobSpec, JobState,
    Limits, Origin, Outcome, Phase, PlannedJob, Rate, Speech, StopReason, Timestamp, VideoRequest,
};

const CAMPAIGN: &str = "simulated";

/// What is in the air between the program and the provider.
#[derive(Debug)]
enum Flying {
    Request(Command),
    Answer(Outcome),
}

/// One seed's story: a provider, a journal, and the program that lives and dies between them.
struct Story {
    seed: u64,
    chance: Chance,
    world: World,
    policy: Policy,
    jobs: Vec<PlannedJob>,
    journal: Vec<Entry>,
    /// By arrival, then by departure.
    air: BTreeMap<(Timestamp, u64), Flying>,
    departures: u64,
    now: Timestamp,
    cap: Option<Credits>,
    crashes: u64,
    submits: VecDeque<Timestamp>,
    named_time: Option<Timestamp>,
    steps: u64,
}

fn planned(number: usize) -> PlannedJob {
    let id: JobId = format!("job-{number:03}").parse().unwrap();
    let speech = Speech::Text(format!("Text number {number}"));
    let request = VideoRequest::new(speech, "persona", AspectRatio::Square);
    let origin = Origin {
        file: "sheet.csv".into(),
        line: 2,
    };
    let high = Credits::whole(5);
    PlannedJob {
        spec: JobSpec::new(id, request, origin),
        estimate: Estimate {
            seconds_low: 1.0,
            seconds_high: 30.0,
            low: high,
            high,
        },
        selected: true,
        in_sheet: true,
    }
}

impl Story {
    fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let harsh = chance.percent(60);
        let mut share = |most: u64| if harsh { chance.below(most + 1) } else { 0 };
        let nature = Nature {
            lost_accepted: share(15),
            lost_not_accepted: share(15),
            not_sent: share(10),
            throttled: share(15),
            refused: share(5),
            read_faults: share(20),
            fetch_faults: share(30),
            failed_renders: share(10),
            places: usize::try_from(2 + chance.below(10)).unwrap(),
            list_delay: chance.millis(0, 60_000),
            list_cap: if chance.percent(30) { 3 } else { usize::MAX },
            list_refused: if chance.percent(10) { 60 } else { 0 },
        };
        let cap = chance
            .percent(25)
            .then(|| Credits::whole(i64::try_from(10 + chance.below(60)).unwrap()));
        let limits = Limits {
            submit_rate: Rate {
                count: 1,
                per: Duration::from_secs(1 + chance.below(3)),
            },
            in_flight: u32::try_from(1 + chance.below(8)).unwrap(),
            max_credits: cap,
            ..Limits::default()
        };
        let jobs = (0..usize::try_from(3 + chance.below(20)).unwrap())
            .map(planned)
            .collect();
        let crashes = if chance.percent(50) {
            1 + chance.below(6)
        } else {
            0
        };
        Self {
            seed,
            world: World::new(Chance::new(seed ^ 0xFEED), nature),
            chance,
            policy: Policy {
                limits,
                seed,
                ..Policy::default()
            },
            jobs,
            journal: Vec::new(),
            air: BTreeMap::new(),
            departures: 0,
            now: Timestamp::from_millis(1_700_000_000_000),
            cap,
            crashes,
            submits: VecDeque::new(),
            named_time: None,
            steps: 0,
        }
    }

    /// Runs the program until it ends by itself, restarting it after each crash.
    fn play(&mut self) -> Option<StopReason> {
        loop {
            let crash_at = (self.crashes > 0).then(|| self.chance.below(60));
            match self.run_once(crash_at) {
                Some(ended) => return ended,
                None => {
                    self.crashes -= 1;
                    self.lose_answers();
                    self.now = self.now.plus(self.chance.millis(100, 90_000));
                    self.provider_catches_up();
                    if self.chance.percent(10) && self.world.nature.list_cap == usize::MAX {
                        self.lose_journal();
                    }
                }
            }
        }
    }

    /// The journal is deleted; a list that is not later than the settle time makes up for it.
    fn lose_journal(&mut self) {
        self.journal.clear();
        self.policy.journal_was_lost = true;
        let settle = self.policy.limits.settle;
        self.world.nature.list_delay = self.world.nature.list_delay.min(settle);
        self.submits.clear();
        self.named_time = None;
    }

    /// One life of the program. `None` if it crashed.
    fn run_once(&mut self, crash_at: Option<u64>) -> Option<Option<StopReason>> {
        let mut batch = Batch::restore(
            CAMPAIGN,
            self.jobs.clone(),
            self.policy.clone(),
            &self.journal,
            self.now,
        )
        .unwrap_or_else(|error| panic!("seed {}: {error}", self.seed));
        let mut inputs = Vec::new();
        let mut heard_before = self.named_time;
        for step_number in 0.. {
            self.steps += 1;
            assert!(self.steps < 200_000, "seed {} does not end", self.seed);
            let step = batch.step(self.now, inputs.drain(..));
            let before_persist = crash_at == Some(step_number) && self.chance.percent(30);
            if before_persist {
                // What was heard in this step was never written down.
                self.named_time = heard_before;
                return None;
            }
            let journal = &mut self.journal;
            let ready = step
                .persist(|entries| {
                    journal.extend_from_slice(entries);
                    Ok::<(), ()>(())
                })
                .unwrap();
            self.check_entries(&ready.entries);
            self.check_fold(&batch);
            if ready.finished {
                return Some(batch.stopping().cloned());
            }
            let crashes = crash_at == Some(step_number);
            for command in ready.commands {
                if crashes && self.chance.percent(50) {
                    // Between persist and act: written, never sent.
                    continue;
                }
                self.depart(command);
            }
            if crashes {
                return None;
            }
            heard_before = self.named_time;
            self.advance(ready.wake_at, &mut inputs);
        }
        unreachable!("the loop ends by returning")
    }

    fn depart(&mut self, command: Command) {
        let latency = match command {
            Command::Submit { .. } => self.chance.millis(20, 8000),
            _ => self.chance.millis(5, 500),
        };
        self.fly(self.now.plus(latency), Flying::Request(command));
    }

    fn fly(&mut self, arrival: Timestamp, what: Flying) {
        self.departures += 1;
        self.air.insert((arrival, self.departures), what);
    }

    /// Moves time on to the next thing that happens to the program.
    fn advance(&mut self, wake_at: Option<Timestamp>, inputs: &mut Vec<Input>) {
        assert!(
            wake_at.is_none_or(|at| at > self.now),
            "seed {}: woken in the past",
            self.seed
        );
        while inputs.is_empty() {
            let next = self.air.first_key_value().map(|((at, _), _)| *at);
            let Some(until) = next.into_iter().chain(wake_at).min() else {
                panic!(
                    "seed {}: nothing in the air, no wake-up, not finished",
                    self.seed
                );
            };
            self.now = self.now.max(until);
            if next != Some(until) {
                return;
            }
            while let Some(entry) = self.air.first_entry()
                && entry.key().0 <= self.now
            {
                match entry.remove() {
                    Flying::Request(command) => self.meet(command),
                    Flying::Answer(outcome) => {
                        if let Outcome::Submitted {
                            result: Err(failure),
                            ..
                        } = &outcome
                        {
                            let named = failure.retry_after.map(|wish| wish.moment(self.now));
                            self.named_time = self.named_time.max(named);
                        }
                        inputs.push(Input::Answered(outcome));
                    }
                }
            }
        }
    }

    fn meet(&mut self, command: Command) {
        let outcome = self.world.meet(self.now, command);
        let limit = usize::try_from(self.policy.limits.in_flight).unwrap();
        assert!(
            self.world.most_at_once <= limit,
            "seed {}: {} renders at once, {limit} allowed",
            self.seed,
            self.world.most_at_once,
        );
        let back = self.chance.millis(5, 500);
        self.fly(self.now.plus(back), Flying::Answer(outcome));
    }

    /// The program died: answers fall on deaf ears, but what was sent still arrives.
    fn lose_answers(&mut self) {
        self.air
            .retain(|_, flying| matches!(flying, Flying::Request(_)));
    }

    fn provider_catches_up(&mut self) {
        while let Some(entry) = self.air.first_entry()
            && entry.key().0 <= self.now
        {
            let ((at, _), flying) = entry.remove_entry();
            if let Flying::Request(command) = flying {
                self.world.meet(at, command);
            }
        }
        self.lose_answers();
    }

    fn check_entries(&mut self, entries: &[Entry]) {
        let interval = self.policy.limits.submit_rate.interval();
        for entry in entries {
            let Event::Job {
                event: JobEvent::SubmitStarted { .. },
                ..
            } = &entry.event
            else {
                continue;
            };
            if let Some(last) = self.submits.back() {
                let gap = entry.at.since(*last);
                assert!(
                    gap >= interval,
                    "seed {}: {gap:?} between two submits",
                    self.seed
                );
            }
            assert!(
                self.named_time.is_none_or(|named| entry.at >= named),
                "seed {}: submitted before the time the provider named",
                self.seed
            );
            self.submits.push_back(entry.at);
        }
        if let Some(cap) = self.cap {
            let reserved: Credits = self
                .fold()
                .values()
                .map(|job| job.spent() + job.promised())
                .sum();
            assert!(
                reserved <= cap,
                "seed {}: {reserved} of {cap} credits",
                self.seed
            );
        }
        let twice: Vec<_> = self
            .world
            .times_accepted()
            .into_iter()
            .filter(|(_, times)| *times > 1)
            .collect();
        assert!(
            twice.is_empty(),
            "seed {}: paid twice: {twice:?}\n{}",
            self.seed,
            self.story()
        );
    }

    fn fold(&self) -> BTreeMap<JobId, JobState> {
        let mut states: BTreeMap<JobId, JobState> = self
            .jobs
            .iter()
            .map(|job| (job.spec.id.clone(), JobState::default()))
            .collect();
        for entry in &self.journal {
            if let Event::Job { job, event } = &entry.event {
                states.get_mut(job).unwrap().apply(entry.at, event).unwrap();
            }
        }
        states
    }

    fn check_fold(&self, batch: &Batch) {
        let states = self.fold();
        for (job, phase) in batch.phases() {
            assert_eq!(states[job].phase, *phase, "seed {}: {job}", self.seed);
        }
    }

    fn story(&self) -> String {
        self.journal
            .iter()
            .map(|entry| format!("{} {:?}\n", entry.at, entry.event))
            .collect()
    }

    /// After the last run: everything that was paid for is here, or known to be outstanding.
    fn check_end(&mut self, ended: &Option<StopReason>) {
        let states = self.fold();
        let mut done = BTreeSet::new();
        for (job, state) in &states {
            let is_settled = match &state.phase {
                Phase::Done { artifact, .. } => {
                    done.insert(artifact.sha256.clone());
                    true
                }
                Phase::Failed { .. } | Phase::InDoubt { .. } => true,
                Phase::Fetching { .. } | Phase::Rendering { .. } => state.fetch_failures > 0,
                Phase::Pending => ended.is_some(),
                Phase::Submitting => false,
            };
            assert!(
                is_settled,
                "seed {}: {job} is {:?}\n{}",
                self.seed,
                state.phase,
                self.story()
            );
        }
        for accepted in self
            .world
            .accepted
            .iter()
            .filter(|accepted| !accepted.fails)
        {
            let owner = states
                .values()
                .find(|state| state.tag.as_ref() == Some(&accepted.tag));
            let Some(owner) = owner else {
                // Without its journal, a run that could not read the list knows nothing, and
                // therefore submits nothing.
                let refused = matches!(ended, Some(StopReason::InventoryRefused { .. }));
                assert!(refused, "seed {}: paid, but unknown: {ended:?}", self.seed);
                continue;
            };
            let lost = matches!(owner.phase, Phase::Pending | Phase::Failed { .. });
            assert!(
                !lost,
                "seed {}: a paid video was lost: {:?}",
                self.seed, owner.phase
            );
        }
    }
}

fn play(seed: u64) -> Vec<Entry> {
    let mut story = Story::new(seed);
    let ended = story.play();
    story.check_end(&ended);
    story.journal
}

#[test]
fn no_seed_pays_twice_loses_a_video_or_breaks_a_limit() {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test may be told how much to do"
    )]
    let seeds = std::env::var("CALLSHEET_SIMULATION_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(500);
    for seed in 0..seeds {
        play(seed);
    }
}

#[test]
fn the_same_seed_writes_the_same_journal() {
    for seed in 0..20 {
        assert_eq!(play(seed), play(seed), "seed {seed}");
    }
}
