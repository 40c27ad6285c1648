//! Tables for the terminal.

use crate::report::terminal::style::{Colours, Style};
use crate::report::words::pad;

/// A row of a table, and the colour of the whole of it.
pub(super) type TableRow<const COLUMNS: usize> = (Option<Style>, [String; COLUMNS]);

/// `header` and `rows` under each other, two spaces between columns. The rows are gone through twice: first for
/// the widths, so that those of 100,000 jobs are never in memory together.
pub(super) fn table<const COLUMNS: usize>(
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
    let header = (Some(Style::Strong), header.map(str::to_owned));
    let mut text = String::new();
    for (style, cells) in std::iter::once(header).chain(rows) {
        let padded = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| pad(cell, width));
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

fn width(cell: &str) -> usize {
    cell.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let rows = [
            (None, ["Zoë", "1"].map(str::to_owned)),
            (Some(Style::Good), ["Al", ""].map(str::to_owned)),
        ];
        assert_eq!(
            table(["name", "jobs"], rows.iter().cloned(), Colours::Off),
            "name  jobs\nZoë   1\nAl\n"
        );
        let painted = table(["name", "jobs"], rows.into_iter(), Colours::On);
        assert!(
            painted.ends_with("\u{1b}[0m\nZoë   1\n\u{1b}[32mAl\u{1b}[0m\n"),
            "{painted:?}"
        );
    }
}
