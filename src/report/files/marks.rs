//! The marks of a reviewer, as the page saves them: `job_id,mark,comment,remote_id`.

use crate::model::{InvalidId, JobId};
use crate::util::text::sanitize;

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
    pub job: JobId,
    /// The verdict.
    pub verdict: ReviewVerdict,
    /// The provider's id of the video that was reviewed, if the file has it.
    pub remote: Option<String>,
}

/// Why a file of marks cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MarksError {
    /// It is not a table in UTF-8.
    #[error("it is not a table in UTF-8: {0}")]
    Unreadable(String),
    /// A column is missing.
    #[error("it has no column `{0}`; the page saves `job_id`, `mark`, `comment` and `remote_id`")]
    Column(&'static str),
    /// A cell has an unknown value.
    #[error("line {line}: {problem}")]
    Line {
        /// The line, from 1.
        line: u64,
        /// The problem.
        problem: String,
    },
}

/// Reads a file of marks. Lines with only a comment are left out. Columns are separated by commas, semicolons or tabs,
/// because spreadsheets save all three.
///
/// # Errors
/// The first problem: a misread mark costs money.
pub(crate) fn read_marks(content: &[u8]) -> Result<Vec<ReviewMark>, MarksError> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let header = content.split(|byte| *byte == b'\n').next().unwrap_or(b"");
    let delimiter = [b';', b'\t'].into_iter().find(|delimiter| header.contains(delimiter));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or(b','))
        .flexible(true)
        .from_reader(content);
    let unreadable = |error: csv::Error| MarksError::Unreadable(error.to_string());
    let headers = reader.headers().map_err(unreadable)?.clone();
    let column =
        |name: &str| headers.iter().position(|header| header.trim().eq_ignore_ascii_case(name));
    let id = column("job_id").ok_or(MarksError::Column("job_id"))?;
    let mark = column("mark").ok_or(MarksError::Column("mark"))?;
    let remote = column("remote_id");
    let mut marks = Vec::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let cell = |column: usize| record.get(column).unwrap_or_default().trim();
        let line = record.position().map_or(0, csv::Position::line);
        let wrong = |problem| MarksError::Line { line, problem };
        let verdict = match cell(mark).to_lowercase().as_str() {
            "" => continue,
            "approved" => ReviewVerdict::Approved,
            "rejected" => ReviewVerdict::Rejected,
            other => {
                let shown = sanitize(other);
                return Err(wrong(format!(
                    "the mark `{shown}` is neither `approved` nor `rejected`"
                )));
            }
        };
        let job = cell(id).parse().map_err(|error: InvalidId| wrong(error.to_string()))?;
        let remote = remote.map(cell).filter(|remote| !remote.is_empty());
        marks.push(ReviewMark { job, verdict, remote: remote.map(str::to_owned) });
    }
    Ok(marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, ReviewVerdict, Option<String>)> {
        let marks = read_marks(text.as_bytes()).unwrap();
        let shown = |mark: ReviewMark| (mark.job.to_string(), mark.verdict, mark.remote);
        marks.into_iter().map(shown).collect()
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
    }

    #[test]
    fn invalid_marks_are_refused_with_their_line() {
        for (text, shown) in [
            ("job_id,comment\na,x\n", "no column `mark`"),
            ("id,mark\na,approved\n", "no column `job_id`"),
            ("job_id,mark\na,approved\nb,perhaps\n", "line 3: the mark `perhaps`"),
            ("job_id,mark\n,approved\n", "line 2: "),
        ] {
            let error = read_marks(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(shown), "{error}");
        }
        assert!(read_marks(b"job_id,mark\n\xff,approved\n").is_err());
    }
}
