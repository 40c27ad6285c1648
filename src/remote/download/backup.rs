//! Backups of files that a download would overwrite: other paid videos, which may have been edited.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::util::fs::{earlier_path, open_own, sync_dir};
use crate::util::text::hex;

/// The maximum of backups of one file.
const MAX_BACKUPS: u32 = 10_000;

/// Renames the file at `path`, unless it has this length and this digest, to `x.earlier-1.mp4` or the next free number. The
/// rename is durable when this returns, so that the file has one of the two names after a crash.
///
/// No other process takes the free name meanwhile: one process at a time writes to an output folder.
pub(super) fn backup_existing(path: &Path, length: u64, digest: &str) -> io::Result<()> {
    let existing = match std::fs::symlink_metadata(path) {
        Ok(existing) => existing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if existing.is_file() && existing.len() == length && digest_of(path)? == digest {
        return Ok(());
    }
    std::fs::rename(path, free_name(path)?)?;
    sync_dir(path.parent().unwrap_or(Path::new(".")))
}

fn digest_of(path: &Path) -> io::Result<String> {
    let mut file = open_own(path, File::options().read(true))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hash.finalize())),
            count => hash.update(&buffer[..count]),
        }
    }
}

fn free_name(path: &Path) -> io::Result<PathBuf> {
    for number in 1..=MAX_BACKUPS {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = path.with_file_name(earlier_path(&name, number));
        // A dangling link takes a name too.
        match std::fs::symlink_metadata(&name) {
            Ok(_taken) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(name),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many earlier files of this name"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::download::tests::replace;

    #[test]
    fn another_file_is_renamed_and_an_identical_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.b.mp4");
        let digest = hex(&Sha256::digest(b"new"));
        backup_existing(&path, 3, &digest).unwrap();
        assert!(!path.exists(), "there was no file");

        replace(&path, b"new").unwrap();
        backup_existing(&path, 3, &digest).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new", "it is identical");

        for (number, content) in [(1, b"old"), (2, b"ed.")] {
            replace(&path, content).unwrap();
            backup_existing(&path, 3, &digest).unwrap();
            assert!(!path.exists());
            let kept = folder.path().join(format!("a.b.earlier-{number}.mp4"));
            assert_eq!(std::fs::read(kept).unwrap(), content);
        }
    }
}
