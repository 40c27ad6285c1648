//! The marks of reviewers: `job_id,mark,comment,remote_id,seconds,reviewer,at`.
//!
//! A row with a mark is a decision, and so is one without mark and comment: it takes the decision back. The newest
//! decision of a job counts. A row with only a comment leaves the decision as it was.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::model::{InvalidId, JobId, Timestamp};

use super::diagnostics::place::Place;
use super::diagnostics::problem::{Findings, Problem, Problems, sort_by_place};
use super::diagnostics::text::{normalize, quote};
use super::formats::csv;
use super::formats::decode::{FileKind, decode_source};
use super::formats::encodings::TextEncoding;
use super::formats::table::{Table, visible};
use super::formats::workbook;
use super::schema::header::skip_rows_above_header;

/// The columns of a file of marks. The first two are required; earlier versions saved the first four.
pub(crate) const MARK_COLUMNS: [&str; 7] =
    ["job_id", "mark", "comment", "remote_id", "seconds", "reviewer", "at"];

/// The most seconds of a place in a video: those of a day.
pub(crate) const MAX_MARK_SECONDS: f64 = 86_400.0;

/// A reviewer's verdict on a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReviewVerdict {
    /// The video is good.
    Approved,
    /// The video is to be made again.
    Rejected,
}

impl ReviewVerdict {
    /// Returns the word for it in a file of marks.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// Returns the verdict that `word` names.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Approved, Self::Rejected].into_iter().find(|it| it.as_str() == word.to_lowercase())
    }
}

/// The mark of a video.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ReviewMark {
    /// The job.
    pub(crate) job: JobId,
    /// The verdict.
    pub(crate) verdict: Option<ReviewVerdict>,
    /// The comment; empty without one.
    pub(crate) comment: String,
    /// The provider's id of the video that was reviewed, if the file has it.
    pub(crate) remote: Option<String>,
    /// The place in the video that the comment is about.
    pub(crate) seconds: Option<f64>,
    /// The name of the reviewer; empty if it is not known.
    pub(crate) reviewer: String,
    /// The time of the mark, if the file has it.
    pub(crate) at: Option<Timestamp>,
}

impl ReviewMark {
    /// Whether this gives or takes back a verdict.
    fn is_decision(&self) -> bool {
        self.verdict.is_some() || self.comment.is_empty()
    }
}

/// Returns the newest decision of each job that is a verdict, in the order of their first marks. Of decisions of the same
/// time, or without times, the last one counts.
pub(crate) fn verdicts(marks: &[ReviewMark]) -> Vec<&ReviewMark> {
    let mut newest: Vec<&ReviewMark> = Vec::new();
    let mut places: HashMap<&JobId, usize> = HashMap::new();
    for mark in marks.iter().filter(|mark| mark.is_decision()) {
        let place = *places.entry(&mark.job).or_insert(newest.len());
        match newest.get_mut(place) {
            Some(other) if mark.at >= other.at => *other = mark,
            Some(_) => {}
            None => newest.push(mark),
        }
    }
    newest.retain(|mark| mark.verdict.is_some());
    newest
}

/// Reads a file of marks, like a manifest in CSV or a workbook. `name` is the file as the user named it. The page saves
/// UTF-8, so `encoding` counts only for a file that is not.
///
/// # Errors
///
/// All problems of the file: a misread mark costs money.
pub(crate) fn read_marks(
    name: &str,
    bytes: Vec<u8>,
    encoding: Option<TextEncoding>,
) -> Result<Vec<ReviewMark>, Problems> {
    let mut findings = Findings::default();
    let table = if FileKind::detect(Path::new(name), &bytes) == FileKind::Workbook {
        workbook::read(name, &bytes, None, &mut findings)
    } else {
        let encoding = encoding.and_then(|encoding| encoding.unless_utf_8(&bytes));
        let help = "save the file of marks as \"CSV UTF-8\"";
        let source = decode_source(name, bytes, encoding, help, &mut findings);
        source.and_then(|source| {
            let table = csv::read(&source, None, &mut findings);
            if table.is_none() {
                report_missing(&Place::file(&source), &["job_id", "mark"], &mut findings);
            }
            table
        })
    };
    let marks = table.map_or_else(Vec::new, |mut table| {
        let is_known = |header: &str| MARK_COLUMNS.iter().any(|name| is_named(header, name));
        skip_rows_above_header(&mut table, &is_known, &mut findings);
        marks_of(&table, &mut findings)
    });
    if findings.problems.is_empty() {
        return Ok(marks);
    }
    Err(Problems::new(sort_by_place(findings.problems), findings.notes))
}

/// Returns the rows of a file of marks, without its header.
///
/// # Errors
/// If a mark cannot be written.
pub(crate) fn write_marks(marks: &[ReviewMark]) -> io::Result<Vec<u8>> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    for mark in marks {
        writer.write_record([
            mark.job.as_str(),
            mark.verdict.map_or("", ReviewVerdict::as_str),
            &escape_formula(&mark.comment),
            &escape_formula(mark.remote.as_deref().unwrap_or_default()),
            &mark.seconds.map(|seconds| seconds.to_string()).unwrap_or_default(),
            &escape_formula(&mark.reviewer),
            &mark.at.map(|at| at.to_string()).unwrap_or_default(),
        ])?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// Checks whether a header names a column, like the headers of manifests: `Job ID`, `Mark (approved or rejected)`.
fn is_named(header: &str, column: &str) -> bool {
    let name = header.split(['(', '[']).next().unwrap_or_default();
    normalize(name) == normalize(column)
}

fn marks_of(table: &Table, findings: &mut Findings) -> Vec<ReviewMark> {
    let column = |name: &str| table.header.iter().position(|cell| is_named(&cell.text, name));
    let (Some(id), Some(mark)) = (column("job_id"), column("mark")) else {
        let missing = ["job_id", "mark"].into_iter().filter(|name| column(name).is_none());
        report_missing(&table.header[0].place, &missing.collect::<Vec<_>>(), findings);
        return Vec::new();
    };
    let others = ["comment", "remote_id", "seconds", "reviewer", "at"].map(column);
    let mut marks = Vec::new();
    for row in &table.rows {
        let text =
            |column: usize| row.get(column).map_or_else(Arc::default, |cell| visible(&cell.text));
        let end = row.last().map(|last| last.place.after());
        let place = |column: usize| row.get(column).map(|cell| cell.place.clone()).or(end.clone());
        let mut wrong = |column: usize, message: String| {
            findings.problems.extend(place(column).map(|place| Problem::at(&place, message)));
        };
        let word = text(mark);
        let verdict = ReviewVerdict::from_word(&word);
        if verdict.is_none() && !word.is_empty() {
            let word = quote(&word);
            wrong(mark, format!("the mark {word} is neither `approved` nor `rejected`"));
            continue;
        }
        let [comment, remote, seconds, reviewer, at] = others;
        let given = |column: Option<usize>| {
            let text = column.map(text).filter(|text| !text.is_empty());
            column.zip(text.map(|text| unescape_formula(&text).to_owned()))
        };
        let seconds = given(seconds).map(|(column, text)| {
            let is_valid = |seconds: &f64| (0.0..=MAX_MARK_SECONDS).contains(seconds);
            let seconds = text.parse().ok().filter(is_valid);
            if seconds.is_none() {
                wrong(column, format!("{} is not a number of seconds in a video", quote(&text)));
            }
            seconds
        });
        let at = given(at).map(|(column, text)| {
            let at = Timestamp::parse(&text);
            if at.is_none() {
                let message = "is not a time such as `2026-11-24T14:03:07Z`";
                wrong(column, format!("{} {message}", quote(&text)));
            }
            at
        });
        let text_of = |column: Option<usize>| given(column).map(|(_, text)| text);
        let (comment, remote) = (text_of(comment).unwrap_or_default(), text_of(remote));
        let reviewer = text_of(reviewer).unwrap_or_default();
        match text(id).parse::<JobId>() {
            Ok(job) => marks.push(ReviewMark {
                job,
                verdict,
                comment,
                remote,
                seconds: seconds.flatten(),
                reviewer,
                at: at.flatten(),
            }),
            // A row with nothing but a comment names no video.
            Err(_) if verdict.is_none() => {}
            Err(error) => wrong(id, InvalidId::to_string(&error)),
        }
    }
    marks
}

/// Returns a text that was written so that no spreadsheet takes it for a formula.
fn unescape_formula(text: &str) -> &str {
    let inner = text.strip_prefix('\'').filter(|inner| is_formula(inner));
    inner.unwrap_or(text)
}

/// Returns `text` so that no spreadsheet takes it for a formula.
fn escape_formula(text: &str) -> String {
    if is_formula(text) { format!("'{text}") } else { text.to_owned() }
}

fn is_formula(text: &str) -> bool {
    text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

fn report_missing(place: &Place, columns: &[&str], findings: &mut Findings) {
    for column in columns {
        let problem = Problem::at(place, format!("the column `{column}` is missing"));
        let help =
            "this is not a file of marks; the page saves `job_id`, `mark`, `comment` and others";
        findings.problem(problem.help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, ReviewVerdict, Option<String>)> {
        let marks = read_marks("marks.csv", text.into(), None).unwrap();
        let shown =
            |mark: &ReviewMark| (mark.job.to_string(), mark.verdict.unwrap(), mark.remote.clone());
        verdicts(&marks).into_iter().map(shown).collect()
    }

    #[test]
    fn the_newest_decision_of_a_job_counts() {
        use ReviewVerdict::{Approved, Rejected};
        for (rows, expected) in [
            ("a,rejected,,,,,\na,approved,,,,,\n", Some(Approved)),
            (
                "a,rejected,,,,,2026-01-02T00:00:00Z\na,approved,,,,,2026-01-01T00:00:00Z\n",
                Some(Rejected),
            ),
            (
                "a,rejected,,,,,2026-01-02T00:00:00Z\na,,too loud,,,,2026-01-03T00:00:00Z\n",
                Some(Rejected),
            ),
            ("a,rejected,,,,,\na,,,,,,\n", None),
        ] {
            let found = read(&format!("{}\n{rows}", MARK_COLUMNS.join(",")));
            assert_eq!(found.first().map(|mark| mark.1), expected, "{rows}");
        }
        let text =
            "job_id,mark,comment,seconds,at\na,,'=1,7.5,2026-01-02T00:00:00.500Z\n,,lost,,\n";
        let marks = read_marks("marks.csv", text.into(), None).unwrap();
        let at = Timestamp::parse("2026-01-02T00:00:00.500Z");
        assert_eq!((marks.len(), &*marks[0].comment), (1, "=1"));
        assert_eq!((marks[0].seconds, marks[0].at), (Some(7.5), at));
        let text = "job_id,mark,seconds,at\na,approved,soon,today\n";
        assert_eq!(
            problems(text.as_bytes()),
            [
                "marks.csv:2:12 `soon` is not a number of seconds in a video",
                "marks.csv:2:17 `today` is not a time such as `2026-11-24T14:03:07Z`",
            ]
        );
    }

    fn problems(bytes: &[u8]) -> Vec<String> {
        let problems = read_marks("marks.csv", bytes.to_vec(), None).unwrap_err();
        let problems = problems.problems().iter();
        problems.map(|problem| format!("{} {}", problem.place(), problem.message())).collect()
    }

    #[test]
    fn marks_from_the_page_and_from_a_spreadsheet_are_read() {
        let expected = [
            ("a".into(), ReviewVerdict::Approved, Some("r-1".into())),
            ("d".into(), ReviewVerdict::Rejected, None),
        ];
        let page = "job_id,mark,comment,remote_id\n\
             a,approved,,r-1\nb,,only said,r-2\nd,rejected,\"too \"\"loud\"\",\nagain\",\n";
        assert_eq!(read(page), expected);
        let saved = "\u{feff}Job_ID;Mark;Comment;remote_id\r\na;Approved;;r-1\r\nd;REJECTED;\r\n";
        assert_eq!(read(saved), expected);
        assert_eq!(read("mark,job_id\nrejected,d\n"), expected[1..]);
        assert_eq!(read("mark,job_id\n"), []);
        let titled = "Review of May,,\n\nJob ID,Mark (approved or rejected)\nd, Rejected\n";
        assert_eq!(read(titled), expected[1..]);
    }

    #[test]
    fn marks_of_spreadsheets_are_decoded_like_manifests() {
        let text = "job_id;mark;comment\r\na;approved;zu laut für München\r\n";
        let utf_16 = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let (western, _, _) = encoding_rs::WINDOWS_1252.encode(text);
        for bytes in [utf_16, western.into_owned()] {
            assert_eq!(read_marks("marks.csv", bytes, None).unwrap().len(), 1);
        }
        let text = "job_id,mark,comment\na,approved,Слишком громко\n";
        let (cyrillic, _, _) = encoding_rs::WINDOWS_1251.encode(text);
        assert!(problems(&cyrillic)[0].contains("windows-1251"));
        let encoding = Some("cp1251".parse().unwrap());
        for bytes in [text.as_bytes(), &cyrillic] {
            let marks = read_marks("marks.csv", bytes.to_vec(), encoding).unwrap();
            assert_eq!(marks[0].job.as_str(), "a");
        }
    }

    #[test]
    fn all_invalid_marks_are_refused_with_their_line() {
        assert_eq!(
            problems(b"job_id,mark\r\na,approved\r\nb,perhaps\r\n,approved\r\nc,aproved\r\n"),
            [
                "marks.csv:3:3 the mark `perhaps` is neither `approved` nor `rejected`",
                "marks.csv:4:1 `` is not a valid id: it is empty",
                "marks.csv:5:3 the mark `aproved` is neither `approved` nor `rejected`",
            ]
        );
        assert_eq!(
            problems(b"job_id,comment\na,x\n"),
            ["marks.csv:1:1 the column `mark` is missing"]
        );
        for text in [&b""[..], b"id,text\na,approved\n"] {
            assert_eq!(problems(text).len(), 2);
        }
        assert!(problems(b"job_id,mark\na,approved\nb,\"rejected\n")[0].contains("never closed"));
    }
}
