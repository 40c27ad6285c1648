//! Builds the HTTP clients of this layer.

use reqwest::{Certificate, Client, ClientBuilder};

use super::error::{RemoteError, root_cause};
use crate::remote::settings::{Proxy, Timeouts};

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
            reason: root_cause(&error),
        })
}
