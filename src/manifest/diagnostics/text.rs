//! User text in messages: quotes, lists, near matches.

use crate::util::text::{sanitize, truncate};

/// The most characters of a cell that a message quotes.
const MAX_QUOTED: usize = 60;

/// Returns `text` in backticks, safe for a terminal and truncated if it is long.
pub(crate) fn quote(text: &str) -> String {
    format!("`{}`", truncate(&sanitize(text), MAX_QUOTED))
}

/// Returns quoted words with a conjunction before the last: `` `a`, `b` or `c` ``.
pub(crate) fn list<'a>(words: impl IntoIterator<Item = &'a str>, conjunction: &str) -> String {
    let quoted: Vec<String> = words.into_iter().map(quote).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} {conjunction} {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// Returns the word of `known` that `word` is most likely a misspelling of.
///
/// One edit is allowed for every three characters: `aspct_ratio` matches `aspect_ratio`, `date` matches nothing.
pub(crate) fn closest_match<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let wanted = word.to_lowercase();
    let length = wanted.chars().count();
    known
        .into_iter()
        // Saves the computation where the lengths alone rule out a match.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= 3)
        .map(|candidate| (edit_distance(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| {
            let shorter = length.min(candidate.chars().count());
            *distance <= (shorter / 3).clamp(1, 3) && *distance < shorter
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns the number of insertions, deletions, substitutions and swaps that turn one word into the other.
pub(crate) fn edit_distance(one: &str, other: &str) -> usize {
    strsim::damerau_levenshtein(one, other)
}

/// Returns what is compared of a header or a name: its letters and digits, in lower case. `Aspect Ratio`,
/// `aspect_ratio` and `AspectRatio:` are equal.
pub(crate) fn normalize(text: &str) -> String {
    text.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_in_quotes() {
        assert_eq!(quote("a\u{1b}[2Jb\u{202e}c\n"), r"`a\u{1b}[2Jb\u{202e}c `");
        assert!(quote(&"x".repeat(100)).ends_with("x…`"));
    }

    #[test]
    fn near_matches_are_misspellings_and_nothing_else() {
        let known = ["text", "aspect_ratio", "captions", "persona", "skip"];
        for (word, expected) in [
            ("aspct_ratio", Some("aspect_ratio")),
            ("Captoins", Some("captions")),
            ("txet", Some("text")),
            ("presona", Some("persona")),
            ("first_name", None),
            ("date", None),
            ("x", None),
        ] {
            assert_eq!(closest_match(word, known), expected, "{word}");
        }
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(list(["a", "b", "c"], "or"), "`a`, `b` or `c`");
        assert_eq!(list(["a"], "or"), "`a`");
    }
}
