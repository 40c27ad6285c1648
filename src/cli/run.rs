//! `run` and `collect`: the same voyage, with and without new submits.

use std::sync::Arc;

use anyhow::Context as _;

use super::approve::Demand;
use super::argument_groups::{
    AgainArguments, CampaignArguments, OutputArguments, ScreenArguments, SelectionArguments,
    WaitingArguments,
};
use super::arguments::{CollectArguments, RunArguments};
use super::audience::Audience;
use super::campaign::{Manifest, missing_files};
use super::catalogue::{Lookup, Network};
use super::conclusion::{Work, conclude};
use super::environment::Environment;
use super::error::Error;
use super::exit::{Exit, Wants};
use super::herald::Herald;
use super::holding::take_lock;
use super::notices::Notices;
use super::preflight::{Asks, Preflight};
use super::preview::{preview, select_named};
use super::provider::{Choice, Provider};
use super::resuming::Resuming;
use super::screen::Screen;
use super::selection::must_exist;
use super::traces::{journal_is_behind, tell_of_namesake};
use super::wishes::Wishes;
use crate::driver::{self, Clock, Drive, DriveError, Interrupts, SystemClock};
use crate::engine::{Batch, Policy, Submits};
use crate::journal::{Identity, Journal, Lock};
use crate::model::{LimitSettings, Limits, Timestamp};
use crate::observe::{Colours, Summary};
use crate::remote::Remote;

/// What is wanted of this run, whichever command asked.
struct Voyage<'a> {
    campaign: &'a CampaignArguments,
    provider: Choice,
    selection: Option<SelectionArguments>,
    wishes: Wishes,
    limits: LimitSettings,
    policy: Policy,
    waiting: &'a WaitingArguments,
    output: &'a OutputArguments,
    screen: &'a ScreenArguments,
    asks: Asks,
    approval: Demand,
    wants: Wants,
    resuming: Resuming,
}

/// A run that is ready to begin, and has not submitted anything.
struct Ready {
    batch: Batch,
    journal: Journal,
    lock: Lock,
    provider: Provider,
    summary: Summary,
    work: Work,
}

/// `callsheet run`.
pub(super) async fn run(arguments: RunArguments) -> Result<Exit, Error> {
    let environment = Environment::read(Some(&arguments.campaign.manifest));
    let mut notices = Notices::new(
        &arguments.output,
        &environment,
        &arguments.campaign.manifest,
        arguments.screen.log_format,
    )?;
    if arguments.submit_only {
        notices.expect_renders_left();
    }
    let mut interrupts = listen()?;
    let result = run_with(arguments, &environment, &mut notices, &mut interrupts).await;
    notices.end(&result, &mut interrupts).await;
    result
}

async fn run_with(
    arguments: RunArguments,
    environment: &Environment,
    notices: &mut Notices,
    interrupts: &mut Interrupts,
) -> Result<Exit, Error> {
    let resuming = Resuming::of_run(&arguments);
    let wishes = arguments.selection.wishes(&arguments.again)?;
    let AgainArguments {
        retry_failed,
        redo_changed,
        resubmit,
        redo_rejected: _,
        fresh,
    } = arguments.again;
    let policy = Policy {
        submits: Submits::Selected,
        leave_after_submitting: arguments.submit_only,
        retry_failed: retry_failed || wishes.only_failed,
        redo_changed,
        fresh,
        resubmit: resubmit.into_iter().collect(),
        ..Policy::default()
    };
    let voyage = Voyage {
        campaign: &arguments.campaign,
        provider: Choice::of(&arguments.provider, environment)?,
        selection: Some(arguments.selection),
        wishes,
        limits: arguments.spending.limits(&arguments.waiting),
        policy,
        waiting: &arguments.waiting,
        output: &arguments.output,
        screen: &arguments.screen,
        asks: if arguments.spending.yes {
            Asks::Never
        } else {
            Asks::IfSomebodyIsThere
        },
        approval: if arguments.require_approval {
            Demand::Always
        } else {
            Demand::ButForSamples
        },
        wants: Wants::EveryVideo,
        resuming,
    };
    voyage.go(environment, notices, interrupts).await
}

/// `callsheet collect`.
pub(super) async fn collect(arguments: CollectArguments) -> Result<Exit, Error> {
    let environment = Environment::read(Some(&arguments.campaign.manifest));
    let mut notices = Notices::new(
        &arguments.output,
        &environment,
        &arguments.campaign.manifest,
        arguments.screen.log_format,
    )?;
    let mut interrupts = listen()?;
    let result = collect_with(&arguments, &environment, &mut notices, &mut interrupts).await;
    notices.end(&result, &mut interrupts).await;
    result
}

async fn collect_with(
    arguments: &CollectArguments,
    environment: &Environment,
    notices: &mut Notices,
    interrupts: &mut Interrupts,
) -> Result<Exit, Error> {
    let voyage = Voyage {
        campaign: &arguments.campaign,
        provider: Choice::of(&arguments.provider, environment)?,
        selection: None,
        wishes: Wishes::default(),
        limits: arguments.waiting.limits(),
        policy: Policy {
            submits: Submits::Nothing,
            ..Policy::default()
        },
        waiting: &arguments.waiting,
        output: &arguments.output,
        screen: &arguments.screen,
        asks: Asks::Never,
        approval: Demand::Never,
        wants: Wants::WhatIsPaid,
        resuming: Resuming::of_collect(arguments),
    };
    voyage.go(environment, notices, interrupts).await
}

/// Ctrl-C and its like no longer end the process by themselves, from now to its end.
fn listen() -> Result<Interrupts, Error> {
    Ok(driver::listen().context("cannot listen for Ctrl-C")?)
}

impl Voyage<'_> {
    /// Gets ready and runs. An interrupt before the loop begins ends it with nothing submitted; one that
    /// comes later is the loop's.
    async fn go(
        mut self,
        environment: &Environment,
        notices: &mut Notices,
        interrupts: &mut Interrupts,
    ) -> Result<Exit, Error> {
        let clock = SystemClock::new();
        let screen = Screen::new(self.screen, environment);
        let interrupted = Error::Interrupted {
            resume: self.resuming.command(self.campaign),
        };
        let ready = tokio::select! {
            biased;
            Some(()) = interrupts.recv() => return Err(interrupted),
            ready = self.prepare(environment, notices, screen, &clock) => ready?,
        };
        // It may have come while the last of it was done.
        if interrupts.try_recv().is_ok() {
            return Err(interrupted);
        }
        let Ready {
            batch,
            journal,
            lock,
            provider,
            mut summary,
            work,
        } = ready;
        let mut audience = Audience::new(&summary, screen, self.output, &clock);
        let mut alarm = notices.alarm();
        notices.begin();
        let drive = Drive {
            batch,
            journal,
            provider: Arc::new(provider.remote.clone()),
            clock: &clock,
            interrupts,
            summary: &mut summary,
            observers: audience.observers(&mut alarm),
            tick: screen.tick(),
        };
        let ended = drive.run().await;
        let written = audience.dismiss(&summary);
        drop(lock);
        notices.note(&summary);
        // Whoever is in a hurry is told the command that goes on, and nothing else.
        let is_told = matches!(ended, Err(DriveError::Abandoned))
            || conclude(&summary, self.screen, screen.colours(), work);
        let stopped = ended.map_err(|error| Error::Drive {
            error: Box::new(error),
            resume: summary.campaign().resuming_command(),
        })?;
        written?;
        let exit = Exit::of_run(&summary, stopped.as_ref(), self.wants);
        if exit == Exit::Success && !is_told {
            return Ok(Exit::Unexpected);
        }
        Ok(exit)
    }

    /// Everything that comes before the loop: reading, looking up, locking, asking. Nothing is submitted.
    async fn prepare(
        &mut self,
        environment: &Environment,
        notices: &mut Notices,
        screen: Screen,
        clock: &SystemClock,
    ) -> Result<Ready, Error> {
        let manifest = self.read(environment, clock.now(), screen).await?;
        notices.with(&manifest.plan.output)?;
        self.check_approval(&manifest)?;
        let mut selected = match self.selection.take() {
            Some(selection) => manifest.choose(selection)?,
            None => vec![true; manifest.plan.jobs.len()],
        };

        let lock = take_lock(
            &manifest.out,
            self.waiting.lock_wait,
            screen.herald(),
            clock,
        )
        .await?;
        let identity = Identity {
            campaign: manifest.plan.campaign.clone(),
            is_sandbox: self.provider.is_sandbox(),
        };
        let (mut journal, record) = Journal::open(&manifest.out, &identity)?;
        manifest
            .known
            .write(&manifest.out)
            .with_context(|| format!("cannot write to `{}`", manifest.out.display()))?;
        self.wishes
            .narrow(&manifest, Some(&record), &mut selected)?;
        self.policy.redo = self
            .wishes
            .redo(&manifest, Some(&record), screen.herald())?;
        let resubmit = manifest.own(&self.policy.resubmit);
        self.policy.resubmit = resubmit.into_iter().collect();
        let mut jobs = manifest.jobs(Some(&record), &selected);
        let named = self.policy.resubmit.iter().chain(&self.policy.redo);
        select_named(&mut jobs, named);
        for wanted in &self.policy.resubmit {
            must_exist(wanted, jobs.iter().map(|job| &job.spec.id))?;
        }

        let standard = if identity.is_sandbox {
            Limits::sandbox()
        } else {
            Limits::default()
        };
        let limits = standard.with(&manifest.plan.limits).with(&self.limits);
        self.policy.limits = manifest.share(limits, self.campaign)?;
        let mut campaign = manifest.campaign(jobs.clone(), self.campaign);
        campaign.max_credits = self.policy.limits.max_credits;
        campaign.is_sandbox = identity.is_sandbox;
        self.resuming.tell(&mut campaign);
        let summary = Summary::of(Arc::new(campaign), &record.entries);

        self.policy.missing_files = missing_files(&summary, &manifest.out);
        self.policy.journal_was_lost = journal_is_behind(&summary, &record);
        self.policy.process = std::process::id();
        self.policy.seed = seed(clock);
        // Fresh videos are what a campaign of each day is for.
        if manifest.plan.campaign_date.is_none() {
            tell_of_namesake(&summary, &record, screen.herald());
        }
        let provider = self.provider.clone().start(&manifest.out).await?;
        let preview = preview(&summary, self.policy.clone(), &record.entries, clock.now())?;
        self.preflight(&preview, screen.colours(), &provider.remote)
            .await?;
        let work = if preview.counts().done == preview.counts().total {
            Work::Nothing
        } else {
            Work::Something
        };
        drop(preview);
        journal.save_new_jobs(&record, jobs.iter().map(|job| &*job.spec))?;
        let batch = Batch::restore(
            &identity.campaign,
            jobs,
            self.policy.clone(),
            &record.entries,
            clock.now(),
        )?;
        Ok(Ready {
            batch,
            journal,
            lock,
            provider,
            summary,
            work,
        })
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
        let manifest = Manifest::load_online(self.campaign, now, &lookup).await?;
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
            herald: Herald::of(self.screen.log_format),
            colours,
        };
        preflight.pass(remote).await
    }

    /// Before anything is created or locked.
    fn check_approval(&self, manifest: &Manifest) -> Result<(), Error> {
        let selection = self.selection.as_ref();
        let is_sample = selection.is_some_and(|selection| selection.sample.is_some());
        if self.approval == Demand::Never
            || (self.approval == Demand::ButForSamples && !manifest.plan.output.require_approval)
        {
            return Ok(());
        }
        let mut campaign = manifest.campaign(Vec::new(), self.campaign);
        campaign.is_sandbox = self.provider.is_sandbox();
        self.resuming.tell(&mut campaign);
        self.approval.check(&campaign, is_sample)
    }
}

/// Spreads the waits of runs that would otherwise meet.
fn seed(clock: &SystemClock) -> u64 {
    let moment = u64::try_from(clock.now().as_millis()).unwrap_or(0);
    moment ^ u64::from(std::process::id()).rotate_left(32)
}
