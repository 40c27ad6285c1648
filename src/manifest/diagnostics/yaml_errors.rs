//! What is wrong with a YAML file, in words for people: [`explain`].
//!
//! The reader's own words are for programmers. None of them is shown; what it meets that is not
//! foreseen here still has its place and a sentence that does no harm.

use std::sync::Arc;

use serde_yaml::budget::BudgetBreach;
use serde_yaml::{Error, Location};

use crate::manifest::diagnostics::place::{Place, Source};
use crate::manifest::diagnostics::words;
use crate::manifest::diagnostics::yaml_messages::{
    BRACKETS, COLUMNS, INTO_CSV, NAMES, ONE_DOCUMENT, PARSER, QUOTES, Shown, TAGS,
};

/// The longest key YAML allows.
const LONGEST_KEY: usize = 1_024;

/// What is wrong, where, and what would be right.
#[derive(Debug)]
pub(crate) struct Fault {
    /// Where it stands.
    pub(crate) place: Place,
    /// What is wrong.
    pub(crate) message: String,
    /// What would be right.
    pub(crate) help: &'static str,
}

/// What `error` means. `None` if it is about what a value should be, which only the one who asked
/// for it can say.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the reader's own enum, which may grow"
)]
pub(crate) fn explain(source: &Arc<Source>, error: &Error) -> Option<Fault> {
    let error = innermost(error);
    let there = error.location().map_or_else(
        || Place::file(source),
        |location| place_of(source, location),
    );
    let (message, help, shown) = match error {
        Error::ExternalMessage { msg, .. } => return Some(of_parser(source, there, msg)),
        Error::Eof { .. } => ("the file is empty", "", Shown::There),
        Error::MultipleDocuments { .. } => {
            let message = "here a second document begins";
            (message, ONE_DOCUMENT, Shown::DocumentEnd)
        }
        Error::Budget { breach, .. } => {
            let (message, help) = of_budget(breach);
            (message, help, Shown::There)
        }
        Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            ("too much is repeated with `*`", INTO_CSV, Shown::There)
        }
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            let message = "this `*` stands within the very thing it repeats, which would never end";
            (message, NAMES, Shown::There)
        }
        Error::UnknownAnchor { .. } => {
            let message = "this `*` repeats something that no `&` above it names";
            (message, NAMES, Shown::There)
        }
        Error::MergeValueNotMapOrSeqOfMaps { .. } | Error::MergeKeyNotAllowed { .. } => {
            let help = "such as `<<: *shared`, where `shared: &shared` has keys below it";
            (
                "`<<` takes over keys, and here are none",
                help,
                Shown::There,
            )
        }
        Error::UnsupportedTag { .. } | Error::TaggedStructFieldName { .. } => {
            let message = "a word that begins with `!` is an order to the program that reads it, \
                           and this one is not known";
            (message, TAGS, Shown::WordBefore)
        }
        Error::InvalidBinaryBase64 { .. }
        | Error::BinaryNotUtf8 { .. }
        | Error::TaggedScalarCannotDeserializeIntoString { .. } => {
            let help = "delete the word with `!!` before it";
            (
                "this is not what the `!!` before it says",
                help,
                Shown::There,
            )
        }
        Error::FoldedBlockScalarMustIndentContent { .. } | Error::IndentationError { .. } => {
            ("this line is indented wrongly", COLUMNS, Shown::Line)
        }
        Error::NullIntoString { .. } => {
            let help = "before each `:` stands a word, such as `text:`";
            ("here the name of a key is missing", help, Shown::There)
        }
        Error::Unexpected { .. }
        | Error::UnexpectedSequenceEnd { .. }
        | Error::UnexpectedMappingEnd { .. }
        | Error::UnexpectedContainerEndWhileReadingKeyNode { .. }
        | Error::UnexpectedContainerEndWhileSkippingNode { .. }
        | Error::ContainerEndMismatch { .. } => return Some(of_key(source, there)),
        _ if is_of_values(error) => return None,
        _ => {
            let message = "from here on this cannot be understood as YAML";
            (message, QUOTES, Shown::There)
        }
    };
    Some(Fault {
        place: shown_at(source, there, shown),
        message: message.to_owned(),
        help,
    })
}

fn innermost(error: &Error) -> &Error {
    let error = error.without_snippet();
    if let Error::AliasError { error, .. } = error {
        return innermost(error);
    }
    error
}

/// Whether it is about what a value should be.
fn is_of_values(error: &Error) -> bool {
    matches!(
        error,
        Error::Message { .. }
            | Error::InvalidScalar { .. }
            | Error::InvalidBooleanStrict { .. }
            | Error::InvalidCharNull { .. }
            | Error::InvalidCharNotSingleScalar { .. }
            | Error::NonFiniteFloat { .. }
            | Error::UnexpectedValueForUnit { .. }
            | Error::UnexpectedValueForUnitEnumVariant { .. }
            | Error::ExpectedEmptyMappingForUnitStruct { .. }
            | Error::ExpectedStringKeyForExternallyTaggedEnum { .. }
            | Error::ExternallyTaggedEnumExpectedScalarOrMapping { .. }
            | Error::ExpectedMappingEndAfterEnumVariantValue { .. }
            | Error::TaggedEnumMismatch { .. }
            | Error::DuplicateMappingKey { .. }
            | Error::SerdeInvalidType { .. }
            | Error::SerdeInvalidValue { .. }
            | Error::SerdeInvalidLength { .. }
            | Error::SerdeUnknownVariant { .. }
            | Error::SerdeUnknownField { .. }
            | Error::SerdeMissingField { .. }
            | Error::SerdeVariantId { .. }
    )
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the reader's own enum, which may grow"
)]
const fn of_budget(breach: &BudgetBreach) -> (&'static str, &'static str) {
    match breach {
        BudgetBreach::Depth { .. } | BudgetBreach::InclusionDepth { .. } => (
            "too many lists and keys are nested in each other here",
            BRACKETS,
        ),
        BudgetBreach::Documents { .. } => ("here a further document begins", ONE_DOCUMENT),
        BudgetBreach::Aliases { .. }
        | BudgetBreach::Anchors { .. }
        | BudgetBreach::AliasAnchorRatio { .. }
        | BudgetBreach::MergeKeys { .. } => ("too much is repeated with `*`", INTO_CSV),
        BudgetBreach::RecordedAnchorEvents { .. } | BudgetBreach::RecordedAnchorBytes { .. } => {
            ("too much stands behind a name with `&`", INTO_CSV)
        }
        _ => ("the manifest is too large", INTO_CSV),
    }
}

fn of_parser(source: &Arc<Source>, there: Place, message: &str) -> Fault {
    let (line, before, rest) = surroundings(source, &there);
    let indent = &line[..line.len() - line.trim_start().len()];
    if indent.contains('\t') {
        let (_, message, help, shown) = PARSER[0];
        return fault(source, there, message, help, shown);
    }
    if message.contains("mapping values") && before.len() > LONGEST_KEY {
        let message = format!("the key before this `:` has more than {LONGEST_KEY} characters");
        return fault(source, there, message, QUOTES, Shown::There);
    }
    if message.contains("mapping values") {
        return if before.contains(": ") {
            let message = "a second `: ` stands in this line";
            let help = "a text with `: ` in it must be in quotes: `text: \"Note: buy now\"`";
            fault(source, there, message, help, Shown::There)
        } else {
            let message = "this line does not fit the line above it";
            fault(source, there, message, COLUMNS, Shown::Line)
        };
    }
    if message.contains("unexpected character") {
        let (message, help) = match rest.chars().next() {
            Some(character) if character.is_control() => (
                format!(
                    "here stands the control character U+{:04X}",
                    u32::from(character)
                ),
                "delete it",
            ),
            Some(character) => (
                format!(
                    "a text cannot begin with {}",
                    words::quoted(&character.to_string())
                ),
                "put the text in quotes: `text: \"…\"`",
            ),
            None => (
                "the file ends in the middle of something".to_owned(),
                QUOTES,
            ),
        };
        return fault(source, there, message, help, Shown::There);
    }
    let known = PARSER.iter().find(|(part, ..)| message.contains(part));
    let (message, help, shown) = known.map_or(
        (
            "from here on this cannot be understood as YAML",
            QUOTES,
            Shown::There,
        ),
        |(_, message, help, shown)| (*message, *help, *shown),
    );
    fault(source, there, message, help, shown)
}

/// Something that cannot be a key, most often the first brace of a variable.
fn of_key(source: &Arc<Source>, there: Place) -> Fault {
    let (_, before, rest) = surroundings(source, &there);
    if before.ends_with('{') && rest.starts_with('{') {
        let message = "a text cannot begin with `{{`";
        let help = "put the text in quotes: `text: \"{{ name }}, hello\"`";
        let offset = there.offset().unwrap_or_default();
        let brace = Place::bytes(source, offset.saturating_sub(1), offset + 1);
        return fault(source, brace, message, help, Shown::There);
    }
    let message = "the name of a key is a word, and this is a list or has keys of its own";
    fault(source, there, message, QUOTES, Shown::There)
}

fn fault(
    source: &Arc<Source>,
    there: Place,
    message: impl Into<String>,
    help: &'static str,
    shown: Shown,
) -> Fault {
    Fault {
        place: shown_at(source, there, shown),
        message: message.into(),
        help,
    }
}

/// The line of a place, what stands in it before the place, and everything from the place on.
fn surroundings<'s>(source: &'s Source, place: &Place) -> (&'s str, &'s str, &'s str) {
    let Some(offset) = place.offset() else {
        return ("", "", "");
    };
    let (start, line) = source.line_around(offset);
    let before = source.text.get(start..offset).unwrap_or_default();
    (line, before, source.text.get(offset..).unwrap_or_default())
}

fn shown_at(source: &Arc<Source>, there: Place, shown: Shown) -> Place {
    let Some(offset) = there.offset() else {
        return there;
    };
    let found = match shown {
        Shown::There => None,
        Shown::Line => {
            let (start, line) = source.line_around(offset);
            Some(start + (line.len() - line.trim_start().len()))
        }
        Shown::Tab => tab_near(source, offset),
        Shown::DocumentEnd => document_end(source, offset),
        Shown::Escape => escape_in(source, offset),
        Shown::WordBefore => {
            let before = source.text.get(..offset).unwrap_or_default().trim_end();
            let begin = before.rfind(|character: char| character.is_whitespace());
            begin.map(|begin| begin + 1)
        }
    };
    found.map_or(there, |found| Place::bytes(source, found, found + 1))
}

/// The first `\` without a meaning in the text in double quotes that begins at `offset`.
fn escape_in(source: &Source, offset: usize) -> Option<usize> {
    let text = source.text.get(offset..)?.strip_prefix('"')?;
    let mut characters = text.char_indices();
    while let Some((place, character)) = characters.next() {
        if character == '"' {
            return None;
        }
        if character != '\\' {
            continue;
        }
        let (_, escape) = characters.next()?;
        let digits = match escape {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let code = text.get(place + 2..place + 2 + digits);
        let is_character =
            |code| u32::from_str_radix(code, 16).is_ok_and(|it| char::from_u32(it).is_some());
        let has_meaning = match digits {
            0 => "0abtnvfre\"/\\N_LP \t\r\n".contains(escape),
            _ => code.is_some_and(is_character),
        };
        if !has_meaning {
            return Some(offset + 1 + place);
        }
    }
    None
}

/// The first tab that indents the line of `offset` or one of the two below it.
fn tab_near(source: &Source, offset: usize) -> Option<usize> {
    let (mut start, mut line) = source.line_around(offset);
    for _ in 0..3 {
        let indent = &line[..line.len() - line.trim_start().len()];
        if let Some(tab) = indent.find('\t') {
            return Some(start + tab);
        }
        let below = source.text.get(start + line.len()..)?;
        let ends = if below.starts_with("\r\n") { 2 } else { 1 };
        (start, line) = source.line_around(start + line.len() + ends);
    }
    None
}

/// The last line `---` or `...` before `offset`, or at it.
fn document_end(source: &Source, offset: usize) -> Option<usize> {
    let (start, line) = source.line_around(offset);
    let is_end = |line: &str| line.starts_with("---") || line.starts_with("...");
    if is_end(line) {
        return Some(start);
    }
    let before = source.text.get(..start)?;
    let ends = ["\n---", "\n...", "\r---", "\r..."];
    ends.iter()
        .filter_map(|end| before.rfind(end))
        .max()
        .map(|end| end + 1)
}

/// The place the reader names.
pub(crate) fn place_of(source: &Arc<Source>, location: Location) -> Place {
    match bytes_of(location) {
        Some((start, end)) => Place::bytes(source, start, end),
        // The scanner's own errors know line and column only.
        None => Place::line_and_column(source, location.line(), location.column()),
    }
}

/// The bytes the reader names, if it counts them.
pub(crate) fn bytes_of(location: Location) -> Option<(usize, usize)> {
    let start = usize::try_from(location.span().byte_offset()?).ok()?;
    let length = usize::try_from(location.span().byte_len()?).ok()?;
    Some((start, start.saturating_add(length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_escape_is_shown_where_it_stands() {
        for (text, column) in [
            (r#"text: "a \q b""#, 10),
            (r#"text: "fine \n \" \u00e4 C:\dir""#, 28),
            (r#"text: "half \ud83d""#, 13),
            (r#"text: "ä \xzz""#, 10),
        ] {
            let source = Source::of_text("m.yaml", text.to_owned());
            let error = serde_yaml::from_str::<std::collections::BTreeMap<String, String>>(text);
            let fault = explain(&source, &error.unwrap_err()).unwrap();
            assert_eq!(
                fault.place.column(),
                Some(column),
                "{text}: {}",
                fault.message
            );
            assert!(fault.message.contains('\\'), "{}", fault.message);
        }
    }
}
