//! `plan`: what `run` would do. Needs no account and spends nothing.

use std::path::Path;
use std::sync::Arc;

use super::anticipation::JournalPrefetch;
use super::arguments::PlanArguments;
use super::balance::{self, Patience};
use super::campaign::{Manifest, missing_files};
use super::catalogue::{Lookup, Network};
use super::console;
use super::environment::Environment;
use super::error::Error;
use super::estimates::Estimates;
use super::exit::Exit;
use super::herald::Printer;
use super::preview::{preview, select_named};
use super::provider::Choice;
use super::resuming::naming;
use super::selection::{must_exist, tell_of_done};
use super::traces::SiblingCampaign;
use crate::driver::{Clock as _, SystemClock};
use crate::engine::{Batch, Policy};
use crate::model::Limits;
use crate::report::Summary;
use crate::report::plan::{Balance, PlanContext, plan_table, write_plan_json};
use crate::report::terminal::Colours;

/// `callsheet plan`.
pub(super) async fn plan(arguments: PlanArguments) -> Result<Exit, Error> {
    let environment = Environment::read(Some(&arguments.campaign.manifest));
    if !arguments.json {
        environment.tell_ignored(Printer::Text);
    }
    let now = SystemClock::new().now();
    let provider = Choice::of(&arguments.provider, &environment);
    let lookup = Lookup {
        provider: provider.as_ref().ok().cloned(),
        environment: &environment,
        herald: Printer::Text,
        network: Network::OnlyIfNeeded,
    };
    let anticipation = JournalPrefetch::of(&arguments.campaign);
    let mut manifest = Manifest::load_online(&arguments.campaign, now, &lookup).await?;
    let past = anticipation.past(&mut manifest)?;
    if !arguments.json {
        manifest.tell_notes(Printer::Text);
        manifest.tell_continued(Printer::Text);
    }
    let again = arguments.again;
    let wishes = arguments.selection.wishes(&again)?;
    let mut selected = manifest.choose(arguments.selection)?;
    wishes.narrow(&manifest, past.as_ref(), &mut selected)?;
    let redo = wishes.redo(&manifest, past.as_ref(), Printer::Text)?;
    let mut jobs = manifest.jobs(past.as_ref(), &selected);
    let resubmit = manifest.own(&again.resubmit);
    for wanted in &resubmit {
        must_exist(wanted, jobs.iter().map(|job| &job.spec.id))?;
    }
    select_named(&mut jobs, resubmit.iter().chain(&redo));
    let mut limits = Limits::default().with(&manifest.plan.limits);
    limits.max_credits = arguments.max_credits.or(limits.max_credits);
    limits.max_credits_run = arguments.max_credits_run.or(limits.max_credits_run);
    let limits = manifest.share(limits, &arguments.campaign)?;
    let max_credits_run = limits.max_credits_run;
    let mut campaign = manifest.campaign(jobs, &arguments.campaign);
    campaign.max_credits = limits.max_credits;
    campaign.is_sandbox = past
        .as_ref()
        .map_or(arguments.provider.sandbox, |past| past.identity.is_sandbox);
    let is_sandbox = campaign.is_sandbox;
    let base_url = arguments.provider.base_url.as_deref();
    let profile = arguments.provider.profile.as_deref();
    campaign
        .arguments
        .extend(naming(is_sandbox, profile, base_url));
    if is_sandbox && !arguments.provider.sandbox {
        Printer::Text.warning(&is_of_sandbox(&manifest.out));
    }
    if !arguments.json
        && past.is_none()
        && !is_sandbox
        && manifest.plan.campaign_date.is_none()
        && let Some(namesake) = SiblingCampaign::of(&campaign)
    {
        Printer::Text.warning(&namesake.warning());
    }
    let estimates = Estimates::new(&manifest.plan, past.as_ref());
    let (prices, learnt_from) = (estimates.prices(), estimates.learnt_from());
    let history = past.map(|past| past.history).unwrap_or_default();
    let summary = Summary::with(Arc::new(campaign), history);
    let policy = Policy {
        limits,
        retry_failed: again.retry_failed || wishes.only_failed,
        redo,
        redo_changed: again.redo_changed,
        fresh: again.fresh,
        resubmit: resubmit.iter().cloned().collect(),
        missing_files: missing_files(summary.history(), &manifest.out),
        ..Policy::default()
    };
    let (campaign, history) = (summary.campaign(), summary.history());
    let batch = Batch::restore(&campaign.name, campaign.jobs.clone(), policy, history, now)?;
    let summary = preview(summary, &batch.opening_entries(now));
    drop(batch);
    if !arguments.json {
        tell_of_done(&resubmit, &summary, Printer::Text);
    }

    let outlook = PlanContext {
        prices,
        learnt_from,
        max_credits_run,
        balance: match provider {
            // Nothing is charged there, so there is nothing to cover.
            _ if is_sandbox => Balance::NotAsked,
            Ok(choice) => ask(choice, arguments.online).await?,
            Err(error) if arguments.online => return Err(error),
            Err(_) => Balance::NotAsked,
        },
    };
    show(&summary, &outlook, arguments.json, &environment)?;
    // The process ends: taking 100,000 jobs apart piece by piece would only keep somebody waiting.
    std::mem::forget((summary, manifest));
    Ok(Exit::Success)
}

fn show(
    summary: &Summary,
    outlook: &PlanContext,
    is_json: bool,
    environment: &Environment,
) -> Result<(), Error> {
    if is_json {
        console::print_found(|output| write_plan_json(summary, outlook, output))?;
    } else {
        let colours = if environment.has_colours_on_output() {
            Colours::On
        } else {
            Colours::Off
        };
        console::print(&plan_table(summary, outlook, colours));
    }
    Ok(())
}

fn is_of_sandbox(out: &Path) -> String {
    format!(
        "`{}` is the sandbox's, and this is what the sandbox would do; a run that pays needs another folder: \
         `--out DIR`",
        out.display()
    )
}

async fn ask(choice: Choice, is_wanted: bool) -> Result<Balance, Error> {
    let patience = if is_wanted {
        Patience::Long
    } else {
        Patience::Short
    };
    let folder = tempfile::tempdir().map_err(anyhow::Error::from)?;
    let provider = choice.start(folder.path()).await?;
    Ok(balance::ask(&provider.remote, patience).await)
}
