//! Reasons why the text of a value is unknown.

use thiserror::Error;

/// The longest format that Excel accepts, in characters.
pub(super) const MAX_LENGTH: usize = 255;

/// The reason why the text of a value is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum FormatError {
    #[error("the number format is longer than {MAX_LENGTH} characters")]
    TooLong,
    #[error("the number format is invalid: {0}")]
    Invalid(&'static str),
    #[error("the number format uses {0}, which is not supported")]
    Unsupported(&'static str),
    #[error("spreadsheet programs differ in how they show {0}")]
    Ambiguous(&'static str),
    #[error("the language [$-{0}] of the number format is unknown")]
    UnknownLanguage(String),
    #[error("the number format has no section for this number")]
    NoSection,
    #[error("the number is not a date from 1900 to 9999")]
    NoDate,
    #[error("the number is infinite or undefined")]
    NotFinite,
}
