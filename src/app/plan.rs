//! The plan: what a run would do. Needs no account and spends nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::catalogue::{NameLookup, NetworkUse};
use super::duplicates::sentence;
use super::error::Error;
use super::estimates::Estimates;
use super::identity::{is_journal_behind, replaced_rows, results_name_unknown_jobs};
use super::manifest::{LoadedManifest, missing_files};
use super::notices::Notices;
use super::open_address::SheetCopy;
use super::options::{CampaignOptions, ProviderFlags};
use super::prefetch::JournalPrefetch;
use super::preflight::{BALANCE_TIMEOUT, OPTIONAL_BALANCE_TIMEOUT, balance, preview};
use super::provider::ProviderConfig;
use super::rerun::RerunSelection;
use super::selection::{note_finished, select_named};
use super::suspicious::report_planned;
use crate::engine::{Batch, RunOptions};
use crate::manifest::Selection;
use crate::model::{CommandName, Event, Flag, JobEvent, LimitSettings, SuspiciousTexts, Timestamp};
use crate::remote::host_of;
use crate::report::Summary;
use crate::report::forecast::run_time;
use crate::report::plan::{Balance, LinkHosts, PlanContext};
use crate::util::fs::LockState;

/// The run that is planned.
#[derive(Debug)]
pub(crate) struct PlanRequest {
    pub(crate) campaign: CampaignOptions,
    /// The provider, or why there is none.
    pub(crate) provider: Result<ProviderConfig, Error>,
    pub(crate) provider_flags: ProviderFlags,
    pub(crate) selection: Selection,
    pub(crate) rerun: RerunSelection,
    /// The jobs that are submitted again.
    pub(crate) run_options: RunOptions,
    /// Limits that replace those of the manifest.
    pub(crate) limits: LimitSettings,
    /// Whether the account's balance is required.
    pub(crate) needs_balance: bool,
    pub(crate) cache_dir: Option<PathBuf>,
    pub(crate) notices: Notices,
}

/// Returns the state of the campaign after the opening entries of the run, and what the plan knows besides.
///
/// # Errors
/// If the manifest has problems, the journal cannot be read, or a required balance cannot be had.
pub(crate) async fn plan(
    request: PlanRequest,
    now: Timestamp,
) -> Result<(Summary, PlanContext), Error> {
    let PlanRequest {
        campaign,
        provider,
        provider_flags,
        selection,
        rerun,
        mut run_options,
        limits,
        needs_balance,
        cache_dir,
        notices,
    } = request;
    let lookup = NameLookup {
        provider: provider.as_ref().ok().cloned(),
        cache_dir,
        notices: notices.clone(),
        network: NetworkUse::IfNeeded,
    };
    let options = campaign.open(SheetCopy::Current, provider_flags.sandbox).await?;
    let prefetch = JournalPrefetch::start(&options);
    let mut manifest = LoadedManifest::load(&options, &lookup, now).await?;
    let before = LockState::of(&manifest.out);
    let recorded = prefetch.state(&mut manifest, provider_flags.sandbox)?;
    // A run may begin or end while its journal is read.
    let is_live = before == LockState::Held || LockState::of(&manifest.out) == LockState::Held;
    manifest.report_notes(&notices);
    manifest.ids.report(&notices);
    warn_of_duplicates(&manifest, &notices);
    let mut selected = manifest.select(selection)?;
    rerun.apply(&manifest, recorded.as_ref(), &mut selected, &mut run_options, &notices)?;
    let mut jobs = manifest.jobs(recorded.as_ref(), &selected);
    if options.suspicious == SuspiciousTexts::Skip {
        manifest.leave_out_suspicious(&mut jobs);
    }
    select_named(&mut jobs, &run_options)?;
    let is_sandbox =
        recorded.as_ref().map_or(provider_flags.sandbox, |recorded| recorded.identity.is_sandbox);
    let limits = manifest.run_limits(&limits, recorded.as_ref(), &options)?;
    let mut campaign = manifest.campaign(jobs, &options);
    limits.apply(&mut campaign);
    let limits = limits.limits;
    run_options.limits = limits.clone();
    campaign.is_sandbox = is_sandbox;
    campaign.add_arguments(&provider_flags.arguments(is_sandbox));
    if is_sandbox && !provider_flags.sandbox {
        notices.warning(&sandbox_folder_warning(&manifest.out));
    }
    let estimates = Estimates::new(&manifest.plan, recorded.as_ref());
    let (prices, learnt_from) = (estimates.prices(), estimates.sample_count());
    let history = recorded.map(|recorded| recorded.history).unwrap_or_default();
    let summary = Summary::with(Arc::new(campaign), history);
    if !is_live {
        warn_of_lost_journal(&summary, &notices);
    }
    run_options.missing_files = missing_files(summary.history(), &manifest.out);
    let resubmit = run_options.resubmit.clone();
    let (campaign, history) = (summary.campaign(), summary.history());
    let batch = Batch::restore(&campaign.name, campaign.jobs.clone(), run_options, history, now)?;
    let mut opening = batch.opening_entries(now);
    drop(batch);
    // A run that is under way waits for the answers to its requests.
    opening.retain(|entry| !is_live || !is_interruption(&entry.event));
    let mut summary = preview(summary, &opening);
    summary.set_live(is_live);
    note_finished(&resubmit, &summary, &notices);
    let suspicions = manifest.unpaid_suspicions(&summary);
    report_planned(&suspicions, options.suspicious, &notices);
    let context = PlanContext {
        prices,
        learnt_from,
        max_credits_run: limits.max_credits_run,
        notes: manifest.plan.notes.clone(),
        replaced: replaced_rows(&summary),
        suspicions,
        sheets: manifest.plan.sheets.clone(),
        hosts: LinkHosts::of(&summary, host_of),
        run_time: run_time(&summary, &limits),
        balance: match provider {
            // The sandbox costs nothing.
            _ if is_sandbox => Balance::NotAsked,
            Ok(provider) => read_balance(provider, needs_balance).await?,
            Err(error) if needs_balance => return Err(error),
            Err(_) => Balance::NotAsked,
        },
    };
    // Freeing 100,000 jobs one by one would delay the output; the process ends soon.
    std::mem::forget(manifest);
    Ok((summary, context))
}

/// Warns of rows whose video another campaign has paid for.
fn warn_of_duplicates(manifest: &LoadedManifest, notices: &Notices) {
    if !manifest.ids.elsewhere().is_empty() {
        let found = sentence(manifest.ids.elsewhere().values());
        notices.warning(&format!(
            "{found}; without a terminal `{}` stops there, unless `{}` says what to do",
            CommandName::Run,
            Flag::Duplicates
        ));
    }
}

/// Warns if the output folder shows work that its journal does not know. The results of a run that is under way may be
/// newer than the journal that was read.
fn warn_of_lost_journal(summary: &Summary, notices: &Notices) {
    let results = results_name_unknown_jobs(&summary.campaign().out, summary.history());
    if is_journal_behind(summary, results) {
        notices.warning(&format!(
            "the output folder has results or videos that its journal does not record: `{}` looks for what was paid \
             for at the provider first, and submits only the rest",
            CommandName::Run
        ));
    }
}

/// Checks whether an event takes a request of an earlier run for interrupted.
const fn is_interruption(event: &Event) -> bool {
    matches!(event, Event::Job { event: JobEvent::SubmitLost { .. }, .. })
}

fn sandbox_folder_warning(out: &Path) -> String {
    format!(
        "`{}` belongs to the sandbox, and this is what the sandbox would do; a run that pays needs another folder: \
         `{} DIR`",
        out.display(),
        Flag::Out
    )
}

async fn read_balance(provider: ProviderConfig, is_required: bool) -> Result<Balance, Error> {
    let timeout = if is_required { BALANCE_TIMEOUT } else { OPTIONAL_BALANCE_TIMEOUT };
    let provider = provider.start_without_files().await?;
    balance(&provider.remote, timeout).await
}
