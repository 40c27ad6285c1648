//! The reader of CSV and similar formats: a [`Table`] in which every cell has its place.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use crate::manifest::diagnostics::place::{Place, Source};
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::text::quote;
use crate::manifest::schema::field::Field;
use crate::manifest::schema::languages::is_known_header;
use crate::manifest::schema::names::is_uuid;
use crate::manifest::schema::ratio;
use crate::util::text::plural;

use super::decode::is_line_end;
use super::table::{MAX_TITLE_ROWS, Table, Value};

/// The most columns. Wider files are not sheets of videos, and take much memory.
const MAX_COLUMNS: usize = 2_000;

/// The most cells and the most bytes: the memory they take stays below 512 MB.
const MAX_CELLS: usize = 1_500_000;
pub(crate) const MAX_BYTES: usize = 64_000_000;

/// The most bytes of a cell. Spreadsheets allow 32,767 characters.
const MAX_CELL: usize = 1_000_000;

/// The most wrong quotes after which reading continues.
const MAX_WRONG_QUOTES: usize = 100;

/// The character between two cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delimiter {
    /// `,`
    Comma,
    /// `;`, as Excel writes it where the comma is the decimal sign.
    Semicolon,
    /// A tab, as in Excel's "Unicode text".
    Tab,
    /// `|`
    Pipe,
}

impl Delimiter {
    /// All delimiters, in the order of preference.
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }

    /// Returns the character.
    pub(crate) fn character(self) -> char {
        char::from(self.byte())
    }

    /// Returns the name, as the command line takes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
            Self::Pipe => "pipe",
        }
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The text is not a delimiter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is not one of `comma`, `semicolon`, `tab`, `pipe`", quote(.0))]
pub struct ParseDelimiterError(String);

impl FromStr for Delimiter {
    type Err = ParseDelimiterError;
    /// Parses `comma`, `,`, `semicolon`, `;`, `tab`, `\t`, `pipe`, `|`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "comma" | "," => Ok(Self::Comma),
            "semicolon" | ";" => Ok(Self::Semicolon),
            "tab" | "\t" | "\\t" => Ok(Self::Tab),
            "pipe" | "|" => Ok(Self::Pipe),
            _ => Err(ParseDelimiterError(text.to_owned())),
        }
    }
}

/// Reads a delimited text. Returns `None` if it has no header; `findings` then has the reason, unless the text is empty.
pub(crate) fn read(
    source: &Arc<Source>,
    forced: Option<Delimiter>,
    findings: &mut Findings,
) -> Option<Table> {
    let (mut at, _) = declaration(&source.text);
    let delimiter = delimiter_of(&source.text, forced);
    let lines = Lines { text: &source.text, delimiter: delimiter.byte() };
    let mut wrong_quotes = 0;
    let mut cells = 0;
    let mut rows: Vec<Vec<Value>> = Vec::new();
    let mut columns: Option<RowColumns> = None;
    while let Some(start) = lines.next_start(at) {
        let line = lines.read(start);
        at = line.end;
        if line.cells.len() > MAX_COLUMNS {
            let message = format!("this line has more than {MAX_COLUMNS} cells");
            findings.problem(Problem::at(&Place::bytes(source, start..start), message));
            return None;
        }
        cells += line.cells.len();
        if cells > MAX_CELLS {
            let message = format!("the file has more than {MAX_CELLS} cells up to this line");
            let place = Place::bytes(source, start..start);
            findings.problem(
                Problem::at(&place, message)
                    .help("delete columns that are not needed, or split the file"),
            );
            return None;
        }
        if let Some(cell) = line.cells.iter().find(|cell| cell.range.len() > MAX_CELL) {
            let message = format!("this cell has {} characters", cell.range.len());
            let place = Place::bytes(source, cell.range.start..cell.range.start + 1);
            let help = "is this the right file, and is the delimiter right?";
            findings.problem(Problem::at(&place, message).help(help));
            return None;
        }
        let wrong = columns.as_ref().and_then(|columns| lines.swallowed(&line, columns));
        if let Some(wrong) = wrong.or(line.wrong) {
            at = wrong.resume;
            findings.problem(wrong.problem(source));
            wrong_quotes += 1;
            // Each may take a search to the end of the file.
            if wrong_quotes == MAX_WRONG_QUOTES {
                break;
            }
            continue;
        }
        for cell in line.cells.iter().filter(|cell| cell.has_space_before_quote()) {
            let place = Place::bytes(source, cell.range.clone());
            findings.note(&place, "the space before the quote is ignored");
        }
        let cells = line.cells.iter().map(|cell| {
            let text: Arc<str> = match &cell.quoted {
                Some(quoted) => source.text[quoted.clone()].replace("\"\"", "\"").into(),
                None => source.text[cell.range.clone()].into(),
            };
            Value::new(text, &Place::bytes(source, cell.range.clone()))
        });
        let cells: Vec<Value> = cells.collect();
        if !cells.iter().all(Value::is_blank) {
            // The header may be below a title.
            let has_header = columns.as_ref().is_some_and(|columns| columns.is_header);
            if !has_header && rows.len() <= MAX_TITLE_ROWS as usize {
                let of_row = RowColumns::of(&cells);
                if columns.is_none() || of_row.is_header {
                    columns = Some(of_row);
                }
            }
            rows.push(cells);
        }
    }
    let mut rows = rows.into_iter();
    let header = rows.next()?;
    Some(Table { source: Arc::clone(source), header, rows: rows.collect() })
}

/// Returns the delimiter of a text: `forced`, else the one that the text declares, else the one that suits its first line.
pub(crate) fn delimiter_of(text: &str, forced: Option<Delimiter>) -> Delimiter {
    let (begin, declared) = declaration(text);
    forced.or(declared).unwrap_or_else(|| detect_delimiter(&text[begin..]))
}

/// Reads the lines of a delimited text by [RFC 4180](https://www.rfc-editor.org/rfc/rfc4180), with any kind of line end.
struct Lines<'a> {
    text: &'a str,
    delimiter: u8,
}

/// A line of the table, which is several lines of the file if a quoted cell contains line ends.
struct Line {
    cells: Vec<Cell>,
    /// The offset after the last cell.
    end: usize,
    /// The quote that makes the line unreadable.
    wrong: Option<WrongQuote>,
}

/// A cell as it is written.
struct Cell {
    /// The cell with its quotes.
    range: Range<usize>,
    /// What the quotes contain. Two quotes in it stand for one.
    quoted: Option<Range<usize>>,
}

impl Cell {
    fn has_space_before_quote(&self) -> bool {
        self.quoted.as_ref().is_some_and(|quoted| quoted.start > self.range.start + 1)
    }
}

/// A quote that is wrong, and the offset at which reading resumes.
struct WrongQuote {
    kind: WrongQuoteKind,
    /// The offset of the opening quote.
    open: usize,
    resume: usize,
}

enum WrongQuoteKind {
    /// The file ends before the closing quote.
    Unclosed,
    /// There is text at this offset after the closing quote.
    TextAfter(usize),
    /// The quoted cell contains `lines` lines that look like rows. `second` is the offset of the second one.
    Swallows { lines: usize, second: usize },
}

impl WrongQuote {
    fn problem(&self, source: &Arc<Source>) -> Problem {
        let at = |offset: usize, message: String| {
            Problem::at(&Place::bytes(source, offset..offset + 1), message)
        };
        match self.kind {
            WrongQuoteKind::Unclosed => {
                let lines = plural(source.text[self.open..].lines().count(), "line");
                let message = format!(
                    "this quote is never closed, so the rest of the file ({lines}) is one cell"
                );
                at(self.open, message).help(
                    "close the cell with `\"`; a quote inside a quoted cell is written twice: `\"\"`",
                )
            }
            WrongQuoteKind::TextAfter(offset) => {
                at(offset, "there is text after the quote that closes this cell".to_owned())
                    .help("a quote inside a quoted cell is written twice: `\"say \"\"yes\"\"\"`")
            }
            WrongQuoteKind::Swallows { lines, second } => {
                let message = format!(
                    "this quote makes one cell of {}, which look like rows of the sheet",
                    plural(lines, "line")
                );
                let (_, second) = source.line_at(second);
                at(self.open, message).help(format!(
                    "close the cell with `\"` before the next line, which is {}; if the lines are one text, use a workbook \
                     instead of CSV",
                    quote(second)
                ))
            }
        }
    }
}

impl Lines<'_> {
    /// Returns the offset of the next line that is not empty.
    fn next_start(&self, at: usize) -> Option<usize> {
        let rest = self.text.as_bytes().get(at..)?;
        rest.iter().position(|byte| !is_line_end(*byte)).map(|skipped| at + skipped)
    }

    /// Reads the line that begins at `start`, up to one cell more than a sheet may have.
    fn read(&self, start: usize) -> Line {
        let bytes = self.text.as_bytes();
        let mut line = Line { cells: Vec::new(), end: start, wrong: None };
        loop {
            match self.cell(line.end) {
                Ok(cell) => {
                    line.end = cell.range.end;
                    line.cells.push(cell);
                }
                Err(wrong) => {
                    line.end = wrong.resume;
                    line.wrong = Some(wrong);
                    return line;
                }
            }
            if bytes.get(line.end) != Some(&self.delimiter) || line.cells.len() > MAX_COLUMNS {
                return line;
            }
            line.end += 1;
        }
    }

    /// Reads the cell that begins at `start`. Spaces before a quote are ignored, as far as the cell is a quoted one then.
    fn cell(&self, start: usize) -> Result<Cell, WrongQuote> {
        let bytes = self.text.as_bytes();
        let spaces = bytes[start..].iter().take_while(|byte| **byte == b' ').count();
        let open = start + spaces;
        if bytes.get(open) == Some(&b'"') {
            match self.end_of_quoted(open) {
                Ok((close, end)) => {
                    return Ok(Cell { range: start..end, quoted: Some(open + 1..close) });
                }
                Err(wrong) if spaces == 0 => return Err(wrong),
                Err(_) => {}
            }
        }
        let length = memchr::memchr3(self.delimiter, b'\r', b'\n', &bytes[start..]);
        let end = length.map_or(bytes.len(), |length| start + length);
        Ok(Cell { range: start..end, quoted: None })
    }

    /// Returns the offset of the quote that closes the cell opened at `open`, and the end of the cell: after the spaces
    /// that follow the quote.
    fn end_of_quoted(&self, open: usize) -> Result<(usize, usize), WrongQuote> {
        let bytes = self.text.as_bytes();
        let wrong = |kind, resume| WrongQuote { kind, open, resume };
        let mut close = open + 1;
        loop {
            let Some(distance) = memchr::memchr(b'"', &bytes[close..]) else {
                return Err(wrong(WrongQuoteKind::Unclosed, bytes.len()));
            };
            close += distance;
            if bytes.get(close + 1) != Some(&b'"') {
                break;
            }
            close += 2;
        }
        let spaces = bytes[close + 1..].iter().take_while(|byte| **byte == b' ').count();
        let end = close + 1 + spaces;
        let next = bytes.get(end).copied();
        if next.is_none_or(|next| next == self.delimiter || is_line_end(next)) {
            return Ok((close, end));
        }
        Err(wrong(WrongQuoteKind::TextAfter(end), self.line_end(end)))
    }

    /// Returns the offset of the line end after `at`.
    fn line_end(&self, at: usize) -> usize {
        let length = memchr::memchr2(b'\r', b'\n', &self.text.as_bytes()[at..]);
        length.map_or(self.text.len(), |length| at + length)
    }

    /// Returns the first quote of a line that swallows lines which look like rows.
    fn swallowed(&self, line: &Line, columns: &RowColumns) -> Option<WrongQuote> {
        let closed = line.cells.iter().enumerate().find_map(|(column, cell)| {
            let quoted = cell.quoted.clone()?;
            self.swallows(quoted, column, columns)
        });
        closed.or_else(|| {
            let wrong = line.wrong.as_ref()?;
            let end = match wrong.kind {
                WrongQuoteKind::TextAfter(end) => end,
                WrongQuoteKind::Unclosed => self.text.len(),
                WrongQuoteKind::Swallows { .. } => return None,
            };
            let swallows = self.swallows(wrong.open + 1..end, line.cells.len(), columns)?;
            // Without a closing quote, the better message is that there is none.
            let kind = match wrong.kind {
                WrongQuoteKind::Unclosed => WrongQuoteKind::Unclosed,
                WrongQuoteKind::TextAfter(_) | WrongQuoteKind::Swallows { .. } => swallows.kind,
            };
            Some(WrongQuote { kind, ..swallows })
        })
    }

    /// Returns the quote before `quoted`, the content of a cell of the column `column`, if the content looks like rows.
    fn swallows(
        &self,
        quoted: Range<usize>,
        column: usize,
        columns: &RowColumns,
    ) -> Option<WrongQuote> {
        let content = &self.text[quoted.clone()];
        let first_end = content.find(['\r', '\n'])?;
        // Rows have delimiters; several ratios in a cell, one a line, have none.
        content.find(char::from(self.delimiter))?;
        let lines: Vec<&str> =
            content.split(['\r', '\n']).filter(|line| !line.is_empty()).collect();
        let cells_of = |line: &str| -> Vec<String> {
            let cells = line.split(char::from(self.delimiter));
            cells.map(|cell| cell.trim_matches([' ', '"']).to_owned()).collect()
        };
        let after = &self.text[quoted.end..self.line_end(quoted.end)];
        let last = lines.len().checked_sub(1)?;
        // Prose has spaces after commas.
        let prose = String::from_iter([char::from(self.delimiter), ' ']);
        let mut is_table = columns.ratio.is_none() && columns.width > 2 && lines.len() > 2;
        for (index, line) in lines.iter().enumerate() {
            let before = if index == 0 { column } else { 0 };
            let cells = cells_of(line);
            // The last line continues after the closing quote.
            let rest = if index == last { cells_of(after).len() - 1 } else { 0 };
            let has_all = rest == 0 && before + cells.len() == columns.width;
            let ratio = columns.ratio.and_then(|ratio| cells.get(ratio.checked_sub(before)?));
            let has_ratio = ratio.is_some_and(|ratio| ratio::parse(ratio).is_some());
            let has_persona = cells.len() > 1 && cells.iter().any(|cell| is_uuid(cell));
            let is_prose = line.contains(&prose);
            if has_persona || has_all && has_ratio && !is_prose && columns.width > 2 {
                return Some(self.swallowing(quoted.start - 1, first_end, lines.len()));
            }
            is_table &= !is_prose && before + cells.len() + rest == columns.width;
        }
        is_table.then(|| self.swallowing(quoted.start - 1, first_end, lines.len()))
    }

    fn swallowing(&self, open: usize, first_length: usize, lines: usize) -> WrongQuote {
        let resume = open + 1 + first_length;
        let second = self.next_start(resume).unwrap_or(resume);
        WrongQuote { kind: WrongQuoteKind::Swallows { lines, second }, open, resume }
    }
}

/// What rows of a sheet look like.
struct RowColumns {
    /// Whether they are those of a header, not of a title.
    is_header: bool,
    width: usize,
    /// The column of aspect ratios.
    ratio: Option<usize>,
}

impl RowColumns {
    fn of(header: &[Value]) -> Self {
        let is_ratio = |cell: &Value| {
            Field::find(&cell.text).is_some_and(|(field, _)| field == Field::AspectRatio)
        };
        let known = header.iter().filter(|cell| is_known_header(&cell.text)).take(2).count();
        Self { is_header: known == 2, width: header.len(), ratio: header.iter().position(is_ratio) }
    }
}

/// Returns the offset at which a text begins, and the delimiter that a first line such as `sep=;` declares for Excel.
fn declaration(text: &str) -> (usize, Option<Delimiter>) {
    let is_declaration = |line: &str| {
        let begin = line.trim_start_matches('"').get(..4);
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case("sep="))
    };
    let end = if is_declaration(text) { text.find(['\r', '\n']) } else { Some(0) };
    let end = end.unwrap_or(text.len());
    let line = text[..end].trim_matches('"').to_ascii_lowercase();
    let named = line.strip_prefix("sep=").and_then(|rest| rest.parse().ok());
    let begin = if named.is_some() { end } else { 0 };
    let body = text[begin..].trim_start_matches('\u{feff}');
    (text.len() - body.len(), named)
}

/// Returns the delimiter that splits one of the first lines into the most known columns, or into the most columns if
/// none is known.
fn detect_delimiter(text: &str) -> Delimiter {
    let text = text.trim_start_matches(['\r', '\n', ' ']);
    let score = |delimiter: &Delimiter| {
        let lines = Lines { text, delimiter: delimiter.byte() };
        let score = |line: &Line| {
            let shown = |cell: &Cell| &text[cell.quoted.as_ref().unwrap_or(&cell.range).clone()];
            let known = line.cells.iter().filter(|cell| Field::find(shown(cell)).is_some());
            (known.count(), line.cells.len())
        };
        let first = lines.read(0);
        let mut at = first.end;
        let first = score(&first);
        // The header may be below a title.
        let below = std::iter::from_fn(|| {
            let line = lines.read(lines.next_start(at)?);
            at = line.end;
            Some(score(&line))
        });
        let mut below = below.take(if first.0 < 2 { 20 } else { 0 });
        below.find(|(known, _)| *known > 1).unwrap_or(first)
    };
    // `max_by_key` returns the last of equals, and the comma wins a draw.
    let candidates = Delimiter::ALL.into_iter().rev();
    candidates.max_by_key(score).unwrap_or(Delimiter::Comma)
}

#[cfg(test)]
mod tests {
    use ::csv::{QuoteStyle, Terminator, WriterBuilder};
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn table(text: &str) -> Table {
        let source = Source::of_text("a.csv", text.to_owned());
        let mut findings = Findings::default();
        let table = read(&source, None, &mut findings).unwrap();
        assert_eq!(findings.problems, []);
        table
    }

    fn cells(row: &[Value]) -> Vec<(&str, String)> {
        let place = |cell: &Value| cell.place.label().replace("a.csv:", "");
        row.iter().map(|cell| (cell.text.as_ref(), place(cell))).collect()
    }

    #[test]
    fn every_cell_knows_its_line_and_column() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["id,text", "", "a,\"one", "two\",x", ",", "b,\"q\"\"q\",y"].join(end);
            let table = table(&text);
            assert_eq!(
                cells(&table.header),
                [("id", "1:1".to_owned()), ("text", "1:4".to_owned())]
            );
            assert_eq!(table.rows.len(), 2, "{end:?}");
            let multi_line = format!("one{end}two");
            assert_eq!(
                cells(&table.rows[0]),
                [
                    ("a", "3:1".to_owned()),
                    (multi_line.as_str(), "3:3".to_owned()),
                    ("x", "4:6".to_owned())
                ]
            );
            assert_eq!(
                cells(&table.rows[1]),
                [("b", "6:1".to_owned()), ("q\"q", "6:3".to_owned()), ("y", "6:10".to_owned())]
            );
        }
    }

    #[test]
    fn the_delimiter_is_found_by_the_columns_it_makes() {
        for (header, expected) in [
            ("text,persona", Delimiter::Comma),
            ("text;persona;a,b", Delimiter::Semicolon),
            ("text\tpersona", Delimiter::Tab),
            ("text|persona", Delimiter::Pipe),
            ("\"text; or, so\";persona", Delimiter::Semicolon),
            ("\r\ntext;persona", Delimiter::Semicolon),
            ("text", Delimiter::Comma),
            ("", Delimiter::Comma),
        ] {
            assert_eq!(detect_delimiter(header), expected, "{header:?}");
        }
    }

    #[test]
    fn a_first_line_may_declare_the_delimiter() {
        let table = table("sep=;\r\ntext;persona\r\nhi;x");
        assert_eq!(table.header.len(), 2);
        assert_eq!(cells(&table.rows[0])[1], ("x", "3:4".to_owned()));
    }

    #[test]
    fn an_unclosed_quote_is_shown_where_it_opens() {
        let source = Source::of_text("a.csv", "id,text\nr1,ok\nr2,\"oh no\nr3,ok\n".to_owned());
        let mut findings = Findings::default();
        let table = read(&source, None, &mut findings).unwrap();
        assert_eq!(table.rows.len(), 1);
        assert_eq!(findings.problems[0].place(), "a.csv:3:4");
        assert!(findings.problems[0].message().contains("2 lines"));
    }

    #[test]
    fn quotes_that_are_not_doubled_are_shown_where_the_cell_breaks() {
        for (row, place) in [
            ("r1,\"He said \\\"hi\\\" there\",x", "a.csv:2:15"),
            ("r1,\"a \"b\" c\",x", "a.csv:2:8"),
        ] {
            let source = Source::of_text("a.csv", format!("id,text,y\n{row}\nr2,\"fine\" ,y\n"));
            let mut findings = Findings::default();
            let table = read(&source, None, &mut findings).unwrap();
            assert_eq!(table.rows.len(), 1);
            assert_eq!(findings.problems.len(), 1);
            assert_eq!(findings.problems[0].place(), place);
        }
    }

    fn problems(text: &str) -> Vec<String> {
        let source = Source::of_text("a.csv", text.to_owned());
        let mut findings = Findings::default();
        read(&source, None, &mut findings);
        let problems = findings.problems.iter();
        problems.map(|problem| format!("{} {}", problem.place(), problem.message())).collect()
    }

    #[test]
    fn a_quote_that_swallows_rows_is_shown_where_it_opens() {
        let uuid = "7350375b-9a98-51b8-934d-14d46a645dc2";
        for (text, shown) in [
            (
                "a,\"Hi,Anna,9:16\nb,Ho,Anna,9:16\nc,Bye\",Anna,9:16\n",
                "a.csv:2:3 this quote makes one cell of 3 lines",
            ),
            (
                "a,\"Hi,UUID,9:16\r\nb,Bye\",UUID,9:16\r\n",
                "a.csv:2:3 this quote makes one cell of 2 lines",
            ),
            // The quote of the next row closes the cell.
            (
                "a,\"Hi,Anna,9:16\nb,\"Ho, you\",Anna,9:16\n",
                "a.csv:2:3 this quote makes one cell of 2 lines",
            ),
            (
                "a,\"Hi,Anna,9:16\nb,\"\"\"Ho\"\" she said\",Anna,9:16\n",
                "a.csv:2:3 this quote makes one cell of 2 lines",
            ),
            (
                "a,\"Hi\",Anna,\"9:16\nb,Ho,Anna,9:16\nc,\"Hu\",Anna,9:16\n",
                "a.csv:2:13 this quote makes one cell of 3 lines",
            ),
            (
                "\"a,Hi,Anna,9:16\nb,Ho,Anna,story\nc\",Bye,Anna,9:16\n",
                "a.csv:2:1 this quote makes one cell of 3 lines",
            ),
        ] {
            let shown_problems =
                problems(&format!("id,text,persona,ratio\n{text}").replace("UUID", uuid));
            assert!(shown_problems[0].starts_with(shown), "{text}: {shown_problems:?}");
        }
        // The text is the last column.
        let shown = problems("persona,ratio,text\nAnna,9:16,\"Hi\nBen,1:1,Ho\nCid,1:1,Hu\"\n");
        assert_eq!(shown.len(), 1, "{shown:?}");
        // A sheet of a YAML manifest has neither column.
        let shown = problems("id,name,text\n1,Ann,\"Hi\n2,Ben,Ho\n3,Cid,Hu\"\n");
        assert_eq!(shown.len(), 1, "{shown:?}");
    }

    #[test]
    fn the_rows_below_a_swallowing_quote_are_read() {
        let text = "id,text,persona,ratio\na,\"Hi,Anna,9:16\nb,Ho,Anna,9:16\nc,Bye\",Anna,9:16\nd,Hu,Anna,1:1\n";
        let source = Source::of_text("a.csv", text.to_owned());
        let mut findings = Findings::default();
        let table = read(&source, None, &mut findings).unwrap();
        assert_eq!(table.rows.len(), 3);
        assert_eq!(findings.problems.len(), 1);
        let help = findings.problems[0].help_text().unwrap();
        assert!(help.contains("`b,Ho,Anna,9:16`"), "{help}");
    }

    #[test]
    fn ordinary_texts_of_several_lines_are_one_cell() {
        let texts = [
            "Hello,\nworld",
            "9:16\n1:1",
            "Hi there,\n\nthis is Anna.\n\nBye",
            "Red, green, blue\nBuy one, get one",
            "Dear Ann, Ben, and Cid,\nwe miss you, all of you, really,\nyours, Anna",
            "- milk, fresh\n- bread, white, sliced\n- eggs",
            "1. First, wash it.\n2. Then, dry it, slowly.\n3. Done, finally, at last.",
            "Anna: Hi, Ben, how are you?\nBen: Fine, thanks, and you?\nAnna: Great, really, thanks!",
            "one,two,three\nfour,five,six",
            "one,two\nthree,four\nfive,six",
            "Monday, 9:16\nTuesday, 16:9",
            "Open from 9:00 to 16:00,\nfrom Monday to Friday",
            "We film in 9:16, 1:1 and 16:9,\nwhatever you need",
            "portrait, square, wide\nyou choose, we film, you win",
            "She said \"yes, please\",\nand left",
            "\"Really?\"\n\"Really, really, really.\"",
            "Call 555,123,456\nor 555,123,457",
            "Visit https://example.com/a,b,c\nor mail us",
            "Price: 1,299.00\nwas 1,499.00",
            "First line;\nsecond line; third part;\nend",
            "Tab\tand, comma\nand more, text",
            "A | B\nC | D",
            "\nleading line, and trailing line\n",
            "x\r\ny, z\r\nw",
            "a,b,c,d\ne,f,g,h\ni,j,k,l",
            "Roses are red,\nViolets are blue,\nSugar is sweet,\nAnd so are you.",
            "Ja, ja, ja\nNein, nein, nein\nDoch, doch, doch",
        ];
        for header in ["id,text,persona,ratio", "text,persona,ratio", "id,text,persona,ratio,a,b"] {
            let width = header.split(',').count();
            let mut writer = WriterBuilder::new().from_writer(Vec::new());
            writer.write_record(header.split(',')).unwrap();
            for text in texts {
                let row = ["1", text, "Anna", "9:16", "", ""];
                let begin = usize::from(width == 3);
                writer.write_record(&row[begin..begin + width]).unwrap();
            }
            let written = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            assert_eq!(problems(&written), [""; 0], "{header}");
            assert_eq!(table(&written).rows.len(), texts.len());
        }
    }

    #[test]
    fn a_space_before_a_quote_is_ignored_with_a_note() {
        let text =
            "id, text, \"persona\"\na, \"b, c\", \"d\" \nb, \"Hi\" she said,e\nc, \"open,f\n";
        let source = Source::of_text("a.csv", text.to_owned());
        let mut findings = Findings::default();
        let table = read(&source, None, &mut findings).unwrap();
        let texts =
            |row: &[Value]| row.iter().map(|cell| cell.text.to_string()).collect::<Vec<_>>();
        assert_eq!(texts(&table.header), ["id", " text", "persona"]);
        let rows: Vec<_> = table.rows.iter().map(|row| texts(row)).collect();
        assert_eq!(
            rows,
            [["a", "b, c", "d"], ["b", " \"Hi\" she said", "e"], ["c", " \"open", "f"]]
        );
        assert_eq!(findings.problems, []);
        let places: Vec<&str> = findings.notes.iter().map(|note| note.place.as_str()).collect();
        assert_eq!(places, ["a.csv:1:10", "a.csv:2:3", "a.csv:2:11"]);
    }

    #[test]
    fn a_line_with_too_many_cells_ends_the_file() {
        for text in [format!("text,persona\n{}", ",".repeat(1 << 24)), ",".repeat(2_000)] {
            let shown = problems(&text);
            assert!(shown[0].contains("more than 2000 cells"), "{shown:?}");
        }
        assert_eq!(problems(&format!("text{}", ",".repeat(1_999))), [""; 0]);
        let shown =
            problems(&format!("text\n{}", format!("{}\n", ",".repeat(1_999)).repeat(2_100)));
        assert!(shown[0].contains("more than 1500000 cells"), "{shown:?}");
        let shown = problems(&format!("text\n{}", "x".repeat(1_000_001)));
        assert_eq!(shown, ["a.csv:2:1 this cell has 1000001 characters"]);
    }

    proptest! {
        #[test]
        fn what_the_csv_crate_writes_is_read(
            rows in vec(vec("[a-z,;\t|\" \r\n\u{e4}=']{0,8}", 2), 1..6),
            delimiter in prop::sample::select(Delimiter::ALL.to_vec()),
            quotes in prop::sample::select(vec![QuoteStyle::Always, QuoteStyle::Necessary, QuoteStyle::NonNumeric]),
            ends_with_feed in any::<bool>(),
        ) {
            let end = if ends_with_feed { Terminator::Any(b'\n') } else { Terminator::CRLF };
            let mut writer = WriterBuilder::new()
                .delimiter(delimiter.byte())
                .quote_style(quotes)
                .terminator(end)
                .from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let source = Source::of_text("a.csv", text);
            let mut findings = Findings::default();
            let table = read(&source, Some(delimiter), &mut findings);
            prop_assert_eq!(&findings.problems, &[]);
            let read = table.iter().flat_map(|table| std::iter::once(&table.header).chain(&table.rows));
            let texts = |row: &Vec<Value>| row.iter().map(|cell| cell.text.to_string()).collect::<Vec<_>>();
            let read: Vec<Vec<String>> = read.map(texts).collect();
            let is_blank = |row: &&Vec<String>| row.iter().all(|cell| cell.trim().is_empty());
            let written: Vec<Vec<String>> = rows.iter().filter(|row| !is_blank(row)).cloned().collect();
            prop_assert_eq!(read, written);
        }
    }

    #[test]
    fn an_empty_file_has_no_table() {
        for text in ["", "\r\n\r\n", ",,,\n"] {
            let source = Source::of_text("a.csv", text.to_owned());
            let mut findings = Findings::default();
            assert!(read(&source, None, &mut findings).is_none());
            assert_eq!(findings.problems, []);
        }
    }
}
