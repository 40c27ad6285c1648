//! How far the links that the API hands out may lead.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// How far a link may lead. Whoever can make the API name a link must not thereby be able to ask what only
/// this machine can ask: its own services, the office's, the cloud's about its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AddressPolicy {
    /// To any address: the API itself is on this machine or in a private network, as the sandbox and a
    /// gateway of one's own are, and so are its files.
    Any,
    /// To addresses that the internet carries.
    PublicOnly,
}

/// Whether `url` names this machine: by the names reserved for it (RFC 6761) or by its addresses.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let number = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || number
            .parse::<Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
        || number
            .parse::<Ipv6Addr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Whether `url` names an address that the internet does not carry (RFC 1918, RFC 4193, link-local):
/// a test server in a container or in the same office.
pub(super) fn is_private(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let number = host.trim_start_matches('[').trim_end_matches(']');
    number
        .parse::<Ipv4Addr>()
        .is_ok_and(|address| address.is_private() || address.is_link_local())
        || number
            .parse::<Ipv6Addr>()
            .is_ok_and(|address| address.is_unique_local() || address.is_unicast_link_local())
}

/// Whether `url` leads inward by what stands in it: by a name that is reserved for this machine (RFC 6761)
/// or by an [address](is_internal_ip).
pub(super) fn is_internal(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let number = host.trim_start_matches('[').trim_end_matches(']');
    let name = host.strip_suffix('.').unwrap_or(host);
    name == "localhost"
        || name.ends_with(".localhost")
        || number.parse::<IpAddr>().is_ok_and(is_internal_ip)
}

/// Whether an address is this machine's, of a private network, or of no one machine (RFC 6890). The range
/// for benchmarks (198.18.0.0/15) is not among them: proxies stand in with it for names of the internet.
pub(super) fn is_internal_ip(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_internal_v4(address),
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || embedded_v4(address).is_some_and(is_internal_v4)
        }
    }
}

fn is_internal_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        // "This network" (RFC 1122), which ends on this machine.
        || first == 0
        // Between a provider and its customers (RFC 6598), and in virtual private networks.
        || (first == 100 && (64..128).contains(&second))
}

/// The address of IPv4 that stands in one of IPv6: mapped or compatible (RFC 4291), behind a translator
/// (RFC 6052) or a tunnel (RFC 3056).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => {
            Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_inward_is_known_however_it_is_written() {
        for inward in [
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
            "https://localhost/",
            "https://LOCALHOST./",
            "https://files.localhost/",
        ] {
            assert!(is_internal(&Url::parse(inward).unwrap()), "{inward}");
        }
        for outward in [
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
        ] {
            assert!(!is_internal(&Url::parse(outward).unwrap()), "{outward}");
        }
    }
}
