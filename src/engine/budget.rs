//! The cap: what is spent and promised, against what may be.

use crate::model::{Credits, JobState};

/// Keeps the sum of what all jobs have spent and promised.
#[derive(Debug)]
pub(crate) struct Budget {
    cap: Option<Credits>,
    committed: i64,
}

impl Budget {
    pub(crate) fn new(cap: Option<Credits>) -> Self {
        Self { cap, committed: 0 }
    }

    /// What `state` ties up: spent, or promised to something that is under way.
    pub(crate) fn committed_by(state: &JobState) -> Credits {
        state.spent() + state.promised()
    }

    /// A job that tied up `before` now ties up `after`.
    pub(crate) fn moved(&mut self, before: Credits, after: Credits) {
        self.committed += after.thousandths() - before.thousandths();
    }

    /// Whether `reserve` more can be promised without ever passing the cap.
    pub(crate) fn allows(&self, reserve: Credits) -> bool {
        self.cap.is_none_or(|cap| {
            self.committed.saturating_add(reserve.thousandths()) <= cap.thousandths()
        })
    }
}
