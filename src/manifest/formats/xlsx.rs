//! Excel and `OpenDocument`: a workbook's sheet becomes a [`Table`], its formulas by their stored values.

use crate::manifest::diagnostics::place::{Place, Source};
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::words;
use crate::manifest::formats::hidden_rows::hidden_rows;
use crate::manifest::formats::table::{Table, Value};
use crate::manifest::schema::field::Field;
use crate::model::Text;
use calamine::{
    Data, Dimensions, ExcelDateTime, Ods, Reader, SheetVisible, Sheets, Xls, Xlsb, Xlsx, XlsxError,
};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::sync::Arc;

/// How many cells a sheet may have, empty ones within its rows and columns included.
const MAX_CELLS: usize = 10_000_000;

type Book<'b> = Sheets<Cursor<&'b [u8]>>;

/// What a sheet holds: texts by row and column, from 0; and where formulas have no value.
#[derive(Default)]
struct Contents {
    cells: BTreeMap<(u32, u32), String>,
    valueless: Vec<(u32, u32)>,
}

/// The sheet cannot be read; why, the reader says in words for programmers.
struct Damaged;

impl Damaged {
    fn from_any<E: std::error::Error>(_: E) -> Self {
        Self
    }
}

/// Reads a workbook's sheet. `None` if it cannot be read; `findings` then say why.
pub(crate) fn read(
    name: &str,
    bytes: &[u8],
    wanted: Option<&str>,
    findings: &mut Findings,
) -> Option<Table> {
    // The reader panics on some damaged files (sums of numbers that no honest file holds), and a
    // damaged file is the user's problem, not the program's end.
    let attempt = std::panic::catch_unwind(|| {
        let mut findings = Findings::default();
        let table = read_sheet(name, bytes, wanted, &mut findings);
        (table, findings)
    });
    if let Ok((table, found)) = attempt {
        findings.absorb(found);
        return table;
    }
    let whole = Place::file(&Source::of_workbook(name, None));
    let help = "save it anew in a spreadsheet program, or export the sheet as CSV";
    findings.problem(Problem::at(&whole, "the workbook is damaged").help(help));
    None
}

fn read_sheet(
    name: &str,
    bytes: &[u8],
    wanted: Option<&str>,
    findings: &mut Findings,
) -> Option<Table> {
    let whole = Place::file(&Source::of_workbook(name, None));
    let mut book = match open(bytes) {
        Ok(book) => book,
        Err(message) => {
            let help = "save it anew in a spreadsheet program, or export the sheet as CSV";
            findings.problem(Problem::at(&whole, message).help(help));
            return None;
        }
    };
    let names = book.sheet_names();
    let index = choose(&mut book, &names, wanted, &whole, findings)?;
    let sheet = &names[index];
    let source = Source::of_workbook(name, (names.len() > 1).then(|| sheet.clone()));
    let Ok(contents) = contents(&mut book, sheet) else {
        let message = format!("the sheet {} is damaged", words::quoted(sheet));
        let help = "save it anew in a spreadsheet program, or export the sheet as CSV";
        findings.problem(Problem::at(&whole, message).help(help));
        return None;
    };
    let place = |(row, column): (u32, u32)| Place::cell(&source, row, column, "");
    for cell in &contents.valueless {
        let message = "the formula in this cell has no stored value; if it should, open the workbook \
                       in a spreadsheet program and save it";
        findings.note(&place(*cell), message);
    }
    let hidden = hidden_rows(bytes, index);
    let with_content = |row: &&u32| {
        let row = row.saturating_sub(1);
        contents
            .cells
            .range((row, 0)..=(row, u32::MAX))
            .next()
            .is_some()
    };
    let mut hidden = hidden.iter().filter(with_content);
    if let Some(first) = hidden.next() {
        let rows = words::count(1 + hidden.count(), "row is", "rows are");
        let message =
            format!("{rows} hidden in the sheet, this the first; hidden rows are made too");
        findings.note(&place((first.saturating_sub(1), 0)), message);
    }
    table(&source, contents, findings)
}

/// Opens a workbook of any kind, or says what is wrong with it.
fn open(bytes: &[u8]) -> Result<Book<'_>, String> {
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
            // What the reader says of it is for programmers.
            Err(_) if matches!(xlsx, XlsxError::FileNotFound(_)) => {
                Err("this is a ZIP archive or another office file, but no workbook".to_owned())
            }
            Err(_) => Err("the workbook is damaged or cut off".to_owned()),
        };
    }
    if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        if let Ok(book) = Xls::new(Cursor::new(bytes)) {
            return Ok(Sheets::Xls(book));
        }
        // An encrypted `.xlsx` has the outer shape of an `.xls`.
        if let Err(XlsxError::Password) = Xlsx::new(Cursor::new(bytes)) {
            return Err("the workbook is protected by a password".to_owned());
        }
        return Err("this is an old office file that is damaged, or no workbook".to_owned());
    }
    let begin = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    Err(if begin == Some(&b'<') {
        "this is a web page or XML that is only named like a workbook".to_owned()
    } else {
        "this is no workbook".to_owned()
    })
}

/// The index of the sheet to read: the one that is wanted, else the first that looks like jobs, else
/// the first that is shown.
fn choose(
    book: &mut Book<'_>,
    names: &[String],
    wanted: Option<&str>,
    whole: &Place,
    findings: &mut Findings,
) -> Option<usize> {
    let all = || words::list_or(names.iter().map(String::as_str)).replace(" or ", " and ");
    if let Some(wanted) = wanted {
        let exact = names.iter().position(|name| name == wanted);
        let near = || {
            let lower = wanted.trim().to_lowercase();
            names
                .iter()
                .position(|name| name.trim().to_lowercase() == lower)
        };
        let found = exact.or_else(near);
        if found.is_none() {
            let message = format!("the workbook has no sheet {}", words::quoted(wanted));
            findings.problem(Problem::at(whole, message).help(format!("it has {}", all())));
        }
        return found;
    }
    let shown: Vec<usize> = book
        .sheets_metadata()
        .iter()
        .enumerate()
        .filter(|(_, sheet)| sheet.visible == SheetVisible::Visible)
        .map(|(index, _)| index)
        .collect();
    let chosen = match shown.as_slice() {
        [] | [_] => shown.first().copied(),
        [first, ..] => {
            let likely = shown
                .iter()
                .find(|index| looks_like_jobs(book, &names[**index]));
            likely.or(Some(first)).copied()
        }
    };
    let Some(index) = chosen else {
        findings.problem(Problem::at(whole, "the workbook shows no sheet"));
        return None;
    };
    if shown.len() > 1 {
        let name = words::quoted(&names[index]);
        let message = format!(
            "the sheet {name} is read; the workbook has {}, and `--sheet` chooses another",
            all()
        );
        findings.note(whole, message);
    }
    Some(index)
}

/// Whether the first row with anything in it names two of our columns.
fn looks_like_jobs(book: &mut Book<'_>, sheet: &str) -> bool {
    let Ok(Contents { cells, .. }) = contents(book, sheet) else {
        return false;
    };
    let first = cells.keys().next().map(|(row, _)| *row);
    let header = cells.iter().filter(|((row, _), _)| Some(*row) == first);
    header
        .filter(|(_, text)| Field::find(text).is_some())
        .count()
        >= 2
}

/// What a sheet holds. A stray cell in the last row of a sheet costs nothing, which is why the cells
/// of the larger formats are read one by one.
fn contents(book: &mut Book<'_>, sheet: &str) -> Result<Contents, Damaged> {
    let mut contents = Contents::default();
    let merged = match book {
        Sheets::Xlsx(book) => {
            let mut cells = book
                .worksheet_cells_reader(sheet)
                .map_err(Damaged::from_any)?;
            while let Some(cell) = cells.next_cell_with_formula().map_err(Damaged::from_any)? {
                contents.add(cell.pos, &cell.value.into(), cell.formula.is_some());
            }
            drop(cells);
            book.merge_cells_by_sheet_name(sheet).unwrap_or_default()
        }
        Sheets::Xlsb(book) => {
            let mut cells = book
                .worksheet_cells_reader(sheet)
                .map_err(Damaged::from_any)?;
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
        contents.fill(&region);
    }
    Ok(contents)
}

impl Contents {
    fn add(&mut self, place: (u32, u32), data: &Data, is_formula: bool) {
        let text = text_of(data);
        if !text.trim().is_empty() {
            self.cells.insert(place, text);
        } else if is_formula {
            self.valueless.push(place);
        }
    }

    fn add_range(&mut self, range: &calamine::Range<Data>) {
        let (first_row, first_column) = range.start().unwrap_or_default();
        for (row, column, data) in range.used_cells() {
            let row = u32::try_from(row)
                .unwrap_or(u32::MAX)
                .saturating_add(first_row);
            let column = u32::try_from(column)
                .unwrap_or(u32::MAX)
                .saturating_add(first_column);
            self.add((row, column), data, false);
        }
    }

    /// A value that is merged over several rows is meant for each of them.
    fn fill(&mut self, region: &Dimensions) {
        let (row, column) = region.start;
        let Some(text) = self.cells.get(&region.start).cloned() else {
            return;
        };
        let last = self.cells.keys().next_back().map_or(row, |(row, _)| *row);
        for row in row.saturating_add(1)..=region.end.0.min(last) {
            self.cells
                .entry((row, column))
                .or_insert_with(|| text.clone());
        }
    }
}

/// The rows and columns that have anything in them.
fn table(source: &Arc<Source>, contents: Contents, findings: &mut Findings) -> Option<Table> {
    let columns: BTreeSet<u32> = contents.cells.keys().map(|(_, column)| *column).collect();
    let rows: BTreeSet<u32> = contents.cells.keys().map(|(row, _)| *row).collect();
    if columns.len().saturating_mul(rows.len()) > MAX_CELLS {
        let message = format!(
            "the sheet has {} rows and {} columns, which is too much",
            rows.len(),
            columns.len()
        );
        findings.problem(Problem::at(&Place::file(source), message).help("split the campaign"));
        return None;
    }
    let mut cells = contents.cells;
    let mut rows = rows.into_iter().map(|row| {
        let of_row = columns.iter().map(|column| {
            let text = cells.remove(&(row, *column));
            let text = text.map_or_else(Text::default, Text::from);
            Value {
                place: Place::cell(source, row, *column, text.clone()),
                text,
            }
        });
        of_row.collect::<Vec<_>>()
    });
    let Some(header) = rows.next() else {
        let message = "the sheet is empty";
        let help = "the first row names the columns: `text`, `persona`, `aspect_ratio`";
        findings.problem(Problem::at(&Place::file(source), message).help(help));
        return None;
    };
    Some(Table {
        source: Arc::clone(source),
        header,
        rows: rows.collect(),
    })
}

/// The text of a cell: numbers without needless decimals, times and dates as ISO writes them.
pub(crate) fn text_of(data: &Data) -> String {
    match data {
        Data::Int(number) => number.to_string(),
        // `Display` never uses an exponent and writes 7.0 as `7`.
        Data::Float(number) => number.to_string(),
        // Excel stores a carriage return inside a cell as `_x000D_`.
        Data::String(text) => text.replace("_x000D_\n", "\n").replace("_x000D_", "\n"),
        Data::Bool(true) => "TRUE".to_owned(),
        Data::Bool(false) => "FALSE".to_owned(),
        Data::DateTime(moment) => date_time(*moment),
        Data::DateTimeIso(text) => text.replace("T00:00:00", "").replace('T', " "),
        Data::DurationIso(text) => iso_duration(text).unwrap_or_else(|| text.clone()),
        Data::Error(error) => error.to_string(),
        Data::Empty => String::new(),
    }
}

fn date_time(moment: ExcelDateTime) -> String {
    let days = moment.as_f64();
    if moment.is_duration() || (0.0..1.0).contains(&days) {
        return clock(days * 86_400.0).unwrap_or_else(|| days.to_string());
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) {
        date
    } else {
        format!("{date} {hour:02}:{minute:02}:{second:02}")
    }
}

/// `9:16`, or `9:16:30` if there are seconds.
fn clock(seconds: f64) -> Option<String> {
    let seconds = seconds.round();
    if !(0.0..1e9).contains(&seconds) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rounded number from 0 to a thousand million"
    )]
    let whole = seconds as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    Some(if seconds == 0 {
        format!("{hours:02}:{minutes:02}")
    } else {
        format!("{hours:02}:{minutes:02}:{seconds:02}")
    })
}

/// `PT09H16M00S`, which is how `OpenDocument` writes a time.
fn iso_duration(text: &str) -> Option<String> {
    let mut rest = text.strip_prefix("PT")?;
    let mut seconds = 0.0;
    for (unit, length) in [('H', 3600.0), ('M', 60.0), ('S', 1.0)] {
        if let Some((number, after)) = rest.split_once(unit) {
            seconds += number.replace(',', ".").parse::<f64>().ok()? * length;
            rest = after;
        }
    }
    if rest.is_empty() {
        clock(seconds)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::{CellErrorType, ExcelDateTimeType};

    fn date(value: f64) -> Data {
        Data::DateTime(ExcelDateTime::new(
            value,
            ExcelDateTimeType::DateTime,
            false,
        ))
    }

    #[test]
    fn cells_read_as_they_look() {
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
            (
                Data::DateTime(ExcelDateTime::new(1.5, ExcelDateTimeType::TimeDelta, false)),
                "36:00",
            ),
            (Data::DurationIso("PT09H16M00S".to_owned()), "09:16"),
            (Data::DurationIso("PT1M30,5S".to_owned()), "00:01:31"),
            (Data::DurationIso("P1D".to_owned()), "P1D"),
            (
                Data::DateTimeIso("2026-11-24T00:00:00".to_owned()),
                "2026-11-24",
            ),
            (Data::Error(CellErrorType::Ref), "#REF!"),
            (Data::Empty, ""),
        ] {
            assert_eq!(text_of(&data), text, "{data:?}");
        }
    }
}
