//! The file that keeps an approval: `.callsheet/approval.json`.

use std::io::{self, Write as _};
use std::path::Path;

use super::file::folder_of;
use super::lock::create_private;
use crate::model::Approval;

const NAME: &str = "approval.json";

/// What was approved for the output folder `out`; `None` if nothing was.
///
/// # Errors
/// If the file is there and cannot be read or understood.
pub(crate) fn read_approval(out: &Path) -> io::Result<Option<Approval>> {
    let text = match std::fs::read(folder_of(out).join(NAME)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(io::Error::from)
}

/// Keeps `approval` in place of any earlier one, whole or not at all. Needs no lock.
///
/// # Errors
/// If the folder cannot be created or the file not written.
pub(crate) fn write_approval(out: &Path, approval: &Approval) -> io::Result<()> {
    let folder = folder_of(out);
    // Whoever comes first makes it for the journal, too.
    create_private(&folder)?;
    let mut file = tempfile::NamedTempFile::new_in(&folder)?;
    file.write_all(&serde_json::to_vec_pretty(approval)?)?;
    file.as_file().sync_all()?;
    file.persist(folder.join(NAME))
        .map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[cfg(unix)]
    #[test]
    fn the_folder_that_an_approval_makes_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("not yet there");
        let approval = Approval::of("spring", &[], None, Timestamp::default());
        write_approval(&out, &approval).unwrap();
        let hidden = std::fs::metadata(folder_of(&out)).unwrap();
        assert_eq!(hidden.permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn an_approval_is_replaced_whole_and_a_broken_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("not yet there");
        assert_eq!(read_approval(&out).unwrap(), None);
        for by in ["anna", "ben"] {
            let approval = Approval::of("spring", &[], Some(by.into()), Timestamp::default());
            write_approval(&out, &approval).unwrap();
            assert_eq!(read_approval(&out).unwrap(), Some(approval));
        }
        let files = std::fs::read_dir(folder_of(&out)).unwrap().count();
        assert_eq!(files, 1, "nothing is left beside it");
        let path = folder_of(&out).join(NAME);
        std::fs::File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(5)
            .unwrap();
        assert!(read_approval(&out).is_err());
    }
}
