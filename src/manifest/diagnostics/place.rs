//! Places in the user's files.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use annotate_snippets::{Annotation, AnnotationKind, Snippet};

use crate::util::text::sanitize;

/// The most characters of a line that are shown on each side of the marked text, and of the marked text itself.
/// The renderer trims further, to the width of a terminal.
const MAX_SHOWN: usize = 200;

/// A file of the manifest: a decoded text, or a sheet of a workbook.
#[derive(Debug)]
pub(crate) struct Source {
    /// The file as the user named it.
    pub(crate) name: Arc<str>,
    /// The decoded text; empty for workbooks.
    pub(crate) text: String,
    /// The name of the workbook's sheet, if the workbook has several.
    sheet: Option<String>,
    line_starts: Vec<usize>,
    /// The offset of the character whose column was computed last, and the number of characters before it in its line: a
    /// line may have 200,000 problems.
    last_column: Mutex<(usize, usize)>,
}

impl Source {
    /// Creates a text file. Lines end with LF, CRLF or CR.
    pub(crate) fn of_text(name: impl Into<Arc<str>>, text: String) -> Arc<Self> {
        let bytes = text.as_bytes();
        let mut line_starts = vec![0];
        for offset in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            let is_first_of_two = bytes[offset] == b'\r' && bytes.get(offset + 1) == Some(&b'\n');
            if !is_first_of_two {
                line_starts.push(offset + 1);
            }
        }
        let (name, last_column) = (name.into(), Mutex::default());
        Arc::new(Self { name, text, sheet: None, line_starts, last_column })
    }

    /// Creates a workbook, whose places are cells. `sheet` is given if the workbook has several sheets.
    pub(crate) fn of_workbook(name: impl Into<Arc<str>>, sheet: Option<String>) -> Arc<Self> {
        let (name, text, last_column) = (name.into(), String::new(), Mutex::default());
        Arc::new(Self { name, text, sheet, line_starts: vec![0], last_column })
    }

    /// Returns the number of characters before `offset` in its line.
    fn characters_before(&self, offset: usize) -> usize {
        let (line_start, _) = self.line_at(offset);
        let mut last = self.last_column.lock().unwrap_or_else(PoisonError::into_inner);
        let is_near = (line_start..=offset).contains(&last.0);
        let (from, counted) = if is_near { *last } else { (line_start, 0) };
        let count = counted + self.text[from..offset].chars().count();
        *last = (offset, count);
        count
    }

    fn line_index(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset) - 1
    }

    /// Returns the offset of the line that contains `offset`, and its text without the line end.
    pub(crate) fn line_at(&self, offset: usize) -> (usize, &str) {
        let index = self.line_index(offset.min(self.text.len()));
        let start = self.line_starts[index];
        let end = self.line_starts.get(index + 1).copied();
        let line = &self.text[start..end.unwrap_or(self.text.len())];
        (start, line.trim_end_matches(['\r', '\n']))
    }
}

/// A place in a [`Source`]. Cheap to clone; line and column are computed on demand.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    source: Arc<Source>,
    position: Position,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Position {
    /// The file as a whole.
    File,
    /// Bytes of the decoded text, on character boundaries.
    Bytes { start: usize, end: usize },
    /// A cell of a workbook; row and column from 0.
    Cell { row: u32, column: u32, text: Arc<str> },
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.source.name == other.source.name && self.position == other.position
    }
}

impl Eq for Place {}

impl Place {
    /// Returns the place of a whole file.
    pub(crate) fn file(source: &Arc<Source>) -> Self {
        Self { source: Arc::clone(source), position: Position::File }
    }

    /// Returns the place of a range of bytes of a text file, widened to whole characters.
    pub(crate) fn bytes(source: &Arc<Source>, range: Range<usize>) -> Self {
        let text = &source.text;
        let mut end = range.end.min(text.len());
        let mut start = range.start.min(end);
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        while !text.is_char_boundary(end) {
            end += 1;
        }
        Self { source: Arc::clone(source), position: Position::Bytes { start, end } }
    }

    /// Returns the place of a character of a text file by its line and column, both from 1.
    pub(crate) fn line_and_column(source: &Arc<Source>, line: u64, column: u64) -> Self {
        let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        let Some(start) = source.line_starts.get(index) else {
            return Self::file(source);
        };
        let before = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
        let (_, line) = source.line_at(*start);
        let offset = start + line.chars().take(before).map(char::len_utf8).sum::<usize>();
        Self::bytes(source, offset..offset + 1)
    }

    /// Returns the place of a cell of a workbook; row and column from 0.
    pub(crate) fn cell(
        source: &Arc<Source>,
        row: u32,
        column: u32,
        text: impl Into<Arc<str>>,
    ) -> Self {
        Self {
            source: Arc::clone(source),
            position: Position::Cell { row, column, text: text.into() },
        }
    }

    /// Returns the place of the file as a whole.
    pub(crate) fn whole_file(&self) -> Self {
        Self::file(&self.source)
    }

    /// Returns the place of a cell of the same workbook; row and column from 0.
    pub(crate) fn cell_of_file(&self, row: u32, column: u32) -> Self {
        Self::cell(&self.source, row, column, "")
    }

    /// Returns the place right after this one. A cell of a workbook stays the same.
    pub(crate) fn after(&self) -> Self {
        match self.position {
            Position::Bytes { end, .. } => Self::bytes(&self.source, end..end),
            Position::File | Position::Cell { .. } => self.clone(),
        }
    }

    /// Returns the name of the file.
    pub(crate) fn file_name(&self) -> &Arc<str> {
        &self.source.name
    }

    /// Returns the range of bytes in the text of the file.
    pub(crate) const fn range(&self) -> Option<Range<usize>> {
        match self.position {
            Position::Bytes { start, end } => Some(start..end),
            Position::File | Position::Cell { .. } => None,
        }
    }

    /// Returns the line, or the row of a workbook, from 1.
    pub(crate) fn line(&self) -> Option<u32> {
        match self.position {
            Position::File => None,
            Position::Bytes { start, .. } => u32::try_from(self.source.line_index(start) + 1).ok(),
            Position::Cell { row, .. } => Some(row.saturating_add(1)),
        }
    }

    /// Returns the column from 1, in characters.
    pub(crate) fn column(&self) -> Option<u32> {
        match self.position {
            Position::File => None,
            Position::Bytes { start, .. } => {
                u32::try_from(self.source.characters_before(start) + 1).ok()
            }
            Position::Cell { column, .. } => Some(column.saturating_add(1)),
        }
    }

    /// Returns the name of the workbook's cell, such as `B7`, or `Sheet2!B7` if there are several sheets.
    pub(crate) fn cell_name(&self) -> Option<String> {
        let Position::Cell { row, column, .. } = self.position else {
            return None;
        };
        let sheet = self.source.sheet.as_deref();
        let sheet = sheet.map_or_else(String::new, |sheet| format!("{}!", sanitize(sheet)));
        let row = row.saturating_add(1);
        Some(format!("{sheet}{}{row}", column_letters(column)))
    }

    /// Returns `file:line:column`, `file:B7`, or the file alone.
    pub(crate) fn label(&self) -> String {
        let file = sanitize(&self.source.name);
        match (self.cell_name(), self.line(), self.column()) {
            (Some(cell), ..) => format!("{file}:{cell}"),
            (None, Some(line), Some(column)) => format!("{file}:{line}:{column}"),
            (None, ..) => file,
        }
    }

    /// Returns the line with the place marked; `None` for a file as a whole.
    pub(crate) fn snippet(&self) -> Option<Snippet<'static, Annotation<'static>>> {
        let (text, range) = match &self.position {
            Position::File => return None,
            Position::Bytes { start, end } => {
                let (line_start, text) = self.source.line_at(*start);
                (text, *start - line_start..*end - line_start)
            }
            Position::Cell { text, .. } => {
                let text = text.lines().next().unwrap_or_default();
                (text, 0..text.len())
            }
        };
        let start = range.start.min(text.len());
        let (before, rest) = text.split_at(start);
        let marked = rest[..range.end.min(text.len()) - start].chars().count();
        let marked = marked.min(MAX_SHOWN);
        let skipped = before.chars().count().saturating_sub(MAX_SHOWN);
        let before = sanitize(&before.chars().skip(skipped).collect::<String>());
        let rest: String = rest.chars().take(marked + MAX_SHOWN).collect();
        let rest = sanitize(rest.trim_end());
        let marked: usize = rest.chars().take(marked).map(char::len_utf8).sum();
        let annotation = AnnotationKind::Primary.span(before.len()..before.len() + marked);
        let is_numbered = self.cell_name().is_none();
        let line_number = self.line().and_then(|line| usize::try_from(line).ok());
        Some(
            Snippet::source(before + &rest)
                .line_start(line_number.unwrap_or(1))
                .line_numbering(is_numbered)
                .annotation(annotation),
        )
    }
}

/// Returns the name of a column in a spreadsheet: 0 is `A`, 26 is `AA`.
fn column_letters(column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = u64::from(column) + 1;
    while rest > 0 {
        let letter = u8::try_from((rest - 1) % 26).unwrap_or(0);
        letters.push(char::from(b'A' + letter));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_of_line_ends_are_counted() {
        for text in ["ab\ncd\nef", "ab\r\ncd\r\nef", "ab\rcd\ref"] {
            let source = Source::of_text("a.csv", text.to_owned());
            let at = |needle: &str| {
                let start = text.find(needle).unwrap();
                Place::bytes(&source, start..start + 1).label()
            };
            assert_eq!(
                [at("a"), at("d"), at("e")],
                ["a.csv:1:1", "a.csv:2:2", "a.csv:3:1"],
                "{text:?}"
            );
        }
    }

    #[test]
    fn columns_count_characters_not_bytes() {
        let source = Source::of_text("a.csv", "äöü,x".to_owned());
        assert_eq!(Place::bytes(&source, 7..8).column(), Some(5));
        assert_eq!(Place::line_and_column(&source, 1, 3), Place::bytes(&source, 4..6));
    }

    #[test]
    fn cells_have_the_names_of_spreadsheets() {
        for (column, letters) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(column_letters(column), letters);
        }
        let source = Source::of_workbook("book.xlsx", Some("Mai".to_owned()));
        assert_eq!(Place::cell(&source, 0, 27, "x").label(), "book.xlsx:Mai!AB1");
        let source = Source::of_workbook("book.xlsx", None);
        assert_eq!(Place::cell(&source, 6, 1, "x").label(), "book.xlsx:B7");
    }

    #[test]
    fn every_place_is_inside_its_file() {
        let source = Source::of_text("a.csv", "ab\n".to_owned());
        let place = Place::bytes(&source, 90..95);
        assert_eq!(place.label(), "a.csv:2:1");
        assert!(place.snippet().is_some());
    }
}
