//! The test harness of the scenarios: a provider without faults, unless a scenario answers in its place.

use std::time::Duration;

use crate::engine::rules::{SafetyRules, SoundRules};
use crate::engine::{Batch, Input, RunOptions};
use crate::model::{
    AcceptedJob, Account, AccountMark, Artifact, Command, Credits, Entry, Estimate, Event, Failure,
    FailureKind, History, JobEvent, JobId, JobSpec, JobState, Listing, Origin, Outcome, PlannedJob,
    RemoteId, RenderReport, RenderStatus, RetryAfter, SecretText, Speech, StopReason, Timestamp,
    VideoRequest,
};

/// The provider, the journal and the clock.
pub(super) struct Harness {
    pub(super) rules: &'static dyn SafetyRules,
    /// The account that the first run records.
    pub(super) account: Option<AccountMark>,
    /// Accepted jobs: id, name, time.
    pub(super) rows: Vec<(RemoteId, String, Timestamp)>,
    pub(super) render_time: Duration,
    pub(super) journal: Vec<Entry>,
    pub(super) now: Timestamp,
}

/// The result of a run.
pub(super) struct ScenarioRun {
    pub(super) stopped: Option<StopReason>,
    pub(super) took: Duration,
    pub(super) commands: Vec<(Timestamp, Command)>,
    pub(super) entries: Vec<Entry>,
}

pub(super) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(super) fn failure(kind: FailureKind) -> Failure {
    Failure::new(kind, "as the scenario wants it")
}

pub(super) fn throttled(seconds: u64) -> Failure {
    failure(FailureKind::Throttled).with_retry_after(Some(RetryAfter::Seconds(seconds)))
}

pub(super) fn job(number: usize) -> JobId {
    format!("job-{number}").parse().unwrap()
}

pub(super) fn planned(number: usize) -> PlannedJob {
    let request = VideoRequest::new(
        Speech::Text(format!("{number}").into()),
        "p",
        crate::model::AspectRatio::Square,
    );
    let origin = Origin { file: "sheet.csv".into(), line: 2 };
    PlannedJob {
        spec: JobSpec::new(job(number), request, origin).into(),
        estimate: Estimate {
            seconds_low: 1.0,
            seconds_high: 30.0,
            low: Credits::whole(5),
            high: Credits::whole(5),
            reserve: Credits::whole(5),
            ..Estimate::default()
        },
        selected: true,
        in_sheet: true,
        left_out: None,
    }
}

pub(super) fn jobs(count: usize) -> Vec<PlannedJob> {
    (0..count).map(planned).collect()
}

/// The account with this id.
pub(super) fn account(id: &str) -> AccountMark {
    let (id, origin, source) = (SecretText::new(id), "https://api.example".into(), "a file".into());
    AccountMark::new(&Account { id, origin, source })
}

impl Harness {
    pub(super) fn new() -> Self {
        Self {
            rules: &SoundRules,
            account: Some(account("a")),
            rows: Vec::new(),
            render_time: seconds(60),
            journal: Vec::new(),
            now: Timestamp::from_millis(1_700_000_000_000),
        }
    }

    pub(super) fn batch(&self, jobs: &[PlannedJob], options: &RunOptions) -> Batch {
        let history = History::of(&self.journal, self.now);
        let (jobs, mut options) = (jobs.to_vec(), options.clone());
        if history.account().is_none() {
            options.account = options.account.or_else(|| self.account.clone());
        }
        Batch::restore_with(self.rules, "c", jobs, options, &history, self.now).unwrap()
    }

    /// Runs the program. `answer` may answer in the provider's place; each answer arrives 10 ms later.
    pub(super) fn run(
        &mut self,
        jobs: &[PlannedJob],
        options: &RunOptions,
        answer: impl FnMut(&mut Self, &Command) -> Option<Outcome>,
    ) -> ScenarioRun {
        self.run_until_event(jobs, options, answer, |_| false)
    }

    /// Runs the program until an event is recorded that `kills` selects, and kills it then.
    pub(super) fn run_until_event(
        &mut self,
        jobs: &[PlannedJob],
        options: &RunOptions,
        mut answer: impl FnMut(&mut Self, &Command) -> Option<Outcome>,
        kills: impl Fn(&Event) -> bool,
    ) -> ScenarioRun {
        let mut batch = self.batch(jobs, options);
        let (began, first) = (self.now, self.journal.len());
        let mut inputs: Vec<Input> = Vec::new();
        let mut commands = Vec::new();
        for _ in 0..20_000 {
            let step = batch.step(self.now, inputs.drain(..));
            let journal = &mut self.journal;
            let before = journal.len();
            let Ok(ready) = step.persist(|entries| {
                journal.extend_from_slice(entries);
                Ok::<(), std::convert::Infallible>(())
            });
            let is_killed = self.journal[before..].iter().any(|entry| kills(&entry.event));
            if ready.finished || is_killed {
                return ScenarioRun {
                    stopped: batch.stop_reason().cloned(),
                    took: self.now.since(began),
                    commands,
                    entries: self.journal[first..].to_vec(),
                };
            }
            let is_idle = ready.commands.is_empty();
            for command in ready.commands {
                commands.push((self.now, command.clone()));
                let outcome =
                    answer(self, &command).unwrap_or_else(|| self.default_answer(&command));
                inputs.push(Input::Answered(outcome));
            }
            self.now = if is_idle {
                ready.wake_at.expect("something is to come")
            } else {
                self.now.plus(Duration::from_millis(10))
            };
        }
        panic!("the run does not end");
    }

    /// Returns the answer of the provider without faults.
    pub(super) fn default_answer(&mut self, command: &Command) -> Outcome {
        match command {
            Command::Submit { job, name, .. } => Outcome::Submitted {
                job: job.clone(),
                result: Ok(AcceptedJob::tagged(self.accept(name))),
            },
            Command::Poll { remotes } => Outcome::Polled {
                remotes: remotes.clone(),
                result: Ok(remotes.iter().filter_map(|id| self.report(id)).collect()),
            },
            Command::PollJob { job, remote } => Outcome::JobPolled {
                job: job.clone(),
                result: self.report(remote).ok_or_else(|| failure(FailureKind::NotFound)),
            },
            Command::List { filter } => {
                let mut listing = self.list(usize::MAX);
                let is_kept = |report: &RenderReport| {
                    filter.wants(report.name.as_deref(), Some(&report.remote), report.credits_used)
                };
                listing.found.retain(is_kept);
                Outcome::Listed { result: Ok(listing) }
            }
            Command::Download(order) => Outcome::Downloaded {
                job: order.job.clone(),
                result: Ok(Artifact {
                    file: order.file.clone(),
                    bytes: 1,
                    sha256: "0".into(),
                    thumbnail: None,
                }),
            },
        }
    }

    pub(super) fn accept(&mut self, name: &str) -> RemoteId {
        let remote: RemoteId = format!("r-{}", self.rows.len()).parse().unwrap();
        self.rows.push((remote.clone(), name.to_owned(), self.now));
        remote
    }

    pub(super) fn report(&self, remote: &RemoteId) -> Option<RenderReport> {
        let (_, name, at) = self.rows.iter().find(|(id, ..)| id == remote)?;
        let is_done = self.now >= at.plus(self.render_time);
        let status = if is_done { RenderStatus::Done } else { RenderStatus::Running };
        Some(RenderReport {
            remote: remote.clone(),
            name: Some(name.clone()),
            status,
            output: is_done.then(|| "https://files.example/v".to_owned()),
            thumbnail: None,
            duration_seconds: None,
            credits_used: is_done.then_some(Credits::whole(4)),
            failed_reason: None,
            progress: Some(40.0),
            created_at: Some(*at),
            echo: Box::default(),
        })
    }

    /// Returns a list of the newest `most` rows.
    pub(super) fn list(&self, most: usize) -> Listing {
        let shown = self.rows.iter().rev().take(most);
        listing(shown.filter_map(|(id, ..)| self.report(id)).collect())
    }

    /// Returns the state of a job according to the journal.
    pub(super) fn state(&self, number: usize) -> JobState {
        let mut state = JobState::default();
        for entry in &self.journal {
            if let Event::Job { job: id, event } = &entry.event
                && *id == job(number)
            {
                state.apply(entry.at, event).unwrap();
            }
        }
        state
    }

    pub(super) fn phase(&self, number: usize) -> &'static str {
        self.state(number).phase.name()
    }
}

impl ScenarioRun {
    pub(super) fn submits(&self) -> usize {
        let is_submit =
            |command: &&(Timestamp, Command)| matches!(command.1, Command::Submit { .. });
        self.commands.iter().filter(is_submit).count()
    }

    /// Checks whether the run recorded such an event of a job.
    pub(super) fn recorded(&self, what: impl Fn(&JobEvent) -> bool) -> bool {
        self.entries.iter().any(|entry| match &entry.event {
            Event::Job { event, .. } => what(event),
            Event::RunStarted { .. }
            | Event::RunEnded { .. }
            | Event::LaneHeld { .. }
            | Event::JournalLost
            | Event::AcceptedJobsLost
            | Event::InventoryTaken { .. }
            | Event::InventorySkipped { .. }
            | Event::TagNotShown { .. }
            | Event::ListCutOff { .. }
            | Event::LimitLearned { .. } => false,
        })
    }
}

/// Returns a list of these rows, of which the newest come first, in an account with finished and unfinished renders.
pub(super) fn listing(found: Vec<RenderReport>) -> Listing {
    Listing {
        rows: u64::try_from(found.len()).unwrap(),
        oldest: found.iter().filter_map(|report| report.created_at).min(),
        found,
        shows_finished: true,
        shows_unfinished: true,
        ..Listing::default()
    }
}

/// Returns the failure of a submit whose answer was lost.
pub(super) fn lost(command: &Command) -> Option<Outcome> {
    let Command::Submit { job, .. } = command else {
        return None;
    };
    Some(Outcome::Submitted { job: job.clone(), result: Err(failure(FailureKind::Lost)) })
}

/// Checks whether the command is the submit of this job.
pub(super) fn submits(command: &Command, number: usize) -> bool {
    matches!(command, Command::Submit { job: id, .. } if *id == job(number))
}
