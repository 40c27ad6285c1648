//! `plan`: what `run` would do. Needs no account and spends nothing.

use std::sync::Arc;

use super::arguments::PlanArguments;
use super::campaign::{Manifest, missing_files};
use super::console;
use super::environment::Environment;
use super::error::Error;
use super::exit::Exit;
use super::selection::{choose, must_exist};
use crate::driver::{Clock as _, SystemClock};
use crate::engine::{Batch, Policy};
use crate::journal::Record;
use crate::model::Limits;
use crate::observe::{Colours, Summary, plan_json, plan_table};

/// `callsheet plan`.
pub(super) fn plan(arguments: PlanArguments) -> Result<Exit, Error> {
    let environment = Environment::read(Some(&arguments.campaign.manifest));
    let now = SystemClock::new().now();
    let manifest = Manifest::load(&arguments.campaign, now)?;
    if !arguments.json {
        manifest.tell_notes();
    }
    let selected = choose(arguments.selection, &manifest.plan.jobs)?;
    let record = Record::read(&manifest.out)?;
    let jobs = manifest.jobs(record.as_ref(), &selected);
    let again = arguments.again;
    for wanted in &again.resubmit {
        must_exist(wanted, jobs.iter().map(|job| &job.spec.id))?;
    }
    let mut limits = Limits::default().with(&manifest.plan.limits);
    limits.max_credits = arguments.max_credits.or(limits.max_credits);
    let mut campaign = manifest.campaign(jobs.clone(), &arguments.campaign);
    campaign.max_credits = limits.max_credits;
    campaign.is_sandbox = record
        .as_ref()
        .map_or(arguments.sandbox, |record| record.identity.is_sandbox);
    let entries = record.as_ref().map_or(&[][..], |record| &record.entries);
    let mut summary = Summary::of(Arc::new(campaign), entries);

    // The engine's own first decisions, taken in and not kept: what it would reopen is what `run`
    // would pay for again.
    let policy = Policy {
        limits,
        retry_failed: again.retry_failed,
        redo_changed: again.redo_changed,
        fresh: again.fresh,
        resubmit: again.resubmit.into_iter().collect(),
        missing_files: missing_files(&summary, &manifest.out),
        ..Policy::default()
    };
    let batch = Batch::restore(&manifest.plan.campaign, jobs, policy, entries, now)?;
    for entry in batch.opening(now) {
        summary.apply(&entry);
    }

    if arguments.json {
        console::print(&format!("{:#}\n", plan_json(&summary)));
    } else {
        let colours = if environment.has_colours_on_output() {
            Colours::On
        } else {
            Colours::Off
        };
        console::print(&plan_table(&summary, colours));
    }
    Ok(Exit::Success)
}
