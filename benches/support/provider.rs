//! A provider in virtual time. It accepts and renders jobs, loses answers, refuses in bursts and breaks
//! downloads.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::convert::Infallible;
use std::time::Duration;

use callsheet::engine::{Batch, Input, RunOptions};
use callsheet::model::{
    AcceptedJob, Artifact, Command, Entry, Event, Failure, FailureKind, History, InFlight,
    JobEvent, Limits, ListFilter, Listing, Outcome, PlannedJob, RemoteId, RenderReport,
    RenderStatus, RetryAfter, Timestamp,
};
use fastrand::Rng;

/// How long a request takes.
const LATENCY: Duration = Duration::from_millis(250);
/// How long a download takes.
const DOWNLOAD: Duration = Duration::from_secs(2);
/// The number of newest renders among which all queued ones are.
const QUEUE_WINDOW: usize = 2_000;

/// The maximum of renders at one time, and what happens to jobs beyond it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Account {
    /// No maximum.
    Unlimited,
    /// Jobs beyond this number are refused with 429.
    Refuses(usize),
    /// Jobs beyond this number wait, with the status `in_queue`.
    Queues(usize),
    /// Jobs beyond this number wait, with the status `running`.
    Hides(usize),
}

/// Episodes of 429. The first begins after the first interval.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Storm {
    /// From the start of one episode to the start of the next, in seconds.
    pub(crate) every: u64,
    pub(crate) refuses: Refuses,
    /// The seconds of `Retry-After`.
    pub(crate) retry_after: Option<u64>,
}

/// What is refused in an episode.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refuses {
    /// All requests for so many seconds.
    Seconds(u64),
    /// So many submits in a row.
    Submits(u64),
}

/// The properties of a provider.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Profile {
    /// The shortest and the longest render in seconds.
    pub(crate) renders: (u64, u64),
    /// Percentage of lost answers to submits and reads. Four times as many downloads break off.
    pub(crate) lost: u64,
    pub(crate) storm: Option<Storm>,
    pub(crate) account: Account,
}

/// The measurements of a simulated campaign.
#[derive(Debug)]
pub(crate) struct Measurements {
    /// From the first step to the last.
    pub(crate) makespan: Duration,
    /// The shortest makespan that the limits allow.
    pub(crate) bound: Duration,
    /// Requests to the API.
    pub(crate) requests: usize,
    /// Submits refused because the account was full.
    pub(crate) refused: usize,
    /// The longest queue at the provider.
    pub(crate) longest_queue: usize,
    /// The time from each render's end to the start of its download relative to the render time, sorted.
    pub(crate) delays: Vec<f64>,
    /// The longest of these times.
    pub(crate) longest_delay: Duration,
    /// Steps of the engine.
    pub(crate) steps: usize,
    /// Steps with entries. Each is a transaction and a sync of the journal.
    pub(crate) writes: usize,
    /// All entries.
    pub(crate) entries: Vec<Entry>,
    /// Downloaded videos.
    pub(crate) done: usize,
}

struct Render {
    remote: RemoteId,
    name: String,
    accepted: Timestamp,
    begins: Timestamp,
    ends: Timestamp,
}

struct Provider {
    profile: Profile,
    random: Rng,
    renders: Vec<Render>,
    /// Renders that a list may be searched for by their tags.
    open: Vec<usize>,
    by_remote: HashMap<RemoteId, usize>,
    by_job: HashMap<String, usize>,
    started: Timestamp,
    requests: usize,
    /// The newest episode of 429, and how many submits it has had.
    episode: (u64, u64),
    refused: usize,
    longest_queue: usize,
    /// When each slot of the account becomes free.
    slots: Vec<Timestamp>,
    delays: Vec<f64>,
    longest_delay: Duration,
}

/// Runs a campaign to its end in virtual time.
pub(crate) fn simulate(jobs: Vec<PlannedJob>, limits: &Limits, profile: Profile) -> Measurements {
    let started = Timestamp::from_millis(1_700_000_000_000);
    let count = jobs.len();
    let options = RunOptions { limits: limits.clone(), seed: 7, ..RunOptions::default() };
    let mut batch =
        Batch::restore("bench", jobs, options, &History::default(), started).expect("it is empty");
    let mut provider = Provider::new(profile, started);
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
            let (takes, outcome) = provider.answer(now, command);
            answers.insert((now.plus(takes), sent), outcome);
            sent += 1;
        }
        if ready.finished {
            break;
        }
        let first = answers.first_key_value().map(|((at, _), _)| *at);
        now =
            first.into_iter().chain(ready.wake_at).min().expect("it waits for something").max(now);
        while let Some(answer) = answers.first_entry() {
            if answer.key().0 > now {
                break;
            }
            inputs.push(Input::Answered(answer.remove()));
        }
    }
    provider.delays.sort_by(f64::total_cmp);
    let is_done = |entry: &&Entry| {
        matches!(&entry.event, Event::Job { event: JobEvent::Downloaded { .. }, .. })
    };
    Measurements {
        makespan: now.since(started),
        bound: provider.bound(count, limits),
        requests: provider.requests,
        refused: provider.refused,
        longest_queue: provider.longest_queue,
        longest_delay: provider.longest_delay,
        steps,
        writes,
        done: entries.iter().filter(is_done).count(),
        delays: provider.delays,
        entries,
    }
}

impl Account {
    fn limit(self) -> Option<usize> {
        match self {
            Self::Unlimited => None,
            Self::Refuses(limit) | Self::Queues(limit) | Self::Hides(limit) => Some(limit),
        }
    }
}

impl Provider {
    fn new(profile: Profile, started: Timestamp) -> Self {
        Self {
            profile,
            random: Rng::with_seed(42),
            renders: Vec::new(),
            open: Vec::new(),
            by_remote: HashMap::new(),
            by_job: HashMap::new(),
            started,
            requests: 0,
            episode: (0, 0),
            refused: 0,
            longest_queue: 0,
            slots: vec![started; profile.account.limit().unwrap_or(0)],
            delays: Vec::new(),
            longest_delay: Duration::ZERO,
        }
    }

    fn is_lost(&mut self) -> bool {
        self.random.u64(..100) < self.profile.lost
    }

    /// Returns the refusal of a request, if an episode of 429 is under way.
    fn refuses(&mut self, now: Timestamp, is_submit: bool) -> Option<Failure> {
        let storm = self.profile.storm?;
        let since = now.since(self.started).as_secs();
        let (episode, into) = (since / storm.every, since % storm.every);
        let is_refused = match storm.refuses {
            Refuses::Seconds(seconds) => into < seconds,
            Refuses::Submits(count) => {
                if is_submit && self.episode.0 != episode {
                    self.episode = (episode, 0);
                }
                self.episode.1 += u64::from(is_submit);
                is_submit && self.episode.1 <= count
            }
        };
        (episode > 0 && is_refused).then(|| {
            let failure = Failure::new(FailureKind::Throttled, "slow down").with_status(429);
            failure.with_retry_after(storm.retry_after.map(RetryAfter::Seconds))
        })
    }

    /// Returns when a submit can be accepted at the earliest that is ready at a time.
    fn end_of_episode(&self, at: Duration) -> Duration {
        let Some(storm) = self.profile.storm else { return at };
        let length = match storm.refuses {
            Refuses::Seconds(seconds) => seconds,
            Refuses::Submits(count) => count * storm.retry_after.unwrap_or(0),
        };
        let (episode, into) = (at.as_secs() / storm.every, at.as_secs() % storm.every);
        if episode > 0 && into < length {
            Duration::from_secs(episode * storm.every + length)
        } else {
            at
        }
    }

    /// Returns the answer to a command, and how long it takes.
    fn answer(&mut self, now: Timestamp, command: Command) -> (Duration, Outcome) {
        let at = now.plus(LATENCY / 2);
        match command {
            Command::Submit { job, name, .. } => {
                self.requests += 1;
                let result = match self.refuses(at, true) {
                    Some(refusal) => Err(refusal),
                    None => self.accept(at, job.as_str(), name),
                };
                let result = result.map(|remote| AcceptedJob { remote, shows_tag: true });
                (LATENCY, Outcome::Submitted { job, result })
            }
            Command::Poll { remotes } => {
                self.requests += 1;
                let result = self.read(at, |provider| {
                    let known = remotes.iter().filter_map(|remote| provider.by_remote.get(remote));
                    known.map(|place| provider.report(at, *place)).collect()
                });
                (LATENCY, Outcome::Polled { remotes, result })
            }
            Command::PollJob { job, remote } => {
                self.requests += 1;
                let place = self.by_remote[&remote];
                let result = self.read(at, |provider| provider.report(at, place));
                (LATENCY, Outcome::JobPolled { job, result })
            }
            Command::List { filter } => {
                self.requests += 1;
                let result = self.read(at, |provider| provider.list(at, &filter));
                if let Ok(listing) = &result {
                    // A render that has ended and is not found now is searched for by its id only.
                    let found = listing.found.iter().map(|report| &report.remote);
                    let found: HashSet<usize> =
                        found.map(|remote| self.by_remote[remote]).collect();
                    let renders = &self.renders;
                    self.open.retain(|place| found.contains(place) || renders[*place].ends > at);
                }
                (LATENCY, Outcome::Listed { result })
            }
            Command::Download(order) => {
                let render = &self.renders[self.by_job[order.job.as_str()]];
                let delay = now.since(render.ends);
                let render = render.ends.since(render.begins);
                let breaks = self.random.u64(..100) < 4 * self.profile.lost;
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
                (DOWNLOAD, Outcome::Downloaded { job: order.job, result })
            }
        }
    }

    /// Returns when a render submitted at `at` starts, and its slot.
    fn find_slot(&mut self, at: Timestamp) -> Result<(Timestamp, Option<usize>), Failure> {
        let Some(slot) = (0..self.slots.len()).min_by_key(|slot| self.slots[*slot]) else {
            return Ok((at, None));
        };
        let begins = self.slots[slot].max(at);
        if begins > at && matches!(self.profile.account, Account::Refuses(_)) {
            self.refused += 1;
            return Err(Failure::new(FailureKind::Throttled, "too many renders").with_status(429));
        }
        Ok((begins, Some(slot)))
    }

    fn accept(&mut self, at: Timestamp, job: &str, name: String) -> Result<RemoteId, Failure> {
        let (begins, slot) = self.find_slot(at)?;
        let place = self.renders.len();
        let remote: RemoteId =
            format!("5f0c3a52-0000-4000-8000-{place:012}").parse().expect("visible characters");
        let (shortest, longest) = self.profile.renders;
        // The sum of two random numbers: most renders are near the middle.
        let half = (longest - shortest) * 500;
        let millis = shortest * 1000 + self.random.u64(..half) + self.random.u64(..half);
        self.renders.push(Render {
            remote: remote.clone(),
            name,
            accepted: at,
            begins,
            ends: begins.plus(Duration::from_millis(millis)),
        });
        self.open.push(place);
        if let Some(slot) = slot {
            self.slots[slot] = self.renders[place].ends;
            let waits = |render: &&Render| render.begins > at;
            let waiting = self.renders.iter().rev().take(QUEUE_WINDOW);
            self.longest_queue = self.longest_queue.max(waiting.filter(waits).count());
        }
        self.by_remote.insert(remote.clone(), place);
        self.by_job.insert(job.to_owned(), place);
        if self.is_lost() {
            return Err(Failure::new(FailureKind::Lost, "the connection was reset"));
        }
        Ok(remote)
    }

    /// Returns the rows of the filter. A real list has all rows, but reading them is not the engine's work.
    fn list(&self, at: Timestamp, filter: &ListFilter) -> Listing {
        let references = filter.references.iter();
        let named = references.filter_map(|remote| self.by_remote.get(remote));
        let places: BTreeSet<usize> = self.open.iter().chain(named).copied().collect();
        let visible = places.into_iter().filter(|place| {
            let render = &self.renders[*place];
            render.accepted <= at && filter.wants(Some(&render.name), Some(&render.remote), None)
        });
        Listing {
            found: visible.map(|place| self.report(at, place)).collect(),
            rows: self.renders.len() as u64,
            oldest: self.renders.first().map(|render| render.accepted),
            shows_finished: true,
            shows_unfinished: true,
            ..Listing::default()
        }
    }

    fn read<T>(&mut self, at: Timestamp, answer: impl FnOnce(&Self) -> T) -> Result<T, Failure> {
        if let Some(refusal) = self.refuses(at, false) {
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
        let output =
            || format!("https://cdn.example/{}.mp4?Sigprofile=0123456789abcdef", render.remote);
        RenderReport {
            remote: render.remote.clone(),
            name: Some(render.name.clone()),
            status: match self.profile.account {
                _ if is_done => RenderStatus::Done,
                Account::Queues(_) if render.begins > at => RenderStatus::InQueue,
                Account::Unlimited
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
            echo: Box::default(),
        }
    }

    /// Returns the shortest possible makespan: the same renders in the same order, each started as soon as the
    /// submit rate, a slot and episodes of 429 allow, each slot free when its render ends.
    fn bound(&self, count: usize, limits: &Limits) -> Duration {
        let allowed = match limits.in_flight {
            InFlight::AtMost(limit) => limit as usize,
            InFlight::Auto { .. } => count,
        };
        let limit = self.profile.account.limit().unwrap_or(count);
        let mut free = vec![Duration::ZERO; allowed.min(limit)];
        let interval = limits.submit_rate.interval();
        let mut last = Duration::ZERO;
        let mut next = Duration::ZERO;
        for render in self.renders.iter().take(count) {
            let place = (0..free.len()).min_by_key(|place| free[*place]).unwrap_or(0);
            let begins = self.end_of_episode(next.max(free[place]));
            next = begins + interval;
            free[place] = begins + LATENCY / 2 + render.ends.since(render.begins);
            last = last.max(free[place] + DOWNLOAD);
        }
        last
    }
}
