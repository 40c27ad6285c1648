//! How a manifest is to be read: [`Options`].

use std::fmt;

use jiff::civil::Date;

use crate::manifest::formats::csv::Delimiter;
use crate::manifest::schema::names::Resolve;

/// How a manifest is to be read. The default needs no catalogue and refuses every wrong row.
#[derive(Default, Clone)]
pub struct Options<'a> {
    /// What stands between the cells of a CSV; found out if not given.
    pub delimiter: Option<Delimiter>,
    /// The sheet of a workbook; the first visible one if not given.
    pub sheet: Option<String>,
    /// What to do about rows that are wrong.
    pub invalid_rows: InvalidRows,
    /// The day that `{{ date }}` stands for. Without it `{{ date }}` is empty, which is a problem
    /// where it is used.
    pub today: Option<Date>,
    /// Looks up personas and voices that are neither a UUID nor a short name. Without it such a
    /// name is a problem.
    pub catalogue: Option<Resolve<'a>>,
}

/// What to do about rows that are wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InvalidRows {
    /// Nothing of the manifest is accepted.
    #[default]
    Refuse,
    /// They are left out, with a note each; `--skip-invalid`. What is wrong with the manifest as a
    /// whole is a problem all the same.
    Skip,
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("delimiter", &self.delimiter)
            .field("sheet", &self.sheet)
            .field("invalid_rows", &self.invalid_rows)
            .field("today", &self.today)
            .field("catalogue", &self.catalogue.is_some())
            .finish()
    }
}
