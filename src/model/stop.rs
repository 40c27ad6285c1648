//! Why a run ends before its work is done.

use serde::{Deserialize, Serialize};

use super::{Failure, FailureKind, JobId, Timestamp};

/// Why a run ends early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// A person or the system asked: Ctrl-C, SIGTERM.
    Interrupted,
    /// `--max-duration` is over.
    MaxDuration,
    /// More failures than `--max-fail` allows.
    TooManyFailures,
    /// The provider says the account has no credits left.
    OutOfCredits {
        /// Its words.
        message: String,
    },
    /// The next submit would pass `--max-credits`.
    CapReached,
    /// The next submit would pass `--max-credits-run`.
    RunCapReached,
    /// The provider asked for a pause longer than is worth waiting for.
    LongHold {
        /// Not before.
        until: Timestamp,
    },
    /// So many answers to submits in a row were lost that more would only be spent in the dark.
    TooManyDoubts,
    /// The credentials were refused.
    Unauthorised {
        /// The provider's words.
        message: String,
    },
    /// The address does not answer like the API.
    WrongAddress {
        /// What it answered.
        message: String,
    },
    /// The API could not be reached for a long time.
    Unreachable {
        /// The newest failure.
        message: String,
    },
    /// What the provider already has could not be found out, and there are signs that it has
    /// something: nothing was submitted.
    InventoryRefused {
        /// The newest failure.
        message: String,
    },
    /// Another run pays for the same jobs: the provider's list shows one of them twice.
    Rival {
        /// The job that showed it.
        job: JobId,
    },
    /// The disk is full or the folder not writable.
    Local {
        /// The system's words.
        message: String,
    },
}

impl StopReason {
    /// Whether paid work is still polled and downloaded after this: true for reasons that only
    /// forbid further submits.
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

    /// The reason that a failure gives whose disposition is to stop the run.
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

    /// Of two reasons, the one that is reported: the graver.
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
