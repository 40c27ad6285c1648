//! What a run looks like on a terminal: what is finished scrolls by, what goes on stays below.

mod bars;
mod forecast;
mod view;

pub use bars::Progress;
pub(super) use view::{standing, trouble};
