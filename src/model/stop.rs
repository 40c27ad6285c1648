//! Reasons for the early end of a run.

use serde::{Deserialize, Serialize};

use super::{Exit, Failure, FailureKind, JobId, Timestamp};

/// Why a run ends early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// A signal of the user or the system: Ctrl-C, SIGTERM.
    Interrupted,
    /// `--max-duration` has passed.
    MaxDuration,
    /// More failures than `--max-fail` allows.
    TooManyFailures,
    /// The account has no credits left.
    OutOfCredits {
        /// The provider's message.
        message: String,
    },
    /// The next submit would exceed `--max-credits`.
    CapReached,
    /// The next submit would exceed `--max-credits-run`.
    RunCapReached,
    /// The provider asked for a pause that is too long to wait.
    LongHold {
        /// The end of the pause.
        until: Timestamp,
    },
    /// Too many answers to consecutive submits were lost.
    TooManyDoubts,
    /// The credentials were refused.
    Unauthorised {
        /// The provider's message.
        message: String,
    },
    /// The address does not answer like the API.
    WrongAddress {
        /// The answer.
        message: String,
    },
    /// The API could not be reached for a long time.
    Unreachable {
        /// The newest failure.
        message: String,
    },
    /// The provider's list could not be read, and there are signs that it has jobs of this campaign: nothing was
    /// submitted.
    InventoryRefused {
        /// The newest failure.
        message: String,
    },
    /// There are signs that jobs of this campaign were paid for without a record, and the provider's list does not
    /// prove which: nothing was submitted.
    InventoryUnproven {
        /// What the list lacks.
        message: String,
    },
    /// Another run pays for the same jobs: the provider's list has one of them twice.
    #[serde(rename = "rival")]
    DuplicateRun {
        /// The job that is listed twice.
        job: JobId,
    },
    /// The disk is full or the folder is not writable.
    Local {
        /// The system's message.
        message: String,
    },
}

impl StopReason {
    /// Returns severity, exit code, and whether paid work is still polled and downloaded.
    const fn properties(&self) -> (u8, Exit, bool) {
        use Exit::{Interrupted, Outstanding, Refused, SomeFailed, StoppedEarly, Unexpected};
        match self {
            Self::TooManyFailures => (0, SomeFailed, true),
            Self::MaxDuration => (1, Outstanding, false),
            Self::LongHold { .. } => (2, StoppedEarly, true),
            Self::RunCapReached => (3, StoppedEarly, true),
            Self::CapReached => (4, StoppedEarly, true),
            Self::OutOfCredits { .. } => (5, StoppedEarly, true),
            Self::TooManyDoubts => (6, StoppedEarly, true),
            Self::InventoryRefused { .. } | Self::InventoryUnproven { .. } => {
                (7, StoppedEarly, true)
            }
            Self::DuplicateRun { .. } => (8, StoppedEarly, true),
            Self::Unreachable { .. } => (9, Exit::Unreachable, false),
            Self::WrongAddress { .. } => (10, Refused, false),
            Self::Unauthorised { .. } => (11, Refused, false),
            Self::Interrupted => (12, Interrupted, false),
            Self::Local { .. } => (13, Unexpected, false),
        }
    }

    /// Checks whether paid work is still polled and downloaded: true for reasons that only forbid further submits.
    pub const fn finishes_paid_work(&self) -> bool {
        self.properties().2
    }

    /// Returns the exit code of a run that stops for this reason.
    pub(crate) const fn exit(&self) -> Exit {
        self.properties().1
    }

    /// Returns the more severe of two reasons, which is the one that is reported.
    #[must_use]
    pub fn or_more_severe(self, other: Self) -> Self {
        if other.properties().0 > self.properties().0 { other } else { self }
    }

    /// Returns the reason for a failure whose consequence is to stop the run.
    pub fn of_refusal(failure: &Failure) -> Self {
        let message = failure.to_string();
        match failure.kind {
            FailureKind::Unauthorised => Self::Unauthorised { message },
            FailureKind::Local => Self::Local { message },
            FailureKind::OutOfCredits => Self::OutOfCredits { message },
            FailureKind::NotSent => Self::Unreachable { message },
            FailureKind::Throttled
            | FailureKind::Lost
            | FailureKind::ServerError
            | FailureKind::Malformed
            | FailureKind::NotFromApi
            | FailureKind::Redirected
            | FailureKind::Rejected
            | FailureKind::NotFound
            | FailureKind::BadContent
            | FailureKind::Refused
            | FailureKind::RenderFailed
            | FailureKind::NoOutput
            | FailureKind::Interrupted => Self::WrongAddress { message },
        }
    }
}
