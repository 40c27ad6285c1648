//! Ids: ours ([`JobId`]) and the provider's ([`RemoteId`]).

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::str::FromStr;

use super::parse::text_id;

text_id! {
    /// The readable id of a job: unique in its campaign, part of file names and of the tag.
    ///
    /// 1 to 100 of `A-Z a-z 0-9 . _ -`, beginning with a letter or digit, so that it is safe in a path, a URL, a shell and
    /// a terminal.
    JobId
}

text_id! {
    /// The provider's id of a job, a UUID as far as is known. Untrusted: at most 200 visible ASCII characters, to be
    /// escaped in URLs.
    RemoteId
}

/// The text is not a valid id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid id: {rule}")]
pub struct InvalidId {
    /// The text.
    pub text: String,
    /// The rule it breaks.
    pub rule: &'static str,
}

impl JobId {
    /// The maximum length in bytes; leaves room for the tag in the API's 255-character `name` and for extensions in
    /// file names.
    pub const MAX_LENGTH: usize = 100;
}

impl FromStr for JobId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rule = if text.is_empty() {
            "it is empty"
        } else if text.len() > Self::MAX_LENGTH {
            "it is longer than 100 characters"
        } else if !text.starts_with(|first: char| first.is_ascii_alphanumeric()) {
            "it must begin with a letter or digit"
        } else if text.chars().any(|c| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_' | '-'))
        {
            "only letters, digits, `.`, `_` and `-` are allowed"
        } else {
            return Ok(Self(text.into()));
        };
        Err(InvalidId { text: text.to_owned(), rule })
    }
}

impl RemoteId {
    /// Returns the id in the form in which two are compared: a provider may write it with or without dashes, and in
    /// capitals.
    pub(crate) fn key(&self) -> Box<str> {
        let letters = self.as_str().chars().filter(|letter| *letter != '-');
        letters.flat_map(char::to_lowercase).collect::<String>().into()
    }

    /// Returns a hash of the [key](Self::key) that is never 0.
    pub(crate) fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.key().hash(&mut hasher);
        hasher.finish().max(1)
    }
}

impl FromStr for RemoteId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rule = if text.is_empty() {
            "it is empty"
        } else if text.len() > 200 {
            "it is longer than 200 characters"
        } else if text.chars().any(|c| !c.is_ascii_graphic()) {
            "only visible ASCII characters are allowed"
        } else {
            return Ok(Self(text.into()));
        };
        let text = text.chars().take(200).filter(|c| !c.is_control()).collect();
        Err(InvalidId { text, rule })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn job_ids_are_safe_everywhere() {
        for good in ["a", "row-12-9x16", "Spring_2.b", "7"] {
            assert_eq!(good.parse::<JobId>().unwrap().as_str(), good);
        }
        for bad in ["", "../x", ".hidden", "a/b", "a b", "é", "-x", &"x".repeat(101)] {
            assert!(bad.parse::<JobId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn remote_ids_have_no_control_characters() {
        assert!("2f1c-77".parse::<RemoteId>().is_ok());
        for bad in ["", "a\u{1b}[2J", "a b", &"x".repeat(201)] {
            assert!(bad.parse::<RemoteId>().is_err());
        }
    }
}
