//! The state, reason and price of each job in a plan.

use crate::model::{Credits, Flag, Generation, Phase, Speech};
use crate::report::format::failure;
use crate::report::job_row::JobRow;
use crate::report::summary::Summary;
use crate::util::style::Style;

/// A job of a plan.
#[derive(Debug)]
pub(super) struct PlanRow<'a> {
    pub(super) row: JobRow<'a>,
    pub(super) state: PlanState,
}

/// The state of a job in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlanState {
    New,
    Again,
    LeftOut,
    Submitting,
    InDoubt,
    Rendering,
    Downloading,
    Done,
    Changed,
    Failed,
    Gone,
}

/// Returns the jobs of the plan in order.
pub(super) fn plan_rows(summary: &Summary) -> impl Iterator<Item = PlanRow<'_>> + Clone {
    summary.rows().map(|row| PlanRow { row, state: PlanState::of(&row) })
}

impl PlanState {
    fn of(row: &JobRow) -> Self {
        if !row.job.in_sheet {
            return Self::Gone;
        }
        match &row.state.phase {
            Phase::Pending | Phase::Failed { .. } if row.state.is_open() && !row.job.selected => {
                Self::LeftOut
            }
            Phase::Pending if row.state.generation > Generation::default() => Self::Again,
            Phase::Pending => Self::New,
            Phase::Submitting if row.is_submitting => Self::Submitting,
            Phase::Submitting | Phase::InDoubt { .. } => Self::InDoubt,
            Phase::Rendering { .. } | Phase::Downloading { .. }
                if row.state.is_to_be_downloaded() =>
            {
                Self::Downloading
            }
            Phase::Rendering { .. } | Phase::Downloading { .. } => Self::Rendering,
            Phase::Done { .. } if row.has_changed() => Self::Changed,
            Phase::Done { .. } => Self::Done,
            Phase::Failed { .. } => Self::Failed,
        }
    }

    /// Returns the name and the style of the state.
    pub(super) const fn word_and_style(self) -> (&'static str, Style) {
        match self {
            Self::New => ("new", Style::Bold),
            Self::Again => ("again", Style::Bold),
            Self::LeftOut => ("left out", Style::Dim),
            Self::Submitting => ("submitting", Style::Active),
            Self::InDoubt => ("in doubt", Style::Warning),
            Self::Rendering => ("rendering", Style::Active),
            Self::Downloading => ("downloading", Style::Active),
            Self::Done => ("done", Style::Success),
            Self::Changed => ("changed since paid", Style::Warning),
            Self::Failed => ("failed", Style::Failure),
            Self::Gone => ("gone from the sheet", Style::Dim),
        }
    }

    /// Checks whether `run` would submit the job.
    pub(super) const fn is_submitted(self) -> bool {
        matches!(self, Self::New | Self::Again)
    }
}

impl PlanRow<'_> {
    /// Returns why the job is in this state and what `run` does with it.
    pub(super) fn reason(&self) -> String {
        let row = &self.row;
        let why = || row.failure().map_or_else(String::new, failure);
        match self.state {
            PlanState::New if row.state.attempts > 0 => {
                format!("the last attempt failed: {}", why())
            }
            PlanState::New if has_assumed_length(row) => {
                "the length of the recording is unknown and assumed".to_owned()
            }
            PlanState::New | PlanState::Done => String::new(),
            PlanState::Again => {
                let earlier = row.state.earlier;
                format!("to be paid for again; earlier attempts cost {earlier}")
            }
            PlanState::LeftOut => row.left_out().unwrap_or("not selected").to_owned(),
            PlanState::Submitting => "being sent by a run that is under way".to_owned(),
            PlanState::InDoubt => {
                format!("may have been paid for, so it is not sent again: {}", why())
            }
            PlanState::Rendering => "paid for; will be collected".to_owned(),
            PlanState::Downloading => "paid for; will be downloaded".to_owned(),
            PlanState::Changed => format!(
                "edited after being paid for; paid for again only with `{}`",
                Flag::RedoChanged
            ),
            PlanState::Failed if !row.state.is_retried_unnamed() => {
                let (why, flag) = (why(), Flag::Resubmit);
                format!("{why}; sent again only with `{flag} {}`", row.id())
            }
            PlanState::Failed => format!("{}; sent again only with `{}`", why(), Flag::RetryFailed),
            PlanState::Gone => {
                format!("{}; collected nevertheless", row.status().replace('_', " "))
            }
        }
    }

    /// Returns the text that is spoken, or the URL of the recording.
    pub(super) fn speech(&self) -> &str {
        match &self.row.job.spec.request.speech {
            Speech::Text(text) => text,
            Speech::Audio(url) => url,
        }
    }

    /// Checks whether the job speaks a text, not a recording.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.row.job.spec.request.speech, Speech::Text(_))
    }

    /// Returns the estimated price, or the actual cost so far.
    pub(super) fn price(&self) -> Option<(Credits, Credits)> {
        let (state, estimate) = (self.row.state, &self.row.job.estimate);
        if self.state.is_submitted() {
            return Some((estimate.low, estimate.high));
        }
        let cost = state.spent() + state.promised();
        (self.state != PlanState::LeftOut).then_some((cost, cost))
    }
}

/// Checks whether a job speaks a recording of unknown length.
pub(super) fn has_assumed_length(row: &JobRow) -> bool {
    let spec = &row.job.spec;
    matches!(spec.request.speech, Speech::Audio(_)) && spec.audio_seconds.is_none()
}
