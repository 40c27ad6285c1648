//! Sheets on web servers: published files and links to sharing services.
//!
//! A link that a person copies from a browser becomes the address of the file behind it. Redirects are followed within
//! one service and to the internet only, as the links of videos are. The user's token goes to the host of the link alone.

mod address;
mod client;
mod response;
mod service;

pub(crate) use address::SheetAddress;
pub(crate) use client::SheetClient;

/// Why there is no sheet, and what to do. Contains neither the token nor the query of the address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct SheetError {
    /// The problem.
    pub(crate) message: String,
    /// Advice.
    pub(crate) help: String,
}

impl SheetError {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}
