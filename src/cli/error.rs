//! Errors as they are printed: message, causes, hints, exit code.

use std::fmt::Write as _;

use crate::app;
use crate::model::Exit;

/// An error that ends the program.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// An error of a use case.
    #[error(transparent)]
    App(#[from] app::Error),
    /// An unexpected error at the edge, with its context.
    #[error("{0}")]
    Other(#[from] anyhow::Error),
}

impl Error {
    /// Returns a usage error with advice.
    pub(super) fn usage_with_hint(message: impl Into<String>, hint: impl Into<String>) -> Self {
        app::Error::usage_with_hint(message, hint).into()
    }

    /// Returns the exit code.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::App(error) => error.exit(),
            Self::Other(_) => Exit::Unexpected,
        }
    }

    /// Returns advice, one sentence each.
    pub(super) fn hints(&self) -> Vec<String> {
        match self {
            Self::App(error) => error.hints(),
            Self::Other(_) => Vec::new(),
        }
    }

    /// Returns the message with its causes, without hints.
    pub(super) fn message(&self) -> String {
        app::message(self)
    }

    /// Returns the first line of the message.
    pub(super) fn first_line(&self) -> String {
        let message = self.to_string();
        message.lines().next().unwrap_or_default().to_owned()
    }

    /// Returns the message with its causes and hints, as it is printed.
    pub(super) fn render(&self) -> String {
        let hints = self.hints();
        if matches!(self, Self::App(app::Error::Interrupted { .. })) {
            return format!("{self}\n\n{}\n", hints.join("\n"));
        }
        let mut text = if let Self::App(app::Error::Manifest { problems, .. }) = self {
            format!("{problems}\n")
        } else {
            format!("error: {self}\n")
        };
        for cause in app::causes(self) {
            let _ = writeln!(text, "  caused by: {cause}");
        }
        if !hints.is_empty() {
            text.push('\n');
        }
        for hint in hints {
            let _ = writeln!(text, "hint: {hint}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::path::PathBuf;

    use super::*;
    use crate::app::{DriveError, JournalError};

    #[test]
    fn an_inaccessible_journal_must_not_be_moved_away() {
        let path = || PathBuf::from("spring-output/.callsheet/journal.sqlite");
        let source = || std::io::Error::from(ErrorKind::PermissionDenied);
        for error in [
            JournalError::Inaccessible { path: path(), source: source() },
            JournalError::NotWritable { path: path(), source: source() },
            JournalError::DiskFull { path: path(), reason: "no space left on device".to_owned() },
        ] {
            let text = Error::from(app::Error::from(error)).render();
            assert!(text.contains("spring-output/.callsheet/journal.sqlite"), "{text}");
            assert!(text.contains("nothing was submitted"), "{text}");
            assert!(!text.contains("backup") && !text.contains("away"), "{text}");
        }
    }

    #[test]
    fn a_full_disk_names_the_file() {
        let path = PathBuf::from("spring-output/.callsheet/journal.sqlite");
        let reason = "no space left on device".to_owned();
        let source = JournalError::DiskFull { path, reason };
        let unrecorded = Vec::new();
        let error = Error::from(app::Error::Drive {
            error: Box::new(DriveError::Journal { source, unrecorded }),
            resume: "callsheet run spring.csv".to_owned(),
        });
        let cause = "cannot write the journal `spring-output/.callsheet/journal.sqlite`: no space left on device";
        assert_eq!(
            error.render(),
            format!(
                "error: what happened could not be recorded, so nothing more was submitted\n  \
                 caused by: {cause}\n\n\
                 hint: make room or mend the disk, then: callsheet run spring.csv\n"
            )
        );
        // What programs are told.
        assert!(error.message().ends_with(cause), "{}", error.message());
    }
}
