//! Name resolution for links and gateways: [`PublicOnlyResolver`].

use std::collections::HashSet;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::remote::address::is_internal_ip;
use crate::remote::settings::GatewayPlace;

/// A DNS resolver that leaves out internal addresses of the hosts of links.
///
/// A connection is made only to the addresses that were checked, so that a name cannot change between check and
/// connection.
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

/// A host that the user chose. A gateway that was first found on the internet keeps its place: its name does not lead into a
/// private network later, neither for requests nor for links.
#[derive(Debug)]
struct Gateway {
    host: String,
    place: GatewayPlace,
}

impl Gateway {
    async fn is_internal(&self) -> std::io::Result<bool> {
        match self.place.0.get() {
            Some(is_internal) => Ok(*is_internal),
            None => Ok(self.fix(&look_up(&self.host).await?)),
        }
    }

    /// Returns whether the gateway is internal, by what its name was first found to be.
    fn fix(&self, found: &[SocketAddr]) -> bool {
        *self.place.0.get_or_init(|| found.iter().all(is_internal))
    }
}

impl PublicOnlyResolver {
    pub(crate) fn new(gateway_host: Option<String>, place: GatewayPlace) -> Self {
        let gateway = |host| Arc::new(Gateway { host, place });
        Self { guarded: Arc::default(), gateway: gateway_host.map(gateway) }
    }

    /// Returns the resolver for the requests to the gateway, if there is one. Links do not restrict it.
    pub(super) fn of_gateway(&self) -> Option<Self> {
        let gateway = self.gateway.clone()?;
        Some(Self { guarded: Arc::default(), gateway: Some(gateway) })
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
            let is_internal = match gateway {
                Some(gateway) if gateway.host == name.as_str() => Ok(gateway.fix(&found)),
                _ if !is_guarded => return Ok(Box::new(found.into_iter()) as Addrs),
                Some(gateway) => gateway.is_internal().await,
                None => Ok(false),
            };
            let found = allowed(found, is_internal.as_ref().is_ok_and(|it| *it));
            if found.is_empty() {
                is_internal?;
                let error: Box<dyn Error + Send + Sync> =
                    if is_guarded { PrivateAddressError.into() } else { MovedGatewayError.into() };
                return Err(error);
            }
            Ok(Box::new(found.into_iter()))
        })
    }
}

/// Returns the addresses to connect to: the public ones, and without them the internal ones if they may be used.
fn allowed(found: Vec<SocketAddr>, may_be_internal: bool) -> Vec<SocketAddr> {
    let (internal, public): (Vec<_>, Vec<_>) = found.into_iter().partition(is_internal);
    if public.is_empty() && may_be_internal { internal } else { public }
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
#[error("its name leads to an address inside your own network, to where no request is sent")]
pub(super) struct PrivateAddressError;

/// The name of a gateway has changed from an address of the internet to an internal one.
#[derive(Debug, thiserror::Error)]
#[error(
    "its name now leads to an address inside your own network; start the run again if that is right"
)]
struct MovedGatewayError;

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &str = "8.8.8.8:0";
    const INTERNAL: &str = "10.0.0.5:0";

    fn resolver_of(host: &str) -> PublicOnlyResolver {
        PublicOnlyResolver::new(Some(host.to_owned()), GatewayPlace::default())
    }

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn internal_addresses_are_used_only_if_they_may_be_and_alone() {
        let both = || addresses(&[INTERNAL, PUBLIC]);
        let internal = || addresses(&[INTERNAL]);
        assert_eq!(allowed(both(), false), addresses(&[PUBLIC]));
        assert_eq!(allowed(both(), true), addresses(&[PUBLIC]));
        assert_eq!(allowed(internal(), false), []);
        assert_eq!(allowed(internal(), true), internal());
    }

    #[test]
    fn the_place_of_a_gateway_is_fixed_by_its_first_address() {
        for (first, later, is_internal) in [
            (&[PUBLIC][..], &[INTERNAL][..], false),
            (&[PUBLIC, INTERNAL], &[INTERNAL], false),
            (&[INTERNAL], &[PUBLIC], true),
        ] {
            let resolver = resolver_of("gate.example");
            let gateway = resolver.of_gateway().unwrap().gateway.unwrap();
            assert_eq!(gateway.fix(&addresses(first)), is_internal);
            assert_eq!(gateway.fix(&addresses(later)), is_internal);
            assert_eq!(resolver.gateway.unwrap().place.0.get(), Some(&is_internal));
        }
        let without = PublicOnlyResolver::new(None, GatewayPlace::default());
        assert!(without.of_gateway().is_none());
    }

    /// `localhost` stands for a name that has moved into the own network.
    #[tokio::test]
    async fn a_gateway_does_not_move_into_the_own_network() {
        let name = || "localhost".parse::<Name>().unwrap();
        let resolver = resolver_of("localhost");
        resolver.guard(&Url::parse("https://localhost/v.mp4").unwrap());
        let gateway = resolver.of_gateway().unwrap();
        gateway.gateway.as_ref().unwrap().fix(&addresses(&[PUBLIC]));
        let refused = gateway.resolve(name()).await.map(Iterator::count);
        assert!(refused.unwrap_err().to_string().contains("inside your own network"));
        let refused = resolver.resolve(name()).await.map(Iterator::count);
        assert!(refused.unwrap_err().to_string().contains("inside your own network"));
        // The clients of the run's other steps know what the first one has found.
        let place = gateway.gateway.as_ref().unwrap().place.clone();
        let later = PublicOnlyResolver::new(Some("localhost".to_owned()), place);
        let refused = later.of_gateway().unwrap().resolve(name()).await.map(Iterator::count);
        assert!(refused.unwrap_err().to_string().contains("inside your own network"));

        let resolver = resolver_of("localhost");
        resolver.guard(&Url::parse("https://localhost/v.mp4").unwrap());
        let gateway = resolver.of_gateway().unwrap();
        assert!(gateway.resolve(name()).await.unwrap().count() > 0);
        assert_eq!(
            gateway.gateway.as_ref().unwrap().place.0.get(),
            Some(&true),
            "fixed by the first request"
        );
        assert!(resolver.resolve(name()).await.unwrap().count() > 0);
    }
}
