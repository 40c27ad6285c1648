//! Errors of the use cases.

use std::path::PathBuf;

use crate::driver::DriveError;
use crate::journal::{JournalError, LockError};
use crate::manifest::Problems;
use crate::model::{Failure, HistoryError};
use crate::remote::RemoteError;

/// An error that ends a use case.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The manifest or a file of marks has problems; nothing was submitted.
    #[error("{problems}")]
    Manifest {
        /// All problems of the file.
        problems: Problems,
        /// Advice, besides correcting the manifest.
        hint: Option<String>,
    },
    /// An option, the environment or an answer is wrong; nothing was submitted.
    #[error("{message}")]
    Usage {
        /// The problem.
        message: String,
        /// Advice.
        hint: Option<String>,
    },
    /// The account's credits do not allow the run, or a decision about paying is needed; nothing was submitted.
    #[error("{message}")]
    Stopped {
        /// The reason.
        message: String,
        /// Advice.
        hints: Vec<String>,
    },
    /// An interrupt arrived before the run began.
    #[error("interrupted before anything was submitted; nothing was spent")]
    Interrupted {
        /// The command that resumes.
        resume: String,
    },
    /// The output folder cannot be locked.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Another run holds the output folder.
    #[error("{held}")]
    Held {
        /// The folder and the other run.
        held: LockError,
        /// The command that shows the state of that run.
        status: String,
    },
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal contradicts itself.
    #[error("the journal cannot be continued; nothing was submitted")]
    Restore(#[from] HistoryError),
    /// The run ended abnormally.
    #[error("{error}")]
    Drive {
        /// The cause.
        #[source]
        error: Box<DriveError<JournalError>>,
        /// The command that resumes.
        resume: String,
    },
    /// The run has ended, but its results could not be written.
    #[error("cannot write the results to `{}`", out.display())]
    Results {
        /// The cause.
        source: std::io::Error,
        /// The output folder.
        out: PathBuf,
        /// The command that writes them later.
        report: String,
    },
    /// The network client could not be created.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The provider did not answer a request that costs nothing.
    #[error("{0}")]
    Provider(Failure),
    /// The names of the manifest depend on the provider, and it did not answer.
    #[error("personas and voices cannot be looked up by name: {0}; nothing was submitted")]
    Lookup(Failure),
    /// A file cannot be read or written.
    #[error("{context}")]
    Io {
        /// The operation that failed.
        context: String,
        /// The cause.
        source: std::io::Error,
    },
}

impl Error {
    /// Returns a usage error.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: None }
    }

    /// Returns a usage error with advice.
    pub(crate) fn usage_with_hint(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }

    /// Returns a function that adds `context` to an I/O error.
    pub(crate) fn io(context: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let context = context.into();
        move |source| Self::Io { context, source }
    }
}
