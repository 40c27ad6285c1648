//! Where a file is fetched from.

use reqwest::Url;
use sha2::{Digest, Sha256};

use crate::model::{Failure, FailureKind, redact_url};
use crate::remote::address::{AddressPolicy, is_internal};

/// A URL that may be downloaded from: `http` or `https`, a host within reach, no user name and no password.
///
/// Hosts are judged here by what stands in the link; what a name stands for shows itself when the client looks
/// it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    url: Url,
    policy: AddressPolicy,
}

impl Link {
    /// The link that the provider gave us.
    pub(super) fn parse(text: &str, policy: AddressPolicy) -> Result<Self, Failure> {
        let url = Url::parse(text.trim()).map_err(|_| {
            Failure::new(
                FailureKind::Refused,
                format!("`{}` is no web address", redact_url(text)),
            )
        })?;
        Self::checked(url, policy)
    }

    /// Where this link redirects to.
    pub(super) fn follow(&self, place: &str) -> Result<Self, Failure> {
        let url = self.url.join(place).map_err(|_| {
            Failure::new(
                FailureKind::Redirected,
                format!("`{}` redirects to nowhere", self.host()),
            )
        })?;
        Self::checked(url, self.policy)
    }

    fn checked(mut url: Url, policy: AddressPolicy) -> Result<Self, Failure> {
        let problem = if !matches!(url.scheme(), "http" | "https") {
            "only `http` and `https` are fetched"
        } else if !url.username().is_empty() || url.password().is_some() {
            "an address with a user name is not fetched"
        } else if url.host_str().is_none_or(str::is_empty) {
            "it names no host"
        } else if policy == AddressPolicy::PublicOnly && is_internal(&url) {
            "it leads to an address inside your own network, from where no file is fetched"
        } else {
            url.set_fragment(None);
            return Ok(Self { url, policy });
        };
        Err(Failure::new(
            FailureKind::Refused,
            format!("`{}`: {problem}", redact_url(url.as_str())),
        ))
    }

    /// The URL, for the request alone.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// The host, for messages.
    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// What two links to the same file have in common: host and path, hashed, because a path can be a secret
    /// too. Signatures, which are in the query, differ from link to link.
    pub(super) fn source(&self) -> String {
        let digest = Sha256::digest(format!("{}{}", self.host(), self.url.path()));
        hex(&digest)
    }
}

/// `bytes` in lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let failure = Link::parse(wrong, AddressPolicy::Any).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Refused, "{wrong}");
            assert!(!failure.message.contains("word@"));
        }
    }

    #[test]
    fn redirects_are_checked_like_links_and_signatures_do_not_count() {
        let parse = |text| Link::parse(text, AddressPolicy::PublicOnly).unwrap();
        let link = parse("https://x.example/a/v.mp4?Signature=1");
        let fresh = parse("https://x.example/a/v.mp4?Signature=2");
        assert_eq!(link.source(), fresh.source());
        assert_eq!(
            link.follow("../b.mp4").unwrap().url().as_str(),
            "https://x.example/b.mp4"
        );
        assert!(link.follow("file:///etc/passwd").is_err());
        assert!(link.follow("https://a:b@y.example/").is_err());
    }

    #[test]
    fn links_lead_inward_only_where_the_api_is_there_too() {
        let link = Link::parse("https://x.example/v.mp4", AddressPolicy::PublicOnly).unwrap();
        for inward in [
            "http://169.254.169.254/latest/meta-data/?Signature=s3cret",
            "http://[::ffff:127.0.0.1]/?Signature=s3cret",
            "http://files.localhost/?Signature=s3cret",
        ] {
            for refused in [
                Link::parse(inward, AddressPolicy::PublicOnly),
                link.follow(inward),
            ] {
                let failure = refused.unwrap_err();
                assert_eq!(failure.kind, FailureKind::Refused, "{inward}");
                assert!(failure.message.contains("your own network"), "{failure}");
                assert!(!failure.message.contains("s3cret"), "{failure}");
            }
            let inside = Link::parse("http://127.0.0.1/v.mp4", AddressPolicy::Any).unwrap();
            assert!(inside.follow(inward).is_ok(), "{inward}");
        }
    }

    #[test]
    fn digests_are_written_as_everybody_writes_them() {
        assert_eq!(hex(&[0x00, 0x0f, 0xa5]), "000fa5");
    }
}
