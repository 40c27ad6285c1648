//! `results.csv`.

use std::io::{self, Write};

use crate::model::RESULT_COLUMNS;
use crate::report::files::columns::ResultCell;
use crate::report::summary::Summary;

/// The encoding of `results.csv`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CsvEncoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// UTF-8 for Excel: with a byte-order mark, without which Excel assumes an older encoding, and with semicolons if the
    /// sheet has them, because Excel then expects them.
    Excel,
}

/// Writes `results.csv`.
///
/// # Errors
/// If `writer` fails.
pub fn write_csv(
    summary: &Summary,
    encoding: CsvEncoding,
    mut writer: impl Write,
) -> io::Result<()> {
    let mut delimiter = b',';
    if encoding == CsvEncoding::Excel {
        writer.write_all(b"\xef\xbb\xbf")?;
        let of_sheet = summary.campaign().delimiter.and_then(|sign| u8::try_from(sign).ok());
        delimiter = of_sheet.unwrap_or(delimiter);
    }
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(writer);
    let columns = &summary.campaign().sheet.columns;
    let header = columns.iter().map(String::as_str).chain(RESULT_COLUMNS);
    writer.write_record(header)?;
    for line in summary.result_lines() {
        let added = ResultCell::of_line(&line).map(|cell| cell.to_string());
        let users = line.cells.iter().map(AsRef::as_ref);
        let users = users.chain(std::iter::repeat("")).take(columns.len());
        writer.write_record(users.chain(added.iter().map(String::as_str)))?;
    }
    writer.flush()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Failure, FailureKind, JobEvent, Sheet, SheetRow};
    use crate::report::testing::{TestRun, row};

    fn to_csv(summary: &Summary, encoding: CsvEncoding) -> Vec<u8> {
        let mut csv = Vec::new();
        write_csv(summary, encoding, &mut csv).unwrap();
        csv
    }

    fn text(summary: &Summary) -> String {
        String::from_utf8(to_csv(summary, CsvEncoding::Utf8)).unwrap()
    }

    #[test]
    fn the_sheet_is_followed_by_the_added_columns() {
        let mut run = TestRun::with_jobs(3);
        run.done(1, "a");
        run.lost(2, "b");
        run.sheet().rows.push(row("later", 0..0));
        assert_eq!(
            text(&run.summary()),
            "\
id,note,job_id,status,file,video_url,thumbnail_url,duration_seconds,credits_estimated,credits_used,submitted_at,finished_at,attempts,remote_id,error,outdated
a,note of a,a,done,videos/a.mp4,https://cdn.example/a.mp4?…,https://cdn.example/a.jpg,12.5,5,5,2026-11-24T14:00:01.000Z,2026-11-24T14:01:02.000Z,1,remote-a,,
b,note of b,b,in_doubt,,,,,5,,2026-11-24T14:00:02.000Z,,1,,the connection was reset,
c,note of c,c,pending,,,,,5,,,,0,,,
later,note of later,,skipped,,,,,,,,,,,,
"
        );
    }

    #[test]
    fn a_row_with_several_jobs_is_repeated_and_removed_jobs_are_left_out() {
        let mut run = TestRun::with_jobs(3);
        run.sheet().rows = vec![row("x", 0..2)];
        run.campaign.jobs[2].in_sheet = false;
        let text = text(&run.summary());
        let starts: Vec<&str> = text.lines().skip(1).map(|line| &line[..13]).collect();
        assert_eq!(starts, ["x,note of x,a", "x,note of x,b"]);
    }

    #[test]
    fn a_manifest_without_a_sheet_has_only_the_added_columns() {
        let mut run = TestRun::with_jobs(1);
        *run.sheet() = Sheet::default();
        let text = text(&run.summary());
        assert!(text.starts_with("job_id,status,"), "{text}");
        assert_eq!(text.lines().nth(1), Some("a,pending,,,,,5,,,,0,,,"));
    }

    #[test]
    fn text_from_the_server_is_never_a_formula() {
        let mut run = TestRun::with_jobs(1);
        run.accepted(1, "a");
        let failure = Failure::new(FailureKind::RenderFailed, "=HYPERLINK(\"http://evil\")\n@x");
        let charged = None;
        run.job_event(2, "a", JobEvent::Failed { failure, charged });
        let text = text(&run.summary());
        assert!(text.contains(r#","'=HYPERLINK(""http://evil"") @x""#), "{text}");
    }

    #[test]
    fn excel_gets_the_delimiter_of_the_sheet() {
        let mut run = TestRun::with_jobs(1);
        for (delimiter, expected) in
            [(None, "id,note,"), (Some(';'), "id;note;"), (Some('\t'), "id\tnote\t")]
        {
            run.campaign.delimiter = delimiter;
            let csv = String::from_utf8(to_csv(&run.summary(), CsvEncoding::Excel)).unwrap();
            assert!(csv.trim_start_matches('\u{feff}').starts_with(expected), "{csv}");
            assert!(text(&run.summary()).starts_with("id,note,"), "without `--excel`");
        }
    }

    #[test]
    fn excel_gets_a_byte_order_mark() {
        let summary = TestRun::with_jobs(1).summary();
        let csv = to_csv(&summary, CsvEncoding::Excel);
        assert_eq!(csv[..3], [0xef, 0xbb, 0xbf]);
        assert_eq!(csv[3..], to_csv(&summary, CsvEncoding::Utf8));
    }

    proptest! {
        /// Whatever the user wrote, formulas and quotes and line feeds included, is read back.
        #[test]
        fn the_users_cells_come_back_byte_for_byte(
            columns in prop::collection::vec("\\PC*|[\"\r\n,;=+@ \t-]*", 1..4),
            rows in prop::collection::vec(prop::collection::vec("\\PC*|[\"\r\n,;=+@ \t-]*", 3), 1..6),
        ) {
            let width = columns.len();
            let rows: Vec<Vec<String>> = rows.into_iter().map(|row| row[..width].to_vec()).collect();
            let mut run = TestRun::with_jobs(1);
            *run.sheet() = Sheet {
                columns: columns.clone(),
                rows: rows.iter().map(|cells| SheetRow { cells: cells.iter().map(|cell| cell.as_str().into()).collect(), jobs: 0..1, left_out: None }).collect(),
            };
            let csv = to_csv(&run.summary(), CsvEncoding::Utf8);
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&csv[..]);
            let read: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
            prop_assert_eq!(read.len(), rows.len() + 1);
            for (record, cells) in read.iter().zip(std::iter::once(&columns).chain(&rows)) {
                prop_assert_eq!(record.len(), width + RESULT_COLUMNS.len());
                let users: Vec<&str> = record.iter().take(width).collect();
                prop_assert_eq!(&users, cells);
            }
        }
    }
}
