//! The errors of the HTTP clients.

use std::error::Error;
use std::io;

use crate::model::redact_url;

/// Why there can be no client.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// A key holds something that cannot stand in a header. The value is not shown.
    #[error(
        "the value of `{variable}` cannot be sent: it holds a line break or another character that HTTP does not allow"
    )]
    Credential {
        /// The environment variable it comes from.
        variable: &'static str,
    },
    /// The client could not be built.
    #[error("the HTTP client cannot be started: {reason}")]
    Client {
        /// Why.
        reason: String,
    },
}

/// A name leads to this machine or into a private network.
#[derive(Debug, thiserror::Error)]
#[error("its name leads to an address inside your own network, from where no file is fetched")]
pub(super) struct PrivateAddressError;

/// All that is behind an error, the nearest first.
pub(super) fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |error| cause(*error))
}

/// What is behind an error. An `io::Error` does not count what it wraps among its sources.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// The innermost reason, which is the one people know ("connection refused"); the outer ones repeat
/// that a request failed, and for which URL.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    let Some(mut cause) = error.source() else {
        return if error.is_builder() {
            "the request cannot be built".to_owned()
        } else {
            "no reason given".to_owned()
        };
    };
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let words = cause.to_string();
    // rustls names a page of its manual, which is for programmers.
    let words = words
        .split_once(": https://")
        .map_or(&*words, |(words, _)| words);
    redact_url(words)
}
