//! The `approve` command: approves a manifest in its present form.

use clap::Args;

use crate::app::{self, AskYesOrNo, NameLookup, NetworkUse};
use crate::cli::args::help::{self, Example};
use crate::cli::args::{CampaignArguments, ProviderArguments};
use crate::cli::config::{Environment, provider_config};
use crate::cli::error::Error;
use crate::cli::printer::{self, Printer};
use crate::model::{CommandName, Exit, Flag};
use crate::report::plan::plan_totals;
use crate::report::terminal::output_columns;
use crate::util::fs::OutputDir;
use crate::util::style::Colours;
use crate::util::text::sanitize;

const EXAMPLES: [Example; 2] = [
    ("callsheet approve campaign.csv", "as it is now"),
    ("callsheet run campaign.csv --require-approval", "unless edited since"),
];

#[derive(Debug, Args)]
#[command(after_help = help::examples(&EXAMPLES))]
pub(in crate::cli) struct ApproveArguments {
    #[command(flatten)]
    pub(in crate::cli) campaign: CampaignArguments,
    #[command(flatten)]
    pub(in crate::cli) provider: ProviderArguments,
}

/// Executes `callsheet approve`.
pub(super) async fn approve(arguments: ApproveArguments) -> Result<Exit, Error> {
    let environment = Environment::read(arguments.campaign.manifest.file());
    environment.report_notes(&Printer::Text.notices());
    let by =
        ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| environment.variable(name));
    let ask: AskYesOrNo =
        |question| Box::pin(async move { printer::ask_yes_or_no(&question).await });
    let approved = app::approve(
        &arguments.campaign.options()?,
        &arguments.provider.flags(),
        &NameLookup {
            provider: provider_config(&arguments.provider, &environment).ok(),
            cache_dir: environment.cache_dir(),
            network: NetworkUse::IfNeeded,
            notices: Printer::Text.notices(),
        },
        Environment::can_ask().then_some(ask),
        by,
        app::now(),
    )
    .await?;
    let summary = &approved.summary;
    printer::print(&plan_totals(
        summary,
        app::replaced_rows(summary),
        output_columns(),
        Colours::Off,
    ))?;
    let done = summary.counts().done;
    if done > 0 {
        let page = OutputDir(&summary.campaign().out).report_html();
        printer::print(&format!("{done} already made: {}\n", page.display()))?;
    }
    let by = approved.approval.by.as_deref();
    let by = by.map_or_else(String::new, |by| format!(" by {}", sanitize(by)));
    printer::print(&format!(
        "approved{by}: {} jobs as they are now, {} still to be made for {} credits\n",
        approved.jobs,
        approved.costs.videos,
        approved.costs.range(),
    ))?;
    let run = summary.campaign().command(CommandName::Run).flag(Flag::RequireApproval);
    printer::eprint(&format!("hint: `{run}` makes exactly these\n"));
    Ok(Exit::Success)
}
