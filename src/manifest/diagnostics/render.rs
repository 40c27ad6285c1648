//! The line a problem stands in, with a marker under the cell.

use std::fmt;

use unicode_width::UnicodeWidthChar;

use crate::manifest::diagnostics::words::clean_character;

/// How much of a line is shown, in terminal columns.
const SHOWN_WIDTH: usize = 100;
/// How much of a long line is shown before the marker.
const SHOWN_BEFORE: usize = 30;

/// A line of the user's file, made harmless and shortened, with the marked part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// The line's number or the cell's name.
    label: String,
    /// The line; `…` where it was cut.
    line: String,
    /// Terminal columns before the marker.
    indent: usize,
    /// Terminal columns the marker covers; at least 1.
    width: usize,
}

impl Excerpt {
    /// The part of `line` around the bytes `from..to`, which are marked.
    pub(crate) fn new(label: &str, line: &str, from: usize, to: usize) -> Self {
        let width_before: usize = line
            .char_indices()
            .take_while(|(offset, _)| *offset < from)
            .map(|(_, character)| width_of(character))
            .sum();
        let marked = line.get(from.min(line.len())..to.min(line.len()));
        let marked: usize = marked.unwrap_or_default().chars().map(width_of).sum();
        // As much of a long cell as stands behind its beginning is enough.
        let cut_front = width_before + marked.min(SHOWN_BEFORE) > SHOWN_WIDTH;
        let mut skipping = if cut_front {
            width_before - SHOWN_BEFORE
        } else {
            0
        };
        let mut shown = String::new();
        let (mut indent, mut width, mut used) = (0, 0, 0);
        if cut_front {
            shown.push('…');
            (indent, used) = (1, 1);
        }
        for (offset, character) in line.char_indices() {
            let character = clean_character(character);
            let columns = width_of(character);
            if skipping > 0 {
                skipping = skipping.saturating_sub(columns);
                continue;
            }
            if used + columns > SHOWN_WIDTH {
                shown.push('…');
                break;
            }
            shown.push(character);
            used += columns;
            if offset < from {
                indent += columns;
            } else if offset < to {
                width += columns;
            }
        }
        Self {
            label: label.to_owned(),
            line: shown,
            indent,
            width: width.max(1),
        }
    }
}

/// Columns a character takes, once it has been cleaned.
fn width_of(character: char) -> usize {
    clean_character(character).width().unwrap_or(0)
}

impl fmt::Display for Excerpt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let margin = " ".repeat(self.label.len());
        let (indent, marker) = (" ".repeat(self.indent), "^".repeat(self.width));
        writeln!(formatter, " {margin} |")?;
        writeln!(formatter, " {} | {}", self.label, self.line.trim_end())?;
        write!(formatter, " {margin} | {indent}{marker}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_stands_under_the_cell() {
        let excerpt = Excerpt::new("12", "r1,Hello,9:99", 9, 13);
        assert_eq!(
            excerpt.to_string(),
            "    |\n 12 | r1,Hello,9:99\n    |          ^^^^"
        );
    }

    #[test]
    fn wide_and_hidden_characters_do_not_shift_it() {
        let line = "日本\u{1b},x";
        let excerpt = Excerpt::new("1", line, 8, 9);
        assert_eq!(excerpt.indent, 6);
        assert_eq!(excerpt.line, "日本\u{fffd},x");
    }

    #[test]
    fn long_lines_are_cut_around_it() {
        let line = format!("{},here,{}", "a".repeat(500), "b".repeat(500));
        let excerpt = Excerpt::new("1", &line, 501, 505);
        let marked: String = excerpt
            .line
            .chars()
            .skip(excerpt.indent)
            .take(excerpt.width)
            .collect();
        assert_eq!(marked, "here");
        assert!(excerpt.line.starts_with('…') && excerpt.line.ends_with('…'));
        assert!(excerpt.line.chars().count() <= SHOWN_WIDTH + 1);
    }
}
