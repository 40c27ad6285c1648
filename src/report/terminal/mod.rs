//! The progress of a run on a terminal: finished jobs scroll by, jobs under way stay below.

pub(super) mod activity;
mod forecast;
pub(super) mod live_region;
mod progress;
mod resize_safe_term;
pub(super) mod style;

pub use progress::Progress;
pub use style::Colours;
