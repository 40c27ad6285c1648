//! The client of the paid POST: [`SubmitClient`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Request, Response};

use super::error::RemoteError;

/// How long an idle connection may be used again. Servers close idle connections after five seconds at the earliest, as a
/// rule; a request at that moment may or may not have arrived.
const MAX_IDLE: Duration = Duration::from_secs(4);

/// Sends paid requests: on a connection that was in use a moment ago, until such a connection has broken, and from then on
/// each request on a new connection.
///
/// A request that breaks after it was sent is in doubt, and costs a minute of searching; a pooled connection has one more
/// reason to break than a new one. With most servers that never happens.
///
/// Always HTTP/1.1, where a connection carries one request at a time. A broken HTTP/2 connection would put all its requests
/// in doubt at once.
///
/// hyper-util's client (`send_request`) repeats a request by itself in one case: a pooled connection has closed and returns
/// the request, of which no byte was written. `reqwest::retry::never` does not cover that, and need not.
#[derive(Debug, Clone)]
pub(super) struct SubmitClient {
    pooled: Client,
    unpooled: Client,
    is_pooling: Arc<AtomicBool>,
}

impl SubmitClient {
    pub(super) fn new(
        build: impl Fn(fn(ClientBuilder) -> ClientBuilder) -> Result<Client, RemoteError>,
    ) -> Result<Self, RemoteError> {
        Ok(Self {
            pooled: build(|builder| builder.http1_only().pool_idle_timeout(MAX_IDLE))?,
            unpooled: build(|builder| builder.http1_only().pool_max_idle_per_host(0))?,
            is_pooling: Arc::new(AtomicBool::new(true)),
        })
    }

    /// Sends `request` once.
    pub(super) async fn execute(&self, request: Request) -> reqwest::Result<Response> {
        let is_pooling = self.is_pooling.load(Ordering::Relaxed);
        let client = if is_pooling { &self.pooled } else { &self.unpooled };
        client.execute(request).await
    }

    /// Uses a new connection for each request from now on, after a response was lost.
    pub(super) fn stop_pooling(&self) {
        self.is_pooling.store(false, Ordering::Relaxed);
    }
}
