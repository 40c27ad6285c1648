//! The HTTP clients: three kinds of traffic that must not share habits.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Certificate, Client, ClientBuilder, Url};

use super::SubmitClient;
use super::file_clients::FileClients;
use crate::remote::settings::{Proxy, Settings, Timeouts};

/// While an answer is awaited in HTTP/2, the connection is tested so often, and must answer so soon: else each
/// read after a connection has silently died would have to time out.
const LIVENESS: Duration = Duration::from_secs(10);

/// Why there can be no client.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// A key holds something that cannot stand in a header. The value is not shown.
    #[error(
        "the value of `{variable}` cannot be sent: it holds a line break or another character that HTTP does not allow"
    )]
    Credential {
        /// The environment variable it comes from.
        variable: &'static str,
    },
    /// The client could not be built.
    #[error("the HTTP client cannot be started: {reason}")]
    Client {
        /// Why.
        reason: String,
    },
}

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

/// One client. With no certificate store on the system (slim containers), the roots that are compiled
/// in take its place.
pub(in crate::remote) fn build_client(
    user_agent: &str,
    timeouts: Timeouts,
    proxy: Proxy,
    change: impl Fn(ClientBuilder) -> ClientBuilder,
) -> Result<Client, RemoteError> {
    // An error means that a provider is installed already, which is just as good.
    let _already = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        let builder = Client::builder()
            .user_agent(user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_gzip()
            .connect_timeout(timeouts.connect);
        change(match proxy {
            Proxy::System => builder,
            Proxy::Bypass => builder.no_proxy(),
        })
    };
    builder()
        .build()
        .or_else(|_no_system_store| {
            let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS
                .iter()
                .filter_map(|root| Certificate::from_der(root).ok());
            builder().tls_certs_only(roots).build()
        })
        .map_err(|error| RemoteError::Client {
            reason: super::classify::root_cause(&error),
        })
}

/// The headers of every request to the API, and of no other.
pub(super) fn api_headers(settings: &Settings) -> Result<HeaderMap, RemoteError> {
    let secret = |value: &str, variable| {
        let mut value = HeaderValue::from_str(value)
            .ok()
            .filter(|_| !value.is_empty())
            .ok_or(RemoteError::Credential { variable })?;
        value.set_sensitive(true);
        Ok(value)
    };
    let credentials = &settings.credentials;
    let mut headers = HeaderMap::new();
    headers.insert(
        "x-api-id",
        secret(credentials.expose_id(), "CREATIFY_API_ID")?,
    );
    headers.insert(
        "x-api-key",
        secret(credentials.expose_key(), "CREATIFY_API_KEY")?,
    );
    headers.insert(
        reqwest::header::ACCEPT,
        HeaderValue::from_static("application/json"),
    );
    Ok(headers)
}
