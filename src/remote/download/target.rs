//! The target of a download: [`Target`].

use std::io;
use std::path::{Path, PathBuf};

use crate::model::{Failure, FailureKind};
use crate::util::fs::{OutputDir, create_dir_below, describe, part_paths};

/// The path of a file below the output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The output folder.
    root: PathBuf,
    path: PathBuf,
}

impl Target {
    /// Checks the path `relative` (with `/`) below `folder`. The manifest has checked it already; it is checked again
    /// because an overwritten file is lost.
    pub(super) fn new(folder: &Path, relative: &str) -> Result<Self, Failure> {
        let is_safe = |part: &str| {
            !matches!(part, "" | "." | "..")
                && !part.contains(|c: char| c.is_control() || matches!(c, '\\' | ':'))
        };
        let is_hidden = relative.split('/').next() == Some(OutputDir::STATE);
        if is_hidden || !relative.split('/').all(is_safe) {
            return Err(Failure::new(
                FailureKind::Refused,
                format!("`{relative}` is not a valid path in the output folder"),
            ));
        }
        let path = relative.split('/').fold(folder.to_owned(), |path, part| path.join(part));
        Ok(Self { root: folder.to_owned(), path })
    }

    /// Returns the path of the finished file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of the unfinished file.
    pub(super) fn part(&self) -> PathBuf {
        let [part, _] = part_paths(&self.path);
        part
    }

    /// Returns the path of the record of the unfinished file.
    pub(super) fn record(&self) -> PathBuf {
        let [_, record] = part_paths(&self.path);
        record
    }

    /// Returns the folder of the file.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// Creates the folder of the file in the output folder. A link on the way is refused.
    pub(super) fn create_folder(&self) -> io::Result<()> {
        let below = self.folder().strip_prefix(&self.root).unwrap_or(Path::new(""));
        create_dir_below(&self.root, below)
    }
}

/// Returns the failure for an error of the local disk.
pub(super) fn local_failure(path: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot write `{}`: {}", path.display(), describe(error));
    // A folder in the place of one file stands in the way of no other.
    let is_in_place =
        matches!(error.kind(), io::ErrorKind::IsADirectory | io::ErrorKind::DirectoryNotEmpty);
    let kind = if is_in_place { FailureKind::Refused } else { FailureKind::Local };
    Failure::new(kind, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_outside_the_folder_are_refused() {
        let folder = Path::new("out");
        let target = Target::new(folder, "videos/a b.mp4").unwrap();
        assert_eq!(target.path(), Path::new("out/videos/a b.mp4"));
        assert_eq!(target.part(), Path::new("out/videos/a b.mp4.part"));
        for wrong in [
            "",
            "/etc/passwd",
            "../x.mp4",
            "videos/../../x.mp4",
            "videos//x.mp4",
            "./x.mp4",
            "videos/",
            "c:x.mp4",
            "..\\x.mp4",
            "a\0b",
            ".callsheet/journal.sqlite",
        ] {
            let failure = Target::new(folder, wrong).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Refused, "{wrong}");
        }
    }
}
