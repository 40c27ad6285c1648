//! The HTTP clients: three kinds of traffic that must not share habits.

use std::time::Duration;

use reqwest::{Client, ClientBuilder, Url};

use super::client_builder::build_client;
use super::error::RemoteError;
use super::file_clients::FileClients;
use super::submit_client::SubmitClient;
use crate::remote::settings::{Proxy, Settings};

/// While an answer is awaited in HTTP/2, the connection is tested so often, and must answer so soon: else each
/// read after a connection has silently died would have to time out.
const LIVENESS: Duration = Duration::from_secs(10);

/// Every client this layer has. None of them follows a redirect or repeats a request by itself.
#[derive(Debug, Clone)]
pub(in crate::remote) struct Clients {
    /// For reads of the API: one connection in HTTP/2 where the server offers it, else idle ones are kept;
    /// answers may be compressed.
    pub(in crate::remote) reads: Client,
    /// For the paid POST.
    pub(in crate::remote) submits: SubmitClient,
    files: FileClients,
}

impl Clients {
    /// Builds all clients.
    pub(in crate::remote) fn new(settings: &Settings) -> Result<Self, RemoteError> {
        let api_proxy = if settings.base_url.is_loopback() {
            Proxy::Bypass
        } else {
            settings.proxy
        };
        let build = |proxy, change: fn(ClientBuilder) -> ClientBuilder| {
            build_client(&settings.user_agent, settings.timeouts, proxy, change)
        };
        Ok(Self {
            reads: build(api_proxy, |builder| {
                builder
                    .gzip(true)
                    .http2_keep_alive_interval(LIVENESS)
                    .http2_keep_alive_timeout(LIVENESS)
            })?,
            submits: SubmitClient::new(|change| build(api_proxy, change))?,
            files: FileClients::new(settings)?,
        })
    }

    /// The client that downloads from `url`. It has never seen the credentials.
    pub(in crate::remote) fn for_file(&self, url: &Url) -> &Client {
        self.files.of(url)
    }
}
