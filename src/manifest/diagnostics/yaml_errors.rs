//! Errors of the YAML reader as problems.
//!
//! The message is the reader's own, except for five common errors that it words for people who know YAML's
//! grammar. The help is chosen by the characters at the place of the error.

use std::sync::Arc;

use serde_yaml::{Error, Location, MessageFormatter, UserMessageFormatter};

use crate::util::text::{is_unsafe, sanitize};

use super::place::{Place, Source};
use super::problem::Problem;

const COLUMNS: &str = "keys that belong together begin in the same column, each with `: ` after it; items of a list \
                       begin with `- ` in the same column";
const QUOTES: &str = "close a text with the quote that opened it; write `''` for an apostrophe inside `'...'`, and \
                      `\\\"` and `\\\\` inside `\"...\"`";
const BRACKETS: &str =
    "close `[` with `]` and `{` with `}`; a text that begins with a bracket must be in quotes";
const QUOTE_IT: &str = "a text with special characters must be in quotes: `text: \"...\"`";
const DIRECTIVE: &str =
    "delete the line that begins with `%`: it is a directive of YAML, not a text";
const USE_CSV: &str = "keep a campaign of this size in a CSV, and name it with `rows:`";

/// Converts an error of the reader to a problem.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "an enum of another crate, of which few variants need their own help"
)]
pub(crate) fn problem(source: &Arc<Source>, error: &Error) -> Problem {
    let place =
        error.location().map_or_else(|| Place::file(source), |location| place_of(source, location));
    let error = without_wrappers(error);
    if let Some(problem) = common_problem(source, &place, error) {
        return problem;
    }
    let help = match error {
        Error::MultipleDocuments { .. } => {
            "remove the lines `---` and `...`, or make several files".to_owned()
        }
        Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => USE_CSV.to_owned(),
        Error::MergeValueNotMapOrSeqOfMaps { .. } => {
            "such as `<<: *shared`, where `shared: &shared` has keys below it".to_owned()
        }
        Error::UnsupportedTag { .. } | Error::InvalidScalar { .. } => {
            "a text that begins with `!` must be in quotes".to_owned()
        }
        _ => help_at(source, &place),
    };
    let message = UserMessageFormatter.format_message(error);
    Problem::at(&place, sanitize(&message)).help(help)
}

fn without_wrappers(error: &Error) -> &Error {
    let error = error.without_snippet();
    if let Error::AliasError { error, .. } = error {
        return without_wrappers(error);
    }
    error
}

/// Returns the problem for an error that is common and that the reader words in terms of YAML's grammar.
fn common_problem(source: &Arc<Source>, place: &Place, error: &Error) -> Option<Problem> {
    if matches!(error, Error::Budget { .. }) {
        let message = "the manifest is too large or nested too deeply";
        return Some(Problem::at(place, message).help(USE_CSV));
    }
    let offset = place.range()?.start;
    let (before, rest) = around(source, offset);
    let at = |offset: usize| Place::bytes(source, offset..offset + 1);
    if matches!(error, Error::Unexpected { .. }) && before.ends_with('{') && rest.starts_with('{') {
        let message = "a text that begins with `{{` must be in quotes";
        let help = "such as `text: \"{{ name }}, hello\"`";
        let braces = Place::bytes(source, offset - 1..offset + 1);
        return Some(Problem::at(&braces, message).help(help));
    }
    if !matches!(error, Error::ExternalMessage { .. }) {
        return None;
    }
    let is_quoted = rest.starts_with(['"', '\'']);
    if let Some(tab) = find_indenting_tab(source, offset).filter(|_| !is_quoted) {
        let message = "this line is indented with a tab";
        return Some(Problem::at(&at(tab), message).help("YAML is indented with spaces only"));
    }
    if !rest.starts_with(':') {
        return None;
    }
    if before.contains(": ") {
        let message = "a text with `: ` in it must be in quotes";
        return Some(Problem::at(place, message).help("such as `text: \"Note: buy now\"`"));
    }
    let indent = before.len() - before.trim_start().len();
    let message = "this line is not aligned with the line above it";
    Some(Problem::at(&at(offset - before.len() + indent), message).help(COLUMNS))
}

/// Returns what would be right, by the characters at the place of an error.
fn help_at(source: &Source, place: &Place) -> String {
    let Some(range) = place.range() else {
        return QUOTE_IT.to_owned();
    };
    let (before, rest) = around(source, range.start);
    let help = match rest.chars().next() {
        Some('"' | '\'') => QUOTES,
        Some('[' | ']' | '{' | '}') => BRACKETS,
        Some('%') if before.is_empty() => DIRECTIVE,
        Some(first @ ('*' | '&' | '!' | '@' | '`' | '%')) => {
            return format!("a text that begins with `{first}` must be in quotes: `text: \"...\"`");
        }
        Some('|' | '>') => "the text begins on the next line, all of its lines indented alike",
        Some(':') => "write a key before the `:`, such as `text:`",
        Some('#') => "write a space before a comment, or put the text in quotes",
        Some(first) if is_unsafe(first) || first == '\u{feff}' => "delete this character",
        _ if before.trim_end().ends_with(['"', '\'']) => QUOTES,
        _ if source.text.starts_with('%') => DIRECTIVE,
        _ => COLUMNS,
    };
    help.to_owned()
}

/// Returns the line of `offset` up to there, and the text from there on.
fn around(source: &Source, offset: usize) -> (&str, &str) {
    let (line_start, _) = source.line_at(offset);
    let text = &source.text;
    (&text[line_start..offset], &text[offset..])
}

/// Returns the first tab that indents the line of `offset` or one of the two lines after it.
fn find_indenting_tab(source: &Source, offset: usize) -> Option<usize> {
    let (mut start, mut line) = source.line_at(offset);
    for _ in 0..3 {
        let indent = &line[..line.len() - line.trim_start().len()];
        if let Some(tab) = indent.find('\t') {
            return Some(start + tab);
        }
        let line_end = &source.text[start + line.len()..];
        let length = if line_end.starts_with("\r\n") { 2 } else { 1 };
        (start, line) = source.line_at(start + line.len() + length);
    }
    None
}

/// Returns the place of a location of the reader.
pub(crate) fn place_of(source: &Arc<Source>, location: Location) -> Place {
    let span = location.span();
    let start = span.byte_offset().and_then(|it| usize::try_from(it).ok());
    let length = span.byte_len().and_then(|it| usize::try_from(it).ok());
    match start.zip(length) {
        Some((start, length)) => Place::bytes(source, start..start.saturating_add(length)),
        // Errors of the scanner have a line and a column only.
        None => Place::line_and_column(source, location.line(), location.column()),
    }
}
