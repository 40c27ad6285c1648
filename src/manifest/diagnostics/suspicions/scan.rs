//! Suspicious parts at one place of a text, found in one pass.

use std::ops::Range;

use super::kind::SuspicionKind::{
    self, ControlCharacter, Draft, EmptyValue, ErrorValue, Escape, LostDigits, LostLetters, Markup,
    Placeholder,
};
use super::placeholder::{bare_name_length, placeholder_length};
use super::words::{self, last_word, last_words};

/// The longest HTML tag, in bytes.
const LONGEST_TAG: usize = 300;
/// The text of an object in JavaScript.
const OBJECT: &str = "[object Object]";
/// The longest mark between brackets, in characters.
const LONGEST_MARK: usize = 24;
/// The longest HTML entity, in bytes.
const LONGEST_ENTITY: usize = 12;
/// How many characters on each side decide whether a word in capitals stands in a sentence in capitals.
const CONTEXT: usize = 100;

/// Returns the suspicious parts of a text, in order. They do not overlap.
pub(super) fn find_parts(
    text: &str,
    is_column: &dyn Fn(&str) -> bool,
) -> Vec<(Range<usize>, SuspicionKind)> {
    let is_iberian = (text.contains("TODO") || text.contains("odo")) && is_iberian(text);
    let mut parts = Vec::new();
    let (mut at, mut is_address, mut previous) = (0, false, ' ');
    while let Some(c) = text[at..].chars().next() {
        let (before, rest) = text.split_at(at);
        if previous.is_whitespace() {
            is_address = is_web_address(rest);
        }
        let part = match c {
            '?' if !is_address && previous != '?' => {
                lost_letters(before, rest).map(|length| (length, LostLetters))
            }
            '\u{fffd}' => Some((damaged_length(rest), LostLetters)),
            '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                Some((c.len_utf8(), ControlCharacter))
            }
            '0'..='9'
                if !is_address && !previous.is_alphanumeric() && !".,-+".contains(previous) =>
            {
                power_length(rest).map(|length| (length, LostDigits))
            }
            '_' => code_length(rest).map(|length| (length, Escape)),
            '#' => error_length(rest).map(|length| (length, ErrorValue)),
            '&' => entity_length(rest).map(|length| (length, Markup)),
            '\\' => escape_length(rest).map(|length| (length, Escape)),
            '%' if !is_address && is_percent_code(before, rest) => Some((3, Escape)),
            '<' => tag_length(rest)
                .map(|length| (length, Markup))
                .or_else(|| marked_length(before, rest)),
            '[' if rest.starts_with(OBJECT) => Some((OBJECT.len(), EmptyValue)),
            '[' | '(' => marked_length(before, rest),
            c if words::UNLIKELY_LETTERS.contains(c)
                && previous.is_alphabetic()
                && rest[c.len_utf8()..].starts_with(char::is_lowercase) =>
            {
                Some((damaged_length(&rest[c.len_utf8()..]) + c.len_utf8(), LostLetters))
            }
            _ if c.is_ascii_alphabetic()
                && !previous.is_alphanumeric()
                && !"#@_./-".contains(previous) =>
            {
                suspicious_word(before, rest, is_iberian).or_else(|| {
                    let length =
                        (!is_address).then(|| bare_name_length(before, rest, is_column))??;
                    Some((length, Placeholder))
                })
            }
            _ => None,
        };
        let may_be_placeholder = !(is_address && matches!(c, '%' | '_'));
        let part = part.or_else(|| {
            let length =
                may_be_placeholder.then(|| placeholder_length(before, rest, is_column))??;
            Some((length, Placeholder))
        });
        let length = part.map_or(c.len_utf8(), |(length, _)| length);
        if let Some((length, kind)) = part {
            // Lost letters are reported with the word around them.
            let word = before.trim_end_matches(char::is_alphanumeric).len();
            let start = if kind == LostLetters { word } else { at };
            parts.push((start..at + length, kind));
        }
        previous = text[at..at + length].chars().next_back().unwrap_or(c);
        at += length;
    }
    parts
}

fn run_length(rest: &str, is_inside: impl Fn(char) -> bool) -> usize {
    rest.find(|c| !is_inside(c)).unwrap_or(rest.len())
}

fn starts_with_word(rest: &str, word: &str) -> bool {
    rest.strip_prefix(word).is_some_and(|after| !after.starts_with(char::is_alphanumeric))
}

/// Checks whether a word is a web or e-mail address, which may contain `?`, `%` and `_`.
fn is_web_address(rest: &str) -> bool {
    let word = &rest[..run_length(rest, |c| !c.is_whitespace())];
    let is_path = word.contains('/') && word.contains('.');
    let is_query = word.contains('?') && word.contains('=');
    let is_mail = word.starts_with(char::is_alphanumeric) && word.contains('@');
    is_path || is_query || is_mail || word.contains("://") || word.contains("www.")
}

/// Returns the length of letters, and of what replaced others.
fn damaged_length(rest: &str) -> usize {
    run_length(rest, |c| c.is_alphanumeric() || matches!(c, '?' | '\u{fffd}'))
}

/// Returns the length of a run of question marks, and of the letters after it, that replaces letters.
fn lost_letters(before: &str, rest: &str) -> Option<usize> {
    let run = run_length(rest, |c| c == '?');
    let after = &rest[run..];
    let is_cased = |c: char| c.is_lowercase() || c.is_uppercase();
    let starts_word = !before.ends_with(|c: char| c.is_alphanumeric() || "!?.)]»”’\"'".contains(c));
    if after.starts_with(is_cased) {
        // In `Ready?Go` only a space is missing.
        let is_inside = before.ends_with(is_cased)
            && (after.starts_with(char::is_lowercase) || before.ends_with(char::is_uppercase));
        let starts_sentence = before.trim_end().is_empty()
            || before.trim_end().ends_with(['.', '!', '?', ':', '…', ',']);
        let article = before.trim_end_matches(['\'', '’']);
        let is_elided = article.len() < before.len() && (1..3).contains(&last_word(article).len());
        let is_first =
            is_elided || starts_word && (after.starts_with(char::is_lowercase) || starts_sentence);
        return (is_inside || is_first).then(|| damaged_length(rest));
    }
    // `Only ?5 a month`, and French `l'?t?`.
    let is_sum = run == 1
        && before.ends_with(' ')
        && before.trim_end().ends_with(char::is_alphabetic)
        && after.starts_with(|c: char| c.is_ascii_digit());
    if after.starts_with(char::is_alphanumeric) {
        return is_sum.then(|| damaged_length(rest));
    }
    if words::contains(words::WITHOUT_LAST_LETTER, &last_word(before)) {
        return Some(run);
    }
    if !starts_word {
        return None;
    }
    // French puts a space before the question marks that end a sentence: Quoi ??? Encore ?
    let next = after.trim_start_matches(|c: char| c.is_whitespace() || ",.;:!-".contains(c));
    let next_run = run_length(next, |c| c == '?');
    let is_one_of_many = next_run > 0 && run + next_run > 2;
    let is_currency =
        words::CURRENCIES.split_whitespace().any(|currency| starts_with_word(next, currency));
    let is_inside_sentence =
        after.starts_with(',') || run > 2 && next.starts_with(char::is_lowercase) || is_currency;
    let is_only_value = before.trim_end().ends_with(':') && next.is_empty();
    // The sign of a currency: 5 ? statt 10 ?
    let is_sign = run == 1
        && before.trim_end().ends_with(|c: char| c.is_ascii_digit())
        && after.starts_with(' ');
    let is_word = is_sign && next.starts_with(char::is_lowercase)
        || before.trim_end().is_empty() && run > 2
        || run > 3
        || is_only_value
        || run > 1 && is_inside_sentence;
    (is_word || is_one_of_many).then_some(run)
}

/// Returns the length of a tag of HTML or of SSML (`<break time="1s"/>`), or of the beginning of a comment.
fn tag_length(rest: &str) -> Option<usize> {
    if rest.starts_with("<!--") {
        return Some("<!--".len());
    }
    let tag = &rest[1..rest.bytes().take(LONGEST_TAG).position(|byte| byte == b'>')?];
    let tag = tag.strip_prefix('/').unwrap_or(tag);
    let (name, attributes) =
        tag.split_at(run_length(tag, |c| c.is_ascii_alphanumeric() || c == '-'));
    let attributes = attributes.trim_end_matches('/').trim();
    let is_element = words::contains(words::HTML_ELEMENTS, &name.to_ascii_lowercase());
    let is_tag =
        is_element && !tag.contains('<') && (attributes.is_empty() || attributes.contains('='));
    is_tag.then(|| rest.find('>').map(|end| end + 1))?
}

/// Returns the length of a character as programs write it: `\n`, `\t`, `\u00e9`, `\x20`. A folder such as `C:\new` is none.
fn escape_length(rest: &str) -> Option<usize> {
    let hex = |digits: usize| {
        let code = rest.get(2..2 + digits)?;
        code.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(2 + digits)
    };
    match rest.as_bytes().get(1)? {
        b'n' | b'r' | b't' => Some(2),
        b'u' => hex(4),
        b'x' => hex(2),
        _ => None,
    }
}

/// Checks whether `rest` begins with a character as addresses write it, inside a word: `Hi%20there`.
fn is_percent_code(before: &str, rest: &str) -> bool {
    let is_code = rest.get(1..3).is_some_and(|code| {
        code.bytes().all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte))
    });
    let is_word_before = before.ends_with(|c: char| c.is_alphabetic() || ",.!?;:".contains(c));
    is_code && is_word_before && rest[3..].starts_with(|c: char| c.is_alphanumeric() || c == '%')
}

/// Returns the length of a number that a spreadsheet has shortened to its magnitude: `4.91511E+12`.
pub(super) fn power_length(rest: &str) -> Option<usize> {
    let mantissa = run_length(rest, |c| c.is_ascii_digit() || matches!(c, '.' | ','));
    let exponent = rest[mantissa..].strip_prefix("E+")?;
    let digits = run_length(exponent, |c| c.is_ascii_digit());
    (digits > 1 && !exponent[digits..].starts_with(char::is_alphanumeric))
        .then_some(mantissa + "E+".len() + digits)
}

/// Returns the length of a character as Excel stores it in XML: `_x000D_`.
fn code_length(rest: &str) -> Option<usize> {
    let code = rest.strip_prefix("_x")?.get(..5)?.strip_suffix('_')?;
    code.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some("_x000D_".len())
}

/// Returns the length of an error value of a spreadsheet.
fn error_length(rest: &str) -> Option<usize> {
    // A column that is too narrow for its number.
    let hidden = run_length(rest, |c| c == '#');
    let known = words::ERRORS.iter().find(|error| starts_with_word(rest, error));
    known.map(|error| error.len()).or((hidden > 3).then_some(hidden))
}

/// Returns the length of an entity of HTML: `&amp;`, `&eacute;`, `&#39;`, `&#x27;`.
fn entity_length(rest: &str) -> Option<usize> {
    let name = &rest[1..rest.bytes().take(LONGEST_ENTITY).position(|byte| byte == b';')?];
    let is_number = name.strip_prefix('#').is_some_and(|number| {
        let (digits, radix) =
            number.strip_prefix(['x', 'X']).map_or((number, 10), |digits| (digits, 16));
        u32::from_str_radix(digits, radix).is_ok()
    });
    let lower = name.to_ascii_lowercase();
    let has_accent = words::ENTITY_ACCENTS
        .split_whitespace()
        .any(|accent| lower.strip_suffix(accent).is_some_and(|letter| letter.len() == 1));
    let is_entity = is_number || has_accent || words::contains(words::HTML_ENTITIES, &lower);
    is_entity.then_some(name.len() + 2)
}

/// Returns the length and kind of a missing value or a draft between brackets: `(no value)`, `<none>`, `[draft]`.
fn marked_length(before: &str, rest: &str) -> Option<(usize, SuspicionKind)> {
    let mut chars = rest.char_indices().take(LONGEST_MARK);
    let close = match chars.next()?.1 {
        '[' => ']',
        '(' => ')',
        _ => '>',
    };
    let end = chars.find(|(_, c)| *c == close)?.0;
    let inside = rest[1..end].trim().to_lowercase();
    // In parentheses, `none` may answer a question.
    let is_none = inside == "none" && close != ')';
    // Elsewhere, the words may be ordinary: `Fill in the [blank]`.
    let is_no_name = || {
        words::contains(words::EMPTY_TEXTS, &inside)
            && words::contains(words::GREETINGS, &last_word(before.trim_end()))
    };
    let kind = if is_none || words::contains_phrase(words::EMPTY_MARKS, &inside) || is_no_name() {
        EmptyValue
    } else if words::contains(words::DRAFT_MARKS, without_version(&inside)) {
        Draft
    } else {
        return None;
    };
    Some((end + 1, kind))
}

/// Returns a mark without the version after it: `draft v2`.
fn without_version(mark: &str) -> &str {
    let is_version = |c: char| c.is_ascii_digit() || matches!(c, '.' | '#');
    mark.trim_end_matches(is_version).trim_end_matches('v').trim_end()
}

/// Returns the length and kind of a word that is suspicious in the middle of a text.
fn suspicious_word(before: &str, rest: &str, is_iberian: bool) -> Option<(usize, SuspicionKind)> {
    let word = &rest[..run_length(rest, char::is_alphanumeric)];
    let after = &rest[word.len()..];
    let is_crossed =
        word.len() > 1 && (word.chars().all(|c| c == 'X') || word.chars().all(|c| c == 'x'));
    let lower = || word.to_lowercase();
    match word {
        "TODO" | "ToDo" | "Todo" | "todo"
            if !is_iberian && before.trim().is_empty() && after.starts_with(':') =>
        {
            Some((word.len(), Draft))
        }
        "TODO" if is_kind_of_app(after) => None,
        "TODO" | "Todo" | "todo" if !is_iberian && is_last_mark(word, before, after) => {
            Some((word.len(), Draft))
        }
        "TODO" if !is_iberian && !is_in_capitals(before, after) => Some((word.len(), Draft)),
        "TBD" | "tbd" if is_name_of_company(after) => None,
        "TBD" | "tbd" | "FIXME" => Some((word.len(), Draft)),
        "NaN" => Some((word.len(), EmptyValue)),
        "N" | "n" if is_not_available(rest) => Some(("N/A".len(), EmptyValue)),
        "null" | "NULL" | "undefined" | "None"
            if is_addressed(word, before, after) || is_in_place_of_value(word, before, after) =>
        {
            Some((word.len(), EmptyValue))
        }
        "X" | "XX" | "XXX" if crossed_length(before, rest).is_some() => {
            Some((crossed_length(before, rest)?, Placeholder))
        }
        _ if words::contains(words::ERROR_CODES, word) && after.starts_with(':') => after
            .strip_prefix(':')
            .filter(|code| run_length(code, |c| c.is_ascii_digit()) == 3)
            .map(|_| (word.len() + 4, ErrorValue)),
        _ if word.eq_ignore_ascii_case("lorem")
            && after.get(..6).is_some_and(|next| next.eq_ignore_ascii_case(" ipsum")) =>
        {
            Some((word.len() + 6, Draft))
        }
        _ if before.trim().is_empty()
            && words::contains(words::DRAFT_MARKS, &lower())
            && is_draft_mark(word, after) =>
        {
            Some((word.len(), Draft))
        }
        _ if words::contains(words::DRAFT_MARKS, &lower()) && is_last_mark(word, before, after) => {
            Some((word.len(), Draft))
        }
        _ if word.len() > 8
            && !after.starts_with('-')
            && words::contains(words::DRAFT_WORDS, &lower()) =>
        {
            Some((word.len(), Draft))
        }
        _ if is_crossed && is_name(word, before, after) => Some((word.len(), Placeholder)),
        "DD" | "dd" | "MM" | "mm" | "TT" | "JJ" | "jj" | "GG" | "gg" | "YYYY" | "yyyy" | "HH"
        | "hh" => {
            let pattern =
                &rest[..run_length(rest, |c| c.is_ascii_alphabetic() || "./-:".contains(c))];
            let pattern = pattern.trim_end_matches(['.', ':', '/', '-']);
            words::contains(words::DATE_PATTERNS, &pattern.to_lowercase())
                .then_some((pattern.len(), Placeholder))
        }
        _ => None,
    }
}

/// Checks whether `TODO` is the kind of an app.
fn is_kind_of_app(after: &str) -> bool {
    let next = after.trim_start_matches([' ', '-']);
    let next = next[..run_length(next, char::is_alphabetic)].to_lowercase();
    ["app", "apps"].contains(&next.as_str())
}

/// Checks whether `rest` begins with `N/A` as a word.
fn is_not_available(rest: &str) -> bool {
    ["N/A", "n/a"].iter().any(|value| starts_with_word(rest, value))
        && !rest["N/A".len()..].starts_with(['-', '/', '?'])
}

/// Whether the words `after` a match continue a name such as `TBD Records`: they begin with a word in title case that is
/// no day, month or currency.
fn is_name_of_company(after: &str) -> bool {
    let Some(next) = after.strip_prefix(' ') else { return false };
    let next = &next[..run_length(next, char::is_alphabetic)];
    next.starts_with(char::is_uppercase)
        && next.contains(char::is_lowercase)
        && !words::contains(words::AMOUNT_WORDS, &next.to_lowercase())
}

/// Whether the first word marks the text as a draft: `DRAFT Hello`, `Draft: hello`, `Entwurf – hallo`. `DRAFT BEER` and
/// `Draft beer` are ordinary.
fn is_draft_mark(word: &str, after: &str) -> bool {
    let is_version = |c: char| c.is_ascii_digit() || matches!(c, 'v' | 'V' | '#' | '.' | ' ');
    let rest = after.trim_start();
    let is_versioned = rest.trim_start_matches(is_version).starts_with(':');
    let is_separated = rest.starts_with([':', '|', '\n']) || after.starts_with('\n');
    let is_dashed = rest.len() < after.len()
        && rest.strip_prefix(['-', '–', '—']).is_some_and(|rest| rest.starts_with(' '));
    let is_capital = word.len() > 3 && !word.contains(char::is_lowercase);
    let next = &rest[..run_length(rest, char::is_alphanumeric)];
    is_separated
        || is_versioned
        || is_dashed
        || is_capital
            && next.contains(char::is_lowercase)
            && !words::contains(words::AFTER_DRAFT, &next.to_lowercase())
}

/// Whether a word is the last of its text and no part of its sentence: `Hello all – draft`, `Hello all (todo)`, `Hello all
/// TBC`. `Ale on DRAFT` is ordinary.
fn is_last_mark(word: &str, before: &str, after: &str) -> bool {
    let is_version = |c: char| c.is_ascii_digit() || matches!(c, 'v' | 'V' | '#' | '.' | ' ');
    let rest = after.trim_start_matches(is_version);
    let is_last = rest.trim_matches(['.', ' ', '*', ']', ')', '\n']).is_empty();
    let text = before.trim_end_matches([' ', '*', '\n']);
    let is_apart = before.ends_with(['\n', '('])
        || text.len() < before.len() && text.ends_with(['-', '–', '—', '|', '/', '•']);
    let last = last_word(text);
    let is_capital = word.len() > 2
        && !word.contains(char::is_lowercase)
        && text.ends_with(|c: char| c.is_lowercase() || matches!(c, '.' | '!' | '?'))
        && !is_in_capitals(before, after)
        && !words::contains(words::BEFORE_DRAFT, &last);
    is_last && (is_apart || is_capital)
}

/// Whether a word such as `null` stands where a name or a number belongs: `Your order null is ready`, `Welcome to null!`,
/// `Only $undefined`. German and other languages have the number `null`, so that the words around it decide: `Ihr Gutschein
/// null ist da`, but `Die Stunde null ist da`.
fn is_in_place_of_value(word: &str, before: &str, after: &str) -> bool {
    let (earlier, previous) = last_words(before);
    let next = after.trim_start();
    let next_word = next[..run_length(next, char::is_alphabetic)].to_lowercase();
    let is_joined = before.ends_with(' ') && before.trim_end().ends_with(char::is_alphanumeric);
    let is_end = next.is_empty() || next.starts_with(['.', ',', '!', '?', ';', ':']);
    let is_named = is_joined
        && words::contains(words::NAMED_THINGS, &previous)
        && (is_end || words::contains(words::AFTER_NAMED, &next_word));
    let is_first = word == "undefined" && before.trim().is_empty();
    let is_subject = (is_joined || is_first)
        && after.starts_with(' ')
        && words::contains(words::AFTER_VALUE, &next_word)
        && !words::contains(words::BEFORE_NUMBER, &previous);
    let is_object = is_joined
        && word != "None"
        && (words::contains(words::BEFORE_VALUE, &previous)
            || previous == "to" && earlier == "welcome")
        && is_end;
    let is_sign = |c: char| matches!(c, '$' | '€' | '£' | '¥');
    let is_amount = before.ends_with(is_sign)
        || before.trim_end().ends_with(':') && next.starts_with(is_sign)
        || word == "undefined"
            && words::CURRENCIES
                .split_whitespace()
                .any(|currency| starts_with_word(next, currency));
    is_named || is_subject || is_object || is_amount
}

/// Returns the length of crosses for the digits of an amount or a telephone number: `$X.XX`, `X,XX €`, `XXX-XXX-XXXX`.
fn crossed_length(before: &str, rest: &str) -> Option<usize> {
    let length = run_length(rest, |c| matches!(c, 'X' | '.' | ',' | '-'));
    let number = rest[..length].trim_end_matches(['.', ',', '-']);
    let after = rest[number.len()..].trim_start();
    let mut currencies = words::CURRENCIES.split_whitespace();
    let is_amount = number.contains(['.', ','])
        && currencies.any(|it| before.trim_end().ends_with(it) || starts_with_word(after, it));
    let is_telephone = number.split('-').count() > 2 && number.split('-').all(|it| it.len() > 1);
    (is_amount || is_telephone).then_some(number.len())
}

/// Whether crosses such as `XXX` stand for a name or an amount: after a greeting, beside a currency (also `XX`), or four times and
/// more. Otherwise it is a Roman numeral or kisses.
fn is_name(word: &str, before: &str, after: &str) -> bool {
    let cents = after.strip_prefix(['.', ',']).and_then(|after| after.strip_prefix(word));
    let (before, after) = (before.trim_end(), cents.unwrap_or(after).trim_start());
    let last = last_word(before);
    let is_amount = words::CURRENCIES
        .split_whitespace()
        .any(|currency| before.ends_with(currency) || starts_with_word(after, currency));
    word.len() > 3 && word.starts_with('X')
        || is_amount
        || word.len() > 2 && words::contains(words::GREETINGS, &last) && !before.ends_with('.')
}

/// Checks whether a word is a name after a greeting: `Hello null, welcome`, `Hello "null"`.
fn is_addressed(word: &str, before: &str, after: &str) -> bool {
    let is_quote = |c: char| matches!(c, '"' | '\'' | '“' | '”' | '„' | '‘' | '’' | '«' | '»');
    let (before, after) = match (before.strip_suffix(is_quote), after.strip_prefix(is_quote)) {
        (Some(before), Some(after)) => (before, after),
        _ => (before, after),
    };
    let next = after.trim_start();
    let is_compound = after.starts_with('-') && after[1..].starts_with(char::is_alphabetic);
    let is_end =
        !is_compound && (starts_with_word(next, word) || !next.starts_with(char::is_alphanumeric));
    is_end && words::contains(words::GREETINGS, &last_word(before.trim_end_matches(['.', ' '])))
}

/// Checks whether the sentence around a word is in capitals.
fn is_in_capitals(before: &str, after: &str) -> bool {
    let is_inside = |c: &char| !matches!(c, '.' | '!' | '?' | '\n');
    let letters = before
        .chars()
        .rev()
        .take(CONTEXT)
        .take_while(is_inside)
        .chain(after.chars().take(CONTEXT).take_while(is_inside));
    // `XXX TODO XXX`
    let mut letters = letters.filter(|c| c.is_alphabetic() && *c != 'X').peekable();
    letters.peek().is_some() && letters.all(char::is_uppercase)
}

/// Checks whether a text is in Spanish or Portuguese, where `TODO` is the word for "all".
fn is_iberian(text: &str) -> bool {
    text.contains(['¿', '¡', 'ñ', 'ã'])
        || text
            .split(|c: char| !c.is_alphabetic())
            .any(|word| words::contains(words::IBERIAN, &word.to_lowercase()))
}
