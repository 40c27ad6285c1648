//! What the network layer is told once, at the beginning.

use std::path::PathBuf;
use std::time::Duration;

use super::BaseUrl;
use crate::model::Credentials;

/// All settings of [`Remote`](super::Remote).
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the API is.
    pub base_url: BaseUrl,
    /// The account's keys; sent to that address and to no other.
    pub credentials: Credentials,
    /// The output folder; every file that is written lies below it.
    pub out: PathBuf,
    /// How to leave this machine.
    pub proxy: Proxy,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// No file larger than this is downloaded, in bytes.
    pub largest_file: u64,
    /// The `User-Agent` of every request.
    pub user_agent: String,
}

/// How to leave this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Proxy {
    /// As the system says: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`. What lies on this
    /// very machine is reached directly in any case.
    #[default]
    System,
    /// Never through a proxy: for the embedded sandbox.
    Bypass,
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection, name lookup and TLS included.
    pub connect: Duration,
    /// For the whole of a create. Long, because creates of half a minute have been seen, and giving up
    /// early makes doubt.
    pub create: Duration,
    /// For the whole of a short read; for the next piece of a list.
    pub read: Duration,
    /// For the whole of a list, with all its pages.
    pub list: Duration,
    /// For the next piece of a download. A large file may take as long as it needs.
    pub stall: Duration,
}

/// The list of a hundred thousand jobs is 15 MB compressed and 150 MB where it is not, which a slow line still
/// brings in this time. One that has not ended by then may never end, and must not hold up a run for ever.
const LONGEST_LIST: Duration = Duration::from_secs(15 * 60);

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            create: Duration::from_secs(120),
            read: Duration::from_secs(30),
            list: LONGEST_LIST,
            stall: Duration::from_secs(60),
        }
    }
}

impl Settings {
    /// Larger than any avatar video, and small enough that a wrong link cannot fill a disk.
    pub const LARGEST_FILE: u64 = 4 << 30;

    /// Settings with the defaults for everything that is not named.
    pub fn new(base_url: BaseUrl, credentials: Credentials, out: PathBuf) -> Self {
        Self {
            base_url,
            credentials,
            out,
            proxy: Proxy::default(),
            timeouts: Timeouts::default(),
            largest_file: Self::LARGEST_FILE,
            user_agent: format!("callsheet/{}", env!("CARGO_PKG_VERSION")),
        }
    }
}
