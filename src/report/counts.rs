//! Sums over the jobs of a campaign.

use serde::Serialize;

use crate::model::{CapSource, Credits, Phase};
use crate::report::format::credit_range;
use crate::report::job_row::JobRow;
use crate::util::text::plural;

/// The number of jobs in each state. The names are the statuses of `results.csv`, the serialized ones those of
/// `totals` in `results.json`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All jobs that are selected or were ever begun: the sum of the seven states that follow.
    #[serde(rename = "jobs")]
    pub total: usize,
    /// The video is on disk.
    pub done: usize,
    /// Failed permanently.
    pub failed: usize,
    /// Sent, and no response says whether it was accepted.
    pub in_doubt: usize,
    /// Being sent by a run that is under way.
    pub submitting: usize,
    /// Rendering at the provider.
    pub rendering: usize,
    /// Rendered but not downloaded.
    pub downloading: usize,
    /// Not paid for.
    pub pending: usize,
    /// The part of `total` that is no longer in the sheet.
    #[serde(rename = "gone_from_sheet")]
    pub gone: usize,
    /// Rows of the sheet that make no job, and jobs whose text looks unfinished.
    pub skipped: usize,
    /// Jobs that are not selected and were never begun; not part of `total`.
    pub left_out: usize,
    /// The part of `total` that was paid for before its row was edited.
    pub outdated: usize,
}

/// The credits of a campaign. The serialized names are those of `credits` in `results.json`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Money {
    /// Reported charges, and the full reservations of finished jobs whose charge was never reported.
    pub spent: Credits,
    /// The part of `spent` without a reported charge.
    #[serde(rename = "spent_unreported")]
    pub unreported: Credits,
    /// Reserved for jobs that are being sent, in doubt or rendering.
    pub promised: Credits,
    /// What may be charged beyond what is reported; counts towards the caps.
    pub withheld: Credits,
    /// Lower estimate for the pending jobs.
    pub to_do_low: Credits,
    /// Likely cost of the pending jobs.
    pub to_do_likely: Credits,
    /// Upper estimate for the pending jobs.
    pub to_do_high: Credits,
    /// The reservations that submitting the pending jobs needs; may exceed `to_do_high`.
    #[serde(skip)]
    pub to_reserve: Credits,
    /// `--max-credits`.
    #[serde(rename = "max_credits")]
    pub cap: Option<Credits>,
    /// Where the cap comes from.
    #[serde(rename = "max_credits_source")]
    pub cap_source: Option<CapSource>,
}

impl Counts {
    pub(super) fn add(&mut self, row: &JobRow) {
        let count = match row.state.phase {
            Phase::Pending | Phase::Failed { .. } if row.state.is_open() && !row.job.selected => {
                let is_skipped = row.left_out().is_some();
                self.skipped += usize::from(is_skipped);
                self.left_out += usize::from(!is_skipped);
                return;
            }
            Phase::Pending => &mut self.pending,
            Phase::Failed { .. } if row.state.is_open() => &mut self.pending,
            Phase::Submitting if row.is_submitting => &mut self.submitting,
            Phase::Submitting | Phase::InDoubt { .. } => &mut self.in_doubt,
            Phase::Rendering { .. } | Phase::Downloading { .. }
                if row.state.is_to_be_downloaded() =>
            {
                &mut self.downloading
            }
            Phase::Rendering { .. } | Phase::Downloading { .. } => &mut self.rendering,
            Phase::Done { .. } => &mut self.done,
            Phase::Failed { .. } => &mut self.failed,
        };
        *count += 1;
        self.total += 1;
        self.gone += usize::from(!row.job.in_sheet);
        self.outdated += usize::from(row.is_outdated());
    }

    /// Returns `10 jobs`, or `10 jobs, and 1 from an earlier sheet`.
    pub(super) fn jobs(&self) -> String {
        let jobs = plural(self.total - self.gone, "job");
        match self.gone {
            0 => jobs,
            gone => format!("{jobs}, and {gone} from an earlier sheet"),
        }
    }

    /// Returns the number of jobs that succeeded or failed.
    pub const fn finished(&self) -> usize {
        self.done + self.failed
    }

    /// Returns the number of jobs that are paid for and not downloaded.
    pub const fn outstanding(&self) -> usize {
        self.rendering + self.downloading
    }

    /// Returns the counts that are not zero, with their names, in the order of a job's life; last those
    /// that are part of others.
    pub(super) fn non_zero(&self) -> impl Iterator<Item = (usize, &'static str)> {
        [
            (self.done, "done"),
            (self.failed, "failed"),
            (self.in_doubt, "in doubt"),
            (self.submitting, "submitting"),
            (self.rendering, "rendering"),
            (self.downloading, "downloading"),
            (self.pending, "pending"),
            (self.skipped, "skipped"),
            (self.left_out, "left out"),
            (self.outdated, "outdated"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
    }
}

impl Money {
    pub(super) fn add(&mut self, row: &JobRow) {
        let spent = row.state.spent();
        self.spent += spent;
        self.promised += row.state.promised();
        self.withheld += row.state.withheld();
        if row.state.charged.is_none() {
            self.unreported += spent.less(row.state.earlier);
        }
        if row.state.is_open() && row.job.selected {
            self.to_do_low += row.job.estimate.low;
            self.to_do_likely += row.job.estimate.likely;
            self.to_do_high += row.job.estimate.high;
            self.to_reserve += row.job.estimate.reserve;
        }
    }

    /// Returns the rest of the cap after all promised credits are paid.
    pub fn left(&self) -> Option<Credits> {
        Some(self.cap?.less(self.counted()))
    }

    /// Returns what counts towards the caps.
    pub fn counted(&self) -> Credits {
        self.spent + self.promised + self.withheld
    }

    /// Returns the cap that allows all pending jobs.
    pub(super) fn needed_cap(&self) -> Credits {
        self.counted() + self.to_reserve
    }

    /// Returns `55 spent, 5 promised, 40 left of 100, 20-30 still to come`.
    pub(super) fn sentence(&self) -> String {
        let sentence = self.sentence_without_to_do();
        if self.to_do_high == Credits::ZERO {
            return sentence;
        }
        let range = credit_range(self.to_do_low, self.to_do_high);
        format!("{sentence}, {range} still to come")
    }

    /// Returns `55 spent, 5 promised, 40 left of 100`.
    pub(super) fn sentence_without_to_do(&self) -> String {
        let mut text = format!("{} spent", self.spent);
        if self.unreported > Credits::ZERO {
            text = format!("{text} ({} of it without a reported charge)", self.unreported);
        }
        if self.promised > Credits::ZERO {
            text = format!("{text}, {} promised", self.promised);
        }
        if let (Some(left), Some(cap)) = (self.left(), self.cap) {
            if self.withheld > Credits::ZERO {
                text = format!("{text}, {} withheld", self.withheld);
            }
            let source = match self.cap_source {
                Some(CapSource::EarlierRun) => " (cap of an earlier run)",
                Some(CapSource::Manifest) => " (cap of the manifest)",
                Some(CapSource::Option) | None => "",
            };
            text = format!("{text}, {left} left of {cap}{source}");
        }
        text
    }
}
