//! The network: each call makes one attempt and classifies its result. No retries, no policy.
//!
//! [`Remote::perform`] executes a [`Command`](crate::model::Command) once and returns its
//! [`Outcome`](crate::model::Outcome). A [`Failure`](crate::model::Failure) is classified by *what may have happened*:
//! only an error while connecting proves that nothing was sent; after that the request may have arrived. The engine
//! decides what follows.
//!
//! | folder | content |
//! |---|---|
//! | `http` | one request: headers, time limits, redirects, classification, error bodies |
//! | `api` | the endpoints, the wire types, lists that are parsed while they arrive |
//! | `download` | one attempt to download a file, or to continue a download |
//! | `sheet` | a sheet behind an address |
//! | `webhook` | messages to addresses of the user |
//!
//! # Guarantees
//!
//! - The paid POST is sent at most once per call: no redirect and no repetition by any layer below. After a connection has
//!   broken, each is sent on a new one.
//! - The credentials are sent to the API's own address and nowhere else: not to other hosts, redirects, messages or
//!   `Debug` output.
//! - A list that was not read to its end is a failure, never a shorter list.
//! - A file with its final name is complete and on disk. An unfinished download is kept, and continued only if the
//!   server proves that the file is the same.
//! - No link of the API leads to this machine or a private network, unless the API itself is there. With an `https` API, all
//!   links are `https`.
//! - No server can make this layer panic, fill the memory, or write outside the output folder.

mod address;
pub mod api;
mod base_url;
mod client;
mod download;
mod http;
#[cfg(test)]
mod scripted_server;
mod settings;
mod sheet;
mod webhook;

pub(crate) use address::host_of;
pub use api::wire::{AccentItem, PersonaItem, VoiceItem};
pub use base_url::{BaseUrl, InvalidBaseUrl};
pub use client::Remote;
pub use http::RemoteError;
pub use settings::{GatewayPlace, Proxy, RemoteSettings, Timeouts};
pub(crate) use sheet::{SheetAddress, SheetClient, SheetError};
pub(crate) use webhook::{ChatFormat, WebhookClient, WebhookUrl};
