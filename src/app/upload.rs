//! Sheets that are handed over as bytes.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::Error;
use crate::manifest::sanitize_stem;
use crate::util::fs::{open_regular, read_regular, write_new};

/// The extensions of sheets.
const EXTENSIONS: [&str; 11] =
    ["csv", "tsv", "txt", "xlsx", "xlsm", "xlsb", "xls", "ods", "yaml", "yml", "json"];

/// The most files of one name.
const MAX_FILES: u32 = 1_000;

/// Keeps a sheet in `folder`, and returns its path. A file with the same bytes is used as it is; other files are never
/// replaced, so the name may get a number.
///
/// # Errors
/// If the name is not that of a sheet, or the file cannot be written.
pub(crate) fn keep_upload(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, Error> {
    // Browsers give the name alone, other programs may give a path.
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let extension = extension.to_ascii_lowercase();
    if !EXTENSIONS.contains(&&*extension) {
        let message = "this is not a sheet that can be read: its name has another ending";
        return Err(Error::usage_with_hint(message, "use CSV, Excel, OpenDocument or YAML"));
    }
    // Results are read as the campaign that they are of.
    let stem = sanitize_stem(stem).filter(|stem| stem != "results");
    let stem = stem.unwrap_or_else(|| "sheet".to_owned());
    for number in 1..=MAX_FILES {
        let path = folder.join(match number {
            1 => format!("{stem}.{extension}"),
            _ => format!("{stem}-{number}.{extension}"),
        });
        match write_new(&path, bytes) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(Error::io(format!("cannot write `{}`", path.display()))(error));
            }
        }
        let length = open_regular(&path).and_then(|file| file.metadata()).map(|it| it.len());
        let is_same = length.is_ok_and(|length| length == bytes.len() as u64)
            && read_regular(&path).is_ok_and(|other| other == bytes);
        if is_same {
            return Ok(path);
        }
    }
    Err(Error::usage(format!("there are too many files named `{stem}.{extension}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_is_kept_under_a_clean_name_and_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let keep = |name: &str, bytes: &[u8]| {
            let path = keep_upload(folder.path(), name, bytes).ok()?;
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
            assert_eq!(path.parent(), Some(folder.path()));
            Some(path.file_name()?.to_str()?.to_owned())
        };
        for (name, bytes, expected) in [
            ("ads.CSV", "one", "ads.csv"),
            ("ads.csv", "two", "ads-2.csv"),
            ("ads.csv", "one", "ads.csv"),
            ("ads.csv", "two", "ads-2.csv"),
            ("../../etc/spring.xlsx", "x", "spring.xlsx"),
            ("C:\\Users\\me\\spring.xlsx", "x", "spring.xlsx"),
            (".csv", "x", "sheet.csv"),
            ("results.csv", "y", "sheet-2.csv"),
            ("con.csv", "x", "con_.csv"),
        ] {
            assert_eq!(keep(name, bytes.as_bytes()).as_deref(), Some(expected), "{name}");
        }
        for wrong in ["", "ads", ".env", "page.html", "a.csv/", "run.sh"] {
            assert_eq!(keep(wrong, b"x"), None, "{wrong}");
        }
    }
}
