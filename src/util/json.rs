//! JSON whose texts are safe to show.

use std::io::{self, Write};

use super::text::is_unsafe;

/// A writer of JSON that escapes each [unsafe](is_unsafe) character. Outside texts, JSON has none of them.
#[derive(Debug)]
pub(crate) struct SafeJson<W>(pub(crate) W);

impl<W: Write> Write for SafeJson<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The serializer writes whole characters.
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.is_ascii() => escape(text, is_unsafe_in_text, &mut self.0)?,
            Ok(_) | Err(_) => self.0.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Checks whether a character that the serializer did not escape is unsafe.
fn is_unsafe_in_text(c: char) -> bool {
    !c.is_ascii() && is_unsafe(c)
}

/// Returns JSON with its unsafe characters escaped.
pub(crate) fn safe_json(json: &str) -> String {
    let mut safe = Vec::with_capacity(json.len());
    let _ = SafeJson(&mut safe).write_all(json.as_bytes());
    String::from_utf8(safe).expect("it was text before")
}

/// Writes a part of a JSON text with the dangerous characters escaped.
///
/// # Errors
/// If `writer` fails.
pub(crate) fn escape(
    text: &str,
    is_dangerous: impl Fn(char) -> bool,
    mut writer: impl Write,
) -> io::Result<()> {
    let mut rest = text;
    while let Some(place) = rest.find(&is_dangerous) {
        let (safe, from) = rest.split_at(place);
        writer.write_all(safe.as_bytes())?;
        let mut characters = from.chars();
        if let Some(dangerous) = characters.next() {
            for unit in dangerous.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        rest = characters.as_str();
    }
    writer.write_all(rest.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_characters_are_escaped_and_mean_the_same() {
        let text = "a\u{202e}b\u{e0041}c\u{1b}é👍\u{ad}";
        let json = serde_json::to_string(text).unwrap();
        let safe = safe_json(&json);
        assert_eq!(safe, "\"a\\u202eb\\udb40\\udc41c\\u001bé👍\\u00ad\"");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
    }
}
