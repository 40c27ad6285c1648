//! Standard output and standard error.
//!
//! Standard output has results, standard error has notes, warnings and errors: as text for people, or as one JSON object
//! a line in the form of the events.

use std::borrow::Cow;
use std::io::{self, Write as _};

use super::args::LogFormat;
use super::config::Environment;
use super::error::Error;
use crate::app::{self, Notices, Severity};
use crate::report::events::{JsonMessage, json_message_line};
use crate::report::stderr::{self, Stderr};
use crate::report::stdout::Stdout;
use crate::report::terminal::{error_columns, output_columns};
use crate::util::json::SafeJson;
use crate::util::printed;
use crate::util::style::{Colours, Style};
use crate::util::text::wrap;

/// The form of notes, warnings and errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Printer {
    /// Text for people.
    Text,
    /// JSON for programs.
    Json,
    /// Text, without notes.
    Warnings,
    /// Errors alone, as text.
    Quiet,
}

impl Printer {
    /// Returns the printer for `--log-format`.
    pub(super) const fn of(format: LogFormat) -> Self {
        match format {
            LogFormat::Text => Self::Text,
            LogFormat::Json => Self::Json,
        }
    }

    /// Returns a receiver that prints the notes and warnings of a use case.
    pub(super) fn notices(self) -> Notices {
        Notices::new(move |severity, message| self.notice(severity, message))
    }

    /// Prints a note or a warning.
    pub(super) fn notice(self, severity: Severity, message: &str) {
        match (self, severity) {
            (Self::Text, Severity::Note) => print_labelled(&format!("note: {message}\n")),
            (Self::Text | Self::Warnings, Severity::Warning) => {
                print_labelled(&format!("warning: {message}\n"));
            }
            (Self::Json, Severity::Note) => print_message(JsonMessage::Note { message }),
            (Self::Json, Severity::Warning) => print_message(JsonMessage::Warning { message }),
            (Self::Warnings, Severity::Note) | (Self::Quiet, _) => {}
        }
    }

    /// Prints the error that ends the program.
    pub(super) fn error(self, error: &Error) {
        match self {
            Self::Text | Self::Warnings | Self::Quiet => print_labelled(&error.render()),
            Self::Json => print_message(JsonMessage::Error {
                message: &error.message(),
                hints: &error.hints(),
                exit_code: error.exit().code(),
            }),
        }
    }
}

/// Prints text whose lines may begin with a label, such as `error:`.
fn print_labelled(text: &str) {
    let (columns, colours) = (error_columns(), Environment::error_colours());
    let text = printed::printable(text, Colours::Off);
    eprint(&lay_out(&text, |line| layout(line, columns, colours)));
}

/// Prints the summary of a run to standard error.
pub(super) fn print_summary(text: &str) {
    eprint(&summary_layout(text, error_columns(), Environment::error_colours()));
}

/// Prints the summary of a campaign to standard output.
///
/// # Errors
/// If it cannot be written.
pub(super) fn print_status(text: &str) -> Result<(), Error> {
    print(&summary_layout(text, output_columns(), Environment::output_colours()))
}

fn lay_out(text: &str, layout: impl Fn(&str) -> String) -> String {
    text.split_inclusive('\n').map(layout).collect()
}

/// Returns a line with its label in colour, and wrapped at words on a terminal.
fn layout(line: &str, columns: Option<usize>, colours: Colours) -> String {
    let label = LABELS.into_iter().find(|(label, _)| line.starts_with(label));
    let Some((label, style)) = label else {
        return line.to_owned();
    };
    let wrapped = columns.map_or_else(|| line.to_owned(), |columns| wrap(line, columns, 0));
    let rest = &wrapped[label.len()..];
    format!("{}{rest}", colours.paint(style, label))
}

/// Returns a summary like [`layout`]. The facts before the first empty line, and indented lines, which are items of lists,
/// are wrapped too.
fn summary_layout(text: &str, columns: Option<usize>, colours: Colours) -> String {
    let facts = text.find("\n\n").map_or(text.len(), |end| end + 1);
    let (facts, rest) = text.split_at(facts);
    let wrapped = |line: &str, indent| columns.map_or(line.to_owned(), |it| wrap(line, it, indent));
    let facts = lay_out(facts, |line| wrapped(line, FACTS_INDENT));
    facts
        + &lay_out(rest, |line| {
            if line.starts_with("  ") {
                wrapped(line, ITEM_INDENT)
            } else {
                layout(line, columns, colours)
            }
        })
}

/// The column of a fact's value behind its label, and the indentation of the further lines of an item.
const FACTS_INDENT: usize = 11;
const ITEM_INDENT: usize = 4;

/// The labels at the beginning of lines, with their colours.
const LABELS: [(&str, Style); 4] = [
    ("error:", Style::Failure),
    ("warning:", Style::Warning),
    ("note:", Style::Active),
    ("hint:", Style::Active),
];

fn print_message(message: JsonMessage<'_>) {
    let _ = writeln!(Stderr, "{}", json_message_line(app::now(), message));
}

/// Prints to standard output. A closed pipe is ignored.
///
/// # Errors
/// If it cannot be written for another reason.
pub(super) fn print(text: &str) -> Result<(), Error> {
    print_with(|output| output.write_all(shown_on_output(text).as_bytes()))
}

/// Returns text as standard output shows it.
pub(super) fn shown_on_output(text: &str) -> Cow<'_, str> {
    printed::shown(text, Environment::output_colours())
}

/// Prints lines to standard output, on a terminal wrapped at words.
///
/// # Errors
/// If it cannot be written.
pub(super) fn print_wrapped(text: &str) -> Result<(), Error> {
    let columns = output_columns();
    let wrapped = |line: &str| columns.map_or(line.to_owned(), |it| wrap(line, it, ITEM_INDENT));
    print(&lay_out(text, wrapped))
}

/// Writes to standard output.
///
/// # Errors
/// If it cannot be written.
pub(super) fn write_output(
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> io::Result<()> {
    // On a terminal, what was printed before stands above.
    stderr::drain();
    let mut output = io::BufWriter::new(Stdout);
    write(&mut output)?;
    output.flush()
}

/// Writes to standard output. A closed pipe is ignored.
///
/// # Errors
/// If it cannot be written for another reason.
pub(super) fn print_with(
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> Result<(), Error> {
    match write_output(write) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(output_error(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Prints JSON with its unsafe characters escaped.
///
/// # Errors
/// If it cannot be written, except to a closed pipe.
pub(super) fn print_json(value: &serde_json::Value) -> Result<(), Error> {
    print_with(|output| writeln!(SafeJson(output), "{value:#}"))
}

/// Returns the error that ends a command whose output cannot be written.
pub(super) fn output_error(error: io::Error) -> Error {
    anyhow::Error::from(error).context("cannot write to standard output").into()
}

/// Prints to standard error.
pub(super) fn eprint(text: &str) {
    let _ = Stderr.write_all(printed::shown(text, Environment::error_colours()).as_bytes());
}

/// Asks a question on the terminal, and returns whether the answer is yes, which is the default if the question ends with
/// `[Y/n]`. If the wait is cancelled, the cursor is moved
/// to a new line.
pub(super) async fn ask_yes_or_no(question: &str) -> bool {
    eprint(&error_columns().map_or(question.to_owned(), |columns| wrap(question, columns, 0)));
    let is_yes_by_default = question.trim_end().ends_with("[Y/n]");
    let unanswered = UnansweredQuestion;
    let mut answer = String::new();
    let read = app::blocking(move || io::stdin().read_line(&mut answer).map(|_| answer)).await;
    let answer = read.unwrap_or_default();
    if !answer.is_empty() {
        // The answer ended the line.
        std::mem::forget(unanswered);
    }
    match answer.trim() {
        "" => is_yes_by_default,
        answer => matches!(answer, "y" | "Y" | "yes"),
    }
}

/// Ends the line of a question that was not answered.
struct UnansweredQuestion;

impl Drop for UnansweredQuestion {
    fn drop(&mut self) {
        eprint("\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_coloured_and_messages_wrapped_at_words() {
        let line = "note: the sheet has three hidden rows\n";
        assert_eq!(layout(line, None, Colours::Off), line);
        assert_eq!(
            layout(line, Some(20), Colours::On),
            "\u{1b}[36mnote:\u{1b}[0m the sheet has\nthree hidden rows\n"
        );
        let command = "hint: give `callsheet run sheet.csv --retry-failed`\n";
        assert_eq!(layout(command, Some(20), Colours::Off), command.replace("give ", "give\n"));
        assert_eq!(layout("1 | a,b\n", Some(4), Colours::On), "1 | a,b\n");
        assert_eq!(
            summary_layout(
                "  credits  5 spent, 5 promised\n\n  a  line 2  no face in it\n",
                Some(20),
                Colours::Off
            ),
            "  credits  5 spent,\n           5\n           promised\n\n  a  line 2  no face\n    in it\n"
        );
    }
}
