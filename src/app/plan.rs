//! The plan: what a run would do. Needs no account and spends nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::catalogue::{NameLookup, NetworkUse};
use super::duplicates::sentence;
use super::error::Error;
use super::estimates::Estimates;
use super::identity::replaced_rows;
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
use crate::model::{CommandName, Flag, LimitSettings, SuspiciousTexts, Timestamp};
use crate::remote::host_of;
use crate::report::Summary;
use crate::report::forecast::run_time;
use crate::report::plan::{Balance, LinkHosts, PlanContext};

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
    let recorded = prefetch.state(&mut manifest, provider_flags.sandbox)?;
    manifest.report_notes(&notices);
    manifest.ids.report(&notices);
    if !manifest.ids.elsewhere().is_empty() {
        let found = sentence(manifest.ids.elsewhere().values());
        notices.warning(&format!(
            "{found}; without a terminal `{}` stops there, unless `{}` says what to do",
            CommandName::Run,
            Flag::Duplicates
        ));
    }
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
    run_options.missing_files = missing_files(summary.history(), &manifest.out);
    let resubmit = run_options.resubmit.clone();
    let (campaign, history) = (summary.campaign(), summary.history());
    let batch = Batch::restore(&campaign.name, campaign.jobs.clone(), run_options, history, now)?;
    let summary = preview(summary, &batch.opening_entries(now));
    drop(batch);
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
    let folder = tempfile::tempdir().map_err(Error::io("cannot create a temporary folder"))?;
    let provider = provider.start(folder.path()).await?;
    balance(&provider.remote, timeout).await
}
