//! Reasons for the early end of a run.

use serde::{Deserialize, Serialize};

use super::{Failure, FailureKind, JobId, Timestamp};

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
    /// Another run pays for the same jobs: the provider's list has one of them twice.
    Rival {
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
    /// Whether paid jobs are still polled and downloaded: true for reasons that only forbid further submits.
    pub const fn finishes_paid_work(&self) -> bool {
        match self {
            Self::TooManyFailures
            | Self::OutOfCredits { .. }
            | Self::CapReached
            | Self::RunCapReached
            | Self::LongHold { .. }
            | Self::TooManyDoubts
            | Self::InventoryRefused { .. }
            | Self::Rival { .. } => true,
            Self::Interrupted
            | Self::MaxDuration
            | Self::Unauthorised { .. }
            | Self::WrongAddress { .. }
            | Self::Unreachable { .. }
            | Self::Local { .. } => false,
        }
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

    /// Returns the more severe of two reasons.
    #[must_use]
    pub fn graver(self, other: Self) -> Self {
        if other.rank() > self.rank() {
            other
        } else {
            self
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::TooManyFailures => 0,
            Self::MaxDuration => 1,
            Self::LongHold { .. } => 2,
            Self::RunCapReached => 3,
            Self::CapReached => 4,
            Self::OutOfCredits { .. } => 5,
            Self::TooManyDoubts => 6,
            Self::InventoryRefused { .. } => 7,
            Self::Rival { .. } => 8,
            Self::Unreachable { .. } => 9,
            Self::WrongAddress { .. } => 10,
            Self::Unauthorised { .. } => 11,
            Self::Interrupted => 12,
            Self::Local { .. } => 13,
        }
    }
}
