//! Problems, notes and suspicions: what is wrong, where, and what would be right.

pub(crate) mod lints;
pub(crate) mod place;
pub(crate) mod problem;
pub(crate) mod suspicions;
pub(crate) mod text;
pub(crate) mod yaml_errors;
