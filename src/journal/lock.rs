//! The lock of an output folder: one writer at a time.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::util::fs::{Access, OutputDir, create_private_dir, open_own, read_own, write_atomic};
use crate::util::text;

/// Longest description of a lock holder that is shown, in characters.
const MAX_HOLDER: usize = 200;

/// The right to write to an output folder, held until it is dropped. The operating system releases it when the process
/// ends in any way, so there are no stale locks.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// Closing the file is not enough: a child process that is being started shares the open file until it executes its own
/// program.
impl Drop for Lock {
    fn drop(&mut self) {
        // If this fails, closing the file releases the lock too.
        let _ = self.file.unlock();
    }
}

/// Why a lock cannot be acquired.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("another run holds `{}`: {holder}", folder.display())]
    Held {
        /// The output folder.
        folder: PathBuf,
        /// That process's description of itself.
        holder: String,
    },
    /// The folder cannot be written, or its file system does not support locks.
    #[error("cannot write to the output folder `{}`, or not lock it", folder.display())]
    Unavailable {
        /// The output folder.
        folder: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
}

impl Lock {
    /// Acquires the lock of the output folder `folder` without waiting, and creates `.callsheet/` if needed. `holder`
    /// describes this process to others, such as `process 4711 since 2026-11-24T02:00:00Z`.
    ///
    /// # Errors
    /// If another process holds the lock, or the folder cannot be written or locked.
    pub fn acquire(folder: &Path, holder: &str) -> Result<Self, LockError> {
        let unavailable = |source| LockError::Unavailable { folder: folder.to_owned(), source };
        let hidden = OutputDir(folder).state();
        // The folder is private, because the journal holds links to the videos that work without a key.
        create_private_dir(&hidden).map_err(unavailable)?;
        let mut options = File::options();
        options.create(true).truncate(false).read(true).write(true);
        let file = open_own(&OutputDir(folder).lock(), &mut options).map_err(unavailable)?;
        let holder_file = holder_file(folder);
        match file.try_lock() {
            Ok(()) => {
                let write = |file: &mut dyn io::Write| file.write_all(holder.as_bytes());
                write_atomic(&holder_file, Access::Private, write).map_err(unavailable)?;
                Ok(Self { file })
            }
            Err(TryLockError::WouldBlock) => Err(LockError::held(folder)),
            Err(TryLockError::Error(source)) => Err(unavailable(without_locks(&source))),
        }
    }
}

impl LockError {
    /// Returns the error for the output folder `folder`, whose lock another process holds.
    pub(crate) fn held(folder: &Path) -> Self {
        let holder = read_own(&holder_file(folder)).unwrap_or_default();
        let holder = String::from_utf8_lossy(&holder);
        let holder = if holder.is_empty() {
            "an unknown process".to_owned()
        } else {
            text::truncate(&text::sanitize(&holder), MAX_HOLDER)
        };
        Self::Held { folder: folder.to_owned(), holder }
    }
}

/// Returns the file with the description of the process that holds the lock. It is a separate file, because a locked file
/// cannot be read on Windows.
fn holder_file(folder: &Path) -> PathBuf {
    OutputDir(folder).state().join("holder")
}

/// Returns the error of a file system that cannot lock files.
fn without_locks(source: &io::Error) -> io::Error {
    let message = format!(
        "its file system cannot lock files, as some network folders cannot ({source}): use a folder on a local disk"
    );
    io::Error::new(io::ErrorKind::Unsupported, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::fs::LockState;

    #[cfg(unix)]
    #[test]
    fn the_hidden_folder_is_private_and_existing_permissions_stay() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let usual = folder.path().join("usual");
        std::fs::create_dir(&usual).unwrap();
        drop(Lock::acquire(&out, "process 1").unwrap());
        let hidden = OutputDir(&out).state();
        assert_eq!((mode(&out), mode(&hidden)), (mode(&usual), 0o700));
        std::fs::set_permissions(&hidden, std::fs::Permissions::from_mode(0o750)).unwrap();
        drop(Lock::acquire(&out, "process 1").unwrap());
        assert_eq!(mode(&hidden), 0o750);
    }

    #[test]
    fn a_held_lock_names_its_holder_and_is_free_after_the_drop() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::acquire(folder.path(), "process 1").unwrap();
        let Err(LockError::Held { holder, .. }) = Lock::acquire(folder.path(), "process 2") else {
            panic!("the lock was acquired twice");
        };
        assert_eq!(holder, "process 1");
        assert_eq!(LockState::of(folder.path()), LockState::Held);
        drop(first);
        assert_eq!(LockState::of(folder.path()), LockState::Free);
        Lock::acquire(folder.path(), "process 3").unwrap();
    }

    #[test]
    fn a_dropped_lock_is_free_even_while_another_handle_is_open() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::acquire(folder.path(), "process 1").unwrap();
        // As in a child process before it executes its program.
        let _inherited = first.file.try_clone().unwrap();
        drop(first);
        Lock::acquire(folder.path(), "process 2").unwrap();
    }
}
