//! Values of single cells: booleans, numbers, URLs, texts.

use std::sync::Arc;

use crate::manifest::formats::table::trimmed;

/// Words for yes, in lower case. Excel exports TRUE in the language of its user.
pub(crate) const YES: &str = "yes y true 1 1.0 on x ✓ ✔ ja wahr oui vrai sí si verdadero sì vero verdadeiro sim waar tak prawda";
/// Words for no, in lower case.
pub(crate) const NO: &str =
    "no n false 0 0.0 off - ✗ ✘ nein falsch non faux falso não nee onwaar nie fałsz";

/// Parses a yes or no. Returns `None` for any other word.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    let word = text.trim().to_lowercase();
    let is_in = |words: &str| words.split(' ').any(|known| known == word);
    is_in(YES).then_some(true).or_else(|| is_in(NO).then_some(false))
}

/// Parses a number with a decimal point or a decimal comma, or a percentage: `0.3`, `0,3`, `−0.3`, `30%`. Excel exports
/// `1,5` in many countries, and word processors turn `-` into a minus sign or a dash.
pub(crate) fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim().replace(['\u{2212}', '\u{ff0d}', '–', '—'], "-");
    let text = match text.strip_prefix('-') {
        Some(number) => format!("-{}", number.trim_start()),
        None => text,
    };
    let (number, divisor) = match text.strip_suffix('%') {
        Some(number) => (number.trim_end(), 100.0),
        None => (text.as_str(), 1.0),
    };
    let is_decimal_comma = number.matches(',').count() == 1 && !number.contains('.');
    let plain = if is_decimal_comma { number.replace(',', ".") } else { number.to_owned() };
    let number = plain.parse::<f64>().ok()? / divisor;
    number.is_finite().then_some(number)
}

/// Parses the length of a recording in seconds, at most a day.
pub(crate) fn parse_seconds(text: &str) -> Option<f64> {
    parse_number(text).filter(|seconds| (0.1..=86_400.0).contains(seconds))
}

/// Returns why a text is not an http(s) URL; `None` if it is one.
pub(crate) fn url_error(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    let Some(rest) = rest else {
        return Some("is not an http(s) URL");
    };
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some("contains a space");
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    (host.is_empty() || host.starts_with('.')).then_some("has no host")
}

/// Returns a warning if a URL is a page that shows a file instead of the file.
pub(crate) fn share_page_warning(url: &str) -> Option<&'static str> {
    let lower = url.to_ascii_lowercase();
    if lower.contains("://drive.google.com/file/") || lower.contains("://drive.google.com/open") {
        Some(
            "this is a Google Drive page about the file, not the file; use a link that downloads it",
        )
    } else if lower.contains("dropbox.com/") && lower.contains("dl=0") {
        Some("this is a Dropbox page about the file, not the file; end the link in `dl=1`")
    } else {
        None
    }
}

/// Returns a text as it will be spoken: trimmed, with `\n` as line end.
///
/// # Errors
///
/// A control character that cannot be spoken.
pub(crate) fn normalize_spoken_text(text: &Arc<str>) -> Result<Arc<str>, char> {
    // Fast path: no byte of a control character, in ASCII or in C1.
    let is_suspect = |byte: u8| matches!(byte, ..b' ' | 0x7F | 0xC2);
    if !text.bytes().any(is_suspect) {
        return Ok(trimmed(text));
    }
    // Office programs write a line break inside a paragraph as a vertical tab.
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
    fn booleans_are_read_in_the_languages_of_excel() {
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
        for text in [" -0,4 ", "–0.4", "−0.4", "－0.4", "− 0.4"] {
            assert_eq!(parse_number(text), Some(-0.4), "{text}");
        }
        assert_eq!(parse_number("12.5"), Some(12.5));
        for text in ["", "1,2,3", "1.000,5", "NaN", "inf", "1e999", "12 s"] {
            assert_eq!(parse_number(text), None, "{text}");
        }
    }

    #[test]
    fn urls_need_a_scheme_and_a_host() {
        for url in ["https://a.example/x.mp3", "HTTP://a.example", "https://user@a.example:8/x?y#z"]
        {
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
    fn spoken_texts_are_trimmed_and_have_plain_line_ends() {
        assert_eq!(normalize_spoken_text(&" a\r\nb\rc\u{b}d\t ".into()), Ok("a\nb\nc\nd".into()));
        assert_eq!(normalize_spoken_text(&"a\u{1b}[0m".into()), Err('\u{1b}'));
        assert_eq!(normalize_spoken_text(&"a\u{85}b".into()), Err('\u{85}'));
        assert_eq!(normalize_spoken_text(&" Grüße ".into()), Ok("Grüße".into()));
    }
}
