//! The columns of `results.csv` and `results.xlsx` that the program adds to the user's.

use std::fmt;

use crate::model::{Credits, RESULT_COLUMNS, Timestamp, redact_url};
use crate::report::job_row::JobRow;
use crate::report::summary::ResultLine;

/// A cell of the program's columns.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ResultCell<'a> {
    Empty,
    Text(String),
    /// A path relative to the output folder.
    File(&'a str),
    Credits(Credits),
    Seconds(f64),
    Count(u32),
    Time(Timestamp),
}

impl<'a> ResultCell<'a> {
    fn or_empty<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Empty, cell)
    }

    fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Returns the cells of a job.
    fn of(row: &JobRow<'a>) -> [Self; RESULT_COLUMNS.len()] {
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
            Self::or_empty(row.error(), Self::Text),
            if row.is_outdated() { Self::text("yes") } else { Self::Empty },
        ]
    }

    /// Returns the cells of a line.
    pub(super) fn of_line(line: &ResultLine<'a>) -> [Self; RESULT_COLUMNS.len()] {
        line.row.as_ref().map_or_else(|| Self::of_skipped(line.left_out), Self::of)
    }

    /// Returns the cells of a row that makes no job, for this reason if it was not skipped on purpose.
    fn of_skipped(left_out: Option<&str>) -> [Self; RESULT_COLUMNS.len()] {
        let mut cells = [const { ResultCell::Empty }; RESULT_COLUMNS.len()];
        cells[1] = Self::text("skipped");
        let [.., error, _] = &mut cells;
        *error = Self::or_empty(left_out, Self::text);
        cells
    }
}

impl fmt::Display for ResultCell<'_> {
    /// Writes text that no spreadsheet takes for a formula.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => Ok(()),
            Self::Text(text) => formatter.write_str(&escape_formula(text)),
            Self::File(file) => formatter.write_str(&escape_formula(file)),
            Self::Credits(credits) => write!(formatter, "{credits}"),
            Self::Seconds(seconds) => write!(formatter, "{seconds}"),
            Self::Count(count) => write!(formatter, "{count}"),
            Self::Time(time) => write!(formatter, "{time}"),
        }
    }
}

/// Removes control characters and marks a formula as text with a leading `'`.
///
/// The first characters of formulas are those of OWASP's page on CSV injection with their full-width forms, also
/// behind spaces, which some importers trim.
pub(super) fn escape_formula(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let is_formula = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if is_formula { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_escaped() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'=1"),
            ("\r\n=1", "'=1"),
            (" =1", "' =1"),
            ("＝1", "'＝1"),
            ("a=1", "a=1"),
            ("", ""),
            ("no\u{1b}[2J face", "no[2J face"),
        ] {
            assert_eq!(escape_formula(text), cell, "{text:?}");
        }
    }
}
