//! One attempt over HTTP, and what it means when it fails.

mod channel;
mod classify;
mod clients;
mod file_clients;
mod file_words;
mod retry_after;
mod scrubber;
mod submit_client;
mod words;

pub(in crate::remote) use channel::{Answer, Channel};
pub(in crate::remote) use classify::{refusal, transport};
pub(in crate::remote) use clients::Clients;
pub use clients::RemoteError;
pub(in crate::remote) use clients::build_client;
pub(in crate::remote) use scrubber::Redactor;
pub(in crate::remote) use submit_client::SubmitClient;
pub(in crate::remote) use words::Words;
