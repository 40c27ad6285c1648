//! What kind of file a manifest is: [`detect`], [`locked_workbook`].

use std::path::{Path, PathBuf};

/// The kinds of files that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// CSV and its relatives, in any encoding and with any of the usual delimiters.
    Delimited,
    /// Excel (`.xlsx`, `.xlsm`, `.xlsb`, `.xls`) and `OpenDocument` (`.ods`).
    Workbook,
    /// YAML, and JSON, which is YAML too.
    Yaml,
}

/// The kind of file, by its first bytes where they are certain, else by its extension. What is
/// neither a workbook nor called YAML is taken for CSV.
pub(crate) fn detect(path: &Path, bytes: &[u8]) -> FileKind {
    let is_archive = bytes.starts_with(b"PK\x03\x04");
    let is_old_office = bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]);
    if is_archive || is_old_office {
        return FileKind::Workbook;
    }
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("yaml" | "yml" | "json") => FileKind::Yaml,
        Some("xlsx" | "xlsm" | "xlsb" | "xls" | "ods") => FileKind::Workbook,
        _ => FileKind::Delimited,
    }
}

/// The workbook that `path` marks as open in Excel (`~$book.xlsx`) or LibreOffice (`.~lock.book.xlsx#`).
pub(crate) fn locked_workbook(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let of_libre_office = || name.strip_prefix(".~lock.")?.strip_suffix('#');
    let workbook = path.with_file_name(name.strip_prefix("~$").or_else(of_libre_office)?);
    (detect(&workbook, &[]) == FileKind::Workbook).then_some(workbook)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_tell_more_than_names() {
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
            assert_eq!(detect(Path::new(name), bytes), kind, "{name}");
        }
    }
}
