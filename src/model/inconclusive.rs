//! Why a search for a job in doubt proved nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Failure;

/// Why a list that does not show a job in doubt is no proof that it was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inconclusive {
    /// None of our jobs was accepted at about that time that would show how complete the list is.
    NoWitness,
    /// Jobs of ours that are known to be accepted are missing from it, or shown without their names.
    Incomplete,
    /// It may be cut off before the job was sent.
    CutShort,
    /// It would do; a second one, later, must agree.
    Once,
    /// It could not be read.
    Refused {
        /// Why.
        failure: Failure,
    },
}

impl Inconclusive {
    /// The word for programs.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::NoWitness => "no_witness",
            Self::Incomplete => "incomplete",
            Self::CutShort => "cut_short",
            Self::Once => "once",
            Self::Refused { .. } => "refused",
        }
    }
}

impl fmt::Display for Inconclusive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoWitness => formatter.write_str(
                "the provider's list does not show it, but no other job of that time shows that the \
                 list is complete",
            ),
            Self::Incomplete => formatter.write_str(
                "the provider's list shows neither it nor other jobs that were accepted, so it is \
                 late, cut short or keeps no names",
            ),
            Self::CutShort => formatter.write_str(
                "the provider's list does not show it, but may not reach back to when it was sent",
            ),
            Self::Once => formatter.write_str(
                "the provider's list does not show it, and a second, later one has not agreed yet",
            ),
            Self::Refused { failure } => {
                write!(formatter, "the provider's list could not be read: {failure}")
            }
        }
    }
}
