//! The network: one attempt per call, classified; no retries and no policy.
//!
//! [`Remote::perform`] takes a [`Command`](crate::model::Command), makes exactly one attempt at it, and
//! answers with its [`Outcome`](crate::model::Outcome). What went wrong is a
//! [`Failure`](crate::model::Failure), classified by *what may have happened*: only an error while
//! connecting proves that nothing was sent; everything after that may have arrived. What follows from it
//! is the engine's business.
//!
//! # One folder for each concern
//!
//! | folder | does |
//! |---|---|
//! | `http` | one request to the API: headers, time limits, redirects, classification, the server's words |
//! | `api` | the endpoints, the wire types, lists read while they stream in |
//! | `download` | one attempt to bring a finished file home, or to bring it on its way |
//! | `webhook` | messages to addresses of the user's own |
//!
//! # What it promises
//!
//! - The paid POST is sent at most once per call: no redirect, no repetition by any layer below, a fresh
//!   connection each time.
//! - The credentials are in requests to the API's own address and in nothing else: no other host, no
//!   redirect, no message, no `Debug`.
//! - A list that was not read to its very end is a failure, never a shorter list.
//! - A file under its final name is whole and on disk; whatever came of a failed download is kept and
//!   resumed, as long as it is certainly the same file.
//! - No link of the API leads to this machine or into a private network, unless the API itself is there.
//! - Nothing that a server sends makes it panic, fill the memory, or write outside the output folder.

mod address;
pub mod api;
mod base_url;
mod client;
mod download;
mod http;
#[cfg(test)]
mod scripted_server;
mod settings;
mod webhook;

pub use api::wire::{AccentItem, PersonaItem, VoiceItem};
pub use base_url::{BaseUrl, InvalidBaseUrl};
pub use client::Remote;
pub use http::RemoteError;
pub use settings::{Proxy, Settings, Timeouts};
pub(crate) use webhook::{WebhookClient, WebhookError, WebhookUrl};
