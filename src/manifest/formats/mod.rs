//! Readers of CSV, workbooks and YAML.

pub(crate) mod csv;
pub(crate) mod decode;
pub(crate) mod detect;
pub(crate) mod hidden_rows;
pub(crate) mod table;
pub(crate) mod xlsx;
pub(crate) mod yaml;
