//! Files that are given in place of a sheet or a manifest by mistake.

use std::path::Path;

use memchr::memmem;

use crate::manifest::diagnostics::problem::Explanation;

/// The first bytes of files that are not text, with their names.
const BINARY: [(&[u8], &str); 13] = [
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xFF\xD8\xFF", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1F\x8B", "a compressed file"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"RIFF", "a recording or a picture"),
    (b"ID3\x03", "a recording"),
    (b"SQLite format 3", "a database"),
    (b"7z\xBC\xAF", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"PAR1\x15", "a data file (Parquet)"),
    (b"ID;PWXL", "a spreadsheet in the old format SYLK"),
];

/// The names of files inside documents, which are archives like workbooks.
const IN_ARCHIVES: [(&[u8], &str); 4] = [
    (b"word/document.xml", "a Word document"),
    (b"ppt/presentation.xml", "a presentation"),
    (b"application/vnd.oasis.opendocument.text", "a text document (OpenDocument)"),
    (b"Index/Document.iwa", "a document of Numbers, Pages or Keynote"),
];

/// The names of files inside workbooks.
const IN_WORKBOOKS: [&[u8]; 4] = [b"[Content_Types].xml", b"content.xml", b"xl/", b"mimetype"];

/// Extensions of files that are never sheets, with what they are and what to do.
const EXTENSIONS: [(&str, &str, &str); 15] = [
    ("gsheet", "a link to a Google Sheet, not the sheet", DOWNLOAD),
    ("fods", "a flat OpenDocument sheet", SAVE_AS_WORKBOOK),
    ("webloc", "a link, not the sheet", ADDRESS),
    ("url", "a link, not the sheet", ADDRESS),
    ("desktop", "a link, not the sheet", ADDRESS),
    ("lnk", "a link, not the sheet", ADDRESS),
    ("gdoc", "a link to a Google document", IN_A_SHEET),
    ("gslides", "a link to a Google presentation", IN_A_SHEET),
    ("numbers", "a Numbers document", EXPORT),
    ("pages", "a Pages document", IN_A_SHEET),
    ("key", "a Keynote presentation", IN_A_SHEET),
    ("docx", "a Word document", IN_A_SHEET),
    ("doc", "a Word document", IN_A_SHEET),
    ("odt", "a text document (OpenDocument)", IN_A_SHEET),
    ("pptx", "a presentation", IN_A_SHEET),
];

const DOWNLOAD: &str = "open it in the browser, and choose File, Download, Microsoft Excel (.xlsx)";
const ADDRESS: &str =
    "give the sheet that it leads to: a file, or the address itself if it is a sheet on the web";
const SAVE_AS_WORKBOOK: &str =
    "open it in a spreadsheet program, and save it as a workbook (.ods, .xlsx) or as CSV";
const EXPORT: &str = "in Numbers, choose File, Export To, CSV or Excel";
const JOBS: &str = "write the jobs as `{\"jobs\": [ ... ]}`, with a comma between two jobs, in a file that ends in `.json`";
const IN_A_SHEET: &str = "put the texts into a sheet with a row for each video";
const SHEET_OF_RESULTS: &str =
    "give the sheet of the campaign, or the `results.csv` beside this file";

/// Returns what a file is that is certainly neither a sheet nor a manifest, and what to do.
pub(crate) fn other_file(path: &Path, bytes: &[u8]) -> Option<Explanation> {
    let this_is = |what: &str, help: &str| Some(Explanation::new(format!("this is {what}"), help));
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    if let Some((_, what, help)) = EXTENSIONS.iter().find(|kind| kind.0 == extension) {
        return this_is(what, help);
    }
    if let Some((_, what)) = BINARY.iter().find(|kind| bytes.starts_with(kind.0)) {
        let help = "export the sheet as \"CSV UTF-8\", or use the workbook itself";
        return this_is(&format!("{what}, not a sheet or a manifest"), help);
    }
    if bytes.starts_with(b"PK\x03\x04") {
        let is_inside = |name: &[u8]| memmem::find(bytes, name).is_some();
        if let Some((_, what)) = IN_ARCHIVES.iter().find(|kind| is_inside(kind.0)) {
            return this_is(what, if what.contains("Numbers") { EXPORT } else { IN_A_SHEET });
        }
        let is_archive = extension == "zip" && !IN_WORKBOOKS.iter().any(|name| is_inside(name));
        return is_archive
            .then(|| this_is("an archive, not a sheet", "unpack it, and give the sheet inside"))?;
    }
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let begins_with = |prefix: &[u8]| {
        text.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
    };
    let is_workbook = matches!(extension.as_str(), "xls" | "xlsx" | "xlsm" | "xlsb" | "ods");
    if !is_workbook && (begins_with(b"<!doctype html") || begins_with(b"<html")) {
        return if path.file_name().is_some_and(|name| name == "report.html") {
            this_is("the page to review a campaign, not its sheet", SHEET_OF_RESULTS)
        } else {
            this_is("a web page, not a sheet", SAVE_AS_WORKBOOK)
        };
    }
    if !is_workbook && begins_with(b"<?xml") {
        let beginning = &text[..text.len().min(2_000)];
        let has = |name: &[u8]| memmem::find(beginning, name).is_some();
        return if has(b"opendocument") || has(b"spreadsheet") || has(b"Excel.Sheet") {
            this_is("a spreadsheet in XML", SAVE_AS_WORKBOOK)
        } else {
            this_is("an XML file, not a sheet", SAVE_AS_WORKBOOK)
        };
    }
    if !is_workbook && (begins_with(b"http://") || begins_with(b"https://")) {
        let is_alone = !text.trim_ascii_end().iter().any(u8::is_ascii_whitespace);
        return is_alone.then(|| this_is("a link, not the sheet", ADDRESS))?;
    }
    other_json(&extension, text)
}

/// Returns what a text in JSON is that is not a manifest.
fn other_json(extension: &str, text: &[u8]) -> Option<Explanation> {
    let this_is = |what: &str, help: &str| Some(Explanation::new(format!("this is {what}"), help));
    let is_lines = matches!(extension, "jsonl" | "ndjson");
    let next = text.get(1..).unwrap_or_default().trim_ascii_start().first();
    match text.first()? {
        b'{' => {
            if memmem::find(text, b"\"estimate_against_actual\":").is_some() {
                return this_is("a file of results for programs, not a sheet", SHEET_OF_RESULTS);
            }
            let is_object = |line: &[u8]| line.starts_with(b"{") && line.ends_with(b"}");
            let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
            let mut lines = lines.filter(|line| !line.is_empty()).take(2);
            let has_object = lines.next().is_some_and(is_object);
            if has_object && (is_lines || lines.next().is_some_and(is_object)) {
                return this_is("a list of JSON lines", JOBS);
            }
            let is_yaml = matches!(extension, "json" | "yaml" | "yml");
            let has_key = |key: &[u8]| memmem::find(text, key).is_some();
            if is_yaml && next == Some(&b'"') && has_key(b"\"text\"") && !has_key(b"\"jobs\"") {
                return this_is("a single job, not a manifest", JOBS);
            }
            (!is_yaml && next == Some(&b'"')).then(|| this_is("JSON, not a sheet", JOBS))?
        }
        b'[' if next == Some(&b'{') => this_is("a list in JSON, not a manifest", JOBS),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_are_recognized_by_name_or_content() {
        for (name, bytes, expected) in [
            (
                "a.gsheet",
                &b"{\"url\": \"https://docs.google.com/\"}"[..],
                "a link to a Google Sheet",
            ),
            ("a.gdoc", b"{}", "a link to a Google document"),
            ("a.NUMBERS", b"PK\x03\x04", "a Numbers document"),
            ("a.pages", b"PK\x03\x04", "a Pages document"),
            ("a.docx", b"PK\x03\x04", "a Word document"),
            ("a.xlsx", b"PK\x03\x04...word/document.xml...", "a Word document"),
            (
                "a.zip",
                b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.text",
                "a text document",
            ),
            ("a.csv", b"%PDF-1.7", "a PDF"),
            ("report.html", b"<!doctype html>", "the page to review"),
            ("a.csv", b"\xEF\xBB\xBF\n<HTML>", "a web page"),
            (
                "results.json",
                b"{\n  \"as_of\": null,\n  \"estimate_against_actual\": []}",
                "a file of results",
            ),
            (
                "a.jsonl",
                b"{\"text\": \"Hi\"}\r\n\r\n{\"text\": \"Ho\"}\r\n",
                "a list of JSON lines",
            ),
            ("a.ndjson", b"{\"text\": \"Hi\"}", "a list of JSON lines"),
            ("-", b"{\"jobs\": []}", "JSON, not a sheet"),
            ("a.json", b"{\"text\": \"Hi\"}", "a single job"),
            ("a.json", b"[{\"text\": \"Hi\"}]", "a list in JSON"),
            ("a.csv", b"[\n  {\"text\": \"Hi\"}\n]", "a list in JSON"),
            ("a.fods", b"<?xml version=\"1.0\"?>", "a flat OpenDocument sheet"),
            ("a.webloc", b"bplist00", "a link"),
            ("a.url", b"[InternetShortcut]", "a link"),
            ("a.txt", b"https://docs.google.com/spreadsheets/d/x/edit\n", "a link"),
            (
                "a.xml",
                b"<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?>",
                "a spreadsheet in XML",
            ),
            ("a.zip", b"PK\x03\x04rows.csv", "an archive"),
            ("a.xlsx", b"PK\x03\x04Index/Document.iwa", "a document of Numbers"),
            ("a.mp3", b"ID3\x03", "a recording"),
        ] {
            let found = other_file(Path::new(name), bytes).unwrap_or_else(|| panic!("{name}"));
            assert!(found.message.starts_with(&format!("this is {expected}")), "{name}: {found:?}");
        }
        for (name, bytes) in [
            ("a.csv", &b"text,persona\n"[..]),
            ("a.xlsx", b"PK\x03\x04xl/workbook.xml"),
            ("a.xls", b"<html>"),
            ("a.json", b"{\"jobs\": []}"),
            ("a.json", b"{\n\"jobs\": [\n{\"text\": \"Hi\"},\n{}\n]}"),
            ("a.csv", b"[id],text,persona\n"),
            ("a.csv", b"https://x/,Hi there,Anna\n"),
            ("a.zip", b"PK\x03\x04[Content_Types].xml"),
            ("a.csv", b"MZ,text"),
            ("-", b"{text},persona\n{x},y\n"),
            ("a.csv", b""),
        ] {
            assert_eq!(other_file(Path::new(name), bytes), None, "{name}");
        }
    }
}
