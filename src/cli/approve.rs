//! `approve`: a person's word for a manifest as it is, and who asks for it.

use anyhow::Context as _;

use super::anticipation::JournalPrefetch;
use super::arguments::ApproveArguments;
use super::campaign::Manifest;
use super::catalogue::{Lookup, Network};
use super::console;
use super::environment::Environment;
use super::error::Error;
use super::exit::Exit;
use super::herald::Printer;
use super::preview::Costs;
use super::provider::Choice;
use super::resuming::naming;
use crate::driver::{Clock as _, SystemClock};
use crate::journal::write_approval;
use crate::model::Approval;
use crate::report::Campaign;
use crate::report::approval::ApprovalStatus;
use crate::report::plan::plan_totals;
use crate::report::terminal::Colours;

/// Who wants an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Demand {
    /// The command line: every run needs one.
    Always,
    /// The manifest: every run but a sample, which is what an approval is given after.
    ExceptSamples,
    /// Nobody.
    Never,
}

/// `callsheet approve`.
pub(super) async fn approve(mut arguments: ApproveArguments) -> Result<Exit, Error> {
    // The whole sheet is approved, for every shard of it.
    arguments.campaign.shard = None;
    let environment = Environment::read(Some(&arguments.campaign.manifest));
    environment.tell_ignored(Printer::Text);
    let now = SystemClock::new().now();
    let lookup = Lookup {
        provider: Choice::of(&arguments.provider, &environment).ok(),
        environment: &environment,
        herald: Printer::Text,
        network: Network::OnlyIfNeeded,
    };
    let anticipation = JournalPrefetch::of(&arguments.campaign);
    let mut manifest = Manifest::load_online(&arguments.campaign, now, &lookup).await?;
    manifest.tell_notes(Printer::Text);
    // The sheet is approved as it is, under the names it has.
    let by = ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(|name| environment.variable(name));
    let approval = Approval::of(&manifest.plan.campaign, &manifest.plan.jobs, by, now);
    let past = anticipation.past(&mut manifest)?;
    manifest.tell_continued(Printer::Text);
    let provider = &arguments.provider;
    let summary = manifest.look(
        &arguments.campaign,
        &naming(
            provider.sandbox,
            provider.profile.as_deref(),
            provider.base_url.as_deref(),
        ),
        past,
    );
    let plan = &manifest.plan;

    write_approval(&manifest.out, &approval).with_context(|| {
        let out = manifest.out.display();
        format!("cannot keep the approval in `{out}`; it was not given")
    })?;

    console::print(&plan_totals(&summary, Colours::Off));
    let done = summary.counts().done;
    if done > 0 {
        let page = manifest.out.join("report.html");
        console::print(&format!("{done} already made: {}\n", page.display()));
    }
    let costs = Costs::of(&summary);
    let by = approval.by.as_deref().map_or_else(String::new, |by| {
        let by: String = by.chars().filter(|c| !c.is_control()).collect();
        format!(" by {by}")
    });
    console::print(&format!(
        "approved{by}: {} jobs as they are now, {} still to be made for {} credits\n",
        plan.jobs.len(),
        costs.videos,
        costs.range(),
    ));
    let run = summary.campaign().command("run", &["--require-approval"]);
    console::tell(&format!("hint: `{run}` makes exactly these\n"));
    Ok(Exit::Success)
}

impl Demand {
    /// Refuses unless the campaign is approved as it is, if that is wanted.
    ///
    /// # Errors
    /// That it is not; nothing was submitted.
    pub(super) fn check(self, campaign: &Campaign, is_sample: bool) -> Result<(), Error> {
        let is_wanted = match self {
            Self::Always => true,
            Self::ExceptSamples => !is_sample,
            Self::Never => false,
        };
        if !is_wanted || campaign.approval.is_given() {
            return Ok(());
        }
        let sentence = match &campaign.approval {
            outdated @ ApprovalStatus::Outdated { .. } => outdated.sentence(),
            ApprovalStatus::NotNeeded | ApprovalStatus::Missing | ApprovalStatus::Given { .. } => {
                None
            }
        };
        let sentence = sentence.unwrap_or_else(|| "not given yet".to_owned());
        let manifest = campaign.manifest.display();
        let sample = campaign.command("run", &["--sample", "3"]);
        let approve = campaign.command("approve", &[]);
        Err(Error::usage(format!(
            "`{manifest}` needs an approval: {sentence}; nothing was submitted"
        ))
        .hint(format!(
            "`{sample}` makes three to look at, and `{approve}` approves the manifest as it is"
        )))
    }
}
