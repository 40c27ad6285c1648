//! What the sandbox has seen: the other side of every claim that a client makes.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::remote::api::wire::CreateBody;

use super::account::{Account, most_at_once};
use super::job::{Job, JobStatus};

/// The books, as `GET /sandbox/ledger` answers them. What concerns accepted jobs outlives a restart if
/// there is a state file; the counts of requests begin anew.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// The moment of this answer, in milliseconds since the Unix epoch, as all moments here.
    pub now: i64,
    /// Credits at the beginning.
    pub credits_at_start: f64,
    /// Credits that all accepted jobs cost, whether the charge shows yet or not.
    pub credits_charged: f64,
    /// Every accepted create, oldest first.
    pub accepted: Vec<LedgerJob>,
    /// The newest creates, accepted or not, oldest first; at most [`Ledger::CREATES_KEPT`].
    pub creates: Vec<CreateSeen>,
    /// Creates that were not accepted, by the status of the answer.
    pub refused: BTreeMap<u16, u64>,
    /// Creates that got no answer, accepted or not.
    pub unanswered: u64,
    /// Requests by kind, refused ones included.
    pub requests: BTreeMap<RequestKind, u64>,
    /// API requests without the right keys.
    pub unauthorised: u64,
    /// The most jobs that rendered at one time, as far as they are accepted now.
    pub max_running: usize,
    /// The most jobs that were accepted and not yet ended at one time.
    pub max_in_flight: usize,
    /// Requests at the file hosts that carried `X-API-ID`, `X-API-KEY` or `Authorization`. Must be zero.
    pub credentials_on_files: u64,
    /// Answers that carried bytes of a video, by the job's id.
    pub downloads: BTreeMap<String, u64>,
}

/// One accepted create.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LedgerJob {
    /// The id it was given.
    pub id: String,
    /// The name it was sent with.
    pub name: Option<String>,
    /// What was asked for.
    pub body: CreateBody,
    /// When it was accepted.
    pub accepted_at: i64,
    /// When it began, or begins, to render.
    pub starts_at: i64,
    /// When it ended, or ends.
    pub ends_at: i64,
    /// Where it stands.
    pub status: JobStatus,
    /// Seconds of speech.
    pub seconds: f64,
    /// What it costs.
    pub charge: f64,
    /// SHA-256 of its video in hexadecimal, whether it has one yet or not.
    pub sha256: String,
    /// Size of its video in bytes.
    pub bytes: usize,
}

/// One create that arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateSeen {
    /// When.
    pub at: i64,
    /// The status of the answer; none if there was no answer.
    pub status: Option<u16>,
    /// The id, if it was accepted, whatever the answer said.
    pub id: Option<String>,
}

/// The kinds of requests, each with ordinals of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// `POST /api/lipsyncs/`.
    Create,
    /// `GET /api/lipsyncs/?ids=`.
    Poll,
    /// `GET /api/lipsyncs/{id}/`.
    Look,
    /// `GET /api/lipsyncs/`.
    List,
    /// Personas, voices and the balance.
    Catalogue,
    /// A video.
    Video,
    /// A thumbnail.
    Thumbnail,
    /// A persona's or voice's preview.
    Preview,
    /// Anything else.
    Other,
}

impl Ledger {
    /// How many of the newest creates are kept one by one.
    pub const CREATES_KEPT: usize = 10_000;

    /// The accepted jobs of that name.
    pub fn accepted_as<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a LedgerJob> {
        self.accepted
            .iter()
            .filter(move |job| job.name.as_deref() == Some(name))
    }
}

/// What is counted while the sandbox runs.
#[derive(Debug, Default)]
pub(super) struct Tally {
    creates: VecDeque<CreateSeen>,
    refused: BTreeMap<u16, u64>,
    unanswered: u64,
    requests: BTreeMap<RequestKind, u64>,
    downloads: BTreeMap<String, u64>,
    /// API requests without the right keys.
    pub(super) unauthorised: u64,
    /// Requests at the file hosts with credentials.
    pub(super) credentials_on_files: u64,
}

impl Tally {
    /// Counts a request; its ordinal among those of its kind, from 1.
    pub(super) fn count(&mut self, kind: RequestKind) -> u64 {
        let count = self.requests.entry(kind).or_default();
        *count += 1;
        *count
    }

    /// Notes what became of a create.
    pub(super) fn create(&mut self, seen: CreateSeen) {
        match (&seen.id, seen.status) {
            (None, Some(status)) => *self.refused.entry(status).or_default() += 1,
            (_, None) => self.unanswered += 1,
            (Some(_), Some(_)) => {}
        }
        if self.creates.len() == Ledger::CREATES_KEPT {
            self.creates.pop_front();
        }
        self.creates.push_back(seen);
    }

    /// Notes that bytes of a job's video were sent.
    pub(super) fn download(&mut self, id: &str) {
        *self.downloads.entry(id.to_owned()).or_default() += 1;
    }

    /// The books at `now`.
    pub(super) fn ledger(&self, account: &Account, credits_at_start: f64, now: i64) -> Ledger {
        let spans = |from: fn(&Job) -> i64| {
            most_at_once(account.jobs().iter().map(|job| (from(job), job.ends_at)))
        };
        Ledger {
            now,
            credits_at_start,
            credits_charged: account.charged(),
            accepted: account.jobs().iter().map(|job| entry(job, now)).collect(),
            creates: self.creates.iter().cloned().collect(),
            refused: self.refused.clone(),
            unanswered: self.unanswered,
            requests: self.requests.clone(),
            unauthorised: self.unauthorised,
            max_running: spans(|job| job.starts_at),
            max_in_flight: spans(|job| job.accepted_at),
            credentials_on_files: self.credentials_on_files,
            downloads: self.downloads.clone(),
        }
    }
}

fn entry(job: &Job, now: i64) -> LedgerJob {
    LedgerJob {
        id: job.id.clone(),
        name: job.body.name.clone(),
        body: job.body.clone(),
        accepted_at: job.accepted_at,
        starts_at: job.starts_at,
        ends_at: job.ends_at,
        status: job.status(now),
        seconds: job.seconds,
        charge: job.charge,
        sha256: job.sha256.clone(),
        bytes: job.bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn creates_are_counted_by_what_became_of_them_and_only_the_newest_are_kept() {
        let mut tally = Tally::default();
        let seen = |at, status, id: Option<&str>| CreateSeen {
            at,
            status,
            id: id.map(str::to_owned),
        };
        tally.create(seen(1, Some(429), None));
        tally.create(seen(2, None, Some("a")));
        tally.create(seen(3, Some(500), Some("b")));
        for at in 0..10_000 {
            tally.create(seen(at, Some(201), Some("c")));
        }
        let ledger = tally.ledger(&Account::default(), 10.0, 0);
        assert_eq!(ledger.refused, BTreeMap::from([(429, 1)]));
        assert_eq!(ledger.unanswered, 1);
        assert_eq!(ledger.creates.len(), Ledger::CREATES_KEPT);
        assert_eq!(ledger.creates[0].at, 0);
    }
}
