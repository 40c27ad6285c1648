//! The cap on the credits of a campaign.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Credits, ParseError};

/// A cap on what a campaign spends and promises. A lower cap is less than a higher one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "Option<Credits>", into = "Option<Credits>")]
pub enum CreditCap {
    /// At most these credits.
    AtMost(Credits),
    /// No cap.
    #[default]
    Unlimited,
}

/// A cap that a user has given, as a journal records it. It applies to later runs without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedCap {
    /// The cap; for all shards together if they share it.
    pub max_credits: CreditCap,
    /// The number of shards that share it (`--share`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shards: Option<u32>,
}

/// Where the cap of a campaign comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CapSource {
    /// It was given to this command.
    Option,
    /// It was given to an earlier run.
    EarlierRun,
    /// The manifest has it.
    Manifest,
}

impl CreditCap {
    /// Returns the most credits, if there is a cap.
    pub const fn credits(self) -> Option<Credits> {
        match self {
            Self::AtMost(credits) => Some(credits),
            Self::Unlimited => None,
        }
    }

    /// Returns this cap with `change` applied to its credits.
    #[must_use]
    pub fn map(self, change: impl FnOnce(Credits) -> Credits) -> Self {
        self.credits().map(change).into()
    }
}

impl From<Option<Credits>> for CreditCap {
    fn from(credits: Option<Credits>) -> Self {
        credits.map_or(Self::Unlimited, Self::AtMost)
    }
}

impl From<CreditCap> for Option<Credits> {
    fn from(cap: CreditCap) -> Self {
        cap.credits()
    }
}

impl FromStr for CreditCap {
    type Err = ParseError;
    /// Parses a number of credits and `none`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().eq_ignore_ascii_case("none") {
            return Ok(Self::Unlimited);
        }
        let error =
            |_| ParseError::new(text, "a number of credits, such as `250` or `12.5`, or `none`");
        text.parse().map(Self::AtMost).map_err(error)
    }
}

impl fmt::Display for CreditCap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(credits) => credits.fmt(formatter),
            Self::Unlimited => formatter.pad("none"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_is_a_number_or_none() {
        for (text, cap) in [
            ("12.5", CreditCap::AtMost(Credits::from_thousandths(12_500))),
            (" None ", CreditCap::Unlimited),
            ("0", CreditCap::AtMost(Credits::ZERO)),
        ] {
            assert_eq!(text.parse(), Ok(cap));
            assert_eq!(cap.to_string().parse(), Ok(cap));
        }
        for wrong in ["", "nothing", "-1", "5,5"] {
            let error = wrong.parse::<CreditCap>().unwrap_err().to_string();
            assert!(error.ends_with("or `none`"), "{error}");
        }
        assert!(CreditCap::AtMost(Credits::whole(9)) < CreditCap::Unlimited);
    }

    /// The journal records it so.
    #[test]
    fn a_recorded_cap_keeps_its_form() {
        for (text, shards, cap) in [
            (r#"{"max_credits":40}"#, None, Some(Credits::whole(40))),
            (r#"{"max_credits":40,"shards":2}"#, Some(2), Some(Credits::whole(40))),
            (r#"{"max_credits":null}"#, None, None),
        ] {
            let recorded = RecordedCap { max_credits: cap.into(), shards };
            assert_eq!(serde_json::to_string(&recorded).unwrap(), text);
            assert_eq!(serde_json::from_str::<RecordedCap>(text).unwrap(), recorded);
        }
    }
}
