//! The file that stores an approval: `.callsheet/approval.json`.

use std::io;
use std::path::Path;

use crate::model::Approval;
use crate::util::fs::{Access, OutputDir, create_private_dir, read_own, write_atomic};

/// Returns the approval for the output folder `out`; `None` if there is none.
///
/// # Errors
/// If the file exists and cannot be read or parsed.
pub(crate) fn read_approval(out: &Path) -> io::Result<Option<Approval>> {
    match read_own(&OutputDir(out).approval()) {
        Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Stores `approval` atomically in place of an earlier one. Needs no lock.
///
/// # Errors
/// If the folder cannot be created or the file cannot be written.
pub(crate) fn write_approval(out: &Path, approval: &Approval) -> io::Result<()> {
    // The journal uses the same folder.
    create_private_dir(&OutputDir(out).state())?;
    let json = serde_json::to_vec_pretty(approval)?;
    write_atomic(&OutputDir(out).approval(), Access::Private, |file| file.write_all(&json))
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
