//! A provider that does everything the tables of failures speak of, in virtual time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::engine::backoff::mix;
use crate::model::{
    Artifact, Command, Credits, Failure, FailureKind, Listing, Outcome, RemoteId, RenderReport,
    RenderStatus, RetryAfter, Tag, Timestamp, find_tags,
};

/// Chance, replayable from its seed.
#[derive(Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = mix(self.0);
        self.0 % limit.max(1)
    }

    /// True in `percent` of a hundred cases.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(super) fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from + 1))
    }
}

/// What kind of provider this seed meets. Percentages are of requests.
#[derive(Debug, Clone)]
pub(super) struct Nature {
    pub(super) lost_accepted: u64,
    pub(super) lost_not_accepted: u64,
    pub(super) not_sent: u64,
    pub(super) throttled: u64,
    pub(super) refused: u64,
    pub(super) read_faults: u64,
    pub(super) fetch_faults: u64,
    pub(super) failed_renders: u64,
    /// Renders at one time that the provider allows; more are answered with 429.
    pub(super) places: usize,
    /// How long a job takes to appear in the list.
    pub(super) list_delay: Duration,
    /// The list shows only the newest so many.
    pub(super) list_cap: usize,
    pub(super) list_refused: u64,
}

/// One accepted submit.
#[derive(Debug)]
pub(super) struct Accepted {
    remote: RemoteId,
    name: String,
    pub(super) tag: Tag,
    at: Timestamp,
    finishes: Timestamp,
    pub(super) fails: bool,
    pub(super) charge: Credits,
    no_output_until: Timestamp,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) chance: Chance,
    pub(super) nature: Nature,
    pub(super) accepted: Vec<Accepted>,
    pub(super) most_at_once: usize,
}

impl World {
    pub(super) fn new(chance: Chance, nature: Nature) -> Self {
        Self {
            chance,
            nature,
            accepted: Vec::new(),
            most_at_once: 0,
        }
    }

    /// Renders under way at `now`.
    pub(super) fn running(&self, now: Timestamp) -> usize {
        self.accepted
            .iter()
            .filter(|job| job.finishes > now)
            .count()
    }

    /// The provider meets a request at `now`; what it answers, if the answer arrives.
    pub(super) fn meet(&mut self, now: Timestamp, command: Command) -> Outcome {
        match command {
            Command::Submit { job, name, .. } => Outcome::Submitted {
                job,
                result: self.submit(now, &name),
            },
            Command::Poll { remotes } => {
                let result = self.read(|world| {
                    let forgetful = world.chance.percent(3);
                    let reports = remotes.iter().filter_map(|id| world.report(now, id));
                    reports.skip(usize::from(forgetful)).collect()
                });
                Outcome::Polled { remotes, result }
            }
            Command::Look { job, remote } => {
                let result = self.read(|world| world.report(now, &remote));
                let result = result.and_then(|report| {
                    report.ok_or_else(|| Failure::new(FailureKind::NotFound, "not found"))
                });
                Outcome::Looked { job, result }
            }
            Command::List { tags, witnesses } => {
                if self.chance.percent(self.nature.list_refused) {
                    let failure = Failure::new(FailureKind::ServerError, "list refused");
                    return Outcome::Listed {
                        result: Err(failure),
                    };
                }
                let result = self.read(|world| world.list(now, &tags, &witnesses));
                Outcome::Listed { result }
            }
            Command::Fetch(order) => {
                let result = if self.chance.percent(self.nature.fetch_faults) {
                    let kinds = [
                        FailureKind::Lost,
                        FailureKind::NotFound,
                        FailureKind::BadContent,
                    ];
                    let kind = kinds[usize::try_from(self.chance.below(3)).unwrap()];
                    Err(Failure::new(kind, "download failed"))
                } else {
                    Ok(Artifact {
                        file: order.file,
                        bytes: 1,
                        sha256: order.video_url,
                        thumbnail: None,
                    })
                };
                Outcome::Fetched {
                    job: order.job,
                    result,
                }
            }
        }
    }

    fn submit(&mut self, now: Timestamp, name: &str) -> Result<RemoteId, Failure> {
        let nature = self.nature.clone();
        if self.chance.percent(nature.not_sent) {
            return Err(Failure::new(FailureKind::NotSent, "connection refused"));
        }
        if self.chance.percent(nature.refused) {
            return Err(Failure::new(FailureKind::Rejected, "text: not like this"));
        }
        if self.running(now) >= nature.places || self.chance.percent(nature.throttled) {
            let wish = self.chance.percent(50).then(|| self.chance.below(40) + 1);
            return Err(Failure::new(FailureKind::Throttled, "slow down")
                .with_retry_after(wish.map(RetryAfter::Seconds)));
        }
        let lost = [
            FailureKind::Lost,
            FailureKind::ServerError,
            FailureKind::Malformed,
        ][usize::try_from(self.chance.below(3)).unwrap()];
        if self.chance.percent(nature.lost_not_accepted) {
            return Err(Failure::new(lost, "answer lost"));
        }
        let remote: RemoteId = format!("remote-{}", self.accepted.len()).parse().unwrap();
        let took = self.chance.millis(5_000, 200_000);
        self.accepted.push(Accepted {
            remote: remote.clone(),
            name: name.to_owned(),
            tag: find_tags(name).next().expect("every submit carries a tag"),
            at: now,
            finishes: now.plus(took),
            fails: self.chance.percent(nature.failed_renders),
            charge: Credits::whole(1 + i64::try_from(self.chance.below(5)).unwrap()),
            no_output_until: now.plus(took + self.chance.millis(0, 3000)),
        });
        self.most_at_once = self.most_at_once.max(self.running(now));
        if self.chance.percent(nature.lost_accepted) {
            return Err(Failure::new(lost, "answer lost"));
        }
        Ok(remote)
    }

    fn read<T>(&mut self, answer: impl FnOnce(&mut Self) -> T) -> Result<T, Failure> {
        if self.chance.percent(self.nature.read_faults) {
            let kinds = [
                FailureKind::Lost,
                FailureKind::ServerError,
                FailureKind::NotSent,
                FailureKind::Throttled,
                FailureKind::Rejected,
            ];
            let kind = kinds[usize::try_from(self.chance.below(5)).unwrap()];
            return Err(Failure::new(kind, "read failed"));
        }
        Ok(answer(self))
    }

    fn report(&self, now: Timestamp, remote: &RemoteId) -> Option<RenderReport> {
        self.accepted
            .iter()
            .find(|job| job.remote == *remote)
            .map(|job| Self::describe(now, job))
    }

    fn describe(now: Timestamp, job: &Accepted) -> RenderReport {
        let status = match now >= job.finishes {
            true if job.fails => RenderStatus::Failed,
            true => RenderStatus::Done,
            false => RenderStatus::Running,
        };
        let has_output = status == RenderStatus::Done && now >= job.no_output_until;
        RenderReport {
            remote: job.remote.clone(),
            name: Some(job.name.clone()),
            output: has_output.then(|| format!("https://files.example/{}", job.remote)),
            thumbnail: None,
            duration_seconds: None,
            credits_used: (now >= job.finishes).then_some(job.charge),
            failed_reason: None,
            progress: None,
            created_at: Some(job.at),
            status,
        }
    }

    fn list(&self, now: Timestamp, tags: &BTreeSet<Tag>, ids: &BTreeSet<RemoteId>) -> Listing {
        let visible: Vec<&Accepted> = self
            .accepted
            .iter()
            .rev()
            .filter(|job| job.at.plus(self.nature.list_delay) <= now)
            .take(self.nature.list_cap)
            .collect();
        let found = visible
            .iter()
            .filter(|job| tags.contains(&job.tag) || ids.contains(&job.remote))
            .map(|job| Self::describe(now, job))
            .collect();
        Listing {
            found,
            rows: u64::try_from(visible.len()).unwrap(),
            oldest: visible.iter().map(|job| job.at).min(),
        }
    }

    /// How often each tag was accepted.
    pub(super) fn times_accepted(&self) -> BTreeMap<&Tag, usize> {
        let mut times = BTreeMap::new();
        for job in &self.accepted {
            *times.entry(&job.tag).or_default() += 1;
        }
        times
    }
}
