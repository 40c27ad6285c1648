//! What a server returned: a sheet, or the reason why not.

use reqwest::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap};

use super::SheetError;
use super::address::{SheetAddress, percent_decoded};
use crate::util::text::visible;

/// The first bytes of archives and of old Office documents.
const ARCHIVE: &[u8] = b"PK\x03\x04";
const OLD_OFFICE: &[u8] = b"\xD0\xCF\x11\xE0";

/// Names inside workbooks that tell their kinds apart. Other archives are read as `.xlsx`.
const ARCHIVES: [(&[u8], &str); 2] =
    [(b"application/vnd.oasis.opendocument.spreadsheet", "ods"), (b"xl/workbook.bin", "xlsb")];

/// A received sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SheetFile {
    /// The content.
    pub(crate) bytes: Vec<u8>,
    /// The name that the server gives it: the title of a sheet, with an extension as a rule.
    pub(crate) name: Option<String>,
    /// The extension of its kind.
    pub(crate) extension: &'static str,
}

impl SheetFile {
    /// Checks what the server has sent in answer to the request for `address`.
    pub(super) fn new(
        address: &SheetAddress,
        headers: &HeaderMap,
        bytes: Vec<u8>,
    ) -> Result<Self, SheetError> {
        let SheetAddress { shown, service, .. } = address;
        let media_type = media_type(headers);
        if bytes.trim_ascii().is_empty() {
            let message = format!("`{shown}` is empty");
            return Err(SheetError::new(message, "check that the sheet has rows, and its address"));
        }
        if is_page(&media_type, &bytes) {
            let message = format!("`{shown}` is a web page, not a sheet");
            return Err(SheetError::new(message, service.file_help()));
        }
        let name = file_name(headers);
        let given = name.as_deref().unwrap_or_else(|| address.url.path());
        let given = extension_of(given).unwrap_or_default().to_ascii_lowercase();
        let is_yaml = matches!(given.as_str(), "yaml" | "yml" | "json")
            || media_type.ends_with("yaml")
            || media_type.ends_with("json");
        let extension = if bytes.starts_with(ARCHIVE) {
            let is_inside = |name: &[u8]| memchr::memmem::find(&bytes, name).is_some();
            ARCHIVES.iter().find(|kind| is_inside(kind.0)).map_or("xlsx", |kind| kind.1)
        } else if bytes.starts_with(OLD_OFFICE) {
            "xls"
        } else if is_yaml {
            let message = format!("`{shown}` is not a sheet, but YAML or JSON");
            let help = "only CSV files and workbooks are read from an address, because a manifest has settings: download \
                        it, look at it, and give the file";
            return Err(SheetError::new(message, help));
        } else if given == "tsv" || media_type == "text/tab-separated-values" {
            "tsv"
        } else {
            "csv"
        };
        Ok(Self { bytes, name, extension })
    }
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = value.unwrap_or_default().split(';').next().unwrap_or_default();
    kind.trim().to_ascii_lowercase()
}

/// Checks whether the content is a web page. Servers send CSV as `text/html` too, but no CSV begins with `<`.
fn is_page(media_type: &str, bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let begins_with = |prefix: &[u8]| {
        text.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
    };
    let is_html = matches!(media_type, "text/html" | "application/xhtml+xml");
    begins_with(b"<!doctype html") || begins_with(b"<html") || is_html && begins_with(b"<")
}

/// Returns the file name of `Content-Disposition`: `filename*` (RFC 8187) before `filename`.
fn file_name(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_DISPOSITION)?;
    let value = String::from_utf8_lossy(value.as_bytes());
    let parameters = parameters(&value);
    let find = |wanted: &str| {
        parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, text)| text)
    };
    let extended = find("filename*").and_then(|text| {
        let (charset, rest) = text.split_once('\'')?;
        let (_, encoded) = rest.split_once('\'')?;
        charset.eq_ignore_ascii_case("utf-8").then(|| percent_decoded(encoded))
    });
    let name = extended.or_else(|| find("filename").cloned())?;
    let name = visible(name.rsplit(['/', '\\']).next()?).trim().to_owned();
    (!name.is_empty()).then_some(name)
}

/// Returns the parameters of a header. Values may be quoted.
fn parameters(value: &str) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    let mut rest = value.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, after)) = rest.split_once('=') {
        let mut text = String::new();
        let mut characters = after.trim_start().char_indices().peekable();
        let after = after.trim_start();
        let is_quoted = characters.next_if(|(_, first)| *first == '"').is_some();
        let mut end = after.len();
        while let Some((index, character)) = characters.next() {
            match character {
                '"' if is_quoted => {
                    end = after[index..].find(';').map_or(after.len(), |found| index + found);
                    break;
                }
                ';' if !is_quoted => {
                    end = index;
                    break;
                }
                '\\' if is_quoted => text.extend(characters.next().map(|(_, escaped)| escaped)),
                other => text.push(other),
            }
        }
        parameters.push((name.trim().to_owned(), text.trim().to_owned()));
        rest = after.get(end + 1..).unwrap_or_default();
    }
    parameters
}

/// Returns the extension of a file name.
fn extension_of(name: &str) -> Option<&str> {
    let (_, extension) = name.rsplit_once('.')?;
    (!extension.contains('/')).then_some(extension)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::sheet::address::address;

    fn headers(disposition: &str, media_type: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if !disposition.is_empty() {
            headers.insert(CONTENT_DISPOSITION, disposition.parse().unwrap());
        }
        if !media_type.is_empty() {
            headers.insert(CONTENT_TYPE, media_type.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_title_is_the_name_of_the_file() {
        for (disposition, name) in [
            (
                "attachment; filename=\"Fruhling-Sheet1.csv\"; filename*=UTF-8''Fr%C3%BChling%20-%20Sheet1.csv",
                Some("Frühling - Sheet1.csv"),
            ),
            ("attachment; filename*=utf-8'de'a%3Bb.csv; filename=c.csv", Some("a;b.csv")),
            ("attachment;filename=spring.csv", Some("spring.csv")),
            ("inline; filename=\"a; b \\\"c\\\".csv\" ; x=y", Some("a; b \"c\".csv")),
            ("attachment; filename=\"../../.ssh/a.csv\"", Some("a.csv")),
            ("attachment; filename=\"C:\\\\a\\\\b.csv\"", Some("b.csv")),
            ("attachment; filename*=UTF-8''a%1B%5B2J.csv", Some("a[2J.csv")),
            ("attachment; filename*=latin1''a.csv; filename=b.csv", Some("b.csv")),
            ("attachment; filename=\"\"", None),
            ("attachment; filename=\"open", Some("open")),
            ("attachment", None),
            ("", None),
        ] {
            assert_eq!(file_name(&headers(disposition, "")).as_deref(), name, "{disposition}");
        }
    }

    #[test]
    fn the_kind_is_known_by_content_type_or_name() {
        const ODS: &[u8] = b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet";
        for (bytes, media_type, path, kind) in [
            (&b"text,persona\n"[..], "text/csv; charset=utf-8", "/a", "csv"),
            (b"text,persona\n", "text/html", "/a", "csv"),
            (b"text\tpersona\n", "text/tab-separated-values", "/a", "tsv"),
            (b"text\tpersona\n", "text/plain", "/a.TSV", "tsv"),
            (b"PK\x03\x04xl/workbook.xml", "text/csv", "/a.csv", "xlsx"),
            (b"PK\x03\x04xl/workbook.bin", "", "/a", "xlsb"),
            (ODS, "", "/a", "ods"),
            (b"\xD0\xCF\x11\xE0", "", "/a", "xls"),
        ] {
            let address = address(&format!("https://x.example{path}")).unwrap();
            let file = SheetFile::new(&address, &headers("", media_type), bytes.to_vec());
            assert_eq!(file.unwrap().extension, kind, "{media_type} {path}");
        }
    }

    #[test]
    fn what_is_not_a_sheet_is_explained() {
        for (bytes, media_type, path, message) in [
            (&b""[..], "text/csv", "/a.csv", "is empty"),
            (b"\r\n", "text/csv", "/a.csv", "is empty"),
            (b"\xEF\xBB\xBF<!DOCTYPE html>", "", "/a.csv", "is a web page"),
            (b"<div>Sign in</div>", "text/html; charset=utf-8", "/a.csv", "is a web page"),
            (b"jobs: []", "", "/a.yaml", "YAML"),
            (b"{}", "application/json", "/a", "YAML or JSON"),
        ] {
            let address = address(&format!("https://x.example{path}?key=s3cret")).unwrap();
            let error = SheetFile::new(&address, &headers("", media_type), bytes.to_vec());
            let error = error.unwrap_err();
            assert!(error.message.contains(message), "{error:?}");
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
        let google = address("https://docs.google.com/spreadsheets/d/ID/edit").unwrap();
        let page = SheetFile::new(&google, &headers("", "text/html"), b"<html>".to_vec());
        assert!(page.unwrap_err().help.contains("Anyone with the link"));
    }
}
