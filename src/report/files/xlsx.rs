//! `results.xlsx`: what `results.csv` holds, as a workbook in which numbers can be added, times sorted and
//! videos opened by a click.

use std::borrow::Cow;
use std::io::{self, Write};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Url, Workbook, Worksheet, XlsxError};

use crate::model::{RESULT_COLUMNS, Text, Timestamp};
use crate::report::files::columns::ResultCell;
use crate::report::html::data::link;
use crate::report::summary::Summary;
use crate::report::words;

/// What Excel holds in one cell, in UTF-16 units.
const LONGEST_CELL: usize = 32_767;

/// Wide enough for a sentence, narrow enough for a screen; in pixels.
const WIDEST_COLUMN: u32 = 360;

/// Days from Excel's day zero, 1899-12-30, to the Unix epoch.
const EPOCH: f64 = 25_569.0;

const MILLISECONDS_A_DAY: f64 = 86_400_000.0;

/// Writes the whole of `results.xlsx`: the columns of `results.csv` under a header that stays in sight and
/// filters. The user's cells are text, as they were; one that is longer than Excel's longest ends in `…`. Times
/// are in UTC, for Excel knows no zones.
///
/// # Errors
/// If `writer` takes no more, or the campaign has more rows or columns than a sheet of Excel.
pub fn write_workbook(summary: &Summary, mut writer: impl Write) -> io::Result<()> {
    let content = workbook(summary).map_err(io::Error::other)?;
    writer.write_all(&content)
}

fn workbook(summary: &Summary) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let campaign = summary.campaign();
    // Not the moment of writing: the same results make the same file.
    let as_of = summary.last().unwrap_or_default().as_millis() / 1000;
    let properties = DocProperties::new()
        .set_title(words::clean(&campaign.name))
        .set_creation_datetime(&ExcelDateTime::from_timestamp(as_of)?);
    workbook.set_properties(&properties);
    let sheet = workbook.add_worksheet().set_name("Results")?;

    let users = &campaign.sheet.columns;
    let head = Format::new().set_bold();
    let mut end = 0;
    for (column, name) in (0..).zip(users.iter().map(String::as_str).chain(RESULT_COLUMNS)) {
        sheet.write_string_with_format(0, column, fitting(name), &head)?;
        end = column;
    }
    let time = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    let mut last = 0;
    for (row, line) in (1..).zip(summary.result_lines()) {
        last = row;
        let cells = line.cells.iter().map(Text::as_str);
        for (column, cell) in (0..).zip(cells.take(users.len())) {
            sheet.write_string(row, column, fitting(cell))?;
        }
        let ours = line
            .row
            .as_ref()
            .map_or_else(ResultCell::of_skipped, ResultCell::of);
        for (column, cell) in (0..=end).skip(users.len()).zip(&ours) {
            write_cell(sheet, (row, column), cell, &time)?;
        }
    }
    sheet.autofilter(0, 0, last, end)?;
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_autofit_max_width(WIDEST_COLUMN);
    sheet.autofit();
    workbook.save_to_buffer()
}

fn write_cell(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &ResultCell,
    time: &Format,
) -> Result<(), XlsxError> {
    match cell {
        ResultCell::Empty => {}
        ResultCell::Text(_) => {
            sheet.write_string(row, column, fitting(&cell.to_string()))?;
        }
        ResultCell::File(file) => write_link(sheet, (row, column), file)?,
        ResultCell::Credits(credits) => {
            sheet.write_number(row, column, credits.as_number())?;
        }
        ResultCell::Seconds(seconds) => {
            sheet.write_number(row, column, *seconds)?;
        }
        ResultCell::Count(count) => {
            sheet.write_number(row, column, *count)?;
        }
        ResultCell::Time(moment) => {
            sheet.write_number_with_format(row, column, serial(*moment), time)?;
        }
    }
    Ok(())
}

/// A link to a file beside the workbook; only its name where Excel takes no link so long, or no more links.
fn write_link(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    file: &str,
) -> Result<(), XlsxError> {
    let link = Url::new(format!("file:///{}", link(file))).set_text(file);
    if sheet.write_url(row, column, link).is_err() {
        sheet.write_string(row, column, fitting(file))?;
    }
    Ok(())
}

/// A moment as Excel counts: days, in UTC.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of the next 285,000 years are exact"
)]
fn serial(moment: Timestamp) -> f64 {
    moment.as_millis() as f64 / MILLISECONDS_A_DAY + EPOCH
}

/// `text`, cut to what a cell holds.
fn fitting(text: &str) -> Cow<'_, str> {
    let mut units = 0;
    // One place is kept for the sign that something is missing.
    let end = text.char_indices().find_map(|(at, c)| {
        units += c.len_utf16();
        (units >= LONGEST_CELL).then_some(at)
    });
    match end {
        Some(at) => Cow::Owned(format!("{}…", &text[..at])),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use crate::report::files::csv::{CsvEncoding, write_csv};
    use calamine::{Data, Reader, Xlsx};

    use super::*;
    use crate::report::testing::{TestRun, row};

    fn read(summary: &Summary) -> calamine::Range<Data> {
        let mut content = Vec::new();
        write_workbook(summary, &mut content).unwrap();
        let mut workbook = Xlsx::new(io::Cursor::new(content)).unwrap();
        workbook.worksheet_range("Results").unwrap()
    }

    fn run() -> TestRun {
        let mut run = TestRun::with_jobs(3);
        run.done(1, "a");
        run.lost(2, "b");
        run.sheet().rows.push(row("later", 0..0));
        run
    }

    #[test]
    fn it_holds_what_the_csv_holds_with_numbers_and_times_as_such() {
        let summary = run().summary();
        let range = read(&summary);
        let mut csv = Vec::new();
        write_csv(&summary, CsvEncoding::Plain, &mut csv).unwrap();
        let mut csv = csv::Reader::from_reader(&*csv);
        let header: Vec<String> = csv.headers().unwrap().iter().map(str::to_owned).collect();
        let ours = range.headers().unwrap();
        assert_eq!(ours, header);
        assert_eq!(range.height(), 1 + 4);
        for (line, record) in range.rows().skip(1).zip(csv.records()) {
            let record = record.unwrap();
            for ((name, cell), text) in header.iter().zip(line).zip(&record) {
                if let Data::DateTime(moment) = cell {
                    let time: jiff::Timestamp = text.parse().unwrap();
                    let time = serial(Timestamp::from_millis(time.as_millisecond()));
                    assert!(name.ends_with("_at"), "{name}");
                    assert!((moment.as_f64() - time).abs() < 1e-9, "{text}");
                } else if let Data::Float(number) = cell {
                    assert_eq!(text.parse(), Ok(*number), "{name}");
                } else {
                    assert_eq!(cell.to_string(), text, "{name}");
                }
            }
        }
    }

    #[test]
    fn the_same_results_make_the_same_file() {
        let summary = run().summary();
        assert_eq!(workbook(&summary).unwrap(), workbook(&summary).unwrap());
    }

    #[test]
    fn nothing_that_was_written_can_be_too_long_or_is_computed() {
        let mut run = run();
        let long = format!("={}😀", "x".repeat(LONGEST_CELL - 2));
        let cells = vec![long.into(), "=1+1".into()];
        run.sheet().rows[0].cells = cells;
        let range = read(&run.summary());
        let cell = range.get_value((1, 0)).unwrap().to_string();
        assert_eq!(cell.encode_utf16().count(), LONGEST_CELL);
        assert!(cell.starts_with("=xx") && cell.ends_with("x…"));
        assert_eq!(range.get_value((1, 1)), Some(&Data::String("=1+1".into())));
    }

    #[test]
    fn links_have_an_end_and_what_is_behind_it_is_a_name() {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        write_link(sheet, (0, 0), "videos/a b#1?ü%.mp4").unwrap();
        let long = "x".repeat(5000);
        write_link(sheet, (1, 0), &long).unwrap();
        let content = workbook.save_to_buffer().unwrap();
        let mut workbook: Xlsx<_> = Xlsx::new(io::Cursor::new(content)).unwrap();
        let range = workbook.worksheet_range("Sheet1").unwrap();
        let cells = [0, 1].map(|row| range.get_value((row, 0)).unwrap().to_string());
        assert_eq!(cells, ["videos/a b#1?ü%.mp4", &long]);
    }
}
