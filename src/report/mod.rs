//! The output for people and programs: progress, log lines, events, results, the page.
//!
//! A [`Campaign`] holds the jobs and settings before a run. A [`Summary`] folds the journal's entries and answers
//! every question about counts, credits and jobs. Every text and file is a pure function of a summary, so it
//! is the same during a run and afterwards.
//!
//! An [`Observer`] receives each entry of a live run together with the summary that includes it:
//! [`terminal::Progress`] on a terminal, [`events::TextLines`] elsewhere, [`events::JsonLines`] for programs,
//! [`files::ResultsWriter`] for the files.
//!
//! Text from the server or the sheet is cleaned of control characters for terminals, escaped against formulas
//! for spreadsheets, and escaped as HTML for the page.

pub(crate) mod approval;
mod campaign;
mod command_line;
pub(crate) mod cost_breakdown;
mod counts;
pub mod events;
pub mod files;
pub(crate) mod forecast;
mod format;
pub(crate) mod gallery;
mod job_row;
mod next_steps;
pub(crate) mod notification;
mod observer;
pub mod page;
pub(crate) mod plan;
pub(crate) mod status;
pub(crate) mod stderr;
pub(crate) mod stdout;
mod summary;
pub(crate) mod summary_text;
pub mod terminal;
#[cfg(test)]
pub(crate) mod testing;

pub use campaign::Campaign;
pub use command_line::CommandLine;
pub use counts::{Counts, Money};
pub use job_row::JobRow;
pub(crate) use next_steps::hints;
pub use observer::{LiveState, Observer, Transfer};
pub use summary::Summary;
