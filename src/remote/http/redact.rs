//! Foreign words made fit to be shown.

use crate::model::{Credentials, Failure, redact_url};

/// The longest message kept, in characters: a sentence or two, not a page.
const LONGEST: usize = 300;

/// A shorter value is no key, and hiding it would make words unreadable.
const SHORTEST_SECRET: usize = 4;

/// Makes text that came from a server fit for terminals, files and logs: one line, no control
/// characters, nothing that turns the direction of writing, our own credentials hidden, URLs without
/// their signatures, and not too long.
#[derive(Debug, Clone)]
pub(in crate::remote) struct Redactor {
    credentials: Credentials,
}

impl Redactor {
    /// A scrubber that hides `credentials`.
    pub(in crate::remote) fn new(credentials: Credentials) -> Self {
        Self { credentials }
    }

    /// `text`, fit to be shown.
    pub(in crate::remote) fn clean(&self, text: &str) -> String {
        let visible: String = text
            .chars()
            .map(|c| if is_invisible(c) { ' ' } else { c })
            .collect();
        let hidden = self.hide(&visible);
        let words: Vec<String> = hidden
            .split_whitespace()
            .map(|word| {
                if word.contains("://") {
                    redact_url(word)
                } else {
                    word.to_owned()
                }
            })
            .collect();
        shorten(&words.join(" "))
    }

    /// `failure` without our credentials, wherever its words came from.
    pub(in crate::remote) fn failure(&self, mut failure: Failure) -> Failure {
        failure.message = self.hide(&failure.message);
        failure
    }

    fn hide(&self, text: &str) -> String {
        [self.credentials.expose_key(), self.credentials.expose_id()]
            .into_iter()
            .filter(|secret| secret.len() >= SHORTEST_SECRET)
            .fold(text.to_owned(), |text, secret| {
                text.replace(secret, "[hidden]")
            })
    }
}

/// Control characters, line separators, and the marks that reorder or hide text (Unicode's bidirectional
/// controls, zero-width characters and the byte-order mark).
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        )
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor::new(Credentials::new("my-account".into(), "k3y-of-mine".into()))
    }

    #[test]
    fn keys_signatures_and_controls_are_not_shown() {
        let cleaned = redactor().clean(
            "key k3y-of-mine of my-account\r\n\u{1b}[2J see \u{202e}https://a.example/v?Signature=x",
        );
        assert_eq!(
            cleaned,
            "key [hidden] of [hidden] [2J see https://a.example/v?…"
        );
    }

    #[test]
    fn long_words_are_cut_after_the_keys_were_hidden() {
        let text = format!("{}k3y-of-mine", "é".repeat(295));
        let cleaned = redactor().clean(&text);
        assert!(!cleaned.contains("k3y"), "{cleaned}");
        assert_eq!(cleaned.chars().count(), LONGEST);
    }
}
