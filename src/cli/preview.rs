//! What a run would do, before it does it.

use crate::model::{Credits, Entry, Generation, JobId, Limits, Phase, PlannedJob};
use crate::report::{Row, Summary};

/// `summary` with what the first step of a run would put on record, before anything is submitted: the engine's
/// own [decisions](crate::engine::Batch::opening_entries), taken in and not kept. What it would reopen is what the run
/// would pay for again.
pub(super) fn preview(mut summary: Summary, opening: &[Entry]) -> Summary {
    for entry in opening {
        summary.apply(entry);
    }
    summary
}

/// Jobs that are named one by one may be paid for, whatever else is selected.
pub(super) fn select_named<'a>(
    jobs: &mut [PlannedJob],
    named: impl IntoIterator<Item = &'a JobId>,
) {
    let named: std::collections::HashSet<&JobId> = named.into_iter().collect();
    for job in jobs {
        job.selected |= job.in_sheet && named.contains(&job.spec.id);
    }
}

/// What some videos will cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Costs {
    /// How many there are.
    pub(super) videos: usize,
    /// Lower end.
    pub(super) low: Credits,
    /// Upper end.
    pub(super) high: Credits,
    /// What they have cost already, in earlier attempts.
    pub(super) earlier: Credits,
}

impl Costs {
    /// Of everything that a run would submit.
    pub(super) fn of(preview: &Summary) -> Self {
        Self::sum(preview.rows().filter(is_to_be_submitted))
    }

    /// Of that part which has been submitted before.
    pub(super) fn paid_again(preview: &Summary) -> Self {
        let again = |row: &Row| row.state.generation > Generation::default();
        Self::sum(preview.rows().filter(is_to_be_submitted).filter(again))
    }

    fn sum<'a>(rows: impl Iterator<Item = Row<'a>>) -> Self {
        let mut costs = Self::default();
        for row in rows {
            costs.videos += 1;
            costs.low += row.job.estimate.low;
            costs.high += row.job.estimate.high;
            costs.earlier += row.state.earlier;
        }
        costs
    }

    /// These costs, as far as the caps allow them.
    #[must_use]
    pub(super) fn within(mut self, committed: Credits, limits: &Limits) -> Self {
        let left = limits.max_credits.map(|cap| cap.less(committed));
        for room in left.into_iter().chain(limits.max_credits_run) {
            self.low = self.low.min(room);
            self.high = self.high.min(room);
        }
        self
    }

    /// `60`, or `60 to 80`.
    pub(super) fn range(&self) -> String {
        if self.low == self.high {
            self.high.to_string()
        } else {
            format!("{} to {}", self.low, self.high)
        }
    }

    /// `1 video`, `12 videos`.
    pub(super) fn count(&self) -> String {
        match self.videos {
            1 => "1 video".to_owned(),
            many => format!("{many} videos"),
        }
    }
}

fn is_to_be_submitted(row: &Row) -> bool {
    row.job.selected && matches!(row.state.phase, Phase::Pending)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs(low: i64, high: i64) -> Costs {
        Costs {
            videos: 3,
            low: Credits::whole(low),
            high: Credits::whole(high),
            earlier: Credits::ZERO,
        }
    }

    #[test]
    fn caps_bound_what_can_be_spent() {
        let mut limits = Limits {
            max_credits: Some(Credits::whole(50)),
            ..Limits::default()
        };
        let within = |limits: &Limits| costs(20, 40).within(Credits::whole(20), limits);
        assert_eq!(within(&limits), costs(20, 30));
        limits.max_credits_run = Some(Credits::whole(10));
        assert_eq!(within(&limits), costs(10, 10));
        assert_eq!(within(&Limits::default()), costs(20, 40));
    }

    #[test]
    fn counts_and_ranges_read_like_words() {
        assert_eq!(
            (costs(5, 5).range(), costs(5, 9).range()),
            ("5".into(), "5 to 9".into())
        );
        let one = Costs {
            videos: 1,
            ..costs(5, 5)
        };
        assert_eq!(
            (one.count(), costs(1, 1).count()),
            ("1 video".into(), "3 videos".into())
        );
    }
}
