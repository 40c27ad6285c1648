//! The recorded state of a campaign: its journal, folded and matched with the manifest.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use crate::journal::{Fold, Identity, JournalError, JournalSnapshot, Replay};
use crate::model::{
    Credits, Entry, Event, Fingerprint, History, JobEvent, JobId, JobSpec, Plan, TrustedTime,
};

/// A folded journal, and its jobs that the manifest no longer has.
#[derive(Debug, Clone)]
pub(crate) struct RecordedState {
    /// The campaign that the journal belongs to.
    pub(crate) identity: Identity,
    /// The newest entry.
    pub(crate) newest: Option<Entry>,
    /// The states of the manifest's jobs in their order, then of the `removed` ones.
    pub(crate) history: History,
    /// The finished renders in the order in which their end was seen.
    pub(crate) samples: Vec<RenderSample>,
    /// Jobs that were begun and are no longer in the manifest.
    pub(crate) removed: Vec<Arc<JobSpec>>,
}

/// Length and charge of one finished render.
#[derive(Debug, Clone)]
pub(crate) struct RenderSample {
    /// The job.
    pub(crate) job: JobId,
    /// The number of runs that had begun when the end was seen.
    pub(crate) run: u32,
    /// The request that was rendered.
    pub(crate) fingerprint: Fingerprint,
    /// Length of the video in seconds, if reported.
    pub(crate) seconds: Option<f64>,
    /// The charge, if reported.
    pub(crate) charged: Option<Credits>,
}

/// Folds the entries of a journal.
#[derive(Debug, Default)]
pub(crate) struct JournalFold {
    history: History,
    samples: Vec<RenderSample>,
}

impl Fold for JournalFold {
    fn add(&mut self, entry: Entry, time: TrustedTime) {
        let sample = self.sample(&entry);
        self.history.apply(&entry, time);
        self.samples.extend(sample);
    }
}

impl JournalFold {
    pub(crate) const fn history(&self) -> &History {
        &self.history
    }

    fn sample(&self, entry: &Entry) -> Option<RenderSample> {
        let Event::Job { job, event: JobEvent::Rendered { output } } = &entry.event else {
            return None;
        };
        let state = self.history.state(job)?;
        // A fresh link reports the same render a second time.
        let fingerprint = state.fingerprint.as_ref().filter(|_| state.rendered_at.is_none())?;
        Some(RenderSample {
            job: job.clone(),
            run: u32::try_from(self.history.runs().len()).unwrap_or(u32::MAX),
            fingerprint: fingerprint.clone(),
            seconds: output.duration_seconds,
            charged: output.credits_used,
        })
    }
}

impl RecordedState {
    /// Returns the state of a campaign without a journal.
    pub(crate) fn empty(identity: Identity) -> Self {
        Self {
            identity,
            newest: None,
            history: History::default(),
            samples: Vec::new(),
            removed: Vec::new(),
        }
    }

    /// Arranges the replayed journal of the output folder `out` in the order of `plan`.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) fn new(
        plan: &Plan,
        out: &Path,
        replay: Replay<JournalFold>,
    ) -> Result<Self, JournalError> {
        let Replay { identity, last_entry: newest, state: JournalFold { history, samples } } =
            replay;
        let planned: HashSet<&JobId> = plan.jobs.iter().map(|job| &job.id).collect();
        let others = history.ids().filter(|id| !planned.contains(id));
        let removed = JournalSnapshot::read_jobs(out, &others.collect())?;
        let history = history.about(plan.jobs.iter().chain(&removed).map(|job| &job.id));
        Ok(Self { identity, newest, history, samples, removed })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::manifest::{Options, load};
    use crate::model::{Generation, Output, Tag, Timestamp};

    /// Both jobs rendered for `seconds` each, in the order in which they are named.
    fn fold(jobs: &[(&JobSpec, f64)]) -> JournalFold {
        let mut fold = JournalFold::default();
        let mut sequence = 0;
        let mut tell = |event| {
            sequence += 1;
            let at = Timestamp::default();
            let entry = Entry { sequence, at, event };
            fold.add(entry, TrustedTime::certain(at));
        };
        let (version, process) = ("1".into(), 1);
        tell(Event::RunStarted { version, process, account: None, cap: None });
        for (number, (job, seconds)) in jobs.iter().enumerate() {
            let generation = Generation(0);
            let begun = JobEvent::SubmitStarted {
                tag: Tag::of("c", &job.id, &job.fingerprint, generation),
                fingerprint: job.fingerprint.clone(),
                generation,
                reserved: Credits::whole(5),
                least: None,
            };
            let remote = format!("r{number}").parse().unwrap();
            let output = Arc::new(Output {
                video_url: "https://x/".into(),
                thumbnail_url: None,
                duration_seconds: Some(*seconds),
                credits_used: None,
            });
            for event in [begun, JobEvent::Submitted { remote }, JobEvent::Rendered { output }] {
                tell(Event::job(&job.id, event));
            }
        }
        fold
    }

    #[test]
    fn the_recorded_state_is_in_the_order_of_the_sheet() {
        let sheet = "id,text,persona,ratio\n\
                     new,Hi,7350375b-9a98-51b8-934d-14d46a645dc2,1:1\n\
                     a,Hello,7350375b-9a98-51b8-934d-14d46a645dc2,1:1\n\
                     b,Good day,7350375b-9a98-51b8-934d-14d46a645dc2,1:1\n";
        let read = |_: &Path| Ok(sheet.as_bytes().to_vec());
        let plan = load(Path::new("c.csv"), &Options::default(), &read).unwrap();
        let (a, b) = (&plan.jobs[1], &plan.jobs[2]);
        let replay = Replay {
            identity: Identity { campaign: "c".into(), is_sandbox: false },
            last_entry: None,
            state: fold(&[(b, 20.0), (a, 10.0)]),
        };
        let past = RecordedState::new(&plan, Path::new("unused"), replay).unwrap();
        let phases: Vec<&str> =
            past.history.jobs.iter().map(|job| job.state.phase.name()).collect();
        assert_eq!(phases, ["pending", "downloading", "downloading"]);
        let samples: BTreeMap<&str, Option<f64>> =
            past.samples.iter().map(|sample| (sample.job.as_str(), sample.seconds)).collect();
        assert_eq!(samples, BTreeMap::from([("a", Some(10.0)), ("b", Some(20.0))]));
        let fingerprints = past.samples.iter().map(|sample| &sample.fingerprint);
        assert!(fingerprints.eq([&b.fingerprint, &a.fingerprint]));
    }
}
