//! The readers: bytes become a table (CSV, workbooks) or a tree (YAML) whose values have their places.

pub(crate) mod csv;
pub(crate) mod decode;
pub(crate) mod encodings;
pub(crate) mod number_format;
pub(crate) mod other_files;
pub(crate) mod sheet_number;
pub(crate) mod table;
pub(crate) mod workbook;
pub(crate) mod yaml;
