//! `plan`: what `run` would do, job by job, with the reason and the credits.
//!
//! It shows a [`Summary`](super::Summary) as it is. To see what `run` would do with `--retry-failed` and the like, let
//! the summary take in the entries of the engine's first step without keeping them: what the step
//! reopens is then shown as *again*.

mod json;
mod line;
mod outlook;
mod replaced;
mod table;

pub(crate) use json::write_plan_json;
pub(crate) use outlook::{Balance, PlanContext};
pub(crate) use replaced::plan_replaced;
pub(crate) use table::{plan_table, plan_totals};
