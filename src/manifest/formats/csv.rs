//! The reader of CSV and similar formats: a [`Table`] in which every cell has its place.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::manifest::diagnostics::place::{Place, Source};
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::text::quote;
use crate::manifest::schema::field::Field;
use crate::util::text::{plural, sanitize};

use super::table::{Table, Value};

/// The most columns of a spreadsheet.
const MAX_COLUMNS: usize = 16_384;

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

/// Reads a delimited text. Returns `None` if it has no header; `findings` then has the reason.
pub(crate) fn read(
    source: &Arc<Source>,
    forced: Option<Delimiter>,
    findings: &mut Findings,
) -> Option<Table> {
    let (begin, declared) = declaration(&source.text);
    let body = source.text[begin..].trim_start_matches('\u{feff}');
    let begin = source.text.len() - body.len();
    let delimiter = forced.or(declared).unwrap_or_else(|| detect_delimiter(body));
    let mut reader = reader(body, delimiter);
    let mut rows: Vec<Vec<Value>> = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let message = format!("cannot be read as CSV: {}", sanitize(&error.to_string()));
                findings.problem(Problem::at(&Place::file(source), message));
                return None;
            }
        }
        let start = record.position().map_or(0, csv::Position::byte);
        let start = begin + usize::try_from(start).unwrap_or(usize::MAX);
        if record.len() > MAX_COLUMNS {
            let message = format!("this line has more than {MAX_COLUMNS} cells");
            findings.problem(Problem::at(&Place::bytes(source, start..start), message));
            return None;
        }
        let cells = cells(source, start, &record, delimiter, findings);
        rows.extend(cells.filter(|cells| !cells.iter().all(Value::is_blank)));
    }
    let mut rows = rows.into_iter();
    let header = rows.next();
    if header.is_none() && findings.problems.is_empty() {
        findings.problem(
            Problem::at(&Place::file(source), "the file is empty")
                .help("the first line names the columns: `text,persona,aspect_ratio`"),
        );
    }
    Some(Table { source: Arc::clone(source), header: header?, rows: rows.collect() })
}

fn reader(text: &str, delimiter: Delimiter) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter.byte())
        .from_reader(text.as_bytes())
}

/// Returns the cells of a record with their places, or `None` if a quote is wrong. `start` is the offset at which the reader
/// began the record.
fn cells(
    source: &Arc<Source>,
    start: usize,
    record: &csv::StringRecord,
    delimiter: Delimiter,
    findings: &mut Findings,
) -> Option<Vec<Value>> {
    let text = source.text.as_str();
    // The reader counts line ends and blank lines before a record as part of it.
    let skipped = text[start..].bytes().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let mut begin = start + skipped.count();
    let mut cells = Vec::with_capacity(record.len());
    for field in record {
        let end = if text.as_bytes().get(begin) == Some(&b'"') {
            end_of_quoted(source, begin, delimiter, findings)?
        } else {
            begin + field.len()
        };
        cells.push(Value::new(field, &Place::bytes(source, begin..end)));
        begin = (end + 1).min(text.len());
    }
    Some(cells)
}

/// Returns the offset after the quoted cell that begins at `begin`, and after the spaces that follow it.
fn end_of_quoted(
    source: &Arc<Source>,
    begin: usize,
    delimiter: Delimiter,
    findings: &mut Findings,
) -> Option<usize> {
    let bytes = source.text.as_bytes();
    let mut at = begin + 1;
    loop {
        let Some(distance) = memchr::memchr(b'"', &bytes[at..]) else {
            let lines = plural(source.text[begin..].lines().count(), "line");
            let message = format!(
                "this quote is never closed, so the rest of the file ({lines}) is one cell"
            );
            let help =
                "close the cell with `\"`; a quote inside a quoted cell is written twice: `\"\"`";
            let place = Place::bytes(source, begin..begin + 1);
            findings.problem(Problem::at(&place, message).help(help));
            return None;
        };
        at += distance + 1;
        if bytes.get(at) != Some(&b'"') {
            break;
        }
        at += 1;
    }
    at += bytes[at..].iter().take_while(|byte| **byte == b' ').count();
    let next = bytes.get(at).copied();
    if next.is_none_or(|next| next == delimiter.byte() || matches!(next, b'\r' | b'\n')) {
        return Some(at);
    }
    let message = "there is text after the quote that closes this cell";
    let help = "a quote inside a quoted cell is written twice: `\"say \"\"yes\"\"\"`";
    let place = Place::bytes(source, at..at + 1);
    findings.problem(Problem::at(&place, message).help(help));
    None
}

/// Returns the delimiter that a first line such as `sep=;` declares for Excel, and the offset after the line.
fn declaration(text: &str) -> (usize, Option<Delimiter>) {
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let line = text[..end].trim_matches('"').to_ascii_lowercase();
    let named = line.strip_prefix("sep=").and_then(|rest| rest.parse().ok());
    named.map_or((0, None), |delimiter| (end, Some(delimiter)))
}

/// Returns the delimiter that splits the first non-blank line into the most known columns, or into the most
/// columns if none is known.
fn detect_delimiter(text: &str) -> Delimiter {
    let text = text.trim_start_matches(['\r', '\n', ' ']);
    let score = |delimiter: &Delimiter| {
        let header = reader(text, *delimiter).into_records().next();
        let header = header.and_then(Result::ok).unwrap_or_default();
        let known = header.iter().filter(|cell| Field::find(cell).is_some());
        (known.count(), header.len())
    };
    // `max_by_key` returns the last of equals, and the comma wins a draw.
    let candidates = Delimiter::ALL.into_iter().rev();
    candidates.max_by_key(score).unwrap_or(Delimiter::Comma)
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn an_empty_file_is_a_problem() {
        for text in ["", "\r\n\r\n", ",,,\n"] {
            let source = Source::of_text("a.csv", text.to_owned());
            let mut findings = Findings::default();
            assert!(read(&source, None, &mut findings).is_none());
            assert_eq!(findings.problems[0].message(), "the file is empty");
        }
    }
}
