//! Options for reading a manifest.

use std::fmt;

use jiff::civil::Date;

use crate::manifest::formats::csv::Delimiter;
use crate::manifest::formats::decode::TextEncoding;

use super::names::Resolve;

/// Options for reading a manifest. The default needs no catalogue and refuses invalid rows.
#[derive(Default, Clone)]
pub struct Options<'a> {
    /// The delimiter of a CSV; detected if not given.
    pub delimiter: Option<Delimiter>,
    /// The encoding of texts without byte-order mark; detected if not given.
    pub encoding: Option<TextEncoding>,
    /// The sheet of a workbook; see `--sheet`.
    pub sheet: Option<String>,
    /// The treatment of invalid rows.
    pub invalid_rows: InvalidRows,
    /// The value of `{{ date }}`, which is a problem where it is used without this.
    pub today: Option<Date>,
    /// Resolves personas and voices that are neither a UUID nor a short name. Without it such a name is a problem.
    pub catalogue: Option<Resolve<'a>>,
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
            .field("invalid_rows", &self.invalid_rows)
            .field("today", &self.today)
            .field("catalogue", &self.catalogue.is_some())
            .finish()
    }
}
