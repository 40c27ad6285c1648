//! What can go wrong at the edge, as a person is told it: what happened, why, what to do.

use std::error::Error as _;
use std::fmt::Write as _;
use std::path::PathBuf;

use super::exit::Exit;
use crate::driver::DriveError;
use crate::journal::{JournalError, LockError};
use crate::manifest::Problems;
use crate::model::HistoryError;
use crate::model::{CommandKind, Disposition, Failure, FailureKind};
use crate::remote::RemoteError;

/// Everything that ends the program with an error message.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The manifest is wrong.
    #[error("{problems}")]
    Manifest {
        /// Everything that is.
        problems: Problems,
        /// What to do besides mending it.
        hint: Option<&'static str>,
    },
    /// The command line, the environment or an answer is wrong; nothing was submitted.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The run must not begin, for want of credits; nothing was submitted.
    #[error("{message}")]
    Stopped {
        /// Why.
        message: String,
        /// What to do.
        hints: Vec<String>,
    },
    /// Ctrl-C or its like before the run began.
    #[error("interrupted before anything was submitted; nothing was spent")]
    Interrupted {
        /// The command that goes on.
        resume: String,
    },
    /// The output folder is held by another run, or cannot be locked.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal contradicts itself.
    #[error("the journal cannot be continued; nothing was submitted")]
    Restore(#[from] HistoryError),
    /// The run ended in a disorderly way.
    #[error("{error}")]
    Drive {
        /// How.
        #[source]
        error: Box<DriveError<JournalError>>,
        /// The command that goes on.
        resume: String,
    },
    /// The run has ended, and what it came to could not be written.
    #[error("cannot write the results to `{}`", out.display())]
    Results {
        /// Why.
        source: std::io::Error,
        /// The output folder.
        out: PathBuf,
        /// The command that writes them later.
        report: String,
    },
    /// The network could not be got ready.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The provider did not answer a question that costs nothing.
    #[error("{0}")]
    Provider(Failure),
    /// The manifest's names depend on the provider, and it did not answer.
    #[error("personas and voices cannot be looked up by name: {0}; nothing was submitted")]
    Lookup(Failure),
    /// Anything else, with its context.
    #[error("{0}")]
    Other(#[from] anyhow::Error),
}

impl Error {
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hint: None,
        }
    }

    #[must_use]
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        match self {
            Self::Usage { message, .. } => Self::Usage {
                message,
                hint: Some(hint.into()),
            },
            other @ (Self::Manifest { .. }
            | Self::Stopped { .. }
            | Self::Interrupted { .. }
            | Self::Lookup(_)
            | Self::Lock(_)
            | Self::Journal(_)
            | Self::Restore(_)
            | Self::Drive { .. }
            | Self::Results { .. }
            | Self::Remote(_)
            | Self::Provider(_)
            | Self::Other(_)) => other,
        }
    }

    /// The exit code.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Manifest { .. }
            | Self::Usage { .. }
            | Self::Remote(_)
            | Self::Journal(JournalError::OtherCampaign { .. }) => Exit::Usage,
            Self::Stopped { .. } => Exit::StoppedEarly,
            Self::Interrupted { .. } => Exit::Interrupted,
            Self::Lock(LockError::Held { .. }) => Exit::Held,
            Self::Drive { error, .. } => match **error {
                DriveError::Abandoned => Exit::Interrupted,
                DriveError::Journal { .. } | DriveError::Stuck => Exit::Unexpected,
            },
            Self::Provider(failure) | Self::Lookup(failure) => {
                match failure.disposition(CommandKind::List) {
                    Disposition::StopRun => Exit::Refused,
                    Disposition::Retry
                    | Disposition::HoldLane
                    | Disposition::InDoubt
                    | Disposition::FailJob
                    | Disposition::StopSubmitting
                    | Disposition::AskById
                    | Disposition::NotVisible
                    | Disposition::FreshLink
                    | Disposition::WaitForPerson => Exit::Unexpected,
                }
            }
            Self::Lock(LockError::Unavailable { .. })
            | Self::Journal(_)
            | Self::Restore(_)
            | Self::Results { .. }
            | Self::Other(_) => Exit::Unexpected,
        }
    }

    /// What to do, one sentence each.
    pub(super) fn hints(&self) -> Vec<String> {
        match self {
            Self::Usage { hint, .. } => hint.iter().cloned().collect(),
            Self::Lock(LockError::Held { .. }) => vec![
                "wait for it with `--lock-wait 10m`, or look at it with `callsheet status MANIFEST`"
                    .to_owned(),
            ],
            Self::Lock(LockError::Unavailable { .. }) => vec![
                "nothing was submitted; choose a folder that can be written to with `--out DIR`"
                    .to_owned(),
            ],
            Self::Journal(JournalError::OtherCampaign { .. }) => vec![
                "nothing was submitted; give this campaign a folder of its own with `--out DIR`"
                    .to_owned(),
            ],
            Self::Journal(JournalError::NewerFormat { .. }) => {
                vec!["nothing was submitted; use the newer version of this program".to_owned()]
            }
            Self::Journal(JournalError::DiskFull { .. }) => {
                vec!["nothing was submitted; make room, then give the same command again".to_owned()]
            }
            // That says nothing against the journal: whoever moved it away now would lose a good one.
            Self::Journal(JournalError::Inaccessible { .. } | JournalError::NotWritable { .. }) => vec![
                "nothing was submitted; give yourself leave to read and write the output folder, or be the \
                 user whose it is"
                    .to_owned(),
            ],
            Self::Journal(_) | Self::Restore(_) => vec![
                "nothing was submitted; restore the folder `.callsheet` from a backup, or move it \
                 away: what was paid for is then found again at the provider"
                    .to_owned(),
            ],
            Self::Drive { error, resume } => drive_hints(error, resume),
            Self::Results { report, .. } => vec![format!(
                "nothing that was paid for is lost: it is in the journal; make room or make the folder \
                 writable, then `{report}` writes the results"
            )],
            Self::Manifest { hint, .. } => hint.iter().map(|hint| (*hint).to_owned()).collect(),
            Self::Stopped { hints, .. } => hints.clone(),
            Self::Lookup(_) => vec![
                "the same command goes on when it can be reached; a sheet with UUIDs needs no lookup"
                    .to_owned(),
            ],
            Self::Interrupted { resume } => {
                vec![format!("to go on where this run stopped:\n{resume}")]
            }
            Self::Provider(failure) if failure.kind == FailureKind::NotSent => {
                vec!["check the network, the address and `HTTPS_PROXY`".to_owned()]
            }
            Self::Remote(_) | Self::Provider(_) | Self::Other(_) => Vec::new(),
        }
    }

    /// The message with its causes, without what to do.
    pub(super) fn message(&self) -> String {
        let causes = self.causes().into_iter();
        let parts: Vec<String> = std::iter::once(self.to_string()).chain(causes).collect();
        parts.join(": ")
    }

    /// What lies behind it, the nearest first.
    fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut cause = self.source();
        // An error that is shown in place of its wrapper has been said already.
        let mut said = self.to_string();
        while let Some(error) = cause {
            let words = error.to_string();
            if words != said {
                causes.push(words.clone());
            }
            said = words;
            cause = error.source();
        }
        causes
    }

    /// The message with its causes and hints, as it is shown.
    pub(super) fn render(&self) -> String {
        let hints = self.hints();
        if matches!(self, Self::Interrupted { .. }) {
            return format!("{self}\n\n{}\n", hints.join("\n"));
        }
        let mut text = if let Self::Manifest { problems, .. } = self {
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

fn drive_hints(error: &DriveError<JournalError>, resume: &str) -> Vec<String> {
    match error {
        DriveError::Journal { source, unrecorded } => {
            let mut hints: Vec<String> = unrecorded
                .iter()
                .map(|lost| {
                    format!(
                        "job `{}` was accepted as `{}`, which is not on record; the next run finds \
                         it by its tag",
                        lost.job, lost.remote
                    )
                })
                .collect();
            let what_to_do = if matches!(source, JournalError::Replaced { .. }) {
                "let whatever runs in its place end, or put the folder `.callsheet` back"
            } else {
                "make room or mend the disk"
            };
            hints.push(format!("{what_to_do}, then: {resume}"));
            hints
        }
        DriveError::Abandoned => vec![format!(
            "what was on its way is looked for by the next run, and never paid for again:\n{resume}"
        )],
        DriveError::Stuck => vec![format!("please report this; to go on: {resume}")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_move_a_journal_away_that_only_cannot_be_accessed() {
        let path = || PathBuf::from("spring-output/.callsheet/journal.sqlite");
        let source = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        for error in [
            JournalError::Inaccessible {
                path: path(),
                source: source(),
            },
            JournalError::NotWritable {
                path: path(),
                source: source(),
            },
            JournalError::DiskFull { path: path() },
        ] {
            let text = Error::from(error).render();
            assert!(
                text.contains("spring-output/.callsheet/journal.sqlite"),
                "{text}"
            );
            assert!(text.contains("nothing was submitted"), "{text}");
            assert!(!text.contains("backup") && !text.contains("away"), "{text}");
        }
    }

    #[test]
    fn a_disk_that_is_full_in_the_middle_of_a_run_is_named_with_its_file() {
        let path = PathBuf::from("spring-output/.callsheet/journal.sqlite");
        let source = JournalError::DiskFull { path };
        let unrecorded = Vec::new();
        let error = Error::Drive {
            error: Box::new(DriveError::Journal { source, unrecorded }),
            resume: "callsheet run spring.csv".to_owned(),
        };
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
