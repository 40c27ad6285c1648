//! What the user wrote becomes a [`Plan`](crate::model::Plan), or a list of everything that is wrong
//! with it.
//!
//! [`load()`] reads a CSV, a workbook or a YAML manifest. It touches no file itself: it is given a
//! function that does. Its life in five steps:
//!
//! 1. `formats`: bytes become a table (CSV, workbook) or a tree (YAML) whose values have a place
//! 2. `schema`: columns and keys become fields
//! 3. `build`: each row or item is a raw job; lists and `a | b` multiply it
//! 4. `build`: each combination is validated, its templates are rendered, its names looked up
//! 5. `build`: each valid job gets a unique id and a unique file name
//!
//! Nothing stops at the first fault. Whatever is wrong is a [`Problem`] with file, line and column;
//! whatever was repaired or is doubtful is a note of the plan. Rows that repeat a fault say it once.
//!
//! **Identity.** A job is the same job tomorrow if its id is the same, and only then is it known as
//! paid. The id is the one in the sheet, else one made of the content: some words, the ratio and a
//! hash of the request. Moving rows about changes neither.

mod build;
mod diagnostics;
mod formats;
mod load;
#[cfg(test)]
mod scenarios;
mod schema;
mod selection;

pub use diagnostics::problem::{Problem, Problems};
pub use formats::csv::{Delimiter, ParseDelimiterError};
pub(crate) use formats::yaml::parse_yaml;
pub use load::{ReadFile, load};
pub use schema::names::{NameKind, Resolution, Resolve};
pub use schema::options::{InvalidRows, Options};
pub(crate) use selection::{Selection, UnknownJob};

/// The YAML manifest that `callsheet init` writes: short, commented, and accepted by the sandbox.
pub(crate) const INIT_YAML: &str = include_str!("init.yaml");

/// The sheet that `callsheet init FILE.csv` writes.
pub(crate) const INIT_CSV: &str = include_str!("init.csv");
