//! The events of a run as log lines, as JSON, and as the history of one job.

mod explain;
mod json;
mod text;
pub(super) mod wording;

pub(crate) use explain::{explain, explain_json};
pub use json::JsonLines;
pub(crate) use json::{JsonMessage, json_message_line};
pub use text::TextLines;
pub use wording::Verbosity;
