//! The arguments that several commands share.
//!
//! A value's form is checked while it is parsed. Its meaning, together with the environment and the manifest, is
//! resolved by the command.

mod date;
mod groups;
pub(super) mod help;
mod run;
mod screen;
mod shard;

use std::collections::BTreeSet;

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, Command};

pub(super) use self::groups::{
    AddressArguments, CampaignArguments, FailOn, OutputArguments, ProviderArguments,
    RerunArguments, SelectionArguments, SpendingArguments, WaitingArguments, encoding,
};
pub(super) use self::run::{CollectArguments, RunArguments, resume_command};
pub(super) use self::screen::{LogFormat, ProgressStyle, ScreenArguments};
use super::config::{BASE_URL, Environment};

/// Commands without options in the environment.
const COMMANDS_WITHOUT: [&str; 4] = ["init", "sandbox", "completions", "man"];

/// Options that are not read from the environment: they name jobs or files of one execution, choose the form of
/// output, or are secrets, which clap's errors would show.
const OPTIONS_WITHOUT: [&str; 18] = [
    "faults",
    "only_approved",
    "resubmit",
    "redo_rejected",
    "notify",
    "ping",
    "json",
    "online",
    "watch",
    "merge",
    "verbose",
    "search",
    "gender",
    "style",
    "age",
    "location",
    "accent",
    "open",
];

/// Returns the environment variable of the option `id`.
pub(super) fn variable(id: &str) -> String {
    match id {
        "base_url" => BASE_URL.to_owned(),
        id => format!("CALLSHEET_{}", id.to_uppercase()),
    }
}

/// Checks whether an option of `command` can be set by the environment.
fn has_variable(command: &str, argument: &Arg) -> bool {
    let id = argument.get_id().as_str();
    argument.get_long().is_some()
        && !argument.is_hide_set()
        && !OPTIONS_WITHOUT.contains(&id)
        && (command, id) != ("report", "junit")
}

/// Returns the environment variables of all options.
pub(super) fn option_variables(program: &Command) -> BTreeSet<String> {
    let commands = program.get_subcommands().filter(|command| reads_environment(command));
    let of_command = |command: &Command| {
        let options = command.get_arguments().filter(|it| has_variable(command.get_name(), it));
        options.map(|option| variable(option.get_id().as_str())).collect::<Vec<_>>()
    };
    commands.flat_map(of_command).collect()
}

/// Checks whether options of the command can be set by the environment.
pub(super) fn reads_environment(command: &Command) -> bool {
    !COMMANDS_WITHOUT.contains(&command.get_name())
}

/// Lets every option be set by the environment variable of its name: `--submit-rate` by `CALLSHEET_SUBMIT_RATE`. An
/// empty variable counts as not set.
pub(super) fn read_options_from_environment(program: Command) -> Command {
    program.mut_subcommands(|command| {
        if !reads_environment(&command) {
            return command;
        }
        let name = command.get_name().to_owned();
        command.mut_args(|argument| {
            if !has_variable(&name, &argument) {
                return argument;
            }
            let variable = variable(argument.get_id().as_str());
            let is_flag = matches!(argument.get_action(), ArgAction::SetTrue);
            let argument =
                if is_flag { argument.value_parser(BoolishValueParser::new()) } else { argument };
            if is_flag && Environment::real_variable(&variable).is_none() {
                return argument;
            }
            argument.env(variable).hide_env(true)
        })
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser as _;

    use crate::cli::commands::{Arguments, Command, definition};
    use crate::model::InFlight;

    #[test]
    fn the_definitions_are_consistent() {
        definition().debug_assert();
    }

    #[test]
    fn the_documented_options_are_parsed() {
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
        assert_eq!(run.rerun.resubmit.len(), 2);
        assert_eq!(run.waiting.lock_wait, Some(Duration::from_secs(600)));
        assert_eq!(run.spending.limits(&run.waiting).in_flight, Some(InFlight::AtMost(3)));
    }

    #[test]
    fn invalid_values_are_refused() {
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
