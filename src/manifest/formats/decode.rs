//! Bytes to text: the encodings spreadsheets export.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::manifest::diagnostics::words;

/// A decoded file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decoded {
    /// The text, without byte-order mark.
    pub(crate) text: String,
    /// What the user should know of how it was read.
    pub(crate) note: Option<String>,
}

/// The bytes are no text that can be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Undecodable {
    /// What is wrong.
    pub(crate) message: String,
    /// The text to the end of the line with the first byte that is wrong, as far as it can be read,
    /// and where in it that byte stands; if one byte is to blame.
    pub(crate) shown: Option<(String, usize)>,
}

impl Undecodable {
    fn of_file(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            shown: None,
        }
    }

    fn at(bytes: &[u8], offset: usize, message: impl Into<String>) -> Self {
        let (before, rest) = bytes.split_at(offset);
        let mut text = String::from_utf8_lossy(before).into_owned();
        let start = text.len();
        let line = rest.split(|byte| matches!(byte, b'\r' | b'\n')).next();
        text.push_str(&String::from_utf8_lossy(line.unwrap_or_default()));
        Self {
            message: message.into(),
            shown: Some((text, start)),
        }
    }
}

/// How kinds of files that are no text begin, and what they are called.
const OTHER_KINDS: [(&[u8], &str); 6] = [
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xFF\xD8\xFF", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1F\x8B", "a compressed file"),
    (b"{\\rtf", "a text document (RTF)"),
];

/// Reads UTF-8, UTF-16 of both orders with or without a mark, and Windows-1252, which is said in a
/// note because it is a guess.
pub(crate) fn decode(mut bytes: Vec<u8>) -> Result<Decoded, Undecodable> {
    if bytes.starts_with(&[0xFF, 0xFE, 0, 0]) || bytes.starts_with(&[0, 0, 0xFE, 0xFF]) {
        return Err(Undecodable::of_file(
            "the file is UTF-32, an encoding that is not read",
        ));
    }
    if let Some((_, kind)) = OTHER_KINDS
        .iter()
        .find(|(begin, _)| bytes.starts_with(begin))
    {
        let message = format!("this is {kind}, neither a sheet nor a manifest");
        return Err(Undecodable::of_file(message));
    }
    if let Some((encoding, _)) = Encoding::for_bom(&bytes)
        && encoding != encoding_rs::UTF_8
    {
        return decode_utf_16(&bytes, encoding, None);
    }
    if let Some(encoding) = utf_16_without_mark(&bytes) {
        let note = format!("read as {} (it has no byte-order mark)", encoding.name());
        return decode_utf_16(&bytes, encoding, Some(note));
    }
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        bytes.drain(..3);
    }
    if is_binary(&bytes) {
        let message = "this is no text, but a file of another kind";
        return Err(Undecodable::of_file(message));
    }
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        let message = "here stands a NUL byte, which no text holds";
        return Err(Undecodable::at(&bytes, offset, message));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Decoded { text, note: None }),
        Err(error) => {
            let first_wrong = error.utf8_error().valid_up_to();
            decode_windows_1252(error.as_bytes(), first_wrong)
        }
    }
}

fn decode_utf_16(
    bytes: &[u8],
    encoding: &'static Encoding,
    note: Option<String>,
) -> Result<Decoded, Undecodable> {
    let (text, had_errors) = encoding.decode_with_bom_removal(bytes);
    if had_errors || text.contains('\0') {
        let message = format!(
            "the file is cut off or damaged (it looks like {})",
            encoding.name()
        );
        return Err(Undecodable::of_file(message));
    }
    Ok(Decoded {
        text: text.into_owned(),
        note,
    })
}

/// Whether the beginning of a file has more control characters than any text.
fn is_binary(bytes: &[u8]) -> bool {
    let sample = &bytes[..bytes.len().min(4096)];
    let is_control =
        |byte: &&u8| **byte < 0x20 && !matches!(**byte, b'\t' | b'\n' | 0x0B | 0x0C | b'\r');
    let controls = sample.iter().filter(is_control).count();
    controls > 8 && controls > sample.len() / 20
}

/// UTF-16 of mostly Latin text has a NUL in nearly every second byte.
fn utf_16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(4096)];
    let nul_at = |parity: usize| {
        let bytes = sample.iter().skip(parity).step_by(2);
        bytes.filter(|byte| **byte == 0).count()
    };
    let (even, odd) = (nul_at(0), nul_at(1));
    let enough = sample.len() / 5;
    if odd > enough && even == 0 {
        Some(UTF_16LE)
    } else if even > enough && odd == 0 {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Text that is not UTF-8 is Windows-1252 if nothing speaks against it: valid UTF-8 letters elsewhere
/// in the file (then two encodings are mixed) or bytes that Windows-1252 does not use.
fn decode_windows_1252(bytes: &[u8], first_wrong: usize) -> Result<Decoded, Undecodable> {
    let line = line_of(bytes, first_wrong);
    let valid_letters = bytes
        .utf8_chunks()
        .flat_map(|chunk| chunk.valid().chars())
        .any(|character| !character.is_ascii());
    if valid_letters {
        let message = "the file is UTF-8, but this letter is of another encoding";
        return Err(Undecodable::at(bytes, first_wrong, message));
    }
    let unused = |byte: &u8| matches!(byte, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D);
    if let Some(offset) = bytes.iter().position(unused) {
        let message = "the file is neither UTF-8 nor UTF-16 nor Windows-1252";
        return Err(Undecodable::at(bytes, offset, message));
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    let sample: String = text.lines().nth(line).unwrap_or_default().to_owned();
    let column = bytes[..first_wrong]
        .iter()
        .rev()
        .take_while(|byte| !matches!(byte, b'\r' | b'\n'))
        .count();
    let around: String = sample
        .chars()
        .skip(column.saturating_sub(12))
        .take(40)
        .collect();
    Ok(Decoded {
        note: Some(format!(
            "line {} is not UTF-8, so the file was read as Windows-1252; is {} right? If not, \
             export it as UTF-8",
            line + 1,
            words::quoted(&around)
        )),
        text: text.into_owned(),
    })
}

/// How many line ends stand before `offset`.
fn line_of(bytes: &[u8], offset: usize) -> usize {
    let before = &bytes[..offset];
    let count = |end: u8| before.split(|byte| *byte == end).count() - 1;
    match count(b'\n') {
        0 => count(b'\r'),
        feeds => feeds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf_16(text: &str, big: bool, mark: bool) -> Vec<u8> {
        let units = mark
            .then_some(0xFEFF)
            .into_iter()
            .chain(text.encode_utf16());
        units
            .flat_map(|unit| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect()
    }

    #[test]
    fn every_encoding_gives_the_same_text() {
        let text = "id,text\r\nr1,Grüße – 5 €\r\n";
        let windows = WINDOWS_1252.encode(text).0.into_owned();
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            utf_16(text, false, true),
            utf_16(text, true, true),
            utf_16(text, false, false),
            utf_16(text, true, false),
            windows,
        ] {
            assert_eq!(decode(bytes.clone()).unwrap().text, text, "{bytes:?}");
        }
    }

    #[test]
    fn a_guess_is_said_with_a_sample() {
        let bytes = WINDOWS_1252
            .encode("id,text\r\nr1,Grüße\r\n")
            .0
            .into_owned();
        let note = decode(bytes).unwrap().note.unwrap();
        assert!(
            note.contains("line 2") && note.contains("`r1,Grüße`"),
            "{note}"
        );
        assert_eq!(decode("ä".into()).unwrap().note, None);
    }

    #[test]
    fn what_cannot_be_known_is_refused() {
        for (bytes, shown) in [
            (
                &b"caf\xC3\xA9\nna\xEFve\n"[..],
                Some(("café\nna\u{fffd}ve", 8)),
            ),
            (b"a\n\x81\x40\n", Some(("a\n\u{fffd}@", 2))),
            (b"a\nb\0c\r\nd", Some(("a\nb\0c", 3))),
            (b"\xFF\xFE\0\0a\0\0\0", None),
            (b"\xFF\xFEa\0\0\xD8", None),
            (b"%PDF-1.7\n", None),
            (b"a,b\n\0\x01\x02\x03\x04\x05\x06\x07\x08\x0e\0", None),
        ] {
            let expected = shown.map(|(text, offset)| (text.to_owned(), offset));
            assert_eq!(
                decode(bytes.to_vec()).unwrap_err().shown,
                expected,
                "{bytes:?}"
            );
        }
    }
}
