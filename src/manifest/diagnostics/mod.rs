//! Problems and notes with their places.

pub(crate) mod lints;
pub(crate) mod place;
pub(crate) mod problem;
pub(crate) mod render;
pub(crate) mod words;
pub(crate) mod yaml_errors;
pub(crate) mod yaml_messages;
