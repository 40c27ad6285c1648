//! The marks of a reviewer, as the page saves them: `job_id,mark,comment,remote_id`.

use std::sync::Arc;

use crate::model::{InvalidId, JobId};

use super::diagnostics::place::Place;
use super::diagnostics::problem::{Findings, Problem, Problems, sort_by_place};
use super::diagnostics::text::quote;
use super::formats::csv;
use super::formats::decode::decode_source;
use super::formats::encodings::TextEncoding;
use super::formats::table::{Table, Value, visible};

/// A reviewer's verdict on a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReviewVerdict {
    /// The video is good.
    Approved,
    /// The video is to be made again.
    Rejected,
}

/// The mark of a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReviewMark {
    /// The job.
    pub(crate) job: JobId,
    /// The verdict.
    pub(crate) verdict: ReviewVerdict,
    /// The provider's id of the video that was reviewed, if the file has it.
    pub(crate) remote: Option<String>,
}

/// Reads a file of marks, like a manifest in CSV. `name` is the file as the user named it. Rows with only a comment are left
/// out. The page saves UTF-8, so `encoding` counts only for a file that is not.
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
    let encoding = encoding.and_then(|encoding| encoding.unless_utf_8(&bytes));
    let help = "save the file of marks as \"CSV UTF-8\"";
    let source = decode_source(name, bytes, encoding, help, &mut findings);
    let table = source.as_ref().and_then(|source| csv::read(source, None, &mut findings));
    let marks = match (table, source) {
        (Some(table), _) => marks_of(&table, &mut findings),
        (None, Some(source)) => {
            report_missing(&Place::file(&source), &["job_id", "mark"], &mut findings);
            Vec::new()
        }
        (None, None) => Vec::new(),
    };
    if findings.problems.is_empty() {
        return Ok(marks);
    }
    Err(Problems::new(sort_by_place(findings.problems), findings.notes))
}

fn marks_of(table: &Table, findings: &mut Findings) -> Vec<ReviewMark> {
    let column = |name: &str| {
        let is_named = |cell: &Value| visible(&cell.text).eq_ignore_ascii_case(name);
        table.header.iter().position(is_named)
    };
    let (Some(id), Some(mark)) = (column("job_id"), column("mark")) else {
        let missing = ["job_id", "mark"].into_iter().filter(|name| column(name).is_none());
        report_missing(&table.header[0].place, &missing.collect::<Vec<_>>(), findings);
        return Vec::new();
    };
    let remote = column("remote_id");
    let mut marks = Vec::new();
    for row in &table.rows {
        let text =
            |column: usize| row.get(column).map_or_else(Arc::default, |cell| visible(&cell.text));
        let end = row.last().map(|last| last.place.after());
        let place = |column: usize| row.get(column).map(|cell| cell.place.clone()).or(end.clone());
        let verdict = match text(mark).to_lowercase().as_str() {
            "" => continue,
            "approved" => Some(ReviewVerdict::Approved),
            "rejected" => Some(ReviewVerdict::Rejected),
            _ => {
                let message =
                    format!("the mark {} is neither `approved` nor `rejected`", quote(&text(mark)));
                findings.problems.extend(place(mark).map(|place| Problem::at(&place, message)));
                None
            }
        };
        let job = text(id).parse::<JobId>().map_err(|error: InvalidId| {
            let problem = place(id).map(|place| Problem::at(&place, error.to_string()));
            findings.problems.extend(problem);
        });
        let remote = remote.map(text).filter(|remote| !remote.is_empty());
        if let (Some(verdict), Ok(job)) = (verdict, job) {
            marks.push(ReviewMark {
                job,
                verdict,
                remote: remote.map(|remote| remote.to_string()),
            });
        }
    }
    marks
}

fn report_missing(place: &Place, columns: &[&str], findings: &mut Findings) {
    for column in columns {
        let problem = Problem::at(place, format!("the column `{column}` is missing"));
        let help = "this is not a file of marks; the page saves `job_id`, `mark`, `comment` and `remote_id`";
        findings.problem(problem.help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, ReviewVerdict, Option<String>)> {
        let marks = read_marks("marks.csv", text.into(), None).unwrap();
        let shown = |mark: ReviewMark| (mark.job.to_string(), mark.verdict, mark.remote);
        marks.into_iter().map(shown).collect()
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
