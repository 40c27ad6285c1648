//! A job as the engine holds it: what is on record, and what matters only while the run lasts.

use crate::model::{
    Credits, Estimate, Fingerprint, Generation, JobSpec, JobState, Phase, Tag, Timestamp,
};

/// One job of the batch.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) spec: JobSpec,
    pub(super) estimate: Estimate,
    pub(super) selected: bool,
    /// The fold of its entries.
    pub(super) state: JobState,
    pub(super) live: Live,
}

/// What is forgotten when the run ends.
#[derive(Debug, Default)]
pub(super) struct Live {
    /// When it is to be looked at; its place in the queue of looks.
    pub(super) look_due: Option<Timestamp>,
    /// Until when this run waits for the render; its place in the queue of deadlines.
    pub(super) deadline: Option<Timestamp>,
    /// This run has stopped waiting for the render.
    pub(super) is_overdue: bool,
    /// Answers in a row that did not mention it.
    pub(super) unmentioned: u32,
    /// To be asked about by its id, not in a fleet request.
    pub(super) by_id: bool,
    /// Answers in a row that were not final though they should be (404, `done` without output), and
    /// since when.
    pub(super) puzzling: Option<(u32, Timestamp)>,
    /// Downloads tried.
    pub(super) fetches: u32,
    /// Left for a person or a later run.
    pub(super) is_parked: bool,
    /// When it came to be in doubt, as far as this run knows.
    pub(super) doubtful_since: Option<Timestamp>,
    /// The first of the listings that credibly did not show it.
    pub(super) absent_since: Option<Timestamp>,
}

impl Job {
    pub(super) fn new(spec: JobSpec, estimate: Estimate, selected: bool) -> Self {
        Self {
            spec,
            estimate,
            selected,
            state: JobState::default(),
            live: Live::default(),
        }
    }

    /// Whether it takes one of the places at the provider. Jobs in doubt are counted apart.
    pub(super) fn is_in_flight(&self) -> bool {
        match self.state.phase {
            Phase::Submitting => true,
            Phase::Rendering { .. } => self.state.rendered_at.is_none() && !self.live.is_overdue,
            Phase::Pending
            | Phase::InDoubt { .. }
            | Phase::Fetching { .. }
            | Phase::Done { .. }
            | Phase::Failed { .. } => false,
        }
    }

    /// What it may cost at the most.
    pub(super) fn reservation(&self) -> Credits {
        self.estimate.high
    }

    /// Whether the sheet asks for something else than what was last submitted.
    pub(super) fn has_changed(&self) -> bool {
        self.state
            .fingerprint
            .as_ref()
            .is_some_and(|paid| *paid != self.spec.fingerprint)
    }

    /// The tag of a submit of what the sheet asks for now.
    pub(super) fn tag(&self, campaign: &str, generation: Generation) -> Tag {
        Tag::of(campaign, &self.spec.id, &self.spec.fingerprint, generation)
    }

    /// What the newest submit asked for.
    pub(super) fn submitted_fingerprint(&self) -> Fingerprint {
        self.state
            .fingerprint
            .clone()
            .unwrap_or_else(|| self.spec.fingerprint.clone())
    }
}
