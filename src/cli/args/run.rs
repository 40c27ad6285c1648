//! The arguments of `run` and `collect`, and those that a shown command repeats so that pasting it resumes the same
//! campaign within the same limits.

use std::time::Duration;

use clap::Args;

use super::help::{self, Example};
use super::{
    CampaignArguments, OutputArguments, ProviderArguments, RerunArguments, ScreenArguments,
    SelectionArguments, SpendingArguments, WaitingArguments,
};
use crate::app::{ResumeCommand, push_flag, push_option};
use crate::model::Flag;

const EXAMPLES: [Example; 3] = [
    ("callsheet run campaign.csv --sandbox", "no account, no cost"),
    ("callsheet run campaign.csv --max-credits 250", "and no more"),
    ("callsheet run campaign.csv --sample 3", "three of them first"),
];

#[derive(Debug, Args)]
#[command(after_help = help::examples(&EXAMPLES))]
pub(in crate::cli) struct RunArguments {
    #[command(flatten)]
    pub(in crate::cli) campaign: CampaignArguments,
    #[command(flatten)]
    pub(in crate::cli) provider: ProviderArguments,
    #[command(flatten)]
    pub(in crate::cli) selection: SelectionArguments,
    #[command(flatten)]
    pub(in crate::cli) rerun: RerunArguments,
    #[command(flatten)]
    pub(in crate::cli) spending: SpendingArguments,
    #[command(flatten)]
    pub(in crate::cli) waiting: WaitingArguments,
    /// Submit everything, then leave; `collect` fetches the videos later
    #[arg(long, help_heading = "Limits")]
    pub(in crate::cli) submit_only: bool,
    /// Submit nothing unless `callsheet approve` has approved exactly this manifest
    #[arg(long, help_heading = "Limits")]
    pub(in crate::cli) require_approval: bool,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArguments,
    #[command(flatten)]
    pub(in crate::cli) screen: ScreenArguments,
}

const COLLECT_EXAMPLES: [Example; 2] = [
    ("callsheet collect campaign.csv", "in the morning"),
    ("callsheet collect nightly.yaml --date yesterday", "what the night left"),
];

#[derive(Debug, Args)]
#[command(after_help = help::examples(&COLLECT_EXAMPLES))]
pub(in crate::cli) struct CollectArguments {
    #[command(flatten)]
    pub(in crate::cli) campaign: CampaignArguments,
    #[command(flatten)]
    pub(in crate::cli) provider: ProviderArguments,
    #[command(flatten)]
    pub(in crate::cli) waiting: WaitingArguments,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArguments,
    #[command(flatten)]
    pub(in crate::cli) screen: ScreenArguments,
}

/// Returns what a command that resumes `run` repeats.
pub(in crate::cli) fn resume_command(arguments: &RunArguments) -> ResumeCommand {
    let RunArguments {
        campaign: _,
        provider,
        selection,
        rerun,
        spending,
        waiting,
        submit_only,
        require_approval,
        output,
        screen: _,
    } = arguments;
    let mut limits = Vec::new();
    push_selection(&mut limits, selection);
    push_spending(&mut limits, spending);
    push_waiting(&mut limits, waiting);
    push_flag(&mut limits, Flag::SubmitOnly, *submit_only);
    push_flag(&mut limits, Flag::RequireApproval, *require_approval);
    push_output(&mut limits, output);
    ResumeCommand {
        provider: provider.flags().arguments(provider.sandbox),
        limits,
        once: one_shot_options(selection, rerun),
        is_collect: false,
    }
}

/// Returns what a command that resumes `collect` repeats.
pub(in crate::cli) fn collect_command(arguments: &CollectArguments) -> ResumeCommand {
    let mut limits = Vec::new();
    push_waiting(&mut limits, &arguments.waiting);
    push_output(&mut limits, &arguments.output);
    let provider = &arguments.provider;
    ResumeCommand {
        provider: provider.flags().arguments(provider.sandbox),
        limits,
        once: Vec::new(),
        is_collect: true,
    }
}

/// Adds the selection. `--only-failed` selects by state, so it is a one-shot option.
fn push_selection(words: &mut Vec<String>, selection: &SelectionArguments) {
    let SelectionArguments { only, limit, sample, only_failed: _, only_approved } = selection;
    let all = (!only.is_empty()).then(|| only.join(","));
    push_option(words, Flag::Only, all);
    push_option(words, Flag::Limit, limit.as_ref());
    push_option(words, Flag::Sample, sample.as_ref());
    let approved = only_approved.as_ref().map(|path| path.display());
    push_option(words, Flag::OnlyApproved, approved);
}

/// Adds the output files. The addresses of notifications are secrets and left out.
fn push_output(words: &mut Vec<String>, output: &OutputArguments) {
    push_flag(words, Flag::Excel, output.excel);
    push_flag(words, Flag::Xlsx, output.xlsx);
    let junit = output.junit.as_ref().map(|path| path.display());
    push_option(words, Flag::Junit, junit);
}

fn push_spending(words: &mut Vec<String>, spending: &SpendingArguments) {
    push_option(words, Flag::SubmitRate, spending.submit_rate);
    push_option(words, Flag::InFlight, spending.in_flight);
    push_option(words, Flag::MaxCredits, spending.max_credits);
    push_option(words, Flag::MaxCreditsRun, spending.max_credits_run);
    push_option(words, Flag::ConfirmAbove, spending.confirm_above);
    push_flag(words, Flag::AllowPartial, spending.allow_partial);
    push_option(words, Flag::MaxFail, spending.max_fail);
}

fn push_waiting(words: &mut Vec<String>, waiting: &WaitingArguments) {
    push_option(words, Flag::PollRate, waiting.poll_rate);
    for (flag, time) in [
        (Flag::PollInterval, waiting.poll_interval),
        (Flag::RenderTimeout, waiting.render_timeout),
        (Flag::MaxDuration, waiting.max_duration),
        (Flag::Settle, waiting.settle),
        (Flag::LockWait, waiting.lock_wait),
    ] {
        push_option(words, flag, time.map(format_duration));
    }
    push_option(words, Flag::Downloads, waiting.downloads);
}

fn one_shot_options(selection: &SelectionArguments, again: &RerunArguments) -> Vec<String> {
    let mut words = Vec::new();
    push_flag(&mut words, Flag::OnlyFailed, selection.only_failed);
    push_flag(&mut words, Flag::RetryFailed, again.retry_failed);
    push_flag(&mut words, Flag::RedoChanged, again.redo_changed);
    for job in &again.resubmit {
        push_option(&mut words, Flag::Resubmit, Some(job));
    }
    let rejected = again.redo_rejected.as_ref().map(|path| path.display());
    push_option(&mut words, Flag::RedoRejected, rejected);
    push_flag(&mut words, Flag::Fresh, again.fresh);
    words
}

/// Formats a duration in the largest unit without a remainder.
fn format_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    [("h", 3_600_000), ("m", 60_000), ("s", 1000)]
        .into_iter()
        .find(|(_, unit)| millis > 0 && millis.is_multiple_of(*unit))
        .map_or_else(|| format!("{millis}ms"), |(name, unit)| format!("{}{name}", millis / unit))
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Parser as _};

    use super::*;
    use crate::cli::commands::{Arguments, Command, definition};
    use crate::model::CommandName;
    use crate::report::Campaign;

    fn run(line: &str) -> RunArguments {
        let parsed = Arguments::try_parse_from(line.split(' ')).unwrap();
        let Command::Run(arguments) = parsed.command else {
            panic!("not a run");
        };
        arguments
    }

    fn command(line: &str) -> String {
        let arguments = run(line);
        resume_command(&arguments).command(&arguments.campaign.options().unwrap())
    }

    #[test]
    fn commands_and_options_in_messages_exist() {
        let program = definition();
        for name in CommandName::ALL {
            let command = program.find_subcommand(name.as_str());
            assert!(command.is_some(), "{name}");
        }
        for flag in Flag::ALL {
            let is_flag = |argument: &Arg| {
                let name = argument.get_long().map(|name| format!("--{name}"));
                name.as_deref() == Some(flag.as_str())
            };
            let mut arguments = program.get_subcommands().flat_map(clap::Command::get_arguments);
            assert!(arguments.any(is_flag), "{flag}");
        }
    }

    #[test]
    fn a_command_is_repeated_completely_before_anything_was_done() {
        for line in [
            "callsheet run a.csv",
            "callsheet run a.csv --out d --shard 2/8 --share --date 2026-11-24 --delimiter tab --skip-invalid --sandbox --limit 3",
            "callsheet run a.csv --shard 1/8 --profile p --base-url http://h:1 --only a,b --sample 2 --only-approved m.csv \
             --submit-rate 15/min --in-flight 3 --max-credits 12.5 --max-credits-run 5 \
             --confirm-above 0 --allow-partial --max-fail 3% --poll-rate 2/s --poll-interval 250ms \
             --render-timeout 30m --max-duration 2h --settle 90s --lock-wait 10m --downloads 2 \
             --submit-only --require-approval --excel --xlsx --junit j.xml --only-failed --retry-failed --redo-changed \
             --resubmit a --resubmit b --redo-rejected m.csv --fresh",
        ] {
            assert_eq!(command(line), line);
        }
    }

    #[test]
    fn one_shot_options_are_not_repeated_afterwards() {
        let line =
            "callsheet run a.csv --retry-failed --redo-changed --fresh --resubmit a --limit 2";
        let mut campaign = Campaign::new("", "a.csv".into(), "o".into(), Vec::new());
        resume_command(&run(line)).apply(&mut campaign);
        assert_eq!(campaign.resume_command().to_string(), "callsheet run a.csv --limit 2");
    }

    #[test]
    fn secrets_and_display_options_are_left_out() {
        let line = "callsheet run a.csv -q --json --yes --notify https://h/secret --base-url http://u:secret@h";
        let shown = command(line);
        assert!(!shown.contains("secret"), "{shown}");
        assert!(shown.starts_with("callsheet run a.csv --base-url"), "{shown}");
    }

    #[test]
    fn durations_are_formatted_as_they_are_parsed() {
        for text in ["2h", "90m", "90s", "1500ms", "0ms"] {
            assert_eq!(format_duration(crate::model::parse_duration(text).unwrap()), text);
        }
    }
}
