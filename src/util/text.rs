//! Formatting of counts, durations, sizes and foreign text, the same everywhere.

use std::fmt::{Display, Write as _};
use std::time::Duration;

use super::glyph::Glyph;
use console::AnsiCodeIterator;
use icu_normalizer::ComposingNormalizerBorrowed;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr;

/// Returns `1 job`, `2 jobs`.
pub(crate) fn plural<N: Copy + Display + From<u8> + PartialEq>(count: N, noun: &str) -> String {
    let ending = if count == N::from(1) { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

/// Returns the form of a verb that agrees with `count`: `is` or `are`, `was` or `were`.
pub(crate) const fn agree<'a>(count: usize, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

/// Returns `0.4 s`, `12 s`, `4 min 12 s`, `1 h 03 min`, `2 d 5 h`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..10 if duration.subsec_millis() >= 100 => {
            format!("{seconds}.{} s", duration.subsec_millis() / 100)
        }
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min {:02} s", seconds % 60),
        3600..86_400 => format!("{hours} h {:02} min", minutes % 60),
        86_400.. => format!("{days} d {} h", hours % 24),
    }
}

/// Returns an estimated duration without needless precision: `40 s`, `5 min`, `2 h 15 min`, `2 d 5 h`.
pub(crate) fn rough_duration(time: Duration) -> String {
    let seconds = time.as_secs();
    let unit = match seconds {
        0..120 => 10,
        120..3600 => 60,
        3600..86_400 => 300,
        86_400.. => 3600,
    };
    let rounded = Duration::from_secs(seconds.div_ceil(unit).max(1) * unit);
    match rounded.as_secs() {
        60..3600 => format!("{} min", rounded.as_secs().div_ceil(60)),
        _ => duration(rounded),
    }
}

/// Returns a decimal size as file managers show it: `900 B`, `1.2 MB`.
#[expect(clippy::cast_precision_loss, reason = "rounded to one digit anyway")]
pub(crate) fn byte_size(count: u64) -> String {
    let size = count as f64;
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{:.0} kB", size / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", size / 1e6),
        1_000_000_000.. => format!("{:.1} GB", size / 1e9),
    }
}

/// Whether a character is not shown as itself: control characters, directional marks and overrides, other invisible
/// characters, and those without a glyph. The joiners and variation selectors of scripts and emoji do not count.
pub(crate) fn is_unsafe(c: char) -> bool {
    if matches!(c, ' '..='~') {
        return false;
    }
    let has_a_use = matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}');
    let is_space = c.is_whitespace() && !matches!(c, '\u{2028}' | '\u{2029}');
    if c.is_control() || is_ignorable(c) || has_a_use || is_space {
        return c.is_control() || is_ignorable(c);
    }
    // The standard library has the table of characters with a glyph. Behind a letter, combining marks have one.
    let mut text = [b'a'; 5];
    let length = 1 + c.encode_utf8(&mut text[1..]).len();
    std::str::from_utf8(&text[..length]).is_ok_and(|text| text.escape_debug().nth(1) != Some(c))
}

/// Whether a character is a letter or a mark that is never shown (`Default_Ignorable_Code_Point` of Unicode), except
/// those that the standard library's table excludes too.
const fn is_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0d}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}'
    )
}

/// Returns foreign text on one line, each [unsafe](is_unsafe) character escaped, as `\u{202e}`. Line feeds and tabs become
/// spaces.
pub(crate) fn sanitize(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' | '\n' | '\r' => safe.push(' '),
            c if is_unsafe(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    safe
}

/// Returns what is equal in names that some file system or reader does not distinguish: case, ligatures, composed and
/// decomposed letters, and characters that are not shown.
pub(crate) fn fold_name(name: &str) -> String {
    let is_shown = |c: &char| {
        !is_unsafe(*c) && !matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
    };
    let shown: String = name.chars().filter(is_shown).collect();
    let normalizer = ComposingNormalizerBorrowed::new_nfkc();
    // `ß` and `SS` have the same upper case, `Σ`, `σ` and `ς` the same lower case of it.
    let folded = normalizer.normalize(&shown).to_uppercase().to_lowercase().replace('ς', "σ");
    normalizer.normalize(&folded).into_owned()
}

/// Returns `text` without [unsafe](is_unsafe) characters, for names.
pub(crate) fn visible(text: &str) -> String {
    text.chars().filter(|c| !is_unsafe(*c)).collect()
}

/// Returns the number of terminal columns of `text`, without escape sequences. Emoji and letters of East Asian scripts
/// take two.
pub(crate) fn width(text: &str) -> usize {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.len();
    }
    let visible = AnsiCodeIterator::new(text).filter(|(_, is_escape)| !is_escape);
    visible.flat_map(|(part, _)| part.graphemes(true)).map(UnicodeWidthStr::width).sum()
}

/// Returns `text` if it takes at most `most` terminal columns, else its beginning and an ellipsis. Escape sequences are
/// kept.
pub(crate) fn truncate(text: &str, most: usize) -> String {
    cut(text, most, Glyph::Ellipsis.text())
}

fn cut(text: &str, most: usize, ellipsis: &str) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(width(ellipsis));
    let (mut kept, mut used, mut is_cut) = (String::new(), 0, false);
    for (part, is_escape) in AnsiCodeIterator::new(text) {
        if is_escape {
            kept.push_str(part);
            continue;
        }
        for grapheme in part.graphemes(true) {
            used += grapheme.width();
            if !is_cut && used > room {
                kept.truncate(kept.trim_end().len());
                kept.push_str(ellipsis);
                is_cut = true;
            }
            if !is_cut {
                kept.push_str(grapheme);
            }
        }
    }
    kept
}

/// Returns `text` filled with spaces to `columns` terminal columns.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    format!("{text}{:1$}", "", columns.saturating_sub(width(text)))
}

/// Returns `text` with line feeds in place of spaces, so that its lines take at most `columns` terminal columns where its
/// words allow it. Further lines begin with `indent` spaces. A command line is never broken, so that it can be copied.
pub(crate) fn wrap(text: &str, columns: usize, indent: usize) -> String {
    let mut wrapped = String::with_capacity(text.len());
    let (mut used, mut has_word) = (0, false);
    for (index, word) in words(text).into_iter().enumerate() {
        let room = width(word.trim_end());
        if has_word && used + 1 + room > columns {
            wrapped.push('\n');
            wrapped.extend(std::iter::repeat_n(' ', indent));
            used = indent;
        } else if index > 0 {
            wrapped.push(' ');
            used += 1;
        }
        wrapped.push_str(word);
        used += room;
        has_word |= !word.is_empty();
    }
    wrapped
}

/// Returns the words of `text`; a command of this program is one word, up to its closing backtick or the end.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        // The version of the program is not a command.
        let is_command = |begin: &&str| {
            let name = rest.strip_prefix(begin);
            name.is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
        };
        let command = ["`callsheet ", "callsheet "].into_iter().find(is_command);
        let end = match command {
            Some("callsheet ") => None,
            Some(command) => {
                let close = rest[command.len()..].find('`').map(|at| command.len() + at);
                close.and_then(|close| rest[close..].find(' ').map(|space| close + space))
            }
            None => rest.find(' '),
        };
        let Some(end) = end else {
            words.push(rest);
            return words;
        };
        words.push(&rest[..end]);
        rest = &rest[end + 1..];
    }
}

/// Returns names in backticks, at most about `most` of them: `` `a` ``, `` `a` and `b` ``, `` `a`, `b` and 7 more ``.
pub(crate) fn list<'a>(names: impl ExactSizeIterator<Item = &'a str>, most: usize) -> String {
    let count = names.len();
    // "1 more" takes as much room as the name itself.
    let shown = if count <= most + 1 { count } else { most };
    let mut parts: Vec<String> = names.take(shown).map(|name| format!("`{name}`")).collect();
    if shown < count {
        parts.push(format!("{} more", count - shown));
    }
    match parts.pop() {
        Some(last) if parts.is_empty() => last,
        Some(last) => format!("{} and {last}", parts.join(", ")),
        None => String::new(),
    }
}

/// Quotes `word` for a POSIX shell. [Unsafe](is_unsafe) characters are escaped.
pub(crate) fn shell_quote(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,%+@".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", sanitize(word).replace('\'', r"'\''"))
}

/// Returns `bytes` as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

/// Returns `path` percent-encoded for a URL: unreserved characters of RFC 3986 and `/` stay.
pub(crate) fn percent_encode_path(path: &[u8]) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(byte) {
            encoded.push(char::from(*byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Returns `text` escaped for HTML or XML, in content and in quoted attributes. [Unsafe](is_unsafe) characters are shown as
/// by [`sanitize`].
pub(crate) fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            c if is_unsafe(c) => escaped.extend(c.escape_unicode()),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimated_durations_are_rounded_up() {
        for (seconds, expected) in [
            (0, "10 s"),
            (41, "50 s"),
            (61, "2 min"),
            (230, "4 min"),
            (3600, "1 h 00 min"),
            (8_097, "2 h 15 min"),
            (200_000, "2 d 8 h"),
        ] {
            assert_eq!(rough_duration(Duration::from_secs(seconds)), expected, "{seconds}");
        }
    }

    #[test]
    fn numbers_agree_with_their_nouns() {
        assert_eq!(plural(1, "job"), "1 job");
        assert_eq!(plural(0, "job"), "0 jobs");
        assert_eq!([agree(1, "is", "are"), agree(0, "is", "are")], ["is", "are"]);
    }

    #[test]
    fn durations_and_sizes_are_short() {
        for (millis, text) in [
            (0, "0 s"),
            (400, "0.4 s"),
            (12_300, "12 s"),
            (252_000, "4 min 12 s"),
            (3_780_000, "1 h 03 min"),
            (190_800_000, "2 d 5 h"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
        let sizes = [900, 34_400, 1_234_567].map(byte_size);
        assert_eq!(sizes, ["900 B", "34 kB", "1.2 MB"]);
    }

    #[test]
    fn long_texts_and_lists_are_shortened() {
        assert_eq!(truncate("déjà vu", 5), "déjà…");
        assert_eq!(truncate("short", 5), "short");
        assert_eq!(truncate("東京タワー", 5), "東京…");
        assert_eq!(truncate("\u{1b}[31mred text\u{1b}[0m", 5), "\u{1b}[31mred…\u{1b}[0m");
        assert_eq!([cut("déjà vu", 6, "..."), cut("déjà", 3, "...")], ["déj...", "..."]);
        assert_eq!([pad("é", 3), pad("❤\u{fe0f}", 3)], ["é  ", "❤\u{fe0f} "]);
        let names = ["a", "b", "c", "d"];
        assert_eq!(list(names[..1].iter().copied(), 2), "`a`");
        assert_eq!(list(names[..3].iter().copied(), 2), "`a`, `b` and `c`");
        assert_eq!(list(names.iter().copied(), 2), "`a`, `b` and 2 more");
    }

    #[test]
    fn lines_are_wrapped_at_words_but_not_in_commands() {
        assert_eq!(wrap("one two three", 7, 2), "one two\n  three");
        assert_eq!(wrap("a pneumonoultra b", 5, 2), "a\n  pneumonoultra\n  b");
        assert_eq!(
            wrap("again: `callsheet run a.csv --only b`, or not", 12, 0),
            "again:\n`callsheet run a.csv --only b`,\nor not"
        );
        assert_eq!(
            wrap("run  callsheet 0.1.0: 3 jobs", 16, 5),
            "run  callsheet\n     0.1.0: 3\n     jobs"
        );
        assert_eq!(
            wrap("then: callsheet run a.csv --yes", 12, 0),
            "then:\ncallsheet run a.csv --yes"
        );
    }

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(shell_quote("jobs.csv"), "jobs.csv");
        assert_eq!(shell_quote("it's here"), r"'it'\''s here'");
        assert_eq!([shell_quote(""), shell_quote("a\u{1b}b")], ["''", r"'a\u{1b}b'"]);
    }

    #[test]
    fn names_are_equal_if_some_file_system_does_not_distinguish_them() {
        for (one, other) in [
            ("straße", "STRASSE"),
            ("ﬁle", "File"),
            ("x\u{34f}y", "xy"),
            ("x\u{200d}y", "xy"),
            ("e\u{301}", "É"),
            ("ΟΔΟΣ", "οδος"),
            ("ſ", "s"),
            ("２０", "20"),
            ("\u{130}", "i\u{307}"),
        ] {
            assert_eq!(fold_name(one), fold_name(other), "{one} {other}");
        }
        assert_ne!(fold_name("e"), fold_name("é"));
        assert_eq!(fold_name("Spring 01"), "spring 01");
    }

    #[test]
    fn foreign_text_is_made_safe() {
        assert_eq!(sanitize("a\u{1b}[2Jb\u{202e}c\n"), r"a\u{1b}[2Jb\u{202e}c ");
        let ordinary =
            "Anna ❤\u{fe0f} é e\u{301} 東京 می\u{200c}خواهم किताब 1\u{a0}000 👩\u{200d}👧";
        assert_eq!(sanitize(ordinary), ordinary);
        for invisible in [
            '\u{ad}',
            '\u{61c}',
            '\u{200b}',
            '\u{2066}',
            '\u{3164}',
            '\u{e000}',
            '\u{e0041}',
            '\u{fff0}',
        ] {
            assert_eq!(sanitize(&invisible.to_string()), invisible.escape_unicode().to_string());
        }
        assert_eq!(
            escape_html("<a href='x'>&\"\u{7}"),
            r"&lt;a href=&#39;x&#39;&gt;&amp;&quot;\u{7}"
        );
        assert_eq!(percent_encode_path("é b/#1.mp4".as_bytes()), "%C3%A9%20b/%231.mp4");
        assert_eq!(hex(&[0, 0x1f, 0xff]), "001fff");
    }
}
