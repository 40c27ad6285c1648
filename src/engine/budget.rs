//! The caps on credits, and what is spent and promised.

use std::collections::HashMap;

use super::rules::SafetyRules;
use crate::model::{Credits, JobState, StopReason};

/// The sums of what all jobs have spent and promised, and of what this run has.
#[derive(Debug)]
pub(super) struct Budget {
    campaign: Cap,
    run: Cap,
    /// For each job that this run has submitted: what it had spent and promised before.
    before_run: HashMap<usize, Credits>,
    rules: &'static dyn SafetyRules,
}

/// What one job has spent and promised.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Commitment {
    total: Credits,
    by_run: Credits,
}

/// One cap and what counts against it.
#[derive(Debug)]
struct Cap {
    limit: Option<Credits>,
    /// In thousandths of a credit. Wide, because the provider may report any charge.
    committed: i128,
}

impl Cap {
    const fn new(limit: Option<Credits>) -> Self {
        Self { limit, committed: 0 }
    }

    fn update(&mut self, before: Credits, after: Credits) {
        self.committed += i128::from(after.thousandths()) - i128::from(before.thousandths());
    }

    fn allows(&self, reserve: Credits) -> bool {
        self.limit.is_none_or(|limit| {
            self.committed + i128::from(reserve.thousandths()) <= i128::from(limit.thousandths())
        })
    }
}

impl Budget {
    /// Creates a budget without commitments. `campaign` caps all runs together, `run` this run's own submits.
    pub(super) fn new(
        campaign: Option<Credits>,
        run: Option<Credits>,
        rules: &'static dyn SafetyRules,
    ) -> Self {
        Self { campaign: Cap::new(campaign), run: Cap::new(run), before_run: HashMap::new(), rules }
    }

    /// Counts what a job had spent and promised before this run began.
    pub(super) fn restore(&mut self, state: &JobState) {
        let committed = self.rules.committed(state);
        self.campaign.update(Credits::ZERO, committed);
    }

    /// Remembers what a job had cost before this run first submits it.
    pub(super) fn begin_submit(&mut self, index: usize, state: &JobState) {
        let committed = self.rules.committed(state);
        self.before_run.entry(index).or_insert(committed);
    }

    /// Returns what a job has spent and promised.
    pub(super) fn commitment(&self, index: usize, state: &JobState) -> Commitment {
        let before_run = self.before_run.get(&index).copied();
        Commitment {
            total: self.rules.committed(state),
            by_run: self.rules.committed_by_run(state, before_run),
        }
    }

    /// Replaces the commitment of a job.
    pub(super) fn update(&mut self, before: Commitment, after: Commitment) {
        self.campaign.update(before.total, after.total);
        self.run.update(before.by_run, after.by_run);
    }

    /// Returns which cap promising `reserve` more credits would exceed, if any.
    pub(super) fn exceeded_by(&self, reserve: Credits) -> Option<StopReason> {
        if !self.campaign.allows(reserve) {
            return Some(StopReason::CapReached);
        }
        (!self.run.allows(reserve)).then_some(StopReason::RunCapReached)
    }
}
