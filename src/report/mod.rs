//! Who is told: progress, lines, results, the page.
//!
//! Everything here is a fold of the journal's entries, live or afterwards: the same observers serve a
//! run that is going on and one that ended last week.
//!
//! [`Campaign`] is what everybody knows beforehand. [`Summary`] takes in entries and answers every
//! question about counts, money and jobs; all that is written or shown is a pure function of it:
//! `closing`, `status_screen`, `plan_table`, `story`, [`write_csv`], [`write_json`], [`page::write`].
//! Live observers start from the summary of what is on record already and are told what follows:
//! [`Progress`] on a terminal, [`Lines`] off it, [`JsonLines`] for programs, [`ResultsWriter`] for
//! the files.
//!
//! What the server or the sheet says is cleaned before it reaches a terminal, made harmless before it
//! reaches a spreadsheet, and escaped before it reaches the page.

mod accuracy;
mod approved;
mod campaign;
mod closing;
mod colours;
mod counts;
mod hints;
mod json_lines;
mod junit;
mod lines;
mod log_file;
mod marks;
mod narration;
mod news;
mod notice;
mod observer;
pub mod page;
mod plan;
mod progress;
mod results;
mod row;
mod sink;
mod status;
mod stop_words;
mod story;
mod summary;
mod table;
#[cfg(test)]
mod testing;
mod watch;
mod words;

pub use crate::model::{Inventory, Run, RunEnd};
pub(crate) use accuracy::accuracy_table;
pub(crate) use approved::{ApprovalNeed, Approved};
pub use campaign::Campaign;
pub(crate) use campaign::shell_word;
pub(crate) use closing::{closing, headline};
pub use colours::Colours;
pub use counts::{Counts, Money};
pub use json_lines::JsonLines;
pub(crate) use json_lines::{Remark, remark_line};
pub(crate) use junit::to_junit;
pub use lines::Lines;
pub(crate) use log_file::open_log;
pub(crate) use marks::{Mark, Verdict, read_marks};
pub use narration::Verbosity;
pub(crate) use notice::{EarlyNotifier, Notice};
pub use observer::{Observer, Pulse, Transfer};
pub(crate) use plan::{
    Balance, PlanContext, plan_replaced, plan_table, plan_totals, write_plan_json,
};
pub use progress::Progress;
pub use results::{Encoding, ResultsWriter, WrittenResults, write_csv, write_json, write_workbook};
pub use row::Row;
pub(crate) use status::{Liveness, View, status_json, status_screen};
pub(crate) use story::{story, story_json};
pub use summary::Summary;
pub(crate) use watch::Watch;
