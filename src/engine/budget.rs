//! The caps: what is spent and promised, against what may be.

use crate::model::{Credits, JobState, StopReason};

/// Keeps the sum of what all jobs have spent and promised, and of what this run has.
#[derive(Debug)]
pub(crate) struct Budget {
    whole: Cap,
    run: Cap,
}

/// One cap and what counts against it.
#[derive(Debug)]
struct Cap {
    most: Option<Credits>,
    /// Thousandths of a credit. Wide, because charges are whatever the provider says.
    committed: i128,
}

impl Cap {
    const fn new(most: Option<Credits>) -> Self {
        Self { most, committed: 0 }
    }

    fn moved(&mut self, before: Credits, after: Credits) {
        self.committed += i128::from(after.thousandths()) - i128::from(before.thousandths());
    }

    fn allows(&self, reserve: Credits) -> bool {
        self.most.is_none_or(|most| {
            self.committed + i128::from(reserve.thousandths()) <= i128::from(most.thousandths())
        })
    }
}

impl Budget {
    /// Nothing is committed yet. `whole` caps the campaign, `run` what one run submits.
    pub(crate) const fn new(whole: Option<Credits>, run: Option<Credits>) -> Self {
        Self {
            whole: Cap::new(whole),
            run: Cap::new(run),
        }
    }

    /// What `state` ties up: spent, or promised to something that is under way.
    pub(crate) fn committed_by(state: &JobState) -> Credits {
        if is_broken!(DoubtIsFree) && matches!(state.phase, crate::model::Phase::InDoubt { .. }) {
            return state.spent();
        }
        state.spent() + state.promised()
    }

    /// A job that tied up `before` now ties up `after`.
    pub(crate) fn moved(&mut self, before: Credits, after: Credits) {
        self.whole.moved(before, after);
    }

    /// Of this run's own submits of a job, `before` was tied up and now is `after`. What earlier runs
    /// promised makes no room for this one when it turns out cheaper.
    pub(crate) fn moved_by_run(&mut self, before: Credits, after: Credits) {
        self.run.moved(before, after);
    }

    /// Nothing, or why `reserve` more cannot be promised without passing a cap.
    pub(crate) fn objection(&self, reserve: Credits) -> Option<StopReason> {
        if !self.whole.allows(reserve) {
            return Some(StopReason::CapReached);
        }
        (!self.run.allows(reserve)).then_some(StopReason::RunCapReached)
    }
}
