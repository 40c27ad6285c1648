//! The construction of a plan: rows and items become jobs with ids and file names.

pub(crate) mod file_names;
pub(crate) mod ids;
pub(crate) mod incomplete_rows;
pub(crate) mod manifest_from_results;
pub(crate) mod plan_builder;
pub(crate) mod raw_job;
pub(crate) mod row;
pub(crate) mod rules;
pub(crate) mod slug;
pub(crate) mod template;
mod template_syntax;
pub(crate) mod validated_job;
pub(crate) mod variables;
