//! What comes before the loop: reading, looking up, asking, locking. Nothing is submitted.

use std::sync::Arc;

use anyhow::Context as _;

use super::anticipation::JournalPrefetch;
use super::approve::Demand;
use super::campaign::{Manifest, missing_files};
use super::catalogue::{Lookup, Network};
use super::conclusion::Work;
use super::environment::Environment;
use super::error::Error;
use super::herald::Printer;
use super::holding::{must_be_writable, take_lock};
use super::notices::Notices;
use super::past::Past;
use super::preflight::Preflight;
use super::preview::{preview, select_named};
use super::provider::Provider;
use super::run::RunRequest;
use super::screen::Screen;
use super::selection::{must_exist, tell_of_done};
use super::traces::{journal_is_behind, results_know_more, tell_of_namesake};
use crate::driver::{Clock as _, SystemClock};
use crate::engine::{Batch, Submits};
use crate::journal::{Identity, Journal, JournalSnapshot, Lock};
use crate::model::{JobSpec, Limits, Timestamp};
use crate::remote::Remote;
use crate::report::Summary;
use crate::report::terminal::Colours;

/// A run that is ready to begin, and has not submitted anything.
pub(super) struct Ready {
    pub(super) batch: Batch,
    pub(super) journal: Journal,
    pub(super) lock: Lock,
    pub(super) provider: Provider,
    pub(super) summary: Summary,
    pub(super) work: Work,
}

/// What a run would be, by what is on record.
struct Prospect {
    batch: Batch,
    /// The jobs that are not on record as they are.
    unsaved: Vec<Arc<JobSpec>>,
    summary: Summary,
    preview: Summary,
}

impl RunRequest<'_> {
    /// Everything up to the loop. What has to be asked before a first run is asked before it leaves a trace.
    pub(super) async fn prepare(
        &mut self,
        environment: &Environment,
        notices: &mut Notices,
        screen: Screen,
        clock: &SystemClock,
    ) -> Result<Ready, Error> {
        let anticipation = JournalPrefetch::of(self.campaign);
        let mut manifest = self.read(environment, clock.now(), screen).await?;
        notices.with(&manifest.plan.output)?;
        self.check_approval(&manifest)?;
        // What is wrong with it is told once it is locked, and may be over by then.
        let anticipated = anticipation.recalled(&manifest.out).ok().flatten();
        if let Some(recalled) = &anticipated {
            manifest.go_on(&recalled.state)?;
        }
        let selected = match self.selection.take() {
            Some(selection) => manifest.choose(selection)?,
            None => vec![true; manifest.plan.jobs.len()],
        };
        let identity = Identity {
            campaign: manifest.plan.campaign.clone(),
            is_sandbox: self.provider.is_sandbox(),
        };

        must_be_writable(&manifest.out)?;
        // The sandbox, whose credits are nobody's, keeps its own record in the folder.
        let mut asked = None;
        if !identity.is_sandbox && Identity::read(&manifest.out)?.is_none() {
            let nothing = Past::none(identity.clone());
            let prospect = self.prospect(&manifest, nothing, &selected, screen, clock)?;
            let provider = self.provider.clone().start(&manifest.out).await?;
            self.preflight(&prospect.preview, screen.colours(), &provider.remote)
                .await?;
            asked = Some((prospect, provider));
        }

        let lock = take_lock(
            &manifest.out,
            self.waiting.lock_wait,
            screen.herald(),
            clock,
        )
        .await?;
        // It may be another by now, if somebody else had the lock.
        let (mut journal, recalled) =
            Journal::resume(&manifest.out, &identity, || clock.now(), anticipated)?;
        manifest.go_on(&recalled.state)?;
        manifest.tell_continued(screen.herald());
        let past = Past::beside(&manifest.plan, &manifest.out, recalled)?;
        manifest
            .known
            .write(&manifest.out)
            .with_context(|| format!("cannot write to `{}`", manifest.out.display()))?;
        let is_first = past.history.is_empty();
        let (prospect, provider) = if let Some(asked) = asked.filter(|_| is_first) {
            asked
        } else {
            let prospect = self.prospect(&manifest, past, &selected, screen, clock)?;
            let provider = self.provider.clone().start(&manifest.out).await?;
            self.preflight(&prospect.preview, screen.colours(), &provider.remote)
                .await?;
            (prospect, provider)
        };
        let Prospect {
            batch,
            unsaved,
            summary,
            preview,
        } = *prospect;
        let work = if preview.counts().done == preview.counts().total {
            Work::Nothing
        } else {
            Work::Something
        };
        drop(preview);
        journal.save_jobs(unsaved.iter().map(|spec| &**spec))?;
        Ok(Ready {
            batch,
            journal,
            lock,
            provider,
            summary,
            work,
        })
    }

    /// What this run would be, and what it may do.
    fn prospect(
        &mut self,
        manifest: &Manifest,
        past: Past,
        selected: &[bool],
        screen: Screen,
        clock: &SystemClock,
    ) -> Result<Box<Prospect>, Error> {
        let mut selected = selected.to_vec();
        self.wishes.narrow(manifest, Some(&past), &mut selected)?;
        self.policy.redo = self.wishes.redo(manifest, Some(&past), screen.herald())?;
        let resubmit = manifest.own(&self.policy.resubmit);
        self.policy.resubmit = resubmit.into_iter().collect();
        // Of a large campaign each takes a while, and neither needs the other.
        let (out, history) = (&manifest.out, &past.history);
        let plan = &manifest.plan.jobs;
        let (mut jobs, missing, knows_more, unsaved) = std::thread::scope(|scope| {
            let missing = scope.spawn(|| missing_files(history, out));
            let knows_more = scope.spawn(|| results_know_more(out, history));
            let unsaved = scope.spawn(|| JournalSnapshot::unsaved_jobs(out, plan));
            let jobs = manifest.jobs(Some(&past), &selected);
            (jobs, joined(missing), joined(knows_more), joined(unsaved))
        });
        let unsaved = jobs
            .iter()
            .zip(plan)
            .zip(unsaved?)
            .filter(|((job, planned), is_unsaved)| *is_unsaved || !Arc::ptr_eq(&job.spec, planned))
            .map(|((job, _), _)| Arc::clone(&job.spec))
            .collect();
        let named = self.policy.resubmit.iter().chain(&self.policy.redo);
        select_named(&mut jobs, named);
        for wanted in &self.policy.resubmit {
            must_exist(wanted, jobs.iter().map(|job| &job.spec.id))?;
        }

        let is_sandbox = past.identity.is_sandbox;
        let standard = if is_sandbox {
            Limits::sandbox()
        } else {
            Limits::default()
        };
        let limits = standard.with(&manifest.plan.limits).with(&self.limits);
        self.policy.limits = manifest.share(limits, self.campaign)?;
        let mut campaign = manifest.campaign(jobs, self.campaign);
        campaign.max_credits = self.policy.limits.max_credits;
        campaign.is_sandbox = is_sandbox;
        self.resuming.tell(&mut campaign);
        let summary = Summary::with(Arc::new(campaign), past.history);

        self.policy.missing_files = missing;
        self.policy.journal_was_lost =
            summary.history().resuming.last_loss > 0 || journal_is_behind(&summary, knows_more);
        self.policy.process = std::process::id();
        self.policy.seed = seed(clock);
        // Fresh videos are what a campaign of each day is for.
        if manifest.plan.campaign_date.is_none() {
            tell_of_namesake(&summary, screen.herald());
        }
        let now = clock.now();
        let (campaign, history) = (summary.campaign(), summary.history());
        let (jobs, policy) = (campaign.jobs.clone(), self.policy.clone());
        let batch = Batch::restore(&campaign.name, jobs, policy, history, now)?;
        let preview = preview(summary.clone(), &batch.opening_entries(now));
        tell_of_done(&self.policy.resubmit, &preview, screen.herald());
        Ok(Box::new(Prospect {
            batch,
            unsaved,
            summary,
            preview,
        }))
    }

    /// The manifest, and its notes told.
    async fn read(
        &self,
        environment: &Environment,
        now: Timestamp,
        screen: Screen,
    ) -> Result<Manifest, Error> {
        let lookup = Lookup {
            provider: Some(self.provider.clone()),
            environment,
            herald: screen.herald(),
            network: Network::IsUsedAnyway,
        };
        let manifest = if self.policy.submits == Submits::Nothing {
            Manifest::load_or_recall_online(self.campaign, now, &lookup).await?
        } else {
            Manifest::load_online(self.campaign, now, &lookup).await?
        };
        manifest.tell_notes(screen.herald());
        Ok(manifest)
    }

    /// Whether the run may begin, now that it is known what it would do.
    async fn preflight(
        &self,
        preview: &Summary,
        colours: Colours,
        remote: &Remote,
    ) -> Result<(), Error> {
        if self.policy.submits == Submits::Nothing {
            return Ok(());
        }
        let mut limits = self.policy.limits.clone();
        // What is paid for already, and will be found, must not be refused for want of credits.
        limits.allow_partial |= self.policy.journal_was_lost;
        let preflight = Preflight {
            preview,
            limits: &limits,
            asks: self.asks,
            herald: Printer::of(self.screen.log_format),
            colours,
        };
        preflight.pass(remote).await
    }

    /// Before anything is created or locked.
    fn check_approval(&self, manifest: &Manifest) -> Result<(), Error> {
        let selection = self.selection.as_ref();
        let is_sample = selection.is_some_and(|selection| selection.sample.is_some());
        if self.approval == Demand::Never
            || (self.approval == Demand::ExceptSamples && !manifest.plan.output.require_approval)
        {
            return Ok(());
        }
        let mut campaign = manifest.campaign(Vec::new(), self.campaign);
        campaign.is_sandbox = self.provider.is_sandbox();
        self.resuming.tell(&mut campaign);
        self.approval.check(&campaign, is_sample)
    }
}

/// What a thread has found out; if it panicked, so does this one.
fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Spreads the waits of runs that would otherwise meet.
fn seed(clock: &SystemClock) -> u64 {
    let moment = u64::try_from(clock.now().as_millis()).unwrap_or(0);
    moment ^ u64::from(std::process::id()).rotate_left(32)
}
