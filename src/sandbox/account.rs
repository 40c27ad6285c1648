//! The account: the list of accepted jobs, and nothing else. What was charged, what runs and what
//! may be submitted all follow from it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::remote::api::wire::CreateBody;

use super::chance::{Seed, sha256};
use super::job::{Job, QUEUE_MILLIS, Verdict};
use super::settings::{Overload, Settings};
use super::speech;

/// All accepted jobs, oldest first.
#[derive(Debug, Default)]
pub(super) struct Account {
    jobs: Vec<Arc<Job>>,
    by_id: HashMap<String, usize>,
}

/// Why a well-formed create is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Too many lately; there is room again in so many milliseconds.
    Rate { wait_millis: i64 },
    /// As many render as may.
    Concurrency,
    /// The credits do not suffice.
    Credits,
}

impl Account {
    /// All jobs, oldest first.
    pub(super) fn jobs(&self) -> &[Arc<Job>] {
        &self.jobs
    }

    /// The job of that id.
    pub(super) fn job(&self, id: &str) -> Option<&Arc<Job>> {
        self.by_id.get(id).and_then(|place| self.jobs.get(*place))
    }

    /// What would become of `body` if it were accepted at `now`; nothing is changed.
    pub(super) fn consider(
        &self,
        settings: &Settings,
        now: i64,
        body: CreateBody,
    ) -> Result<Job, Refusal> {
        let seed = Seed(settings.seed);
        let number = u64::try_from(self.jobs.len()).unwrap_or(u64::MAX);
        self.check_rate(settings, now)?;
        let starts_at = self.place(settings, now)?;
        let seconds = speech::seconds(seed, &body);
        let verdict = Verdict::of(&body);
        let charge = match verdict {
            Verdict::Done | Verdict::DoneWithoutOutput => {
                speech::charge(body.model_version.as_deref(), seconds)
            }
            Verdict::Failed if settings.charge_failures => {
                speech::charge(body.model_version.as_deref(), seconds)
            }
            Verdict::Failed | Verdict::Rejected => 0.0,
        };
        if settings.credits - self.charged() < charge {
            return Err(Refusal::Credits);
        }
        let render = match verdict {
            Verdict::Rejected => 0,
            Verdict::Done | Verdict::DoneWithoutOutput | Verdict::Failed => {
                seed.within(&settings.render_millis, "render", number)
            }
        };
        // What was asked for is part of the id: a sandbox that forgot everything must not give the id of
        // one job to another, or a client that remembers would take the one for the other.
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
            verdict,
            padding: settings.padding_bytes,
            sha256: String::new(),
            bytes: 0,
        };
        let video = job.video();
        job.sha256 = sha256(&video);
        job.bytes = video.len();
        Ok(job)
    }

    /// Takes in a job that was considered, or remembered from an earlier time.
    pub(super) fn admit(&mut self, job: Job) {
        self.by_id.insert(job.id.clone(), self.jobs.len());
        self.jobs.push(Arc::new(job));
    }

    /// Everything that all jobs cost, whether it shows yet or not.
    pub(super) fn charged(&self) -> f64 {
        self.jobs.iter().map(|job| job.charge).sum()
    }

    /// The balance as it shows at `now`.
    pub(super) fn balance(&self, settings: &Settings, now: i64) -> f64 {
        let delay = i64::try_from(settings.charge_delay_millis).unwrap_or(i64::MAX);
        let shown = self
            .jobs
            .iter()
            .filter(|job| job.ends_at.saturating_add(delay) <= now)
            .map(|job| job.charge);
        settings.credits - shown.sum::<f64>()
    }

    fn check_rate(&self, settings: &Settings, now: i64) -> Result<(), Refusal> {
        let Some(limit) = settings.submit_limit else {
            return Ok(());
        };
        let window = i64::try_from(limit.millis).unwrap_or(i64::MAX);
        // The window is full if the job so many places back lies within it.
        let count = usize::try_from(limit.count.max(1)).unwrap_or(usize::MAX);
        let oldest = self
            .jobs
            .len()
            .checked_sub(count)
            .and_then(|place| self.jobs.get(place));
        match oldest {
            Some(job) if now.saturating_sub(job.accepted_at) < window => Err(Refusal::Rate {
                wait_millis: window.saturating_sub(now.saturating_sub(job.accepted_at)),
            }),
            _ => Ok(()),
        }
    }

    /// When a job accepted at `now` begins to render: first come, first served.
    fn place(&self, settings: &Settings, now: i64) -> Result<i64, Refusal> {
        let earliest = now.saturating_add(QUEUE_MILLIS);
        let places = settings.max_running.max(1);
        let ends = |after: i64| {
            let ends = self.jobs.iter().map(|job| job.ends_at);
            ends.filter(|end| *end > after).collect::<Vec<_>>()
        };
        if settings.overload == Overload::Reject && ends(now).len() >= places {
            return Err(Refusal::Concurrency);
        }
        let mut busy = ends(earliest);
        busy.sort_unstable();
        // It takes the place of the job after whose end fewer than all places are taken.
        Ok(match busy.len().checked_sub(places) {
            Some(ending) => busy.get(ending).copied().unwrap_or(earliest),
            None => earliest,
        })
    }
}

/// The most of `spans` (from, to) that hold at one time.
pub(super) fn most_at_once(spans: impl Iterator<Item = (i64, i64)>) -> usize {
    let mut edges: Vec<(i64, isize)> = spans
        .filter(|(from, to)| from < to)
        .flat_map(|(from, to)| [(from, 1), (to, -1)])
        .collect();
    // At the same moment ends come before beginnings.
    edges.sort_unstable();
    let mut now = 0_isize;
    let mut most = 0;
    for (_, change) in edges {
        now += change;
        most = most.max(now);
    }
    most.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::SubmitLimit;

    fn body(text: &str) -> CreateBody {
        CreateBody {
            text: Some(text.into()),
            aspect_ratio: Some("1x1".into()),
            ..CreateBody::default()
        }
    }

    fn unlimited() -> Settings {
        Settings {
            submit_limit: None,
            ..Settings::default()
        }
    }

    fn filled(settings: &Settings, count: usize) -> Account {
        let mut account = Account::default();
        for _ in 0..count {
            let job = account.consider(settings, 1000, body("Hello")).unwrap();
            account.admit(job);
        }
        account
    }

    #[test]
    fn the_same_seed_gives_the_same_jobs() {
        let first = filled(&unlimited(), 5);
        assert_eq!(first.jobs(), filled(&unlimited(), 5).jobs());
        let other = Settings {
            seed: 2,
            ..unlimited()
        };
        assert_ne!(first.jobs()[0].id, filled(&other, 1).jobs()[0].id);
        let job = &first.jobs()[3];
        assert_eq!(first.job(&job.id), Some(job));
        assert_eq!(job.bytes, job.video().len());
    }

    #[test]
    fn no_more_run_at_one_time_than_may_and_the_rest_wait_in_order() {
        let settings = Settings {
            max_running: 3,
            ..unlimited()
        };
        let account = filled(&settings, 20);
        let running = account
            .jobs()
            .iter()
            .map(|job| (job.starts_at, job.ends_at));
        assert_eq!(most_at_once(running), 3);
        assert!(account.jobs().is_sorted_by_key(|job| job.starts_at));
    }

    #[test]
    fn a_dozen_jobs_of_a_newcomer_end_within_eight_seconds() {
        let settings = Settings::default();
        let mut account = Account::default();
        for now in (0..12).map(|number| number * 200) {
            let job = account.consider(&settings, now, body("Hello")).unwrap();
            account.admit(job);
        }
        assert!(account.jobs().iter().all(|job| job.ends_at < 8000));
    }

    #[test]
    fn another_request_gets_another_id() {
        let id = |text| {
            let account = Account::default();
            let job = account.consider(&unlimited(), 1, body(text)).unwrap();
            job.id
        };
        assert_eq!(id("one"), id("one"));
        assert_ne!(id("one"), id("two"));
    }

    #[test]
    fn one_more_than_may_run_is_refused_if_so_set() {
        let settings = Settings {
            max_running: 2,
            overload: Overload::Reject,
            ..unlimited()
        };
        let account = filled(&settings, 2);
        let later = account.jobs().iter().map(|job| job.ends_at).min().unwrap();
        let at = |now| account.consider(&settings, now, body("Hello")).map(|_| ());
        assert_eq!(at(1000), Err(Refusal::Concurrency));
        assert_eq!(at(later), Ok(()));
    }

    #[test]
    fn the_pace_is_kept_in_any_window() {
        let settings = Settings {
            submit_limit: Some(SubmitLimit {
                count: 2,
                millis: 500,
            }),
            ..Settings::default()
        };
        let account = filled(&settings, 2);
        let at = |now| account.consider(&settings, now, body("Hello")).map(|_| ());
        assert_eq!(at(1300), Err(Refusal::Rate { wait_millis: 200 }));
        assert_eq!(at(1500), Ok(()));
    }

    #[test]
    fn charges_show_late_but_can_be_spent_only_once() {
        let settings = Settings {
            credits: 12.0,
            ..unlimited()
        };
        let account = filled(&settings, 2);
        let refused = account.consider(&settings, 1000, body("Hello")).map(|_| ());
        assert_eq!(refused, Err(Refusal::Credits));
        assert!((account.balance(&settings, 1000) - 12.0).abs() < 1e-9);
        let end = account.jobs()[0].ends_at.max(account.jobs()[1].ends_at);
        assert!((account.balance(&settings, end + 1000) - 2.0).abs() < 1e-9);
        // A failure costs nothing, so it can still be had.
        assert!(account.consider(&settings, 1000, body("[fail]")).is_ok());
    }
}
