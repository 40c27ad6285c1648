//! The address of the API: [`BaseUrl`].

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

use super::address::{AddressPolicy, LinkPolicy, is_internal, is_loopback, is_private};
use crate::model::redact_url;

/// The official address, from the provider's documentation.
const OFFICIAL: &str = "https://api.creatify.ai";

/// The address of the API: `http` or `https`, a host, optionally a path, and nothing else. Plain `http` only for this
/// machine and private addresses, because every request carries the credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// A text that cannot be the address of the API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{redacted}` cannot be the address of the API: {reason}")]
pub struct InvalidBaseUrl {
    redacted: String,
    reason: &'static str,
}

impl BaseUrl {
    /// Returns the address of an endpoint: `segments` below the base, percent-encoded, with a trailing slash. Without the
    /// slash the API redirects, and a redirected POST becomes a list.
    pub(super) fn endpoint(&self, segments: &[&str]) -> Url {
        let mut url = self.0.clone();
        url.path_segments_mut()
            .expect("an http address has a path")
            .pop_if_empty()
            .extend(segments)
            .push("");
        url
    }

    /// Checks whether credentials for this address may be sent to `url`.
    pub(super) fn is_origin_of(&self, url: &Url) -> bool {
        self.0.origin() == url.origin()
    }

    /// Returns `url` with the scheme and port of this address; `None` if it names another host. A server behind a gateway
    /// writes links with the scheme and port that it sees itself.
    pub(super) fn rebase(&self, mut url: Url) -> Option<Url> {
        if self.0.host() != url.host() {
            return None;
        }
        url.set_scheme(self.0.scheme()).ok()?;
        url.set_port(self.0.port()).ok()?;
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        url.set_fragment(None);
        Some(url)
    }

    /// Returns scheme, host and port, without the usual port.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Returns the host, for messages.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Checks whether it is the provider's official address.
    pub(super) fn is_official(&self) -> bool {
        self.0.origin() == Self::default().0.origin()
    }

    /// Returns which links of this API are followed. An API with encryption has links with encryption.
    pub(super) fn link_policy(&self) -> LinkPolicy {
        let is_inside = is_internal(&self.0);
        let addresses = if is_inside { AddressPolicy::Any } else { AddressPolicy::PublicOnly };
        LinkPolicy { addresses, is_encrypted: self.0.scheme() == "https" }
    }

    /// Checks whether the API is on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }
}

impl Default for BaseUrl {
    fn default() -> Self {
        Self(Url::parse(OFFICIAL).expect("the official address is well formed"))
    }
}

impl FromStr for BaseUrl {
    type Err = InvalidBaseUrl;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let invalid = |reason| {
            // Without a scheme too, the part before an `@` may be a password.
            let after_user = text.rsplit('@').next().unwrap_or(text);
            let shown = if text.contains("://") { text } else { after_user };
            InvalidBaseUrl { redacted: redact_url(shown), reason }
        };
        let mut url = Url::parse(text).map_err(|_| {
            invalid("it is not a URL; write it in full, such as `https://api.creatify.ai`")
        })?;
        let path = url.path().trim_end_matches('/').to_owned();
        let problem = if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            "only `http` and `https` are possible; write it in full, such as `https://api.creatify.ai`"
        } else if !url.username().is_empty() || url.password().is_some() {
            "it must not contain a user name or password; the keys are read from `CREATIFY_API_ID` and `CREATIFY_API_KEY`"
        } else if url.query().is_some() || url.fragment().is_some() {
            "it must end before `?` and `#`"
        } else if url.scheme() == "http" && !is_loopback(&url) && !is_private(&url) {
            "the keys would travel unencrypted over the internet; use `https` (plain `http` is for this machine and for private addresses, such as `http://127.0.0.1:8080`)"
        } else if path.contains("/api/lipsyncs") {
            "the paths below it are added; write only the part before `/api/lipsyncs`"
        } else if !path.is_empty() && url.origin() == Self::default().0.origin() {
            "it has no path there; leave `--base-url` out, or write `https://api.creatify.ai`"
        } else {
            url.set_path(&path);
            return Ok(Self(url));
        };
        Err(invalid(problem))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_keep_the_path_and_end_with_a_slash() {
        for (base, expected) in [
            (OFFICIAL, "https://api.creatify.ai/api/lipsyncs/"),
            ("https://gate.example/creatify/", "https://gate.example/creatify/api/lipsyncs/"),
        ] {
            let base: BaseUrl = base.parse().unwrap();
            assert_eq!(base.endpoint(&["api", "lipsyncs"]).as_str(), expected);
        }
        let odd = BaseUrl::default().endpoint(&["api", "lipsyncs", "a/b?c#d%2e"]);
        assert_eq!(odd.path(), "/api/lipsyncs/a%2Fb%3Fc%23d%252e/");
    }

    #[test]
    fn addresses_that_would_expose_the_keys_are_refused() {
        for wrong in [
            "",
            "api.creatify.ai",
            "localhost:8080",
            "ftp://api.creatify.ai",
            "http://api.creatify.ai",
            "http://127.0.0.1.example.com",
            "http://11.0.0.1",
            "https://user:word@api.creatify.ai",
            "https://api.creatify.ai/?a=1",
            "https://api.creatify.ai/#a",
        ] {
            let error = wrong.parse::<BaseUrl>().unwrap_err().to_string();
            assert!(!error.contains("word@"), "{error}");
        }
        for right in
            ["http://127.0.0.1:9", "http://[::1]:9", "http://localhost", "http://api.localhost"]
        {
            assert!(right.parse::<BaseUrl>().unwrap().is_loopback(), "{right}");
        }
    }

    #[test]
    fn an_endpoint_is_not_a_base() {
        for (wrong, rule) in [
            ("https://api.creatify.ai/api/", "it has no path there"),
            ("https://api.creatify.ai/api/lipsyncs/", "before `/api/lipsyncs`"),
            ("http://127.0.0.1:9/api/lipsyncs", "before `/api/lipsyncs`"),
        ] {
            let error = wrong.parse::<BaseUrl>().unwrap_err().to_string();
            assert!(error.contains(rule), "{error}");
        }
        let own: BaseUrl = "https://api.creatify.ai/".parse().unwrap();
        assert_eq!(own, BaseUrl::default());
    }

    #[test]
    fn links_of_the_same_host_get_our_scheme_and_port() {
        let base: BaseUrl = "https://api.creatify.ai".parse().unwrap();
        let inside = Url::parse("http://api.creatify.ai:8000/api/lipsyncs/?page=2").unwrap();
        assert_eq!(
            base.rebase(inside).unwrap().as_str(),
            "https://api.creatify.ai/api/lipsyncs/?page=2"
        );
        let outside = Url::parse("https://elsewhere.example/api/lipsyncs/?page=2").unwrap();
        assert_eq!(base.rebase(outside), None);
    }

    #[test]
    fn internal_links_are_allowed_only_from_an_internal_api() {
        for (base, addresses, is_encrypted) in [
            ("http://127.0.0.1:9", AddressPolicy::Any, false),
            ("http://api.localhost", AddressPolicy::Any, false),
            ("https://10.0.0.5", AddressPolicy::Any, true),
            ("https://api.creatify.ai", AddressPolicy::PublicOnly, true),
            ("https://gate.example", AddressPolicy::PublicOnly, true),
        ] {
            let policy = LinkPolicy { addresses, is_encrypted };
            assert_eq!(base.parse::<BaseUrl>().unwrap().link_policy(), policy, "{base}");
        }
    }
}
