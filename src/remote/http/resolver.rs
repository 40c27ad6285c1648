//! Name resolution for downloads: [`PublicOnlyResolver`].

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::error::PrivateAddressError;
use crate::remote::address::is_internal_ip;
use crate::remote::settings::RemoteSettings;

/// A DNS resolver that leaves out internal addresses of the hosts of links.
///
/// It also resolves the names of proxies, without that restriction: a proxy is often in a private network. A link that is
/// fetched through a proxy is resolved by the proxy, which has its own rules.
#[derive(Debug, Clone)]
pub(super) struct PublicOnlyResolver {
    /// The hosts of links.
    guarded: Arc<Mutex<HashSet<String>>>,
    /// The host of an API that is not the official one. If it resolves to internal addresses, so may its files.
    gateway: Option<String>,
}

impl PublicOnlyResolver {
    pub(super) fn new(settings: &RemoteSettings) -> Self {
        let base = &settings.base_url;
        Self {
            guarded: Arc::default(),
            gateway: (!base.is_official()).then(|| base.host().to_owned()),
        }
    }

    /// Restricts the host of `url` to public addresses from now on.
    pub(super) fn guard(&self, url: &Url) {
        let mut guarded = self.guarded.lock().unwrap_or_else(PoisonError::into_inner);
        guarded.extend(url.host_str().map(str::to_owned));
    }

    fn is_guarded(&self, host: &str) -> bool {
        let guarded = self.guarded.lock().unwrap_or_else(PoisonError::into_inner);
        guarded.contains(host)
    }
}

impl Resolve for PublicOnlyResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let is_guarded = self.is_guarded(name.as_str());
        let gateway = self.gateway.clone();
        Box::pin(async move {
            let found = look_up(name.as_str()).await?;
            if !is_guarded {
                return Ok(Box::new(found.into_iter()) as Addrs);
            }
            let (internal, public): (Vec<_>, Vec<_>) = found.into_iter().partition(is_internal);
            if !public.is_empty() {
                return Ok(Box::new(public.into_iter()));
            }
            match gateway {
                Some(gateway) if look_up(&gateway).await?.iter().all(is_internal) => {
                    Ok(Box::new(internal.into_iter()))
                }
                Some(_) | None => Err(PrivateAddressError.into()),
            }
        })
    }
}

fn is_internal(address: &SocketAddr) -> bool {
    is_internal_ip(address.ip())
}

/// Resolves a host name. Port 0 stands for the port of the URL.
async fn look_up(name: &str) -> std::io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((name, 0)).await?.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Credentials, FailureKind};
    use crate::remote::http::classify::transport_failure;
    use crate::remote::http::client_builder::build_client;
    use crate::remote::settings::Proxy;
    use std::time::Duration;

    fn resolver(base: &str) -> PublicOnlyResolver {
        let credentials = Credentials::new("account".into(), "key".into());
        let settings = RemoteSettings::new(base.parse().unwrap(), credentials, "out".into());
        PublicOnlyResolver::new(&settings)
    }

    async fn count(resolver: &PublicOnlyResolver) -> Option<usize> {
        let found = resolver.resolve("localhost".parse().unwrap()).await;
        found.ok().map(Iterator::count)
    }

    #[tokio::test]
    async fn names_of_links_resolve_to_public_addresses_and_names_of_proxies_to_any() {
        let resolver = resolver("https://api.creatify.ai");
        assert!(count(&resolver).await.unwrap() > 0, "a proxy");
        resolver.guard(&Url::parse("https://LocalHost/v.mp4").unwrap());
        assert_eq!(count(&resolver).await, None);
    }

    #[tokio::test]
    async fn files_of_an_internal_gateway_may_be_internal() {
        let resolver = resolver("https://localhost");
        resolver.guard(&Url::parse("https://localhost/v.mp4").unwrap());
        assert!(count(&resolver).await.unwrap() > 0);
    }

    #[tokio::test]
    async fn an_internal_name_is_refused_for_good() {
        let resolver = resolver("https://api.creatify.ai");
        let link = Url::parse("http://localhost:9/v.mp4").unwrap();
        resolver.guard(&link);
        let client = build_client(Duration::from_secs(10), Proxy::Bypass, |builder| {
            builder.dns_resolver(resolver.clone())
        });
        let error = client.unwrap().get(link).send().await.unwrap_err();
        let failure = transport_failure(&error.without_url(), "`localhost`");
        assert_eq!(failure.kind, FailureKind::Refused, "{failure}");
        assert!(failure.message.contains("your own network"), "{failure}");
    }
}
