//! A provider in virtual time: accepts, renders, loses answers, refuses bursts, breaks downloads.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::convert::Infallible;
use std::time::Duration;

use callsheet::engine::{Batch, Input, Policy};
use callsheet::model::{
    Artifact, Command, Entry, Event, Failure, FailureKind, History, InFlight, JobEvent, Limits,
    ListFilter, Listing, Outcome, PlannedJob, RemoteId, RenderReport, RenderStatus, RetryAfter,
    Timestamp,
};

/// How long a request takes.
const LATENCY: Duration = Duration::from_millis(250);
/// How long a download takes.
const DOWNLOAD: Duration = Duration::from_secs(2);
/// A burst of refusals lasts so long, and
const BURST: Duration = Duration::from_secs(5);
/// begins so often.
const BETWEEN_BURSTS: Duration = Duration::from_secs(600);
/// Among so many of the newest renders are all that wait.
const MOST_LOOKED_AT: usize = 2_000;

/// How many renders at one time the provider works on, and what becomes of one more.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Account {
    /// As many as come.
    Boundless,
    /// So many; one more is answered with 429.
    Refuses(usize),
    /// So many; one more waits, and is said to.
    Queues(usize),
    /// So many; one more waits, and is said to be running.
    Hides(usize),
}

/// What the provider is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nature {
    /// Shortest and longest render in seconds.
    pub(crate) renders: (u64, u64),
    /// In a hundred submits and reads, answers that are lost; four times as many downloads break off.
    pub(crate) lost: u64,
    /// Whether there are bursts of 429.
    pub(crate) bursts: bool,
    /// How many it works on.
    pub(crate) account: Account,
}

/// What a simulated campaign came to.
#[derive(Debug)]
pub(crate) struct Outcomes {
    /// From the first step to the last.
    pub(crate) makespan: Duration,
    /// What the limits allow at the best.
    pub(crate) bound: Duration,
    /// Requests to the API.
    pub(crate) requests: usize,
    /// Of those, submits that found no place.
    pub(crate) refused: usize,
    /// The most that waited at the provider at one time.
    pub(crate) most_waiting: usize,
    /// From each render's end to the start of its download, in order, in parts of the render time.
    pub(crate) delays: Vec<f64>,
    /// The same, in time.
    pub(crate) longest_delay: Duration,
    /// Calls of the engine.
    pub(crate) steps: usize,
    /// Steps that put something on record: transactions of the journal, and so its syncs.
    pub(crate) writes: usize,
    /// Entries for the journal.
    pub(crate) entries: Vec<Entry>,
    /// Jobs whose video is here.
    pub(crate) done: usize,
}

struct Render {
    remote: RemoteId,
    name: String,
    accepted: Timestamp,
    begins: Timestamp,
    ends: Timestamp,
}

struct World {
    nature: Nature,
    random: u64,
    renders: Vec<Render>,
    /// Renders that a list may be asked for by their tags.
    open: Vec<usize>,
    places: HashMap<RemoteId, usize>,
    of_job: HashMap<String, usize>,
    started: Timestamp,
    requests: usize,
    refused: usize,
    most_waiting: usize,
    /// When each place of the account is free.
    free: Vec<Timestamp>,
    delays: Vec<f64>,
    longest_delay: Duration,
}

/// Runs a campaign to its end in virtual time.
pub(crate) fn simulate(jobs: Vec<PlannedJob>, limits: &Limits, nature: Nature) -> Outcomes {
    let started = Timestamp::from_millis(1_700_000_000_000);
    let count = jobs.len();
    let policy = Policy {
        limits: limits.clone(),
        seed: 7,
        ..Policy::default()
    };
    let mut batch =
        Batch::restore("bench", jobs, policy, &History::default(), started).expect("it is empty");
    let mut world = World::new(nature, started);
    let mut answers: BTreeMap<(Timestamp, usize), Outcome> = BTreeMap::new();
    let mut now = started;
    let mut inputs = Vec::new();
    let (mut steps, mut writes, mut sent) = (0, 0, 0);
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        steps += 1;
        let step = batch.step(now, inputs.drain(..));
        let ready = step
            .persist(|new| {
                writes += usize::from(!new.is_empty());
                entries.extend_from_slice(new);
                Ok::<(), Infallible>(())
            })
            .expect("memory never fails");
        for command in ready.commands {
            let (takes, outcome) = world.meet(now, command);
            answers.insert((now.plus(takes), sent), outcome);
            sent += 1;
        }
        if ready.finished {
            break;
        }
        let first = answers.first_key_value().map(|((at, _), _)| *at);
        now = first
            .into_iter()
            .chain(ready.wake_at)
            .min()
            .expect("it waits for something")
            .max(now);
        while let Some(answer) = answers.first_entry() {
            if answer.key().0 > now {
                break;
            }
            inputs.push(Input::Answered(answer.remove()));
        }
    }
    world.delays.sort_by(f64::total_cmp);
    let is_done = |entry: &&Entry| {
        matches!(
            &entry.event,
            Event::Job {
                event: JobEvent::Fetched { .. },
                ..
            }
        )
    };
    Outcomes {
        makespan: now.since(started),
        bound: world.bound(count, limits),
        requests: world.requests,
        refused: world.refused,
        most_waiting: world.most_waiting,
        longest_delay: world.longest_delay,
        steps,
        writes,
        done: entries.iter().filter(is_done).count(),
        delays: world.delays,
        entries,
    }
}

impl Account {
    fn places(self) -> Option<usize> {
        match self {
            Self::Boundless => None,
            Self::Refuses(places) | Self::Queues(places) | Self::Hides(places) => Some(places),
        }
    }
}

impl World {
    fn new(nature: Nature, started: Timestamp) -> Self {
        Self {
            nature,
            random: 42,
            renders: Vec::new(),
            open: Vec::new(),
            places: HashMap::new(),
            of_job: HashMap::new(),
            started,
            requests: 0,
            refused: 0,
            most_waiting: 0,
            free: vec![started; nature.account.places().unwrap_or(0)],
            delays: Vec::new(),
            longest_delay: Duration::ZERO,
        }
    }

    fn below(&mut self, end: u64) -> u64 {
        // SplitMix64.
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }

    fn is_lost(&mut self) -> bool {
        self.below(100) < self.nature.lost
    }

    fn refuses(&self, now: Timestamp) -> Option<Failure> {
        let since = now.since(self.started).as_millis();
        let into = since % BETWEEN_BURSTS.as_millis();
        let is_burst = self.nature.bursts && since > BURST.as_millis() && into < BURST.as_millis();
        is_burst.then(|| {
            Failure::new(FailureKind::Throttled, "slow down")
                .with_status(429)
                .with_retry_after(Some(RetryAfter::Seconds(5)))
        })
    }

    /// What the provider answers, and after how long.
    fn meet(&mut self, now: Timestamp, command: Command) -> (Duration, Outcome) {
        let at = now.plus(LATENCY / 2);
        match command {
            Command::Submit { job, name, .. } => {
                self.requests += 1;
                let result = match self.refuses(at) {
                    Some(refusal) => Err(refusal),
                    None => self.accept(at, job.as_str(), name),
                };
                (LATENCY, Outcome::Submitted { job, result })
            }
            Command::Poll { remotes } => {
                self.requests += 1;
                let result = self.read(at, |world| {
                    let known = remotes.iter().filter_map(|remote| world.places.get(remote));
                    known.map(|place| world.report(at, *place)).collect()
                });
                (LATENCY, Outcome::Polled { remotes, result })
            }
            Command::Look { job, remote } => {
                self.requests += 1;
                let place = self.places[&remote];
                let result = self.read(at, |world| world.report(at, place));
                (LATENCY, Outcome::Looked { job, result })
            }
            Command::List { sought } => {
                self.requests += 1;
                let result = self.read(at, |world| world.list(at, &sought));
                if let Ok(listing) = &result {
                    // What has ended and is not asked for now is not asked for again but by its id.
                    let found = listing.found.iter().map(|report| &report.remote);
                    let found: HashSet<usize> = found.map(|remote| self.places[remote]).collect();
                    let renders = &self.renders;
                    self.open
                        .retain(|place| found.contains(place) || renders[*place].ends > at);
                }
                (LATENCY, Outcome::Listed { result })
            }
            Command::Fetch(order) => {
                let render = &self.renders[self.of_job[order.job.as_str()]];
                let delay = now.since(render.ends);
                let render = render.ends.since(render.begins);
                let breaks = self.below(100) < 4 * self.nature.lost;
                if !breaks {
                    self.delays.push(delay.as_secs_f64() / render.as_secs_f64());
                    self.longest_delay = self.longest_delay.max(delay);
                }
                let result = if breaks {
                    Err(Failure::new(FailureKind::Lost, "reset"))
                } else {
                    Ok(Artifact {
                        file: order.file,
                        bytes: 1,
                        sha256: "0".repeat(64),
                        thumbnail: None,
                    })
                };
                (
                    DOWNLOAD,
                    Outcome::Fetched {
                        job: order.job,
                        result,
                    },
                )
            }
        }
    }

    /// When a render that arrives at `at` is begun, and the place it takes; nothing if it is refused.
    fn find_place(&mut self, at: Timestamp) -> Result<(Timestamp, Option<usize>), Failure> {
        let Some(place) = (0..self.free.len()).min_by_key(|place| self.free[*place]) else {
            return Ok((at, None));
        };
        let begins = self.free[place].max(at);
        if begins > at && matches!(self.nature.account, Account::Refuses(_)) {
            self.refused += 1;
            return Err(Failure::new(FailureKind::Throttled, "too many renders").with_status(429));
        }
        Ok((begins, Some(place)))
    }

    fn accept(&mut self, at: Timestamp, job: &str, name: String) -> Result<RemoteId, Failure> {
        let (begins, free) = self.find_place(at)?;
        let place = self.renders.len();
        let remote: RemoteId = format!("5f0c3a52-0000-4000-8000-{place:012}")
            .parse()
            .expect("visible characters");
        let (shortest, longest) = self.nature.renders;
        // The sum of two: most renders are near the middle.
        let half = (longest - shortest) * 500;
        let millis = shortest * 1000 + self.below(half) + self.below(half);
        self.renders.push(Render {
            remote: remote.clone(),
            name,
            accepted: at,
            begins,
            ends: begins.plus(Duration::from_millis(millis)),
        });
        self.open.push(place);
        if let Some(free) = free {
            self.free[free] = self.renders[place].ends;
            let waits = |render: &&Render| render.begins > at;
            let waiting = self.renders.iter().rev().take(MOST_LOOKED_AT);
            self.most_waiting = self.most_waiting.max(waiting.filter(waits).count());
        }
        self.places.insert(remote.clone(), place);
        self.of_job.insert(job.to_owned(), place);
        if self.is_lost() {
            return Err(Failure::new(FailureKind::Lost, "the connection was reset"));
        }
        Ok(remote)
    }

    /// The rows that are sought. A real list has all rows, which is the network's cost and not the engine's.
    fn list(&self, at: Timestamp, sought: &ListFilter) -> Listing {
        let witnesses = sought.witnesses.iter();
        let named = witnesses.filter_map(|remote| self.places.get(remote));
        let places: BTreeSet<usize> = self.open.iter().chain(named).copied().collect();
        let visible = places.into_iter().filter(|place| {
            let render = &self.renders[*place];
            render.accepted <= at && sought.wants(Some(&render.name), Some(&render.remote))
        });
        Listing {
            found: visible.map(|place| self.report(at, place)).collect(),
            rows: self.renders.len() as u64,
            oldest: self.renders.first().map(|render| render.accepted),
            ends: None,
        }
    }

    fn read<T>(&mut self, at: Timestamp, answer: impl FnOnce(&Self) -> T) -> Result<T, Failure> {
        if let Some(refusal) = self.refuses(at) {
            return Err(refusal);
        }
        if self.is_lost() {
            return Err(Failure::new(FailureKind::Lost, "the connection was reset"));
        }
        Ok(answer(self))
    }

    fn report(&self, at: Timestamp, place: usize) -> RenderReport {
        let render = &self.renders[place];
        let is_done = render.ends <= at;
        let output = || {
            format!(
                "https://cdn.example/{}.mp4?Signature=0123456789abcdef",
                render.remote
            )
        };
        RenderReport {
            remote: render.remote.clone(),
            name: Some(render.name.clone()),
            status: match self.nature.account {
                _ if is_done => RenderStatus::Done,
                Account::Queues(_) if render.begins > at => RenderStatus::InQueue,
                Account::Boundless
                | Account::Refuses(_)
                | Account::Queues(_)
                | Account::Hides(_) => RenderStatus::Running,
            },
            output: is_done.then(output),
            thumbnail: is_done.then(|| format!("https://cdn.example/{}.jpg", render.remote)),
            duration_seconds: is_done.then_some(24.0),
            credits_used: None,
            failed_reason: None,
            progress: None,
            created_at: Some(render.accepted),
        }
    }

    /// When the last video could be here at the best: the same renders in the same order, each begun
    /// as soon as the pace and a free place allow, each place free the moment its render ends.
    fn bound(&self, count: usize, limits: &Limits) -> Duration {
        let allowed = match limits.in_flight {
            InFlight::AtMost(most) => most as usize,
            InFlight::Auto { .. } => count,
        };
        let places = self.nature.account.places().unwrap_or(count);
        let mut free = vec![Duration::ZERO; allowed.min(places)];
        let interval = limits.submit_rate.interval();
        let mut last = Duration::ZERO;
        let mut next = Duration::ZERO;
        for render in self.renders.iter().take(count) {
            let place = (0..free.len())
                .min_by_key(|place| free[*place])
                .unwrap_or(0);
            let begins = next.max(free[place]);
            next = begins + interval;
            free[place] = begins + LATENCY / 2 + render.ends.since(render.begins);
            last = last.max(free[place] + DOWNLOAD);
        }
        last
    }
}
