//! How many renders may be at the provider at one time: a number, or whatever the account turns out to allow.

use std::fmt;
use std::str::FromStr;

/// The limit of renders at the provider at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InFlight {
    /// Learnt from what the provider does with the renders it is given, beginning with so many (at least 1).
    Auto {
        /// How many at first.
        from: u32,
    },
    /// Never more than so many (at least 1), those in doubt included; fewer while the provider refuses.
    AtMost(u32),
}

impl InFlight {
    /// The provider publishes no figure. With ten begin what careful clients in the field are content with.
    pub const AUTO: Self = Self::Auto { from: 10 };

    /// How many a run begins with.
    pub const fn first(self) -> u32 {
        match self {
            Self::Auto { from } => from,
            Self::AtMost(most) => most,
        }
    }
}

/// The text is neither `auto` nor a number of renders.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a number of renders; it must be at least 1, or `auto`")]
pub struct ParseInFlightError(String);

impl FromStr for InFlight {
    type Err = ParseInFlightError;
    /// Reads `auto` and whole numbers from 1.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        if trimmed.eq_ignore_ascii_case("auto") {
            return Ok(Self::AUTO);
        }
        match trimmed.parse() {
            Ok(most) if most > 0 => Ok(Self::AtMost(most)),
            Ok(_) | Err(_) => Err(ParseInFlightError(text.to_owned())),
        }
    }
}

impl fmt::Display for InFlight {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto { .. } => formatter.write_str("auto"),
            Self::AtMost(most) => write!(formatter, "{most}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints_and_nothing_else() {
        for (text, limit) in [
            ("auto", InFlight::AUTO),
            (" Auto ", InFlight::AUTO),
            ("1", InFlight::AtMost(1)),
            ("50", InFlight::AtMost(50)),
        ] {
            assert_eq!(text.parse(), Ok(limit), "{text}");
            assert_eq!(limit.to_string().parse(), Ok(limit));
        }
        for wrong in ["", "0", "-1", "1.5", "many", "4294967296"] {
            let error = wrong.parse::<InFlight>().unwrap_err().to_string();
            assert!(error.contains("at least 1, or `auto`"), "{error}");
        }
    }
}
