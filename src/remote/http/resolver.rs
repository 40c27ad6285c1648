//! Name resolution for downloads: [`PublicOnlyResolver`].

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::OnceCell;

use crate::remote::address::is_internal_ip;

/// A DNS resolver that leaves out internal addresses of the hosts of links.
///
/// It also resolves the names of proxies, without restriction: a proxy is often in a private network. A link that is
/// fetched through a proxy is resolved by the proxy, which has its own rules.
#[derive(Debug, Clone)]
pub(crate) struct PublicOnlyResolver {
    /// The hosts of links.
    guarded: Arc<Mutex<HashSet<String>>>,
    /// A host that the user chose: an API that is not the official one, or the server of a sheet. If it resolves to
    /// internal addresses, so may the links.
    gateway: Option<Arc<Gateway>>,
}

#[derive(Debug)]
struct Gateway {
    host: String,
    /// Whether all addresses of the host are internal. Fixed when the first link is resolved: the host must not become
    /// internal later, to have files fetched from a private network.
    is_internal: OnceCell<bool>,
}

impl Gateway {
    async fn is_internal(&self) -> std::io::Result<bool> {
        let found = async || Ok(look_up(&self.host).await?.iter().all(is_internal));
        self.is_internal.get_or_try_init(found).await.copied()
    }
}

impl PublicOnlyResolver {
    pub(crate) fn new(gateway_host: Option<String>) -> Self {
        let gateway = |host| Arc::new(Gateway { host, is_internal: OnceCell::new() });
        Self { guarded: Arc::default(), gateway: gateway_host.map(gateway) }
    }

    /// Restricts the host of `url` to public addresses from now on.
    pub(crate) fn guard(&self, url: &Url) {
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
            let is_gateway_internal = match gateway {
                Some(gateway) => gateway.is_internal().await,
                None => Ok(false),
            };
            let (internal, public): (Vec<_>, Vec<_>) = found.into_iter().partition(is_internal);
            if !public.is_empty() {
                return Ok(Box::new(public.into_iter()));
            }
            if is_gateway_internal? {
                Ok(Box::new(internal.into_iter()))
            } else {
                Err(PrivateAddressError.into())
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

/// A host name resolves to an address of this machine or of a private network.
#[derive(Debug, thiserror::Error)]
#[error("its name leads to an address inside your own network, from where no file is fetched")]
pub(super) struct PrivateAddressError;
