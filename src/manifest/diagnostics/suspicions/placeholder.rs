//! Fields of templates and mail programs that were not filled: `[First Name]`, `*|FNAME|*`, `{{ name }}`.

use std::ops::Range;

use super::words::{self, last_word, last_words};

/// The longest name of a field, in characters.
const LONGEST_NAME: usize = 60;
/// The most words of a name in title case.
const MOST_WORDS: usize = 5;

/// Returns the first `{{ … }}` or `{% … %}`, or only its opening braces when they are not closed.
pub(super) fn find_template(text: &str) -> Option<Range<usize>> {
    let start = text
        .match_indices('{')
        .map(|(start, _)| start)
        .find(|&start| template_length(&text[start..]).is_some())?;
    Some(start..start + template_length(&text[start..])?)
}

fn template_length(rest: &str) -> Option<usize> {
    let close = match rest.get(..2)? {
        "{{" => "}}",
        "{%" => "%}",
        _ => return None,
    };
    let length = between(rest, "{", close).map_or(2, |inside| inside.len() + 1 + close.len());
    Some(length + rest[length..].len() - rest[length..].trim_start_matches('}').len())
}

/// Returns the length of the placeholder at the beginning of `rest`. `before` is the text before it. The name of a column
/// is always one.
pub(super) fn placeholder_length(
    before: &str,
    rest: &str,
    is_column: &dyn Fn(&str) -> bool,
) -> Option<usize> {
    let enclosed = |open: &str, close: &str, is_name: &dyn Fn(&str) -> bool| {
        let inside = between(rest, open, close)?;
        // `- SUMMER -` is a decoration.
        let is_column = |name: &str| is_column(name) && !(open == "-" && name.trim() != name);
        (inside.contains(char::is_alphanumeric) && (is_name(inside) || is_column(inside)))
            .then(|| open.len() + inside.len() + close.len())
    };
    match rest.chars().next()? {
        '{' if rest.starts_with("{}") => Some(2),
        '{' if rest.starts_with("{#") => {
            Some(between(rest, "{#", "#}").map_or(2, |inside| inside.len() + 4))
        }
        '}' if rest.starts_with("}}") => Some(rest.len() - rest.trim_start_matches('}').len()),
        '{' if !is_near(rest.chars(), '}') => open_length(rest, is_column),
        '[' if !is_near(rest.chars(), ']') => open_length(rest, is_column),
        '｛' => enclosed("｛", "｝", &|_| true),
        '【' => enclosed("【", "】", &is_field),
        '○' | '〇' | '◯' => circles_length(before, rest),
        '[' if empty_brackets_length(rest).is_some() => empty_brackets_length(rest),
        '{' => template_length(rest)
            .or_else(|| enclosed("{", "}", &|name| is_braced_name(name) && !is_code(before, name))),
        ':' if before.is_empty() || before.ends_with([' ', '\n', '(', '"', '“', '„']) => {
            colon_length(before, rest, is_column)
        }
        '$' if rest.starts_with("${") => {
            placeholder_length(before, &rest[1..], is_column).map(|length| length + 1)
        }
        '$' if !before.ends_with(char::is_alphanumeric) => {
            let is_inside = |c: char| c.is_alphanumeric() || c == '_';
            let name = rest[1..].split(|c| !is_inside(c)).next().unwrap_or_default();
            // Ordinary words are puns such as `$ave`, and words in capitals are shares.
            let is_name = is_identifier(name)
                && name.len() <= LONGEST_NAME
                && (is_field(name) || name.contains('_') || is_column(name))
                && name.contains(char::is_lowercase);
            is_name.then(|| 1 + name.len())
        }
        '[' => {
            let is_name = |name: &str| {
                is_bracketed_name(name)
                    && !is_code(before, name)
                    && !is_button(before, name)
                    && !is_editorial(before, name)
            };
            let length =
                enclosed("[", "]", &is_name).or_else(|| enclosed("[[", "]]", &|_| true))?;
            // A link of Markdown, and letters that an editor changed: [T]he.
            let after = &rest[length..];
            let is_part =
                after.starts_with('(') || length < 5 && after.starts_with(char::is_lowercase);
            (!is_part).then_some(length)
        }
        '<' if rest.starts_with("<%") => enclosed("<%", "%>", &|_| true),
        '<' if rest.starts_with("<?") => enclosed("<?", "?>", &|_| true),
        '<' => enclosed("<<", ">>", &|name| is_identifier(name) || is_field(name))
            .or_else(|| enclosed("<", ">", &|name| is_field(name) || is_constant(name))),
        '(' if rest[1..].starts_with("insert ") || rest[1..].starts_with("Insert ") => {
            enclosed("(", ")", &is_field)
        }
        '(' if words::contains(words::GREETINGS, &last_word(before.trim_end())) => {
            enclosed("(", ")", &|name| is_field(name) && split_words(name).len() < 3)
        }
        // Without capitals or an underscore, the name may be a word of the sentence.
        '(' if rest[1..].starts_with(char::is_uppercase) || rest.contains('_') => {
            enclosed("(", ")", &|_| false)
        }
        '-' if !before.ends_with(|c: char| c.is_alphanumeric() || c == '-') => {
            let length = enclosed("-", "-", &|_| false)?;
            (!rest[length..].starts_with(char::is_alphanumeric)).then_some(length)
        }
        '«' => enclosed("«", "»", &is_merge_field),
        '*' => enclosed("*|", "|*", &|_| true).or_else(|| {
            let name = rest.strip_prefix("*|")?.split(|c| !is_name_character(c)).next()?;
            is_constant(name).then(|| 2 + name.len())
        }),
        c @ ('~' | '|' | '@' | '#') if !before.ends_with(char::is_alphanumeric) => {
            let mark = &rest[..if rest[1..].starts_with(c) { 2 } else { 1 }];
            enclosed(mark, mark, &|name| is_identifier(name) && is_field(name))
        }
        '%' if rest.starts_with("%%=") => enclosed("%%=", "=%%", &|_| true),
        '%' => {
            let is_percent = before.trim_end().ends_with(|c: char| c.is_numeric() || c == '%');
            let signs = if rest.starts_with("%%") { "%%" } else { "%" };
            let is_name = |name: &str| {
                is_identifier(name) && name.len() > 1 || is_field(name) && name.trim() == name
            };
            if is_percent {
                None
            } else {
                enclosed(signs, signs, &is_name).or_else(|| format_length(rest))
            }
        }
        '_' if !before.ends_with(|c: char| c.is_alphanumeric() || c == '_') => {
            let after = rest.trim_start_matches('_');
            let line = rest.len() - after.len();
            let is_line = line > 2 && !after.starts_with(char::is_alphanumeric);
            if is_line { Some(line) } else { enclosed("__", "__", &is_identifier) }
        }
        _ => None,
    }
}

/// Checks whether a name is a code that customers enter: `Use code {SUMMER}`, `[SAVE20]`. Names of fields are none.
fn is_code(before: &str, name: &str) -> bool {
    let is_constant = !name.is_empty()
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-');
    let has_number = name.bytes().filter(u8::is_ascii_digit).count() > 1;
    let is_announced = words::contains(words::CODES, &last_words(before).1);
    is_constant && (has_number || is_announced) && !is_field(name)
}

/// Checks whether a name in brackets is a key or a button: `Press the [Enter] key`, `Click [Buy now]`.
fn is_button(before: &str, name: &str) -> bool {
    let words = split_words(name);
    let is_key = !words.is_empty() && words.iter().all(|word| words::contains(words::KEYS, word))
        || name.len() == 1 && before.trim_end().ends_with('+');
    let (earlier, last) = last_words(before);
    let is_pressed = words::contains(words::PRESSES, &last)
        || words::contains(words::ARTICLES, &last) && words::contains(words::PRESSES, &earlier);
    let is_request = words.first().is_some_and(|word| words::contains(words::REQUESTS, word));
    is_key || is_pressed && !is_request && !is_field(name) && !is_constant(name)
}

/// Checks whether a sign is near enough to be the other end of a placeholder.
fn is_near(mut text: impl Iterator<Item = char>, sign: char) -> bool {
    text.by_ref().take(LONGEST_NAME + 2).any(|c| c == sign)
}

/// Returns the length of a placeholder that is never closed: `{First Name`.
fn open_length(rest: &str, is_column: &dyn Fn(&str) -> bool) -> Option<usize> {
    let is_inside = |c: char| is_name_character(c) || c == ' ';
    let line = rest[1..].split(|c| !is_inside(c)).next()?;
    let ends = line.match_indices(' ').map(|(end, _)| end).chain([line.len()]).take(3);
    let names = ends.map(|end| &line[..end]).filter(|name| !name.is_empty());
    names.filter(|name| is_field(name) || is_column(name)).last().map(|name| 1 + name.len())
}

/// Returns the length of brackets without a word: `[ ]`, `[...]`, `[€€]`.
fn empty_brackets_length(rest: &str) -> Option<usize> {
    let inside = between(rest, "[", "]")?;
    let is_sign = |c: char| matches!(c, '€' | '$' | '£' | '#' | '*' | '?');
    let are_signs = inside.chars().all(is_sign) && inside.chars().nth(1).is_some();
    let is_empty = inside.chars().all(|c| matches!(c, ' ' | '.' | '…' | '_'));
    (is_empty || are_signs).then_some(inside.len() + 2)
}

/// Returns the length of circles in place of a name, as Japanese forms have them: `○○様`. They are also digits: `二〇〇〇年`.
fn circles_length(before: &str, rest: &str) -> Option<usize> {
    let after = rest.trim_start_matches(['○', '〇', '◯']);
    let is_number = before.ends_with(|c: char| c.is_numeric() || "一二三四五六七八九".contains(c));
    let is_name = words::contains_start(words::HONORIFICS, after);
    let length = rest.len() - after.len();
    (length > '○'.len_utf8() && is_name && !is_number).then_some(length)
}

/// Returns the length of the name of a field without any marks: `FIRSTNAME`, `first_name`, or the name of a column.
pub(super) fn bare_name_length(
    before: &str,
    rest: &str,
    is_column: &dyn Fn(&str) -> bool,
) -> Option<usize> {
    let name = rest.split(|c| !is_name_character(c)).next()?.trim_end_matches('_');
    let has_case = |test: fn(char) -> bool| name.contains(test);
    let (is_snake, is_upper) = (name.contains('_'), !has_case(char::is_lowercase));
    let is_camel = name.starts_with(char::is_lowercase) && has_case(char::is_uppercase);
    if !(is_snake || is_camel || is_upper && name.len() > 3)
        || before.ends_with(['#', '@', '/', '-', '.'])
        || name.chars().nth(LONGEST_NAME).is_some()
    {
        return None;
    }
    let words = split_words(name);
    let last = words.last()?;
    let is_person = words::contains(words::PERSON_FIELDS, last);
    let is_name = if is_snake {
        is_column(name) || is_person || is_upper && is_field_word(last)
    } else if is_camel {
        is_person && words.len() > 1
    } else {
        let is_addressed = words::contains(words::GREETINGS, &last_word(before.trim_end()));
        // A word in capitals may be ordinary, also if a column is called so: `It's FREE`.
        is_addressed && words.len() == 1 && is_person || words::contains(words::BARE_FIELDS, last)
    };
    is_name.then_some(name.len())
}

fn is_name_character(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether words in brackets belong to a quotation whose editor has added them: `“[the product] saved me hours”`.
fn is_editorial(before: &str, name: &str) -> bool {
    before.ends_with(['"', '“', '”', '„', '«', '‘', '\''])
        && ["the ", "this ", "that ", "their ", "its "].iter().any(|word| name.starts_with(word))
}

/// Returns the length of a format specifier: `%s`, `%d`.
fn format_length(rest: &str) -> Option<usize> {
    // `%(name)s`, `%1$s`
    let named = rest.strip_prefix("%(").and_then(|name| name.split_once(')'));
    if let Some((name, after)) = named
        && is_identifier(name)
        && after.starts_with(['s', 'd'])
    {
        return Some("%()s".len() + name.len());
    }
    let position = rest[1..].trim_start_matches(|c: char| c.is_ascii_digit());
    if position.len() + 1 < rest.len() && (position.starts_with("$s") || position.starts_with("$d"))
    {
        return Some(rest.len() - position.len() + 2);
    }
    let is_format = rest.starts_with("%s") || rest.starts_with("%d") || rest.starts_with("%@");
    (is_format && !rest[2..].starts_with(char::is_alphanumeric)).then_some(2)
}

/// Returns the length of a variable after a colon: `Hi :name`. `:smile:` is an emoji, and in French a space stands before
/// the colon of a sentence, behind which the next one is often missing.
fn colon_length(before: &str, rest: &str, is_column: &dyn Fn(&str) -> bool) -> Option<usize> {
    let name = rest[1..].split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    let is_emoji = rest[1 + name.len()..].starts_with(':');
    let words = split_words(name);
    let is_person = words.last().is_some_and(|last| words::contains(words::PERSON_FIELDS, last));
    let starts_clause = before.trim_end().is_empty()
        || before.trim_end().ends_with(['.', '!', '?'])
        || words::contains(words::GREETINGS, &last_word(before.trim_end()));
    let is_name = is_column(name)
        || is_person
        || is_field(name) && (words.len() > 1 || starts_clause)
        || name.contains('_') && !is_emoji;
    (name.len() > 1 && name.len() <= LONGEST_NAME && is_identifier(name) && is_name)
        .then(|| 1 + name.len() + usize::from(is_emoji))
}

/// Returns the text between two marks, if it is on one line and not longer than the name of a field.
fn between<'a>(rest: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let inside = rest.strip_prefix(open)?;
    let limit = inside
        .char_indices()
        .nth(LONGEST_NAME + close.len())
        .map_or(inside.len(), |(limit, _)| limit);
    let inside = &inside[..inside[..limit].find(close)?];
    (!inside.contains('\n')).then_some(inside)
}

/// Checks whether text in brackets is the name of a field, not an audio tag as `[laughs softly]`.
///
/// Names are known words of fields, requests as `[insert offer here]` and `[Vorname einfügen]`, and any name in title case
/// or capitals.
fn is_bracketed_name(text: &str) -> bool {
    let text = text.trim_matches(['*', '_', '#', '%', ' ']);
    let words = split_words(text);
    let Some((first, last)) = words.first().zip(words.last()) else { return false };
    let is_audio_tag =
        words::contains(words::AUDIO_TAGS, first) || words::contains(words::AUDIO_TAGS, last);
    let is_label = words.len() == 1 && words::contains(words::LABELS, first);
    let is_name = is_title(text)
        || words::contains(words::REQUESTS, first)
        || words::contains(words::REQUESTS_AT_END, last)
        || is_identifier(text) && text.contains('_');
    is_field(text) || is_name && !is_audio_tag && !is_label
}

/// Checks whether text in braces is a variable, a position or alternatives: `{$name}`, `{0}`, `{Hi|Hello}`.
fn is_braced_name(text: &str) -> bool {
    let name = text.trim().trim_start_matches(['$', '!', '@', '#', '%', '=']);
    let is_position = text.chars().all(|c| c.is_ascii_digit());
    // `{user:first}`
    let is_path = || name.split(':').all(is_identifier);
    is_position || text.contains('|') || is_path() || is_bracketed_name(text)
}

/// Checks whether text between guillemets is a merge field of Word, not a quotation.
///
/// A merge field has no spaces at its ends, and has an underscore (`«First_Name»`), or is a field of persons (`«Name»`),
/// or has several words of which the last is a field (`«FirstName»`, `«First Name»`). Everything else is a quotation:
/// `« Bonjour »`, `«Привет»`, `«YouTube»`.
fn is_merge_field(text: &str) -> bool {
    let words = split_words(text);
    let Some((last, qualifiers)) = words.split_last() else { return false };
    let is_known = |word: &String| words::contains(words::QUALIFIERS, word) || is_field_word(word);
    let is_name = match qualifiers {
        [] => words::contains(words::PERSON_FIELDS, last),
        _ => is_field_word(last) && qualifiers.iter().all(is_known),
    };
    text.trim() == text && (is_name || is_identifier(text) && text.contains('_'))
}

/// Checks whether a text is the name of a field: `name`, `First Name`, `customer_name`, `nom du client`, `your name here`.
fn is_field(text: &str) -> bool {
    let is_name = text.chars().all(|c| c.is_alphanumeric() || " _-.:/|'’#".contains(c));
    let mut words = split_words(text);
    words.pop_if(|last| words::contains(words::HERE, last));
    let Some((first, last)) = words.first().zip(words.last()) else { return false };
    let has_owner = words.iter().any(|word| words::contains(words::OF, word));
    is_name
        && words.len() <= MOST_WORDS
        && (is_field_word(last) || has_owner && is_field_word(first))
}

fn is_field_word(word: &str) -> bool {
    words::contains(words::PERSON_FIELDS, word) || words::contains(words::FIELDS, word)
}

/// Checks whether a text could be the name of a variable: `first_name`, `FirstName`, `name2`.
fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// Checks whether a text is an identifier in capitals: `CITY`, `FIRST_NAME`.
fn is_constant(text: &str) -> bool {
    is_identifier(text) && text.len() > 2 && !text.contains(char::is_lowercase)
}

/// Checks whether every word begins with a capital letter: `Discount Rate`, `CTA`, `Name of the Product`.
fn is_title(text: &str) -> bool {
    let words: Vec<_> = text.split([' ', '_', '-', '/']).filter(|word| !word.is_empty()).collect();
    let is_capitalized = |word: &&str| {
        word.starts_with(char::is_uppercase) || words::contains(words::SMALL_WORDS, word)
    };
    words.len() <= MOST_WORDS
        && words.first().is_some_and(|word| word.starts_with(char::is_uppercase))
        && words.iter().all(|word| is_capitalized(word) || word.chars().all(|c| c.is_ascii_digit()))
        && !text.contains(['.', '!', '?', '…', ','])
}

/// Returns the words of a name in lower case, without digits. Capital letters inside a word begin another one.
fn split_words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut previous = ' ';
    for c in text.chars() {
        let is_inside = c.is_alphabetic() || matches!(c, '\'' | '’');
        if !is_inside || previous.is_lowercase() && c.is_uppercase() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| is_inside) {
            word.extend(c.to_lowercase());
        }
        previous = c;
    }
    words.retain(|word| !word.is_empty());
    words
}
