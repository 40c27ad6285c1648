//! Switches that the environment can set as well as the command line.

use std::ffi::OsStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command, Error};

/// Reads what a variable says of a switch: yes or no, and nothing else. Some of them spend money, so that a word
/// nobody can be sure of must not count as yes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Switch;

impl TypedValueParser for Switch {
    type Value = bool;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<bool, Error> {
        let text = value.to_string_lossy();
        meaning(&text).ok_or_else(|| {
            // On the command line a switch has no value, so it stands in the environment.
            let variable = argument.and_then(Arg::get_env).map(OsStr::to_string_lossy);
            let message = format!(
                "the variable `{}` is set to `{}`, which is neither yes nor no; it can be one of true, false, \
                 yes, no, on, off, 1, 0\n",
                variable.unwrap_or_default(),
                text.escape_debug(),
            );
            Error::raw(ErrorKind::InvalidValue, message).with_cmd(command)
        })
    }
}

/// A variable with nothing in it is one that is not set, as everywhere in this program.
fn meaning(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" | "" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::Arguments;

    #[test]
    fn a_switch_is_yes_or_no_and_nothing_in_between() {
        for text in ["true", "yes", "on", "1", "YES", " True "] {
            assert_eq!(meaning(text), Some(true), "{text}");
        }
        for text in ["false", "no", "off", "0", "Off", "", " "] {
            assert_eq!(meaning(text), Some(false), "{text}");
        }
        for text in ["maybe", "2", "yess", "-", "tru", "nein"] {
            assert_eq!(meaning(text), None, "{text}");
        }
    }

    /// Whoever adds another must not leave it with a parser that takes everything for yes.
    #[test]
    fn every_switch_that_has_a_variable_reads_it_like_this() {
        let program = Arguments::definition();
        let mut switches = 0;
        for command in program.get_subcommands() {
            for argument in command.get_arguments() {
                let is_switch = matches!(argument.get_action(), clap::ArgAction::SetTrue);
                if !is_switch || argument.get_env().is_none() {
                    continue;
                }
                switches += 1;
                let id = argument.get_id().to_string();
                let variable = argument.get_env().unwrap().to_string_lossy().into_owned();
                let flag = format!("--{}=maybe\u{1b}", argument.get_long().unwrap());
                // As if it took a value on the command line too, for the environment is everybody's.
                let taking = program
                    .clone()
                    .mut_subcommand(command.get_name(), |command| {
                        command.mut_arg(&id, |it| it.action(clap::ArgAction::Set))
                    });
                let line = ["callsheet", command.get_name(), &flag];
                let refused = taking.try_get_matches_from(line).unwrap_err().to_string();
                assert!(refused.contains(&format!("`{variable}`")), "{refused}");
                assert!(refused.contains("`maybe\\u{1b}`"), "{refused}");
            }
        }
        assert!(switches > 20, "{switches}");
    }
}
