//! Secrets, which must never be printed.

use std::fmt;

/// The id and the key of an API account. Neither can be printed: `Debug` shows a placeholder.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The value of the `X-API-ID` header, and of `CREATIFY_API_ID`.
    pub id: SecretText,
    /// The value of the `X-API-KEY` header, and of `CREATIFY_API_KEY`.
    pub key: SecretText,
    /// Where the id comes from, such as a profile; for messages.
    pub source: String,
}

impl Credentials {
    /// Wraps the values of `CREATIFY_API_ID` and `CREATIFY_API_KEY`.
    pub fn new(id: String, key: String) -> Self {
        Self {
            id: SecretText(id),
            key: SecretText(key),
            source: "the program's settings".to_owned(),
        }
    }
}

/// A text that must not be printed, such as a webhook address. `Debug` shows a placeholder.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text, for its use.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretText(…)")
    }
}

/// Returns a URL for display: without user name, password, query and fragment, which may contain secrets. Removed
/// parts are shown as `?…`.
pub fn redact_url(url: &str) -> String {
    let (path, cut) = match url.find(['?', '#']) {
        Some(end) => (&url[..end], "?…"),
        None => (url, ""),
    };
    let path = match path.split_once("://") {
        Some((scheme, rest)) => {
            let authority_end = rest.find('/').unwrap_or(rest.len());
            let (authority, tail) = rest.split_at(authority_end);
            let host = authority.rsplit('@').next().unwrap_or(authority);
            format!("{scheme}://{host}{tail}")
        }
        None => path.to_owned(),
    };
    format!("{path}{cut}").chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_key() {
        let credentials = Credentials::new("my-id".into(), "my-key".into());
        let shown = format!("{credentials:?}");
        assert!(!shown.contains("my-"), "{shown}");
        let shown = format!("{:?}", SecretText::new("my-hook"));
        assert!(!shown.contains("my-"), "{shown}");
    }

    #[test]
    fn urls_lose_their_signatures() {
        assert_eq!(
            redact_url("https://user:pw@cdn.example/a/b.mp4?X-Signature=abc#t"),
            "https://cdn.example/a/b.mp4?…"
        );
        assert_eq!(redact_url("https://cdn.example/a.mp4"), "https://cdn.example/a.mp4");
    }
}
