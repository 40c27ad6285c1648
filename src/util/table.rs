//! Tables for the terminal.

use super::style::{Colours, Style};
use super::text::{pad, truncate, width};

/// A row of a table and the style of the whole row.
pub(crate) type TableRow<const COLUMNS: usize> = (Option<Style>, [String; COLUMNS]);

/// The indentation of further lines of a row.
pub(crate) const INDENT: usize = 2;

/// Which columns of a table are in the same line, and how wide all are.
#[derive(Debug)]
pub(crate) struct Layout<const COLUMNS: usize> {
    lines: Vec<Vec<usize>>,
    widths: [usize; COLUMNS],
    /// The column whose cells are cut to its width.
    cut: Option<usize>,
    /// Whether a last cell, which is not padded, stands behind the others.
    pub(crate) has_tail: bool,
    columns: usize,
}

/// Lays out `header` and `rows` in aligned columns, two spaces apart. What has no place in a terminal with `columns`
/// follows on indented lines.
///
/// Iterates over the rows twice, first for the widths, so that a table of 100,000 rows is never in memory at once.
pub(crate) fn table<const COLUMNS: usize>(
    header: [&str; COLUMNS],
    rows: impl Iterator<Item = TableRow<COLUMNS>> + Clone,
    columns: Option<usize>,
    colours: Colours,
) -> String {
    let mut widths = header.map(width);
    for (_, cells) in rows.clone() {
        for (widest, cell) in widths.iter_mut().zip(&cells) {
            *widest = width(cell).max(*widest);
        }
    }
    let shown: Vec<usize> = (0..COLUMNS).collect();
    let layout = Layout::new(&shown, widths, None, 0, columns.unwrap_or(usize::MAX));
    let header = (Some(Style::Bold), header.map(str::to_owned));
    let rows = std::iter::once(header).chain(rows);
    rows.map(|(style, cells)| layout.row(&cells, "", style, colours)).collect()
}

impl<const COLUMNS: usize> Layout<COLUMNS> {
    /// Lays out the columns `shown` with these `widths` for a terminal with `columns`. `cut` is a column that may be cut, and
    /// its smallest width. `tail` is the width of the last cell, 0 if there is none; it has a place of its own only if
    /// nothing else is broken or cut short for it.
    pub(crate) fn new(
        shown: &[usize],
        mut widths: [usize; COLUMNS],
        cut: Option<(usize, usize)>,
        tail: usize,
        columns: usize,
    ) -> Self {
        let cut = cut.filter(|(index, _)| shown.contains(index));
        let fewest = |index: usize, width: usize| match cut {
            Some((of_cut, fewest)) if of_cut == index => width.min(fewest),
            Some(_) | None => width,
        };
        let least: usize = shown.iter().map(|it| fewest(*it, widths[*it]) + 2).sum();
        let has_tail = tail > 0 && least + tail <= columns;
        let room = if has_tail { columns - tail - 2 } else { columns };
        let mut lines = vec![Vec::new()];
        let mut used = 0;
        for index in shown {
            let longest = widths[*index];
            if used > INDENT && used + fewest(*index, longest) > room {
                lines.push(Vec::new());
                used = INDENT;
            }
            if cut.is_some_and(|(of_cut, _)| of_cut == *index) {
                widths[*index] = longest.min(room.saturating_sub(used)).max(1);
            }
            used += widths[*index] + 2;
            lines.last_mut().expect("it begins with one").push(*index);
        }
        Self { lines, widths, cut: cut.map(|(index, _)| index), has_tail, columns }
    }

    /// Returns the lines of a row or of the header.
    pub(crate) fn row(
        &self,
        cells: &[String; COLUMNS],
        tail: &str,
        style: Option<Style>,
        colours: Colours,
    ) -> String {
        let mut text = String::new();
        for (number, line) in self.lines.iter().enumerate() {
            let cell = |index: &usize| {
                let (cell, width) = (&cells[*index], self.widths[*index]);
                let is_cut = self.cut == Some(*index);
                if is_cut { pad(&truncate(cell, width), width) } else { pad(cell, width) }
            };
            let mut line: Vec<String> = line.iter().map(cell).collect();
            if self.has_tail {
                line.push(tail.to_owned());
            }
            let line = line.join("  ");
            let line = line.trim_end();
            if number > 0 && line.is_empty() {
                continue;
            }
            if number > 0 {
                text.push_str(&" ".repeat(INDENT.min(self.columns)));
            }
            match style {
                Some(style) => text.push_str(&colours.paint(style, line)),
                None => text.push_str(line),
            }
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_without_a_place_follow_on_indented_lines() {
        let row = |cells: [&str; 4]| (None, cells.map(str::to_owned));
        let rows = [row(["7350", "Anna", "a long style", ""]), row(["12", "Bo", "x", "custom"])];
        let shown = |columns| {
            table(["id", "name", "style", ""], rows.iter().cloned(), columns, Colours::Off)
        };
        let one_line =
            "id    name  style\n7350  Anna  a long style\n12    Bo    x             custom\n";
        assert_eq!(shown(None), one_line);
        assert_eq!(shown(Some(80)), one_line);
        assert_eq!(
            shown(Some(24)),
            "id    name  style\n7350  Anna  a long style\n12    Bo    x\n  custom\n"
        );
        assert_eq!(
            shown(Some(20)),
            "id    name\n  style\n7350  Anna\n  a long style\n12    Bo\n  x             custom\n"
                .replace("x             custom", "x\n  custom")
        );
        for line in shown(Some(16)).lines() {
            assert!(width(line) <= 16, "{line}");
        }
    }
}
