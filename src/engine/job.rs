//! A job as the engine holds it: what is on record, and what matters only while the run lasts.

use std::sync::{Arc, LazyLock};

use super::absence_proof::AbsenceEvidence;
use super::budget::Budget;
use crate::model::{
    Blank, CampaignTags, Credits, Fingerprint, Generation, JobSpec, JobState, Phase, PlannedJob,
    RemoteId, RenderStatus, Sparse, SupersededSubmit, Tag, Timestamp,
};

/// So many generations of a pending job are looked for in a list.
pub(super) const PLAUSIBLE_GENERATIONS: u32 = 4;

/// One job of the batch.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) spec: Arc<JobSpec>,
    /// What it may cost at the most. Never less than the price table says, whatever range is shown.
    pub(super) reservation: Credits,
    pub(super) selected: bool,
    /// Whether this run may pay for it.
    pub(super) may_submit: bool,
    /// The fold of its entries.
    pub(super) state: Sparse<JobState>,
    pub(super) live: Sparse<Live>,
    /// What it had cost before this run submitted it; `None` if this run has not.
    pub(super) cost_before_run: Option<Credits>,
}

/// What is forgotten when the run ends.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own; any of them may hold together"
)]
pub(super) struct Live {
    /// The entry that last reopened it; 0 if none did.
    pub(super) reopened: u64,
    /// When it is to be looked at; its place in the queue of looks.
    pub(super) next_poll: Option<Timestamp>,
    /// When it was last asked about.
    pub(super) asked_at: Option<Timestamp>,
    /// Until when this run waits for the render; its place in the queue of deadlines.
    pub(super) deadline: Option<Timestamp>,
    /// The time is up since then; one more look decides.
    pub(super) last_poll: Option<Timestamp>,
    /// This run has stopped waiting for the render.
    pub(super) is_overdue: bool,
    /// Answers in a row that did not mention it.
    pub(super) unmentioned: u32,
    /// To be asked about by its id, not in a fleet request.
    pub(super) polls_by_id: bool,
    /// Answers in a row that were not final though they should be (404, `done` without output), and
    /// since when.
    pub(super) unsettled: Option<(u32, Timestamp)>,
    /// It had failed like this before this run, and is asked about only once more.
    pub(super) is_revisited: bool,
    /// How far the render has come, from 0 to 1, as the provider last said.
    pub(super) progress: Option<f64>,
    /// Downloads tried since the file last grew by much.
    pub(super) fetches: u32,
    /// Bytes of the file that a broken download had kept when it last grew by much.
    pub(super) reached: u64,
    /// Left for a person or a later run.
    pub(super) is_parked: bool,
    /// When its answer was known to be lost, by a clock that can be believed. A restart does not move
    /// it, and so does not make the proof of absence any slower.
    pub(super) lost_at: Option<Timestamp>,
    /// Since when this run has had it in doubt; it is looked for so long from then.
    pub(super) in_doubt_since: Option<Timestamp>,
    /// Listings that were asked for it while in doubt, and answered or refused.
    pub(super) listings: u32,
    /// Listings that credibly did not show it.
    pub(super) evidence: Vec<AbsenceEvidence>,
}

static BLANK: LazyLock<Live> = LazyLock::new(Live::default);

impl Blank for Live {
    fn blank() -> &'static Self {
        &BLANK
    }
}

impl Job {
    pub(super) fn new(planned: PlannedJob, may_submit: bool) -> Self {
        Self {
            spec: planned.spec,
            reservation: planned.estimate.reserve,
            selected: planned.selected,
            may_submit,
            state: Sparse::default(),
            live: Sparse::default(),
            cost_before_run: None,
        }
    }

    /// Forgets all that matters only while it is under way.
    pub(super) fn forget(&mut self) {
        let reopened = self.live.reopened;
        self.live = Sparse::default();
        if reopened > 0 {
            self.live.reopened = reopened;
        }
    }

    /// What this run's own submits of it have spent and promised.
    pub(super) fn committed_by_run(&self) -> Credits {
        if is_broken!(SettlingMakesRoom) {
            return Budget::committed_by(&self.state);
        }
        self.cost_before_run.map_or(Credits::ZERO, |before| {
            Budget::committed_by(&self.state).less(before)
        })
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

    /// Whether it is known to wait in the provider's queue.
    pub(super) fn is_waiting(&self) -> bool {
        let status = || self.state.observed.as_deref().map(RenderStatus::from_word);
        self.is_in_flight() && status() == Some(RenderStatus::InQueue)
    }

    /// Whether the provider is known to have begun to work on it.
    pub(super) fn has_begun(&self) -> bool {
        self.state.running_at.is_some() || self.state.rendered_at.is_some()
    }

    /// Whether it may be asked about before it is due. One whose answers puzzle is asked about in its own time.
    pub(super) fn has_steady_answers(&self) -> bool {
        let live = &self.live;
        live.unsettled.is_none()
            && live.last_poll.is_none()
            && live.unmentioned == 0
            && self.state.rendered_at.is_none()
    }

    /// Whether this run wants to know more about the render.
    pub(super) fn wants_polls(&self) -> bool {
        let is_left = self.live.is_overdue || self.live.is_parked;
        matches!(self.state.phase, Phase::Rendering { .. }) && !is_left
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

    /// Adds the tags that a list is searched for while it is pending: its own, and a few after it in case the
    /// journal that knew of them was lost.
    pub(super) fn add_plausible_tags(&self, own: &mut CampaignTags, campaign: &str, place: usize) {
        if let Some(left) = &self.state.left_behind {
            own.add(&left.tag, place, left.generation);
        }
        let first = self.state.generation.0;
        for generation in (first..first.saturating_add(PLAUSIBLE_GENERATIONS)).map(Generation) {
            own.add(&self.tag(campaign, generation), place, generation);
        }
    }

    /// Whether the provider has refused it, so that it has no row there, as far as is known.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.state.phase, Phase::Failed { remote: None, .. })
    }

    /// The submit with `tag`, if it was left behind and may turn up.
    pub(super) fn left_behind(&self, tag: &Tag) -> Option<&SupersededSubmit> {
        let left = self.state.left_behind.as_deref();
        left.filter(|left| left.tag == *tag)
    }

    /// Its row at the provider, if that has nothing more to tell.
    pub(super) fn final_remote(&self) -> Option<&RemoteId> {
        let has_ended = match self.state.phase {
            Phase::Fetching { .. } | Phase::Done { .. } | Phase::Failed { .. } => true,
            Phase::Pending
            | Phase::Submitting
            | Phase::InDoubt { .. }
            | Phase::Rendering { .. } => false,
        };
        self.state.phase.remote().filter(|_| has_ended)
    }

    /// What the newest submit asked for.
    pub(super) fn submitted_fingerprint(&self) -> Fingerprint {
        self.state
            .fingerprint
            .clone()
            .unwrap_or_else(|| self.spec.fingerprint.clone())
    }
}
