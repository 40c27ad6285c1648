//! The errors of the HTTP clients.

use std::error::Error;
use std::io;

use crate::model::redact_url;

/// Why an HTTP client cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// A key contains a character that a header cannot contain. Does not show the key.
    #[error(
        "the value of `{variable}` cannot be sent: it holds a line break or another character that HTTP does not allow"
    )]
    Credential {
        /// The environment variable of the key.
        variable: &'static str,
    },
    /// The client cannot be built.
    #[error("the HTTP client cannot be started: {reason}")]
    Client {
        /// Why.
        reason: String,
    },
}

/// A host name resolves to an address of this machine or of a private network.
#[derive(Debug, thiserror::Error)]
#[error("its name leads to an address inside your own network, from where no file is fetched")]
pub(super) struct PrivateAddressError;

/// Returns the chain of causes, the outermost first.
pub(super) fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |error| cause(*error))
}

/// Returns the cause of an error. An `io::Error` does not report what it wraps as its source.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// Returns the message of the innermost cause, which users know ("connection refused"). The outer causes repeat that a
/// request failed, and its URL.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    let Some(mut cause) = error.source() else {
        let reason =
            if error.is_builder() { "the request cannot be built" } else { "no reason given" };
        return reason.to_owned();
    };
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let message = cause.to_string();
    // rustls appends a link to its manual, which is for programmers.
    redact_url(message.split(": https://").next().unwrap_or_default())
}
