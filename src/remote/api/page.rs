//! Parsing one page of a list while it arrives: a plain array, or an envelope `{"results": […], "next": …}`. Keeps one row in
//! memory at a time.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};

use serde::de::{
    DeserializeOwned, DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde::{Deserialize, Deserializer as _};
use serde_json::Value;

/// Longest link to a page, in bytes: all links of a list are remembered.
const MAX_LINK: usize = 2000;

/// Bytes that are read from the source at a time.
const BUFFER: usize = 64 << 10;

/// A collector of the rows of a list.
pub(super) trait RowSink: Send + 'static {
    /// What is kept of a row while it is read.
    type Row: PageRow;

    /// Adds a row. An error makes the whole list unusable.
    fn push(&mut self, row: Self::Row) -> Result<(), &'static str>;

    /// Notes how many rows the answer says the whole list has.
    fn set_total(&mut self, _rows: u64) {}

    /// Notes the end of a page, and checks whether it had rows that no page before it had.
    fn end_page(&mut self) -> bool {
        true
    }
}

/// A row of a page.
pub(super) trait PageRow: DeserializeOwned {
    /// Longest row, in bytes. A small compressed response can expand to anything.
    const MAX_LENGTH: usize;
}

/// A whole row takes up to a hundred times its own length in memory.
impl PageRow for Value {
    const MAX_LENGTH: usize = 1 << 20;
}

/// A row without the content of lists and objects in it, so that it takes little more memory than its length. A row that
/// is not an object is null.
#[derive(Debug)]
pub(super) struct FlatRow(pub(super) Value);

/// Foreign rows may have texts of any length.
impl PageRow for FlatRow {
    const MAX_LENGTH: usize = 16 << 20;
}

impl<'de> Deserialize<'de> for FlatRow {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FlatVisitor { is_row: true }).map(Self)
    }
}

/// Reads a row, or one of its values, of which only plain ones are kept.
struct FlatVisitor {
    is_row: bool,
}

impl<'de> DeserializeSeed<'de> for FlatVisitor {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FlatVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Null)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = serde_json::Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if self.is_row {
                fields.insert(name, map.next_value_seed(Self { is_row: false })?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(if self.is_row { Value::Object(fields) } else { Value::Null })
    }
}

/// A page that was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// The link to the next page.
    pub(super) next: Option<String>,
    /// The number of rows.
    pub(super) rows: u64,
}

/// Reads one page from `source`, and adds its rows to `rows`.
///
/// # Errors
///
/// If the page is incomplete, is not JSON, is not a list, or contains a row that is far too long. An incomplete list proves
/// nothing.
pub(super) fn read_page<R: RowSink>(
    source: impl Read,
    rows: &mut R,
) -> Result<Page, serde_json::Error> {
    let (since_row, count) = (&Cell::new(0), &Cell::new(0));
    let limited = LimitedReader { source, since_row, longest: R::Row::MAX_LENGTH };
    let buffered = io::BufReader::with_capacity(BUFFER, limited);
    let mut parser = serde_json::Deserializer::from_reader(buffered);
    let next = parser.deserialize_any(ListVisitor { rows, since_row, count })?;
    parser.end()?;
    Ok(Page { next, rows: count.get() })
}

/// A reader that fails if too many bytes come without the end of a row. Bytes read ahead count too, so the limit is exact
/// to within a buffer.
struct LimitedReader<'a, S> {
    source: S,
    since_row: &'a Cell<usize>,
    longest: usize,
}

impl<S: Read> Read for LimitedReader<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        let since = self.since_row.get() + count;
        self.since_row.set(since);
        if since > self.longest {
            let longest = self.longest;
            let message = format!("more than {longest} bytes came without the end of a row");
            return Err(io::Error::other(message));
        }
        Ok(count)
    }
}

/// Parses a list and returns the link to its next page.
struct ListVisitor<'a, R> {
    rows: &'a mut R,
    since_row: &'a Cell<usize>,
    count: &'a Cell<u64>,
}

impl<'de, R: RowSink> Visitor<'de> for ListVisitor<'_, R> {
    type Value = Option<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        while let Some(row) = sequence.next_element::<R::Row>()? {
            self.since_row.set(0);
            self.count.set(self.count.get() + 1);
            self.rows.push(row).map_err(A::Error::custom)?;
        }
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut next = None;
        let mut has_results = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "results" => {
                    let (rows, since_row) = (&mut *self.rows, self.since_row);
                    let count = self.count;
                    map.next_value_seed(ListVisitor { rows, since_row, count })?;
                    has_results = true;
                }
                "next" => {
                    let link = map.next_value::<Value>()?;
                    next = match link.as_str() {
                        None if link.is_null() => None,
                        Some("") => None,
                        Some(url) if url.len() <= MAX_LINK => Some(url.to_owned()),
                        Some(_) | None => return Err(A::Error::custom("`next` is not a link")),
                    };
                }
                "count" => {
                    let count = map.next_value::<Value>()?;
                    self.rows.set_total(count.as_u64().unwrap_or_default());
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if has_results { Ok(next) } else { Err(A::Error::custom("it is an object and not a list")) }
    }
}

/// The `results` of an envelope.
impl<'de, R: RowSink> DeserializeSeed<'de> for ListVisitor<'_, R> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self).map(drop)
    }
}

/// Reads a body that arrives in chunks, for a parser on another thread.
#[derive(Debug)]
pub(super) struct ChannelReader {
    receiver: tokio::sync::mpsc::Receiver<Vec<u8>>,
    current: io::Cursor<Vec<u8>>,
}

impl ChannelReader {
    pub(super) fn new(receiver: tokio::sync::mpsc::Receiver<Vec<u8>>) -> Self {
        Self { receiver, current: io::Cursor::default() }
    }
}

impl Read for ChannelReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.current.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            match self.receiver.blocking_recv() {
                Some(chunk) => self.current = io::Cursor::new(chunk),
                None => return Ok(0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Count(u64);

    impl RowSink for Count {
        type Row = Value;

        fn push(&mut self, row: Value) -> Result<(), &'static str> {
            self.0 += 1;
            if row == "bad" { Err("a bad row") } else { Ok(()) }
        }
    }

    fn read(text: &str) -> Result<(u64, Option<String>), serde_json::Error> {
        let mut count = Count(0);
        let page = read_page(text.as_bytes(), &mut count)?;
        assert_eq!(page.rows, count.0);
        Ok((count.0, page.next))
    }

    #[test]
    fn arrays_and_envelopes_are_lists() {
        assert_eq!(read("[]").unwrap(), (0, None));
        assert_eq!(read("[{},{}] \n").unwrap(), (2, None));
        let envelope = r#"{"count":9,"next":"https://x/?page=2","previous":null,"results":[1]}"#;
        assert_eq!(read(envelope).unwrap(), (1, Some("https://x/?page=2".into())));
        for last in [r#"{"results":[],"next":null}"#, r#"{"results":[]}"#] {
            assert_eq!(read(last).unwrap(), (0, None));
        }
    }

    #[test]
    fn an_incomplete_page_is_not_a_list() {
        let whole = r#"{"results":[{"id":"a"},{"id":"b"}],"next":null}"#;
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).unwrap_err().is_eof(), "{end}");
        }
    }

    #[test]
    fn other_json_is_an_error() {
        for wrong in [
            "{}",
            "null",
            "7",
            r#"{"detail":"no"}"#,
            r#"{"results":{}}"#,
            r#"{"results":[],"next":2}"#,
            "[] []",
            "[1,",
            "<html>",
            r#"["bad"]"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let deep = "[".repeat(10_000);
        assert!(read(&deep).is_err());
    }

    #[test]
    fn the_length_of_a_row_is_limited_and_their_number_is_not() {
        let row = format!(r#"{{"text":"{}"}}"#, "x".repeat(500_000));
        let many = format!("[{row},{row},{row},{row}]");
        assert_eq!(read(&many).unwrap(), (4, None));
        let envelope = format!(r#"{{"count":4,"results":{many},"next":null}}"#);
        assert_eq!(read(&envelope).unwrap(), (4, None));
        let giant = format!("[{}0]", "0,".repeat(1_000_000));
        let long = "x".repeat(2_000_000);
        for wrong in [
            format!("[{giant}]"),
            format!(r#"[{{"text":"{long}"}}]"#),
            format!(r#"{{"{long}":0,"results":[]}}"#),
            format!(r#"{{"other":{giant},"results":[]}}"#),
            format!(r#"{{"results":[{{}}],"next":"{long}"}}"#),
        ] {
            let error = read(&wrong).unwrap_err();
            assert!(!error.is_eof());
            let words = "more than 1048576 bytes came without the end of a row";
            assert!(error.to_string().starts_with(words), "{error}");
        }
        let link = format!(r#"{{"results":[],"next":"{}"}}"#, "x".repeat(3000));
        assert!(read(&link).unwrap_err().to_string().contains("not a link"));
    }

    #[test]
    fn the_content_of_a_flat_row_is_kept_without_nested_values() {
        let read = |text: &str| serde_json::from_str::<FlatRow>(text).unwrap().0;
        let row =
            read(r#"{"id":"a","n":-1.5,"is":true,"no":null,"list":[{"x":[1]}],"map":{"y":2}}"#);
        let kept = serde_json::json!({
            "id": "a", "n": -1.5, "is": true, "no": null, "list": null, "map": null
        });
        assert_eq!(row, kept);
        for other in ["null", "7", "[1]", "\"text\""] {
            assert!(!read(other).is_object(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_list_or_an_error(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _either = read_page(body.as_slice(), &mut Count(0));
        }

        #[test]
        fn any_json_like_text_is_a_list_or_an_error(body in r#"[\[\]{}",:0-9a-z\\ ]{0,80}"#) {
            let _either = read_page(body.as_bytes(), &mut Count(0));
        }
    }
}
