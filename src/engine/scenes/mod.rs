//! Short scenes with a known end, one for each mistake that chance would need too long to stumble
//! upon.

mod absence;
mod clocks;
mod downloads;
mod stage;
mod stopping;
mod wishes;
