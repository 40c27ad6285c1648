//! The caps on credits, and what is spent and promised.

use std::collections::{BTreeMap, HashMap};

use super::job::{Sender, TrackedJob};
use super::rules::SafetyRules;
use crate::model::{Credits, JobState, ModelVersion, StopReason};

/// The sums of what all jobs have spent and promised, and of what this run has.
#[derive(Debug)]
pub(super) struct Budget {
    campaign: Cap,
    run: Cap,
    /// For each job that this run has submitted: what it had spent and promised before.
    before_run: HashMap<usize, Credits>,
    /// The jobs whose charge is not known yet.
    open: BTreeMap<usize, OpenPromise>,
    /// The highest charge of this run for each model, in thousandths of the reservation, at least 1000.
    prices: HashMap<ModelVersion, i64>,
    rules: &'static dyn SafetyRules,
}

/// What one job has spent and promised.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Commitment {
    total: Credits,
    by_run: Credits,
}

/// A job whose charge is not known yet.
#[derive(Debug, Clone, Copy)]
struct OpenPromise {
    model: ModelVersion,
    /// The reservation by the price table.
    listed: Credits,
    /// The recorded reservation.
    promised: Credits,
    is_of_run: bool,
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
        Self {
            campaign: Cap::new(campaign),
            run: Cap::new(run),
            before_run: HashMap::new(),
            open: BTreeMap::new(),
            prices: HashMap::new(),
            rules,
        }
    }

    /// Counts what a job had spent and promised before this run began.
    pub(super) fn restore(&mut self, index: usize, job: &TrackedJob) {
        let committed = self.rules.committed(&job.state);
        self.campaign.update(Credits::ZERO, committed);
        self.note_promise(index, job);
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

    /// Replaces the commitment `before` of a job by its present one, and learns from its charge.
    pub(super) fn update(&mut self, index: usize, job: &TrackedJob, before: Commitment) {
        let after = self.commitment(index, &job.state);
        self.campaign.update(before.total, after.total);
        self.run.update(before.by_run, after.by_run);
        self.note_promise(index, job);
        // Charges of earlier runs are part of the estimates.
        let is_of_run = job.sender == Sender::ThisRun;
        // The reservation of a recording is far above its price.
        let shows_price = |charged: &Credits| job.least.is_none() || *charged > job.reservation;
        if let Some(charged) = job.state.believed_charge().filter(|_| is_of_run)
            && shows_price(&charged)
            && job.reservation > Credits::ZERO
        {
            let thousandths = charged.times(1000).thousandths();
            let price = thousandths / job.reservation.thousandths().max(1);
            let known = self.prices.entry(job.spec.request.model_version).or_insert(1000);
            *known = price.max(*known);
        }
    }

    fn note_promise(&mut self, index: usize, job: &TrackedJob) {
        let promised = job.state.promised();
        if promised == Credits::ZERO {
            self.open.remove(&index);
            return;
        }
        let promise = OpenPromise {
            model: job.spec.request.model_version,
            listed: job.reservation,
            promised,
            is_of_run: job.sender == Sender::ThisRun,
        };
        self.open.insert(index, promise);
    }

    /// Returns the credits to be reserved for a job: by the price table, or by a higher price that this run has seen.
    pub(super) fn reservation(&self, job: &TrackedJob) -> Credits {
        self.at_price(job.spec.request.model_version, job.reservation, true)
    }

    fn at_price(&self, model: ModelVersion, listed: Credits, is_alone: bool) -> Credits {
        let price = self.rules.price(self.prices.get(&model).copied(), is_alone);
        let product = i128::from(listed.thousandths()) * i128::from(price);
        let thousandths = (product + 999).div_euclid(1000);
        listed.max(Credits::from_thousandths(i64::try_from(thousandths).unwrap_or(i64::MAX)))
    }

    /// Returns which cap the submit of `job` could exceed, if any. `is_alone`: nothing else is under way.
    pub(super) fn exceeded_by(&self, job: &TrackedJob, is_alone: bool) -> Option<StopReason> {
        if self.campaign.limit.is_none() && self.run.limit.is_none() {
            return None;
        }
        let model = job.spec.request.model_version;
        let reserve = self.at_price(model, job.reservation, is_alone);
        let dearer = |promise: &OpenPromise| {
            self.at_price(promise.model, promise.listed, is_alone).less(promise.promised)
        };
        let of_run = self.open.values().filter(|promise| promise.is_of_run);
        let (all, of_run): (Credits, Credits) =
            (self.open.values().map(dearer).sum(), of_run.map(dearer).sum());
        if !self.campaign.allows(reserve + all) {
            return Some(StopReason::CapReached);
        }
        (!self.run.allows(reserve + of_run)).then_some(StopReason::RunCapReached)
    }
}
