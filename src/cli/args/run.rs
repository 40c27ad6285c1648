//! The arguments of `run` and `collect`, and those that a shown command repeats so that pasting it resumes the same
//! campaign within the same limits.

use std::ffi::OsStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

use super::help::{self, Example};
use super::{
    CampaignArguments, OutputArguments, ProviderArguments, RerunArguments, ScreenArguments,
    SelectionArguments, SpendingArguments, WaitingArguments,
};
use crate::app::ResumeCommand;
use crate::model::{Duplicates, Flag};
use crate::report::CommandLine;

const EXAMPLES: [Example; 3] = [
    ("callsheet run campaign.csv --sandbox", "no account, no cost"),
    ("callsheet run campaign.csv --max-credits 250", "and no more"),
    ("callsheet run campaign.csv --sample 3", "three of them first"),
];

#[derive(Debug, Args)]
#[command(after_help = help::examples(&EXAMPLES))]
#[expect(clippy::struct_excessive_bools, reason = "switches of the command line")]
pub(in crate::cli) struct RunArguments {
    #[command(flatten)]
    pub(in crate::cli) campaign: CampaignArguments,
    #[command(flatten)]
    pub(in crate::cli) provider: ProviderArguments,
    /// Continue a campaign whose videos were paid for with another API id or at another address: they
    /// are in this account now
    #[arg(long, help_heading = "Provider")]
    pub(in crate::cli) move_account: bool,
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
    /// Rows whose video another campaign has paid for, such as those of a copied sheet: ask on a terminal
    /// and stop without one, use that video and pay nothing, pay once more, or stop
    #[arg(long, value_name = "CHOICE", default_value = "ask", value_parser = duplicates(), help_heading = "Paying again")]
    pub(in crate::cli) duplicates: Duplicates,
    /// Submit nothing unless `callsheet approve` has approved exactly this manifest
    #[arg(long, help_heading = "Limits")]
    pub(in crate::cli) require_approval: bool,
    /// `--all-dates` of `collect`.
    #[arg(skip)]
    pub(in crate::cli) all_dates: bool,
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
    /// Fetch what the other days of a campaign with `{{ date }}` have left in the output folder, too
    #[arg(long)]
    pub(in crate::cli) all_dates: bool,
    #[command(flatten)]
    pub(in crate::cli) provider: ProviderArguments,
    /// Continue a campaign whose videos were paid for with another API id or at another address: they
    /// are in this account now
    #[arg(long, help_heading = "Provider")]
    pub(in crate::cli) move_account: bool,
    #[command(flatten)]
    pub(in crate::cli) waiting: WaitingArguments,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArguments,
    #[command(flatten)]
    pub(in crate::cli) screen: ScreenArguments,
}

impl From<CollectArguments> for RunArguments {
    fn from(arguments: CollectArguments) -> Self {
        let CollectArguments {
            campaign,
            all_dates,
            provider,
            move_account,
            waiting,
            output,
            screen,
        } = arguments;
        Self {
            campaign,
            provider,
            move_account,
            selection: SelectionArguments::default(),
            rerun: RerunArguments::default(),
            spending: SpendingArguments::default(),
            waiting,
            submit_only: false,
            duplicates: Duplicates::default(),
            require_approval: false,
            all_dates,
            output,
            screen,
        }
    }
}

/// The options that a resuming command repeats, so that it works within the same limits. Addresses of notifications are
/// secrets, and `--only-failed` selects by state.
const REPEATED: [Flag; 30] = [
    Flag::AllDates,
    Flag::Only,
    Flag::Limit,
    Flag::Sample,
    Flag::OnlyApproved,
    Flag::SubmitRate,
    Flag::InFlight,
    Flag::MaxCredits,
    Flag::MaxCreditsRun,
    Flag::ConfirmAbove,
    Flag::AllowPartial,
    Flag::MaxFail,
    Flag::PollRate,
    Flag::PollInterval,
    Flag::RenderTimeout,
    Flag::MaxDuration,
    Flag::Settle,
    Flag::LockWait,
    Flag::Downloads,
    Flag::SubmitOnly,
    Flag::Duplicates,
    Flag::RequireApproval,
    Flag::RequireProof,
    Flag::Patience,
    Flag::Excel,
    Flag::Xlsx,
    Flag::Junit,
    Flag::Metrics,
    Flag::FailOn,
    Flag::NotifyOn,
];

/// The options that act once.
const ONE_SHOT: [Flag; 8] = [
    Flag::OnlyFailed,
    Flag::RetryFailed,
    Flag::RedoChanged,
    Flag::Resubmit,
    Flag::RedoRejected,
    Flag::Fresh,
    Flag::MoveAccount,
    Flag::WithoutList,
];

/// Returns the parser of `--duplicates`.
fn duplicates() -> impl TypedValueParser<Value = Duplicates> {
    let choices = PossibleValuesParser::new(Duplicates::ALL.map(Duplicates::as_str));
    choices.map(|name| {
        let mut all = Duplicates::ALL.into_iter();
        all.find(|choice| choice.as_str() == name).unwrap_or_default()
    })
}

/// Returns what a command that resumes `run` or `collect` repeats. `matches` are the command's arguments.
pub(in crate::cli) fn resume_command(
    provider: &ProviderArguments,
    matches: &ArgMatches,
    is_collect: bool,
) -> ResumeCommand {
    ResumeCommand {
        provider: provider.flags().arguments(provider.sandbox),
        limits: given(matches, &REPEATED),
        one_shot: given(matches, &ONE_SHOT),
        is_collect,
    }
}

/// Returns those of `flags` that the command has and that were given, as they were given.
fn given(matches: &ArgMatches, flags: &[Flag]) -> CommandLine {
    flags.iter().fold(CommandLine::default(), |line, flag| {
        let id = flag.as_str().trim_start_matches('-').replace('-', "_");
        if let Ok(is_set) = matches.try_get_one::<bool>(&id) {
            return line.flag_if(*flag, is_set.copied().unwrap_or_default());
        }
        // A default is not repeated.
        if matches!(matches.try_contains_id(&id), Ok(true))
            && matches.value_source(&id) == Some(ValueSource::DefaultValue)
        {
            return line;
        }
        let Some(values) = matches.try_get_raw(&id).ok().flatten() else {
            return line;
        };
        let values: Vec<_> = values.map(OsStr::to_string_lossy).collect();
        // The value of some options may be left out.
        if values.is_empty() { line.flag(*flag) } else { line.option(*flag, values.join(",")) }
    })
}

#[cfg(test)]
mod tests {
    use clap::{Arg, FromArgMatches as _};

    use super::*;
    use crate::cli::commands::definition;
    use crate::model::CommandName;
    use crate::report::Campaign;

    fn parse(line: &str) -> (RunArguments, ResumeCommand) {
        let matches = definition().try_get_matches_from(line.split(' ')).unwrap();
        let (name, own) = matches.subcommand().unwrap();
        let arguments = RunArguments::from_arg_matches(own).unwrap();
        let resume = resume_command(&arguments.provider, own, name == "collect");
        (arguments, resume)
    }

    fn command(line: &str) -> String {
        let (arguments, resume) = parse(line);
        resume.command(&arguments.campaign.options().unwrap())
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
            "callsheet run a.csv --out d --shard 2/8 --share --date 2026-11-24 --delimiter tab --encoding gbk --column persona=Who --column music= --allow-outside --skip-invalid --suspicious allow --sandbox --limit 3",
            "callsheet run a.csv --only-approved --redo-rejected",
            "callsheet run a.csv --shard 1/8 --profile p --base-url http://h:1 --only a,b --sample 2 --only-approved m.csv \
             --submit-rate 15/min --in-flight 3 --max-credits 12.5 --max-credits-run 5 \
             --confirm-above 0 --allow-partial --max-fail 3% --poll-rate 2/s --poll-interval 250ms \
             --render-timeout 30m --max-duration 2h --settle 90s --lock-wait 10m --downloads 2 \
             --submit-only --duplicates reuse --require-approval --excel --xlsx --junit j.xml --metrics m.prom --fail-on any --notify-on trouble --only-failed --retry-failed --redo-changed \
             --resubmit a,b --redo-rejected m.csv --fresh --move-account",
        ] {
            assert_eq!(command(line), line);
        }
    }

    #[test]
    fn one_shot_options_are_not_repeated_afterwards() {
        let line =
            "callsheet run a.csv --retry-failed --redo-changed --fresh --resubmit a --limit 2";
        let mut campaign = Campaign::new("", "a.csv".into(), "o".into(), Vec::new());
        parse(line).1.apply(&mut campaign);
        assert_eq!(campaign.resume_command().to_string(), "callsheet run a.csv --limit 2");
    }

    #[test]
    fn secrets_and_display_options_are_left_out() {
        let line = "callsheet run a.csv -q --json --yes --notify https://h/secret --base-url http://u:secret@h";
        let shown = command(line);
        assert!(!shown.contains("secret"), "{shown}");
        assert!(shown.starts_with("callsheet run a.csv --base-url"), "{shown}");
    }
}
