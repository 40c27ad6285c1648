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
    /// What was submitted last of each job, and by which run.
    then: HashMap<JobId, (Fingerprint, usize)>,
    /// What was known when each run began.
    at_starts: Vec<Experience>,
}

impl Estimates {
    /// What `record` teaches about the jobs of `plan`.
    pub(super) fn new(plan: &Plan, record: Option<&Record>) -> Self {
        let listed = PriceTable::default().with(&plan.prices);
        let mut estimates = Self {
            listed,
            now: Experience::default(),
            then: HashMap::new(),
            at_starts: vec![Experience::default()],
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
        self.then.reserve(specs.len());
        let mut rendered: HashSet<&JobId> = HashSet::with_capacity(specs.len());
        for entry in &record.entries {
            let (job, event) = match &entry.event {
                Event::RunStarted { .. } => {
                    self.at_starts.push(self.now);
                    continue;
                }
                Event::Job { job, event } => (job, event),
                Event::RunEnded { .. }
                | Event::LaneHeld { .. }
                | Event::InventoryTaken { .. }
                | Event::InventorySkipped { .. }
                | Event::PlacesLearnt { .. } => continue,
            };
            if let JobEvent::SubmitStarted { fingerprint, .. }
            | JobEvent::Adopted { fingerprint, .. } = event
            {
                let known = (fingerprint.clone(), self.at_starts.len() - 1);
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
            Some((paid, run)) if *paid == spec.fingerprint => &self.at_starts[*run],
            Some(_) | None => &self.now,
        };
        let by = |table: &PriceTable| table.estimate(&spec.request, spec.audio_seconds);
        let (listed, learnt) = (by(&self.listed), experience.applied_to(self.listed.clone()));
        if learnt == self.listed {
            return listed;
        }
        by(&learnt).reserving_at_least(&listed)
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
