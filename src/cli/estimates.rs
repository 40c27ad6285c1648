//! What each job is estimated at, and what the estimate rests on.

use std::sync::Arc;

use super::past::Past;
use crate::model::{
    Calibration, Estimate, History, JobHistory, JobSpec, Plan, PriceTable, SpeechLength,
};

/// Estimates by the manifest's prices and by what the campaign's finished jobs have taught.
///
/// A job that was submitted keeps the estimate it had then, so that the estimate can be held against the
/// charge. What is reserved is never lowered by what was learnt.
#[derive(Debug)]
pub(super) struct Estimates<'a> {
    listed: PriceTable,
    now: Calibration,
    history: Option<&'a History>,
    /// How much the jobs of the history say, by their places: counting words takes its time.
    spoken: Vec<Option<SpeechLength>>,
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
            now: Calibration::default(),
            history: past.map(|past| &past.history),
            spoken: Vec::new(),
        };
        if let Some(past) = past {
            estimates.learn(plan, past);
        }
        estimates.learnt.push(estimates.prices());
        estimates
    }

    fn learn(&mut self, plan: &Plan, past: &Past) {
        let specs: Vec<&Arc<JobSpec>> = plan.jobs.iter().chain(&past.gone).collect();
        self.spoken = vec![None; specs.len()];
        for lesson in &past.lessons {
            while self.learnt.len() <= lesson.run as usize {
                self.learnt.push(self.prices());
            }
            let place = lesson.job as usize;
            let spec = specs[place];
            if lesson.fingerprint == spec.fingerprint {
                let spoken = SpeechLength::of(&spec.request, spec.audio_seconds);
                self.spoken[place] = Some(spoken);
                let (model, report) =
                    (spec.request.model_version, (lesson.seconds, lesson.charged));
                self.now.learn(&self.listed, model, spoken, report);
            }
        }
        while self.learnt.len() <= past.history.runs().len() {
            self.learnt.push(self.prices());
        }
    }

    /// The estimate of one job, which is the one at `place` of the history if that knows any.
    pub(super) fn of(&self, place: usize, spec: &JobSpec) -> Estimate {
        let submitted = self.history.and_then(|history| history.jobs().get(place));
        let is_same = |job: &&JobHistory| job.state.fingerprint.as_ref() == Some(&spec.fingerprint);
        let run = submitted
            .filter(is_same)
            .map(|job| usize::try_from(job.sent_in_run).unwrap_or(usize::MAX));
        let newest = self.learnt.len() - 1;
        let learnt = &self.learnt[run.map_or(newest, |run| run.min(newest))];
        let spoken = self.spoken.get(place).copied().flatten();
        let spoken = spoken.unwrap_or_else(|| SpeechLength::of(&spec.request, spec.audio_seconds));
        let by = |table: &PriceTable| table.estimate_of(spec.request.model_version, spoken);
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
