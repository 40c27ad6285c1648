//! What the user wrote becomes a [`Plan`](crate::model::Plan), or a list of everything that is wrong
//! with it.
//!
//! [`load()`] reads a CSV, a workbook or a YAML manifest. It touches no file itself: it is given a
//! function that does. Its life in five steps:
//!
//! 1. bytes become text (`decode`) and text a table (`delimited`) or a tree (`node`, `document`) in
//!    which every value knows its `place`
//! 2. columns and keys become fields (`header`, `field`)
//! 3. each row or item is a `draft`; lists and `a | b` make combinations of it
//! 4. each combination is judged (`check`, `remarks`), its templates filled, its names looked up
//! 5. what is in order gets an id (`ids`) and a file name (`naming`) that no other job has
//!
//! Nothing stops at the first fault. Whatever is wrong is a [`Problem`] with file, line and column;
//! whatever was repaired or is doubtful is a note of the plan. Rows that repeat a fault say it once.
//!
//! **Identity.** A job is the same job tomorrow if its id is the same, and only then is it known as
//! paid. The id is the one in the sheet, else one made of the content: some words, the ratio and a
//! hash of the request. Moving rows about changes neither.

mod assembly;
mod by_field;
mod cell_values;
mod check;
mod cut_text;
mod decode;
mod delimited;
mod document;
mod draft;
mod excerpt;
mod field;
mod file_kind;
mod file_name;
mod former;
mod header;
mod hidden_rows;
mod ids;
mod load;
mod loose;
mod made;
mod names;
mod naming;
mod node;
mod options;
mod place;
mod plain_yaml;
mod problem;
mod ratio;
mod remarks;
mod row;
#[cfg(test)]
mod scenarios;
mod selection;
mod settings;
mod sheet;
mod slug;
mod starter;
mod table;
mod template;
mod template_fault;
mod words;
mod workbook;
mod workbook_cell;
mod yaml_fault;
mod yaml_words;

pub use delimited::{Delimiter, ParseDelimiterError};
pub use load::{ReadFile, load};
pub use names::{NameKind, Resolution, Resolve};
pub use options::{InvalidRows, Options};
pub(crate) use plain_yaml::parse_yaml;
pub use problem::{Problem, Problems};
pub(crate) use selection::{Selection, UnknownJob};
pub(crate) use starter::{starter, starter_sheet};
