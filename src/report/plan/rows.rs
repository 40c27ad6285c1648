//! What a plan says of each job, and of all that share something.

use std::collections::BTreeMap;

use crate::model::{Credits, Generation, Phase, Speech};
use crate::report::row::Row;
use crate::report::summary::Summary;
use crate::report::terminal::style::Style;
use crate::report::words;

/// One job of the plan.
#[derive(Debug)]
pub(super) struct PlanRow<'a> {
    pub(super) row: Row<'a>,
    pub(super) persona: String,
    pub(super) state: PlanState,
    pub(super) reason: String,
}

/// What a plan says of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlanState {
    New,
    Again,
    LeftOut,
    InDoubt,
    Rendering,
    Downloading,
    Done,
    Changed,
    Failed,
    Gone,
}

/// Jobs and credits that go to one persona, ratio or model.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PlanShare {
    pub(super) jobs: usize,
    pub(super) low: Credits,
    pub(super) high: Credits,
}

/// The jobs of the plan, in order.
pub(super) fn plan_rows(summary: &Summary) -> impl Iterator<Item = PlanRow<'_>> + Clone {
    summary.rows().map(|row| {
        let state = PlanState::of(&row);
        let persona = summary.campaign().persona(&row.job.spec.request.persona);
        PlanRow {
            row,
            persona: words::clean(persona),
            state,
            reason: reason(&row, state),
        }
    })
}

impl PlanState {
    fn of(row: &Row) -> Self {
        if !row.job.in_sheet {
            return Self::Gone;
        }
        match &row.state.phase {
            Phase::Pending if !row.job.selected => Self::LeftOut,
            Phase::Pending if row.state.generation > Generation::default() => Self::Again,
            Phase::Pending => Self::New,
            Phase::Submitting | Phase::InDoubt { .. } => Self::InDoubt,
            Phase::Rendering { .. } | Phase::Fetching { .. } if row.state.is_to_be_downloaded() => {
                Self::Downloading
            }
            Phase::Rendering { .. } | Phase::Fetching { .. } => Self::Rendering,
            Phase::Done { .. } if row.has_changed() => Self::Changed,
            Phase::Done { .. } => Self::Done,
            Phase::Failed { .. } => Self::Failed,
        }
    }

    /// The word for it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Again => "again",
            Self::LeftOut => "left out",
            Self::InDoubt => "in doubt",
            Self::Rendering => "rendering",
            Self::Downloading => "downloading",
            Self::Done => "done",
            Self::Changed => "changed since paid",
            Self::Failed => "failed",
            Self::Gone => "gone from the sheet",
        }
    }

    /// Its colour.
    pub(super) const fn style(self) -> Style {
        match self {
            Self::New | Self::Again => Style::Strong,
            Self::LeftOut | Self::Gone => Style::Faint,
            Self::InDoubt | Self::Changed => Style::Doubt,
            Self::Rendering | Self::Downloading => Style::Work,
            Self::Done => Style::Good,
            Self::Failed => Style::Bad,
        }
    }

    /// Whether `run` would pay for it.
    pub(super) const fn is_submitted(self) -> bool {
        match self {
            Self::New | Self::Again => true,
            Self::LeftOut
            | Self::InDoubt
            | Self::Rendering
            | Self::Downloading
            | Self::Done
            | Self::Changed
            | Self::Failed
            | Self::Gone => false,
        }
    }
}

/// Why the job is in this state, and what `run` makes of it.
fn reason(row: &Row, state: PlanState) -> String {
    let why = || row.failure().map_or_else(String::new, words::failure);
    match state {
        PlanState::New if row.state.attempts > 0 => format!("not accepted yet: {}", why()),
        PlanState::New if is_length_assumed(row) => {
            "the length of the recording is not known, only assumed".to_owned()
        }
        PlanState::New | PlanState::Done => String::new(),
        PlanState::Again => {
            let earlier = row.state.earlier;
            format!("to be paid for once more; earlier attempts cost {earlier}")
        }
        PlanState::LeftOut => "not selected".to_owned(),
        PlanState::InDoubt => format!("may have been paid for, so it is not sent again: {}", why()),
        PlanState::Rendering => "paid for; will be collected".to_owned(),
        PlanState::Downloading => "paid for; will be downloaded".to_owned(),
        PlanState::Changed => {
            "edited after it was paid for; redone only with `--redo-changed`".to_owned()
        }
        PlanState::Failed if !row.state.is_retried_unnamed() => {
            format!("{}; sent again only with `--resubmit {}`", why(), row.id())
        }
        PlanState::Failed => format!("{}; sent again only with `--retry-failed`", why()),
        PlanState::Gone => format!("{}; collected all the same", row.status().replace('_', " ")),
    }
}

fn is_length_assumed(row: &Row) -> bool {
    let spec = &row.job.spec;
    matches!(spec.request.speech, Speech::Audio(_)) && spec.audio_seconds.is_none()
}

impl PlanRow<'_> {
    /// What the job will cost, or what it has cost or may have.
    pub(super) fn price(&self) -> Option<(Credits, Credits)> {
        let (state, estimate) = (self.row.state, &self.row.job.estimate);
        match self.state {
            PlanState::New | PlanState::Again => Some((estimate.low, estimate.high)),
            PlanState::LeftOut => None,
            PlanState::InDoubt
            | PlanState::Rendering
            | PlanState::Downloading
            | PlanState::Done
            | PlanState::Changed
            | PlanState::Failed
            | PlanState::Gone => {
                let cost = state.spent() + state.promised();
                Some((cost, cost))
            }
        }
    }
}

/// What would be submitted, by persona, ratio and model.
pub(super) fn shares(summary: &Summary) -> [(&'static str, BTreeMap<String, PlanShare>); 3] {
    let mut shares =
        ["persona", "aspect_ratio", "model_version"].map(|title| (title, BTreeMap::new()));
    for line in plan_rows(summary).filter(|line| line.state.is_submitted()) {
        let request = &line.row.job.spec.request;
        let keys = [
            line.persona,
            request.aspect_ratio.to_string(),
            request.model_version.to_string(),
        ];
        for ((_, by_key), key) in shares.iter_mut().zip(keys) {
            let share: &mut PlanShare = by_key.entry(key).or_default();
            share.jobs += 1;
            share.low += line.row.job.estimate.low;
            share.high += line.row.job.estimate.high;
        }
    }
    shares
}
