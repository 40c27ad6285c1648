//! The approval of a manifest in its present form.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::catalogue::NameLookup;
use super::costs::Costs;
use super::error::Error;
use super::manifest::LoadedManifest;
use super::open_address::SheetCopy;
use super::options::{CampaignOptions, ProviderFlags};
use super::prefetch::JournalPrefetch;
use crate::journal::{Identity, write_approval};
use crate::model::{Approval, CommandName, Flag, JobSpec, Timestamp};
use crate::report::approval::ApprovalStatus;
use crate::report::{Campaign, Summary};

/// When a run requires an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalPolicy {
    /// For every run.
    Always,
    /// If the manifest requires it, except for sample runs, which come before an approval.
    ByManifest,
    /// Never.
    Never,
}

/// An approval that was recorded.
pub(crate) struct GivenApproval {
    pub(crate) approval: Approval,
    /// The state of the campaign.
    pub(crate) summary: Summary,
    /// The number of approved jobs.
    pub(crate) jobs: usize,
    /// The cost of the jobs that are not made yet.
    pub(crate) costs: Costs,
}

/// Asks a question, and returns whether the answer is yes.
pub(crate) type AskYesOrNo = fn(String) -> BoxFuture<'static, bool>;

/// Approves the whole sheet, for all of its shards. Texts that look unfinished are approved if `--suspicious allow` is
/// given, or if `ask` returns yes; a run leaves out the others.
///
/// # Errors
/// If the manifest has problems, or the approval cannot be recorded.
pub(crate) async fn approve(
    options: &CampaignOptions,
    provider_flags: &ProviderFlags,
    lookup: &NameLookup,
    ask: Option<AskYesOrNo>,
    by: Option<String>,
    now: Timestamp,
) -> Result<GivenApproval, Error> {
    let mut options = options.open(SheetCopy::Current, provider_flags.sandbox).await?;
    options.shard = None;
    let prefetch = JournalPrefetch::start(&options);
    let mut manifest = LoadedManifest::load(&options, lookup, now).await?;
    manifest.report_notes(&lookup.notices);
    let left_out = manifest.confirm_suspicions(&options, &lookup.notices, ask).await?;
    let jobs = manifest.plan.jobs.iter().enumerate();
    let jobs = jobs.filter(|(index, _)| !left_out.contains(index));
    let jobs: Vec<Arc<JobSpec>> = jobs.map(|(_, job)| Arc::clone(job)).collect();
    // Before renames: the approval is about the sheet's own ids.
    let approval = Approval::of(&manifest.plan.campaign, &jobs, by, now);
    let recorded = prefetch.state(&mut manifest, provider_flags.sandbox)?;
    manifest.ids.report(&lookup.notices);
    let is_sandbox = recorded.as_ref().map(|recorded| recorded.identity.is_sandbox);
    let summary = manifest.summarize(&options, provider_flags, recorded);
    if let Some(sheet) = &options.addressed_sheet {
        let is_sandbox = is_sandbox.unwrap_or(provider_flags.sandbox);
        sheet.keep(&Identity { campaign: manifest.plan.campaign.clone(), is_sandbox })?;
    }
    let out = manifest.out.display();
    write_approval(&manifest.out, &approval)
        .map_err(Error::io(format!("cannot keep the approval in `{out}`; it was not given")))?;
    Ok(GivenApproval { approval, costs: Costs::of(&summary), jobs: jobs.len(), summary })
}

/// Returns the number of jobs of `all` that samples may make before an approval: enough to look at, and no way round it.
pub(super) fn largest_sample(all: usize) -> usize {
    10.max(all / 20)
}

/// Returns the error for a campaign without a valid approval.
pub(super) fn missing_approval(campaign: &Campaign, jobs: usize) -> Error {
    let most = largest_sample(jobs);
    let approval = &campaign.approval;
    let sentence = approval.sentence().filter(|_| *approval != ApprovalStatus::Missing);
    let sentence = sentence.unwrap_or_else(|| "not given yet".to_owned());
    let manifest = &campaign.manifest;
    let sample = campaign.command(CommandName::Run).option(Flag::Sample, 3);
    let approve = campaign.command(CommandName::Approve);
    Error::usage_with_hint(
        format!("`{manifest}` needs an approval: {sentence}; nothing was submitted"),
        format!(
            "`{sample}` makes three to look at, of at most {most}, and `{approve}` approves the manifest as it is"
        ),
    )
}
