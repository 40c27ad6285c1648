//! The `plan` command: what `run` would do.

use clap::Args;

use crate::app::{self, NameLookup, NetworkUse, Notices, PlanRequest};
use crate::cli::args::help::{self, Example};
use crate::cli::args::{CampaignArguments, ProviderArguments, RerunArguments, SelectionArguments};
use crate::cli::commands::catalogue::open_page;
use crate::cli::config::{Environment, provider_config};
use crate::cli::error::Error;
use crate::cli::printer::{self, Printer};
use crate::model::{CreditCap, Credits, Exit, LimitSettings};
use crate::report::plan::{PlanStyle, plan_page, plan_table, problem_page, write_plan_json};
use crate::report::terminal::output_columns;

const EXAMPLES: [Example; 3] = [
    ("callsheet plan campaign.csv", "each job, and its cost"),
    ("callsheet plan campaign.csv --open", "texts and pictures on a page"),
    ("callsheet plan campaign.csv --online", "what would be left"),
];

#[derive(Debug, Args)]
#[command(after_help = help::examples(&EXAMPLES))]
#[expect(clippy::struct_excessive_bools, reason = "switches of the command line")]
pub(in crate::cli) struct PlanArguments {
    #[command(flatten)]
    pub(in crate::cli) campaign: CampaignArguments,
    #[command(flatten)]
    pub(in crate::cli) provider: ProviderArguments,
    #[command(flatten)]
    pub(in crate::cli) selection: SelectionArguments,
    #[command(flatten)]
    pub(in crate::cli) rerun: RerunArguments,
    /// The campaign never spends or promises more credits than this: a number, or `none`. Runs
    /// without this option keep the cap of the last run that had it
    #[arg(long, value_name = "N|none", help_heading = "Limits")]
    pub(in crate::cli) max_credits: Option<CreditCap>,
    /// What the run submits never costs or promises more credits than this
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub(in crate::cli) max_credits_run: Option<Credits>,
    /// Wait for the account's balance, which is otherwise shown if it can be had at once
    #[arg(long, help_heading = "Provider")]
    pub(in crate::cli) online: bool,
    /// Show the whole text of each job
    #[arg(long, help_heading = "Screen")]
    pub(in crate::cli) texts: bool,
    /// Write a page of all jobs with their texts and pictures, and show it
    #[arg(long, conflicts_with = "json", help_heading = "Screen")]
    pub(in crate::cli) open: bool,
    /// Print JSON
    #[arg(long, help_heading = "Screen")]
    pub(in crate::cli) json: bool,
}

/// Executes `callsheet plan`.
pub(super) async fn plan(arguments: PlanArguments) -> Result<Exit, Error> {
    let environment = Environment::read(arguments.campaign.manifest.file());
    // Standard error of a command for programs has warnings only.
    let printer = if arguments.json { Printer::Warnings } else { Printer::Text };
    environment.report_notes(&printer.notices());
    // The pictures of the sandbox are gone with it.
    let pictures = NameLookup {
        provider: Some(provider_config(&arguments.provider, &environment))
            .filter(|_| !arguments.provider.sandbox)
            .and_then(Result::ok),
        cache_dir: environment.cache_dir(),
        network: NetworkUse::Always,
        notices: printer.notices(),
    };
    let planned =
        app::plan(request(&arguments, &environment, printer.notices())?, app::now()).await;
    if let Err(app::Error::Manifest { problems, .. }) = &planned
        && arguments.open
    {
        let problems = problems.problems().iter();
        let problems: Vec<_> = problems
            .map(|problem| (problem.place(), problem.message(), problem.help_text()))
            .collect();
        // The other rows are shown, too.
        let mut request = request(&arguments, &environment, Notices::discard())?;
        request.campaign.skip_invalid = true;
        let page = match app::plan(request, app::now()).await {
            Ok((summary, context)) => {
                let pictures = pictures.pictures(app::now()).await;
                plan_page(&summary, &context, &pictures, problems)
            }
            Err(_) => problem_page(problems),
        };
        open_page(&environment, "plan.html", &page)?;
    }
    let (summary, context) = planned?;
    if arguments.open {
        let pictures = pictures.pictures(app::now()).await;
        let page = plan_page(&summary, &context, &pictures, Vec::new());
        open_page(&environment, "plan.html", &page)?;
    } else if arguments.json {
        printer::print_with(|output| write_plan_json(&summary, &context, output))?;
    } else {
        let style = PlanStyle {
            has_whole_texts: arguments.texts,
            columns: output_columns(),
            colours: Environment::output_colours(),
        };
        printer::print(&plan_table(&summary, &context, style))?;
    }
    // Freeing 100,000 jobs one by one would only delay the end of the process.
    std::mem::forget(summary);
    Ok(Exit::Success)
}

fn request(
    arguments: &PlanArguments,
    environment: &Environment,
    notices: Notices,
) -> Result<PlanRequest, Error> {
    Ok(PlanRequest {
        campaign: arguments.campaign.options()?,
        provider: provider_config(&arguments.provider, environment),
        provider_flags: arguments.provider.flags(),
        rerun: arguments.rerun.selection(&arguments.selection, &arguments.campaign)?,
        run_options: arguments.rerun.run_options(&arguments.selection),
        selection: arguments.selection.selection(),
        limits: LimitSettings {
            max_credits: arguments.max_credits,
            max_credits_run: arguments.max_credits_run,
            ..LimitSettings::default()
        },
        needs_balance: arguments.online,
        cache_dir: environment.cache_dir(),
        notices,
    })
}
