//! When a run will be over, from what it has learnt so far.

use std::collections::VecDeque;
use std::time::Duration;

use super::super::summary::Summary;
use crate::model::{Phase, Timestamp};

/// Submits whose spacing tells the pace. Enough to smooth a burst, few enough to follow a slow-down.
const REMEMBERED: usize = 12;

/// The times of the newest submits of this run.
#[derive(Debug, Clone, Default)]
pub(super) struct Forecast {
    submits: VecDeque<Timestamp>,
}

impl Forecast {
    /// A submit was started.
    pub(super) fn on_submit(&mut self, at: Timestamp) {
        if self.submits.len() == REMEMBERED {
            self.submits.pop_front();
        }
        self.submits.push_back(at);
    }

    /// The time from `now` until everything is rendered, or `None` while too little is known.
    ///
    /// A pending job waits for a place at the provider and for the pace of submits, whichever takes
    /// longer; the last one then takes as long as a render takes.
    pub(super) fn remaining(&self, summary: &Summary, now: Timestamp) -> Option<Duration> {
        let render = summary.usual_render()?;
        let counts = summary.counts();
        let places = u32::try_from(counts.rendering.max(1)).unwrap_or(u32::MAX);
        if counts.pending > 0 {
            let wait = self.spacing().unwrap_or_default().max(render / places);
            let pending = u32::try_from(counts.pending).unwrap_or(u32::MAX);
            return Some(wait.saturating_mul(pending).saturating_add(render));
        }
        summary
            .rows()
            .filter(|row| matches!(row.state.phase, Phase::Rendering { .. }) && !row.is_overdue)
            .map(|row| {
                let began = row.state.accepted_at.unwrap_or(now);
                render.saturating_sub(now.since(began))
            })
            .max()
    }

    fn spacing(&self) -> Option<Duration> {
        let (first, last) = (self.submits.front()?, self.submits.back()?);
        let gaps = u32::try_from(self.submits.len() - 1).ok()?;
        last.since(*first).checked_div(gaps)
    }
}
