//! What our columns say of a job.

use std::fmt;

use crate::model::{Credits, RESULT_COLUMNS, Timestamp, redact_url};
use crate::report::row::Row;
use crate::report::words;

/// A cell of ours, and what kind of thing it holds.
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
        let mut cells = [const { ResultCell::Empty }; RESULT_COLUMNS.len()];
        cells[1] = Self::text("skipped");
        cells
    }
}

/// As text that no spreadsheet takes for a formula.
impl fmt::Display for ResultCell<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => Ok(()),
            Self::Text(text) => formatter.write_str(&escape_formula(text)),
            Self::File(file) => formatter.write_str(&escape_formula(file)),
            Self::Credits(credits) => write!(formatter, "{credits}"),
            Self::Seconds(seconds) => write!(formatter, "{seconds}"),
            Self::Count(count) => write!(formatter, "{count}"),
            Self::Time(moment) => write!(formatter, "{moment}"),
        }
    }
}

/// `text` as it can stand in a cell of ours: control characters removed, and what a spreadsheet
/// would compute marked as text by a leading `'`. The beginnings are those of OWASP's page on CSV
/// injection, their full-width forms included, and also behind spaces, which some importers trim.
pub(super) fn escape_formula(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let is_formula = text
        .trim_start()
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if is_formula { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_computed() {
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
