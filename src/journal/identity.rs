//! Which campaign a journal belongs to: [`Identity`].

use serde::{Deserialize, Serialize};

/// The campaign that a journal belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Name of the campaign; part of every tag.
    pub campaign: String,
    /// Whether the campaign runs against the sandbox. Such a journal is never used as the record of real videos.
    pub is_sandbox: bool,
}
