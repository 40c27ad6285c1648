//! Who is told: progress, lines, results, the page.
//!
//! Everything here is a fold of the journal's entries, live or afterwards: the same observers serve a
//! run that is going on and one that ended last week.

mod observer;

pub use observer::{Observer, Pulse, Transfer};
