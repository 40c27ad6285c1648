//! The copy of a sheet that was read from an address, in the output folder of its campaign.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::util::fs::{Access, OutputDir, create_private_dir, read_own, sync_dir, write_atomic};
use crate::util::text::sanitize;

/// The extensions of copies. A copy has no other name, whatever the record says.
const EXTENSIONS: [&str; 6] = ["csv", "tsv", "xlsx", "xlsb", "xls", "ods"];

/// The address that an output folder belongs to: `.callsheet/address.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SheetRecord {
    /// A digest of the address, which can be a secret itself.
    pub(crate) digest: String,
    /// The address as it is shown.
    pub(crate) address: String,
    /// The name of the campaign.
    pub(crate) campaign: String,
    /// The name of the sheet without extension, for messages about its cells.
    pub(crate) title: String,
    /// The extension of the copy.
    pub(crate) extension: String,
    /// Whether the campaign is one of the sandbox.
    pub(crate) is_sandbox: bool,
}

impl SheetRecord {
    /// Returns the record of the output folder `out`; `None` if there is none that can be read.
    pub(crate) fn read(out: &Path) -> Option<Self> {
        let text = read_own(&OutputDir(out).address()).ok()?;
        let record: Self = serde_json::from_slice(&text).ok()?;
        // The folder may have come with other files from another person.
        let texts = [&record.address, &record.campaign, &record.title];
        let is_clean = texts.into_iter().all(|text| sanitize(text) == *text);
        (is_clean && EXTENSIONS.contains(&record.extension.as_str())).then_some(record)
    }

    /// Returns the copy in the output folder `out`; `None` if there is none.
    pub(crate) fn read_sheet(&self, out: &Path) -> Option<Vec<u8>> {
        read_own(&OutputDir(out).sheet(&self.extension)).ok()
    }

    /// Stores the record and the copy, each atomically in place of an earlier one.
    ///
    /// # Errors
    /// If the folder cannot be created, a file cannot be written, or another file has the copy's name.
    pub(crate) fn write(&self, out: &Path, sheet: &[u8]) -> io::Result<()> {
        let folder = OutputDir(out);
        let copy = folder.sheet(&self.extension);
        // In this order, because another shard may write the same files, the record first.
        let is_there = copy.symlink_metadata().is_ok();
        let previous = Self::read(out);
        let is_own = previous.as_ref().is_some_and(|record| record.extension == self.extension);
        if is_there && !is_own {
            let name = copy.display();
            let message = format!("`{name}` is another file");
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        create_private_dir(&folder.state())?;
        // The record first: a copy without a record would be taken for a file of the user.
        let json = serde_json::to_vec_pretty(self)?;
        write_atomic(&folder.address(), Access::Private, |file| file.write_all(&json))?;
        sync_dir(&folder.state())?;
        write_atomic(&copy, Access::Shared, |file| file.write_all(sheet))?;
        sync_dir(out)?;
        if let Some(previous) = previous.filter(|record| record.extension != self.extension) {
            match std::fs::remove_file(folder.sheet(&previous.extension)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(extension: &str) -> SheetRecord {
        SheetRecord {
            digest: "d".into(),
            address: "https://x.example/a.csv".into(),
            campaign: "spring".into(),
            title: "Spring".into(),
            extension: extension.into(),
            is_sandbox: false,
        }
    }

    #[test]
    fn a_copy_replaces_the_earlier_one_of_any_kind() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("not yet there");
        assert_eq!(SheetRecord::read(&out), None);
        for (extension, content) in [("csv", "one"), ("csv", "two"), ("xlsx", "three")] {
            record(extension).write(&out, content.as_bytes()).unwrap();
            let read = SheetRecord::read(&out).unwrap();
            assert_eq!(read, record(extension));
            assert_eq!(read.read_sheet(&out).unwrap(), content.as_bytes());
        }
        let names = std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.collect();
        names.sort();
        assert_eq!(names, [".callsheet", "sheet.xlsx"]);
    }

    #[test]
    fn a_file_of_the_user_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("sheet.csv");
        write_atomic(&own, Access::Shared, |file| file.write_all(b"mine")).unwrap();
        let error = record("csv").write(folder.path(), b"theirs").unwrap_err();
        assert!(error.to_string().contains("is another file"), "{error}");
        assert_eq!(std::fs::read(&own).unwrap(), b"mine");
        assert_eq!(SheetRecord::read(folder.path()), None);
    }

    #[test]
    fn a_record_cannot_name_another_file() {
        let folder = tempfile::tempdir().unwrap();
        for extension in ["../../secret", "csv/../../secret", "yaml", ""] {
            create_private_dir(&OutputDir(folder.path()).state()).unwrap();
            let json = serde_json::to_vec(&record(extension)).unwrap();
            let path = OutputDir(folder.path()).address();
            write_atomic(&path, Access::Private, |file| file.write_all(&json)).unwrap();
            assert_eq!(SheetRecord::read(folder.path()), None, "{extension}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_place_of_the_copy_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (out, secret) = (folder.path().join("out"), folder.path().join("secret"));
        write_atomic(&secret, Access::Shared, |file| file.write_all(b"secret")).unwrap();
        record("csv").write(&out, b"sheet").unwrap();
        let copy = out.join("sheet.csv");
        std::fs::remove_file(&copy).unwrap();
        std::os::unix::fs::symlink(&secret, &copy).unwrap();
        assert_eq!(record("csv").read_sheet(&out), None);
        record("csv").write(&out, b"new").unwrap();
        assert_eq!(std::fs::read(&secret).unwrap(), b"secret");
        assert_eq!(record("csv").read_sheet(&out).unwrap(), b"new");
    }
}
