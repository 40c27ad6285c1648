//! `run` and `collect`: the same voyage, with and without new submits.

use std::sync::Arc;

use anyhow::Context as _;

use super::approve::Demand;
use super::argument_groups::{
    AgainArguments, CampaignArguments, OutputArguments, SelectionArguments, WaitingArguments,
};
use super::arguments::{CollectArguments, RunArguments};
use super::audience::Observers;
use super::conclusion::conclude;
use super::environment::Environment;
use super::error::Error;
use super::exit::{Exit, Wants};
use super::herald::Printer;
use super::notices::Notices;
use super::preflight::Asks;
use super::preparing::Ready;
use super::provider::Choice;
use super::resuming::Resuming;
use super::screen::Screen;
use super::screen_arguments::ScreenArguments;
use super::wishes::RerunSelection;
use crate::driver::{self, Drive, DriveError, Interrupts, SystemClock};
use crate::engine::{Policy, Submits};
use crate::model::LimitSettings;

/// What is wanted of this run, whichever command asked.
pub(super) struct RunRequest<'a> {
    pub(super) campaign: &'a CampaignArguments,
    pub(super) provider: Choice,
    pub(super) selection: Option<SelectionArguments>,
    pub(super) wishes: RerunSelection,
    pub(super) limits: LimitSettings,
    pub(super) policy: Policy,
    pub(super) waiting: &'a WaitingArguments,
    pub(super) output: &'a OutputArguments,
    pub(super) screen: &'a ScreenArguments,
    pub(super) asks: Asks,
    pub(super) approval: Demand,
    pub(super) wants: Wants,
    pub(super) resuming: Resuming,
}

/// `callsheet run`.
pub(super) async fn run(arguments: RunArguments) -> Result<Exit, Error> {
    let environment = Environment::read(Some(&arguments.campaign.manifest));
    environment.tell_ignored(Printer::of(arguments.screen.log_format));
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
    let voyage = RunRequest {
        campaign: &arguments.campaign,
        provider: Choice::for_manifest(&arguments.campaign, &arguments.provider, environment)
            .await?,
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
            Demand::ExceptSamples
        },
        wants: Wants::EveryVideo,
        resuming,
    };
    voyage.go(environment, notices, interrupts).await
}

/// `callsheet collect`.
pub(super) async fn collect(arguments: CollectArguments) -> Result<Exit, Error> {
    let environment = Environment::read(Some(&arguments.campaign.manifest));
    environment.tell_ignored(Printer::of(arguments.screen.log_format));
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
    let voyage = RunRequest {
        campaign: &arguments.campaign,
        provider: Choice::for_manifest(&arguments.campaign, &arguments.provider, environment)
            .await?,
        selection: None,
        wishes: RerunSelection::default(),
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
    Ok(driver::listen_for_interrupts().context("cannot listen for Ctrl-C")?)
}

impl RunRequest<'_> {
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
        let mut audience = Observers::new(&summary, screen, self.output, &clock);
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
}
