//! The fields of a job, the settings of a manifest, and how cells and headers are read.

pub(crate) mod document;
pub(crate) mod field;
pub(crate) mod header;
pub(crate) mod names;
pub(crate) mod options;
pub(crate) mod ratio;
pub(crate) mod settings;
pub(crate) mod values;
