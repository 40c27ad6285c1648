//! The phases of a job, and the only place that defines their transitions.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Artifact, Failure, JobEvent, Output, RemoteId, variant_name};

/// The phase of a job.
///
/// ```text
/// Pending ──SubmitStarted──> Submitting ──Submitted──> Rendering ──Rendered──> Downloading ──Downloaded──> Done
///    ^                        │  │  │                   ^   ^  │                   │                        │
///    ├──────SubmitDeferred────┘  │  └─Failed─> Failed <─│───│──┘                   │                        │
///    └─FoundAbsent── InDoubt <───┘ SubmitLost           │   └─────LinkExpired──────┴──────FileMissing───────┘
///                       └────────────Adopted────────────┘
/// ```
///
/// An accepted job that failed is asked for once more (`Revisited`), or another render of it is `Adopted`: both lead back
/// to Rendering. `Reopened` leads to Pending from every phase but Submitting, and from Rendering only if the render is
/// finished and its video cannot be downloaded.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing was sent, or the request was certainly not accepted.
    #[default]
    Pending,
    /// The paid request is being sent.
    Submitting,
    /// The request was sent, and no answer says whether it was accepted. Counts as spent.
    InDoubt {
        /// The failure of the submit.
        failure: Box<Failure>,
    },
    /// Accepted; the provider renders it.
    Rendering {
        /// The remote id.
        remote: RemoteId,
    },
    /// Finished at the provider; the file is not downloaded yet.
    #[serde(rename = "fetching")]
    Downloading {
        /// The remote id.
        remote: RemoteId,
        /// The output with its links.
        output: Arc<Output>,
    },
    /// The video is on disk.
    Done {
        /// The remote id.
        remote: RemoteId,
        /// The file.
        artifact: Arc<Artifact>,
    },
    /// Failed for good.
    Failed {
        /// The remote id, if the job was ever accepted.
        remote: Option<RemoteId>,
        /// The failure.
        failure: Box<Failure>,
    },
}

/// An event that is not allowed in this phase: the journal is corrupt, or the engine has a bug.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("it says `{event}` of a job that is {}", phase.replace('_', " "))]
pub struct IllegalTransition {
    /// The phase of the job.
    pub phase: &'static str,
    /// The name of the event.
    pub event: String,
}

impl Phase {
    /// Returns the phase after `event`.
    pub fn apply(&self, event: &JobEvent) -> Result<Self, IllegalTransition> {
        use JobEvent as E;
        let next = match (self, event) {
            (Self::Pending, E::SubmitStarted { .. }) => Self::Submitting,
            (Self::Submitting, E::SubmitDeferred { .. })
            | (Self::InDoubt { .. }, E::FoundAbsent)
            | (
                Self::Pending
                | Self::InDoubt { .. }
                | Self::Rendering { .. }
                | Self::Downloading { .. }
                | Self::Failed { .. }
                | Self::Done { .. },
                E::Reopened { .. },
            ) => Self::Pending,
            (Self::Submitting, E::SubmitLost { failure }) => {
                Self::InDoubt { failure: Box::new(failure.clone()) }
            }
            (Self::Submitting, E::Failed { failure, .. }) => {
                Self::Failed { remote: None, failure: Box::new(failure.clone()) }
            }
            (
                Self::Rendering { .. },
                E::Observed { .. } | E::RenderOverdue | E::DownloadGivenUp { .. },
            )
            | (Self::InDoubt { .. }, E::NotProven { .. })
            | (Self::Downloading { .. }, E::DownloadDeferred { .. } | E::DownloadGivenUp { .. })
            | (
                Self::Rendering { .. }
                | Self::Downloading { .. }
                | Self::Done { .. }
                | Self::Failed { remote: Some(_), .. },
                E::PaidTwice { .. },
            )
            | (
                Self::Downloading { .. } | Self::Done { .. } | Self::Failed { remote: Some(_), .. },
                E::Charged { .. },
            ) => self.clone(),
            (Self::Rendering { remote }, E::Rendered { output }) => {
                Self::Downloading { remote: remote.clone(), output: output.clone() }
            }
            (Self::Rendering { remote }, E::Failed { failure, .. }) => {
                Self::Failed { remote: Some(remote.clone()), failure: Box::new(failure.clone()) }
            }
            (Self::Downloading { remote, .. }, E::Downloaded { artifact }) => {
                Self::Done { remote: remote.clone(), artifact: artifact.clone() }
            }
            (Self::Submitting, E::Submitted { remote })
            | (
                Self::Pending | Self::InDoubt { .. } | Self::Failed { .. },
                E::Adopted { remote, .. },
            )
            | (Self::Downloading { remote, .. }, E::LinkExpired { .. })
            | (Self::Done { remote, .. }, E::FileMissing)
            | (Self::Failed { remote: Some(remote), .. }, E::Revisited) => {
                Self::Rendering { remote: remote.clone() }
            }
            (
                Self::Pending
                | Self::Submitting
                | Self::InDoubt { .. }
                | Self::Rendering { .. }
                | Self::Downloading { .. }
                | Self::Done { .. }
                | Self::Failed { .. },
                _,
            ) => {
                return Err(IllegalTransition { phase: self.name(), event: variant_name(event) });
            }
        };
        Ok(next)
    }

    /// Returns the word for this phase in `results.csv`: `pending`, `rendering`, `in_doubt`, `downloading`, `done` or
    /// `failed`. A request that is being sent is `in_doubt`, which it would become if the program ended now.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Submitting | Self::InDoubt { .. } => "in_doubt",
            Self::Rendering { .. } => "rendering",
            Self::Downloading { .. } => "downloading",
            Self::Done { .. } => "done",
            Self::Failed { .. } => "failed",
        }
    }

    /// Returns the remote id, once it is known.
    pub const fn remote(&self) -> Option<&RemoteId> {
        match self {
            Self::Rendering { remote }
            | Self::Downloading { remote, .. }
            | Self::Done { remote, .. } => Some(remote),
            Self::Failed { remote, .. } => remote.as_ref(),
            Self::Pending | Self::Submitting | Self::InDoubt { .. } => None,
        }
    }

    /// Returns the files of a finished job.
    pub fn artifact(&self) -> Option<&Artifact> {
        if let Self::Done { artifact, .. } = self { Some(artifact) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AspectRatio, JobId, Speech};
    use crate::model::{
        Credits, FailureKind, Fingerprint, Generation, Inconclusive, Tag, VideoRequest,
    };

    fn artifact() -> Arc<Artifact> {
        Arc::new(Artifact { file: "v".into(), bytes: 1, sha256: "0".into(), thumbnail: None })
    }

    fn every_event() -> Vec<(&'static str, JobEvent)> {
        let job: JobId = "a".parse().unwrap();
        let request = VideoRequest::new(Speech::Text("x".into()), "p", AspectRatio::Square);
        let fingerprint = Fingerprint::of(&request);
        let tag = Tag::of("c", &job, &fingerprint, Generation(0));
        let remote: RemoteId = "r".parse().unwrap();
        let failure = Failure::new(FailureKind::Lost, "lost");
        let output = Arc::new(Output {
            video_url: "http://x/".into(),
            thumbnail_url: None,
            duration_seconds: None,
            credits_used: None,
        });
        let artifact = artifact();
        let (generation, reserved) = (Generation(0), Credits::ZERO);
        vec![
            (
                "submit_started",
                JobEvent::SubmitStarted {
                    tag: tag.clone(),
                    fingerprint: fingerprint.clone(),
                    generation,
                    reserved,
                    least: None,
                },
            ),
            ("submitted", JobEvent::Submitted { remote: remote.clone() }),
            ("deferred", JobEvent::SubmitDeferred { failure: failure.clone() }),
            ("lost", JobEvent::SubmitLost { failure: failure.clone() }),
            (
                "adopted",
                JobEvent::Adopted { remote, tag, fingerprint, generation, reserved, least: None },
            ),
            ("not_proven", JobEvent::NotProven { why: Inconclusive::Once }),
            ("absent", JobEvent::FoundAbsent),
            ("paid_twice", JobEvent::PaidTwice { remote: "other".parse().unwrap() }),
            ("charged", JobEvent::Charged { credits: Credits::whole(9) }),
            ("observed", JobEvent::Observed { status: "running".into() }),
            ("overdue", JobEvent::RenderOverdue),
            ("rendered", JobEvent::Rendered { output }),
            ("downloaded", JobEvent::Downloaded { artifact }),
            ("download_deferred", JobEvent::DownloadDeferred { failure: failure.clone() }),
            ("download_given_up", JobEvent::DownloadGivenUp { failure: failure.clone() }),
            ("expired", JobEvent::LinkExpired { failure: failure.clone() }),
            ("missing", JobEvent::FileMissing),
            ("failed", JobEvent::Failed { failure, charged: None }),
            ("revisited", JobEvent::Revisited),
            ("reopened", JobEvent::Reopened { generation }),
        ]
    }

    /// Every phase with every event: the listed transitions are allowed, all others are refused.
    #[test]
    fn every_phase_with_every_event() {
        let events = every_event();
        let event = |name: &str| events.iter().find(|(n, _)| *n == name).unwrap().1.clone();
        let submitting = Phase::Pending.apply(&event("submit_started")).unwrap();
        let in_doubt = submitting.apply(&event("lost")).unwrap();
        let rendering = submitting.apply(&event("submitted")).unwrap();
        let downloading = rendering.apply(&event("rendered")).unwrap();
        let done = downloading.apply(&event("downloaded")).unwrap();
        let failed = rendering.apply(&event("failed")).unwrap();
        let refused = submitting.apply(&event("failed")).unwrap();
        let table: [(&Phase, &[(&str, &str)]); 8] = [
            (
                &Phase::Pending,
                &[
                    ("submit_started", "in_doubt"),
                    ("adopted", "rendering"),
                    ("reopened", "pending"),
                ],
            ),
            (
                &submitting,
                &[
                    ("submitted", "rendering"),
                    ("deferred", "pending"),
                    ("lost", "in_doubt"),
                    ("failed", "failed"),
                ],
            ),
            (
                &in_doubt,
                &[
                    ("adopted", "rendering"),
                    ("not_proven", "in_doubt"),
                    ("absent", "pending"),
                    ("reopened", "pending"),
                ],
            ),
            (
                &rendering,
                &[
                    ("observed", "rendering"),
                    ("overdue", "rendering"),
                    ("download_given_up", "rendering"),
                    ("paid_twice", "rendering"),
                    ("rendered", "downloading"),
                    ("failed", "failed"),
                    // Only a finished render, which the state of the job knows.
                    ("reopened", "pending"),
                ],
            ),
            (
                &downloading,
                &[
                    ("downloaded", "done"),
                    ("download_deferred", "downloading"),
                    ("download_given_up", "downloading"),
                    ("paid_twice", "downloading"),
                    ("charged", "downloading"),
                    ("expired", "rendering"),
                    ("reopened", "pending"),
                ],
            ),
            (
                &done,
                &[
                    ("missing", "rendering"),
                    ("paid_twice", "done"),
                    ("charged", "done"),
                    ("reopened", "pending"),
                ],
            ),
            (
                &failed,
                &[
                    ("adopted", "rendering"),
                    ("paid_twice", "failed"),
                    ("charged", "failed"),
                    ("reopened", "pending"),
                    ("revisited", "rendering"),
                ],
            ),
            // Not accepted, so it cannot be queried by id; the list may still show it.
            (&refused, &[("adopted", "rendering"), ("reopened", "pending")]),
        ];
        for (phase, allowed) in table {
            assert!(allowed.iter().all(|(name, _)| events.iter().any(|(n, _)| n == name)));
            for (name, event) in &events {
                let expected = allowed.iter().find(|(n, _)| n == name).map(|(_, to)| *to);
                let actual = phase.apply(event).ok().map(|next| next.name());
                assert_eq!(actual, expected, "{name} in {phase:?}");
            }
        }
    }
}
