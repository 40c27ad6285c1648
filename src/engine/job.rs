//! A job as the engine holds it.

use std::sync::Arc;

use crate::model::{
    CampaignTags, Credits, Fingerprint, Generation, JobEvent, JobId, JobSpec, JobState, Phase,
    RemoteId, RenderStatus, SupersededSubmit, Tag,
};

/// Number of generations of a pending job that are looked for in a list.
pub(super) const PLAUSIBLE_GENERATIONS: u32 = 4;

/// One job of the batch.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one job")]
pub(super) struct TrackedJob {
    pub(super) spec: Arc<JobSpec>,
    /// The most it may cost, never less than the price table says.
    pub(super) reservation: Credits,
    /// The least that it is likely to cost, if that is far below the reservation.
    pub(super) least: Option<Credits>,
    /// Whether this run may pay for it.
    pub(super) may_submit: bool,
    /// Whether the user asks by its name that it is paid for again (`--resubmit`).
    pub(super) is_resubmitted: bool,
    /// The fold of its entries.
    pub(super) state: Arc<JobState>,
    /// Number of the entry that last reopened it: 0 if there is none, the highest number if this run has reopened it.
    pub(super) last_reopened: u64,
    /// Whether this run has stopped waiting for the render.
    pub(super) is_overdue: bool,
    /// Whether this run has stopped downloading the video.
    pub(super) has_given_up_download: bool,
    /// The sender of the newest submit.
    pub(super) sender: Sender,
}

/// What is known about the sender of a job's newest submit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    /// This run.
    ThisRun,
    /// An earlier run with the account of this one, according to the journal.
    SameAccount,
    /// An earlier run with an unknown account.
    Unknown,
}

impl TrackedJob {
    /// Checks whether it occupies a slot at the provider. Jobs in doubt are counted separately.
    pub(super) fn is_in_flight(&self) -> bool {
        let is_rendering = matches!(self.state.phase, Phase::Rendering { .. });
        matches!(self.state.phase, Phase::Submitting)
            || is_rendering && self.state.rendered_at.is_none() && !self.is_overdue
    }

    /// Checks whether it is known to wait in the provider's queue.
    pub(super) fn is_queued(&self) -> bool {
        let status = || self.state.observed.as_deref().map(RenderStatus::from_word);
        self.is_in_flight() && status() == Some(RenderStatus::InQueue)
    }

    /// Checks whether the provider is known to have started the render.
    pub(super) fn has_started(&self) -> bool {
        self.state.running_at.is_some() || self.state.rendered_at.is_some()
    }

    /// Checks whether this run waits for the render or for a fresh link.
    pub(super) fn wants_polls(&self) -> bool {
        matches!(self.state.phase, Phase::Rendering { .. })
            && !self.is_overdue
            && !self.has_given_up_download
    }

    /// Checks whether the sheet asks for something else than the newest submit did.
    pub(super) fn has_changed(&self) -> bool {
        self.state.fingerprint.as_ref().is_some_and(|paid| *paid != self.spec.fingerprint)
    }

    /// Checks whether there is no record of a submit of it.
    pub(super) fn is_unsubmitted(&self) -> bool {
        let state = &self.state;
        matches!(state.phase, Phase::Pending)
            && state.tag.is_none()
            && state.attempts == 0
            && state.generation == Generation::default()
    }

    /// Checks whether the provider has refused it, so that it has no known row there.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.state.phase, Phase::Failed { remote: None, .. })
    }

    /// Returns the tag for a submit of what the sheet asks for.
    pub(super) fn tag(&self, campaign: &str, generation: Generation) -> Tag {
        Tag::of(campaign, &self.spec.id, &self.spec.fingerprint, generation)
    }

    /// Adds the tags that a list is searched for while the job is pending: its own, and those of a few later
    /// generations and of its `other_ids` in case a journal that knew of them was lost.
    pub(super) fn add_plausible_tags(
        &self,
        tags: &mut CampaignTags,
        campaign: &str,
        index: usize,
        other_ids: &[&JobId],
    ) {
        if let Some(left) = self.state.superseded.as_ref().filter(|left| left.remote.is_none()) {
            tags.add(&left.tag, index, left.generation);
        }
        let first = self.state.generation.0;
        for generation in (first..first.saturating_add(PLAUSIBLE_GENERATIONS)).map(Generation) {
            tags.add(&self.tag(campaign, generation), index, generation);
            for id in other_ids {
                let tag = Tag::of(campaign, id, &self.spec.fingerprint, generation);
                tags.add_if_unknown(&tag, index, generation);
            }
        }
    }

    /// Returns the event that takes back a video that was given up for one that is not made.
    pub(super) fn take_back(&self) -> Option<JobEvent> {
        let left = self.state.superseded.as_deref()?;
        matches!(self.state.phase, Phase::Pending).then_some(())?;
        Some(JobEvent::Adopted {
            remote: left.remote.clone()?,
            tag: left.tag.clone(),
            fingerprint: left.fingerprint.clone(),
            generation: left.generation,
            reserved: left.reserved,
            least: None,
        })
    }

    /// Returns the superseded submit, if it has this tag.
    pub(super) fn superseded(&self, tag: &Tag) -> Option<&SupersededSubmit> {
        let left = self.state.superseded.as_deref();
        left.filter(|left| left.tag == *tag)
    }

    /// Returns its id at the provider, if the render has ended.
    pub(super) fn ended_remote(&self) -> Option<&RemoteId> {
        let phase = &self.state.phase;
        let has_ended =
            matches!(phase, Phase::Downloading { .. } | Phase::Done { .. } | Phase::Failed { .. });
        phase.remote().filter(|_| has_ended)
    }

    /// Returns what the newest submit asked for.
    pub(super) fn submitted_fingerprint(&self) -> Fingerprint {
        self.state.fingerprint.clone().unwrap_or_else(|| self.spec.fingerprint.clone())
    }
}
