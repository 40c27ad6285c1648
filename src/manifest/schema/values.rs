//! What single cells say: switches, numbers, URLs, texts.

use crate::model::Text;

/// Words for yes, in lower case. Excel exports TRUE in the language of its user.
pub(crate) const YES: [&str; 21] = [
    "yes",
    "y",
    "true",
    "1",
    "1.0",
    "on",
    "x",
    "✓",
    "✔",
    "ja",
    "wahr",
    "oui",
    "vrai",
    "sí",
    "si",
    "verdadero",
    "sì",
    "vero",
    "verdadeiro",
    "sim",
    "waar",
];
/// Words for no, in lower case.
pub(crate) const NO: [&str; 17] = [
    "no", "n", "false", "0", "0.0", "off", "-", "✗", "✘", "nein", "falsch", "non", "faux", "falso",
    "não", "nee", "onwaar",
];

/// Reads a yes or no. Returns `None` for any other word.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    let word = text.trim().to_lowercase();
    if YES.contains(&word.as_str()) {
        return Some(true);
    }
    NO.contains(&word.as_str()).then_some(false)
}

/// A number with a decimal point or a decimal comma: `1,5` is what Excel exports in half of the world.
pub(crate) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = if text.matches(',').count() == 1 && !text.contains('.') {
        text.replace(',', ".")
    } else {
        text.to_owned()
    };
    plain.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Why a text is no http(s) URL; `None` if it is one.
pub(crate) fn url_error(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    let rest = lower
        .strip_prefix("https://")
        .or_else(|| lower.strip_prefix("http://"));
    let Some(rest) = rest else {
        return Some("is no http(s) URL");
    };
    if text
        .chars()
        .any(|character| character.is_whitespace() || character.is_control())
    {
        return Some("has a space in it");
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    (host.is_empty() || host.starts_with('.')).then_some("names no host")
}

/// Pages that show a file instead of being it; what to do about each.
pub(crate) fn share_page_warning(url: &str) -> Option<&'static str> {
    let lower = url.to_ascii_lowercase();
    if lower.contains("://drive.google.com/file/") || lower.contains("://drive.google.com/open") {
        Some(
            "this is Google Drive's page about the file, not the file; use a link that downloads it",
        )
    } else if lower.contains("dropbox.com/") && lower.contains("dl=0") {
        Some("this is Dropbox's page about the file, not the file; end the link in `dl=1`")
    } else {
        None
    }
}

/// A text as it is to be spoken: trimmed, line ends alike. `Err` is a control character in it that no
/// spreadsheet cell should hold.
pub(crate) fn normalize_spoken_text(text: &Text) -> Result<Text, char> {
    // Nothing below a space and no control character of two bytes: the text is as it should be.
    if !text
        .bytes()
        .any(|byte| matches!(byte, ..b' ' | 0x7F | 0xC2))
    {
        return Ok(text.trimmed());
    }
    // The vertical tab is how office programs write a line break inside a paragraph.
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{b}'], "\n");
    let unwanted = |character: &char| character.is_control() && !matches!(character, '\n' | '\t');
    match text.chars().find(unwanted) {
        Some(character) => Err(character),
        None => Ok(text.trim().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_read_in_the_languages_of_excel() {
        for text in ["yes", "TRUE", " x ", "1", "On", "WAHR", "VRAI", "✓"] {
            assert_eq!(parse_bool(text), Some(true), "{text}");
        }
        for text in ["no", "False", "0", "off", "FALSCH", "FAUX", "n"] {
            assert_eq!(parse_bool(text), Some(false), "{text}");
        }
        for text in ["", "maybe", "2", "yes please"] {
            assert_eq!(parse_bool(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_have_points_or_commas() {
        assert_eq!(number(" -0,4 "), Some(-0.4));
        assert_eq!(number("12.5"), Some(12.5));
        for text in ["", "1,2,3", "1.000,5", "NaN", "inf", "1e999", "12 s"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn urls_are_checked_before_somebody_else_tries_them() {
        for url in [
            "https://a.example/x.mp3",
            "HTTP://a.example",
            "https://user@a.example:8/x?y#z",
        ] {
            assert_eq!(url_error(url), None, "{url}");
        }
        for url in [
            "",
            "a.mp3",
            "ftp://a/x",
            "https://",
            "https:///x",
            "https://a b/x",
            "https://user@/x",
            "//a/x",
            "file:///etc",
            "https://.",
        ] {
            assert!(url_error(url).is_some(), "{url}");
        }
        assert!(share_page_warning("https://drive.google.com/file/d/1/view").is_some());
        assert!(share_page_warning("https://www.dropbox.com/s/a.mp3?dl=0").is_some());
        assert!(share_page_warning("https://www.dropbox.com/s/a.mp3?dl=1").is_none());
    }

    #[test]
    fn texts_are_spoken_without_the_marks_of_their_editor() {
        assert_eq!(
            normalize_spoken_text(&" a\r\nb\rc\u{b}d\t ".into()),
            Ok("a\nb\nc\nd".into())
        );
        assert_eq!(normalize_spoken_text(&"a\u{1b}[0m".into()), Err('\u{1b}'));
        assert_eq!(normalize_spoken_text(&"a\u{85}b".into()), Err('\u{85}'));
        assert_eq!(normalize_spoken_text(&" Grüße ".into()), Ok("Grüße".into()));
    }
}
