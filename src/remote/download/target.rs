//! Where a file goes.

use std::io;
use std::path::{Path, PathBuf};

use crate::model::{Failure, FailureKind};

/// A place below the output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    path: PathBuf,
}

impl Target {
    /// The place `relative` (with `/`) below `folder`. Names come checked from the manifest; here they
    /// are checked once more, because what is overwritten is lost.
    pub(super) fn new(folder: &Path, relative: &str) -> Result<Self, Failure> {
        let is_safe = |part: &str| {
            !matches!(part, "" | "." | "..")
                && !part
                    .chars()
                    .any(|c| c.is_control() || matches!(c, '\\' | ':'))
        };
        let stays_inside = relative.split('/').all(is_safe);
        if !stays_inside || relative.starts_with(".callsheet/") {
            return Err(Failure::new(
                FailureKind::Refused,
                format!("`{relative}` is no place for a file in the output folder"),
            ));
        }
        Ok(Self {
            path: relative
                .split('/')
                .fold(folder.to_owned(), |path, part| path.join(part)),
        })
    }

    /// The finished file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file while it is not finished.
    pub(super) fn part(&self) -> PathBuf {
        self.with_suffix(".part")
    }

    /// What is known about the unfinished file.
    pub(super) fn record(&self) -> PathBuf {
        self.with_suffix(".part.json")
    }

    /// The folder it lies in.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    fn with_suffix(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        name.into()
    }
}

/// The system's words about a file of ours.
pub(super) fn local(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        FailureKind::Local,
        format!("cannot write `{}`: {error}", path.display()),
    )
}

/// Makes a rename in `folder` durable. Where folders cannot be synced (Windows), renames are durable by
/// themselves.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_the_folder() {
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
