//! What the provider says about a job, once its answer has been understood.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Credits, RemoteId, Timestamp};

/// One job as the provider described it in a create, list or get answer.
#[derive(Debug, Clone, PartialEq)]
pub struct RenderReport {
    /// The provider's id.
    pub remote: RemoteId,
    /// The `name` it carries; ours holds the tag.
    pub name: Option<String>,
    /// The status word.
    pub status: RenderStatus,
    /// URL of the finished video. Untrusted.
    pub output: Option<String>,
    /// URL of a still picture. Untrusted.
    pub thumbnail: Option<String>,
    /// Length of the video in seconds.
    pub duration_seconds: Option<f64>,
    /// The charge; 0 at create and final at done.
    pub credits_used: Option<Credits>,
    /// The provider's reason for a failure. Untrusted.
    pub failed_reason: Option<String>,
    /// Progress from 0 to 1.
    pub progress: Option<f64>,
    /// When the provider accepted it.
    pub created_at: Option<Timestamp>,
}

/// The status words of the create page, and everything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RenderStatus {
    /// Accepted.
    Pending,
    /// Waiting for a place.
    InQueue,
    /// Being rendered.
    Running,
    /// Finished; there should be an output.
    Done,
    /// Failed at the provider.
    Failed,
    /// Refused by moderation or validation.
    Rejected,
    /// A word nobody documented: not terminal, so keep waiting.
    Other(String),
}

impl RenderStatus {
    /// Reads a status word; unknown words are kept.
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

    /// Whether nothing more will happen. Words that nobody documented are not final.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Done | Self::Failed | Self::Rejected => true,
            Self::Pending | Self::InQueue | Self::Running | Self::Other(_) => false,
        }
    }

    /// The word itself.
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
