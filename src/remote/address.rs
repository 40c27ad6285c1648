//! Classification of hosts: this machine, private networks, the internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// Which addresses the links of the API may lead to.
///
/// The API must not be able to make this machine send requests that only this machine can send: to its own services, to
/// the office network, or to the metadata service of a cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressPolicy {
    /// Any address: the API itself is on this machine or in a private network, like the sandbox or a gateway, and so may
    /// be its files.
    Any,
    /// Only addresses of the internet.
    PublicOnly,
}

/// Which links are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LinkPolicy {
    /// The addresses that links may lead to.
    pub(crate) addresses: AddressPolicy,
    /// Whether links must be `https`, because the address that they come from is.
    pub(crate) is_encrypted: bool,
}

/// Returns the host that `url` leads to, without user name and port.
pub(crate) fn host_of(url: &str) -> Option<String> {
    Url::parse(url.trim()).ok()?.host_str().map(str::to_owned)
}

/// Checks whether `url` names this machine, by a reserved name (RFC 6761) or a loopback address.
pub(super) fn is_loopback(url: &Url) -> bool {
    is_local_name(url) || ip(url).is_some_and(|address| address.is_loopback())
}

/// Whether `url` has an address that is not routed on the internet (RFC 1918, RFC 4193, link-local): a test server in a
/// container or in the same office.
pub(super) fn is_private(url: &Url) -> bool {
    match ip(url) {
        Some(IpAddr::V4(address)) => address.is_private() || address.is_link_local(),
        Some(IpAddr::V6(address)) => address.is_unique_local() || address.is_unicast_link_local(),
        None => false,
    }
}

/// Checks whether `url` itself shows that it is internal: by a name reserved for this machine, or by an
/// [internal address](is_internal_ip).
pub(super) fn is_internal(url: &Url) -> bool {
    is_local_name(url) || ip(url).is_some_and(is_internal_ip)
}

/// Whether an address belongs to this machine, to a private network, or to no single machine (RFC 6890). The range for
/// benchmarks (198.18.0.0/15) does not count: proxies use it as a stand-in for names of the internet.
pub(super) fn is_internal_ip(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_internal_v4(address),
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                // Site-local (RFC 3879).
                || address.segments()[0] & 0xffc0 == 0xfec0
                || embedded_v4(address).into_iter().flatten().any(is_internal_v4)
        }
    }
}

fn is_internal_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        // Reserved (RFC 1112), with the address for broadcasts.
        || first >= 240
        // For protocols inside a network (RFC 6890).
        || (first, second, third) == (192, 0, 0)
        // Relays into IPv6, which anyone could announce (RFC 7526).
        || (first, second, third) == (192, 88, 99)
        // The services of the host of a virtual machine in Azure.
        || address == Ipv4Addr::new(168, 63, 129, 16)
        // "This network" (RFC 1122), which leads to this machine.
        || first == 0
        // Between a provider and its customers (RFC 6598), and in virtual private networks.
        || (first == 100 && (64..128).contains(&second))
}

/// Returns the IPv4 addresses inside an IPv6 address: mapped or compatible (RFC 4291), translated (RFC 2765), of a
/// translator (RFC 6052, RFC 8215) or of a tunnel (RFC 3056, RFC 4380, RFC 5214).
fn embedded_v4(address: Ipv6Addr) -> [Option<Ipv4Addr>; 2] {
    let v4 =
        |high: u16, low: u16| Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0 | 1, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => [v4(high, low), None],
        // The prefix of a local translator has 48 bits or more; bits 64 to 71 are 0.
        [0x64, 0xff9b, 1, high, middle, low, last_high, last_low] => {
            [v4(high, middle << 8 | low >> 8), v4(last_high, last_low)]
        }
        // ISATAP, behind any prefix. The first half says whether the IPv4 address is unique.
        [.., 0 | 0x200, 0x5efe, high, low] => [v4(high, low), None],
        // The server, and the client with inverted bits.
        [0x2001, 0, high, low, _, _, client_high, client_low] => {
            [v4(high, low), v4(!client_high, !client_low)]
        }
        _ => [None, None],
    }
}

fn is_local_name(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let name = host.strip_suffix('.').unwrap_or(host);
    name == "localhost" || name.ends_with(".localhost")
}

fn ip(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_addresses_are_recognised_in_every_notation() {
        for internal in [
            "http://127.0.0.1:9/v.mp4",
            "http://127.1/",
            "http://0x7f000001/",
            "http://2130706433/",
            "http://0.0.0.0/",
            "http://10.1.2.3/",
            "http://172.16.0.1/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest/meta-data/",
            "http://100.64.0.1/",
            "http://100.127.255.255/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://[::]/",
            "http://[::1]/",
            "http://[::ffff:169.254.169.254]/",
            "http://[::ffff:7f00:1]/",
            "http://[::127.0.0.1]/",
            "http://[64:ff9b::10.0.0.1]/",
            "http://[2002:7f00:1::]/",
            "http://[fe80::1]/",
            "http://[fd00:ec2::254]/",
            "http://[ff02::1]/",
            "http://192.0.0.8/",
            "http://192.0.0.170/",
            "http://168.63.129.16/",
            "http://240.0.0.1/",
            "http://254.1.2.3/",
            "http://[::ffff:0:10.0.0.1]/",
            "http://[::ffff:192.0.0.8]/",
            "http://[64:ff9b::168.63.129.16]/",
            "http://[64:ff9b:1::10.0.0.1]/",
            "http://[64:ff9b:1:a00:0:100::]/",
            "http://[64:ff9b:1:fffe::169.254.169.254]/",
            "http://[2002:c000:8::]/",
            "http://[2001:0:a00:1::f7f7:f7f7]/",
            "http://[2001:0:808:808::f5ff:fffe]/",
            "http://[fec0::1]/",
            "http://[feff::1]/",
            "http://[2001:db8::5efe:127.0.0.1]/",
            "http://[2001:db8::200:5efe:10.0.0.1]/",
            "http://[fe80::5efe:8.8.8.8]/",
            "http://192.88.99.1/",
            "http://[2002:c058:6301::]/",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://files.localhost/",
        ] {
            assert!(is_internal(&Url::parse(internal).unwrap()), "{internal}");
        }
        for public in [
            "https://api.creatify.ai/",
            "https://localhost.example/",
            "https://127.0.0.1.example/",
            "https://8.8.8.8/",
            "https://100.63.0.1/",
            "https://100.128.0.1/",
            "https://172.32.0.1/",
            "https://198.18.0.1/",
            "https://[2001:4860:4860::8888]/",
            "https://[::ffff:8.8.8.8]/",
            "https://[64:ff9b::8.8.8.8]/",
            "https://[2002:808:808::]/",
            "https://192.0.1.1/",
            "https://168.63.129.17/",
            "https://239.0.0.1.example/",
            "https://[64:ff9b:1::8.8.8.8]/",
            "https://[64:ff9b:1:808:8:800:808:808]/",
            "https://[2001:0:808:808::f7f7:f7f7]/",
            "https://[2001:db8::a00:1]/",
            "https://[2001:db8::5efe:8.8.8.8]/",
            "https://192.88.98.1/",
        ] {
            assert!(!is_internal(&Url::parse(public).unwrap()), "{public}");
        }
    }
}
