//! The `report` command: writes the results and the page again, for one campaign or for several shards.

use std::path::PathBuf;

use clap::Args;

use crate::app::{self, CampaignView};
use crate::cli::args::help::{self, Example};
use crate::cli::args::{AddressArguments, CampaignArguments, encoding};
use crate::cli::config::{Environment, view_request};
use crate::cli::error::Error;
use crate::cli::printer::{self, Printer};
use crate::model::{CommandName, Exit, Flag};
use crate::report::Observer as _;
use crate::report::cost_breakdown::accuracy_table;
use crate::report::files::{ResultFiles, ResultsWriter, write_json};

const EXAMPLES: [Example; 3] = [
    ("callsheet report campaign.csv --xlsx", "as a workbook too"),
    ("callsheet report --merge campaign-output", "of all its shards"),
    ("callsheet report --merge spring-output may-output", "of two campaigns"),
];

#[derive(Debug, Args)]
#[command(after_help = help::examples(&EXAMPLES))]
#[expect(clippy::struct_excessive_bools, reason = "switches of the command line")]
pub(in crate::cli) struct ReportArguments {
    #[command(flatten)]
    pub(in crate::cli) campaign: CampaignArguments,
    #[command(flatten)]
    pub(in crate::cli) address: AddressArguments,
    /// Write `results.csv` as Excel opens it: with a byte-order mark, and with the semicolons of the sheet
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) excel: bool,
    /// One report of several output folders, such as shards: MANIFEST and what follows are folders, or one
    /// that holds all shards
    #[arg(long, help_heading = "Shards")]
    pub(in crate::cli) merge: bool,
    /// Further output folders to merge
    #[arg(value_name = "DIR", requires = "merge")]
    pub(in crate::cli) more: Vec<PathBuf>,
    /// Write `results.xlsx` as well
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) xlsx: bool,
    /// Write JUnit XML as well
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) junit: Option<PathBuf>,
    /// Print the results as JSON too
    #[arg(long, help_heading = "Screen")]
    pub(in crate::cli) json: bool,
}

/// Executes `callsheet report`.
pub(super) async fn report(arguments: &ReportArguments) -> Result<Exit, Error> {
    let campaign = &arguments.campaign;
    let environment = Environment::read(campaign.manifest.file());
    let summary = if arguments.merge {
        let first = campaign.manifest.file().ok_or_else(|| {
            Error::usage_with_hint(
                format!("`{}` merges output folders, not sheets", Flag::Merge),
                "give the output folders of the campaigns",
            )
        })?;
        let mut folders = vec![first.to_owned()];
        folders.extend_from_slice(&arguments.more);
        app::merge(&folders, campaign.out.clone(), &Printer::Text.notices())?
    } else {
        let request =
            view_request(CommandName::Report, campaign, &arguments.address, &environment)?;
        let view = CampaignView::open(&request).await?;
        if !view.has_journal {
            let out = view.summary.campaign().out.display();
            return Err(Error::usage_with_hint(
                format!("there is no journal in `{out}`, so nothing was written"),
                format!("give the folder of an earlier run with `{} DIR`", Flag::Out),
            ));
        }
        view.summary
    };
    let out = &summary.campaign().out;
    let files = ResultFiles {
        encoding: encoding(arguments.excel),
        workbook: arguments.xlsx,
        junit: arguments.junit.clone(),
    };
    let written = ResultsWriter::new(&summary, files).finish(&summary);
    written.map_err(app::Error::io(format!("cannot write the results to `{}`", out.display())))?;
    if arguments.json {
        printer::print_with(|output| write_json(&summary, output))?;
    } else {
        printer::print(&accuracy_table(&summary, Environment::output_colours()))?;
        let workbook = arguments.xlsx.then_some("results.xlsx");
        let files = ["results.csv", "results.json", "report.html"];
        for file in files.into_iter().chain(workbook) {
            printer::print(&format!("{}\n", out.join(file).display()))?;
        }
    }
    Ok(Exit::Success)
}
