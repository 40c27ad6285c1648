//! The `status` command: where a campaign stands.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use clap::Args;

use crate::app::{CampaignView, Notices};
use crate::cli::args::help::{self, Example};
use crate::cli::args::{AddressArguments, CampaignArguments};
use crate::cli::config::{Environment, view_request};
use crate::cli::error::Error;
use crate::cli::printer;
use crate::model::{CommandName, Exit};
use crate::report::status::{StatusContext, status_json, status_line, status_screen};
use crate::report::terminal::LiveRegion;
use crate::util::fs::LockState;
use crate::util::json::SafeJson;
use crate::util::style::Colours;

/// The interval between two readings of the journal.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

const EXAMPLES: [Example; 3] = [
    ("callsheet status campaign.csv", "also while it runs"),
    ("callsheet status campaign.csv --watch", "until it has ended"),
    ("callsheet status campaign.csv --shard 2/8", "one part of it"),
];

#[derive(Debug, Args)]
#[command(after_help = help::examples(&EXAMPLES))]
pub(in crate::cli) struct StatusArguments {
    #[command(flatten)]
    pub(in crate::cli) campaign: CampaignArguments,
    #[command(flatten)]
    pub(in crate::cli) address: AddressArguments,
    /// Keep showing it until the active run has ended, or Ctrl-C
    #[arg(short, long, help_heading = "Screen")]
    pub(in crate::cli) watch: bool,
    /// Print JSON
    #[arg(long, help_heading = "Screen")]
    pub(in crate::cli) json: bool,
}

/// Executes `callsheet status`.
pub(super) async fn status(arguments: StatusArguments) -> Result<Exit, Error> {
    let environment = Environment::read(arguments.campaign.manifest.file());
    if arguments.watch {
        return watch(&arguments, &environment).await;
    }
    let request =
        view_request(CommandName::Status, &arguments.campaign, &arguments.address, &environment)?;
    let campaign = CampaignView::open(&request).await?;
    let view = view(&campaign, Environment::output_colours());
    if arguments.json {
        printer::print_json(&status_json(&campaign.summary, view))?;
    } else {
        printer::print_status(&status_screen(&campaign.summary, view))?;
    }
    // Freeing 100,000 jobs one by one would only delay the end of the process.
    std::mem::forget(campaign);
    Ok(Exit::Success)
}

/// Shows the status until the active run has ended, or Ctrl-C: redrawn in place on a terminal, else a line for each
/// change.
async fn watch(arguments: &StatusArguments, environment: &Environment) -> Result<Exit, Error> {
    let is_redrawn = io::stdout().is_terminal() && !arguments.json;
    let mut screen = is_redrawn.then(LiveRegion::on_output);
    let mut last = String::new();
    let colours = Environment::output_colours();
    let mut request =
        view_request(CommandName::Status, &arguments.campaign, &arguments.address, environment)?;
    let mut campaign = CampaignView::open(&request).await?;
    // The same notes would be repeated.
    request.lookup.notices = Notices::discard();
    loop {
        let is_over = campaign.lock != LockState::Held;
        match &mut screen {
            Some(screen) if is_over => screen.clear(),
            Some(screen) => {
                let text = status_screen(&campaign.summary, view(&campaign, colours));
                screen.show(text.lines().map(str::to_owned));
            }
            None => match print_change(&campaign, arguments.json, &mut last, colours) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    return Ok(Exit::Success);
                }
                printed => printed.map_err(printer::output_error)?,
            },
        }
        if is_over {
            if !arguments.json {
                // A new view has estimates calibrated with the finished run.
                let campaign = CampaignView::open(&request).await?;
                let view = view(&campaign, colours);
                printer::print_status(&status_screen(&campaign.summary, view))?;
            }
            return Ok(Exit::Success);
        }
        #[expect(clippy::disallowed_methods, reason = "polls the journal")]
        let pause = tokio::time::sleep(WATCH_INTERVAL);
        pause.await;
        if campaign.refresh()?.is_none() {
            campaign = CampaignView::open(&request).await?;
        }
    }
}

fn view(campaign: &CampaignView, colours: Colours) -> StatusContext {
    StatusContext { now: campaign.now, lock: campaign.lock, colours }
}

/// Prints the status unless only the time has changed since `last`.
fn print_change(
    campaign: &CampaignView,
    is_json: bool,
    last: &mut String,
    colours: Colours,
) -> io::Result<()> {
    let summary = &campaign.summary;
    let state = format!("{:?} {:?} {:?}", summary.last(), summary.counts(), campaign.lock);
    if state == *last {
        return Ok(());
    }
    *last = state;
    let view = view(campaign, colours);
    printer::write_output(|output| {
        if is_json {
            writeln!(SafeJson(output), "{}", status_json(summary, view))
        } else {
            output.write_all(printer::shown_on_output(&status_line(summary, view)).as_bytes())
        }
    })
}
