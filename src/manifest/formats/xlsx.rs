//! The reader of Excel and `OpenDocument` workbooks. Formulas are read by their stored values.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::sync::Arc;

use calamine::{
    Data, Dimensions, ExcelDateTime, Ods, Reader, SheetVisible, Sheets, Xls, Xlsb, Xlsx, XlsxError,
};

use crate::manifest::diagnostics::place::{Place, Source};
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::text::{list, quote};
use crate::manifest::schema::field::Field;
use crate::model::Flag;
use crate::util::text::{agree, plural};

use super::hidden_rows::hidden_rows;
use super::table::{Table, Value};

/// The most cells of a sheet, counting the empty ones in its rows and columns.
const MAX_CELLS: usize = 10_000_000;

const DAMAGED_HELP: &str = "save it again in a spreadsheet program, or export the sheet as CSV";

type Book<'b> = Sheets<Cursor<&'b [u8]>>;

/// The contents of a sheet.
#[derive(Default)]
struct Contents {
    /// The texts by row and column, from 0.
    cells: BTreeMap<(u32, u32), String>,
    /// The cells whose formula has no stored value.
    without_value: Vec<(u32, u32)>,
}

/// The sheet cannot be read. The library's reason means nothing to a user.
struct Damaged;

impl Damaged {
    fn from_any<E: std::error::Error>(_: E) -> Self {
        Self
    }
}

/// Reads a sheet of a workbook. Returns `None` if it cannot be read; `findings` then has the reason.
pub(crate) fn read(
    name: &str,
    bytes: &[u8],
    wanted: Option<&str>,
    findings: &mut Findings,
) -> Option<Table> {
    // The library panics on some damaged files, such as those whose numbers overflow when added.
    let attempt = std::panic::catch_unwind(|| {
        let mut findings = Findings::default();
        let table = read_sheet(name, bytes, wanted, &mut findings);
        (table, findings)
    });
    if let Ok((table, found)) = attempt {
        findings.extend(found);
        return table;
    }
    let file = Place::file(&Source::of_workbook(name, None));
    findings.problem(Problem::at(&file, "the workbook is damaged").help(DAMAGED_HELP));
    None
}

fn read_sheet(
    name: &str,
    bytes: &[u8],
    wanted: Option<&str>,
    findings: &mut Findings,
) -> Option<Table> {
    let file = Place::file(&Source::of_workbook(name, None));
    let mut book = match open(bytes) {
        Ok(book) => book,
        Err(message) => {
            findings.problem(Problem::at(&file, message).help(DAMAGED_HELP));
            return None;
        }
    };
    let names = book.sheet_names();
    let index = choose_sheet(&mut book, &names, wanted, &file, findings)?;
    let sheet = &names[index];
    let source = Source::of_workbook(name, (names.len() > 1).then(|| sheet.clone()));
    let Ok(contents) = contents(&mut book, sheet) else {
        let message = format!("the sheet {} is damaged", quote(sheet));
        findings.problem(Problem::at(&file, message).help(DAMAGED_HELP));
        return None;
    };
    let place = |(row, column): (u32, u32)| Place::cell(&source, row, column, "");
    for cell in &contents.without_value {
        let message = "the formula in this cell has no stored value; if it should have one, open the workbook \
                       in a spreadsheet program and save it";
        findings.note(&place(*cell), message);
    }
    let hidden = hidden_rows(bytes, index);
    let has_content = |row: &&u32| {
        let row = row.saturating_sub(1);
        let mut cells = contents.cells.range((row, 0)..=(row, u32::MAX));
        cells.next().is_some()
    };
    let mut hidden = hidden.iter().filter(has_content);
    if let Some(first) = hidden.next() {
        let count = 1 + hidden.count();
        let message = format!(
            "{} {} hidden in the sheet, starting with this one; hidden rows are made too",
            plural(count, "row"),
            agree(count, "is", "are")
        );
        findings.note(&place((first.saturating_sub(1), 0)), message);
    }
    table(&source, contents, findings)
}

/// Opens a workbook of any kind.
///
/// # Errors
///
/// What is wrong with the file.
fn open(bytes: &[u8]) -> Result<Book<'_>, &'static str> {
    if bytes.starts_with(b"PK") {
        let xlsx = match Xlsx::new(Cursor::new(bytes)) {
            Ok(book) => return Ok(Sheets::Xlsx(book)),
            Err(error) => error,
        };
        if let Ok(book) = Xlsb::new(Cursor::new(bytes)) {
            return Ok(Sheets::Xlsb(book));
        }
        return match Ods::new(Cursor::new(bytes)) {
            Ok(book) => Ok(Sheets::Ods(book)),
            Err(_) if matches!(xlsx, XlsxError::FileNotFound(_)) => {
                Err("this is a ZIP archive or another office file, not a workbook")
            }
            Err(_) => Err("the workbook is damaged or incomplete"),
        };
    }
    if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        if let Ok(book) = Xls::new(Cursor::new(bytes)) {
            return Ok(Sheets::Xls(book));
        }
        // An encrypted `.xlsx` has the container format of an `.xls`.
        if let Err(XlsxError::Password) = Xlsx::new(Cursor::new(bytes)) {
            return Err("the workbook is protected by a password");
        }
        return Err("this is a damaged old office file, or not a workbook");
    }
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    Err(if first == Some(&b'<') {
        "this is a web page or XML with the name of a workbook"
    } else {
        "this is not a workbook"
    })
}

/// Returns the index of the sheet to read: the wanted one, else the first that has known columns, else the first
/// visible one.
fn choose_sheet(
    book: &mut Book<'_>,
    names: &[String],
    wanted: Option<&str>,
    file: &Place,
    findings: &mut Findings,
) -> Option<usize> {
    let all = || list(names.iter().map(String::as_str), "and");
    if let Some(wanted) = wanted {
        let folded = |name: &str| name.trim().to_lowercase();
        let exact = names.iter().position(|name| name == wanted);
        let found = exact.or_else(|| names.iter().position(|name| folded(name) == folded(wanted)));
        if found.is_none() {
            let message = format!("the workbook has no sheet {}", quote(wanted));
            findings.problem(Problem::at(file, message).help(format!("it has {}", all())));
        }
        return found;
    }
    let sheets = book.sheets_metadata().iter().enumerate();
    let visible: Vec<usize> = sheets
        .filter(|(_, sheet)| sheet.visible == SheetVisible::Visible)
        .map(|(index, _)| index)
        .collect();
    let Some(first) = visible.first().copied() else {
        findings.problem(Problem::at(file, "the workbook has no visible sheet"));
        return None;
    };
    if visible.len() == 1 {
        return Some(first);
    }
    let mut candidates = visible.into_iter();
    let index = candidates.find(|index| has_known_columns(book, &names[*index]));
    let index = index.unwrap_or(first);
    let message = format!(
        "the sheet {} is read; the workbook has {}, and `{}` chooses another",
        quote(&names[index]),
        all(),
        Flag::Sheet
    );
    findings.note(file, message);
    Some(index)
}

/// Whether the first non-blank row has at least two known columns.
fn has_known_columns(book: &mut Book<'_>, sheet: &str) -> bool {
    let Ok(Contents { cells, .. }) = contents(book, sheet) else {
        return false;
    };
    let first = cells.keys().next().map(|(row, _)| *row);
    let header = cells.iter().filter(|((row, _), _)| Some(*row) == first);
    let known = header.filter(|(_, text)| Field::find(text).is_some());
    known.count() >= 2
}

/// Reads the contents of a sheet. The cells of the newer formats are read one by one, so that a stray cell in the
/// last row of a sheet costs nothing.
fn contents(book: &mut Book<'_>, sheet: &str) -> Result<Contents, Damaged> {
    let mut contents = Contents::default();
    let merged = match book {
        Sheets::Xlsx(book) => {
            let mut cells = book.worksheet_cells_reader(sheet).map_err(Damaged::from_any)?;
            while let Some(cell) = cells.next_cell_with_formula().map_err(Damaged::from_any)? {
                contents.add(cell.pos, &cell.value.into(), cell.formula.is_some());
            }
            drop(cells);
            book.merge_cells_by_sheet_name(sheet).unwrap_or_default()
        }
        Sheets::Xlsb(book) => {
            let mut cells = book.worksheet_cells_reader(sheet).map_err(Damaged::from_any)?;
            while let Some(cell) = cells.next_cell().map_err(Damaged::from_any)? {
                contents.add(cell.get_position(), &cell.get_value().clone().into(), false);
            }
            Vec::new()
        }
        Sheets::Xls(book) => {
            let range = book.worksheet_range(sheet).map_err(Damaged::from_any)?;
            contents.add_range(&range);
            book.merge_cells_by_sheet_name(sheet).unwrap_or_default()
        }
        Sheets::Ods(book) => {
            let range = book.worksheet_range(sheet).map_err(Damaged::from_any)?;
            contents.add_range(&range);
            Vec::new()
        }
    };
    for region in merged {
        contents.fill_merged(&region);
    }
    Ok(contents)
}

impl Contents {
    fn add(&mut self, position: (u32, u32), data: &Data, is_formula: bool) {
        let text = displayed_text(data);
        if !text.trim().is_empty() {
            self.cells.insert(position, text);
        } else if is_formula {
            self.without_value.push(position);
        }
    }

    fn add_range(&mut self, range: &calamine::Range<Data>) {
        let (first_row, first_column) = range.start().unwrap_or_default();
        let absolute = |first: u32, offset: usize| {
            first.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX))
        };
        for (row, column, data) in range.used_cells() {
            let position = (absolute(first_row, row), absolute(first_column, column));
            self.add(position, data, false);
        }
    }

    /// Copies the value of a cell that is merged over several rows to each of these rows.
    fn fill_merged(&mut self, region: &Dimensions) {
        let (row, column) = region.start;
        let Some(text) = self.cells.get(&region.start).cloned() else {
            return;
        };
        let last = self.cells.keys().next_back().map_or(row, |(row, _)| *row);
        for row in row.saturating_add(1)..=region.end.0.min(last) {
            self.cells.entry((row, column)).or_insert_with(|| text.clone());
        }
    }
}

/// Converts the contents to a table of the rows and columns that are not blank.
fn table(source: &Arc<Source>, contents: Contents, findings: &mut Findings) -> Option<Table> {
    let columns: BTreeSet<u32> = contents.cells.keys().map(|(_, column)| *column).collect();
    let rows: BTreeSet<u32> = contents.cells.keys().map(|(row, _)| *row).collect();
    if columns.len().saturating_mul(rows.len()) > MAX_CELLS {
        let message = format!(
            "the sheet has {} rows and {} columns, more than can be read",
            rows.len(),
            columns.len()
        );
        findings.problem(Problem::at(&Place::file(source), message).help("split the campaign"));
        return None;
    }
    let mut cells = contents.cells;
    let mut rows = rows.into_iter().map(|row| {
        let of_row = columns.iter().map(|column| {
            let text: Arc<str> = Arc::from(cells.remove(&(row, *column)).unwrap_or_default());
            let place = Place::cell(source, row, *column, text.clone());
            Value { text, place }
        });
        of_row.collect::<Vec<_>>()
    });
    let Some(header) = rows.next() else {
        let message = "the sheet is empty";
        let help = "the first row names the columns: `text`, `persona`, `aspect_ratio`";
        findings.problem(Problem::at(&Place::file(source), message).help(help));
        return None;
    };
    Some(Table { source: Arc::clone(source), header, rows: rows.collect() })
}

/// Returns the text that a spreadsheet shows: numbers without needless decimals, dates and times as in ISO 8601.
pub(crate) fn displayed_text(data: &Data) -> String {
    match data {
        Data::Int(number) => number.to_string(),
        // `Display` never uses an exponent and writes 7.0 as `7`.
        Data::Float(number) => number.to_string(),
        // Excel stores a carriage return inside a cell as `_x000D_`.
        Data::String(text) => text.replace("_x000D_\n", "\n").replace("_x000D_", "\n"),
        Data::Bool(true) => "TRUE".to_owned(),
        Data::Bool(false) => "FALSE".to_owned(),
        Data::DateTime(value) => date_time(*value),
        Data::DateTimeIso(text) => text.replace("T00:00:00", "").replace('T', " "),
        Data::DurationIso(text) => iso_duration(text).unwrap_or_else(|| text.clone()),
        Data::Error(error) => error.to_string(),
        Data::Empty => String::new(),
    }
}

fn date_time(value: ExcelDateTime) -> String {
    let days = value.as_f64();
    if value.is_duration() || (0.0..1.0).contains(&days) {
        return clock(days * 86_400.0).unwrap_or_else(|| days.to_string());
    }
    let (year, month, day, hour, minute, second, _) = value.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) {
        date
    } else {
        format!("{date} {hour:02}:{minute:02}:{second:02}")
    }
}

/// Returns `09:16`, or `09:16:30` if there are seconds.
fn clock(seconds: f64) -> Option<String> {
    let seconds = seconds.round();
    if !(0.0..1e9).contains(&seconds) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rounded number from 0 to 1e9"
    )]
    let whole = seconds as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    Some(if seconds == 0 {
        format!("{hours:02}:{minutes:02}")
    } else {
        format!("{hours:02}:{minutes:02}:{seconds:02}")
    })
}

/// Parses a time as `OpenDocument` writes it: `PT09H16M00S`.
fn iso_duration(text: &str) -> Option<String> {
    let mut rest = text.strip_prefix("PT")?;
    let mut seconds = 0.0;
    for (unit, length) in [('H', 3600.0), ('M', 60.0), ('S', 1.0)] {
        if let Some((number, after)) = rest.split_once(unit) {
            seconds += number.replace(',', ".").parse::<f64>().ok()? * length;
            rest = after;
        }
    }
    if rest.is_empty() { clock(seconds) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::{CellErrorType, ExcelDateTimeType};

    fn date(value: f64) -> Data {
        Data::DateTime(ExcelDateTime::new(value, ExcelDateTimeType::DateTime, false))
    }

    #[test]
    fn cells_have_the_text_that_a_spreadsheet_shows() {
        for (data, text) in [
            (Data::Float(7.0), "7"),
            (Data::Float(0.4), "0.4"),
            (Data::Float(-1e20), "-100000000000000000000"),
            (Data::Int(9), "9"),
            (Data::String("007".to_owned()), "007"),
            (Data::String("a_x000D_\nb".to_owned()), "a\nb"),
            (Data::Bool(true), "TRUE"),
            (date(0.386_111_111_111_111), "09:16"),
            (date(0.672_916_666_666_667), "16:09"),
            (date(46350.0), "2026-11-24"),
            (date(46350.5), "2026-11-24 12:00:00"),
            (date(-3.0), "1899-12-31"),
            (Data::DateTime(ExcelDateTime::new(1.5, ExcelDateTimeType::TimeDelta, false)), "36:00"),
            (Data::DurationIso("PT09H16M00S".to_owned()), "09:16"),
            (Data::DurationIso("PT1M30,5S".to_owned()), "00:01:31"),
            (Data::DurationIso("P1D".to_owned()), "P1D"),
            (Data::DateTimeIso("2026-11-24T00:00:00".to_owned()), "2026-11-24"),
            (Data::Error(CellErrorType::Ref), "#REF!"),
            (Data::Empty, ""),
        ] {
            assert_eq!(displayed_text(&data), text, "{data:?}");
        }
    }
}
