//! Sums over the jobs of a campaign.

use serde::Serialize;

use crate::model::{Credits, Phase};
use crate::report::row::Row;
use crate::report::words;

/// How many jobs stand where. The words are those of `results.csv`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All jobs that are to be made, or were ever begun; the sum of the six states that follow.
    pub total: usize,
    /// The video is on disk.
    pub done: usize,
    /// Failed for good.
    pub failed: usize,
    /// Sent, and nothing says whether it was accepted.
    pub in_doubt: usize,
    /// Those of them whose request is in the air at this moment, which is not alarming while a run
    /// goes on.
    pub sending: usize,
    /// The provider is at work.
    pub rendering: usize,
    /// Finished at the provider; the file is not here yet.
    pub downloading: usize,
    /// Nothing has been paid for yet.
    pub pending: usize,
    /// Those of the total that are no longer in the sheet.
    pub gone: usize,
    /// Rows of the sheet that make no job.
    pub skipped: usize,
    /// Jobs that this run leaves out and that were never begun; not in the total.
    pub left_out: usize,
}

/// What a campaign costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Money {
    /// Gone: reported charges, and the whole reservation of finished jobs whose charge was never
    /// reported.
    pub spent: Credits,
    /// The part of `spent` that is such a reservation, because no charge was reported.
    pub unreported: Credits,
    /// Promised to submits that are in the air, in doubt or being rendered.
    pub promised: Credits,
    /// Lower end of what the pending jobs will cost.
    pub to_do_low: Credits,
    /// What the pending jobs will cost if nothing is unusual.
    pub to_do_likely: Credits,
    /// Upper end of what the pending jobs will cost.
    pub to_do_high: Credits,
    /// What must be free for the pending jobs to be submitted: their reservations, which may be higher
    /// than the range that is shown.
    pub to_reserve: Credits,
    /// `--max-credits`.
    pub cap: Option<Credits>,
}

impl Counts {
    pub(super) fn add(&mut self, row: &Row) {
        self.sending += usize::from(matches!(row.state.phase, Phase::Submitting));
        let place = match row.state.phase {
            Phase::Pending if !row.job.selected => {
                self.left_out += 1;
                return;
            }
            Phase::Pending => &mut self.pending,
            Phase::Submitting | Phase::InDoubt { .. } => &mut self.in_doubt,
            Phase::Rendering { .. } | Phase::Fetching { .. } if row.state.is_to_be_downloaded() => {
                &mut self.downloading
            }
            Phase::Rendering { .. } | Phase::Fetching { .. } => &mut self.rendering,
            Phase::Done { .. } => &mut self.done,
            Phase::Failed { .. } => &mut self.failed,
        };
        *place += 1;
        self.total += 1;
        self.gone += usize::from(!row.job.in_sheet);
    }

    /// `10 jobs`, or `10 jobs, and 1 from an earlier sheet`.
    pub(super) fn jobs(&self) -> String {
        let jobs = words::plural(self.total - self.gone, "job");
        match self.gone {
            0 => jobs,
            gone => format!("{jobs}, and {gone} from an earlier sheet"),
        }
    }

    /// Jobs that have ended, in success or failure.
    pub const fn finished(&self) -> usize {
        self.done + self.failed
    }

    /// Jobs that are paid for and whose video is still to come.
    pub const fn outstanding(&self) -> usize {
        self.rendering + self.downloading
    }

    /// The counts that are not zero, with their words, in the order of a job's life.
    pub(super) fn words(&self) -> Vec<(usize, &'static str)> {
        [
            (self.done, "done"),
            (self.failed, "failed"),
            (self.in_doubt, "in doubt"),
            (self.rendering, "rendering"),
            (self.downloading, "downloading"),
            (self.pending, "pending"),
            (self.skipped, "skipped"),
            (self.left_out, "left out"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .collect()
    }
}

impl Money {
    pub(super) fn add(&mut self, row: &Row) {
        let spent = row.state.spent();
        self.spent += spent;
        self.promised += row.state.promised();
        if row.state.charged.is_none() {
            self.unreported += spent.less(row.state.earlier);
        }
        if matches!(row.state.phase, Phase::Pending) && row.job.selected {
            self.to_do_low += row.job.estimate.low;
            self.to_do_likely += row.job.estimate.likely;
            self.to_do_high += row.job.estimate.high;
            self.to_reserve += row.job.estimate.reserve;
        }
    }

    /// What is left of the cap once everything promised is paid.
    pub fn left(&self) -> Option<Credits> {
        Some(self.cap?.less(self.spent + self.promised))
    }

    /// `55 spent, 5 promised, 40 left of 100, 20-30 still to come`.
    pub(super) fn sentence(&self) -> String {
        let sentence = self.sentence_without_to_do();
        if self.to_do_high == Credits::ZERO {
            return sentence;
        }
        let range = words::range(self.to_do_low, self.to_do_high);
        format!("{sentence}, {range} still to come")
    }

    /// `55 spent, 5 promised, 40 left of 100`.
    pub(super) fn sentence_without_to_do(&self) -> String {
        let mut spent = format!("{} spent", self.spent);
        if self.unreported > Credits::ZERO {
            spent = format!(
                "{spent} ({} of it without a reported charge)",
                self.unreported
            );
        }
        let mut parts = vec![spent];
        if self.promised > Credits::ZERO {
            parts.push(format!("{} promised", self.promised));
        }
        if let (Some(left), Some(cap)) = (self.left(), self.cap) {
            parts.push(format!("{left} left of {cap}"));
        }
        parts.join(", ")
    }
}
