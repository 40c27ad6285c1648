//! Credits, counted exactly.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ParseError;

/// An amount of the provider's credits, in thousandths. Charges are decimal (5.5 was observed), and thousandths keep
/// sums exact where floating point would not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Credits(i64);

impl Credits {
    /// No credits.
    pub const ZERO: Self = Self(0);

    /// Returns an amount of thousandths of a credit.
    pub const fn from_thousandths(thousandths: i64) -> Self {
        Self(thousandths)
    }

    /// Returns an amount of whole credits.
    pub const fn whole(credits: i64) -> Self {
        Self(credits.saturating_mul(1000))
    }

    /// Returns the amount in thousandths of a credit.
    pub const fn thousandths(self) -> i64 {
        self.0
    }

    /// Returns the nearest thousandth to a number from JSON, or `None` if it is not finite or out of range.
    pub fn from_number(number: f64) -> Option<Self> {
        let thousandths = (number * 1000.0).round();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the range was checked, and the fraction was rounded away"
        )]
        (thousandths.is_finite() && thousandths.abs() < 9e15).then_some(Self(thousandths as i64))
    }

    /// Returns the amount as a floating point number, for JSON.
    #[expect(clippy::cast_precision_loss, reason = "exact below nine billion credits")]
    pub fn as_number(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// Returns this amount minus `other`, at least zero.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0).max(0))
    }

    /// Returns `count` times this amount.
    #[must_use]
    pub const fn times(self, count: i64) -> Self {
        Self(self.0.saturating_mul(count))
    }
}

impl Add for Credits {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Credits {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Credits {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Credits {
    /// Formats without trailing zeros: `5`, `5.5`, `0.125`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs() / 1000, self.0.unsigned_abs() % 1000);
        let text = if rest == 0 {
            format!("{sign}{whole}")
        } else {
            let digits = format!("{rest:03}");
            format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
        };
        formatter.pad(&text)
    }
}

impl FromStr for Credits {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.trim().parse().ok().and_then(Self::from_number);
        number
            .filter(|credits| *credits >= Self::ZERO)
            .ok_or_else(|| ParseError::new(text, "a number of credits, such as `250` or `12.5`"))
    }
}

impl Serialize for Credits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 1000 == 0 {
            serializer.serialize_i64(self.0 / 1000)
        } else {
            serializer.serialize_f64(self.as_number())
        }
    }
}

impl<'de> Deserialize<'de> for Credits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        Self::from_number(number).ok_or_else(|| serde::de::Error::custom("credits out of range"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_formatted_and_parsed_exactly() {
        for text in ["0", "5", "5.5", "0.125", "1000000"] {
            assert_eq!(text.parse::<Credits>().unwrap().to_string(), text);
        }
        for wrong in ["", "five", "-1", "NaN", "inf", "1e300"] {
            assert!(wrong.parse::<Credits>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn json_round_trip() {
        let amount = Credits::from_number(5.5).unwrap();
        let json = serde_json::to_string(&amount).unwrap();
        assert_eq!(json, "5.5");
        assert_eq!(serde_json::from_str::<Credits>(&json).unwrap(), amount);
        assert_eq!(serde_json::from_str::<Credits>("5").unwrap(), Credits::whole(5));
    }
}
