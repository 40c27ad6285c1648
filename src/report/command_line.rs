//! Command lines that are printed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{CommandName, Flag};
use crate::util::text::shell_quote;

/// A command line that can be pasted into a POSIX shell, or arguments at the end of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandLine(Vec<String>);

impl CommandLine {
    /// Returns a command without arguments. [`default`](Self::default) has no command either.
    pub fn new(name: CommandName) -> Self {
        Self(vec!["callsheet".to_owned(), name.to_string()])
    }

    /// Adds an argument. A file whose name begins with a dash gets its folder, so that it is not taken for an option.
    #[must_use]
    pub fn argument(self, value: impl fmt::Display) -> Self {
        let value = value.to_string();
        let is_like_option = value.len() > 1 && value.starts_with('-');
        self.word(if is_like_option { format!("./{value}") } else { value })
    }

    fn word(mut self, word: impl fmt::Display) -> Self {
        self.0.push(word.to_string());
        self
    }

    /// Adds the arguments of `other`.
    #[must_use]
    pub fn arguments(mut self, other: &Self) -> Self {
        self.0.extend_from_slice(&other.0);
        self
    }

    /// Adds an option without a value.
    #[must_use]
    pub fn flag(self, flag: Flag) -> Self {
        self.word(flag)
    }

    /// Adds an option without a value if `is_set`.
    #[must_use]
    pub fn flag_if(self, flag: Flag, is_set: bool) -> Self {
        if is_set { self.flag(flag) } else { self }
    }

    /// Adds an option with a value.
    #[must_use]
    pub fn option(self, flag: Flag, value: impl fmt::Display) -> Self {
        self.word(flag).word(value)
    }

    /// Sets an option with a value, which replaces an earlier one.
    #[must_use]
    pub(crate) fn set(mut self, flag: Flag, value: impl fmt::Display) -> Self {
        if let Some(place) = self.0.iter().position(|word| *word == flag.as_str()) {
            self.0.drain(place..self.0.len().min(place + 2));
        }
        self.option(flag, value)
    }

    /// Checks whether there is this option.
    pub(super) fn has(&self, flag: Flag) -> bool {
        self.0.contains(&flag.to_string())
    }

    /// Adds an option with a value if there is one.
    #[must_use]
    pub fn option_if(self, flag: Flag, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.option(flag, value),
            None => self,
        }
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(|word| shell_quote(word)).collect();
        formatter.write_str(&words.join(" "))
    }
}
