//! Small shared helpers without knowledge of the domain: text, tables, files.

pub(crate) mod fs;
pub(crate) mod glyph;
pub(crate) mod json;
pub(crate) mod parallel;
pub(crate) mod printed;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod text;
