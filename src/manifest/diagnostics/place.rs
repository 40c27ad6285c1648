//! Where something stands in what the user wrote: [`Source`], [`Place`].

use std::sync::Arc;

use crate::manifest::diagnostics::render::Excerpt;
use crate::model::Text;

/// One file of the manifest, decoded, with the beginnings of its lines.
#[derive(Debug)]
pub(crate) struct Source {
    /// The file as the user named it.
    pub(crate) name: Text,
    /// The decoded text; empty for workbooks.
    pub(crate) text: Text,
    /// The workbook's sheet, if the workbook has several.
    sheet: Option<String>,
    line_starts: Vec<usize>,
}

impl Source {
    /// A text file. Lines end with LF, CRLF or a lone CR.
    pub(crate) fn of_text(name: impl Into<Text>, text: String) -> Arc<Self> {
        let bytes = text.as_bytes();
        let mut line_starts = vec![0];
        for offset in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            let is_half_an_end = bytes[offset] == b'\r' && bytes.get(offset + 1) == Some(&b'\n');
            if !is_half_an_end {
                line_starts.push(offset + 1);
            }
        }
        Arc::new(Self {
            name: name.into(),
            text: text.into(),
            sheet: None,
            line_starts,
        })
    }

    /// A workbook, whose places are cells; `sheet` if they must be told from those of other sheets.
    pub(crate) fn of_workbook(name: impl Into<Text>, sheet: Option<String>) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            text: Text::default(),
            sheet,
            line_starts: vec![0],
        })
    }

    /// Index of the line that holds the byte at `offset`.
    fn line_index(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset) - 1
    }

    /// Where the line that holds the byte at `offset` begins, and its text without its line end.
    pub(crate) fn line_around(&self, offset: usize) -> (usize, &str) {
        let index = self.line_index(offset.min(self.text.len()));
        (self.line_starts[index], self.line(index))
    }

    /// The text of a line by its index, without its line end.
    fn line(&self, index: usize) -> &str {
        let start = self.line_starts[index];
        let end = self.line_starts.get(index + 1).copied();
        let line = self.text.get(start..end.unwrap_or(self.text.len()));
        line.unwrap_or_default().trim_end_matches(['\r', '\n'])
    }
}

/// A place in a [`Source`]: cheap to copy about; line and column are worked out when asked for.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    source: Arc<Source>,
    spot: Position,
}

#[derive(Debug, Clone)]
enum Position {
    /// The file as a whole.
    File,
    /// Bytes of the decoded text.
    Bytes { start: usize, end: usize },
    /// A cell of a workbook, rows and columns from 0.
    Cell { row: u32, column: u32, shown: Text },
}

impl Place {
    /// A whole file.
    pub(crate) fn file(source: &Arc<Source>) -> Self {
        Self {
            source: Arc::clone(source),
            spot: Position::File,
        }
    }

    /// The bytes from `start` to `end` of a text file.
    pub(crate) fn bytes(source: &Arc<Source>, start: usize, end: usize) -> Self {
        let end = end.min(source.text.len());
        Self {
            source: Arc::clone(source),
            spot: Position::Bytes {
                start: start.min(end),
                end,
            },
        }
    }

    /// A line and column of a text file, both from 1.
    pub(crate) fn line_and_column(source: &Arc<Source>, line: u64, column: u64) -> Self {
        let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        let Some(start) = source.line_starts.get(index) else {
            return Self::file(source);
        };
        let before = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
        let text = source.line(index);
        let offset = text
            .char_indices()
            .nth(before)
            .map_or(text.len(), |(offset, _)| offset);
        Self::bytes(source, start + offset, start + offset + 1)
    }

    /// A cell of a workbook; row and column from 0.
    pub(crate) fn cell(
        source: &Arc<Source>,
        row: u32,
        column: u32,
        shown: impl Into<Text>,
    ) -> Self {
        Self {
            source: Arc::clone(source),
            spot: Position::Cell {
                row,
                column,
                shown: shown.into(),
            },
        }
    }

    /// The file it is in, as a whole.
    pub(crate) fn whole(&self) -> Self {
        Self::file(&self.source)
    }

    /// The place right behind it; a workbook's cell stays the same.
    pub(crate) fn behind(&self) -> Self {
        match self.spot {
            Position::Bytes { end, .. } => Self::bytes(&self.source, end, end),
            Position::File | Position::Cell { .. } => self.clone(),
        }
    }

    /// Where it begins in the text of its file.
    pub(crate) const fn offset(&self) -> Option<usize> {
        match self.spot {
            Position::Bytes { start, .. } => Some(start),
            Position::File | Position::Cell { .. } => None,
        }
    }

    /// What is written there, and what follows it in its last line.
    pub(crate) fn written_and_behind(&self) -> Option<(&str, &str)> {
        let Position::Bytes { start, end } = self.spot else {
            return None;
        };
        let written = self.source.text.get(start..end)?;
        let behind = self.source.text.get(end..)?;
        Some((written, behind.lines().next().unwrap_or_default()))
    }

    /// Name of the file.
    pub(crate) fn file_name(&self) -> &Text {
        &self.source.name
    }

    /// Line from 1; a workbook's row. `None` for a file as a whole.
    pub(crate) fn line(&self) -> Option<u32> {
        match self.spot {
            Position::File => None,
            Position::Bytes { start, .. } => {
                Some(u32::try_from(self.source.line_index(start) + 1).unwrap_or(u32::MAX))
            }
            Position::Cell { row, .. } => Some(row.saturating_add(1)),
        }
    }

    /// Column from 1, in characters. `None` for a file as a whole.
    pub(crate) fn column(&self) -> Option<u32> {
        match self.spot {
            Position::File => None,
            Position::Bytes { start, .. } => {
                let line_start = self.source.line_starts[self.source.line_index(start)];
                let before = self.source.text.get(line_start..start);
                let characters = before.map_or(0, |text| text.chars().count());
                Some(u32::try_from(characters + 1).unwrap_or(u32::MAX))
            }
            Position::Cell { column, .. } => Some(column.saturating_add(1)),
        }
    }

    /// Name of the workbook's cell, such as `B7`, or `Sheet2!B7` where there are several sheets.
    pub(crate) fn cell_name(&self) -> Option<String> {
        match self.spot {
            Position::File | Position::Bytes { .. } => None,
            Position::Cell { row, column, .. } => {
                let sheet = self
                    .source
                    .sheet
                    .as_deref()
                    .map(crate::manifest::diagnostics::words::clean);
                let sheet = sheet.map_or_else(String::new, |sheet| format!("{sheet}!"));
                let letters = column_letters(column);
                Some(format!("{sheet}{letters}{}", row.saturating_add(1)))
            }
        }
    }

    /// `file:line:column`, `file:B7`, or the file alone.
    pub(crate) fn label(&self) -> String {
        let file = crate::manifest::diagnostics::words::clean(&self.source.name);
        match (self.cell_name(), self.line(), self.column()) {
            (Some(cell), ..) => format!("{file}:{cell}"),
            (None, Some(line), Some(column)) => format!("{file}:{line}:{column}"),
            (None, ..) => file,
        }
    }

    /// The line with its marker; `None` for a file as a whole.
    pub(crate) fn excerpt(&self) -> Option<Excerpt> {
        match &self.spot {
            Position::File => None,
            Position::Bytes { start, end } => {
                let index = self.source.line_index(*start);
                let line = self.source.line(index);
                let from = start - self.source.line_starts[index];
                let to = end - self.source.line_starts[index];
                Some(Excerpt::new(&(index + 1).to_string(), line, from, to))
            }
            Position::Cell { shown, .. } => {
                let first = shown.lines().next().unwrap_or_default();
                let label = self.cell_name().unwrap_or_default();
                Some(Excerpt::new(&label, first, 0, first.len()))
            }
        }
    }
}

/// The name spreadsheets give a column: 0 is `A`, 26 is `AA`.
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
    fn lines_end_in_every_way_spreadsheets_know() {
        for text in ["ab\ncd\nef", "ab\r\ncd\r\nef", "ab\rcd\ref"] {
            let source = Source::of_text("a.csv", text.to_owned());
            let at = |needle: &str| {
                let start = text.find(needle).unwrap();
                Place::bytes(&source, start, start + 1).label()
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
        assert_eq!(Place::bytes(&source, 7, 8).column(), Some(5));
    }

    #[test]
    fn cells_are_named_as_spreadsheets_name_them() {
        for (column, letters) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(column_letters(column), letters);
        }
        let source = Source::of_workbook("book.xlsx", Some("Mai".to_owned()));
        assert_eq!(
            Place::cell(&source, 0, 27, "x").label(),
            "book.xlsx:Mai!AB1"
        );
        let source = Source::of_workbook("book.xlsx", None);
        assert_eq!(Place::cell(&source, 6, 1, "x").label(), "book.xlsx:B7");
    }

    #[test]
    fn no_place_is_outside_its_file() {
        let source = Source::of_text("a.csv", "ab\n".to_owned());
        let place = Place::bytes(&source, 90, 95);
        assert_eq!(place.label(), "a.csv:2:1");
        assert!(place.excerpt().is_some());
    }
}
