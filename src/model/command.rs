//! Commands of the engine and their outcomes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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
        /// The accepted job.
        result: Result<AcceptedJob, Failure>,
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

/// A job that the provider has accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedJob {
    /// Its id at the provider.
    pub remote: RemoteId,
    /// Whether the answer shows the job's tag, so that names are kept.
    pub shows_tag: bool,
}

#[cfg(test)]
impl AcceptedJob {
    /// Returns a job whose answer shows its tag.
    pub(crate) const fn tagged(remote: RemoteId) -> Self {
        Self { remote, shows_tag: true }
    }
}

/// A listing: the rows asked for, and what all rows say about how complete the list is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// The rows asked for.
    pub found: Vec<RenderReport>,
    /// The number of all rows read.
    pub rows: u64,
    /// The number of rows with a tag, of whatever campaign.
    pub tagged: u64,
    /// The earliest `created_at` of all rows: how far back the list reaches.
    pub oldest: Option<Timestamp>,
    /// The order of the rows.
    pub order: ListOrder,
    /// Whether it says that there are more rows than it shows, or links its pages in circles.
    pub is_truncated: bool,
    /// Rows that could not be read. Each may be the wanted one.
    pub unreadable: u64,
    /// The id of the oldest row if it is one of those asked for: older ones may be cut off.
    pub oldest_own: Option<RemoteId>,
    /// Whether a row of a finished render is shown.
    pub shows_finished: bool,
    /// Whether a row of an unfinished render is shown.
    pub shows_unfinished: bool,
    /// How long ago the answer was made, if a cache has kept it.
    pub age: Duration,
}

/// The order of the rows of a list, by their `created_at`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ListOrder {
    /// The newest rows come first: a list that is cut off lacks the oldest.
    #[default]
    NewestFirst,
    /// The oldest rows come first: a list that is cut off lacks the newest.
    OldestFirst,
    /// Another order, or dates that are missing, unreadable or all equal: any row may be cut off.
    Unknown,
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
