//! The reader of workbooks: `.xlsx`, `.xlsm`, `.xlsb`, `.xls` and `.ods`.
//!
//! The text of a cell is the one that a spreadsheet shows. Where it is not certain, the cell has a
//! [`Trouble`](super::table::Trouble), too. Formulas
//! are read by their stored results. The files may be damaged or hostile: every length and count is checked before memory
//! is allocated for it.

mod binary;
mod compound;
mod contents;
mod error;
mod ods;
mod ods_styles;
mod package;
mod styles;
#[cfg(test)]
mod tests;
mod xls;
mod xlsb;
mod xlsx;
mod xml;

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::sync::Arc;

use crate::manifest::diagnostics::place::{Place, Source};
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::text::{list, quote};
use crate::manifest::formats::table::{MAX_TITLE_ROWS, Table, Value};
use crate::manifest::schema::field::Field;
use crate::manifest::schema::languages::find_known_field;
use crate::model::Flag;
use crate::util::text::{agree, plural};

use compound::CompoundFile;
use contents::{Builder, Contents, Extent, Sheet};
use error::ReadError;
use ods::Ods;
use package::Package;
use xls::Xls;
use xlsb::Xlsb;
use xlsx::{Relations, Xlsx};

/// The most cells of a table, counting the empty ones in its rows and columns: the memory they take stays below 512 MB.
const MAX_CELLS: usize = 1_500_000;

/// The most columns of a table, without blank ones.
const MAX_COLUMNS: usize = 2_000;

/// How many rows are converted before the memory of their cells is released.
const ROWS_BETWEEN_RELEASES: usize = 10_000;

const DAMAGED_HELP: &str = "save it again in a spreadsheet program, or export the sheet as CSV";

/// Reads a sheet of a workbook. Returns `None` if it cannot be read; `findings` then has the reason.
pub(crate) fn read(
    name: &str,
    bytes: &[u8],
    wanted: Option<&str>,
    findings: &mut Findings,
) -> Option<Table> {
    // The last protection against damage that the checks do not foresee.
    let attempt = catch_unwind(|| {
        let mut findings = Findings::default();
        let table = read_table(name, bytes, wanted, &mut findings);
        (table, findings)
    });
    if let Ok((table, found)) = attempt {
        findings.extend(found);
        return table;
    }
    let file = Place::file(&Source::of_workbook(name, None));
    findings.problem(read_problem(&file, ReadError::Damaged));
    None
}

fn read_table(
    name: &str,
    bytes: &[u8],
    wanted: Option<&str>,
    findings: &mut Findings,
) -> Option<Table> {
    let file = Place::file(&Source::of_workbook(name, None));
    let mut book = match Workbook::open(bytes) {
        Ok(book) => book,
        Err(error) => {
            findings.problem(read_problem(&file, error));
            return None;
        }
    };
    let index = book.choose_sheet(wanted, &file, findings)?;
    let sheet = book.sheets[index].name.clone();
    let source = Source::of_workbook(name, (book.sheets.len() > 1).then(|| sheet.clone()));
    let contents = book.read(index, Extent::All);
    // Its strings take as much memory as the sheet.
    drop(book);
    match contents {
        Ok(contents) => table(&source, contents, findings),
        Err(ReadError::Damaged) => {
            let message = format!("the sheet {} is damaged", quote(&sheet));
            findings.problem(Problem::at(&file, message).help(DAMAGED_HELP));
            None
        }
        Err(error) => {
            findings.problem(read_problem(&Place::file(&source), error));
            None
        }
    }
}

/// Returns the problem that a file or a sheet cannot be read.
fn read_problem(file: &Place, error: ReadError) -> Problem {
    let (message, help) = match error {
        ReadError::DamagedAt(row, column) => {
            let message = "the workbook is damaged at this cell or after it";
            return Problem::at(&file.cell_of_file(row, column), message).help(DAMAGED_HELP);
        }
        ReadError::Damaged => ("the workbook is damaged or incomplete".to_owned(), DAMAGED_HELP),
        ReadError::NotWorkbook(message) => (message.to_owned(), DAMAGED_HELP),
        ReadError::Text => (
            "this is a CSV file with the name of a workbook".to_owned(),
            "give it a name that ends in `.csv`",
        ),
        ReadError::Password => {
            ("the workbook is protected by a password".to_owned(), "save it without a password")
        }
        ReadError::TooLarge(what) => (
            format!("{what} is larger than can be read"),
            "remove the rows, columns and sheets that are not needed",
        ),
    };
    Problem::at(file, message).help(help)
}

/// Converts the contents to a table of the rows and columns that are not blank.
fn table(source: &Arc<Source>, mut contents: Contents, findings: &mut Findings) -> Option<Table> {
    let place = |row, column| Place::cell(source, row, column, "");
    if let Some(first) = contents.hidden.first() {
        let count = contents.hidden.len();
        let message = format!(
            "{} {} hidden in the sheet, starting with this one; hidden rows are made too",
            plural(count, "row"),
            agree(count, "is", "are")
        );
        findings.note(&place(*first, 0), message);
    }
    for (first, last) in &contents.conditional {
        let first = place(first.0, first.1);
        let end = place(last.0, last.1).cell_name().unwrap_or_default();
        let message = format!(
            "from here to `{end}`, a conditional format changes how numbers look; it is not applied to texts"
        );
        findings.note(&first, message);
    }
    let columns: BTreeSet<u32> = contents.cells.iter().map(|cell| cell.column).collect();
    let columns: Vec<u32> = columns.into_iter().collect();
    let count = contents.cells.chunk_by(|one, other| one.row == other.row).count();
    if columns.len() > MAX_COLUMNS || columns.len().saturating_mul(count) > MAX_CELLS {
        let message = format!(
            "the sheet has {count} rows and {} columns, more than can be read",
            columns.len()
        );
        findings.problem(
            Problem::at(&Place::file(source), message)
                .help("delete the columns that are not needed, or split the campaign"),
        );
        return None;
    }
    // The text of each column in the row below: most values are repeated.
    let mut repeated: Vec<Arc<str>> = vec![Arc::default(); columns.len()];
    let mut rows = Vec::with_capacity(count);
    let (text, mut cells) = (contents.text, std::mem::take(&mut contents.cells));
    // From the last row to the first, so that the memory of the cells is released on the way.
    while let Some(row) = cells.last().map(|cell| cell.row) {
        let first = cells.partition_point(|cell| cell.row < row);
        let mut of_row = cells.drain(first..).peekable();
        let values = columns.iter().zip(&mut repeated).map(|(column, repeated)| {
            let cell = of_row.next_if(|cell| cell.column == *column);
            let content = cell.as_ref().map_or("", |cell| cell.text_in(&text));
            if **repeated != *content {
                *repeated = content.into();
            }
            let content = Arc::clone(repeated);
            let place = Place::cell(source, row, *column, content.clone());
            Value { text: content, place, trouble: cell.and_then(|cell| cell.trouble) }
        });
        rows.push(values.collect::<Vec<_>>());
        drop(of_row);
        if rows.len().is_multiple_of(ROWS_BETWEEN_RELEASES) {
            cells.shrink_to_fit();
        }
    }
    let Some(header) = rows.pop() else {
        let message = "the sheet is empty";
        let help = "the first row names the columns: `text`, `persona`, `aspect_ratio`";
        findings.problem(Problem::at(&Place::file(source), message).help(help));
        return None;
    };
    rows.reverse();
    // A wrong name would lead to misleading problems or hide a column.
    header.iter().filter_map(Value::problem).for_each(|problem| findings.problem(problem));
    Some(Table { source: Arc::clone(source), header, rows })
}

/// A workbook.
struct Workbook<'b> {
    sheets: Vec<Sheet>,
    format: Format<'b>,
}

enum Format<'b> {
    Xlsx(Xlsx<'b>),
    Xlsb(Xlsb<'b>),
    Xls(Xls),
    Ods(Ods<'b>),
}

impl<'b> Workbook<'b> {
    /// Opens a workbook. Its format follows from its content.
    fn open(bytes: &'b [u8]) -> Result<Self, ReadError> {
        if bytes.is_empty() {
            return Err(ReadError::NotWorkbook("the file is empty"));
        }
        if bytes.starts_with(b"PK") {
            return Self::open_package(Package::open(bytes)?);
        }
        if bytes.starts_with(compound::SIGNATURE) {
            let file = CompoundFile::open(bytes)?;
            // [MS-OFFCRYPTO] 2.3.4: an encrypted `.xlsx` is a stream.
            if file.stream("EncryptedPackage")?.is_some() {
                return Err(ReadError::Password);
            }
            let (book, sheets) = Xls::open(&file)?;
            return Ok(Self { sheets, format: Format::Xls(book) });
        }
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        let is_text = std::str::from_utf8(bytes).is_ok_and(|text| {
            let line = text.lines().next().unwrap_or_default();
            line.contains([',', ';', '\t'])
        });
        Err(match first {
            Some(b'<') => {
                ReadError::NotWorkbook("this is a web page or XML with the name of a workbook")
            }
            _ if is_text => ReadError::Text,
            _ => ReadError::NotWorkbook("this is not a workbook"),
        })
    }

    fn open_package(mut package: Package<'b>) -> Result<Self, ReadError> {
        if package.has("content.xml") {
            let (book, sheets) = Ods::open(package)?;
            return Ok(Self { sheets, format: Format::Ods(book) });
        }
        if package.is_empty() {
            return Err(ReadError::NotWorkbook(
                "this is a ZIP archive without files, not a workbook",
            ));
        }
        let other =
            ReadError::NotWorkbook("this is a ZIP archive or another office file, not a workbook");
        if !package.has("_rels/.rels") {
            return Err(other);
        }
        let relations = Relations::find(&mut package)?;
        if relations.main.to_lowercase().ends_with("bin") {
            let (book, sheets) = Xlsb::open(package, &relations)?;
            return Ok(Self { sheets, format: Format::Xlsb(book) });
        }
        let (book, sheets) = Xlsx::open(package, &relations)?;
        // Other office files have a main part, too, but no sheets.
        if sheets.is_empty() { Err(other) } else { Ok(Self { sheets, format: Format::Xlsx(book) }) }
    }

    /// Reads a sheet.
    fn read(&mut self, index: usize, extent: Extent) -> Result<Contents, ReadError> {
        let mut builder = Builder::new(extent);
        let read = match &mut self.format {
            // Its headers are read when it is opened.
            Format::Ods(book) if extent == Extent::Header => {
                return Ok(std::mem::take(&mut book.headers[index]));
            }
            Format::Xlsx(book) => book.read(index, &mut builder),
            Format::Xlsb(book) => book.read(index, &mut builder),
            Format::Xls(book) => book.read(index, &mut builder),
            Format::Ods(book) => book.read(index, &mut builder),
        };
        read.map_err(|error| builder.locate(error))?;
        builder.finish()
    }

    /// Returns the index of the sheet to read: the wanted one, else the first that has all required columns, else the first
    /// with known columns, else the first visible one.
    fn choose_sheet(
        &mut self,
        wanted: Option<&str>,
        file: &Place,
        findings: &mut Findings,
    ) -> Option<usize> {
        let with_cells = self.sheets.iter().filter(|sheet| sheet.has_cells);
        let all = list(with_cells.map(|sheet| sheet.name.as_str()), "and");
        if let Some(wanted) = wanted {
            let folded = |name: &str| name.trim().to_lowercase();
            let position = |is_wanted: &dyn Fn(&str) -> bool| {
                self.sheets.iter().position(|sheet| sheet.has_cells && is_wanted(&sheet.name))
            };
            let exact = position(&|name| name == wanted);
            let found = exact.or_else(|| position(&|name| folded(name) == folded(wanted)));
            if found.is_none() {
                let message = format!("the workbook has no sheet {}", quote(wanted));
                findings.problem(Problem::at(file, message).help(format!("it has {all}")));
            }
            return found;
        }
        let visible = self.sheets.iter().filter(|sheet| sheet.is_visible).count();
        let is_candidate =
            |index: &usize| self.sheets[*index].is_visible && self.sheets[*index].has_cells;
        let candidates: Vec<usize> = (0..self.sheets.len()).filter(is_candidate).collect();
        let Some(first) = candidates.first().copied() else {
            findings.problem(Problem::at(file, "the workbook has no visible sheet"));
            return None;
        };
        if visible == 1 {
            return Some(first);
        }
        let mut index = first;
        let mut best = 0;
        for candidate in candidates {
            let rank = self.header_rank(candidate);
            if rank > best {
                (index, best) = (candidate, rank);
            }
        }
        let message = format!(
            "the sheet {} is read; the workbook has {all}, and `{}` chooses another",
            quote(&self.sheets[index].name),
            Flag::Sheet
        );
        findings.note(file, message);
        Some(index)
    }

    /// Returns 2 if one of the first rows of a sheet has all required columns, 1 if one has at least two known columns, and
    /// else 0. A sheet of lists, from which the cells of another one are chosen, has some of the columns.
    fn header_rank(&mut self, index: usize) -> u8 {
        let Ok(header) = self.read(index, Extent::Header) else { return 0 };
        let rows = header.cells.chunk_by(|one, other| one.row == other.row);
        let ranks = rows.take(MAX_TITLE_ROWS as usize + 1).map(|cells| {
            let texts = cells.iter().map(|cell| header.text_of(cell));
            let fields: Vec<Field> = texts.filter_map(find_known_field).collect();
            let is_complete = Field::REQUIRED
                .iter()
                .all(|required| fields.iter().any(|field| field.reported_as() == *required));
            if fields.len() < 2 { 0 } else { 1 + u8::from(is_complete) }
        });
        ranks.max().unwrap_or(0)
    }
}
