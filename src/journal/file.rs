//! The journal file: its path and its format.

use std::path::{Path, PathBuf};

/// `csht`, in the header of every journal: tells ours from other programs' databases.
pub(super) const APPLICATION_ID: i32 = 0x6373_6874;

/// The version of the format, in `user_version`. A newer one is refused, never guessed at.
pub(super) const FORMAT_VERSION: i32 = 1;

/// The hidden folder of an output folder.
pub(super) fn folder_of(out: &Path) -> PathBuf {
    out.join(".callsheet")
}

pub(super) fn path_of(out: &Path) -> PathBuf {
    folder_of(out).join("journal.sqlite")
}
