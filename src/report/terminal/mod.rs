//! The progress of a run on a terminal: finished jobs scroll by, jobs under way stay below.

pub(super) mod activity;
mod live_region;
mod progress;
mod resize_safe_term;

pub(crate) use activity::live_sentences;
pub(crate) use live_region::{LiveRegion, error_columns, output_columns};
pub use progress::Progress;
