//! Small shared helpers without knowledge of the domain: text, tables, files.

pub mod fs;
pub mod style;
pub mod table;
pub mod text;
