//! The plan: what `run` would do with each job, with the reason and the credits.
//!
//! The plan shows a [`Summary`](super::Summary). To include the effect of `--retry-failed` and similar options, apply
//! the entries of the engine's first step to the summary without storing them: the jobs that the step reopens then
//! appear as *again*.

mod context;
mod hosts;
mod json;
mod page;
mod rows;
mod table;
mod text;

pub(crate) use context::{Balance, PlanContext, ReplacedRows};
pub(crate) use hosts::LinkHosts;
pub(crate) use json::write_plan_json;
pub(crate) use page::{Pictures, plan_page, problem_page};
pub(crate) use text::{PlanStyle, examples_json, plan_table, plan_totals, text_examples};
