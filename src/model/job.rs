//! Jobs of a plan.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Estimate, Fingerprint, JobId, RemoteId, VideoRequest};

/// A video to be made, as the manifest describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobSpec {
    /// The readable, unique id.
    pub id: JobId,
    /// The request to the provider.
    pub request: Arc<VideoRequest>,
    /// The hash of the request.
    pub fingerprint: Fingerprint,
    /// The name of the finished file inside `videos/`, with its extension. Unique in the plan, ignoring case.
    pub file_name: String,
    /// Length of the recording in seconds, if the sheet states it (`audio_seconds`).
    pub audio_seconds: Option<f64>,
    /// The language of the video, if the manifest states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Arc<str>>,
    /// The place in the manifest.
    pub origin: Origin,
    /// The id that the job had before, if it was another one: that of earlier versions, or that of the sheet if the job
    /// continues a recorded one.
    #[serde(skip)]
    pub former_id: Option<JobId>,
    /// The id of its row, if that is another one because the row makes several jobs.
    #[serde(skip)]
    pub row_id: Option<JobId>,
    /// The video at the provider that the sheet names for it, if the sheet is a `results.csv`.
    #[serde(skip)]
    pub paid_remote: Option<RemoteId>,
}

/// A job with its estimate, and whether this run may pay for it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedJob {
    /// The job.
    pub spec: Arc<JobSpec>,
    /// The estimate; its upper end is reserved.
    pub estimate: Estimate,
    /// Whether this run may submit it. Paid jobs are collected in any case.
    pub selected: bool,
    /// Whether the manifest still has it. A paid job that was removed from the sheet is still collected.
    pub in_sheet: bool,
    /// Why this run may not submit it although it was selected, such as a text that looks unfinished.
    pub left_out: Option<Arc<str>>,
}

/// A place in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The file, as the user named it.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
}

impl JobSpec {
    /// Returns a job whose file is named after its id.
    pub fn new(id: JobId, request: VideoRequest, origin: Origin) -> Self {
        let file_name = format!("{id}.{}", request.extension());
        let fingerprint = Fingerprint::of(&request);
        Self {
            id,
            request: Arc::new(request),
            fingerprint,
            file_name,
            audio_seconds: None,
            language: None,
            origin,
            former_id: None,
            row_id: None,
            paid_remote: None,
        }
    }

    /// Returns the id by which shards divide the jobs. It is the same in all versions, so that a job stays in the shard
    /// that has paid for it.
    pub fn shard_key(&self) -> &JobId {
        self.former_id.as_ref().unwrap_or(&self.id)
    }

    /// Returns the other ids under which the provider may know the job.
    pub fn other_ids(&self) -> impl Iterator<Item = &JobId> {
        self.former_id.iter().chain(&self.row_id)
    }

    /// Returns the path of the finished video, relative to the output folder.
    pub fn video_path(&self) -> String {
        format!("videos/{}", self.file_name)
    }

    /// Returns the path of the thumbnail, relative to the output folder.
    pub fn thumbnail_path(&self) -> String {
        let stem =
            self.file_name.rsplit_once('.').map_or(self.file_name.as_str(), |(stem, _)| stem);
        format!("thumbnails/{stem}.jpg")
    }
}
