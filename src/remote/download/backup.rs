//! What already lies where a video is to go: another video that was paid for, perhaps edited since.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::link::hex;
use super::target::sync_folder;

/// Nobody pays for one video so often.
const MOST_EARLIER: u32 = 10_000;

/// Moves the file at `path` out of the way unless its content has this length and this digest: to
/// `x.earlier-1.mp4`, or to the next number that is free. Durable when it returns, so that a video is
/// under one of its two names whatever happens next.
///
/// Nobody else takes the free name meanwhile: one process at a time writes to an output folder.
pub(super) fn backup_existing(path: &Path, length: u64, digest: &str) -> io::Result<()> {
    let known = match std::fs::symlink_metadata(path) {
        Ok(known) => known,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if known.is_file() && known.len() == length && digest_of(path)? == digest {
        return Ok(());
    }
    std::fs::rename(path, free_name(path)?)?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

fn digest_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
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
    let named = |number: u32| {
        let mut name = path.file_stem().unwrap_or_default().to_owned();
        name.push(format!(".earlier-{number}"));
        if let Some(extension) = path.extension() {
            name.push(".");
            name.push(extension);
        }
        path.with_file_name(name)
    };
    for number in 1..=MOST_EARLIER {
        let name = named(number);
        // A link that leads nowhere is a name that is taken, too.
        match std::fs::symlink_metadata(&name) {
            Ok(_taken) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(name),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many earlier videos are kept there"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::download::part::replace;

    #[test]
    fn another_file_is_kept_under_the_next_free_name_and_the_same_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.b.mp4");
        let digest = hex(&Sha256::digest(b"new"));
        backup_existing(&path, 3, &digest).unwrap();
        assert!(!path.exists(), "there was nothing to keep");

        replace(&path, b"new").unwrap();
        backup_existing(&path, 3, &digest).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new", "it is the same");

        for (number, content) in [(1, b"old"), (2, b"ed.")] {
            replace(&path, content).unwrap();
            backup_existing(&path, 3, &digest).unwrap();
            assert!(!path.exists());
            let kept = folder.path().join(format!("a.b.earlier-{number}.mp4"));
            assert_eq!(std::fs::read(kept).unwrap(), content);
        }
    }
}
