//! Spoken texts that look unfinished or damaged, such as `Hi [First Name]`, `#N/A`, `Gr??e` or `TODO`.
//!
//! The checks read only the text, in any language. They are guesses, so that a finding is a warning before the video is
//! paid for, and no text is changed. They take linear time.

mod kind;
mod letters;
mod mojibake;
mod placeholder;
mod scan;
mod words;

use std::ops::Range;

pub(crate) use self::kind::SuspicionKind;
use self::kind::SuspicionKind::{
    ControlCharacter, Draft, EmptyValue, ErrorValue, Escape, Formula, LostDigits, LostLetters,
    Markup, Mojibake, NestedTemplate, NoLetters, OnlyAddress, OnlyBoolean, OnlyNumber, Placeholder,
};

/// The longest excerpt in a message, in characters.
const LONGEST_EXCERPT: usize = 40;
/// The longest text that is checked for a bare amount or date, in characters.
const LONGEST_AMOUNT: usize = 40;

/// A part of a text that looks wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suspicion {
    /// The bytes of the text that look wrong.
    pub(crate) range: Range<usize>,
    /// What is wrong.
    pub(crate) kind: SuspicionKind,
    /// One clause for people: ``` `[First Name]` looks like a placeholder of another tool ```.
    pub(crate) message: String,
}

/// Returns what looks unfinished or damaged in a text, in the order of the text and without overlaps.
///
/// `filled` contains the ranges of the values that a template put into the text; ranges outside of the text are
/// ignored. Damage (lost letters, control characters, wrong encodings) and markup are reported once per text, because
/// they repeat. `is_column` tells whether the sheet has a column of a name.
pub(crate) fn find_suspicions(
    text: &str,
    filled: &[Range<usize>],
    is_column: &dyn Fn(&str) -> bool,
) -> Vec<Suspicion> {
    let mut found = Vec::new();
    let whole = trimmed(text, 0..text.len());
    if let Some(kind) = whole_text_kind(&text[whole.clone()]) {
        found.push(suspicion(text, whole.clone(), kind));
    }
    for range in filled.iter().filter(|range| text.get((*range).clone()).is_some()) {
        let range = trimmed(text, range.clone());
        let value = &text[range.clone()];
        if let Some(kind) = value_kind(value) {
            found.push(suspicion(text, range, kind));
        } else if let Some(template) = placeholder::find_template(value) {
            let template = range.start + template.start..range.start + template.end;
            found.push(suspicion(text, template, NestedTemplate));
        }
    }
    if let Some((range, repaired)) = mojibake::find_mojibake(text) {
        let message = format!(
            "`{}` looks like `{}` in a wrong encoding",
            excerpt(&text[range.clone()]),
            excerpt(&repaired)
        );
        found.push(Suspicion { range, kind: Mojibake, message });
    }
    let foreign = letters::find_foreign_word(text);
    found.extend(foreign.map(|range| suspicion(text, range, Mojibake)));
    let parts = scan::find_parts(text, is_column);
    found.extend(parts.into_iter().map(|(range, kind)| suspicion(text, range, kind)));
    if found.is_empty() && !whole.is_empty() {
        found
            .extend(speechless_kind(&text[whole.clone()]).map(|kind| suspicion(text, whole, kind)));
    }
    remove_repetitions(found)
}

/// Sorts findings and removes those inside another one, and all but the first of a kind that repeats.
fn remove_repetitions(mut found: Vec<Suspicion>) -> Vec<Suspicion> {
    found.sort_by_key(|suspicion| (suspicion.range.start, usize::MAX - suspicion.range.end));
    let (mut end, mut repeating) = (0, Vec::new());
    found.retain(|Suspicion { range, kind, .. }| {
        let is_new = range.start >= end && !repeating.contains(kind);
        if is_new {
            end = range.end;
            if matches!(
                kind,
                LostLetters | LostDigits | ControlCharacter | Mojibake | Markup | Escape
            ) {
                repeating.push(*kind);
            }
        }
        is_new
    });
    found
}

fn suspicion(text: &str, range: Range<usize>, kind: SuspicionKind) -> Suspicion {
    let excerpt = excerpt(&text[range.clone()]);
    let message = match kind {
        LostLetters => format!("`{excerpt}` looks like text with lost letters"),
        ControlCharacter => {
            let code = text[range.clone()].chars().next().map_or(0, u32::from);
            let effect = if code < 0xff {
                "looks like a damaged letter"
            } else {
                "changes the order of letters"
            };
            format!("the control character U+{code:04X} {effect}")
        }
        NoLetters => format!("`{excerpt}` has no letters to speak"),
        OnlyNumber => format!("`{excerpt}` is only a number, an amount or a date"),
        OnlyBoolean => format!("`{excerpt}` is only the value of a checkbox"),
        OnlyAddress => format!("`{excerpt}` is only an address"),
        LostDigits => format!("`{excerpt}` looks like a number that has lost its digits"),
        Mojibake => format!("`{excerpt}` looks like text in a wrong encoding"),
        Markup => format!("`{excerpt}` looks like HTML and is spoken as it is written"),
        Placeholder => format!("`{excerpt}` looks like a placeholder"),
        EmptyValue => format!("`{excerpt}` looks like a missing value"),
        ErrorValue => format!("`{excerpt}` looks like an error of a spreadsheet formula"),
        Draft => format!("`{excerpt}` looks like unfinished text"),
        Formula => format!("`{excerpt}` looks like a formula that was not calculated"),
        Escape => {
            format!("`{excerpt}` looks like the code of a character and is spoken as it is written")
        }
        NestedTemplate => format!("`{excerpt}` stands inside a value, where it is not filled"),
    };
    Suspicion { range, kind, message }
}

/// Whether a value is the error of a spreadsheet formula: `#N/A`, `#ref!`, `Err:502`; or `####`, which a spreadsheet shows
/// where a column is too narrow.
pub(crate) fn is_formula_error(value: &str) -> bool {
    let value = value.trim();
    let is_hidden = value.len() > 3 && value.bytes().all(|byte| byte == b'#');
    let is_code = value.split_once(':').is_some_and(|(word, code)| {
        words::contains(words::ERROR_CODES, word)
            && code.len() == 3
            && code.bytes().all(|byte| byte.is_ascii_digit())
    });
    let is_error = value.starts_with('#') && words::ERRORS.contains(&value.to_uppercase().as_str());
    is_error || is_code || is_hidden
}

/// Checks whether a value is only the magnitude of a number that a spreadsheet has shortened: `4.91511E+12`.
pub(crate) fn has_lost_digits(value: &str) -> bool {
    let value = value.trim().trim_start_matches('-');
    value.starts_with(|c: char| c.is_ascii_digit())
        && scan::power_length(value) == Some(value.len())
}

/// Returns the kind of a text that is wrong as a whole.
fn whole_text_kind(text: &str) -> Option<SuspicionKind> {
    let lower = text
        .trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ' || ".!…".contains(c))
        .to_lowercase();
    let is_empty = lower.contains(char::is_alphabetic)
        && (words::contains(words::EMPTY_VALUES, &lower)
            || words::contains_phrase(words::EMPTY_MARKS, &lower)
            || words::contains(words::EMPTY_TEXTS, &lower));
    let is_mail = || {
        text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty()
                && host.contains('.')
                && !host.contains('?')
                && host.starts_with(char::is_alphanumeric)
        })
    };
    let is_address = !text.contains(char::is_whitespace)
        && (["http://", "https://", "www."].iter().any(|begin| lower.starts_with(begin))
            || is_mail());
    let mut letters = text.chars();
    // A character of Chinese or Japanese may be a word.
    let is_letter = matches!((letters.next(), letters.next()), (Some(c), None) if c.is_lowercase() || c.is_uppercase());
    let kind = match lower.as_str() {
        "" => None,
        _ if is_empty => Some(EmptyValue),
        _ if is_letter || lower.chars().all(|c| c == 'x') => Some(Draft),
        _ if words::contains_phrase(words::DRAFT_TEXTS, &lower) => Some(Draft),
        _ if words::contains(words::BOOLEANS, text) => Some(OnlyBoolean),
        _ if is_address => Some(OnlyAddress),
        _ => None,
    };
    value_kind(text).or(kind)
}

/// Checks whether a value is a formula: `=A1`, `="a" & B2`, `+A1`, `@SUM(A1)`.
fn is_formula(value: &str) -> bool {
    let is_reference = |text: &str| {
        let digits = text.trim_start_matches(|c: char| c.is_ascii_uppercase());
        (1..=3).contains(&(text.len() - digits.len()))
            && !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let begins = |c: char| c.is_alphanumeric() || "\"'($+-".contains(c);
    let is_function = |text: &str| {
        let name = text.trim_start_matches(|c: char| c.is_ascii_uppercase() || c == '.');
        name.len() < text.len() && name.starts_with('(') && name.ends_with(')')
    };
    value.strip_prefix('=').is_some_and(|formula| formula.starts_with(begins))
        || value.strip_prefix('@').is_some_and(is_function)
        || value.strip_prefix(['+', '-']).is_some_and(is_reference)
}

/// Checks whether a value says that there is none: `(none)`, `<null>`, `[no value]`, `keine Angabe`.
fn is_empty_mark(value: &str) -> bool {
    let brackets = [('(', ')'), ('[', ']'), ('<', '>'), ('-', '-')];
    let inside = brackets
        .iter()
        .find_map(|(open, close)| value.strip_prefix(*open)?.strip_suffix(*close))
        .map(str::trim);
    // Without brackets, one word may be a name.
    let Some(mark) = inside.or_else(|| value.contains(' ').then_some(value)) else { return false };
    let mark = mark.to_lowercase();
    inside.is_some() && mark == "none" || words::contains_phrase(words::EMPTY_MARKS, &mark)
}

/// Returns the kind of a filled value that is wrong as a whole.
fn value_kind(value: &str) -> Option<SuspicionKind> {
    // Any word in capitals: spreadsheets add errors and translate them.
    let is_error = value
        .strip_prefix('#')
        .and_then(|word| word.strip_suffix(['!', '?']))
        .is_some_and(|word| {
            word.contains(char::is_alphabetic)
                && !word.contains(|c: char| c.is_whitespace() || c.is_lowercase())
        });
    match value {
        _ if is_error => Some(ErrorValue),
        _ if is_formula(value) => Some(Formula),
        _ if words::contains(words::EMPTY_VALUES, value) || is_empty_mark(value) => {
            Some(EmptyValue)
        }
        _ if words::contains_phrase(words::DRAFT_VALUES, value) => Some(Draft),
        _ => None,
    }
}

/// Returns the kind of a text without words.
fn speechless_kind(text: &str) -> Option<SuspicionKind> {
    let is_short = text.chars().nth(LONGEST_AMOUNT).is_none();
    let mut words =
        text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).peekable();
    let has_letters = words.peek().is_some();
    let has_digits = text.contains(char::is_numeric);
    if text.trim_end_matches(['.', '!']) == "24/7" {
        return None;
    }
    if has_digits
        && is_short
        && words.all(|word| words::contains(words::AMOUNT_WORDS, &word.to_lowercase()))
    {
        return Some(OnlyNumber);
    }
    (!has_letters).then_some(NoLetters)
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let value = &text[range.clone()];
    let start = range.start + value.len() - value.trim_start().len();
    start..start + value.trim().len()
}

/// Returns a text on one line, shortened.
fn excerpt(text: &str) -> String {
    let mut chars = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut excerpt: String = chars.by_ref().take(LONGEST_EXCERPT).collect();
    if chars.next().is_some() {
        excerpt.push('…');
    }
    excerpt
}

#[cfg(test)]
mod tests;
