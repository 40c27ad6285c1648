//! One job of a campaign, as it stands.

use std::time::Duration;

use crate::model::{Failure, JobId, JobState, Phase, PlannedJob};

/// One job as it stands: its plan and its state.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// What is to be made.
    pub job: &'a PlannedJob,
    /// What has become of it.
    pub state: &'a JobState,
    /// The newest run has stopped waiting for its render.
    pub is_overdue: bool,
}

impl<'a> Row<'a> {
    /// The job's id.
    pub fn id(&self) -> &'a JobId {
        &self.job.spec.id
    }

    /// The word for where it stands in `results.csv`.
    pub fn status(&self) -> &'static str {
        self.state.status()
    }

    /// The video, relative to the output folder, if it is there.
    pub fn file(&self) -> Option<&'a str> {
        let artifact = self.state.phase.artifact();
        artifact.map(|artifact| artifact.file.as_str())
    }

    /// The thumbnail, relative to the output folder, if it is there.
    pub fn thumbnail(&self) -> Option<&'a str> {
        self.state.phase.artifact()?.thumbnail.as_deref()
    }

    /// What stands in the way of a finished video, if anything does.
    pub fn failure(&self) -> Option<&'a Failure> {
        match &self.state.phase {
            Phase::Failed { failure, .. } | Phase::InDoubt { failure } => Some(failure),
            Phase::Pending | Phase::Rendering { .. } | Phase::Fetching { .. } => {
                self.state.last_failure.as_deref()
            }
            Phase::Submitting | Phase::Done { .. } => None,
        }
    }

    /// How long the render took, if it is over and was watched from its beginning.
    pub fn render_time(&self) -> Option<Duration> {
        self.state.render_time()
    }

    /// Whether the sheet asks for something else than what was last paid for.
    pub fn has_changed(&self) -> bool {
        let paid = self.state.fingerprint.as_ref();
        paid.is_some_and(|paid| *paid != self.job.spec.fingerprint)
    }
}
