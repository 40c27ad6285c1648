//! The examples at the end of each `--help`.

use std::fmt::Write as _;

use clap::Command;

/// A command line and what it is for.
type Example = (&'static str, &'static str);

const PROGRAM: [Example; 5] = [
    ("callsheet init", "write a starter manifest"),
    (
        "callsheet run campaign.yaml --sandbox",
        "try it without an account",
    ),
    ("callsheet plan campaign.csv", "what it would make and cost"),
    ("callsheet run campaign.csv", "make the videos, or go on"),
    ("callsheet collect campaign.csv", "fetch what is paid for"),
];

const AFTER_EXAMPLES: &str = "\
Every option can also be set in the environment: `--submit-rate` as CALLSHEET_SUBMIT_RATE.
Keys come from CREATIFY_API_ID and CREATIFY_API_KEY, in the environment or a `.env` file.";

/// By the name of the command.
const COMMANDS: [(&str, &[Example]); 14] = [
    (
        "run",
        &[
            (
                "callsheet run campaign.csv --sandbox",
                "no account, no cost",
            ),
            (
                "callsheet run campaign.csv --max-credits 250",
                "and no more",
            ),
            (
                "callsheet run campaign.csv --sample 3",
                "three of them first",
            ),
        ],
    ),
    (
        "plan",
        &[
            ("callsheet plan campaign.csv", "each job, and its cost"),
            ("callsheet plan campaign.csv --online", "what would be left"),
            (
                "callsheet plan campaign.csv --retry-failed",
                "what that would do",
            ),
        ],
    ),
    (
        "approve",
        &[
            ("callsheet approve campaign.csv", "as it is now"),
            (
                "callsheet run campaign.csv --require-approval",
                "unless edited since",
            ),
        ],
    ),
    (
        "collect",
        &[
            ("callsheet collect campaign.csv", "in the morning"),
            (
                "callsheet collect nightly.yaml --date yesterday",
                "the night's",
            ),
        ],
    ),
    (
        "status",
        &[
            ("callsheet status campaign.csv", "also while it runs"),
            (
                "callsheet status campaign.csv --watch",
                "until it has ended",
            ),
            (
                "callsheet status campaign.csv --shard 2/8",
                "one part of it",
            ),
        ],
    ),
    (
        "why",
        &[
            ("callsheet why campaign.csv spring-1", "its story so far"),
            (
                "callsheet why campaign.csv spring-1 --json",
                "for a program",
            ),
        ],
    ),
    (
        "report",
        &[
            ("callsheet report campaign.csv --xlsx", "as a workbook too"),
            (
                "callsheet report --merge campaign-output",
                "of all its shards",
            ),
            (
                "callsheet report --merge spring-output may-output",
                "of two campaigns",
            ),
        ],
    ),
    (
        "config",
        &[
            ("callsheet config", "by the environment"),
            ("callsheet config campaign.yaml", "and the manifest"),
            (
                "callsheet config campaign.yaml --profile agency",
                "and an account",
            ),
        ],
    ),
    (
        "personas",
        &[
            ("callsheet personas --search anna", "by name or words"),
            (
                "callsheet personas --gender f --age adult --open",
                "their pictures",
            ),
        ],
    ),
    (
        "voices",
        &[
            ("callsheet voices --search british", "by name or accent"),
            ("callsheet voices --gender m --open", "listen to them"),
        ],
    ),
    (
        "init",
        &[
            ("callsheet init spring.yaml", "nothing is asked"),
            ("callsheet init spring.csv", "for a spreadsheet"),
            ("callsheet run spring.yaml --sandbox", "it runs as it is"),
        ],
    ),
    (
        "sandbox",
        &[
            ("callsheet sandbox --port 8080", "until Ctrl-C"),
            (
                "callsheet run ads.csv --base-url http://localhost:8080",
                "use it",
            ),
            (
                "callsheet sandbox --port 8080 --faults faults.yaml",
                "see it fail",
            ),
        ],
    ),
    (
        "completions",
        &[
            ("source <(callsheet completions bash)", "in ~/.bashrc"),
            ("callsheet completions zsh > ~/.zfunc/_callsheet", "once"),
        ],
    ),
    (
        "man",
        &[
            ("callsheet man | man -l -", "read it"),
            ("callsheet man > callsheet.1", "keep it"),
        ],
    ),
];

/// `program` with examples in its help and in that of each command.
pub(super) fn with_examples(mut program: Command) -> Command {
    for (name, examples) in COMMANDS {
        let text = shown(&program, examples);
        program = program.mut_subcommand(name, |command| command.after_help(text));
    }
    let text = shown(&program, &PROGRAM) + "\n\n" + AFTER_EXAMPLES;
    program.after_help(text)
}

/// Under a heading as clap's own, what they are for one below the other.
fn shown(program: &Command, examples: &[Example]) -> String {
    let heading = program.get_styles().get_header();
    let width = examples.iter().map(|(line, _)| line.len()).max();
    let width = width.unwrap_or_default();
    let mut text = format!("{heading}Examples:{heading:#}");
    for (line, purpose) in examples {
        let _ = write!(text, "\n  {line:width$}  {purpose}");
    }
    text
}

/// Every command line among them.
#[cfg(test)]
pub(super) fn lines() -> impl Iterator<Item = &'static str> {
    let of_commands = COMMANDS.iter().flat_map(|(_, examples)| *examples);
    PROGRAM.iter().chain(of_commands).map(|(line, _)| *line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::Arguments;

    #[test]
    fn every_command_has_examples_of_itself() {
        let program = Arguments::definition();
        for command in program.get_subcommands() {
            let name = command.get_name();
            let (_, examples) = COMMANDS.iter().find(|(it, _)| *it == name).unwrap();
            assert!((2..=3).contains(&examples.len()), "{name}");
            let own = format!("callsheet {name}");
            assert!(
                examples.iter().any(|(line, _)| line.contains(&own)),
                "{name}"
            );
        }
    }

    #[test]
    fn no_example_is_broken_on_a_narrow_terminal_or_in_the_manual() {
        let program = Arguments::definition();
        for (name, examples) in COMMANDS.into_iter().chain([("", &PROGRAM[..])]) {
            for line in shown(&program, examples).lines() {
                // What the manual indents by included.
                assert!(line.chars().count() <= 70, "{name}: {line}");
            }
        }
    }
}
