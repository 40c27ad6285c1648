//! The files of a campaign for other programs: `results.csv`, `results.json`, `results.xlsx`, `JUnit` XML, logs.
//!
//! `results.csv` holds the user's own columns and rows, in order and byte for byte, then
//! `model::RESULT_COLUMNS`: one line for each job, with the row's cells repeated if it
//! makes several, and one line for each skipped row. `credits_estimated` is the upper end of the estimate, a
//! plain number that a spreadsheet can add up; both ends are in `results.json`. `credits_used` is the charge
//! that the provider reported for the current video; it is empty if none was reported, and earlier attempts
//! are in `results.json` under `credits_spent`. Links are written without their signatures.

mod columns;
mod csv;
pub(super) mod json;
mod junit;
mod log;
mod metrics;
mod previous;
mod writer;
mod xlsx;

pub use csv::{CsvEncoding, write_csv};
pub use json::write_json;
pub(crate) use json::{credits, totals};
pub(crate) use log::open_log;
pub(crate) use metrics::{RunMetrics, write_metrics};
pub use previous::PreviousResults;
pub(crate) use previous::{foreign_results, foreign_workbook, ids_in_csv};
pub use writer::{ResultFiles, ResultsWriter};
pub use xlsx::write_workbook;
