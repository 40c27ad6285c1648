//! CSV and its relatives: bytes in, a [`Table`] with the place of every cell out.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::manifest::diagnostics::place::{Place, Source};
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::words;
use crate::manifest::formats::table::{Table, Value};
use crate::manifest::schema::field::Field;
use crate::model::Text;

/// As many columns as a spreadsheet can have.
const MAX_COLUMNS: usize = 16_384;

/// What stands between two cells.
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
    /// All of them; where several fit, the first is taken.
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }

    /// The name, for messages.
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

/// The text is no delimiter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is not one of `comma`, `semicolon`, `tab`, `pipe`", words::quoted(.0))]
pub struct ParseDelimiterError(String);

impl FromStr for Delimiter {
    type Err = ParseDelimiterError;
    /// Reads `comma`, `,`, `semicolon`, `;`, `tab`, `\t`, `pipe`, `|`.
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

/// Reads a delimited text. `None` if nothing in it can be used as a table; `findings` then say why.
pub(crate) fn read(
    source: &Arc<Source>,
    forced: Option<Delimiter>,
    findings: &mut Findings,
) -> Option<Table> {
    let (begin, declared) = declaration(&source.text);
    let body = &source.text[begin..];
    let delimiter = forced.or(declared).unwrap_or_else(|| sniff(body));
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter.byte())
        .from_reader(body.as_bytes());
    let mut records: Vec<Vec<Value>> = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                // Only reached if the reader meets something that decoded text cannot hold.
                let message = format!(
                    "cannot be read as CSV: {}",
                    words::clean(&error.to_string())
                );
                findings.problem(Problem::at(&Place::file(source), message));
                return None;
            }
        }
        let start = record.position().map_or(0, csv::Position::byte);
        let start = begin + usize::try_from(start).unwrap_or(usize::MAX);
        let spans = cell_spans(&source.text, start, delimiter.byte());
        if let Some(opened) = spans.unclosed {
            findings.problem(unclosed_quote(source, opened));
            break;
        }
        if spans.cells.len() > MAX_COLUMNS {
            let message = format!("this line has more than {MAX_COLUMNS} cells");
            findings.problem(Problem::at(&Place::bytes(source, start, start), message));
            return None;
        }
        if let Some(stray) = spans.stray {
            let place = Place::bytes(source, stray, stray + 1);
            let message = "there is text behind the quote that closes this cell";
            let help = "a quote inside a quoted cell is written twice: `\"say \"\"yes\"\"\"`";
            findings.problem(Problem::at(&place, message).help(help));
            continue;
        }
        let end = spans.cells.last().map_or(start, |(_, end)| *end);
        let cells: Vec<Value> = record
            .iter()
            .enumerate()
            .map(|(index, text)| {
                let (start, end) = spans.cells.get(index).copied().unwrap_or((end, end));
                Value {
                    text: cell_text(&source.text, start, end, text),
                    place: Place::bytes(source, start, end),
                }
            })
            .collect();
        if !cells.iter().all(Value::is_blank) {
            records.push(cells);
        }
    }
    let mut records = records.into_iter();
    let header = records.next();
    if header.is_none() && findings.problems.is_empty() {
        findings.problem(
            Problem::at(&Place::file(source), "the file is empty")
                .help("the first line names the columns: `text,persona,aspect_ratio`"),
        );
    }
    Some(Table {
        source: Arc::clone(source),
        header: header?,
        rows: records.collect(),
    })
}

/// The text of the cell whose bytes are `start` to `end`: a piece of the file's text, unless quotes
/// in it had to be undone.
fn cell_text(whole: &Text, start: usize, end: usize, text: &str) -> Text {
    for edge in [0, 1] {
        let range = start + edge..end.saturating_sub(edge);
        if whole.get(range.clone()) == Some(text) {
            return whole.piece(range);
        }
    }
    text.into()
}

fn unclosed_quote(source: &Arc<Source>, opened: usize) -> Problem {
    let place = Place::bytes(source, opened, opened + 1);
    let rest = source.text.get(opened..).unwrap_or_default();
    let lines = words::count(rest.lines().count(), "line", "lines");
    Problem::at(
        &place,
        format!("this quote is never closed, so the rest of the file ({lines}) is one cell"),
    )
    .help("close the cell with `\"`; a quote inside a quoted cell is written twice: `\"\"`")
}

/// A first line `sep=;`, which Excel obeys: where the table begins, and the delimiter it names.
fn declaration(text: &str) -> (usize, Option<Delimiter>) {
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let line = text[..end].trim_matches('"').to_ascii_lowercase();
    let named = line.strip_prefix("sep=").and_then(|rest| rest.parse().ok());
    named.map_or((0, None), |delimiter| (end, Some(delimiter)))
}

/// The delimiter that splits the first line with anything in it into the most columns we know, and
/// if it knows none, into the most columns.
fn sniff(text: &str) -> Delimiter {
    let begin = text.len() - text.trim_start_matches(['\r', '\n', ' ']).len();
    let score = |delimiter: Delimiter| {
        let cells = cell_spans(text, begin, delimiter.byte()).cells;
        let known = cells
            .iter()
            .filter(|(start, end)| Field::find(&text[*start..*end]).is_some())
            .count();
        (known, cells.len())
    };
    // `max_by_key` takes the last of equals, and the comma is to win a draw.
    let candidates = Delimiter::ALL.into_iter().rev();
    candidates
        .max_by_key(|delimiter| score(*delimiter))
        .unwrap_or(Delimiter::Comma)
}

/// The bytes each cell of one record takes, quotes included.
struct CellSpans {
    cells: Vec<(usize, usize)>,
    /// Where a quote was opened that the text does not close.
    unclosed: Option<usize>,
    /// Where text stands behind a closing quote.
    stray: Option<usize>,
}

/// Finds the cells of the record that begins at or after `start`, by the rules of the `csv` crate,
/// which tells the place of a record but not of a cell.
fn cell_spans(text: &str, start: usize, delimiter: u8) -> CellSpans {
    let bytes = text.as_bytes();
    // The reader counts the line ends before a record (and blank lines) to the record.
    let mut at = start.min(bytes.len());
    while bytes
        .get(at)
        .is_some_and(|byte| matches!(byte, b'\r' | b'\n'))
    {
        at += 1;
    }
    let mut cells = Vec::new();
    let mut cell_start = at;
    let mut quoted = false;
    let mut closed = false;
    let mut stray = None;
    while let Some(byte) = bytes.get(at) {
        let rest = &bytes[at..];
        // Most of a cell is its text, in which nothing can happen.
        let next = if quoted {
            memchr::memchr(b'"', rest)
        } else if closed || at == cell_start {
            Some(0)
        } else {
            memchr::memchr3(delimiter, b'\r', b'\n', rest)
        };
        let skipped = next.unwrap_or(rest.len());
        if skipped > 0 {
            at += skipped;
            continue;
        }
        if quoted {
            if *byte == b'"' {
                if bytes.get(at + 1) == Some(&b'"') {
                    at += 1;
                } else {
                    quoted = false;
                    closed = true;
                }
            }
        } else if *byte == b'"' && at == cell_start {
            quoted = true;
        } else if *byte == delimiter && cells.len() <= MAX_COLUMNS {
            cells.push((cell_start, at));
            cell_start = at + 1;
            closed = false;
        } else if matches!(byte, b'\r' | b'\n') {
            break;
        } else if closed && *byte != b' ' {
            stray = stray.or(Some(at));
        }
        at += 1;
    }
    cells.push((cell_start, at.min(bytes.len())));
    CellSpans {
        cells,
        unclosed: quoted.then_some(cell_start),
        stray,
    }
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
        row.iter()
            .map(|cell| (cell.text.as_str(), place(cell)))
            .collect()
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
                [
                    ("b", "6:1".to_owned()),
                    ("q\"q", "6:3".to_owned()),
                    ("y", "6:10".to_owned())
                ]
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
            assert_eq!(sniff(header), expected, "{header:?}");
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
