//! Construction of HTTP clients.

use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{Certificate, Client, ClientBuilder};

use super::error::{RemoteError, root_cause};
use crate::remote::settings::{Proxy, RemoteSettings, USER_AGENT};

/// Builds a client that neither follows redirects nor repeats requests. Where the system has no certificate store (slim
/// containers), it uses compiled-in root certificates.
pub(crate) fn build_client(
    connect_timeout: Duration,
    proxy: Proxy,
    configure: impl Fn(ClientBuilder) -> ClientBuilder,
) -> Result<Client, RemoteError> {
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

/// Returns host and port of the proxy between this machine and the API, if any. Messages name it, because a proxy that was
/// forgotten in the environment explains errors that nothing else explains.
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
}
