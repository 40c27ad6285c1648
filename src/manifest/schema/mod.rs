//! The vocabulary of a manifest: fields, headers, settings, names, and the values of single cells.

pub(crate) mod document;
pub(crate) mod field;
pub(crate) mod header;
pub(crate) mod languages;
pub(crate) mod names;
pub(crate) mod options;
pub(crate) mod other_names;
pub(crate) mod ratio;
pub(crate) mod settings;
pub(crate) mod values;
