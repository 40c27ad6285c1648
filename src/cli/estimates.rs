//! What each job is estimated at, and what the estimate rests on.

use std::collections::{HashMap, HashSet};

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
    /// What was known when the run began that last submitted a job, and what was submitted.
    then: HashMap<JobId, (Fingerprint, Experience)>,
}

impl Estimates {
    /// What `record` teaches about the jobs of `plan`.
    pub(super) fn new(plan: &Plan, record: Option<&Record>) -> Self {
        let listed = PriceTable::default().with(&plan.prices);
        let mut estimates = Self {
            listed,
            now: Experience::default(),
            then: HashMap::new(),
        };
        if let Some(record) = record {
            estimates.learn(plan, record);
        }
        estimates
    }

    fn learn(&mut self, plan: &Plan, record: &Record) {
        let specs: HashMap<&JobId, &JobSpec> = record
            .jobs
            .iter()
            .chain(&plan.jobs)
            .map(|spec| (&spec.id, &**spec))
            .collect();
        let mut at_start = self.now;
        let mut rendered: HashSet<&JobId> = HashSet::new();
        for entry in &record.entries {
            let (job, event) = match &entry.event {
                Event::RunStarted { .. } => {
                    at_start = self.now;
                    continue;
                }
                Event::Job { job, event } => (job, event),
                Event::RunEnded { .. }
                | Event::LaneHeld { .. }
                | Event::InventoryTaken { .. }
                | Event::InventorySkipped { .. } => continue,
            };
            if let JobEvent::SubmitStarted { fingerprint, .. }
            | JobEvent::Adopted { fingerprint, .. } = event
            {
                let known = (fingerprint.clone(), at_start);
                self.then.insert(job.clone(), known);
                rendered.remove(job);
            }
            // A fresh link reports the same render once more.
            if let JobEvent::Rendered { output } = event
                && rendered.insert(job)
                && let Some(spec) = specs.get(job)
                && self
                    .then
                    .get(job)
                    .is_some_and(|(paid, _)| *paid == spec.fingerprint)
            {
                let (request, length) = (&spec.request, spec.audio_seconds);
                self.now.learn(&self.listed, request, length, output);
            }
        }
    }

    /// The estimate of one job.
    pub(super) fn of(&self, spec: &JobSpec) -> Estimate {
        let submitted = self.then.get(&spec.id);
        let experience = match submitted {
            Some((paid, then)) if *paid == spec.fingerprint => then,
            Some(_) | None => &self.now,
        };
        let by = |table: &PriceTable| table.estimate(&spec.request, spec.audio_seconds);
        let learnt = by(&experience.applied_to(self.listed.clone()));
        learnt.reserving_at_least(&by(&self.listed))
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
