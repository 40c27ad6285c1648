//! What the engine wants done, and how it went.

use std::sync::Arc;

use super::{
    Artifact, CommandKind, Failure, JobId, ListFilter, RemoteId, RenderReport, Timestamp,
    VideoRequest,
};

/// Something to do. Each carries all it needs and is answered by exactly one [`Outcome`].
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// The paid `POST`. One attempt.
    Submit {
        /// The job.
        job: JobId,
        /// What to ask for.
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
    Look {
        /// The job.
        job: JobId,
        /// Its id at the provider.
        remote: RemoteId,
    },
    /// The account's jobs, as many as the provider shows, filtered while they stream in.
    List {
        /// The rows that are kept.
        sought: Arc<ListFilter>,
    },
    /// A download.
    Fetch(FetchOrder),
}

/// A download to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchOrder {
    /// The job.
    pub job: JobId,
    /// URL of the video. Untrusted.
    pub video_url: String,
    /// URL of the thumbnail. Untrusted; a failure to get it never fails the download.
    pub thumbnail_url: Option<String>,
    /// Where the video goes, relative to the output folder.
    pub file: String,
    /// Where the thumbnail goes, relative to the output folder.
    pub thumbnail: String,
}

/// How a command went.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Of a submit.
    Submitted {
        /// The job.
        job: JobId,
        /// The provider's id if it was accepted.
        result: Result<RemoteId, Failure>,
    },
    /// Of a poll.
    Polled {
        /// The ids asked about.
        remotes: Vec<RemoteId>,
        /// What the provider said of those it mentioned.
        result: Result<Vec<RenderReport>, Failure>,
    },
    /// Of a look.
    Looked {
        /// The job.
        job: JobId,
        /// What the provider said.
        result: Result<RenderReport, Failure>,
    },
    /// Of a list.
    Listed {
        /// What it showed.
        result: Result<Listing, Failure>,
    },
    /// Of a download.
    Fetched {
        /// The job.
        job: JobId,
        /// What is on disk now.
        result: Result<Artifact, Failure>,
    },
}

/// What a listing showed: the rows asked for, and how many there were in all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// The rows asked for.
    pub found: Vec<RenderReport>,
    /// All rows read.
    pub rows: u64,
    /// The earliest `created_at` of all rows read: how far back the list reaches.
    pub oldest: Option<Timestamp>,
    /// `created_at` of the first row and of the last one, in the order in which they were listed.
    pub ends: Option<(Timestamp, Timestamp)>,
}

impl Listing {
    /// Whether the oldest rows come first, so that what is cut off, if anything is, is the newest.
    pub fn is_oldest_first(&self) -> bool {
        self.ends.is_some_and(|(first, last)| first < last)
    }
}

impl Command {
    /// The kind, for the table of failures.
    pub const fn kind(&self) -> CommandKind {
        match self {
            Self::Submit { .. } => CommandKind::Submit,
            Self::Poll { .. } => CommandKind::Poll,
            Self::Look { .. } => CommandKind::Look,
            Self::List { .. } => CommandKind::List,
            Self::Fetch(_) => CommandKind::Fetch,
        }
    }
}
