//! Files: the layout of an output folder, atomic writes.

use std::fs::{File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// The layout of an output folder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutputDir<'a>(pub(crate) &'a Path);

impl OutputDir<'_> {
    /// The hidden folder for journal, lock, logs and other state: `.callsheet`.
    pub(crate) const STATE: &'static str = ".callsheet";

    /// Returns the hidden folder for journal, lock, logs and other state.
    pub(crate) fn state(self) -> PathBuf {
        self.0.join(Self::STATE)
    }

    /// Returns the journal: a SQLite database.
    pub(crate) fn journal(self) -> PathBuf {
        self.state().join("journal.sqlite")
    }

    /// Returns the file whose lock a run holds.
    pub(crate) fn lock(self) -> PathBuf {
        self.state().join("lock")
    }

    /// Returns the folder of the log files.
    pub(crate) fn logs(self) -> PathBuf {
        self.state().join("logs")
    }

    /// Returns the file with the resolved names of personas and voices.
    pub(crate) fn names(self) -> PathBuf {
        self.state().join("names.json")
    }

    /// Returns the file with the approval.
    pub(crate) fn approval(self) -> PathBuf {
        self.state().join("approval.json")
    }

    /// Returns the file with the address that the sheet was read from.
    pub(crate) fn address(self) -> PathBuf {
        self.state().join("address.json")
    }

    /// Returns the copy of a sheet that was read from an address.
    pub(crate) fn sheet(self, extension: &str) -> PathBuf {
        self.0.join(format!("sheet.{extension}"))
    }

    /// Returns the folder of the embedded sandbox's own record.
    pub(crate) fn sandbox(self) -> PathBuf {
        self.0.join(".sandbox")
    }

    /// Returns the folder of the videos.
    pub(crate) fn videos(self) -> PathBuf {
        self.0.join("videos")
    }

    /// Returns the path of `results.csv`.
    pub(crate) fn results_csv(self) -> PathBuf {
        self.0.join("results.csv")
    }

    /// Returns the path of `results.json`.
    pub(crate) fn results_json(self) -> PathBuf {
        self.0.join("results.json")
    }

    /// Returns the path of the review page.
    pub(crate) fn report_html(self) -> PathBuf {
        self.0.join("report.html")
    }
}

/// The state of the lock of an output folder. It tells an active run from one that crashed, which the journal cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LockState {
    /// A process holds the lock.
    Held,
    /// No process holds the lock.
    Free,
    /// The lock cannot be tested.
    Unknown,
}

impl LockState {
    /// Tests the lock of the output folder `folder` without waiting and without creating anything.
    pub(crate) fn of(folder: &Path) -> Self {
        let file = match File::open(OutputDir(folder).lock()) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::Free,
            Err(_) => return Self::Unknown,
        };
        match file.try_lock_shared() {
            Ok(()) => Self::Free,
            Err(TryLockError::WouldBlock) => Self::Held,
            Err(TryLockError::Error(_)) => Self::Unknown,
        }
    }
}

/// The read permission of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Its owner alone.
    Private,
    /// Everyone the process's umask allows.
    Shared,
}

/// Writes a file atomically: the content goes to a side file that is synced and renamed to `path`. Readers see the
/// old file or the new one, never a part.
///
/// # Errors
/// If the side file cannot be written or renamed; the old file stays.
pub(crate) fn write_atomic(
    path: &Path,
    access: Access,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let parent = path.parent().filter(|folder| *folder != Path::new(""));
    let mut file = side_file(parent.unwrap_or(Path::new(".")), access)?;
    let mut buffer = BufWriter::with_capacity(1 << 16, &mut file);
    content(&mut buffer)?;
    buffer.flush()?;
    drop(buffer);
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn side_file(folder: &Path, access: Access) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".callsheet-");
    #[cfg(unix)]
    if access == Access::Shared {
        use std::os::unix::fs::PermissionsExt as _;
        // Temporary files are private by default.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let _ = access;
    builder.tempfile_in(folder)
}

/// Syncs a folder, so that a renamed or new file in it survives a power failure. Does nothing where folders
/// cannot be synced (Windows).
///
/// # Errors
/// If the folder cannot be opened or synced.
pub(crate) fn sync_dir(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_atomic(&path, Access::Shared, |out| out.write_all(b"old")).unwrap();
        let failed = write_atomic(&path, Access::Shared, |out| {
            out.write_all(b"ne")?;
            Err(io::Error::other("disk full"))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_readable_by_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_atomic(&path, Access::Private, |out| out.write_all(b"x")).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}
