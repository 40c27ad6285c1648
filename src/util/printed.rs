//! Text as it is printed for people, on a terminal or in a log.

use std::borrow::Cow;

use console::AnsiCodeIterator;

use super::glyph::is_ascii;
use super::style::Colours;
use super::text::is_unsafe;

/// Returns `text` as it is printed: [`printable`], and as the locale can show it: `?…`, the end of addresses whose secret
/// parts are left out, ends in three dots without UTF-8. Records and files have the one form alone.
pub(crate) fn shown(text: &str, colours: Colours) -> Cow<'_, str> {
    shown_in(text, colours, is_ascii())
}

fn shown_in(text: &str, colours: Colours, is_ascii: bool) -> Cow<'_, str> {
    let text = printable(text, colours);
    if is_ascii && text.contains("?…") { text.replace("?…", "?...").into() } else { text }
}

/// Returns text for people, with its own lines and, if `colours` are on, colours. All other [unsafe](is_unsafe) characters
/// are escaped.
pub(crate) fn printable(text: &str, colours: Colours) -> Cow<'_, str> {
    let is_layout = |c| matches!(c, '\n' | '\t');
    if !text.chars().any(|c| is_unsafe(c) && !is_layout(c)) {
        return text.into();
    }
    let mut safe = String::with_capacity(text.len());
    for (part, is_escape) in AnsiCodeIterator::new(text) {
        if is_escape && colours == Colours::On && is_colour(part) {
            safe.push_str(part);
            continue;
        }
        for c in part.chars() {
            if is_unsafe(c) && !is_layout(c) {
                safe.extend(c.escape_unicode());
            } else {
                safe.push(c);
            }
        }
    }
    safe.into()
}

/// Checks whether an escape sequence only selects a colour or style.
fn is_colour(sequence: &str) -> bool {
    let parameters = sequence.strip_prefix("\u{1b}[").and_then(|rest| rest.strip_suffix('m'));
    parameters.is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_digit() || byte == b';'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortened_addresses_are_ascii_without_utf_8() {
        let text = "`https://x.example/v.mp4?…` of Zoë… is missing";
        assert_eq!(shown_in(text, Colours::Off, false), text);
        assert_eq!(
            shown_in(text, Colours::Off, true),
            "`https://x.example/v.mp4?...` of Zoë… is missing"
        );
    }

    #[test]
    fn only_lines_and_colours_are_not_escaped() {
        let text = "a\tb\n\u{1b}[2;31mred\u{1b}[0m \u{1b}[2J\u{1b}]0;t\u{7}\r\u{202e}é";
        assert_eq!(
            printable(text, Colours::On),
            "a\tb\n\u{1b}[2;31mred\u{1b}[0m \\u{1b}[2J\\u{1b}]0;t\\u{7}\\u{d}\\u{202e}é"
        );
        assert!(!printable(text, Colours::Off).contains('\u{1b}'));
    }
}
