//! What can become true: the lines of the journal, and the spine of everything that is shown.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Credits, Failure, Fingerprint, Generation, Inconclusive, JobId, RemoteId, StopReason, Tag,
    Timestamp, redact_url,
};

/// One line of the journal: its place, its moment, and what became true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// 1 for the first entry of a campaign, and one more for each that follows.
    pub sequence: u64,
    /// When it became true.
    pub at: Timestamp,
    /// What became true.
    pub event: Event,
}

/// Something that has become true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The program began to work on the campaign.
    RunStarted {
        /// Version of the program.
        version: String,
        /// Its process id, for the log.
        process: u32,
    },
    /// The output folder shows work that the journal does not know of. Until the list has been read with care
    /// ([`InventoryTaken`](Self::InventoryTaken)), however many runs that takes, nothing is submitted.
    JournalLost,
    /// The run ended in an orderly way. A crash leaves a run without this.
    RunEnded {
        /// Why it stopped early, if it did.
        stopped: Option<StopReason>,
    },
    /// The provider asked for a pause: nothing of this kind before `until`.
    LaneHeld {
        /// Which kind of command.
        lane: Lane,
        /// Not before.
        until: Timestamp,
        /// The answer that asked for it.
        failure: Failure,
    },
    /// The listing at the beginning of a run was read: what the provider already has is adopted.
    InventoryTaken {
        /// How many jobs the provider showed.
        rows: u64,
    },
    /// The listing at the beginning of a run could not be had, and there was no sign that the
    /// provider has anything of this campaign: the run goes on without it.
    InventorySkipped {
        /// Why it could not be had.
        failure: Failure,
    },
    /// The provider has shown how many renders it works on at one time, by refusing one more or by letting it
    /// wait. Only where the limit is to be learnt.
    PlacesLearnt {
        /// So many are submitted at one time from now on, a few that wait included.
        places: usize,
    },
    /// Something about one job.
    Job {
        /// Which.
        job: JobId,
        /// What.
        event: JobEvent,
    },
}

/// The kinds of command that have limits of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Submits.
    Submit,
    /// Polls, looks and lists.
    Poll,
    /// Downloads.
    Fetch,
}

/// What can become true of one job. [`Phase::apply`](super::Phase::apply) says what follows from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobEvent {
    /// The paid request is about to be sent. On disk before it is.
    SubmitStarted {
        /// The mark it carries.
        tag: Tag,
        /// What is asked for.
        fingerprint: Fingerprint,
        /// Which time it is paid for on purpose.
        generation: Generation,
        /// What it may cost at the most.
        reserved: Credits,
    },
    /// Accepted.
    Submitted {
        /// The provider's id.
        remote: RemoteId,
    },
    /// Certainly not accepted; to be sent again later.
    SubmitDeferred {
        /// Why.
        failure: Failure,
    },
    /// Sent, and nothing says whether it was accepted.
    SubmitLost {
        /// Why.
        failure: Failure,
    },
    /// Found in the provider's list by its tag: taken over, not paid again.
    Adopted {
        /// The provider's id.
        remote: RemoteId,
        /// The tag it was found by.
        tag: Tag,
        /// The request it answers.
        fingerprint: Fingerprint,
        /// The generation of the tag.
        generation: Generation,
        /// What it may cost at the most.
        reserved: Credits,
    },
    /// Looked for in the provider's list, and neither found nor proven not to have been accepted. Told when
    /// the reason is a new one.
    NotProven {
        /// Why that is no proof.
        why: Inconclusive,
    },
    /// Proven not to have been accepted.
    FoundAbsent,
    /// The provider's list shows another job with the same tag: somebody else has paid for it too, such as
    /// a run on another machine. Only told; the job goes on with its own render.
    PaidTwice {
        /// The other one's id at the provider.
        remote: RemoteId,
    },
    /// The provider reports a new status word for a render that goes on.
    Observed {
        /// The word.
        status: String,
    },
    /// The render has not finished within the time allowed; it may still finish.
    RenderOverdue,
    /// The render has finished.
    Rendered {
        /// Where it lies and what it cost.
        output: Arc<Output>,
    },
    /// The finished video is on disk, whole.
    Fetched {
        /// What was stored.
        artifact: Arc<Artifact>,
    },
    /// A download failed; it will be tried again.
    FetchDeferred {
        /// Why.
        failure: Failure,
    },
    /// A download failed, and this run does not try it again: a later one does. The video stays paid for.
    FetchLeft {
        /// Why.
        failure: Failure,
    },
    /// The link no longer works: a fresh one is to be asked for.
    LinkExpired {
        /// Why.
        failure: Failure,
    },
    /// The file of a finished job is gone from the disk: to be downloaded again.
    FileMissing,
    /// The job has failed for good.
    Failed {
        /// Why.
        failure: Failure,
        /// The charge the provider reported, if it did.
        charged: Option<Credits>,
    },
    /// A job that failed because the provider did not know it, or showed no output, is asked about
    /// once more: what was paid for may still turn up.
    Revisited,
    /// A person wants the job paid for once more.
    Reopened {
        /// The generation it will be submitted as.
        generation: Generation,
    },
}

/// A finished render at the provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// URL of the video. Untrusted; may be signed, so it is redacted when shown.
    pub video_url: String,
    /// URL of a still picture. Untrusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail_url: Option<String>,
    /// Length of the video in seconds, if reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    /// The charge, if reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credits_used: Option<Credits>,
}

impl Output {
    /// Whether one of its links has a query, which is where signatures live.
    pub(super) fn is_signed(&self) -> bool {
        let mut links = std::iter::once(&self.video_url).chain(&self.thumbnail_url);
        links.any(|link| link.contains('?'))
    }

    /// Leaves of its links what may be shown. They are of no use once the file is here, and a signature may be
    /// longer than all else that is known of the job.
    pub(super) fn forget_signatures(&mut self) {
        for link in std::iter::once(&mut self.video_url).chain(&mut self.thumbnail_url) {
            *link = redact_url(link);
            link.shrink_to_fit();
        }
    }
}

/// A video on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Path of the video, relative to the output folder, with `/`.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// Path of the thumbnail, relative to the output folder, if one was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
}

impl JobEvent {
    /// What a submit asked for, if the event says so.
    pub const fn fingerprint(&self) -> Option<&Fingerprint> {
        match self {
            Self::SubmitStarted { fingerprint, .. } | Self::Adopted { fingerprint, .. } => {
                Some(fingerprint)
            }
            Self::Submitted { .. }
            | Self::SubmitDeferred { .. }
            | Self::SubmitLost { .. }
            | Self::NotProven { .. }
            | Self::FoundAbsent
            | Self::PaidTwice { .. }
            | Self::Observed { .. }
            | Self::RenderOverdue
            | Self::Rendered { .. }
            | Self::Fetched { .. }
            | Self::FetchDeferred { .. }
            | Self::FetchLeft { .. }
            | Self::LinkExpired { .. }
            | Self::FileMissing
            | Self::Failed { .. }
            | Self::Revisited
            | Self::Reopened { .. } => None,
        }
    }
}

impl Event {
    /// An event of one job.
    pub fn job(job: &JobId, event: JobEvent) -> Self {
        Self::Job {
            job: job.clone(),
            event,
        }
    }
}
