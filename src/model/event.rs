//! Events: the entries of the journal.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    AccountMark, Credits, Failure, Fingerprint, Generation, Inconclusive, JobId, RecordedCap,
    RemoteId, StopReason, Tag, Timestamp, redact_url,
};

/// Returns the serde name of an enum's variant.
pub(crate) fn variant_name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => name,
        Ok(Value::Object(fields)) => fields.into_iter().next().unwrap_or_default().0,
        Ok(_) | Err(_) => String::new(),
    }
}

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The number of the entry, from 1 for the first one of a campaign.
    pub sequence: u64,
    /// The time of the event.
    pub at: Timestamp,
    /// The event.
    pub event: Event,
}

/// Something that has happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A run began.
    RunStarted {
        /// The version of the program.
        version: String,
        /// The process id, for the log.
        process: u32,
        /// The account that the campaign belongs to from now on, if the journal did not have its mark.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<Box<AccountMark>>,
        /// The cap that the campaign has from now on, if the user gave another one than the journal had.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cap: Option<RecordedCap>,
    },
    /// The output folder shows work that the journal does not know. Nothing is submitted until the list was read
    /// completely ([`InventoryTaken`](Self::InventoryTaken)), even if that takes several runs.
    JournalLost,
    /// The same folder shows that jobs were accepted, so that a complete list shows at least one of them.
    AcceptedJobsLost,
    /// A run ended in an orderly way. A crashed run has no such entry.
    RunEnded {
        /// Why it stopped early, if it did.
        stopped: Option<StopReason>,
    },
    /// The provider asked for a pause of one kind of command.
    LaneHeld {
        /// The kind of command.
        lane: Lane,
        /// The end of the pause.
        until: Timestamp,
        /// The answer that asked for it.
        failure: Failure,
    },
    /// The listing at the start of a run was read, and jobs of this campaign in it were adopted.
    InventoryTaken {
        /// The number of jobs in the list.
        rows: u64,
    },
    /// The listing at the start of a run could not be read, and there was no sign that the provider has jobs of this
    /// campaign: the run continues without it.
    InventorySkipped {
        /// The failure of the listing.
        failure: Failure,
    },
    /// The provider has shown a job without its tag, by which lost answers and unrecorded jobs are found.
    TagNotShown {
        /// Whether the list has shown it so, and not only the answer to its create.
        is_listed: bool,
    },
    /// The list before the first submit of a new campaign may be cut off.
    ListCutOff {
        /// The number of its rows.
        rows: u64,
    },
    /// The provider has shown how many renders it executes at a time, by refusing one more or by queueing it. Only if
    /// the limit is learned.
    #[serde(rename = "places_learnt")]
    LimitLearned {
        /// The number of renders submitted at a time from now on, including a few queued ones.
        #[serde(rename = "places")]
        limit: usize,
    },
    /// An event of one job.
    Job {
        /// The job.
        job: JobId,
        /// The event.
        event: JobEvent,
    },
}

/// The kinds of command that have limits of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Submits.
    Submit,
    /// Polls, single queries and lists.
    Poll,
    /// Downloads.
    #[serde(rename = "fetch")]
    Download,
}

/// An event of one job. [`Phase::apply`](super::Phase::apply) defines its effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobEvent {
    /// The paid request is about to be sent. On disk before it is.
    SubmitStarted {
        /// The tag of the request.
        tag: Tag,
        /// The hash of the request.
        fingerprint: Fingerprint,
        /// How often the job was intentionally paid for before.
        generation: Generation,
        /// The upper end of the estimate.
        reserved: Credits,
        /// The least likely charge, if that is far below the reservation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        least: Option<Credits>,
    },
    /// The provider accepted the request.
    Submitted {
        /// The provider's id.
        remote: RemoteId,
    },
    /// The request was not sent, or was refused. A refused one is looked for in the list before it is sent again.
    SubmitDeferred {
        /// The failure.
        failure: Failure,
    },
    /// The request was sent, and no answer says whether it was accepted.
    SubmitLost {
        /// The failure.
        failure: Failure,
    },
    /// The job was found in the provider's list by its tag and adopted; it is not paid for again.
    Adopted {
        /// The provider's id.
        remote: RemoteId,
        /// The tag it was found by.
        tag: Tag,
        /// The hash of the request.
        fingerprint: Fingerprint,
        /// The generation of the tag.
        generation: Generation,
        /// The upper end of the estimate.
        reserved: Credits,
        /// The least likely charge, if that is far below the reservation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        least: Option<Credits>,
    },
    /// The job was looked for in the provider's list, and neither found nor proven absent. Recorded when the reason
    /// changes.
    NotProven {
        /// Why the list is no proof.
        why: Inconclusive,
    },
    /// The request was proven not to have been accepted.
    FoundAbsent,
    /// The provider's list has another job with the same tag: another run has paid for it too, for example on another
    /// machine. For information only; the job keeps its own render.
    PaidTwice {
        /// The remote id of the other job.
        remote: RemoteId,
    },
    /// The provider has charged more for a finished job than it had reported.
    Charged {
        /// The charge.
        credits: Credits,
    },
    /// The provider reported a new status of an unfinished render.
    Observed {
        /// The status.
        status: String,
    },
    /// The render has not finished within the time limit; it may still finish.
    RenderOverdue,
    /// The render has finished.
    Rendered {
        /// Links, length and charge.
        output: Arc<Output>,
    },
    /// The complete video is on disk.
    #[serde(rename = "fetched")]
    Downloaded {
        /// The stored files.
        artifact: Arc<Artifact>,
    },
    /// A download failed and will be retried.
    #[serde(rename = "fetch_deferred")]
    DownloadDeferred {
        /// The failure.
        failure: Failure,
    },
    /// A download failed and is left to a later run. The video stays paid for.
    #[serde(rename = "fetch_left")]
    DownloadGivenUp {
        /// The failure.
        failure: Failure,
    },
    /// The link has expired; a fresh one is requested.
    LinkExpired {
        /// The failure.
        failure: Failure,
    },
    /// The file of a finished job is missing from disk and is downloaded again.
    FileMissing,
    /// The job has failed for good.
    Failed {
        /// The failure.
        failure: Failure,
        /// The charge, if the provider reported one.
        charged: Option<Credits>,
    },
    /// A job that failed because the provider did not know it, or showed no output, is queried again: a paid video may
    /// still appear.
    Revisited,
    /// The user asked to pay for the job again.
    Reopened {
        /// The generation of the next submit.
        generation: Generation,
    },
}

/// A finished render at the provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// URL of the video. Untrusted; may be signed, so it is redacted when shown.
    pub video_url: String,
    /// URL of a thumbnail. Untrusted.
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
    /// Checks whether one of the links has a query, which contains signatures.
    pub(super) fn is_signed(&self) -> bool {
        let mut links = std::iter::once(&self.video_url).chain(&self.thumbnail_url);
        links.any(|link| link.contains('?'))
    }

    /// Reduces the links to what may be shown. They are not needed once the file is on disk, and a signature may be
    /// longer than the rest of the job's state.
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
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// Path of the thumbnail, relative to the output folder, if one was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
}

impl JobEvent {
    /// Returns the hash of the request that a submit was for, if the event has one.
    pub const fn fingerprint(&self) -> Option<&Fingerprint> {
        if let Self::SubmitStarted { fingerprint, .. } | Self::Adopted { fingerprint, .. } = self {
            return Some(fingerprint);
        }
        None
    }
}

impl Event {
    /// Returns an event of one job.
    pub fn job(job: &JobId, event: JobEvent) -> Self {
        Self::Job { job: job.clone(), event }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_have_their_serde_names() {
        let message = String::new();
        assert_eq!(variant_name(&StopReason::CapReached), "cap_reached");
        assert_eq!(variant_name(&StopReason::Local { message }), "local");
        assert_eq!(variant_name(&Inconclusive::NoReference), "no_witness");
    }
}
