//! `run` and `collect`: the same voyage, with and without new submits.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::approve::Demand;
use super::argument_groups::{
    AgainArguments, CampaignArguments, LogFormat, OutputArguments, ScreenArguments,
    SelectionArguments, WaitingArguments,
};
use super::arguments::{CollectArguments, RunArguments};
use super::audience::Audience;
use super::campaign::{Manifest, missing_files};
use super::catalogue::{Lookup, Network};
use super::console;
use super::environment::Environment;
use super::error::Error;
use super::exit::{Exit, Wants};
use super::notices::Notices;
use super::preflight::{Asks, Preflight, Speaks};
use super::preview::{preview, select_named};
use super::provider::Choice;
use super::screen::Screen;
use super::selection::{choose, must_exist};
use super::traces::{journal_is_behind, tell_of_namesake};
use super::wishes::Wishes;
use crate::driver::{self, Clock, Drive, SystemClock};
use crate::engine::{Batch, Policy, Submits};
use crate::journal::{Identity, Journal, Lock};
use crate::model::{LimitSettings, Limits, Timestamp};
use crate::observe::{Campaign, Colours, Summary, closing, write_json};
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
    let result = run_with(arguments, &environment, &mut notices).await;
    notices.end(&result).await;
    result
}

async fn run_with(
    arguments: RunArguments,
    environment: &Environment,
    notices: &mut Notices,
) -> Result<Exit, Error> {
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
        limits: merged(&arguments.spending.limits(), &arguments.waiting.limits()),
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
    };
    let base_url = arguments.provider.base_url.as_deref();
    voyage.go(environment, base_url, notices).await
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
    let result = collect_with(&arguments, &environment, &mut notices).await;
    notices.end(&result).await;
    result
}

async fn collect_with(
    arguments: &CollectArguments,
    environment: &Environment,
    notices: &mut Notices,
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
    };
    let base_url = arguments.provider.base_url.as_deref();
    voyage.go(environment, base_url, notices).await
}

impl Voyage<'_> {
    async fn go(
        mut self,
        environment: &Environment,
        base_url: Option<&str>,
        notices: &mut Notices,
    ) -> Result<Exit, Error> {
        let clock = SystemClock::new();
        let screen = Screen::new(self.screen, environment);
        let manifest = self.read(environment, clock.now(), screen).await?;
        notices.with(&manifest.plan.output)?;
        self.check_approval(&manifest, base_url)?;
        let specs = &manifest.plan.jobs;
        let mut selected = match self.selection.take() {
            Some(selection) => choose(selection, specs)?,
            None => vec![true; specs.len()],
        };

        let lock = self.lock(&manifest.out, &clock).await?;
        let identity = Identity {
            campaign: manifest.plan.campaign.clone(),
            is_sandbox: self.provider.is_sandbox(),
        };
        let (mut journal, record) = Journal::open(&manifest.out, &identity)?;
        manifest
            .known
            .write(&manifest.out)
            .with_context(|| format!("cannot write to `{}`", manifest.out.display()))?;
        self.wishes.narrow(specs, Some(&record), &mut selected)?;
        self.policy.redo = self.wishes.redo(specs, Some(&record))?;
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
        self.policy.limits = standard.with(&manifest.plan.limits).with(&self.limits);
        let mut campaign = manifest.campaign(jobs.clone(), self.campaign);
        campaign.max_credits = self.policy.limits.max_credits;
        campaign.is_sandbox = identity.is_sandbox;
        campaign.is_collecting = self.wants == Wants::WhatIsPaid;
        self.name_arguments(&mut campaign, base_url);
        let mut summary = Summary::of(Arc::new(campaign), &record.entries);

        self.policy.missing_files = missing_files(&summary, &manifest.out);
        self.policy.journal_was_lost = journal_is_behind(&summary, &record);
        self.policy.process = std::process::id();
        self.policy.seed = seed(&clock);
        if screen.tells_notes() {
            tell_of_namesake(&summary, &record);
        }
        let provider = self.provider.clone().start(&manifest.out).await?;
        let preview = preview(&summary, self.policy.clone(), &record.entries, clock.now())?;
        self.preflight(&preview, screen.colours(), &provider.remote)
            .await?;
        drop(preview);
        journal.save_jobs(jobs.iter().map(|job| &*job.spec))?;
        let batch = Batch::restore(
            &identity.campaign,
            jobs,
            self.policy,
            &record.entries,
            clock.now(),
        )?;
        drop(record);

        let interrupts = driver::listen().context("cannot listen for Ctrl-C")?;
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
        let stopped = ended.map_err(|error| Error::Drive {
            error: Box::new(error),
            resume: summary.campaign().resuming_command(),
        })?;
        written?;
        let exit = Exit::of_run(&summary, stopped.as_ref(), self.wants);
        if self.screen.json {
            console::print_with(|output| write_json(&summary, output));
        }
        if self.screen.log_format == LogFormat::Text {
            console::tell(&closing(&summary, screen.colours()));
        }
        Ok(exit)
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
            network: Network::IsUsedAnyway,
        };
        let manifest = Manifest::load_online(self.campaign, now, &lookup).await?;
        if screen.tells_notes() {
            manifest.tell_notes();
        }
        Ok(manifest)
    }

    async fn lock(&self, folder: &Path, clock: &SystemClock) -> Result<Lock, Error> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create the output folder `{}`", folder.display()))?;
        let holder = format!("process {} since {}", std::process::id(), clock.now());
        let patience = self.waiting.lock_wait.unwrap_or_default();
        Ok(driver::take_lock(folder, &holder, patience, clock).await?)
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
            speaks: if self.screen.log_format == LogFormat::Text {
                Speaks::Aloud
            } else {
                Speaks::Not
            },
            colours,
        };
        preflight.pass(remote).await
    }

    /// What a hint must repeat so that it means this campaign and these limits.
    fn name_arguments(&self, campaign: &mut Campaign, base_url: Option<&str>) {
        if campaign.is_sandbox {
            campaign.arguments.push("--sandbox".to_owned());
        }
        if let Some(base_url) = base_url {
            let url = crate::model::redact_url(base_url);
            campaign.arguments.extend(["--base-url".to_owned(), url]);
        }
        let caps = [
            ("--max-credits", self.limits.max_credits),
            ("--max-credits-run", self.limits.max_credits_run),
        ];
        for (name, cap) in caps {
            let cap = cap.map(|cap| [name.to_owned(), cap.to_string()]);
            campaign.resume_arguments.extend(cap.into_iter().flatten());
        }
        let switches = [
            ("--allow-partial", self.limits.allow_partial == Some(true)),
            ("--require-approval", self.approval == Demand::Always),
        ];
        let set = switches.into_iter().filter(|(_, is_set)| *is_set);
        let set = set.map(|(name, _)| name.to_owned());
        campaign.resume_arguments.extend(set);
    }

    /// Before anything is created or locked.
    fn check_approval(&self, manifest: &Manifest, base_url: Option<&str>) -> Result<(), Error> {
        let selection = self.selection.as_ref();
        let is_sample = selection.is_some_and(|selection| selection.sample.is_some());
        if self.approval == Demand::Never
            || (self.approval == Demand::ButForSamples && !manifest.plan.output.require_approval)
        {
            return Ok(());
        }
        let mut campaign = manifest.campaign(Vec::new(), self.campaign);
        campaign.is_sandbox = self.provider.is_sandbox();
        self.name_arguments(&mut campaign, base_url);
        self.approval.check(&campaign, is_sample)
    }
}

fn merged(spending: &LimitSettings, waiting: &LimitSettings) -> LimitSettings {
    LimitSettings {
        submit_rate: spending.submit_rate,
        in_flight: spending.in_flight,
        max_credits: spending.max_credits,
        max_credits_run: spending.max_credits_run,
        allow_partial: spending.allow_partial,
        confirm_above: spending.confirm_above,
        max_fail: spending.max_fail,
        ..waiting.clone()
    }
}

/// Spreads the waits of runs that would otherwise meet.
fn seed(clock: &SystemClock) -> u64 {
    let moment = u64::try_from(clock.now().as_millis()).unwrap_or(0);
    moment ^ u64::from(std::process::id()).rotate_left(32)
}
