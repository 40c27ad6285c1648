//! The readers: bytes become a table (CSV, workbooks) or a tree (YAML) whose values have their places.

pub(crate) mod csv;
pub(crate) mod decode;
pub(crate) mod hidden_rows;
pub(crate) mod table;
pub(crate) mod xlsx;
pub(crate) mod yaml;
