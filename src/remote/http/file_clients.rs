//! The clients of downloads: [`FileClients`].

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder, Url};

use super::client_builder::build_client;
use super::error::{PrivateAddressError, RemoteError};
use crate::remote::address::{AddressPolicy, is_internal_ip, is_loopback};
use crate::remote::settings::{Proxy, Settings};

/// Clients that have never seen the credentials.
#[derive(Debug, Clone)]
pub(super) struct FileClients {
    outside: Client,
    local: Client,
    names: PublicOnlyResolver,
}

impl FileClients {
    /// Builds them. In HTTP/2 all downloads from a host would share one connection, and a slow one its window.
    pub(super) fn new(settings: &Settings) -> Result<Self, RemoteError> {
        let names = PublicOnlyResolver::new(settings);
        let build = |proxy, change: &dyn Fn(ClientBuilder) -> ClientBuilder| {
            build_client(&settings.user_agent, settings.timeouts, proxy, change)
        };
        let policy = settings.base_url.address_policy();
        Ok(Self {
            outside: build(settings.proxy, &|builder| match policy {
                AddressPolicy::Any => builder.http1_only(),
                AddressPolicy::PublicOnly => builder.http1_only().dns_resolver(names.clone()),
            })?,
            local: build(Proxy::Bypass, &ClientBuilder::http1_only)?,
            names,
        })
    }

    /// The client that downloads from `url`.
    pub(super) fn of(&self, url: &Url) -> &Client {
        if is_loopback(url) {
            &self.local
        } else {
            self.names.guard(url);
            &self.outside
        }
    }
}

/// Looks up names, and for those that stand in links passes over addresses that lead inward.
///
/// Names of proxies are looked up here too, and as they are: a proxy is often in a private network. A link
/// that is fetched through a proxy is looked up by the proxy, which has rules of its own.
#[derive(Debug, Clone)]
struct PublicOnlyResolver {
    /// The hosts of links.
    links: Arc<Mutex<HashSet<String>>>,
    /// The host of an API that is not the official one. If it is inside by its address, so are its files.
    gateway: Option<String>,
}

impl PublicOnlyResolver {
    fn new(settings: &Settings) -> Self {
        let base = &settings.base_url;
        Self {
            links: Arc::default(),
            gateway: (!base.is_official()).then(|| base.host().to_owned()),
        }
    }

    /// From now on the host of `url` is to lead outside.
    fn guard(&self, url: &Url) {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.extend(url.host_str().map(str::to_owned));
    }

    fn is_guarded(&self, name: &str) -> bool {
        let links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.contains(name)
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
            let (inward, outward): (Vec<_>, Vec<_>) = found.into_iter().partition(is_internal);
            if !outward.is_empty() {
                return Ok(Box::new(outward.into_iter()));
            }
            match gateway {
                Some(gateway) if look_up(&gateway).await?.iter().all(is_internal) => {
                    Ok(Box::new(inward.into_iter()))
                }
                Some(_) | None => Err(PrivateAddressError.into()),
            }
        })
    }
}

fn is_internal(place: &SocketAddr) -> bool {
    is_internal_ip(place.ip())
}

/// Port 0 stands for the one of the URL.
async fn look_up(name: &str) -> std::io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((name, 0)).await?.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Credentials, FailureKind};
    use crate::remote::http::classify::transport_failure;
    use crate::remote::settings::Timeouts;

    fn names(base: &str) -> PublicOnlyResolver {
        let credentials = Credentials::new("account".into(), "key".into());
        let settings = Settings::new(base.parse().unwrap(), credentials, "out".into());
        PublicOnlyResolver::new(&settings)
    }

    async fn count(names: &PublicOnlyResolver) -> Option<usize> {
        let found = names.resolve("localhost".parse().unwrap()).await;
        found.ok().map(Iterator::count)
    }

    #[tokio::test]
    async fn the_name_of_a_link_leads_outside_and_the_name_of_a_proxy_anywhere() {
        let names = names("https://api.creatify.ai");
        assert!(count(&names).await.unwrap() > 0, "a proxy");
        names.guard(&Url::parse("https://LocalHost/v.mp4").unwrap());
        assert_eq!(count(&names).await, None);
    }

    #[tokio::test]
    async fn a_gateway_that_is_inside_by_its_address_has_its_files_there() {
        let names = names("https://localhost");
        names.guard(&Url::parse("https://localhost/v.mp4").unwrap());
        assert!(count(&names).await.unwrap() > 0);
    }

    #[tokio::test]
    async fn a_name_that_leads_inward_is_refused_and_not_tried_again() {
        let names = names("https://api.creatify.ai");
        let link = Url::parse("http://localhost:9/v.mp4").unwrap();
        names.guard(&link);
        let client = build_client("test", Timeouts::default(), Proxy::Bypass, |builder| {
            builder.dns_resolver(names.clone())
        });
        let error = client.unwrap().get(link).send().await.unwrap_err();
        let failure = transport_failure(&error.without_url(), "`localhost`");
        assert_eq!(failure.kind, FailureKind::Refused, "{failure}");
        assert!(failure.message.contains("your own network"), "{failure}");
    }
}
