//! One page of a list, parsed while it arrives: a plain array, or an envelope
//! `{"results": […], "next": …}`. One row at a time is held in memory.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// A row is a few kilobytes; this is room for some hundred times as much. A small answer, compressed, can unpack
/// to anything, and a row takes up to a hundred times its own length in memory.
const LARGEST_ROW: usize = 1 << 20;

/// No link to a page is longer, in bytes; all those of a list are remembered.
const LONGEST_LINK: usize = 2000;

/// Bytes that are read from the source at one time.
const BUFFER: usize = 64 << 10;

/// Who is handed the rows of a list.
pub(super) trait RowSink: Send + 'static {
    /// Takes one row. An error says why the whole list can no longer be relied on.
    fn take(&mut self, row: Value) -> Result<(), &'static str>;
}

/// Where the list goes on.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// This was the last page.
    #[default]
    End,
    /// At this URL.
    At(String),
}

/// Reads one page from `source` and hands its rows to `rows`.
///
/// # Errors
///
/// If the page is cut short, is not JSON, is no list, or holds what is far too large for a row: nothing that was
/// not read to its very end is a list.
pub(super) fn read_page(
    source: impl Read,
    rows: &mut impl RowSink,
) -> Result<Next, serde_json::Error> {
    let since_row = Cell::new(0);
    let metered = LimitedReader {
        source,
        since_row: &since_row,
    };
    let buffered = io::BufReader::with_capacity(BUFFER, metered);
    let mut parser = serde_json::Deserializer::from_reader(buffered);
    let next = parser.deserialize_any(PageVisitor(RowsVisitor {
        rows,
        since_row: &since_row,
    }))?;
    parser.end()?;
    Ok(next)
}

/// A source that ends with an error if too much comes without the end of a row. What is read ahead counts, so the
/// limit is kept to within a buffer.
struct LimitedReader<'a, S> {
    source: S,
    since_row: &'a Cell<usize>,
}

impl<S: Read> Read for LimitedReader<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        let since = self.since_row.get() + count;
        self.since_row.set(since);
        if since > LARGEST_ROW {
            let words = format!("more than {LARGEST_ROW} bytes came without the end of a row");
            return Err(io::Error::other(words));
        }
        Ok(count)
    }
}

struct PageVisitor<'a, R>(RowsVisitor<'a, R>);

impl<'de, R: RowSink> Visitor<'de> for PageVisitor<'_, R> {
    type Value = Next;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<Next, A::Error> {
        self.0.visit_seq(sequence)?;
        Ok(Next::End)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Next, A::Error> {
        let mut next = Next::End;
        let mut has_results = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "results" => {
                    map.next_value_seed(self.0.again())?;
                    has_results = true;
                }
                "next" => {
                    next = match map.next_value::<Value>()? {
                        Value::Null => Next::End,
                        Value::String(url) if url.is_empty() => Next::End,
                        Value::String(url) if url.len() <= LONGEST_LINK => Next::At(url),
                        Value::String(_)
                        | Value::Bool(_)
                        | Value::Number(_)
                        | Value::Array(_)
                        | Value::Object(_) => {
                            return Err(A::Error::custom("`next` is no link"));
                        }
                    };
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if has_results {
            Ok(next)
        } else {
            Err(A::Error::custom("it is an object, and no list"))
        }
    }
}

struct RowsVisitor<'a, R> {
    rows: &'a mut R,
    since_row: &'a Cell<usize>,
}

impl<R> RowsVisitor<'_, R> {
    fn again(&mut self) -> RowsVisitor<'_, R> {
        RowsVisitor {
            rows: self.rows,
            since_row: self.since_row,
        }
    }
}

impl<'de, R: RowSink> Visitor<'de> for RowsVisitor<'_, R> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while let Some(row) = sequence.next_element::<Value>()? {
            self.since_row.set(0);
            self.rows.take(row).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

impl<'de, R: RowSink> DeserializeSeed<'de> for RowsVisitor<'_, R> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

/// The bytes of a body that arrives piece by piece, for a parser on a thread of its own.
#[derive(Debug)]
pub(super) struct ChannelReader {
    receiver: tokio::sync::mpsc::Receiver<Vec<u8>>,
    current: io::Cursor<Vec<u8>>,
}

impl ChannelReader {
    pub(super) fn new(receiver: tokio::sync::mpsc::Receiver<Vec<u8>>) -> Self {
        Self {
            receiver,
            current: io::Cursor::default(),
        }
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
                Some(piece) => self.current = io::Cursor::new(piece),
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
        fn take(&mut self, row: Value) -> Result<(), &'static str> {
            self.0 += 1;
            if row == "bad" {
                Err("a bad row")
            } else {
                Ok(())
            }
        }
    }

    fn read(text: &str) -> Result<(u64, Next), serde_json::Error> {
        let mut count = Count(0);
        let next = read_page(text.as_bytes(), &mut count)?;
        Ok((count.0, next))
    }

    #[test]
    fn arrays_and_envelopes_are_lists() {
        assert_eq!(read("[]").unwrap(), (0, Next::End));
        assert_eq!(read("[{},{}] \n").unwrap(), (2, Next::End));
        let envelope = r#"{"count":9,"next":"https://x/?page=2","previous":null,"results":[1]}"#;
        assert_eq!(
            read(envelope).unwrap(),
            (1, Next::At("https://x/?page=2".into()))
        );
        for last in [r#"{"results":[],"next":null}"#, r#"{"results":[]}"#] {
            assert_eq!(read(last).unwrap(), (0, Next::End));
        }
    }

    #[test]
    fn what_is_cut_short_is_no_list() {
        let whole = r#"{"results":[{"id":"a"},{"id":"b"}],"next":null}"#;
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).unwrap_err().is_eof(), "{end}");
        }
    }

    #[test]
    fn what_is_no_list_is_an_error() {
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
    fn rows_may_be_many_but_none_without_an_end() {
        let row = format!(r#"{{"text":"{}"}}"#, "x".repeat(500_000));
        let many = format!("[{row},{row},{row},{row}]");
        assert_eq!(read(&many).unwrap(), (4, Next::End));
        let envelope = format!(r#"{{"count":4,"results":{many},"next":null}}"#);
        assert_eq!(read(&envelope).unwrap(), (4, Next::End));
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
        assert!(read(&link).unwrap_err().to_string().contains("no link"));
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
