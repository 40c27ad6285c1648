//! One attempt over HTTP, and the classification of its failure.

mod api_client;
mod body;
mod classify;
mod client_builder;
mod clients;
mod error;
mod error_body;
mod redact;
mod resolver;
mod retry_after;
mod storage_error_body;
mod submit_client;

pub(crate) use api_client::{ApiClient, ApiResponse};
pub(crate) use body::{next_chunk, read_error_body, redirect_location};
pub(crate) use classify::{redirect_loop, status_failure, timeout_failure, transport_failure};
pub(crate) use client_builder::build_client;
pub(crate) use clients::Clients;
pub use error::RemoteError;
pub(crate) use error_body::ErrorBody;
pub(crate) use redact::Redactor;
