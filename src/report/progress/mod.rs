//! What a run looks like on a terminal: what is finished scrolls by, what goes on stays below.

mod bars;
mod board;
mod forecast;
mod steady;
mod view;

pub use bars::Progress;
pub(super) use board::LiveRegion;
pub(super) use view::{ending, standing, trouble};
