//! What is on record of a campaign, as the commands need it: [`Past`].

use std::path::Path;
use std::sync::Arc;

use crate::journal::{Fold, Identity, JournalError, Recalled, Record};
use crate::model::{
    Credits, Entry, Event, Fingerprint, History, JobEvent, JobId, JobSpec, Moment, Plan,
};

/// A journal, and the jobs in it that the manifest no longer has.
#[derive(Debug)]
pub(super) struct Past {
    /// Whose it is.
    pub(super) identity: Identity,
    /// Its newest entry.
    pub(super) newest: Option<Entry>,
    /// What has become true.
    pub(super) history: History,
    /// What there is to learn from finished renders, in the order in which they were seen to be finished.
    pub(super) lessons: Vec<Lesson>,
    /// Jobs that the journal knows more of than that they were once planned, and that the manifest no longer
    /// has.
    pub(super) gone: Vec<Arc<JobSpec>>,
}

/// What is learnt from one finished render.
#[derive(Debug, Clone)]
pub(super) struct Lesson {
    /// The job, as its place in the history.
    pub(super) job: u32,
    /// How many runs had begun when its end was seen.
    pub(super) run: u32,
    /// What was asked for.
    pub(super) fingerprint: Fingerprint,
    /// Length of the video in seconds, if reported.
    pub(super) seconds: Option<f64>,
    /// The charge, if reported.
    pub(super) charged: Option<Credits>,
}

/// The entries of a journal, folded for the commands.
#[derive(Debug, Default)]
pub(super) struct Told {
    history: History,
    lessons: Vec<Lesson>,
}

impl Fold for Told {
    fn take(&mut self, entry: Entry, moment: Moment) {
        let lesson = self.lesson(&entry);
        self.history.apply(&entry, moment);
        self.lessons.extend(lesson);
    }
}

impl Told {
    fn lesson(&self, entry: &Entry) -> Option<Lesson> {
        let Event::Job {
            job,
            event: JobEvent::Rendered { output },
        } = &entry.event
        else {
            return None;
        };
        let state = self.history.state(job)?;
        // A fresh link reports the same render once more.
        let fingerprint = state
            .fingerprint
            .as_ref()
            .filter(|_| state.rendered_at.is_none())?;
        Some(Lesson {
            job: u32::try_from(self.history.place(job)?).ok()?,
            run: u32::try_from(self.history.runs().len()).unwrap_or(u32::MAX),
            fingerprint: fingerprint.clone(),
            seconds: output.duration_seconds,
            charged: output.credits_used,
        })
    }
}

impl Past {
    /// The past of a campaign of which nothing is on record.
    pub(super) fn none(identity: Identity) -> Self {
        Self {
            identity,
            newest: None,
            history: History::default(),
            lessons: Vec::new(),
            gone: Vec::new(),
        }
    }

    /// What was `recalled` of the journal of the output folder `out`, beside what is asked for now.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(super) fn beside(
        plan: &Plan,
        out: &Path,
        recalled: Recalled<Told>,
    ) -> Result<Self, JournalError> {
        let Recalled {
            identity,
            newest,
            past: Told { history, lessons },
        } = recalled;
        let mut is_planned = vec![false; history.jobs().len()];
        for place in plan.jobs.iter().filter_map(|job| history.place(&job.id)) {
            is_planned[place] = true;
        }
        let gone = if is_planned.contains(&false) {
            let ids = history.ids();
            let is_gone = |id: &&JobId| history.place(id).is_some_and(|place| !is_planned[place]);
            Record::jobs(out, &ids.filter(is_gone).collect())?
        } else {
            Vec::new()
        };
        Ok(Self {
            identity,
            newest,
            history,
            lessons,
            gone,
        })
    }
}
