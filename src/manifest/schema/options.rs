//! Options for reading a manifest.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use crate::manifest::diagnostics::text::{list, quote};
use crate::manifest::formats::csv::Delimiter;
use crate::manifest::formats::encodings::TextEncoding;

use super::field::Field;
use super::names::Resolve;

/// Options for reading a manifest. The default needs no catalogue and refuses invalid rows.
#[derive(Default, Clone)]
pub struct Options<'a> {
    /// The name of the manifest in messages, if it is not that of its file.
    pub name: Option<String>,
    /// The delimiter of a CSV; detected if not given.
    pub delimiter: Option<Delimiter>,
    /// The encoding of texts without byte-order mark; detected if not given.
    pub encoding: Option<TextEncoding>,
    /// The sheet of a workbook; see `--sheet`.
    pub sheet: Option<String>,
    /// The columns of fields whose headers are not recognized.
    pub columns: Vec<ColumnChoice>,
    /// The name of the campaign, if it is not the manifest's.
    pub campaign: Option<String>,
    /// The treatment of invalid rows.
    pub invalid_rows: InvalidRows,
    /// The value of `{{ date }}`, which is a problem where it is used without this.
    pub today: Option<Date>,
    /// Resolves personas and voices that are neither a UUID nor a short name. Without it such a name is a problem.
    pub catalogue: Option<Resolve<'a>>,
}

/// The column of a field: `persona=Sprecher`. Without a header, `music=`, the field has no column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnChoice {
    pub(crate) field: Field,
    pub(crate) header: String,
}

impl ColumnChoice {
    /// Returns the name of the field, and the header.
    pub(crate) fn parts(&self) -> (&'static str, &str) {
        (self.field.name(), &self.header)
    }

    /// Checks whether both choices are about the same field.
    pub(crate) fn is_about(&self, other: &Self) -> bool {
        self.field == other.field
    }
}

/// The text is not a field and a header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseColumnError {
    /// There is no `=`.
    #[error("{} is not a field and a header, such as `persona=Sprecher`", quote(.0))]
    Form(String),
    /// The field does not exist.
    #[error("there is no field {}; the fields are {}", quote(.0), list(Field::ALL.map(Field::name), "and"))]
    Field(String),
}

impl FromStr for ColumnChoice {
    type Err = ParseColumnError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (field, header) =
            text.split_once('=').ok_or_else(|| ParseColumnError::Form(text.to_owned()))?;
        let (field, _) =
            Field::find(field).ok_or_else(|| ParseColumnError::Field(field.to_owned()))?;
        Ok(Self { field, header: header.trim().to_owned() })
    }
}

impl fmt::Display for ColumnChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}", self.field.name(), self.header)
    }
}

/// The treatment of invalid rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InvalidRows {
    /// The whole manifest is refused.
    #[default]
    Refuse,
    /// They are left out, each with a note: `--skip-invalid`. Problems of the manifest as a whole still refuse it.
    Skip,
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("delimiter", &self.delimiter)
            .field("encoding", &self.encoding)
            .field("sheet", &self.sheet)
            .field("columns", &self.columns)
            .field("campaign", &self.campaign)
            .field("invalid_rows", &self.invalid_rows)
            .field("today", &self.today)
            .field("catalogue", &self.catalogue.is_some())
            .finish()
    }
}
