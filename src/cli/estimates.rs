//! What each job is estimated at, and what the estimate rests on.

use std::collections::HashMap;

use crate::journal::Record;
use crate::model::{
    Estimate, Event, Experience, Fingerprint, JobEvent, JobId, JobSpec, Plan, PriceTable,
};

/// Estimates by the manifest's prices and by what the campaign's finished jobs have taught.
///
/// A job that was submitted keeps the estimate it had then, so that the estimate can be held against the
/// charge. What is reserved is never lowered by what was learnt.
#[derive(Debug)]
pub(super) struct Estimates {
    listed: PriceTable,
    now: Experience,
    then: HashMap<JobId, Submitted>,
    /// The listed prices as what was known when each run began, and last as what is known now, teaches them.
    learnt: Vec<PriceTable>,
}

/// What was submitted last of a job.
#[derive(Debug)]
struct Submitted {
    fingerprint: Fingerprint,
    /// By which run.
    run: usize,
    is_rendered: bool,
}

impl Estimates {
    /// What `record` teaches about the jobs of `plan`.
    pub(super) fn new(plan: &Plan, record: Option<&Record>) -> Self {
        let listed = PriceTable::default().with(&plan.prices);
        let mut estimates = Self {
            learnt: vec![listed.clone()],
            listed,
            now: Experience::default(),
            then: HashMap::new(),
        };
        if let Some(record) = record {
            estimates.learn(plan, record);
        }
        estimates.learnt.push(estimates.prices());
        estimates
    }

    fn learn(&mut self, plan: &Plan, record: &Record) {
        let specs: HashMap<&JobId, &JobSpec> = record
            .jobs
            .iter()
            .chain(&plan.jobs)
            .map(|spec| (&spec.id, &**spec))
            .collect();
        self.then.reserve(specs.len());
        for entry in &record.entries {
            let (job, event) = match &entry.event {
                Event::RunStarted { .. } => {
                    self.learnt.push(self.prices());
                    continue;
                }
                Event::Job { job, event } => (job, event),
                Event::RunEnded { .. }
                | Event::LaneHeld { .. }
                | Event::InventoryTaken { .. }
                | Event::InventorySkipped { .. }
                | Event::PlacesLearnt { .. } => continue,
            };
            if let Some(fingerprint) = event.fingerprint() {
                let submitted = Submitted {
                    fingerprint: fingerprint.clone(),
                    run: self.learnt.len() - 1,
                    is_rendered: false,
                };
                self.then.insert(job.clone(), submitted);
            }
            // A fresh link reports the same render once more.
            if let JobEvent::Rendered { output } = event
                && let Some(submitted) = self.then.get_mut(job)
                && !std::mem::replace(&mut submitted.is_rendered, true)
                && let Some(spec) = specs.get(job)
                && submitted.fingerprint == spec.fingerprint
            {
                let (request, length) = (&spec.request, spec.audio_seconds);
                self.now.learn(&self.listed, request, length, output);
            }
        }
    }

    /// The estimate of one job.
    pub(super) fn of(&self, spec: &JobSpec) -> Estimate {
        let submitted = self.then.get(&spec.id);
        let learnt = match submitted {
            Some(submitted) if submitted.fingerprint == spec.fingerprint => {
                &self.learnt[submitted.run]
            }
            Some(_) | None => &self.learnt[self.learnt.len() - 1],
        };
        let by = |table: &PriceTable| table.estimate(&spec.request, spec.audio_seconds);
        let listed = by(&self.listed);
        if *learnt == self.listed {
            return listed;
        }
        by(learnt).reserving_at_least(&listed)
    }

    /// The prices and paces by which jobs are estimated that are not submitted yet.
    pub(super) fn prices(&self) -> PriceTable {
        self.now.applied_to(self.listed.clone())
    }

    /// How many finished jobs these were learnt from.
    pub(super) fn learnt_from(&self) -> u32 {
        self.now.jobs()
    }
}
