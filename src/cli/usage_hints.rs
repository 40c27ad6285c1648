//! Hints for command lines that cannot be parsed.

use std::path::Path;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::commands::definition;
use super::config::is_set;
use crate::model::{CommandName, Flag, ManifestLocation};
use crate::report::CommandLine;

/// Returns a hint for the command line `words`, which was refused with `error`.
pub(super) fn hint(error: &Error, words: &[String]) -> Option<String> {
    match context(error, ContextKind::InvalidArg) {
        Some(given) if error.kind() == ErrorKind::UnknownArgument => {
            dry_run(given, words).or_else(|| search(given, words))
        }
        Some(option) => variable(option, words),
        None => forgotten_command(context(error, ContextKind::InvalidSubcommand)?),
    }
}

fn context(error: &Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind) {
        Some(ContextValue::String(given)) => Some(given),
        Some(_) | None => None,
    }
}

/// A value that comes from the environment.
fn variable(option: &str, words: &[String]) -> Option<String> {
    let flag = option.split(' ').next()?;
    let (name, is_switch) = variable_of(flag.strip_prefix("--")?)?;
    let is_typed = words.iter().any(|word| word == flag || word.starts_with(&format!("{flag}=")));
    (!is_typed && is_set(&name)).then(|| {
        let words = if is_switch {
            ", where true, false, yes, no, on, off, 1 and 0 are possible"
        } else {
            ""
        };
        format!("the value comes from `{name}` in the environment{words}")
    })
}

/// Returns the variable of an option, and whether the option is a switch.
fn variable_of(option: &str) -> Option<(String, bool)> {
    let program = definition();
    let mut arguments = program.get_subcommands().flat_map(clap::Command::get_arguments);
    let argument = arguments.find(|argument| argument.get_long() == Some(option))?;
    let is_switch = matches!(argument.get_action(), clap::ArgAction::SetTrue);
    Some((argument.get_env()?.to_str()?.to_owned(), is_switch))
}

/// A manifest in place of a command.
fn forgotten_command(given: &str) -> Option<String> {
    is_manifest(given).then(|| {
        format!(
            "`{}` shows what it would make and cost, `{}` makes it",
            CommandLine::new(CommandName::Plan).argument(given),
            CommandLine::new(CommandName::Run).argument(given),
        )
    })
}

/// The name that other programs use for a plan.
fn dry_run(given: &str, words: &[String]) -> Option<String> {
    if given != "--dry-run" {
        return None;
    }
    let manifest = words.iter().find(|word| is_manifest(word));
    let command =
        CommandLine::new(CommandName::Plan).argument(manifest.map_or("MANIFEST", String::as_str));
    Some(format!("`{command}` shows what it would make and cost, and spends nothing"))
}

/// A search term without `--search`.
fn search(given: &str, words: &[String]) -> Option<String> {
    let mut searches = [CommandName::Personas, CommandName::Voices].into_iter();
    let command =
        searches.find(|command| words.first().is_some_and(|it| it == command.as_str()))?;
    (!given.starts_with('-')).then(|| {
        let search = CommandLine::new(command).option(Flag::Search, given);
        format!("`{search}` searches for it")
    })
}

fn is_manifest(word: &str) -> bool {
    const MANIFESTS: [&str; 7] = ["csv", "tsv", "yaml", "yml", "xlsx", "xls", "ods"];
    let extension = Path::new(word).extension().unwrap_or_default();
    let is_address = matches!(ManifestLocation::from(word), ManifestLocation::Address(_));
    is_address || MANIFESTS.contains(&&*extension.to_string_lossy().to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint_for(line: &str) -> Option<String> {
        let words: Vec<String> = line.split(' ').skip(1).map(str::to_owned).collect();
        let refused = definition().try_get_matches_from(line.split(' '));
        hint(&refused.unwrap_err(), &words)
    }

    #[test]
    fn common_mistakes_have_hints() {
        for (line, expected) in [
            (
                "callsheet ads.csv",
                "`callsheet plan ads.csv` shows what it would make and cost, `callsheet run ads.csv` makes it",
            ),
            (
                "callsheet run ads.csv --dry-run",
                "`callsheet plan ads.csv` shows what it would make and cost, and spends nothing",
            ),
            (
                "callsheet run --dry-run -",
                "`callsheet plan MANIFEST` shows what it would make and cost, and spends nothing",
            ),
            ("callsheet personas anna", "`callsheet personas --search anna` searches for it"),
            (
                "callsheet voices o'brien",
                "`callsheet voices --search 'o'\\''brien'` searches for it",
            ),
        ] {
            assert_eq!(hint_for(line).as_deref(), Some(expected), "{line}");
        }
        for line in [
            "callsheet rnu ads.csv",
            "callsheet run ads.csv --dance",
            "callsheet personas --anna",
            "callsheet run ads.csv more",
            "callsheet run",
        ] {
            assert_eq!(hint_for(line), None, "{line}");
        }
    }
}
