//! Links to files: [`Link`].

use reqwest::Url;
use sha2::{Digest, Sha256};

use crate::model::{Failure, FailureKind, redact_url};
use crate::remote::address::{AddressPolicy, LinkPolicy, is_internal};
use crate::util::text::hex;

/// A URL that may be downloaded from: `https`, or `http` where the policy allows it, an allowed host, no user name and no password.
///
/// Checks the host as written in the link. The address behind a name is checked when the client resolves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    url: Url,
    policy: LinkPolicy,
}

impl Link {
    /// Checks a link of the provider.
    pub(crate) fn parse(text: &str, policy: LinkPolicy) -> Result<Self, Failure> {
        let url = Url::parse(text.trim()).map_err(|_| {
            let message = format!("`{}` is not a URL", redact_url(text));
            Failure::new(FailureKind::Refused, message)
        })?;
        Self::check(url, policy)
    }

    /// Checks a redirect of this link.
    pub(crate) fn follow(&self, location: &str) -> Result<Self, Failure> {
        let url = self.url.join(location).map_err(|_| {
            let message = format!("`{}` redirects without a valid address", self.host());
            Failure::new(FailureKind::Redirected, message)
        })?;
        Self::check(url, self.policy)
    }

    fn check(mut url: Url, policy: LinkPolicy) -> Result<Self, Failure> {
        let problem = if !matches!(url.scheme(), "http" | "https") {
            "only `http` and `https` are fetched"
        } else if policy.is_encrypted && url.scheme() != "https" {
            "the API has an `https` address, so that only `https` links are fetched"
        } else if !url.username().is_empty() || url.password().is_some() {
            "an address with a user name is not fetched"
        } else if url.host_str().is_none_or(str::is_empty) {
            "it has no host"
        } else if policy.addresses == AddressPolicy::PublicOnly && is_internal(&url) {
            "it leads to an address inside your own network, from where no file is fetched"
        } else {
            url.set_fragment(None);
            return Ok(Self { url, policy });
        };
        let message = format!("`{}`: {problem}", redact_url(url.as_str()));
        Err(Failure::new(FailureKind::Refused, message))
    }

    /// Returns the URL, which only the request may contain.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Returns the host, for messages.
    pub(crate) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Returns a digest of host and path, which all links to a file have in common. Signatures are in the query and differ.
    /// A digest, because a path can be a secret too.
    pub(crate) fn source(&self) -> String {
        let text = format!("{}{}", self.host(), self.url.path());
        hex(&Sha256::digest(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: LinkPolicy = LinkPolicy { addresses: AddressPolicy::Any, is_encrypted: false };
    const PUBLIC: LinkPolicy =
        LinkPolicy { addresses: AddressPolicy::PublicOnly, is_encrypted: false };

    #[test]
    fn only_web_addresses_without_users_are_fetched() {
        for wrong in [
            "",
            "video.mp4",
            "file:///etc/passwd",
            "ftp://x/v.mp4",
            "data:video/mp4,x",
            "javascript:alert(1)",
            "https://user:word@x.example/v.mp4",
            "https://",
        ] {
            let failure = Link::parse(wrong, ANY).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Refused, "{wrong}");
            assert!(!failure.message.contains("word@"));
        }
    }

    #[test]
    fn redirects_are_checked_and_signatures_do_not_change_the_source() {
        let parse = |text| Link::parse(text, PUBLIC).unwrap();
        let link = parse("https://x.example/a/v.mp4?Signature=1");
        let fresh = parse("https://x.example/a/v.mp4?Signature=2");
        assert_eq!(link.source(), fresh.source());
        assert_eq!(link.follow("../b.mp4").unwrap().url().as_str(), "https://x.example/b.mp4");
        assert!(link.follow("file:///etc/passwd").is_err());
        assert!(link.follow("https://a:b@y.example/").is_err());
    }

    #[test]
    fn an_api_with_encryption_has_links_with_encryption() {
        let policy = LinkPolicy { is_encrypted: true, ..PUBLIC };
        let failure = Link::parse("http://x.example/v.mp4?Signature=s3cret", policy).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Refused);
        assert!(failure.message.contains("`https` links"), "{failure}");
        assert!(!failure.message.contains("s3cret"), "{failure}");
        let link = Link::parse("https://x.example/v.mp4", policy).unwrap();
        assert!(link.follow("http://x.example/v.mp4").is_err());
        assert!(link.follow("/w.mp4").is_ok());
    }

    #[test]
    fn internal_links_need_an_internal_api() {
        let link = Link::parse("https://x.example/v.mp4", PUBLIC).unwrap();
        for internal in [
            "http://169.254.169.254/latest/meta-data/?Signature=s3cret",
            "http://[::ffff:127.0.0.1]/?Signature=s3cret",
            "http://files.localhost/?Signature=s3cret",
        ] {
            for refused in [Link::parse(internal, PUBLIC), link.follow(internal)] {
                let failure = refused.unwrap_err();
                assert_eq!(failure.kind, FailureKind::Refused, "{internal}");
                assert!(failure.message.contains("your own network"), "{failure}");
                assert!(!failure.message.contains("s3cret"), "{failure}");
            }
            let inside = Link::parse("http://127.0.0.1/v.mp4", ANY).unwrap();
            assert!(inside.follow(internal).is_ok(), "{internal}");
        }
    }
}
