//! A manifest as it is written, for showing and editing it: the rows and cells of a sheet, or the text of a YAML file.

use std::sync::Arc;

use crate::util::text::sanitize;

use super::diagnostics::problem::Findings;
use super::formats::csv::Delimiter;
use super::formats::table::{Table, Trouble, Value, visible};
use super::schema::field::{Field, Kind};
use super::schema::header;
use super::schema::names::NameKind;
use super::schema::options::ColumnChoice;

/// The text of a cell in an edited copy if the text of the original's cell is not certain. Sheets have this word for a
/// missing value; it is a problem wherever the value is used.
const UNCERTAIN: &str = "#N/A";

/// A byte-order mark, by which spreadsheets recognize UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The content of a manifest.
#[derive(Debug)]
pub(crate) enum SheetContent {
    /// A YAML manifest.
    Text {
        /// The file, as messages name it.
        file: String,
        text: String,
    },
    /// A sheet.
    Table(Grid),
}

/// The rows of a sheet that are not blank, with those above the header.
#[derive(Debug)]
pub(crate) struct Grid {
    /// The file, as messages name it.
    file: String,
    pub(crate) columns: Vec<GridColumn>,
    pub(crate) rows: Vec<GridRow>,
    /// The character between the cells of a copy.
    pub(crate) delimiter: Delimiter,
    /// Whether every row of the file could be read.
    pub(crate) is_complete: bool,
    /// The line of the header.
    header: u32,
}

/// A column of a sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct GridColumn {
    pub(crate) header: String,
    /// The field that the column has.
    pub(crate) field: Option<Field>,
    /// The language of the field, if the header names one.
    pub(crate) language: Option<String>,
    /// Whether the user has chosen the column for the field.
    pub(crate) is_chosen: bool,
}

/// A row of a sheet.
#[derive(Debug)]
pub(crate) struct GridRow {
    /// The line, or the row of a workbook, from 1.
    pub(crate) line: u32,
    pub(crate) cells: Vec<GridCell>,
    /// Line and column after the last cell.
    end: (u32, u32),
}

/// A cell of a sheet.
#[derive(Debug, Clone, Default)]
pub(crate) struct GridCell {
    pub(crate) text: Arc<str>,
    /// Whether the text may not be what a spreadsheet shows.
    is_uncertain: bool,
    /// Line and column.
    at: (u32, u32),
}

/// A new text for a cell.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct CellEdit {
    /// The line of the row.
    pub(crate) row: u32,
    /// The index of the column.
    pub(crate) column: usize,
    pub(crate) value: String,
}

/// A cell that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the sheet has no row {row} with a column {column}; it may have been edited elsewhere meanwhile"
)]
pub(crate) struct UnknownCell {
    row: u32,
    column: usize,
}

impl SheetContent {
    /// Returns the row at `label`, a place in a message, and the index of its column. `None` if the place is that of the
    /// whole file or of another file; no column if it is that of a missing cell or of a text.
    pub(crate) fn locate(&self, label: &str) -> Option<(u32, Option<usize>)> {
        let (Self::Text { file, .. } | Self::Table(Grid { file, .. })) = self;
        let rest = label.strip_prefix(&*sanitize(file))?.strip_prefix(':')?;
        let at = parse_position(rest)?;
        match self {
            Self::Text { .. } => Some((at.0, None)),
            Self::Table(grid) => grid.cell_at(at),
        }
    }
}

impl Grid {
    /// Creates the grid of a table whose header is still its first row.
    pub(crate) fn new(
        mut table: Table,
        choices: &[ColumnChoice],
        delimiter: Delimiter,
        is_complete: bool,
    ) -> Self {
        let rows = std::iter::once(&table.header).chain(&table.rows);
        let rows: Vec<GridRow> = rows.filter_map(|row| GridRow::new(row)).collect();
        let width = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
        // Problems of the header are reported when the manifest is loaded.
        let mut findings = Findings::default();
        header::skip_title_rows(&mut table, choices, &mut findings);
        let mapped = header::map_columns(&table, choices, &mut findings);
        let headers = table.header.iter().map(|cell| visible(&cell.text).to_string());
        let headers = headers.chain(std::iter::repeat(String::new())).take(width);
        let mut columns: Vec<GridColumn> =
            headers.map(|header| GridColumn { header, ..GridColumn::default() }).collect();
        for (field, column) in mapped.fields.iter() {
            columns[*column].field = Some(field);
            columns[*column].is_chosen = mapped.is_chosen(field);
        }
        for (language, fields) in &mapped.languages {
            for (field, column) in fields.iter() {
                columns[*column].field = Some(field);
                columns[*column].language = Some(language.clone());
            }
        }
        let header = table.header.first().and_then(|cell| cell.place.line()).unwrap_or(1);
        let file = table.source.name.to_string();
        Self { file, columns, rows, delimiter, is_complete, header }
    }

    /// Returns the row at a line and column, and the index of its column.
    fn cell_at(&self, at: (u32, u32)) -> Option<(u32, Option<usize>)> {
        let index = self.rows.partition_point(|row| row.cells[0].at <= at).checked_sub(1)?;
        let row = &self.rows[index];
        let column = row.cells.partition_point(|cell| cell.at <= at).checked_sub(1)?;
        let is_after = at >= row.end && row.cells[column].at < at;
        Some((row.line, (!is_after).then_some(column)))
    }

    /// Returns the index of the column that has a field, in a language.
    pub(crate) fn column_of(&self, field: Field, language: Option<&str>) -> Option<usize> {
        let is_it = |column: &GridColumn| {
            column.field == Some(field) && column.language.as_deref() == language
        };
        self.columns.iter().position(is_it)
    }

    /// Returns a cell of the row at `line`.
    pub(crate) fn cell(&self, line: u32, column: usize) -> Option<&GridCell> {
        self.rows.iter().find(|row| row.line == line)?.cells.get(column)
    }

    /// Changes cells. An edit of a blank row below the header, or of the one after the last row,
    /// adds it.
    ///
    /// # Errors
    /// If one of them does not exist.
    pub(crate) fn edit(&mut self, edits: &[CellEdit]) -> Result<(), UnknownCell> {
        for CellEdit { row, column, value } in edits {
            let unknown = UnknownCell { row: *row, column: *column };
            let last = self.rows.last().map_or(0, |last| last.line);
            let may_add = self.header < *row && *row <= last.saturating_add(1);
            let found = match self.rows.binary_search_by_key(row, |row| row.line) {
                _ if *column >= self.columns.len() => return Err(unknown),
                Ok(found) => found,
                Err(place) if may_add => {
                    let row = GridRow { line: *row, cells: Vec::new(), end: (*row, 1) };
                    self.rows.insert(place, row);
                    place
                }
                Err(_) => return Err(unknown),
            };
            let cells = &mut self.rows[found].cells;
            while cells.len() <= *column {
                cells.push(GridCell::default());
            }
            cells[*column] = GridCell { text: value.as_str().into(), ..GridCell::default() };
        }
        Ok(())
    }

    /// Adds a column at the end, and returns its index.
    pub(crate) fn add_column(&mut self, header: &str) -> Result<usize, UnknownCell> {
        let column = self.columns.len();
        self.columns.push(GridColumn { header: header.to_owned(), ..GridColumn::default() });
        self.edit(&[CellEdit { row: self.header, column, value: header.to_owned() }])?;
        Ok(column)
    }

    /// Returns the sheet as CSV in UTF-8. Rows stay at their lines, as far as cells of several lines allow it, and have
    /// all cells of the header.
    pub(crate) fn to_csv(&self) -> Vec<u8> {
        let delimiter = self.delimiter.character();
        let header = self.rows.iter().find(|row| row.line == self.header);
        let width = header.map_or(0, |row| row.cells.len());
        let mut text = BYTE_ORDER_MARK.to_owned();
        let mut line = 1;
        for row in &self.rows {
            while line < row.line {
                text.push('\n');
                line += 1;
            }
            for (column, cell) in row.cells.iter().enumerate() {
                if column > 0 {
                    text.push(delimiter);
                }
                line += push_cell(&mut text, cell.written(), delimiter);
            }
            let is_blank = row.cells.iter().all(|cell| cell.written().trim().is_empty());
            if row.line > self.header && !is_blank {
                let missing = width.saturating_sub(row.cells.len());
                text.extend(std::iter::repeat_n(delimiter, missing));
            }
            text.push('\n');
            line += 1;
        }
        text.into_bytes()
    }

    /// Checks whether `copy`, which was read from [`to_csv`](Self::to_csv), has the same rows.
    pub(crate) fn equals_copy(&self, copy: &Self) -> bool {
        let rows = |grid: &Self| -> Vec<Vec<String>> {
            let texts = grid.rows.iter().map(|row| {
                let mut texts: Vec<String> =
                    row.cells.iter().map(|cell| cell.written().to_owned()).collect();
                // Blank cells at the end count as missing ones.
                while texts.last().is_some_and(|text| text.trim().is_empty()) {
                    texts.pop();
                }
                texts
            });
            texts.filter(|texts| !texts.is_empty()).collect()
        };
        copy.is_complete && rows(self) == rows(copy)
    }
}

impl GridRow {
    fn new(row: &[Value]) -> Option<Self> {
        let cells: Vec<GridCell> = row.iter().filter_map(GridCell::new).collect();
        let after = row.last()?.place.after();
        Some(Self { line: cells.first()?.at.0, end: (after.line()?, after.column()?), cells })
    }
}

impl GridCell {
    fn new(value: &Value) -> Option<Self> {
        let trouble = value.trouble.as_deref();
        Some(Self {
            text: value.text.clone(),
            is_uncertain: trouble.is_some_and(|trouble| *trouble != Trouble::ErrorValue),
            at: (value.place.line()?, value.place.column()?),
        })
    }

    /// Returns the text of the cell in a copy.
    fn written(&self) -> &str {
        if self.is_uncertain { UNCERTAIN } else { &self.text }
    }
}

/// Parses line and column of `5:3`, or row and column of `B7` and `Sheet2!B7`.
fn parse_position(text: &str) -> Option<(u32, u32)> {
    if let Some((line, column)) = text.split_once(':')
        && let (Ok(line), Ok(column)) = (line.parse(), column.parse())
    {
        return Some((line, column));
    }
    let cell = text.rsplit_once('!').map_or(text, |(_, cell)| cell);
    let row = cell.trim_start_matches(|first: char| first.is_ascii_uppercase());
    let letters = &cell[..cell.len() - row.len()];
    let mut digits = letters.bytes().map(|letter| u32::from(letter - b'A') + 1);
    let column = digits.try_fold(0_u32, |column, digit| column.checked_mul(26)?.checked_add(digit));
    Some((row.parse().ok()?, column.filter(|column| *column > 0)?))
}

/// Appends a cell, in quotes if it needs them, and returns the number of its line ends.
fn push_cell(text: &mut String, cell: &str, delimiter: char) -> u32 {
    let is_special = |character| matches!(character, '"' | '\r' | '\n') || character == delimiter;
    if !cell.contains(is_special) && !cell.starts_with(' ') && !cell.ends_with(' ') {
        text.push_str(cell);
        return 0;
    }
    text.push('"');
    text.push_str(&cell.replace('"', "\"\""));
    text.push('"');
    let ends = cell.replace("\r\n", "\n");
    u32::try_from(ends.matches(['\r', '\n']).count()).unwrap_or(u32::MAX)
}

/// The kind of a field's values, for choosing them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FieldKind {
    /// A text to speak.
    Text,
    /// A persona.
    Persona,
    /// An aspect ratio.
    Ratio,
    /// A voice.
    Voice,
    /// Yes or no.
    Flag,
    /// Another value.
    Other,
}

impl Field {
    /// Returns the kind of its values, for choosing them.
    pub(crate) fn value_kind(self) -> FieldKind {
        match (self, self.kind()) {
            (Self::Text, _) => FieldKind::Text,
            (Self::Persona, _) => FieldKind::Persona,
            (Self::AspectRatio, _) => FieldKind::Ratio,
            (_, Kind::Name(NameKind::Voice, _)) => FieldKind::Voice,
            (Self::Skip, _) | (_, Kind::Switch(_)) => FieldKind::Flag,
            (_, _) => FieldKind::Other,
        }
    }

    /// Returns the name as a label: `Aspect ratio`.
    pub(crate) fn label(self) -> String {
        let name = self.name().replace('_', " ");
        let mut characters = name.chars();
        let first = characters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(characters.clone()).collect()
    }
}
