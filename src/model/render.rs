//! The provider's parsed reports about jobs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Credits, RemoteId, Timestamp};

/// A job as the provider describes it in a create, list or get answer.
#[derive(Debug, Clone, PartialEq)]
pub struct RenderReport {
    /// The remote id.
    pub remote: RemoteId,
    /// The `name` of the job; ours contains the tag.
    pub name: Option<String>,
    /// The status.
    pub status: RenderStatus,
    /// URL of the finished video. Untrusted.
    pub output: Option<String>,
    /// URL of a thumbnail. Untrusted.
    pub thumbnail: Option<String>,
    /// Length of the video in seconds.
    pub duration_seconds: Option<f64>,
    /// The charge; 0 at create and final when done.
    pub credits_used: Option<Credits>,
    /// The provider's reason for a failure. Untrusted.
    pub failed_reason: Option<String>,
    /// Progress from 0 to 1.
    pub progress: Option<f64>,
    /// When the provider accepted it.
    pub created_at: Option<Timestamp>,
}

/// The documented statuses, and any other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RenderStatus {
    /// Accepted.
    Pending,
    /// Queued.
    InQueue,
    /// Being rendered.
    Running,
    /// Finished; an output should follow.
    Done,
    /// Failed at the provider.
    Failed,
    /// Refused by moderation or validation.
    Rejected,
    /// An undocumented status. It does not count as final.
    Other(String),
}

impl RenderStatus {
    /// Parses a status; unknown words are kept.
    pub fn from_word(word: &str) -> Self {
        match word {
            "pending" => Self::Pending,
            "in_queue" => Self::InQueue,
            "running" => Self::Running,
            "done" => Self::Done,
            "failed" => Self::Failed,
            "rejected" => Self::Rejected,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Whether the status is final. Undocumented ones are not.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Done | Self::Failed | Self::Rejected => true,
            Self::Pending | Self::InQueue | Self::Running | Self::Other(_) => false,
        }
    }

    /// Returns the status as text.
    pub fn as_word(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::InQueue => "in_queue",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for RenderStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_word())
    }
}
