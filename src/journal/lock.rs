//! One writer at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The right to write to one output folder. Given back when it is dropped, or by the operating
/// system when the process dies in any way at all: there are no stale locks.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// Closing the file would not be enough: a child process that is just being started holds the same open file
/// until it has become its own program.
impl Drop for Lock {
    fn drop(&mut self) {
        // If it fails, the file is closed next, which gives the lock back as well.
        let _ = self.file.unlock();
    }
}

/// Why the lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("another run holds `{}`: {holder}", folder.display())]
    Held {
        /// The output folder.
        folder: PathBuf,
        /// What that process wrote about itself.
        holder: String,
    },
    /// The folder cannot be written to, or its file system has no locks.
    #[error("cannot write to the output folder `{}`, or not lock it", folder.display())]
    Unavailable {
        /// The output folder.
        folder: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

impl Lock {
    /// Takes the lock of the output folder `folder`, creating `.callsheet/` in it if need be. `holder`
    /// describes this process to others, such as `process 4711 since 2026-11-24T02:00:00Z`.
    pub fn acquire(folder: &Path, holder: &str) -> Result<Self, LockError> {
        let unavailable = |source| LockError::Unavailable {
            folder: folder.to_owned(),
            source,
        };
        let hidden = super::file::folder_of(folder);
        create_private(&hidden).map_err(unavailable)?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(hidden.join("lock"))
            .map_err(unavailable)?;
        // The holder's words live beside the lock: on some systems a locked file cannot be read.
        let words = hidden.join("holder");
        match file.try_lock() {
            Ok(()) => {
                let mut description = File::create(&words).map_err(unavailable)?;
                description
                    .write_all(holder.as_bytes())
                    .map_err(unavailable)?;
                Ok(Self { file })
            }
            Err(TryLockError::WouldBlock) => {
                let holder = std::fs::read_to_string(&words)
                    .ok()
                    .filter(|text| !text.is_empty())
                    .unwrap_or_else(|| "a process that did not say who it is".to_owned());
                let holder = holder
                    .chars()
                    .filter(|c| !c.is_control())
                    .take(200)
                    .collect();
                Err(LockError::Held {
                    folder: folder.to_owned(),
                    holder,
                })
            }
            Err(TryLockError::Error(source)) => Err(unavailable(source)),
        }
    }
}

/// Makes the hidden folder, for its owner alone: the journal holds links that are as good as keys for as
/// long as they last. One that exists already keeps the permissions somebody has given it.
pub(super) fn create_private(hidden: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    if let Some(parent) = hidden.parent() {
        builder.create(parent)?;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(hidden)
}

/// Whether a run is going on in an output folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockState {
    /// A process holds the lock.
    Held,
    /// None does.
    Free,
    /// It cannot be found out.
    Unknown,
}

impl LockState {
    /// Tries the lock of `folder` for a moment, without waiting and without creating anything.
    pub fn of(folder: &Path) -> Self {
        let file = match File::open(super::file::folder_of(folder).join("lock")) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_hidden_folder_is_its_owners_alone_and_no_others_permissions_change() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let usual = folder.path().join("usual");
        std::fs::create_dir(&usual).unwrap();
        drop(Lock::acquire(&out, "process 1").unwrap());
        let hidden = crate::journal::file::folder_of(&out);
        assert_eq!((mode(&out), mode(&hidden)), (mode(&usual), 0o700));
        std::fs::set_permissions(&hidden, std::fs::Permissions::from_mode(0o750)).unwrap();
        drop(Lock::acquire(&out, "process 1").unwrap());
        assert_eq!(mode(&hidden), 0o750);
    }

    #[test]
    fn a_second_taker_is_told_who_holds_it_and_a_third_gets_it_after_the_drop() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::acquire(folder.path(), "process 1").unwrap();
        let Err(LockError::Held { holder, .. }) = Lock::acquire(folder.path(), "process 2") else {
            panic!("the lock was given away twice");
        };
        assert_eq!(holder, "process 1");
        assert_eq!(LockState::of(folder.path()), LockState::Held);
        drop(first);
        assert_eq!(LockState::of(folder.path()), LockState::Free);
        Lock::acquire(folder.path(), "process 3").unwrap();
    }

    #[test]
    fn a_lock_is_given_back_even_while_somebody_else_has_its_file_open() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::acquire(folder.path(), "process 1").unwrap();
        // What a child has between its start and its own program.
        let _inherited = first.file.try_clone().unwrap();
        drop(first);
        Lock::acquire(folder.path(), "process 2").unwrap();
    }
}
