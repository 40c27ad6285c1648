//! The user's rows and columns on their way into the plan: [`SheetBuilder`].

use crate::model::{Sheet, SheetRow, Text};

/// A sheet that grows file by file; its columns are the union of theirs, in order of appearance.
#[derive(Debug, Default)]
pub(crate) struct SheetBuilder {
    sheet: Sheet,
}

impl SheetBuilder {
    /// Where each of `names` stands among the columns; new ones are added. The second of two columns
    /// of the same name stays the second.
    pub(crate) fn columns<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> Vec<usize> {
        let mut places: Vec<usize> = Vec::new();
        for name in names {
            let columns = &self.sheet.columns;
            let free = (0..columns.len())
                .find(|column| columns[*column] == name && !places.contains(column));
            places.push(free.unwrap_or_else(|| {
                self.sheet.columns.push(name.to_owned());
                self.sheet.columns.len() - 1
            }));
        }
        places
    }

    /// Makes room for so many rows more.
    pub(crate) fn reserve(&mut self, rows: usize) {
        self.sheet.rows.reserve(rows);
    }

    /// Adds a row whose cells belong to `columns`; its place is returned.
    pub(crate) fn push(
        &mut self,
        columns: &[usize],
        cells: impl IntoIterator<Item = Text>,
    ) -> usize {
        let mut row = vec![Text::default(); self.sheet.columns.len()];
        for (column, cell) in columns.iter().zip(cells) {
            row[*column] = cell;
        }
        self.sheet.rows.push(SheetRow {
            cells: row,
            jobs: 0..0,
        });
        self.sheet.rows.len() - 1
    }

    /// The sheet, with as many cells in each row as there are columns.
    pub(crate) fn finish(mut self) -> Sheet {
        let width = self.sheet.columns.len();
        for row in &mut self.sheet.rows {
            row.cells.resize(width, Text::default());
        }
        self.sheet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_united_and_doubles_kept() {
        let mut builder = SheetBuilder::default();
        let first = builder.columns(["text", "note", "note"]);
        builder.push(&first, ["a", "b", "c"].map(Text::from));
        let second = builder.columns(["note", "persona"]);
        builder.push(&second, ["d", "e"].map(Text::from));
        let sheet = builder.finish();
        assert_eq!(sheet.columns, ["text", "note", "note", "persona"]);
        assert_eq!(sheet.rows[0].cells, ["a", "b", "c", ""]);
        assert_eq!(sheet.rows[1].cells, ["", "d", "", "e"]);
    }
}
