//! One attempt over HTTP, and what it means when it fails.

mod api_client;
mod classify;
mod client_builder;
mod clients;
mod error;
mod error_body;
mod file_clients;
mod redact;
mod retry_after;
mod storage_error_body;
mod submit_client;

pub(in crate::remote) use api_client::{ApiClient, ApiResponse};
pub(in crate::remote) use classify::{status_failure, transport_failure};
pub(in crate::remote) use client_builder::build_client;
pub(in crate::remote) use clients::Clients;
pub use error::RemoteError;
pub(in crate::remote) use error_body::ErrorBody;
pub(in crate::remote) use redact::Redactor;
