//! The settings of the network layer.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::base_url::BaseUrl;
use crate::model::Credentials;

/// The `User-Agent` of every request.
pub(super) const USER_AGENT: &str = concat!("callsheet/", env!("CARGO_PKG_VERSION"));

/// All settings of [`Remote`](super::Remote).
#[derive(Debug, Clone)]
pub struct RemoteSettings {
    /// The address of the API.
    pub base_url: BaseUrl,
    /// The account's keys; sent only to that address.
    pub credentials: Credentials,
    /// The output folder; all files are written below it.
    pub out: PathBuf,
    /// Whether to use the system's proxy.
    pub proxy: Proxy,
    /// Time limits.
    pub timeouts: Timeouts,
    /// Largest file that is downloaded, in bytes.
    pub largest_file: u64,
    /// Where the first request has found the address. Clients that share it agree on that.
    pub gateway: GatewayPlace,
}

/// Whether all addresses of a gateway are internal. Fixed for a run by the first resolution, which is that of the first
/// request to the gateway, whichever client sends it: the server of its name must not change that later, to have requests
/// sent to a private network or files fetched from it.
#[derive(Debug, Clone, Default)]
pub struct GatewayPlace(pub(super) Arc<OnceLock<bool>>);

/// Whether to use the system's proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Proxy {
    /// As `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` or the system say. Servers on this machine are always
    /// reached directly.
    #[default]
    System,
    /// Never: for the embedded sandbox.
    Bypass,
}

/// Time limits of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection, name lookup and TLS included.
    pub connect: Duration,
    /// For a whole create. Long, because creates of half a minute have been observed, and giving up early leaves a job in
    /// doubt.
    pub create: Duration,
    /// For a whole short read, and for the next chunk of a list.
    pub read: Duration,
    /// For a whole list with all its pages.
    pub list: Duration,
    /// For the next chunk of a download. A large file may take any time.
    pub stall: Duration,
    /// For the next 300 KiB of a download, which gives its place to others otherwise.
    pub slow: Duration,
}

impl Timeouts {
    /// One kilobyte a second, with the default.
    pub(super) const SLOW_BYTES: u64 = 300 << 10;
}

/// The list of 100,000 jobs has 15 MB compressed and 150 MB uncompressed, which a slow line transfers in this time. A list
/// without an end must not block a run.
const LIST_TIMEOUT: Duration = Duration::from_secs(15 * 60);

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            create: Duration::from_secs(120),
            read: Duration::from_secs(30),
            list: LIST_TIMEOUT,
            stall: Duration::from_secs(60),
            slow: Duration::from_secs(5 * 60),
        }
    }
}

impl RemoteSettings {
    /// Larger than any avatar video, and small enough that a wrong link cannot fill a disk.
    pub const LARGEST_FILE: u64 = 4 << 30;

    /// Returns settings with defaults for everything else.
    pub fn new(base_url: BaseUrl, credentials: Credentials, out: PathBuf) -> Self {
        Self {
            base_url,
            credentials,
            out,
            proxy: Proxy::default(),
            timeouts: Timeouts::default(),
            largest_file: Self::LARGEST_FILE,
            gateway: GatewayPlace::default(),
        }
    }
}
