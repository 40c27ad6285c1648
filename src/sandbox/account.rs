//! The account: all accepted jobs. Charges, renders in flight and the submit rate are computed from them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::remote::api::wire::CreateBody;

use super::job::{Job, JobOutcome, QUEUE_MILLIS};
use super::random::{Seed, sha256};
use super::settings::{Overload, SandboxSettings};
use super::speech;

/// All accepted jobs, oldest first.
#[derive(Debug, Default)]
pub(super) struct Account {
    jobs: Vec<Arc<Job>>,
    by_id: HashMap<String, usize>,
}

/// Why a valid create is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Too many creates in the time window.
    Rate { wait_millis: i64 },
    /// The maximum of jobs is in flight.
    Concurrency,
    /// Not enough credits.
    Credits,
}

impl Account {
    /// Returns all jobs, oldest first.
    pub(super) fn jobs(&self) -> &[Arc<Job>] {
        &self.jobs
    }

    pub(super) fn job(&self, id: &str) -> Option<&Arc<Job>> {
        self.by_id.get(id).and_then(|index| self.jobs.get(*index))
    }

    /// Returns the job that `body` would become if it were accepted at `now`, or the refusal. Does not add
    /// the job.
    pub(super) fn evaluate(
        &self,
        settings: &SandboxSettings,
        now: i64,
        body: CreateBody,
    ) -> Result<Job, Refusal> {
        let seed = Seed(settings.seed);
        let number = u64::try_from(self.jobs.len()).unwrap_or(u64::MAX);
        self.check_rate(settings, now)?;
        let starts_at = self.render_start(settings, now)?;
        let seconds = speech::seconds(seed, &body);
        let outcome = JobOutcome::requested(&body);
        let charge = match outcome {
            JobOutcome::Done | JobOutcome::DoneWithoutOutput => {
                speech::charge(body.model_version.as_deref(), seconds)
            }
            // Whether the real API charges a failed render is unknown.
            JobOutcome::Failed | JobOutcome::Rejected => 0.0,
        };
        if settings.credits - self.charged() < charge {
            return Err(Refusal::Credits);
        }
        let render = if outcome == JobOutcome::Rejected {
            0
        } else {
            seed.within(&settings.render_millis, "render", number)
        };
        // The request is part of the id: a sandbox that has lost its jobs must not give an earlier job's id
        // to another request, or a client with a journal would confuse the two.
        let id = seed.uuid(&format!("job {body:?}"), number);
        let mut job = Job {
            number,
            id,
            body,
            accepted_at: now,
            starts_at,
            ends_at: starts_at.saturating_add(i64::try_from(render).unwrap_or(i64::MAX)),
            seconds,
            charge,
            outcome,
            padding: settings.padding_bytes,
            sha256: String::new(),
            bytes: 0,
        };
        let video = job.video();
        job.sha256 = sha256(&video);
        job.bytes = video.len();
        Ok(job)
    }

    /// Adds a job that was evaluated now or in an earlier run.
    pub(super) fn add(&mut self, job: Job) {
        self.by_id.insert(job.id.clone(), self.jobs.len());
        self.jobs.push(Arc::new(job));
    }

    /// Returns the credits that all jobs cost, including charges not yet visible.
    pub(super) fn charged(&self) -> f64 {
        self.jobs.iter().map(|job| job.charge).sum()
    }

    /// Returns the balance that the API shows at `now`.
    pub(super) fn balance(&self, settings: &SandboxSettings, now: i64) -> f64 {
        let delay = i64::try_from(settings.charge_delay_millis).unwrap_or(i64::MAX);
        let visible = self
            .jobs
            .iter()
            .filter(|job| job.ends_at.saturating_add(delay) <= now)
            .map(|job| job.charge);
        settings.credits - visible.sum::<f64>()
    }

    fn check_rate(&self, settings: &SandboxSettings, now: i64) -> Result<(), Refusal> {
        let Some(limit) = settings.submit_limit else {
            return Ok(());
        };
        let window = i64::try_from(limit.millis).unwrap_or(i64::MAX);
        // The window is full if the job `count` places from the end was accepted within it.
        let count = usize::try_from(limit.count.max(1)).unwrap_or(usize::MAX);
        let oldest = self.jobs.len().checked_sub(count).and_then(|index| self.jobs.get(index));
        let wait_millis =
            oldest.map_or(0, |job| window.saturating_sub(now.saturating_sub(job.accepted_at)));
        if wait_millis > 0 { Err(Refusal::Rate { wait_millis }) } else { Ok(()) }
    }

    /// Returns when a job accepted at `now` starts to render: first come, first served.
    fn render_start(&self, settings: &SandboxSettings, now: i64) -> Result<i64, Refusal> {
        let earliest = now.saturating_add(QUEUE_MILLIS);
        let limit = settings.max_running.max(1);
        let ends = self.jobs.iter().map(|job| job.ends_at);
        let mut ends: Vec<i64> = ends.filter(|end| *end > now).collect();
        if settings.overload == Overload::Reject && ends.len() >= limit {
            return Err(Refusal::Concurrency);
        }
        ends.retain(|end| *end > earliest);
        ends.sort_unstable();
        // It starts when fewer than `limit` of the jobs before it are left.
        let index = ends.len().checked_sub(limit);
        Ok(index.and_then(|index| ends.get(index).copied()).unwrap_or(earliest))
    }
}

/// Returns the maximum number of `spans` (start, end) that overlap at one time.
pub(super) fn max_overlap(spans: impl Iterator<Item = (i64, i64)>) -> usize {
    let mut edges: Vec<(i64, isize)> =
        spans.filter(|(from, to)| from < to).flat_map(|(from, to)| [(from, 1), (to, -1)]).collect();
    // At equal times, ends sort before starts.
    edges.sort_unstable();
    let mut now = 0_isize;
    let mut max = 0;
    for (_, change) in edges {
        now += change;
        max = max.max(now);
    }
    max.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::settings::SubmitLimit;

    fn body(text: &str) -> CreateBody {
        CreateBody {
            text: Some(text.into()),
            aspect_ratio: Some("1x1".into()),
            ..CreateBody::default()
        }
    }

    fn without_rate_limit() -> SandboxSettings {
        SandboxSettings { submit_limit: None, ..SandboxSettings::default() }
    }

    fn filled(settings: &SandboxSettings, count: usize) -> Account {
        let mut account = Account::default();
        for _ in 0..count {
            let job = account.evaluate(settings, 1000, body("Hello")).unwrap();
            account.add(job);
        }
        account
    }

    #[test]
    fn the_same_seed_gives_the_same_jobs() {
        let first = filled(&without_rate_limit(), 5);
        assert_eq!(first.jobs(), filled(&without_rate_limit(), 5).jobs());
        let other = SandboxSettings { seed: 2, ..without_rate_limit() };
        assert_ne!(first.jobs()[0].id, filled(&other, 1).jobs()[0].id);
        let job = &first.jobs()[3];
        assert_eq!(first.job(&job.id), Some(job));
        assert_eq!(job.bytes, job.video().len());
    }

    #[test]
    fn jobs_over_the_limit_wait_in_order() {
        let settings = SandboxSettings { max_running: 3, ..without_rate_limit() };
        let account = filled(&settings, 20);
        let running = account.jobs().iter().map(|job| (job.starts_at, job.ends_at));
        assert_eq!(max_overlap(running), 3);
        assert!(account.jobs().is_sorted_by_key(|job| job.starts_at));
    }

    #[test]
    fn twelve_jobs_end_within_eight_seconds_by_default() {
        let settings = SandboxSettings::default();
        let mut account = Account::default();
        for now in (0..12).map(|number| number * 200) {
            let job = account.evaluate(&settings, now, body("Hello")).unwrap();
            account.add(job);
        }
        assert!(account.jobs().iter().all(|job| job.ends_at < 8000));
    }

    #[test]
    fn different_requests_get_different_ids() {
        let id = |text| {
            let account = Account::default();
            let job = account.evaluate(&without_rate_limit(), 1, body(text)).unwrap();
            job.id
        };
        assert_eq!(id("one"), id("one"));
        assert_ne!(id("one"), id("two"));
    }

    #[test]
    fn jobs_over_the_limit_are_refused_with_overload_reject() {
        let settings =
            SandboxSettings { max_running: 2, overload: Overload::Reject, ..without_rate_limit() };
        let account = filled(&settings, 2);
        let later = account.jobs().iter().map(|job| job.ends_at).min().unwrap();
        let at = |now| account.evaluate(&settings, now, body("Hello")).map(|_| ());
        assert_eq!(at(1000), Err(Refusal::Concurrency));
        assert_eq!(at(later), Ok(()));
    }

    #[test]
    fn the_rate_limit_holds_in_any_window() {
        let settings = SandboxSettings {
            submit_limit: Some(SubmitLimit { count: 2, millis: 500 }),
            ..SandboxSettings::default()
        };
        let account = filled(&settings, 2);
        let at = |now| account.evaluate(&settings, now, body("Hello")).map(|_| ());
        assert_eq!(at(1300), Err(Refusal::Rate { wait_millis: 200 }));
        assert_eq!(at(1500), Ok(()));
    }

    #[test]
    fn charges_appear_late_but_credits_are_spent_at_once() {
        let settings = SandboxSettings { credits: 12.0, ..without_rate_limit() };
        let account = filled(&settings, 2);
        let refused = account.evaluate(&settings, 1000, body("Hello")).map(|_| ());
        assert_eq!(refused, Err(Refusal::Credits));
        assert!((account.balance(&settings, 1000) - 12.0).abs() < 1e-9);
        let end = account.jobs()[0].ends_at.max(account.jobs()[1].ends_at);
        assert!((account.balance(&settings, end + 1000) - 2.0).abs() < 1e-9);
        // A failure costs nothing.
        assert!(account.evaluate(&settings, 1000, body("[fail]")).is_ok());
    }
}
