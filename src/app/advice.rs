//! The exit code, message and advice that belong to an error of a use case, in the words of both edges.

use std::io::ErrorKind;

use super::error::Error;
use crate::driver::DriveError;
use crate::journal::{JournalError, LockError};
use crate::model::{CommandKind, Disposition, Exit, Failure, FailureKind, Flag};
use crate::util::fs::describe;

impl Error {
    /// Returns the exit code.
    pub(crate) fn exit(&self) -> Exit {
        self.exit_and_hints().0
    }

    /// Returns advice, one sentence each.
    pub(crate) fn hints(&self) -> Vec<String> {
        self.exit_and_hints().1
    }

    pub(crate) fn exit_and_hints(&self) -> (Exit, Vec<String>) {
        let (exit, hint) = match self {
            Self::Usage { hint, .. } | Self::Manifest { hint, .. } => {
                return (Exit::Usage, hint.iter().cloned().collect());
            }
            Self::Stopped { hints, .. } => return (Exit::StoppedEarly, hints.clone()),
            Self::Drive { error, resume } => return drive_hints(error, resume),
            Self::Remote(_) => return (Exit::Usage, Vec::new()),
            Self::Interrupted { resume } => {
                (Exit::Interrupted, format!("to resume this run:\n{resume}"))
            }
            Self::Held { status, .. } => (
                Exit::Held,
                format!("wait for it with `{} 10m`, or look at it with `{status}`", Flag::LockWait),
            ),
            Self::Lock(error) => (
                match error {
                    LockError::Held { .. } => Exit::Held,
                    LockError::Unavailable { .. } => Exit::Unexpected,
                },
                format!(
                    "nothing was submitted; choose a folder that can be written to with `{} DIR`",
                    Flag::Out
                ),
            ),
            Self::Journal(error @ JournalError::OtherCampaign { .. }) => {
                (Exit::Usage, journal_hint(error))
            }
            Self::Journal(error) => (Exit::Unexpected, journal_hint(error)),
            Self::Restore(_) => (Exit::Unexpected, RESTORE_JOURNAL.to_owned()),
            Self::Results { report, .. } => (
                Exit::Unexpected,
                format!(
                    "nothing that was paid for is lost: it is in the journal; make room or make the folder \
                     writable, then `{report}` writes the results"
                ),
            ),
            Self::Lookup(failure) | Self::Provider(failure)
                if failure.kind == FailureKind::NotFromApi =>
            {
                let hint = format!(
                    "nothing was submitted; look at the network between this machine and the API: a firewall, a proxy or \
                     the network's sign-in page; or at the address, `{}`",
                    Flag::BaseUrl
                );
                (Exit::Refused, hint)
            }
            Self::Lookup(failure) => (
                exit_of_read(failure),
                "repeat the command when the provider can be reached; a sheet with UUIDs needs no lookup"
                    .to_owned(),
            ),
            Self::Provider(failure) if failure.kind == FailureKind::Unauthorised => (
                exit_of_read(failure),
                "nothing was submitted; check `CREATIFY_API_ID` and `CREATIFY_API_KEY`".to_owned(),
            ),
            Self::Provider(failure) if failure.kind == FailureKind::NotSent => {
                let hint = "check the network, the address and `HTTPS_PROXY`";
                (exit_of_read(failure), hint.to_owned())
            }
            Self::Provider(failure) => return (exit_of_read(failure), Vec::new()),
            Self::Io { .. } => return (Exit::Unexpected, Vec::new()),
        };
        (exit, vec![hint])
    }

    /// Returns the message with its causes, without hints.
    pub(crate) fn message(&self) -> String {
        message(self)
    }
}

/// Returns the message of an error with those of its causes.
pub(crate) fn message(error: &(dyn std::error::Error + 'static)) -> String {
    let parts: Vec<String> = std::iter::once(error.to_string()).chain(causes(error)).collect();
    parts.join(": ")
}

/// Returns the messages of the causes of `error`, the nearest first.
pub(crate) fn causes(error: &(dyn std::error::Error + 'static)) -> Vec<String> {
    let mut causes = Vec::new();
    let mut cause = error.source();
    // A transparent wrapper has the message of its cause.
    let mut last = error.to_string();
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
            "nothing was submitted; make room, raise the limit or mend the disk, then give the same command again".to_owned()
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
