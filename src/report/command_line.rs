//! Command lines that are printed.

use std::fmt;

use crate::model::{CommandName, Flag};
use crate::util::text::shell_quote;

/// A command line that can be pasted into a POSIX shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine(Vec<String>);

impl CommandLine {
    /// Returns a command without arguments.
    pub fn new(name: CommandName) -> Self {
        Self(vec!["callsheet".to_owned(), name.to_string()])
    }

    /// Adds an argument.
    #[must_use]
    pub fn argument(mut self, value: impl fmt::Display) -> Self {
        self.0.push(value.to_string());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn arguments(mut self, arguments: &[String]) -> Self {
        self.0.extend_from_slice(arguments);
        self
    }

    /// Adds an option without a value.
    #[must_use]
    pub fn flag(self, flag: Flag) -> Self {
        self.argument(flag)
    }

    /// Adds an option with a value.
    #[must_use]
    pub fn option(self, flag: Flag, value: impl fmt::Display) -> Self {
        self.argument(flag).argument(value)
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(|word| shell_quote(word)).collect();
        formatter.write_str(&words.join(" "))
    }
}
