//! What is said besides the events and the results: notes, warnings and the error at the end. For a person
//! in words, for a program as one JSON object a line, in the form of the events.

use super::arguments::Command;
use super::console;
use super::error::Error;
use super::screen_arguments::LogFormat;
use crate::driver::{Clock as _, SystemClock};
use crate::report::events::{JsonMessage, json_message_line};

/// Whom standard error is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Printer {
    /// A person.
    Text,
    /// A program.
    Json,
    /// Somebody who wants to hear of errors alone.
    Quiet,
}

impl Printer {
    /// What `--log-format` asks for.
    pub(super) const fn of(format: LogFormat) -> Self {
        match format {
            LogFormat::Text => Self::Text,
            LogFormat::Json => Self::Json,
        }
    }

    /// What `command` asks for.
    pub(super) const fn of_command(command: &Command) -> Self {
        match command {
            Command::Run(arguments) => Self::of(arguments.screen.log_format),
            Command::Collect(arguments) => Self::of(arguments.screen.log_format),
            Command::Plan(_)
            | Command::Approve(_)
            | Command::Status(_)
            | Command::Why(_)
            | Command::Report(_)
            | Command::Personas(_)
            | Command::Voices(_)
            | Command::Init(_)
            | Command::Sandbox(_)
            | Command::Config(_)
            | Command::Completions { .. }
            | Command::Man => Self::Text,
        }
    }

    /// Something worth knowing though nothing is wrong.
    pub(super) fn note(self, message: &str) {
        match self {
            Self::Text => console::tell(&format!("note: {message}\n")),
            Self::Json => tell(JsonMessage::Note { message }),
            Self::Quiet => {}
        }
    }

    /// Something that may be wrong.
    pub(super) fn warning(self, message: &str) {
        match self {
            Self::Text => console::tell(&format!("warning: {message}\n")),
            Self::Json => tell(JsonMessage::Warning { message }),
            Self::Quiet => {}
        }
    }

    /// What ends the program.
    pub(super) fn error(self, error: &Error) {
        match self {
            Self::Text | Self::Quiet => console::tell(&error.render()),
            Self::Json => tell(JsonMessage::Error {
                message: &error.message(),
                hints: &error.hints(),
                exit_code: error.exit().code(),
            }),
        }
    }
}

fn tell(remark: JsonMessage<'_>) {
    let now = SystemClock::new().now();
    console::tell(&format!("{}\n", json_message_line(now, remark)));
}
