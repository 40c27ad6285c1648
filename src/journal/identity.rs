//! [`Identity`]: which campaign a journal belongs to.

use serde::{Deserialize, Serialize};

/// Whose journal it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Name of the campaign; part of every tag.
    pub campaign: String,
    /// Whether it was run against the sandbox: such a journal must never be taken for the record of
    /// real videos.
    pub is_sandbox: bool,
}
