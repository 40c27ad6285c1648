//! The `why` command: everything that happened to one job.

use clap::Args;

use crate::app::CampaignView;
use crate::cli::args::help::{self, Example};
use crate::cli::args::{AddressArguments, CampaignArguments};
use crate::cli::config::{Environment, view_request};
use crate::cli::error::Error;
use crate::cli::printer;
use crate::model::{CommandName, Exit, JobId};
use crate::report::events::{explain, explain_json};

const EXAMPLES: [Example; 2] = [
    ("callsheet why campaign.csv spring-1", "its story so far"),
    ("callsheet why campaign.csv spring-1 --json", "for a program"),
];

#[derive(Debug, Args)]
#[command(after_help = help::examples(&EXAMPLES))]
pub(in crate::cli) struct WhyArguments {
    #[command(flatten)]
    pub(in crate::cli) campaign: CampaignArguments,
    #[command(flatten)]
    pub(in crate::cli) address: AddressArguments,
    /// The job: its id, its row in the sheet (`5`), or a cell of it (`A5`)
    pub(in crate::cli) job: JobId,
    /// Print JSON
    #[arg(long, help_heading = "Screen")]
    pub(in crate::cli) json: bool,
}

/// Executes `callsheet why`.
pub(super) async fn why(arguments: &WhyArguments) -> Result<Exit, Error> {
    let environment = Environment::read(arguments.campaign.manifest.file());
    let request =
        view_request(CommandName::Status, &arguments.campaign, &arguments.address, &environment)?;
    let campaign = CampaignView::open(&request).await?;
    let (job, entries) = campaign.job_history(&arguments.job)?;
    if arguments.json {
        let explain = explain_json(&campaign.summary, &entries, job).unwrap_or_default();
        printer::print_json(&explain)?;
    } else {
        let explain = explain(&campaign.summary, &entries, job, campaign.now).unwrap_or_default();
        printer::print_wrapped(&explain)?;
    }
    Ok(Exit::Success)
}
