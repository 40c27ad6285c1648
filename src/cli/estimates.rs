//! What each job is estimated at, and what the estimate rests on.

use super::past::Past;
use crate::model::{Estimate, Experience, History, JobHistory, JobSpec, Plan, PriceTable};

/// Estimates by the manifest's prices and by what the campaign's finished jobs have taught.
///
/// A job that was submitted keeps the estimate it had then, so that the estimate can be held against the
/// charge. What is reserved is never lowered by what was learnt.
#[derive(Debug)]
pub(super) struct Estimates<'a> {
    listed: PriceTable,
    now: Experience,
    history: Option<&'a History>,
    /// The listed prices as what was known when each run began, and last as what is known now, teaches them.
    learnt: Vec<PriceTable>,
}

impl<'a> Estimates<'a> {
    /// What `past` teaches about the jobs of `plan`.
    pub(super) fn new(plan: &Plan, past: Option<&'a Past>) -> Self {
        let listed = PriceTable::default().with(&plan.prices);
        let mut estimates = Self {
            learnt: vec![listed.clone()],
            listed,
            now: Experience::default(),
            history: past.map(|past| &past.history),
        };
        if let Some(past) = past {
            estimates.learn(plan, past);
        }
        estimates.learnt.push(estimates.prices());
        estimates
    }

    fn learn(&mut self, plan: &Plan, past: &Past) {
        let mut specs: Vec<Option<&JobSpec>> = vec![None; past.history.jobs().len()];
        for spec in past.gone.iter().chain(&plan.jobs) {
            if let Some(place) = past.history.place(&spec.id) {
                specs[place] = Some(spec);
            }
        }
        for lesson in &past.lessons {
            while self.learnt.len() <= lesson.run as usize {
                self.learnt.push(self.prices());
            }
            if let Some(spec) = specs[lesson.job as usize]
                && lesson.fingerprint == spec.fingerprint
            {
                let (request, length) = (&spec.request, spec.audio_seconds);
                let report = (lesson.seconds, lesson.charged);
                self.now.learn(&self.listed, request, length, report);
            }
        }
        while self.learnt.len() <= past.history.runs().len() {
            self.learnt.push(self.prices());
        }
    }

    /// The estimate of one job.
    pub(super) fn of(&self, spec: &JobSpec) -> Estimate {
        let submitted = self.history.and_then(|history| history.job(&spec.id));
        let is_same = |job: &&JobHistory| job.state.fingerprint.as_ref() == Some(&spec.fingerprint);
        let run = submitted
            .filter(is_same)
            .map(|job| usize::try_from(job.sent_in_run).unwrap_or(usize::MAX));
        let newest = self.learnt.len() - 1;
        let learnt = &self.learnt[run.map_or(newest, |run| run.min(newest))];
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
