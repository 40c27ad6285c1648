//! One job of a plan.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Estimate, Fingerprint, JobId, Text, VideoRequest};

/// One video to be made, as the manifest describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobSpec {
    /// Its readable, unique name.
    pub id: JobId,
    /// What to ask the provider for.
    pub request: Arc<VideoRequest>,
    /// The hash of the request.
    pub fingerprint: Fingerprint,
    /// Name of the finished file inside `videos/`, with its extension. Unique in the plan without
    /// regard to case.
    pub file_name: String,
    /// Length of the recording in seconds, if the sheet states it (`audio_seconds`).
    pub audio_seconds: Option<f64>,
    /// Where it stands in the manifest.
    pub origin: Origin,
}

/// A job with what it is expected to need and whether this run may pay for it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedJob {
    /// The job; held once, whoever speaks of it.
    pub spec: Arc<JobSpec>,
    /// What it will need; the upper end is reserved.
    pub estimate: Estimate,
    /// Whether this run may submit it. What is already paid for is collected in any case.
    pub selected: bool,
    /// Whether the manifest still asks for it. A job that was paid for and is gone from the sheet is
    /// collected all the same.
    pub in_sheet: bool,
}

/// A place in what the user wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The file, as the user named it.
    pub file: Text,
    /// Line, from 1.
    pub line: u32,
}

impl JobSpec {
    /// A job whose file is named after its id.
    pub fn new(id: JobId, request: VideoRequest, origin: Origin) -> Self {
        let file_name = format!("{id}.{}", request.extension());
        let fingerprint = Fingerprint::of(&request);
        Self {
            id,
            request: Arc::new(request),
            fingerprint,
            file_name,
            audio_seconds: None,
            origin,
        }
    }

    /// Path of the finished video, relative to the output folder.
    pub fn video_path(&self) -> String {
        format!("videos/{}", self.file_name)
    }

    /// Path of the thumbnail, relative to the output folder.
    pub fn thumbnail_path(&self) -> String {
        let stem = self
            .file_name
            .rsplit_once('.')
            .map_or(self.file_name.as_str(), |(stem, _)| stem);
        format!("thumbnails/{stem}.jpg")
    }
}
