//! Tables for the terminal.

use super::style::{Colours, Style};
use super::text::{pad, width};

/// A row of a table and the style of the whole row.
pub(crate) type TableRow<const COLUMNS: usize> = (Option<Style>, [String; COLUMNS]);

/// Lays out `header` and `rows` in aligned columns, two spaces apart.
///
/// Iterates over the rows twice, first for the widths, so that a table of 100,000 rows is never in memory at once.
pub(crate) fn table<const COLUMNS: usize>(
    header: [&str; COLUMNS],
    rows: impl Iterator<Item = TableRow<COLUMNS>> + Clone,
    colours: Colours,
) -> String {
    let mut widths = header.map(width);
    for (_, cells) in rows.clone() {
        for (widest, cell) in widths.iter_mut().zip(&cells) {
            *widest = width(cell).max(*widest);
        }
    }
    let header = (Some(Style::Bold), header.map(str::to_owned));
    let mut text = String::new();
    for (style, cells) in std::iter::once(header).chain(rows) {
        let padded = cells.iter().zip(widths).map(|(cell, wanted)| pad(cell, wanted));
        let line = padded.collect::<Vec<_>>().join("  ");
        let line = line.trim_end();
        match style {
            Some(style) => text.push_str(&colours.paint(style, line)),
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}
