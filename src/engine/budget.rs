//! The cap: what is spent and promised, against what may be.

use crate::model::{Credits, JobState};

/// Keeps the sum of what all jobs have spent and promised.
#[derive(Debug)]
pub(crate) struct Budget {
    cap: Option<Credits>,
    /// Thousandths of a credit. Wide, because charges are whatever the provider says.
    committed: i128,
}

impl Budget {
    pub(crate) fn new(cap: Option<Credits>) -> Self {
        Self { cap, committed: 0 }
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
        self.committed += i128::from(after.thousandths()) - i128::from(before.thousandths());
    }

    /// Whether `reserve` more can be promised without ever passing the cap.
    pub(crate) fn allows(&self, reserve: Credits) -> bool {
        self.cap.is_none_or(|cap| {
            self.committed + i128::from(reserve.thousandths()) <= i128::from(cap.thousandths())
        })
    }
}
