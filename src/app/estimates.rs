//! Cost estimates of the jobs.

use std::sync::Arc;

use super::recorded_state::RecordedState;
use crate::model::{
    Calibration, Estimate, History, JobHistory, JobSpec, Plan, PriceTable, SpeechLength,
    ValueOrigin,
};

/// Estimates from the manifest's prices, calibrated with the campaign's finished jobs.
///
/// A submitted job keeps the estimate it had then, so that estimate and charge can be compared. Calibration never
/// lowers a reservation.
#[derive(Debug)]
pub(crate) struct Estimates<'a> {
    listed: PriceTable,
    calibration: Calibration,
    history: Option<&'a History>,
    /// The speech length of each job of the history, cached because counting words is slow.
    speech: Vec<Option<SpeechLength>>,
    /// The calibrated prices at the start of each run, and at the end those of now.
    calibrated: Vec<PriceTable>,
}

impl<'a> Estimates<'a> {
    /// Calibrates the prices of `plan` with the recorded renders.
    pub(crate) fn new(plan: &Plan, recorded: Option<&'a RecordedState>) -> Self {
        let listed = PriceTable::default().with(&plan.prices, ValueOrigin::CameAlong(&plan.source));
        let mut estimates = Self {
            calibrated: vec![listed.clone()],
            listed,
            calibration: Calibration::default(),
            history: recorded.map(|recorded| &recorded.history),
            speech: Vec::new(),
        };
        if let Some(recorded) = recorded {
            estimates.calibrate(plan, recorded);
        }
        estimates.calibrated.push(estimates.prices());
        estimates
    }

    fn calibrate(&mut self, plan: &Plan, recorded: &RecordedState) {
        let specs: Vec<&Arc<JobSpec>> = plan.jobs.iter().chain(&recorded.removed).collect();
        self.speech = vec![None; specs.len()];
        for sample in &recorded.samples {
            while self.calibrated.len() <= sample.run as usize {
                self.calibrated.push(self.prices());
            }
            let Some(place) = recorded.history.index_of(&sample.job) else {
                continue;
            };
            let spec = specs[place];
            if sample.fingerprint == spec.fingerprint {
                let speech = SpeechLength::of(&spec.request, spec.audio_seconds);
                self.speech[place] = Some(speech);
                let (model, report) =
                    (spec.request.model_version, (sample.seconds, sample.charged));
                self.calibration.learn(&self.listed, model, speech, report);
            }
        }
        while self.calibrated.len() <= recorded.history.runs().len() {
            self.calibrated.push(self.prices());
        }
    }

    /// Returns the estimate of one job. `place` is its index in the history.
    pub(crate) fn of(&self, place: usize, spec: &JobSpec) -> Estimate {
        let submitted = self.history.and_then(|history| history.jobs.get(place));
        let is_same = |job: &&JobHistory| job.state.fingerprint.as_ref() == Some(&spec.fingerprint);
        let run = submitted
            .filter(is_same)
            .map(|job| usize::try_from(job.sent_in_run).unwrap_or(usize::MAX));
        let newest = self.calibrated.len() - 1;
        let calibrated = &self.calibrated[run.map_or(newest, |run| run.min(newest))];
        let speech = self.speech.get(place).copied().flatten();
        let speech = speech.unwrap_or_else(|| SpeechLength::of(&spec.request, spec.audio_seconds));
        let by = |table: &PriceTable| table.estimate_of(spec.request.model_version, speech);
        let listed = by(&self.listed);
        if *calibrated == self.listed {
            return listed;
        }
        by(calibrated).reserving_at_least(&listed)
    }

    /// Returns the prices and speech rates for jobs that are not submitted yet.
    pub(crate) fn prices(&self) -> PriceTable {
        self.calibration.applied_to(self.listed.clone())
    }

    /// Returns the number of finished jobs behind the calibration.
    pub(crate) fn sample_count(&self) -> u32 {
        self.calibration.jobs()
    }
}
