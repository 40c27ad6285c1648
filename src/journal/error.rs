//! [`JournalError`].

use std::path::PathBuf;

/// Why the journal cannot be used. In every case it has been left as it was.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The database could not be read or written.
    #[error("the journal `{}` cannot be used", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// SQLite's words.
        source: rusqlite::Error,
    },
    /// The file system is full.
    #[error("cannot write the journal `{}`: no space left on device", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// The file or its folder must not be read or written, or not now. That says nothing of what is in it.
    #[error("the journal `{}` cannot be accessed", path.display())]
    Inaccessible {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a journal.
    #[error("`{}` is not a journal of this program; it was left untouched", path.display())]
    NotAJournal {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer version of the program.
    #[error(
        "the journal `{}` has format {found}, this program knows {known}; it was left untouched",
        path.display()
    )]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i32,
        /// Ours.
        known: i32,
    },
    /// The file is torn or has been changed by something else.
    #[error("the journal `{}` is damaged: {detail}; it was left untouched", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The journal belongs to something else.
    #[error("the journal `{}` belongs to {found}, not to {wanted}", path.display())]
    OtherCampaign {
        /// The file.
        path: PathBuf,
        /// What it belongs to.
        found: String,
        /// What was to be run.
        wanted: String,
    },
    /// The file has been deleted or replaced by somebody else since it was opened. What would be written now
    /// would be lost, and another run may have begun in its place.
    #[error("the journal `{}` was deleted or replaced while it was in use", path.display())]
    Replaced {
        /// The file.
        path: PathBuf,
    },
    /// The folder does not let the journal be made or made durable.
    #[error("cannot write `{}`", path.display())]
    NotWritable {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
}
