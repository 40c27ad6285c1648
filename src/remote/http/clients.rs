//! The HTTP clients: reads, paid submits and downloads differ in how they treat connections.

use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{Certificate, Client, ClientBuilder, Request, Response, Url};

use super::resolver::PublicOnlyResolver;
use super::response::root_cause;
use crate::remote::address::{AddressPolicy, is_loopback};
use crate::remote::settings::{Proxy, RemoteSettings, USER_AGENT};

/// Interval and time limit of HTTP/2 pings while a response is awaited. Without them, each read on a dead connection would
/// have to time out.
const PING_INTERVAL: Duration = Duration::from_secs(10);

/// How long an idle connection may be used again. Servers close idle connections after five seconds at the earliest, as a
/// rule; a request at that moment may or may not have arrived.
const MAX_IDLE: Duration = Duration::from_secs(4);

/// Why an HTTP client cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// A key contains a character that a header cannot contain. Does not show the key.
    #[error(
        "the value of `{variable}` cannot be sent: it holds a line break or another character that HTTP does not allow"
    )]
    Credential {
        /// The environment variable of the key.
        variable: &'static str,
    },
    /// A variable names a proxy that the client would ignore, so that requests would be sent past it. Does not show the
    /// value, which may hold a password.
    #[error(
        "`{variable}` does not name a proxy that can be used, and requests are not sent past it: its value must be \
         `HOST:PORT`, or begin with `http://`, `https://`, `socks4://`, `socks4a://`, `socks5://` or `socks5h://` in small \
         letters; nothing was submitted"
    )]
    Proxy {
        /// The environment variable.
        variable: &'static str,
    },
    /// The client cannot be built.
    #[error("the HTTP client cannot be started: {reason}")]
    Client {
        /// Why.
        reason: String,
    },
}

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
        let base = &settings.base_url;
        let gateway = (!base.is_official()).then(|| base.host().to_owned());
        let resolver = PublicOnlyResolver::new(gateway, settings.gateway.clone());
        let build = |configure: fn(ClientBuilder) -> ClientBuilder| {
            build_client(connect_timeout, proxy, |builder| match resolver.of_gateway() {
                Some(gateway) => configure(builder).dns_resolver(gateway),
                None => configure(builder),
            })
        };
        let policy = base.link_policy().addresses;
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
            submits: SubmitClient {
                // A gateway may compress its answer without being asked.
                pooled: build(|builder| {
                    builder.http1_only().gzip(true).pool_idle_timeout(MAX_IDLE)
                })?,
                unpooled: build(|builder| {
                    builder.http1_only().gzip(true).pool_max_idle_per_host(0)
                })?,
                is_pooling: Arc::new(AtomicBool::new(true)),
            },
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

/// Sends paid requests: on recently used connections, until one of them has broken, and from then on each request on a
/// new connection.
///
/// A request that breaks after it was sent is in doubt, and costs a minute of searching; a pooled connection has one more
/// reason to break than a new one. With most servers that never happens.
///
/// Always HTTP/1.1, where a connection carries one request at a time. A broken HTTP/2 connection would put all its requests
/// in doubt.
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

/// Builds a client that neither follows redirects nor repeats requests. Where the system has no certificate store (slim
/// containers), it uses compiled-in root certificates.
pub(crate) fn build_client(
    connect_timeout: Duration,
    proxy: Proxy,
    configure: impl Fn(ClientBuilder) -> ClientBuilder,
) -> Result<Client, RemoteError> {
    if proxy == Proxy::System
        && let Some(variable) = unusable_proxy(proxy_variable)
    {
        return Err(RemoteError::Proxy { variable });
    }
    // An error means that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        let builder = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_gzip()
            .connect_timeout(connect_timeout);
        configure(match proxy {
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
        .map_err(|error| RemoteError::Client { reason: root_cause(&error) })
}

/// The variables that name proxies: that of each scheme, and the one for those without.
const PROXY_VARIABLES: [[&str; 2]; 3] =
    [["HTTPS_PROXY", "https_proxy"], ["HTTP_PROXY", "http_proxy"], ["ALL_PROXY", "all_proxy"]];

/// Returns a variable that applies to some requests and whose value the HTTP client would ignore, see
/// [`Matcher::from_env`].
fn unusable_proxy(variable: impl Fn(&str) -> Option<OsString>) -> Option<&'static str> {
    let first_set = |names: [&'static str; 2]| {
        let (name, value) = names.into_iter().find_map(|name| Some((name, variable(name)?)))?;
        let value = value.to_string_lossy().into_owned();
        (!value.trim().is_empty()).then_some((name, value))
    };
    let [https, http, all] = PROXY_VARIABLES.map(first_set);
    let all = all.filter(|_| https.is_none() || http.is_none());
    let excluded = ["NO_PROXY", "no_proxy"].into_iter().find_map(&variable).unwrap_or_default();
    let is_used = |proxy: &str| {
        // Only `*` excludes this host.
        let matcher = Matcher::builder().all(proxy).no(&*excluded.to_string_lossy()).build();
        let target = "https://host.invalid".parse();
        target.is_ok_and(|target| matcher.intercept(&target).is_some())
    };
    let mut given = [https, http, all].into_iter().flatten();
    let unusable = given.find(|(_, value)| !is_used(value)).filter(|_| is_used("http://proxy"));
    unusable.map(|(name, _)| name)
}

#[expect(clippy::disallowed_methods, reason = "the HTTP client reads the same variables")]
fn proxy_variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Returns host and port of the proxy between this machine and the API, if any. Messages name it, because a forgotten
/// proxy setting causes errors that are hard to explain otherwise.
pub(super) fn proxy_address(settings: &RemoteSettings) -> Option<String> {
    let base = &settings.base_url;
    if settings.proxy == Proxy::Bypass || base.is_loopback() {
        return None;
    }
    authority(&Matcher::from_system(), &base.to_string())
}

/// Returns host and port of the proxy that `matcher` finds for `url`, without user name and password.
fn authority(matcher: &Matcher, url: &str) -> Option<String> {
    let proxy = matcher.intercept(&url.parse().ok()?)?;
    proxy.uri().authority().map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxy_is_named_without_its_password() {
        for url in
            ["http://p.example:3128", "p.example:3128", "https://user:pass%40word@p.example:3128/"]
        {
            let matcher = Matcher::builder().https(url).no("b.example").build();
            let found = authority(&matcher, "https://api.creatify.ai");
            assert_eq!(found.as_deref(), Some("p.example:3128"), "{url}");
            assert_eq!(authority(&matcher, "https://a.b.example"), None);
            assert_eq!(authority(&matcher, "http://api.creatify.ai"), None);
        }
    }

    #[test]
    fn a_proxy_that_would_be_ignored_is_refused() {
        let unusable = |variables: &[(&str, &str)]| {
            unusable_proxy(|name| {
                let found = variables.iter().find(|(given, _)| *given == name);
                found.map(|(_, value)| OsString::from(value))
            })
        };
        for proxy in ["socks://p:9", "SOCKS5://p:9", "foo://p:9", "ht!tp://%%%", "http://", "p q"] {
            assert_eq!(unusable(&[("HTTPS_PROXY", proxy)]), Some("HTTPS_PROXY"), "{proxy}");
            assert_eq!(unusable(&[("all_proxy", proxy)]), Some("all_proxy"), "{proxy}");
            assert_eq!(unusable(&[("http_proxy", proxy), ("NO_PROXY", "*")]), None, "{proxy}");
            // The variables of both schemes replace that for all.
            let replaced = [("HTTPS_PROXY", "p:1"), ("HTTP_PROXY", "p:1"), ("ALL_PROXY", proxy)];
            assert_eq!(unusable(&replaced), None, "{proxy}");
            assert_eq!(unusable(&replaced[1..]), Some("ALL_PROXY"), "{proxy}");
        }
        for proxy in ["p:9", "http://p", "HTTPS://u:p@p:9/", "socks5h://p:9", "", " "] {
            assert_eq!(unusable(&[("HTTPS_PROXY", proxy)]), None, "{proxy}");
        }
    }
}
