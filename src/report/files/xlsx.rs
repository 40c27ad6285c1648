//! `results.xlsx`: the content of `results.csv` as a workbook with numbers, times and links to the videos.

use std::borrow::Cow;
use std::io::{self, Write};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Url, Workbook, Worksheet, XlsxError};

use crate::model::{RESULT_COLUMNS, Timestamp};
use crate::report::files::columns::ResultCell;
use crate::report::summary::Summary;
use crate::util::text::{percent_encode_path, sanitize};

/// The longest text of a cell in Excel, in UTF-16 units.
const MAX_CELL: usize = 32_767;

/// The widest column, in pixels.
const MAX_COLUMN: u32 = 360;

/// Days from Excel's day zero, 1899-12-30, to the Unix epoch.
const EPOCH: f64 = 25_569.0;

const MILLISECONDS_A_DAY: f64 = 86_400_000.0;

/// Writes `results.xlsx`: the columns of `results.csv` with a fixed header and filters.
///
/// The user's cells stay text; text that exceeds Excel's limit ends in `…`. Times are in UTC, because Excel has no time
/// zones.
///
/// # Errors
/// If `writer` fails, or if the campaign has more rows or columns than a sheet of Excel.
pub fn write_workbook(summary: &Summary, mut writer: impl Write) -> io::Result<()> {
    let content = workbook(summary).map_err(io::Error::other)?;
    writer.write_all(&content)
}

fn workbook(summary: &Summary) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let campaign = summary.campaign();
    // Not the current time: equal results make equal files.
    let as_of = summary.last().unwrap_or_default().as_millis() / 1000;
    let properties = DocProperties::new()
        .set_title(sanitize(&campaign.name))
        .set_creation_datetime(&ExcelDateTime::from_timestamp(as_of)?);
    workbook.set_properties(&properties);
    let sheet = workbook.add_worksheet().set_name("Results")?;

    let users = &campaign.sheet.columns;
    let head = Format::new().set_bold();
    let mut end = 0;
    for (column, name) in (0..).zip(users.iter().map(String::as_str).chain(RESULT_COLUMNS)) {
        sheet.write_string_with_format(0, column, fit(name), &head)?;
        end = column;
    }
    let time = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    let mut last = 0;
    for (row, line) in (1..).zip(summary.result_lines()) {
        last = row;
        let cells = line.cells.iter().map(AsRef::as_ref);
        for (column, cell) in (0..).zip(cells.take(users.len())) {
            sheet.write_string(row, column, fit(cell))?;
        }
        let added = ResultCell::of_line(&line);
        for (column, cell) in (0..=end).skip(users.len()).zip(&added) {
            write_cell(sheet, (row, column), cell, &time)?;
        }
    }
    sheet.autofilter(0, 0, last, end)?;
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_autofit_max_width(MAX_COLUMN);
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
        ResultCell::Empty => return Ok(()),
        ResultCell::Text(_) => sheet.write_string(row, column, fit(&cell.to_string()))?,
        ResultCell::File(file) => {
            let target = percent_encode_path(file.as_bytes());
            let link = Url::new(format!("file:///{target}")).set_text(*file);
            // Excel refuses some links; the cell then has only the name.
            if sheet.write_url(row, column, link).is_err() {
                sheet.write_string(row, column, fit(file))?;
            }
            return Ok(());
        }
        ResultCell::Credits(credits) => sheet.write_number(row, column, credits.as_number())?,
        ResultCell::Seconds(seconds) => sheet.write_number(row, column, *seconds)?,
        ResultCell::Count(count) => sheet.write_number(row, column, *count)?,
        ResultCell::Time(at) => {
            sheet.write_number_with_format(row, column, serial_date(*at), time)?
        }
    };
    Ok(())
}

/// Returns a time as Excel's number of days, in UTC.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of the next 285,000 years are exact")]
fn serial_date(at: Timestamp) -> f64 {
    at.as_millis() as f64 / MILLISECONDS_A_DAY + EPOCH
}

/// Truncates `text` to the longest text of a cell.
fn fit(text: &str) -> Cow<'_, str> {
    let mut units = 0;
    // One unit is kept for the ellipsis.
    let end = text.char_indices().find_map(|(at, c)| {
        units += c.len_utf16();
        (units >= MAX_CELL).then_some(at)
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
    fn the_workbook_has_the_cells_of_the_csv() {
        let summary = run().summary();
        let range = read(&summary);
        let mut csv = Vec::new();
        write_csv(&summary, CsvEncoding::Utf8, &mut csv).unwrap();
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
                    let time = serial_date(Timestamp::from_millis(time.as_millisecond()));
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
    fn equal_results_make_equal_files() {
        let summary = run().summary();
        assert_eq!(workbook(&summary).unwrap(), workbook(&summary).unwrap());
    }

    #[test]
    fn long_cells_are_cut_and_formulas_stay_text() {
        let mut run = run();
        let long = format!("={}😀", "x".repeat(MAX_CELL - 2));
        let cells = vec![long.into(), "=1+1".into()];
        run.sheet().rows[0].cells = cells;
        let range = read(&run.summary());
        let cell = range.get_value((1, 0)).unwrap().to_string();
        assert_eq!(cell.encode_utf16().count(), MAX_CELL);
        assert!(cell.starts_with("=xx") && cell.ends_with("x…"));
        assert_eq!(range.get_value((1, 1)), Some(&Data::String("=1+1".into())));
    }

    #[test]
    fn links_that_excel_refuses_become_names() {
        let time = Format::new();
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        write_cell(sheet, (0, 0), &ResultCell::File("videos/a b#1?ü%.mp4"), &time).unwrap();
        let long = "x".repeat(5000);
        write_cell(sheet, (1, 0), &ResultCell::File(&long), &time).unwrap();
        let content = workbook.save_to_buffer().unwrap();
        let mut workbook: Xlsx<_> = Xlsx::new(io::Cursor::new(content)).unwrap();
        let range = workbook.worksheet_range("Sheet1").unwrap();
        let cells = [0, 1].map(|row| range.get_value((row, 0)).unwrap().to_string());
        assert_eq!(cells, ["videos/a b#1?ü%.mp4", &long]);
    }
}
