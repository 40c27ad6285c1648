//! Words of the provider, compared and shown.

/// `text` as names are compared: without regard to capitals and to how many spaces there are.
pub(super) fn folded(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// `text`, fit for a terminal.
pub(super) fn shown(text: &str) -> String {
    text.chars()
        .filter(|c| {
            !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        })
        .take(60)
        .collect()
}

/// The same for what may be missing.
pub(super) fn word(text: Option<&str>) -> String {
    shown(text.filter(|text| !text.is_empty()).unwrap_or("-"))
}

/// `text`, fit to stand in a page.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars().filter(|c| !c.is_control()) {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_provider_says_moves_no_cursor_and_makes_no_markup() {
        assert_eq!(word(Some("An\u{1b}[2Jna\u{202e}")), "An[2Jna");
        assert_eq!((word(None), word(Some(""))), ("-".into(), "-".into()));
        assert_eq!(
            escaped("<a href='x'>&\""),
            "&lt;a href=&#39;x&#39;&gt;&amp;&quot;"
        );
        assert_eq!(folded("  Our\tFOUNDER "), "our founder");
    }
}
