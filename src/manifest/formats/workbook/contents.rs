//! The contents of a sheet.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Range, RangeInclusive};

use crate::manifest::formats::table::{MAX_TITLE_ROWS, Trouble};

use super::error::ReadError;

/// The most columns and rows of a sheet in Excel, and in `LibreOffice` by default.
pub(crate) const MAX_COLUMNS: u32 = 16_384;
pub(crate) const MAX_ROWS: u32 = 1_048_576;

/// The most cells with a content, and the most cells that merged areas can fill.
const MAX_CELLS: usize = 2_000_000;

/// The most strings that cells can share.
const MAX_SHARED: usize = 10_000_000;

/// The most bytes of text in a sheet, of all shared strings, and in its longest cell. With them, the memory for a sheet
/// stays below 512 MB.
const MAX_TEXT: usize = 64_000_000;
pub(crate) const MAX_CELL_TEXT: usize = 1 << 20;

/// The most columns of [`Extent::Header`].
const MAX_HEADER: u32 = 500;

/// The strings that cells share, in one piece of memory.
#[derive(Debug, Default)]
pub(crate) struct SharedStrings {
    text: String,
    /// The end of each string.
    ends: Vec<u32>,
}

impl SharedStrings {
    /// Adds a string.
    pub(crate) fn add(&mut self, string: &str) -> Result<(), ReadError> {
        if self.ends.len() >= MAX_SHARED || self.text.len() + string.len() > MAX_TEXT {
            return Err(ReadError::TooLarge("the workbook"));
        }
        push_text(&mut self.text, string);
        self.ends.push(offset(self.text.len()));
        Ok(())
    }

    /// Returns a string by its index.
    pub(crate) fn get(&self, index: usize) -> Result<&str, ReadError> {
        let end = *self.ends.get(index).ok_or(ReadError::Damaged)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Ok(&self.text[start as usize..end as usize])
    }
}

/// A cell with a content.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    /// The row, from 0.
    pub(crate) row: u32,
    /// The column, from 0.
    pub(crate) column: u32,
    /// The bytes of the cell in [`Contents::text`].
    pub(crate) text: Range<u32>,
    pub(crate) trouble: Option<Box<Trouble>>,
}

/// The contents of a sheet.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// The texts of all cells.
    pub(crate) text: String,
    /// The cells that are not blank, by row and column.
    pub(crate) cells: Vec<Cell>,
    /// The rows that are hidden, by hand or by a filter, and have cells; from 0.
    pub(crate) hidden: BTreeSet<u32>,
    /// The areas with cells whose number format depends on a condition.
    pub(crate) conditional: Vec<Area>,
}

/// A part of a sheet that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The first rows that are not blank, in which a header is searched, up to [`MAX_HEADER`].
    Header,
    /// The whole sheet.
    All,
}

/// A position: row and column, from 0.
pub(crate) type Position = (u32, u32);

/// An area: its first and its last cell.
pub(crate) type Area = (Position, Position);

/// The most areas of conditional formats.
const MAX_CONDITIONAL: usize = 100;

/// Collects the contents of a sheet, in any order, within the limits.
pub(crate) struct Builder {
    extent: Extent,
    contents: Contents,
    /// The first and the last cell of each merged area that has several rows.
    merged: Vec<Area>,
    /// The number of rows that have been added, as long as they come in order.
    rows: u32,
    /// The cell that is read.
    current: Option<Position>,
}

impl Builder {
    /// Creates a builder.
    pub(crate) fn new(extent: Extent) -> Self {
        Self { extent, contents: Contents::default(), merged: Vec::new(), rows: 0, current: None }
    }

    /// Marks the cell that is read next, so that damage has a place.
    pub(crate) fn begin(&mut self, position: Position) {
        self.current = Some(position);
    }

    /// Adds the place to the error that the file is damaged.
    pub(crate) fn locate(&self, error: ReadError) -> ReadError {
        match self.current {
            Some((row, column)) if error == ReadError::Damaged => ReadError::DamagedAt(row, column),
            _ => error,
        }
    }

    /// Adds a cell, unless it is blank.
    pub(crate) fn add(
        &mut self,
        (row, column): Position,
        text: &str,
        trouble: Option<Trouble>,
    ) -> Result<(), ReadError> {
        self.current = Some((row, column));
        if text.trim().is_empty() && trouble.is_none() {
            return Ok(());
        }
        if self.extent == Extent::Header && column >= MAX_HEADER {
            return Ok(());
        }
        let contents = &mut self.contents;
        if row >= MAX_ROWS || column >= MAX_COLUMNS {
            return Err(ReadError::Damaged);
        }
        if contents.cells.len() >= MAX_CELLS || contents.text.len() + text.len() > MAX_TEXT {
            return Err(ReadError::TooLarge("the sheet"));
        }
        if contents.cells.last().is_none_or(|last| last.row != row) {
            self.rows += 1;
        }
        let start = offset(contents.text.len());
        push_text(&mut contents.text, text);
        let text = start..offset(contents.text.len());
        contents.cells.push(Cell { row, column, text, trouble: trouble.map(Box::new) });
        Ok(())
    }

    /// Marks a row as hidden.
    pub(crate) fn hide(&mut self, row: u32) {
        self.contents.hidden.insert(row);
    }

    /// Adds a merged area.
    pub(crate) fn merge(&mut self, first: Position, last: Position) -> Result<(), ReadError> {
        if self.merged.len() >= MAX_CELLS {
            return Err(ReadError::TooLarge("the sheet"));
        }
        if last.0 > first.0 {
            self.merged.push((first, last));
        }
        Ok(())
    }

    /// Adds an area in which the number format depends on a condition.
    pub(crate) fn add_conditional(&mut self, area: Area) {
        if self.contents.conditional.len() < MAX_CONDITIONAL {
            self.contents.conditional.push(area);
        }
    }

    /// Checks whether everything has been added that is needed.
    pub(crate) fn is_complete(&self) -> bool {
        self.extent == Extent::Header && self.rows > MAX_TITLE_ROWS + 1
    }

    /// Returns the end of the rows from `row` on that are needed of a repeated row.
    pub(crate) fn rows_needed(&self, row: u32) -> u32 {
        match self.extent {
            Extent::Header => row + 2,
            Extent::All => MAX_ROWS,
        }
    }

    /// Returns the contents.
    pub(crate) fn finish(mut self) -> Result<Contents, ReadError> {
        self.contents.sort();
        if self.extent == Extent::All {
            self.fill_merged()?;
        }
        let mut contents = self.contents;
        let cells = &contents.cells;
        contents.hidden.retain(|row| !cells_of_row(cells, *row).is_empty());
        contents.conditional.retain(|((top, left), (bottom, right))| {
            cells.iter().any(|cell| {
                (*top..=*bottom).contains(&cell.row) && (*left..=*right).contains(&cell.column)
            })
        });
        Ok(contents)
    }

    /// Copies the value of each cell that is merged over several rows to those of the rows that are records.
    ///
    /// A row is the continuation of the record above, not a record, if it has no cells of its own and all cells of that
    /// record are merged over it.
    fn fill_merged(&mut self) -> Result<(), ReadError> {
        let cells = &self.contents.cells;
        let last_row = cells.last().map_or(0, |cell| cell.row);
        let anchored = self.merged.iter().filter_map(|(first, last)| {
            let anchor = cells.binary_search_by_key(first, position).ok()?;
            Some((anchor, first.0 + 1..=last.0.min(last_row)))
        });
        let anchored: Vec<(usize, RangeInclusive<u32>)> = anchored.collect();
        if anchored.iter().map(|(_, rows)| rows.clone().count()).sum::<usize>() > MAX_CELLS {
            return Err(ReadError::TooLarge("the merged area"));
        }
        let mut covered: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (anchor, rows) in anchored {
            for row in rows {
                covered.entry(row).or_default().push(anchor);
            }
        }
        let mut copies = Vec::new();
        for (row, mut anchors) in covered {
            anchors.sort_unstable();
            anchors.dedup();
            let own = cells_of_row(cells, row);
            let nearest = anchors.last().map_or(row, |anchor| cells[*anchor].row);
            let mut record = cells.partition_point(|cell| cell.row < nearest)
                ..cells.partition_point(|cell| cell.row <= nearest);
            if own.is_empty() && record.all(|index| anchors.binary_search(&index).is_ok()) {
                continue;
            }
            for anchor in anchors {
                let anchor = &cells[anchor];
                if own.binary_search_by_key(&anchor.column, |cell| cell.column).is_err() {
                    copies.push(Cell { row, ..anchor.clone() });
                }
            }
        }
        if cells.len() + copies.len() > MAX_CELLS {
            return Err(ReadError::TooLarge("the sheet"));
        }
        self.contents.cells.extend(copies);
        self.contents.sort();
        Ok(())
    }
}

impl Contents {
    /// Sorts the cells. Of several cells at the same position, the first stays.
    fn sort(&mut self) {
        if !self.cells.is_sorted_by(|one, other| position(one) < position(other)) {
            self.cells.sort_by_key(position);
            self.cells.dedup_by_key(|cell| position(cell));
        }
    }

    /// Returns the text of a cell.
    pub(crate) fn text_of(&self, cell: &Cell) -> &str {
        cell.text_in(&self.text)
    }
}

impl Cell {
    /// Returns the text of the cell, of the text of all cells.
    pub(crate) fn text_in<'a>(&self, text: &'a str) -> &'a str {
        &text[self.text.start as usize..self.text.end as usize]
    }
}

fn position(cell: &Cell) -> Position {
    (cell.row, cell.column)
}

fn cells_of_row(cells: &[Cell], row: u32) -> &[Cell] {
    let start = cells.partition_point(|cell| cell.row < row);
    let length = cells[start..].partition_point(|cell| cell.row == row);
    &cells[start..start + length]
}

/// Appends a part to a text that stays below [`MAX_TEXT`]. The memory grows by half, but not above that limit.
fn push_text(text: &mut String, part: &str) {
    if text.capacity() - text.len() < part.len() {
        let more = (text.len() / 2).max(part.len()).min(MAX_TEXT - text.len());
        text.reserve_exact(more);
    }
    text.push_str(part);
}

/// Converts an offset in [`Contents::text`], which is limited.
fn offset(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// A sheet of a workbook.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) name: String,
    pub(crate) is_visible: bool,
    /// Whether the sheet has cells; a chart can be a sheet of its own.
    pub(crate) has_cells: bool,
}

/// The most sheets of a workbook.
const MAX_SHEETS: usize = 1_000;

/// Checks the number of sheets.
pub(crate) fn check_sheets(sheets: &[Sheet]) -> Result<(), ReadError> {
    if sheets.len() > MAX_SHEETS { Err(ReadError::TooLarge("the workbook")) } else { Ok(()) }
}
