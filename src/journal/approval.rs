//! The files that store what a person has agreed to: `.callsheet/approval.json` and `.callsheet/accepted.json`.

use std::io;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::{AcceptedTexts, Approval};
use crate::util::fs::{Access, OutputDir, create_private_dir, read_own, write_atomic};

/// Returns the approval for the output folder `out`; `None` if there is none.
///
/// # Errors
/// If the file exists and cannot be read or parsed.
pub(crate) fn read_approval(out: &Path) -> io::Result<Option<Approval>> {
    read(&OutputDir(out).approval())
}

/// Stores `approval` atomically in place of an earlier one. Needs no lock.
///
/// # Errors
/// If the folder cannot be created or the file cannot be written.
pub(crate) fn write_approval(out: &Path, approval: &Approval) -> io::Result<()> {
    write(out, &OutputDir(out).approval(), approval)
}

/// Returns the unfinished texts that were accepted for the output folder `out`. A file that cannot be read accepts none.
pub(crate) fn read_accepted(out: &Path) -> AcceptedTexts {
    read(&OutputDir(out).accepted()).ok().flatten().unwrap_or_default()
}

/// Stores the accepted texts atomically.
///
/// # Errors
/// If the folder cannot be created or the file cannot be written.
pub(crate) fn write_accepted(out: &Path, accepted: &AcceptedTexts) -> io::Result<()> {
    write(out, &OutputDir(out).accepted(), accepted)
}

fn read<T: DeserializeOwned>(file: &Path) -> io::Result<Option<T>> {
    match read_own(file) {
        Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(out: &Path, file: &Path, content: &impl Serialize) -> io::Result<()> {
    // The journal uses the same folder.
    create_private_dir(&OutputDir(out).state())?;
    let json = serde_json::to_vec_pretty(content)?;
    write_atomic(file, Access::Private, |file| file.write_all(&json))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[cfg(unix)]
    #[test]
    fn the_folder_of_an_approval_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("not yet there");
        let approval = Approval::of("spring", &[], None, Timestamp::default());
        write_approval(&out, &approval).unwrap();
        let hidden = std::fs::metadata(OutputDir(&out).state()).unwrap();
        assert_eq!(hidden.permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn an_approval_is_replaced_and_a_truncated_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("not yet there");
        assert_eq!(read_approval(&out).unwrap(), None);
        for by in ["anna", "ben"] {
            let approval = Approval::of("spring", &[], Some(by.into()), Timestamp::default());
            write_approval(&out, &approval).unwrap();
            assert_eq!(read_approval(&out).unwrap(), Some(approval));
        }
        let files = std::fs::read_dir(OutputDir(&out).state()).unwrap().count();
        assert_eq!(files, 1, "no side file is left");
        let file = std::fs::File::options().write(true).open(OutputDir(&out).approval());
        file.unwrap().set_len(5).unwrap();
        assert!(read_approval(&out).is_err());
    }
}
