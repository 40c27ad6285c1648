//! Commands of the engine and their outcomes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{
    Artifact, Failure, JobId, ListFilter, RemoteId, RenderReport, Timestamp, VideoRequest,
};

/// A command to execute. It contains all it needs and is answered by exactly one [`Outcome`].
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// The paid `POST`. One attempt.
    Submit {
        /// The job.
        job: JobId,
        /// The request.
        request: Arc<VideoRequest>,
        /// The API's `name`: readable id and tag.
        name: String,
    },
    /// The status of up to 100 jobs in one request.
    Poll {
        /// Their ids at the provider.
        remotes: Vec<RemoteId>,
    },
    /// The status of one job.
    PollJob {
        /// The job.
        job: JobId,
        /// Its id at the provider.
        remote: RemoteId,
    },
    /// The account's jobs, as many as the provider shows, filtered while they stream in.
    List {
        /// The rows that are kept.
        filter: Arc<ListFilter>,
    },
    /// A download.
    Download(DownloadRequest),
}

/// A download to execute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadRequest {
    /// The job.
    pub job: JobId,
    /// URL of the video. Untrusted.
    pub video_url: String,
    /// URL of the thumbnail. Untrusted; a failure to get it never fails the download.
    pub thumbnail_url: Option<String>,
    /// The path of the video, relative to the output folder.
    pub file: String,
    /// The path of the thumbnail, relative to the output folder.
    pub thumbnail: String,
}

/// The outcome of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The outcome of a submit.
    Submitted {
        /// The job.
        job: JobId,
        /// The provider's id if it was accepted.
        result: Result<RemoteId, Failure>,
    },
    /// The outcome of a poll.
    Polled {
        /// The ids asked about.
        remotes: Vec<RemoteId>,
        /// The reports about the ids that the provider mentioned.
        result: Result<Vec<RenderReport>, Failure>,
    },
    /// The outcome of a query for one job.
    JobPolled {
        /// The job.
        job: JobId,
        /// The provider's report.
        result: Result<RenderReport, Failure>,
    },
    /// The outcome of a list.
    Listed {
        /// The listing.
        result: Result<Listing, Failure>,
    },
    /// The outcome of a download.
    Downloaded {
        /// The job.
        job: JobId,
        /// The file on disk.
        result: Result<Artifact, Failure>,
    },
}

/// A listing: the rows asked for, and the number of all rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// The rows asked for.
    pub found: Vec<RenderReport>,
    /// The number of all rows read.
    pub rows: u64,
    /// The earliest `created_at` of all rows: how far back the list reaches.
    pub oldest: Option<Timestamp>,
    /// `created_at` of the first and of the last row, in the order of the list.
    pub ends: Option<(Timestamp, Timestamp)>,
}

impl Listing {
    /// Whether the oldest rows come first, so that a list that is cut off lacks the newest.
    pub fn is_oldest_first(&self) -> bool {
        self.ends.is_some_and(|(first, last)| first < last)
    }
}

/// The bytes of one download, written by the downloader and sampled by the display. Not recorded, and no decision
/// depends on it.
#[derive(Debug, Default)]
pub struct DownloadProgress {
    received: AtomicU64,
    expected: AtomicU64,
}

impl DownloadProgress {
    /// Sets the total size in bytes, including those of earlier attempts.
    pub fn expect(&self, bytes: u64) {
        self.expected.store(bytes, Ordering::Relaxed);
    }

    /// Sets the number of received bytes, including those of earlier attempts.
    pub fn set_received(&self, bytes: u64) {
        self.received.store(bytes, Ordering::Relaxed);
    }

    /// Returns the number of received bytes.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Returns the total size in bytes, if the server sent it.
    pub fn expected(&self) -> Option<u64> {
        Some(self.expected.load(Ordering::Relaxed)).filter(|bytes| *bytes > 0)
    }
}
