//! The estimated cost of what a run would submit.

use crate::model::{Credits, Generation, Limits, Phase};
use crate::report::{JobRow, Summary};
use crate::util::text::plural;

/// The estimated cost of some videos.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Costs {
    /// The number of videos.
    pub(crate) videos: usize,
    /// Lower end of the estimate.
    pub(crate) low: Credits,
    /// Upper end of the estimate.
    pub(crate) high: Credits,
    /// What earlier attempts have cost.
    pub(crate) earlier: Credits,
}

impl Costs {
    /// Returns the cost of everything that a run would submit.
    pub(crate) fn of(preview: &Summary) -> Self {
        Self::sum(preview.rows().filter(is_to_be_submitted))
    }

    /// Returns the cost of as many videos, in the order of the sheet, as `free` credits are likely to cover.
    pub(super) fn covered(preview: &Summary, free: Credits) -> Self {
        let mut left = free;
        let is_covered = |row: &JobRow| {
            let likely = row.job.estimate.likely;
            let is_covered = likely <= left;
            left = left.less(likely);
            is_covered
        };
        Self::sum(preview.rows().filter(is_to_be_submitted).take_while(is_covered))
    }

    /// Returns the cost of the part that was submitted before.
    pub(crate) fn paid_again(preview: &Summary) -> Self {
        let again = |row: &JobRow| row.state.generation > Generation::default();
        Self::sum(preview.rows().filter(is_to_be_submitted).filter(again))
    }

    fn sum<'a>(rows: impl Iterator<Item = JobRow<'a>>) -> Self {
        let mut costs = Self::default();
        for row in rows {
            costs.videos += 1;
            costs.low += row.job.estimate.low;
            costs.high += row.job.estimate.high;
            costs.earlier += row.state.earlier;
        }
        costs
    }

    /// Limits the cost to what the caps leave after `committed` credits.
    #[must_use]
    pub(crate) fn within(mut self, committed: Credits, limits: &Limits) -> Self {
        if let Some(left) = limits.left(committed) {
            self.low = self.low.min(left);
            self.high = self.high.min(left);
        }
        self
    }

    /// Returns `60`, or `60 to 80`.
    pub(crate) fn range(&self) -> String {
        if self.low == self.high {
            self.high.to_string()
        } else {
            format!("{} to {}", self.low, self.high)
        }
    }

    /// Returns `1 video`, `12 videos`.
    pub(crate) fn count(&self) -> String {
        plural(self.videos, "video")
    }
}

fn is_to_be_submitted(row: &JobRow) -> bool {
    row.job.selected && matches!(row.state.phase, Phase::Pending)
}
