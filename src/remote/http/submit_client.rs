//! The way of the paid POST: [`SubmitClient`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Request, Response};

use super::error::RemoteError;

/// A connection is used again for so long after its last answer. Servers close idle connections after five
/// seconds at the soonest, as a rule; at that very moment a request may or may not have arrived.
const LONGEST_IDLE: Duration = Duration::from_secs(4);

/// Sends paid requests: on a connection that was in use a moment ago, until one such has broken, and from
/// then on each on a fresh one.
///
/// What breaks after it was sent is in doubt, and costs a minute of searching; on a kept connection
/// there is a reason more for it to break than on a fresh one. Most servers never give it.
///
/// HTTP/1.1 always: there each connection carries one request, and breaks for that one alone. When HTTP/2
/// closes a connection, all that it carried would be in doubt at once.
///
/// hyper-util's client (`send_request`) sends a request again by itself in one case: a kept connection has
/// closed and gives the request back, of which then not one byte was written. `reqwest::retry::never` does not
/// govern that, and need not.
#[derive(Debug, Clone)]
pub(in crate::remote) struct SubmitClient {
    keeping: Client,
    fresh: Client,
    /// No connection that was kept has broken yet.
    is_keeping: Arc<AtomicBool>,
}

impl SubmitClient {
    /// Makes it of clients that `build` makes.
    pub(super) fn new(
        build: impl Fn(fn(ClientBuilder) -> ClientBuilder) -> Result<Client, RemoteError>,
    ) -> Result<Self, RemoteError> {
        Ok(Self {
            keeping: build(|builder| builder.http1_only().pool_idle_timeout(LONGEST_IDLE))?,
            fresh: build(|builder| builder.http1_only().pool_max_idle_per_host(0))?,
            is_keeping: Arc::new(AtomicBool::new(true)),
        })
    }

    /// Sends `request` once.
    pub(super) async fn execute(&self, request: Request) -> reqwest::Result<Response> {
        if self.is_keeping.load(Ordering::Relaxed) {
            self.keeping.execute(request).await
        } else {
            self.fresh.execute(request).await
        }
    }

    /// An answer was lost: perhaps because its connection was used again.
    pub(super) fn stop_pooling(&self) {
        self.is_keeping.store(false, Ordering::Relaxed);
    }
}
