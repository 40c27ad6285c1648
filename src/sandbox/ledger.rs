//! The ledger of received requests and accepted jobs. Tests compare it with the reports of a client.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::remote::api::wire::CreateBody;

use super::account::{Account, max_overlap};
use super::faults::RequestKind;
use super::job::{Job, JobStatus};

/// The answer of `GET /sandbox/ledger`. Times are milliseconds since the Unix epoch. With a state file the
/// accepted jobs survive a restart; request counts start again at zero.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// When the ledger was read.
    pub now: i64,
    /// The initial credits.
    pub credits_at_start: f64,
    /// The credits that all accepted jobs cost, including charges not yet visible in the balance.
    pub credits_charged: f64,
    /// Every accepted job, oldest first.
    pub accepted: Vec<LedgerJob>,
    /// The newest creates, accepted or not, oldest first; at most [`Ledger::CREATES_KEPT`].
    pub creates: VecDeque<CreateRecord>,
    /// Creates that were not accepted, by response status.
    pub refused: BTreeMap<u16, u64>,
    /// Creates without a response, accepted or not.
    pub unanswered: u64,
    /// Requests by kind, including refused ones.
    pub requests: BTreeMap<RequestKind, u64>,
    /// API requests without valid credentials.
    pub unauthorised: u64,
    /// The maximum of jobs that render at one time, as planned for the jobs accepted so far.
    pub max_running: usize,
    /// The maximum of jobs accepted and not yet ended at one time.
    pub max_in_flight: usize,
    /// Requests to the file servers with `X-API-ID`, `X-API-KEY` or `Authorization`. Must be zero.
    pub credentials_on_files: u64,
    /// Responses with bytes of a video, by job id.
    pub downloads: BTreeMap<String, u64>,
}

/// An accepted job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LedgerJob {
    /// The provider's id.
    pub id: String,
    /// The `name` of the request.
    pub name: Option<String>,
    /// The validated request.
    pub body: CreateBody,
    /// When it was accepted.
    pub accepted_at: i64,
    /// When rendering starts.
    pub starts_at: i64,
    /// When rendering ends.
    pub ends_at: i64,
    /// Its status when the ledger was read.
    pub status: JobStatus,
    /// Seconds of speech.
    pub seconds: f64,
    /// Credits.
    pub charge: f64,
    /// SHA-256 of its video in hexadecimal, even before it is rendered.
    pub sha256: String,
    /// Size of its video in bytes.
    pub bytes: usize,
}

/// A create that was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateRecord {
    /// When it was received.
    pub at: i64,
    /// The status of the response; `None` if there was no response.
    pub status: Option<u16>,
    /// The job's id if it was accepted, whatever the response was.
    pub id: Option<String>,
}

impl Ledger {
    /// The maximum length of [`Self::creates`].
    pub const CREATES_KEPT: usize = 10_000;

    /// Records the result of a create.
    pub(super) fn record_create(&mut self, create: CreateRecord) {
        match (&create.id, create.status) {
            (None, Some(status)) => *self.refused.entry(status).or_default() += 1,
            (_, None) => self.unanswered += 1,
            (Some(_), Some(_)) => {}
        }
        if self.creates.len() == Self::CREATES_KEPT {
            self.creates.pop_front();
        }
        self.creates.push_back(create);
    }

    /// Adds everything that follows from the accepted jobs.
    pub(super) fn with_jobs(self, account: &Account, credits_at_start: f64, now: i64) -> Self {
        let overlap = |from: fn(&Job) -> i64| {
            max_overlap(account.jobs().iter().map(|job| (from(job), job.ends_at)))
        };
        let jobs = account.jobs().iter();
        Self {
            now,
            credits_at_start,
            credits_charged: account.charged(),
            accepted: jobs.map(|job| ledger_job(job, now)).collect(),
            max_running: overlap(|job| job.starts_at),
            max_in_flight: overlap(|job| job.accepted_at),
            ..self
        }
    }
}

fn ledger_job(job: &Job, now: i64) -> LedgerJob {
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
    fn creates_are_counted_by_result_and_only_the_newest_are_kept() {
        let mut ledger = Ledger::default();
        let seen =
            |at, status, id: Option<&str>| CreateRecord { at, status, id: id.map(str::to_owned) };
        ledger.record_create(seen(1, Some(429), None));
        ledger.record_create(seen(2, None, Some("a")));
        ledger.record_create(seen(3, Some(500), Some("b")));
        for at in 0..10_000 {
            ledger.record_create(seen(at, Some(201), Some("c")));
        }
        assert_eq!(ledger.refused, BTreeMap::from([(429, 1)]));
        assert_eq!(ledger.unanswered, 1);
        assert_eq!(ledger.creates.len(), Ledger::CREATES_KEPT);
        assert_eq!(ledger.creates[0].at, 0);
    }
}
