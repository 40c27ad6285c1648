//! What a campaign has come to, as files other programs read: `results.csv` and `results.json`.
//!
//! `results.csv` holds the user's own columns and rows, in order and byte for byte, then
//! [`COLUMNS`]: one line a job, the row's cells repeated when it makes several, one line for a row
//! that is skipped. `credits_estimated` is the upper end of the estimate, a plain number that a
//! spreadsheet can add up; both ends are in `results.json`. `credits_used` is the charge that the provider
//! reported for the video in hand; it is empty where none was reported, and earlier attempts are in
//! `results.json` under `spent`. Links are shown without what signs them.

mod cell;
mod csv;
mod json;
mod writer;

pub use csv::{COLUMNS, Encoding, write_csv};
pub use json::write_json;
pub(super) use json::{Job, VERSION, credits, runs, totals};
pub use writer::ResultsWriter;
