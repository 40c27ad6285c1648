//! The HTTP clients: reads, paid submits and downloads differ in how they treat connections.

use std::time::Duration;

use reqwest::{Client, ClientBuilder, Url};

use super::client_builder::build_client;
use super::error::RemoteError;
use super::resolver::PublicOnlyResolver;
use super::submit_client::SubmitClient;
use crate::remote::address::{AddressPolicy, is_loopback};
use crate::remote::settings::{Proxy, RemoteSettings};

/// Interval and time limit of HTTP/2 pings while a response is awaited. Without them, each read on a dead connection would
/// have to time out.
const PING_INTERVAL: Duration = Duration::from_secs(10);

/// All clients of this layer. None of them follows a redirect or repeats a request by itself.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    /// For reads of the API: one HTTP/2 connection where the server offers it, else idle connections are kept. Responses
    /// may be compressed.
    pub(super) reads: Client,
    /// For the paid POST.
    pub(super) submits: SubmitClient,
    /// For downloads. HTTP/1.1 only: in HTTP/2 all downloads from a host would share one connection, and a slow one would
    /// block the others.
    files: Client,
    /// For downloads from this machine.
    local_files: Client,
    resolver: PublicOnlyResolver,
}

impl Clients {
    pub(crate) fn new(settings: &RemoteSettings) -> Result<Self, RemoteError> {
        let connect_timeout = settings.timeouts.connect;
        let proxy = if settings.base_url.is_loopback() { Proxy::Bypass } else { settings.proxy };
        let build = |configure: fn(ClientBuilder) -> ClientBuilder| {
            build_client(connect_timeout, proxy, configure)
        };
        let resolver = PublicOnlyResolver::new(settings);
        let policy = settings.base_url.address_policy();
        let files = build_client(connect_timeout, settings.proxy, |builder| match policy {
            AddressPolicy::Any => builder.http1_only(),
            AddressPolicy::PublicOnly => builder.http1_only().dns_resolver(resolver.clone()),
        })?;
        Ok(Self {
            reads: build(|builder| {
                builder
                    .gzip(true)
                    .http2_keep_alive_interval(PING_INTERVAL)
                    .http2_keep_alive_timeout(PING_INTERVAL)
            })?,
            submits: SubmitClient::new(build)?,
            files,
            local_files: build_client(connect_timeout, Proxy::Bypass, ClientBuilder::http1_only)?,
            resolver,
        })
    }

    /// Returns the client for a download from `url`. It never has the credentials.
    pub(crate) fn for_file(&self, url: &Url) -> &Client {
        if is_loopback(url) {
            return &self.local_files;
        }
        self.resolver.guard(url);
        &self.files
    }
}
