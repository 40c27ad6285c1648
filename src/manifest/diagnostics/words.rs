//! How the user's own words are put into messages: cleaned, shortened, counted.

/// How much of a cell a message quotes.
const QUOTED_CHARACTERS: usize = 60;

/// `text` without anything that could steer a terminal: control characters and the characters that
/// reorder text become `\u{FFFD}`, line ends and tabs a space.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(clean_character).collect()
}

/// The harmless form of one character.
pub(crate) const fn clean_character(character: char) -> char {
    match character {
        '\n' | '\r' | '\t' => ' ',
        '\0'..='\u{1F}'
        | '\u{7F}'..='\u{9F}'
        | '\u{200E}'
        | '\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}' => '\u{FFFD}',
        other => other,
    }
}

/// `text` in backticks, cleaned, and shortened if it is long.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown: String = clean(text).chars().take(QUOTED_CHARACTERS).collect();
    if text.chars().nth(QUOTED_CHARACTERS).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// `` `a`, `b` or `c` ``.
pub(crate) fn list_or<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(quoted).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// `1 row`, `2 rows`.
pub(crate) fn count(number: usize, singular: &str, plural: &str) -> String {
    let word = if number == 1 { singular } else { plural };
    format!("{number} {word}")
}

/// The word of `known` that `word` was most likely meant to be, if any is near.
///
/// Near is one slip for each three characters: `aspct_ratio` is near `aspect_ratio`, `date` is near
/// nothing.
pub(crate) fn closest_match<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let wanted = word.to_lowercase();
    let length = wanted.chars().count();
    known
        .into_iter()
        // Where the lengths differ by more than any slip, there is nothing to measure.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= 3)
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, candidate)| {
            let shorter = length.min(candidate.chars().count());
            *distance <= (shorter / 3).clamp(1, 3) && *distance < shorter
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Whether one slip of the fingers makes one word the other.
pub(crate) fn is_one_edit_apart(one: &str, other: &str) -> bool {
    strsim::damerau_levenshtein(one, other) == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_gets_through() {
        assert_eq!(
            quoted("a\u{1b}[2Jb\u{202e}c\n"),
            "`a\u{fffd}[2Jb\u{fffd}c `"
        );
        assert!(quoted(&"x".repeat(100)).ends_with("x…`"));
    }

    #[test]
    fn near_words_are_slips_and_nothing_else() {
        let known = ["text", "aspect_ratio", "captions", "persona", "skip"];
        for (word, meant) in [
            ("aspct_ratio", Some("aspect_ratio")),
            ("Captoins", Some("captions")),
            ("txet", Some("text")),
            ("presona", Some("persona")),
            ("first_name", None),
            ("date", None),
            ("x", None),
        ] {
            assert_eq!(closest_match(word, known), meant, "{word}");
        }
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(list_or(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(list_or(["a"]), "`a`");
        assert_eq!(count(1, "row", "rows"), "1 row");
        assert_eq!(count(0, "row", "rows"), "0 rows");
    }
}
