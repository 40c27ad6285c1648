//! How far a download has come, for the display alone.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of one download, written by whoever receives them and sampled by the display. Never on
/// record: nothing is decided by it.
#[derive(Debug, Default)]
pub struct DownloadProgress {
    received: AtomicU64,
    expected: AtomicU64,
}

impl DownloadProgress {
    /// Says how many bytes there will be in all, those of an earlier attempt included.
    pub fn expect(&self, bytes: u64) {
        self.expected.store(bytes, Ordering::Relaxed);
    }

    /// Says how many bytes are here, those of an earlier attempt included.
    pub fn set_received(&self, bytes: u64) {
        self.received.store(bytes, Ordering::Relaxed);
    }

    /// Bytes that are here.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Bytes in all, if the server said so.
    pub fn expected(&self) -> Option<u64> {
        Some(self.expected.load(Ordering::Relaxed)).filter(|bytes| *bytes > 0)
    }
}
