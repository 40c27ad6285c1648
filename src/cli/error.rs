//! Errors as they are printed: message, causes, hints, exit code.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io::ErrorKind;

use crate::app::{self, DriveError, JournalError, LockError};
use crate::model::{CommandKind, Disposition, Exit, Failure, FailureKind, Flag};
use crate::util::fs::describe;

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
        self.exit_and_hints().0
    }

    /// Returns advice, one sentence each.
    pub(super) fn hints(&self) -> Vec<String> {
        self.exit_and_hints().1
    }

    fn exit_and_hints(&self) -> (Exit, Vec<String>) {
        let error = match self {
            Self::App(error) => error,
            Self::Other(_) => return (Exit::Unexpected, Vec::new()),
        };
        let (exit, hint) = match error {
            app::Error::Usage { hint, .. } | app::Error::Manifest { hint, .. } => {
                return (Exit::Usage, hint.iter().cloned().collect());
            }
            app::Error::Stopped { hints, .. } => return (Exit::StoppedEarly, hints.clone()),
            app::Error::Drive { error, resume } => return drive_hints(error, resume),
            app::Error::Remote(_) => return (Exit::Usage, Vec::new()),
            app::Error::Interrupted { resume } => {
                (Exit::Interrupted, format!("to resume this run:\n{resume}"))
            }
            app::Error::Held { status, .. } => (
                Exit::Held,
                format!("wait for it with `{} 10m`, or look at it with `{status}`", Flag::LockWait),
            ),
            app::Error::Lock(error) => (
                match error {
                    LockError::Held { .. } => Exit::Held,
                    LockError::Unavailable { .. } => Exit::Unexpected,
                },
                format!(
                    "nothing was submitted; choose a folder that can be written to with `{} DIR`",
                    Flag::Out
                ),
            ),
            app::Error::Journal(error @ JournalError::OtherCampaign { .. }) => {
                (Exit::Usage, journal_hint(error))
            }
            app::Error::Journal(error) => (Exit::Unexpected, journal_hint(error)),
            app::Error::Restore(_) => (Exit::Unexpected, RESTORE_JOURNAL.to_owned()),
            app::Error::Results { report, .. } => (
                Exit::Unexpected,
                format!(
                    "nothing that was paid for is lost: it is in the journal; make room or make the folder \
                     writable, then `{report}` writes the results"
                ),
            ),
            app::Error::Lookup(failure) | app::Error::Provider(failure)
                if failure.kind == FailureKind::NotFromApi =>
            {
                let hint = format!(
                    "nothing was submitted; look at the network between this machine and the API: a firewall, a proxy or \
                     the network's sign-in page; or at the address, `{}`",
                    Flag::BaseUrl
                );
                (Exit::Refused, hint)
            }
            app::Error::Lookup(failure) => (
                exit_of_read(failure),
                "repeat the command when the provider can be reached; a sheet with UUIDs needs no lookup"
                    .to_owned(),
            ),
            app::Error::Provider(failure) if failure.kind == FailureKind::Unauthorised => (
                exit_of_read(failure),
                "nothing was submitted; check `CREATIFY_API_ID` and `CREATIFY_API_KEY`".to_owned(),
            ),
            app::Error::Provider(failure) if failure.kind == FailureKind::NotSent => {
                let hint = "check the network, the address and `HTTPS_PROXY`";
                (exit_of_read(failure), hint.to_owned())
            }
            app::Error::Provider(failure) => return (exit_of_read(failure), Vec::new()),
            app::Error::Io { .. } => return (Exit::Unexpected, Vec::new()),
        };
        (exit, vec![hint])
    }

    /// Returns the message with its causes, without hints.
    pub(super) fn message(&self) -> String {
        let causes = self.causes().into_iter();
        let parts: Vec<String> = std::iter::once(self.to_string()).chain(causes).collect();
        parts.join(": ")
    }

    /// Returns the first line of the message.
    pub(super) fn first_line(&self) -> String {
        let message = self.to_string();
        message.lines().next().unwrap_or_default().to_owned()
    }

    /// Returns the messages of the causes, the nearest first.
    fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut cause = self.source();
        // A transparent wrapper has the message of its cause.
        let mut last = self.to_string();
        while let Some(error) = cause {
            let message = error.downcast_ref().map_or_else(|| error.to_string(), describe);
            if message != last {
                causes.push(message.clone());
            }
            last = message;
            cause = error.source();
        }
        causes
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
        for cause in self.causes() {
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

/// Returns the exit code for a failed request that costs nothing.
fn exit_of_read(failure: &Failure) -> Exit {
    use FailureKind::{Lost, NotSent, ServerError, Throttled};
    if matches!(failure.kind, NotSent | Lost | ServerError | Throttled) {
        Exit::Unreachable
    } else if failure.disposition(CommandKind::List) == Disposition::StopRun {
        Exit::Refused
    } else {
        Exit::Unexpected
    }
}

const RESTORE_JOURNAL: &str = "nothing was submitted; restore the folder `.callsheet` from a backup, or move it away: \
                               what was paid for is then found again at the provider";

fn journal_hint(error: &JournalError) -> String {
    match error {
        JournalError::OtherCampaign { .. } => format!(
            "nothing was submitted; give this campaign a folder of its own with `{} DIR`",
            Flag::Out
        ),
        JournalError::NewerFormat { .. } => {
            "nothing was submitted; use the newer version of this program".to_owned()
        }
        JournalError::DiskFull { .. } => {
            "nothing was submitted; make room or raise the limit, then give the same command again".to_owned()
        }
        JournalError::Inaccessible { source, .. } | JournalError::NotWritable { source, .. }
            if source.kind() == ErrorKind::Unsupported =>
        {
            format!("nothing was submitted; choose a folder on a local disk with `{} DIR`", Flag::Out)
        }
        JournalError::Inaccessible { source, .. } if source.kind() == ErrorKind::InvalidInput => {
            "nothing was submitted; look where it leads, and put the file itself in its place or remove it".to_owned()
        }
        // The journal itself may be intact, so it must not be moved away.
        JournalError::Inaccessible { .. } | JournalError::NotWritable { .. } => {
            "nothing was submitted; you need permission to read and write the output folder: run as its owner or change \
             its permissions"
                .to_owned()
        }
        JournalError::Database { .. }
        | JournalError::NotAJournal { .. }
        | JournalError::Damaged { .. }
        | JournalError::Replaced { .. } => RESTORE_JOURNAL.to_owned(),
    }
}

fn drive_hints(error: &DriveError<JournalError>, resume: &str) -> (Exit, Vec<String>) {
    let hint = match error {
        DriveError::Journal { source, unrecorded } => {
            let what_to_do = if matches!(source, JournalError::Replaced { .. }) {
                "stop the run that uses the new folder, or restore the folder `.callsheet`"
            } else {
                "make room or mend the disk"
            };
            let unrecorded = unrecorded.iter().map(|lost| {
                format!(
                    "job `{}` was accepted as `{}`, which is not on record; the next run finds it by its tag",
                    lost.job, lost.remote
                )
            });
            let hints = unrecorded.chain([format!("{what_to_do}, then: {resume}")]);
            return (Exit::Unexpected, hints.collect());
        }
        DriveError::Abandoned => format!(
            "the next run looks for the submits in flight and does not pay for them again:\n{resume}"
        ),
        DriveError::Stuck => format!("please report this; to resume: {resume}"),
    };
    let is_abandoned = matches!(error, DriveError::Abandoned);
    (if is_abandoned { Exit::Interrupted } else { Exit::Unexpected }, vec![hint])
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

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
