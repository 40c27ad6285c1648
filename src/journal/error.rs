//! The errors of the journal: [`JournalError`].

use std::path::PathBuf;

/// Why the journal cannot be used. The file is unchanged in every case.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// SQLite failed.
    #[error("the journal `{}` cannot be used", path.display())]
    Database {
        /// The journal.
        path: PathBuf,
        /// The error of SQLite.
        source: rusqlite::Error,
    },
    /// The file system is full, a limit or quota is reached, or the disk fails.
    #[error("cannot write the journal `{}`: {reason}", path.display())]
    DiskFull {
        /// The journal.
        path: PathBuf,
        /// What is full or fails.
        reason: String,
    },
    /// Permissions or another program prevent access. The content may be sound.
    #[error("the journal `{}` cannot be accessed", path.display())]
    Inaccessible {
        /// The journal.
        path: PathBuf,
        /// The reason.
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
        /// The journal.
        path: PathBuf,
        /// Its format version.
        found: i32,
        /// The newest format version that this program reads.
        known: i32,
    },
    /// The file is truncated or was changed by another program.
    #[error("the journal `{}` is damaged: {detail}; it was left untouched", path.display())]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The journal belongs to another campaign.
    #[error("the journal `{}` belongs to {found}, not to {wanted}", path.display())]
    OtherCampaign {
        /// The journal.
        path: PathBuf,
        /// The campaign it belongs to.
        found: String,
        /// The campaign that was to be run.
        wanted: String,
    },
    /// The file was deleted or replaced since it was opened. Entries written now would be lost, and another run may
    /// have started in its place.
    #[error("the journal `{}` was deleted or replaced while it was in use", path.display())]
    Replaced {
        /// The journal.
        path: PathBuf,
    },
    /// The journal cannot be created, or its folder cannot be synced.
    #[error("cannot write `{}`", path.display())]
    NotWritable {
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
}
