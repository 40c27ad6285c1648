//! The manifest: a CSV, a workbook or a YAML file becomes a [`Plan`](crate::model::Plan), or a list of all its problems.
//!
//! [`load()`] does not access files itself; it gets a function that does. It works in five steps:
//!
//! 1. `formats`: bytes become a table (CSV, workbook) or a tree (YAML) whose values have a place
//! 2. `schema`: columns and keys become fields
//! 3. `build`: each row or item is a raw job; lists and `a | b` multiply it
//! 4. `build`: each combination is validated, its templates are rendered, its names looked up
//! 5. `build`: each valid job gets a unique id and a unique file name
//!
//! A problem does not stop the others from being found. Each [`Problem`] has its file, line and column. Repairs and
//! doubtful values are notes of the plan. Problems and notes that repeat in many rows are shown once.
//!
//! **Identity.** A job is known as paid by its id, which is the one in the sheet, or one made of the content: some words,
//! the ratio and a hash of the request. Moving rows changes neither.
//!
//! `schema/field.rs` describes how to add a column.

mod build;
mod diagnostics;
mod formats;
mod grid;
mod load;
mod marks;
#[cfg(test)]
mod scenarios;
mod schema;
mod selection;

pub(crate) use build::file_names::sanitize_stem;
pub(crate) use build::template::is_template;
pub use diagnostics::problem::{Problem, Problems};
pub(crate) use diagnostics::text::closest_match;
pub use formats::csv::{Delimiter, ParseDelimiterError};
pub use formats::encodings::{ParseEncodingError, TextEncoding};
pub(crate) use formats::yaml::parse_yaml;
pub(crate) use grid::{CellEdit, FieldKind, Grid, SheetContent, UnknownCell};
pub(crate) use load::{MAX_CAMPAIGN, campaign_of_file, is_campaign_name, read_sheet};
pub use load::{ReadFile, RefusedFile, load};
pub(crate) use marks::{
    MARK_COLUMNS, MAX_MARK_SECONDS, ReviewMark, ReviewVerdict, read_marks, verdicts, write_marks,
};
pub(crate) use schema::field::Field;
pub use schema::names::{NameKind, Resolution, Resolve};
pub use schema::options::{ColumnChoice, InvalidRows, Options, ParseColumnError};
pub(crate) use selection::{Selection, UnknownJob, jobs_of_row};

/// The YAML manifest that `callsheet init` writes: short, commented, and accepted by the sandbox.
pub(crate) const INIT_YAML: &str = include_str!("init.yaml");

/// The sheet that `callsheet init FILE.csv` writes.
pub(crate) const INIT_CSV: &str = include_str!("init.csv");
