//! What our columns say of a job.

use std::fmt;

use super::cell::harmless;
use crate::model::{Credits, RESULT_COLUMNS, Timestamp, redact_url};
use crate::report::Row;
use crate::report::words;

/// A cell of ours, and what kind of thing it holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'a> {
    Empty,
    Text(String),
    /// A path relative to the output folder.
    File(&'a str),
    Credits(Credits),
    Seconds(f64),
    Count(u32),
    Time(Timestamp),
}

impl<'a> Cell<'a> {
    fn or_empty<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Empty, cell)
    }

    fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The cells of a job.
    pub(super) fn of(row: &Row<'a>) -> [Self; RESULT_COLUMNS.len()] {
        let state = row.state;
        let output = state.output.as_ref();
        let thumbnail = output.and_then(|output| output.thumbnail_url.as_deref());
        let seconds = output.and_then(|output| output.duration_seconds);
        [
            Self::text(row.id().as_str()),
            Self::text(row.status()),
            Self::or_empty(row.file(), Self::File),
            Self::or_empty(output, |output| Self::Text(redact_url(&output.video_url))),
            Self::or_empty(thumbnail, |url| Self::Text(redact_url(url))),
            Self::or_empty(seconds, Self::Seconds),
            Self::Credits(row.job.estimate.high),
            Self::or_empty(state.charged, Self::Credits),
            Self::or_empty(state.submitted_at, Self::Time),
            Self::or_empty(state.finished_at, Self::Time),
            Self::Count(state.attempts),
            Self::or_empty(state.phase.remote(), |remote| Self::text(remote.as_str())),
            Self::or_empty(row.failure(), |failure| Self::Text(words::failure(failure))),
        ]
    }

    /// The cells of a row that makes no job.
    pub(super) fn of_skipped() -> [Self; RESULT_COLUMNS.len()] {
        let mut cells = [const { Cell::Empty }; RESULT_COLUMNS.len()];
        cells[1] = Self::text("skipped");
        cells
    }
}

/// As text that no spreadsheet takes for a formula.
impl fmt::Display for Cell<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => Ok(()),
            Self::Text(text) => formatter.write_str(&harmless(text)),
            Self::File(file) => formatter.write_str(&harmless(file)),
            Self::Credits(credits) => write!(formatter, "{credits}"),
            Self::Seconds(seconds) => write!(formatter, "{seconds}"),
            Self::Count(count) => write!(formatter, "{count}"),
            Self::Time(moment) => write!(formatter, "{moment}"),
        }
    }
}
