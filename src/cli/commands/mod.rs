//! The commands: their arguments, and one function for each.
//!
//! A new command is a file here, and a variant with its arm below. Its use case, if it has one, belongs to `app`.

mod approve;
mod catalogue;
mod completions;
mod config;
mod doctor;
mod init;
mod plan;
mod report;
mod run;
mod sandbox;
mod status;
mod studio;
mod why;

use clap::{ArgMatches, CommandFactory as _, Parser, Subcommand};

use self::completions::{CompletionsArguments, ManArguments};
use super::args::help::{self, Example};
use super::args::{CollectArguments, RunArguments, read_options_from_environment};
use super::error::Error;
use super::printer::Printer;
use crate::app::{Goal, Interrupts};
use crate::model::{Exit, Flag};

/// `0.1.0 (1a2b3c4 2026-11-25)`; the part in brackets is missing in a build without git history.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), env!("CALLSHEET_COMMIT"));

const EXAMPLES: [Example; 5] = [
    ("callsheet init", "write a starter manifest"),
    ("callsheet run campaign.yaml --sandbox", "try it without an account"),
    ("callsheet plan campaign.csv", "what it would make and cost"),
    ("callsheet run campaign.csv", "make the videos, or resume"),
    ("callsheet collect campaign.csv", "fetch what is paid for"),
];

/// Returns the text below the help of the program.
fn after_help() -> String {
    format!(
        "{}\n\n\
         Every option can also be set in the environment: `{}` as CALLSHEET_SUBMIT_RATE.\n\
         Keys come from CREATIFY_API_ID and CREATIFY_API_KEY, in the environment or a `.env` file.",
        help::examples(&EXAMPLES),
        Flag::SubmitRate
    )
}

/// Turns a sheet of rows into finished avatar videos, and never pays for one twice.
#[derive(Debug, Parser)]
#[command(name = "callsheet", version = VERSION, about, max_term_width = 100, args_override_self = true)]
#[command(after_help = after_help())]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Submit, wait, download, report; the same command resumes
    Run(RunArguments),
    /// Show what `run` would do, job by job, and what it costs; spends nothing
    Plan(plan::PlanArguments),
    /// Approve the manifest as it is now, for `run --require-approval`
    Approve(approve::ApproveArguments),
    /// Download what is paid for and outstanding; submits nothing
    Collect(CollectArguments),
    /// Show where the campaign stands; works while a run is going on
    Status(status::StatusArguments),
    /// Show the history of one job and its next step
    Why(why::WhyArguments),
    /// Write the results and the page again, from the journal
    Report(report::ReportArguments),
    /// Prepare, make and review campaigns in a browser on this machine
    Studio(studio::StudioArguments),
    /// Show every setting of `run` with its source; secrets are hidden
    Config(RunArguments),
    /// Check keys, balance, clock, list, catalogue and disk, without cost
    Doctor(doctor::DoctorArguments),
    /// Search the provider's personas
    Personas(catalogue::PersonasArguments),
    /// Search the provider's voices
    Voices(catalogue::VoicesArguments),
    /// Write a starter manifest
    Init(init::InitArguments),
    /// Serve an imitation of the API on this machine
    Sandbox(sandbox::SandboxArguments),
    /// Print shell completions
    Completions(CompletionsArguments),
    /// Print the manual page
    Man(ManArguments),
}

impl Command {
    /// Executes the command. `matches` are the arguments of the whole program. An interrupt ends it: as process 1 of a
    /// container, the program is not ended by signals that it does not handle.
    pub(super) async fn execute(
        self,
        matches: &ArgMatches,
        interrupts: &mut Interrupts,
    ) -> Result<Exit, Error> {
        let own = matches.subcommand().map_or(matches, |(_, own)| own);
        match self {
            Self::Run(arguments) => {
                Box::pin(run::run(arguments, own, Goal::EveryVideo, interrupts)).await
            }
            Self::Collect(arguments) => {
                Box::pin(run::run(arguments.into(), own, Goal::PaidVideos, interrupts)).await
            }
            Self::Sandbox(arguments) => sandbox::sandbox(arguments, interrupts).await,
            Self::Studio(arguments) => Box::pin(studio::studio(arguments, interrupts)).await,
            Self::Plan(arguments) => {
                or_interrupt(interrupts, Box::pin(plan::plan(arguments))).await
            }
            Self::Approve(arguments) => or_interrupt(interrupts, approve::approve(arguments)).await,
            Self::Status(arguments) => or_interrupt(interrupts, status::status(arguments)).await,
            Self::Why(arguments) => or_interrupt(interrupts, why::why(&arguments)).await,
            Self::Report(arguments) => or_interrupt(interrupts, report::report(&arguments)).await,
            Self::Personas(arguments) => {
                or_interrupt(interrupts, catalogue::personas(arguments)).await
            }
            Self::Voices(arguments) => or_interrupt(interrupts, catalogue::voices(arguments)).await,
            Self::Config(arguments) => {
                or_interrupt(interrupts, config::config(&arguments, own, &definition())).await
            }
            Self::Doctor(arguments) => {
                or_interrupt(interrupts, Box::pin(doctor::doctor(arguments))).await
            }
            Self::Init(arguments) => init::init(&arguments),
            Self::Completions(arguments) => completions::completions(&arguments, definition()),
            Self::Man(_) => completions::man(&definition()),
        }
    }

    /// Returns the printer for errors of this command.
    pub(super) fn printer(&self) -> Printer {
        if let Self::Run(RunArguments { screen, .. })
        | Self::Collect(CollectArguments { screen, .. }) = self
        {
            Printer::of(screen.log_format)
        } else {
            Printer::Text
        }
    }
}

/// Waits for a command that may be dropped at any time, or for an interrupt.
async fn or_interrupt(
    interrupts: &mut Interrupts,
    command: impl Future<Output = Result<Exit, Error>>,
) -> Result<Exit, Error> {
    tokio::select! {
        Some(()) = interrupts.recv() => Ok(Exit::Interrupted),
        result = command => match interrupts.try_recv() {
            // It may have failed because of the interrupt.
            Ok(()) if result.is_err() => Ok(Exit::Interrupted),
            _ => result,
        },
    }
}

/// Returns the definition of the whole command line.
pub(super) fn definition() -> clap::Command {
    // `mut_subcommand` would move the command to the end of the help.
    let program = Arguments::command().mut_subcommands(|command| match command.get_name() {
        "config" => config::adapt_definition(command),
        _ => command,
    });
    read_options_from_environment(program)
}
