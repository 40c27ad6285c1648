//! What can be typed, command by command. Values are checked for their form here; what they mean
//! together is settled in the command's own file.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

use super::argument_groups::{
    AddressArguments, AgainArguments, CampaignArguments, OutputArguments, ProviderArguments,
    SelectionArguments, SpendingArguments, WaitingArguments,
};
use super::catalogue::{persona_genders, voice_genders};
use super::help;
use super::screen_arguments::ScreenArguments;
use super::switch::Switch;
use crate::model::{Credits, JobId, Rate, parse_duration};

/// `0.1.0 (1a2b3c4 2026-11-25)`; without what is in brackets where it was built without its history.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), env!("CALLSHEET_COMMIT"));

/// Turns a sheet of rows into finished avatar videos, and never pays for one twice.
#[derive(Debug, Parser)]
#[command(name = "callsheet", version = VERSION, about, max_term_width = 100, args_override_self = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What stands for the manifest where none was given.
pub(super) const NO_MANIFEST: &str = "(none)";

impl Arguments {
    /// Everything that can be typed.
    pub(super) fn definition() -> clap::Command {
        // The same options as `run`, with a manifest or without.
        let program = Self::command().mut_subcommand("config", |config| {
            config.mut_arg("manifest", |manifest| {
                manifest
                    .required(false)
                    .default_value(NO_MANIFEST)
                    .hide_default_value(true)
            })
        });
        help::with_examples(program)
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Submit, wait, download, report; the same command resumes
    Run(RunArguments),
    /// Show what `run` would do, job by job, and what it costs; spends nothing
    Plan(PlanArguments),
    /// Approve the manifest as it is now, for `run --require-approval`
    Approve(ApproveArguments),
    /// Download what is paid for and outstanding; submits nothing
    Collect(CollectArguments),
    /// Show where the campaign stands; works while a run is going on
    Status(StatusArguments),
    /// Tell everything that happened to one job, and what comes next
    Why(WhyArguments),
    /// Write the results and the page again, from the journal
    Report(ReportArguments),
    /// Show every setting of `run` as it would be, and who says so; secrets are not shown
    Config(RunArguments),
    /// Search the provider's personas
    Personas(PersonasArguments),
    /// Search the provider's voices
    Voices(VoicesArguments),
    /// Write a starter manifest
    Init(InitArguments),
    /// Serve an imitation of the API on this machine
    Sandbox(SandboxArguments),
    /// Print shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Debug, Args)]
pub(super) struct RunArguments {
    #[command(flatten)]
    pub(super) campaign: CampaignArguments,
    #[command(flatten)]
    pub(super) provider: ProviderArguments,
    #[command(flatten)]
    pub(super) selection: SelectionArguments,
    #[command(flatten)]
    pub(super) again: AgainArguments,
    #[command(flatten)]
    pub(super) spending: SpendingArguments,
    #[command(flatten)]
    pub(super) waiting: WaitingArguments,
    /// Submit everything, then leave; `collect` fetches the videos later
    #[arg(long, env = "CALLSHEET_SUBMIT_ONLY", value_parser = Switch, action = ArgAction::SetTrue, hide_env = true, help_heading = "Limits")]
    pub(super) submit_only: bool,
    /// Submit nothing unless `callsheet approve` has approved exactly this manifest
    #[arg(long, env = "CALLSHEET_REQUIRE_APPROVAL", value_parser = Switch, action = ArgAction::SetTrue, hide_env = true, help_heading = "Limits")]
    pub(super) require_approval: bool,
    #[command(flatten)]
    pub(super) output: OutputArguments,
    #[command(flatten)]
    pub(super) screen: ScreenArguments,
}

#[derive(Debug, Args)]
pub(super) struct CollectArguments {
    #[command(flatten)]
    pub(super) campaign: CampaignArguments,
    #[command(flatten)]
    pub(super) provider: ProviderArguments,
    #[command(flatten)]
    pub(super) waiting: WaitingArguments,
    #[command(flatten)]
    pub(super) output: OutputArguments,
    #[command(flatten)]
    pub(super) screen: ScreenArguments,
}

#[derive(Debug, Args)]
pub(super) struct PlanArguments {
    #[command(flatten)]
    pub(super) campaign: CampaignArguments,
    #[command(flatten)]
    pub(super) provider: ProviderArguments,
    #[command(flatten)]
    pub(super) selection: SelectionArguments,
    #[command(flatten)]
    pub(super) again: AgainArguments,
    /// The campaign never spends or promises more credits than this
    #[arg(
        long,
        value_name = "N",
        env = "CALLSHEET_MAX_CREDITS",
        hide_env = true,
        help_heading = "Limits"
    )]
    pub(super) max_credits: Option<Credits>,
    /// What the run submits never costs or promises more credits than this
    #[arg(
        long,
        value_name = "N",
        env = "CALLSHEET_MAX_CREDITS_RUN",
        hide_env = true,
        help_heading = "Limits"
    )]
    pub(super) max_credits_run: Option<Credits>,
    /// Wait for the account's balance, which is otherwise shown if it can be had at once
    #[arg(long, help_heading = "Provider")]
    pub(super) online: bool,
    /// Print JSON
    #[arg(long, help_heading = "Screen")]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ApproveArguments {
    #[command(flatten)]
    pub(super) campaign: CampaignArguments,
    #[command(flatten)]
    pub(super) provider: ProviderArguments,
}

#[derive(Debug, Args)]
pub(super) struct StatusArguments {
    #[command(flatten)]
    pub(super) campaign: CampaignArguments,
    #[command(flatten)]
    pub(super) address: AddressArguments,
    /// Keep showing it until the run that goes on has ended, or Ctrl-C
    #[arg(short, long, help_heading = "Screen")]
    pub(super) watch: bool,
    /// Print JSON
    #[arg(long, help_heading = "Screen")]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct WhyArguments {
    #[command(flatten)]
    pub(super) campaign: CampaignArguments,
    #[command(flatten)]
    pub(super) address: AddressArguments,
    /// The job
    pub(super) job: JobId,
    /// Print JSON
    #[arg(long, help_heading = "Screen")]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches of the command line"
)]
pub(super) struct ReportArguments {
    #[command(flatten)]
    pub(super) campaign: CampaignArguments,
    #[command(flatten)]
    pub(super) address: AddressArguments,
    /// Begin `results.csv` with a byte-order mark, by which Excel knows its encoding
    #[arg(long, env = "CALLSHEET_EXCEL", value_parser = Switch, action = ArgAction::SetTrue, hide_env = true, help_heading = "Output")]
    pub(super) excel: bool,
    /// One report of several output folders, such as shards: MANIFEST and what follows are folders, or one
    /// that holds all shards
    #[arg(long, help_heading = "Shards")]
    pub(super) merge: bool,
    /// Further output folders to merge
    #[arg(value_name = "DIR", requires = "merge")]
    pub(super) more: Vec<PathBuf>,
    /// Write `results.xlsx` as well
    #[arg(long, env = "CALLSHEET_XLSX", value_parser = Switch, action = ArgAction::SetTrue, hide_env = true, help_heading = "Output")]
    pub(super) xlsx: bool,
    /// Write JUnit XML as well
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(super) junit: Option<PathBuf>,
    /// Print the results as JSON too
    #[arg(long, help_heading = "Screen")]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct PersonasArguments {
    #[command(flatten)]
    pub(super) provider: ProviderArguments,
    /// Show only those whose name or description has all these words
    #[arg(long, value_name = "WORDS", help_heading = "Search")]
    pub(super) search: Option<String>,
    /// Show only these: f, m, nb
    #[arg(long, value_name = "GENDER[,..]", value_parser = persona_genders, help_heading = "Search")]
    pub(super) gender: Option<String>,
    /// Show only these: selfie, presenter, other, ...
    #[arg(long, value_name = "STYLE[,..]", help_heading = "Search")]
    pub(super) style: Option<String>,
    /// Show only these: child, teen, adult, senior, ...
    #[arg(long, value_name = "AGE[,..]", help_heading = "Search")]
    pub(super) age: Option<String>,
    /// Show only these: indoor, outdoor, fantasy, other, ...
    #[arg(long, value_name = "LOCATION[,..]", help_heading = "Search")]
    pub(super) location: Option<String>,
    /// Print JSON
    #[arg(long, conflicts_with = "open", help_heading = "Screen")]
    pub(super) json: bool,
    /// Write a page of their pictures and show it
    #[arg(long, help_heading = "Screen")]
    pub(super) open: bool,
}

#[derive(Debug, Args)]
pub(super) struct VoicesArguments {
    #[command(flatten)]
    pub(super) provider: ProviderArguments,
    /// Show only those whose name or accent has all these words
    #[arg(long, value_name = "WORDS", help_heading = "Search")]
    pub(super) search: Option<String>,
    /// Show only these: f, m
    #[arg(long, value_name = "GENDER[,..]", value_parser = voice_genders, help_heading = "Search")]
    pub(super) gender: Option<String>,
    /// Show only these: British, ...
    #[arg(long, value_name = "ACCENT[,..]", help_heading = "Search")]
    pub(super) accent: Option<String>,
    /// Print JSON
    #[arg(long, conflicts_with = "open", help_heading = "Screen")]
    pub(super) json: bool,
    /// Write a page of their samples and show it
    #[arg(long, help_heading = "Screen")]
    pub(super) open: bool,
}

#[derive(Debug, Args)]
pub(super) struct InitArguments {
    /// Where to write it: `.yaml`, `.yml` or `.csv`; `-` is standard output
    #[arg(default_value = "campaign.yaml")]
    pub(super) file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct SandboxArguments {
    /// The port; any that is free if not given
    #[arg(long)]
    pub(super) port: Option<u16>,
    /// Everything random follows from it
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// The balance at the beginning
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1000.0,
        help_heading = "Provider"
    )]
    pub(super) credits: f64,
    /// The shortest and longest time a render takes
    #[arg(long, value_name = "FROM-TO", default_value = "1500ms-5s", value_parser = duration_range, help_heading = "Provider")]
    pub(super) render: (Duration, Duration),
    /// Renders at one time
    #[arg(long, value_name = "N", default_value_t = crate::sandbox::RENDERS_IN_FLIGHT, help_heading = "Provider")]
    pub(super) max_running: usize,
    /// What happens to one job more
    #[arg(
        long,
        value_enum,
        value_name = "ANSWER",
        default_value = "queue",
        help_heading = "Provider"
    )]
    pub(super) overload: Overload,
    /// Submits accepted in a window of time; one more is answered with 429
    #[arg(
        long,
        value_name = "RATE",
        default_value = "10/s",
        help_heading = "Provider"
    )]
    pub(super) submit_limit: Rate,
    /// A file that remembers what was accepted
    #[arg(long, value_name = "FILE")]
    pub(super) state: Option<PathBuf>,
    /// What goes wrong: a YAML file of faults
    #[arg(long, value_name = "FILE", help_heading = "Provider")]
    pub(super) faults: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Overload {
    /// It waits
    Queue,
    /// It is refused with 429
    Reject,
}

fn duration_range(text: &str) -> Result<(Duration, Duration), String> {
    let expected = || "two durations are wanted, such as `2s-5s`".to_owned();
    let (from, to) = text.split_once('-').ok_or_else(expected)?;
    let both = (
        parse_duration(from).map_err(|_| expected())?,
        parse_duration(to).map_err(|_| expected())?,
    );
    (both.0 <= both.1).then_some(both).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::InFlight;

    #[test]
    fn the_definitions_hold_together() {
        Arguments::definition().debug_assert();
    }

    #[test]
    fn the_flags_of_the_contract_are_understood() {
        let line = "callsheet run a.csv --out d --sandbox --submit-rate 15/min --in-flight 3 \
            --downloads 2 --max-credits 12.5 --max-credits-run 5 \
            --confirm-above 0 --allow-partial --require-approval --yes --only a,b --limit 3 --sample 2 --retry-failed \
            --redo-changed --resubmit a --resubmit b --fresh --render-timeout 30m --max-duration 2h \
            --submit-only --max-fail 3% --lock-wait 10m --settle 30s --progress plain \
            --log-format json -v";
        let arguments = Arguments::try_parse_from(line.split_whitespace()).unwrap();
        let Command::Run(run) = arguments.command else {
            panic!("not a run");
        };
        assert_eq!(run.selection.only.len(), 2);
        assert_eq!(run.again.resubmit.len(), 2);
        assert_eq!(run.waiting.lock_wait, Some(Duration::from_secs(600)));
        assert_eq!(
            run.spending.limits(&run.waiting).in_flight,
            Some(InFlight::AtMost(3))
        );
    }

    #[test]
    fn wrong_values_are_refused_before_anything_happens() {
        for line in [
            "callsheet run",
            "callsheet run a.csv --in-flight 0",
            "callsheet run a.csv --submit-rate fast",
            "callsheet run a.csv --max-credits=-1",
            "callsheet run a.csv --max-fail 200%",
            "callsheet run a.csv --faults f.yaml",
            "callsheet run a.csv --render-timeout 5",
            "callsheet sandbox --render 5s-2s",
        ] {
            let parsed = Arguments::try_parse_from(line.split_whitespace());
            assert!(parsed.is_err(), "{line}");
        }
    }
}
