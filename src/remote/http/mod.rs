//! One attempt over HTTP, and the classification of its failure.

mod api_client;
mod clients;
mod error_body;
mod redact;
mod resolver;
mod response;

pub(crate) use api_client::{ApiClient, ApiResponse};
pub use clients::RemoteError;
pub(crate) use clients::{Clients, build_client};
pub(crate) use error_body::ErrorBody;
pub(crate) use redact::Redactor;
pub(crate) use resolver::PublicOnlyResolver;
pub(crate) use response::{
    foreign_failure, next_chunk, read_error_body, redirect_location, redirect_loop, status_failure,
    timeout_failure, transport_failure,
};
