//! What a campaign has come to, as files other programs read: `results.csv`, `results.json`
//! and, if wanted, `results.xlsx`.
//!
//! `results.csv` holds the user's own columns and rows, in order and byte for byte, then
//! [`RESULT_COLUMNS`](crate::model::RESULT_COLUMNS): one line a job, the row's cells repeated when it makes several, one line for a row
//! that is skipped. `credits_estimated` is the upper end of the estimate, a plain number that a
//! spreadsheet can add up; both ends are in `results.json`. `credits_used` is the charge that the provider
//! reported for the video in hand; it is empty where none was reported, and earlier attempts are in
//! `results.json` under `spent`. Links are shown without what signs them.

mod cell;
mod columns;
mod csv;
mod json;
mod reading;
mod workbook;
mod writer;

pub use csv::{Encoding, write_csv};
pub use json::write_json;
pub(super) use json::{Job, VERSION, credits, runs, totals};
pub use reading::WrittenResults;
pub use workbook::write_workbook;
pub use writer::ResultsWriter;
