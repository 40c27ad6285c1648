//! Text of servers, made safe to show: [`Redactor`].

use crate::model::{Credentials, Failure, redact_url};
use crate::util::text;

/// Longest text that is kept, in characters: a sentence or two.
const MAX_TEXT: usize = 300;

/// A shorter value is not a key, and hiding it would make texts unreadable.
const MIN_SECRET: usize = 4;

/// Hides credentials in text, and makes text of servers safe for terminals, files and logs.
#[derive(Debug, Clone)]
pub(crate) struct Redactor {
    credentials: Credentials,
}

impl Redactor {
    /// Returns a redactor that hides `credentials`.
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self { credentials }
    }

    /// Returns `text` on one line, without control characters, credentials and queries of URLs, at most 300 characters
    /// long.
    pub(crate) fn clean(&self, text: &str) -> String {
        let hidden = self.hide_credentials(&text::sanitize(text));
        let words: Vec<String> = hidden
            .split_whitespace()
            .map(|word| if word.contains("://") { redact_url(word) } else { word.to_owned() })
            .collect();
        let text = text::truncate(&words.join(" "), MAX_TEXT);
        // Characters without width do not count for the terminal, but for the memory.
        if text.chars().count() <= MAX_TEXT {
            return text;
        }
        text.chars().take(MAX_TEXT - 1).chain(['…']).collect()
    }

    /// Returns `failure` without the credentials.
    pub(crate) fn redact(&self, mut failure: Failure) -> Failure {
        failure.message = self.hide_credentials(&failure.message);
        failure
    }

    /// Returns `text` without the credentials.
    pub(crate) fn hide_credentials(&self, text: &str) -> String {
        self.secrets().fold(text.to_owned(), |text, secret| text.replace(secret, "[hidden]"))
    }

    /// Checks whether `text` holds one of the credentials.
    pub(crate) fn hides(&self, text: &str) -> bool {
        self.secrets().any(|secret| text.contains(secret))
    }

    fn secrets(&self) -> impl Iterator<Item = &str> {
        let secrets = [self.credentials.key.expose(), self.credentials.id.expose()];
        secrets.into_iter().filter(|secret| secret.len() >= MIN_SECRET)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor::new(Credentials::new("my-account".into(), "k3y-of-mine".into()))
    }

    #[test]
    fn keys_signatures_and_control_characters_are_hidden() {
        let cleaned = redactor().clean(
            "key k3y-of-mine of my-account\r\n\u{1b}[2J see \u{202e}https://a.example/v?Signature=x",
        );
        assert_eq!(
            cleaned,
            r"key [hidden] of [hidden] \u{1b}[2J see \u{202e}https://a.example/v?…"
        );
    }

    #[test]
    fn texts_with_credentials_are_recognised() {
        assert!(redactor().hides("job-k3y-of-mine") && redactor().hides("my-account"));
        assert!(!redactor().hides("job-1"));
    }

    #[test]
    fn long_texts_are_cut_after_keys_are_hidden() {
        let text = format!("{}k3y-of-mine", "é".repeat(295));
        let cleaned = redactor().clean(&text);
        assert!(!cleaned.contains("k3y"), "{cleaned}");
        assert_eq!(cleaned.chars().count(), MAX_TEXT);
        let cleaned = redactor().clean(&"e\u{301}".repeat(299));
        assert_eq!(cleaned.chars().count(), MAX_TEXT, "characters without width");
    }
}
