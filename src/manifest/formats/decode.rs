//! File types and text encodings.

use std::path::{Path, PathBuf};

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::manifest::diagnostics::text::quote;

/// The kinds of files that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// CSV and similar formats.
    Delimited,
    /// Excel (`.xlsx`, `.xlsm`, `.xlsb`, `.xls`) and `OpenDocument` (`.ods`).
    Workbook,
    /// YAML, including JSON.
    Yaml,
}

impl FileKind {
    /// Detects the kind of a file by its first bytes, then by its extension. The default is CSV.
    pub(crate) fn detect(path: &Path, bytes: &[u8]) -> Self {
        let is_archive = bytes.starts_with(b"PK\x03\x04");
        let is_old_office = bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]);
        if is_archive || is_old_office {
            return Self::Workbook;
        }
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        match extension.to_lowercase().as_str() {
            "yaml" | "yml" | "json" => Self::Yaml,
            "xlsx" | "xlsm" | "xlsb" | "xls" | "ods" => Self::Workbook,
            _ => Self::Delimited,
        }
    }
}

/// Returns the workbook whose lock file `path` is: `~$book.xlsx` of Excel, `.~lock.book.xlsx#` of LibreOffice.
pub(crate) fn locked_workbook(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let of_libre_office = || name.strip_prefix(".~lock.")?.strip_suffix('#');
    let workbook = path.with_file_name(name.strip_prefix("~$").or_else(of_libre_office)?);
    (FileKind::detect(&workbook, &[]) == FileKind::Workbook).then_some(workbook)
}

/// A decoded file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decoded {
    /// The text, without byte-order mark.
    pub(crate) text: String,
    /// A note if the encoding is a guess.
    pub(crate) note: Option<String>,
}

/// The bytes are not a text in a known encoding.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DecodeError {
    pub(crate) message: String,
    /// The text up to the end of the line with the first wrong byte, and the offset of that byte in it, if there is
    /// one.
    pub(crate) place: Option<(String, usize)>,
}

impl DecodeError {
    fn of_file(message: impl Into<String>) -> Self {
        Self { message: message.into(), place: None }
    }

    fn at(bytes: &[u8], offset: usize, message: impl Into<String>) -> Self {
        let (before, rest) = bytes.split_at(offset);
        let mut text = String::from_utf8_lossy(before).into_owned();
        let start = text.len();
        let line = rest.split(|byte| matches!(byte, b'\r' | b'\n')).next();
        text.push_str(&String::from_utf8_lossy(line.unwrap_or_default()));
        Self { message: message.into(), place: Some((text, start)) }
    }
}

/// The first bytes of files that are not text, with their names.
const OTHER_KINDS: [(&[u8], &str); 6] = [
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xFF\xD8\xFF", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1F\x8B", "a compressed file"),
    (b"{\\rtf", "a text document (RTF)"),
];

/// Decodes UTF-8, UTF-16 with or without byte-order mark, and Windows-1252, which is a guess and gets a note.
pub(crate) fn decode(mut bytes: Vec<u8>) -> Result<Decoded, DecodeError> {
    if bytes.starts_with(&[0xFF, 0xFE, 0, 0]) || bytes.starts_with(&[0, 0, 0xFE, 0xFF]) {
        let message = "the file is UTF-32, which is not supported";
        return Err(DecodeError::of_file(message));
    }
    let kind = OTHER_KINDS.iter().find(|kind| bytes.starts_with(kind.0));
    if let Some((_, kind)) = kind {
        let message = format!("this is {kind}, not a sheet or a manifest");
        return Err(DecodeError::of_file(message));
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
        return Err(DecodeError::of_file("this is not a text file"));
    }
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        let message = "there is a NUL byte here, which no text contains";
        return Err(DecodeError::at(&bytes, offset, message));
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
) -> Result<Decoded, DecodeError> {
    let (text, had_errors) = encoding.decode_with_bom_removal(bytes);
    if had_errors || text.contains('\0') {
        let encoding = encoding.name();
        let message = format!("the file is damaged or incomplete (it looks like {encoding})");
        return Err(DecodeError::of_file(message));
    }
    Ok(Decoded { text: text.into_owned(), note })
}

/// Whether the beginning of a file has more control characters than a text.
fn is_binary(bytes: &[u8]) -> bool {
    let sample = &bytes[..bytes.len().min(4096)];
    let is_control =
        |byte: &&u8| **byte < 0x20 && !matches!(**byte, b'\t' | b'\n' | 0x0B | 0x0C | b'\r');
    let controls = sample.iter().filter(is_control).count();
    controls > 8 && controls > sample.len() / 20
}

/// Detects UTF-16 of mostly Latin text: nearly every second byte is NUL.
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

/// Decodes a text that is not UTF-8 as Windows-1252, unless it also has valid UTF-8 letters (two encodings are mixed)
/// or bytes that Windows-1252 does not use.
fn decode_windows_1252(bytes: &[u8], first_wrong: usize) -> Result<Decoded, DecodeError> {
    let has_utf_8_letters = bytes
        .utf8_chunks()
        .flat_map(|chunk| chunk.valid().chars())
        .any(|character| !character.is_ascii());
    if has_utf_8_letters {
        let message = "the file is UTF-8, but this character is in another encoding";
        return Err(DecodeError::at(bytes, first_wrong, message));
    }
    let unused = |byte: &u8| matches!(byte, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D);
    if let Some(offset) = bytes.iter().position(unused) {
        let message = "the file is neither UTF-8 nor UTF-16 nor Windows-1252";
        return Err(DecodeError::at(bytes, offset, message));
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    let line = line_index(bytes, first_wrong);
    let before = bytes[..first_wrong].iter().rev();
    let column = before.take_while(|byte| !matches!(byte, b'\r' | b'\n')).count();
    let sample = text.lines().nth(line).unwrap_or_default().chars();
    let sample: String = sample.skip(column.saturating_sub(12)).take(40).collect();
    Ok(Decoded {
        note: Some(format!(
            "line {} is not UTF-8, so the file was read as Windows-1252; is {} right? If not, export it as UTF-8",
            line + 1,
            quote(&sample)
        )),
        text: text.into_owned(),
    })
}

/// Returns the number of line ends before `offset`.
fn line_index(bytes: &[u8], offset: usize) -> usize {
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
        let units = mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
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
    fn a_guess_has_a_note_with_a_sample() {
        let bytes = WINDOWS_1252.encode("id,text\r\nr1,Grüße\r\n").0.into_owned();
        let note = decode(bytes).unwrap().note.unwrap();
        assert!(note.contains("line 2") && note.contains("`r1,Grüße`"), "{note}");
        assert_eq!(decode("ä".into()).unwrap().note, None);
    }

    #[test]
    fn unknown_encodings_are_refused() {
        for (bytes, shown) in [
            (&b"caf\xC3\xA9\nna\xEFve\n"[..], Some(("café\nna\u{fffd}ve", 8))),
            (b"a\n\x81\x40\n", Some(("a\n\u{fffd}@", 2))),
            (b"a\nb\0c\r\nd", Some(("a\nb\0c", 3))),
            (b"\xFF\xFE\0\0a\0\0\0", None),
            (b"\xFF\xFEa\0\0\xD8", None),
            (b"%PDF-1.7\n", None),
            (b"a,b\n\0\x01\x02\x03\x04\x05\x06\x07\x08\x0e\0", None),
        ] {
            let expected = shown.map(|(text, offset)| (text.to_owned(), offset));
            assert_eq!(decode(bytes.to_vec()).unwrap_err().place, expected, "{bytes:?}");
        }
    }

    #[test]
    fn the_first_bytes_decide_before_the_extension() {
        for (name, bytes, kind) in [
            ("a.csv", &b"text"[..], FileKind::Delimited),
            ("a.csv", b"PK\x03\x04", FileKind::Workbook),
            ("a.tsv", b"text", FileKind::Delimited),
            ("a", b"text", FileKind::Delimited),
            ("-", b"text", FileKind::Delimited),
            ("a.YAML", b"jobs:", FileKind::Yaml),
            ("a.yml", b"jobs:", FileKind::Yaml),
            ("a.json", b"{}", FileKind::Yaml),
            ("a.xls", b"<html>", FileKind::Workbook),
        ] {
            assert_eq!(FileKind::detect(Path::new(name), bytes), kind, "{name}");
        }
    }
}
