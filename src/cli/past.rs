//! What is on record of a campaign, as the commands need it: [`Past`].

use std::path::Path;
use std::sync::Arc;

use crate::journal::{Fold, Identity, JournalError, JournalSnapshot, Replay};
use crate::model::{
    Credits, Entry, Event, Fingerprint, History, JobEvent, JobId, JobSpec, Plan, TrustedTime,
};

/// A journal, and the jobs in it that the manifest no longer has.
#[derive(Debug)]
pub(super) struct Past {
    /// Whose it is.
    pub(super) identity: Identity,
    /// Its newest entry.
    pub(super) newest: Option<Entry>,
    /// What has become true, of the manifest's jobs in their order, then of those that are gone.
    pub(super) history: History,
    /// What there is to learn from finished renders, in the order in which they were seen to be finished.
    pub(super) lessons: Vec<RenderSample>,
    /// Jobs that the journal knows more of than that they were once planned, and that the manifest no longer
    /// has.
    pub(super) gone: Vec<Arc<JobSpec>>,
}

/// What is learnt from one finished render.
#[derive(Debug, Clone)]
pub(super) struct RenderSample {
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
    lessons: Vec<RenderSample>,
}

impl Fold for Told {
    fn add(&mut self, entry: Entry, moment: TrustedTime) {
        let lesson = self.lesson(&entry);
        self.history.apply(&entry, moment);
        self.lessons.extend(lesson);
    }
}

impl Told {
    /// What has become true.
    pub(super) const fn history(&self) -> &History {
        &self.history
    }

    fn lesson(&self, entry: &Entry) -> Option<RenderSample> {
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
        Some(RenderSample {
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
        recalled: Replay<Told>,
    ) -> Result<Self, JournalError> {
        let Replay {
            identity,
            last_entry: newest,
            state: Told {
                history,
                mut lessons,
            },
        } = recalled;
        let planned = plan.jobs.iter().map(|job| &job.id);
        let mut among = history.places_among(planned.clone());
        let gone = if among.contains(&None) {
            let ids = history.ids();
            let is_gone = |id: &&JobId| {
                history
                    .place(id)
                    .is_some_and(|place| among[place].is_none())
            };
            JournalSnapshot::read_jobs(out, &ids.filter(is_gone).collect())?
        } else {
            Vec::new()
        };
        for (job, place) in gone.iter().zip(plan.jobs.len()..) {
            if let Some(known) = history.place(&job.id) {
                among[known] = Some(place);
            }
        }
        lessons.retain_mut(|lesson| {
            let place = among[lesson.job as usize].and_then(|place| u32::try_from(place).ok());
            lesson.job = place.unwrap_or_default();
            place.is_some()
        });
        let order = planned.chain(gone.iter().map(|job| &job.id)).cloned();
        let history = history.arranged(order.collect(), &among);
        Ok(Self {
            identity,
            newest,
            history,
            lessons,
            gone,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::manifest::{Options, load};
    use crate::model::{Generation, Output, Tag, Timestamp};

    /// Both jobs rendered for `seconds` each, in the order in which they are named.
    fn told(jobs: &[(&JobSpec, f64)]) -> Told {
        let mut told = Told::default();
        let mut sequence = 0;
        let mut tell = |event| {
            sequence += 1;
            let at = Timestamp::default();
            let entry = Entry {
                sequence,
                at,
                event,
            };
            told.add(entry, TrustedTime::certain(at));
        };
        let (version, process) = ("1".into(), 1);
        tell(Event::RunStarted { version, process });
        for (number, (job, seconds)) in jobs.iter().enumerate() {
            let generation = Generation(0);
            let begun = JobEvent::SubmitStarted {
                tag: Tag::of("c", &job.id, &job.fingerprint, generation),
                fingerprint: job.fingerprint.clone(),
                generation,
                reserved: Credits::whole(5),
            };
            let remote = format!("r{number}").parse().unwrap();
            let output = Arc::new(Output {
                video_url: "https://x/".into(),
                thumbnail_url: None,
                duration_seconds: Some(*seconds),
                credits_used: None,
            });
            for event in [
                begun,
                JobEvent::Submitted { remote },
                JobEvent::Rendered { output },
            ] {
                tell(Event::job(&job.id, event));
            }
        }
        told
    }

    #[test]
    fn what_is_on_record_stands_in_the_sheets_order_and_lessons_go_with_it() {
        let sheet = "id,text,persona,ratio\n\
                     new,Hi,7350375b-9a98-51b8-934d-14d46a645dc2,1:1\n\
                     a,Hello,7350375b-9a98-51b8-934d-14d46a645dc2,1:1\n\
                     b,Good day,7350375b-9a98-51b8-934d-14d46a645dc2,1:1\n";
        let read = |_: &Path| Ok(sheet.as_bytes().to_vec());
        let plan = load(Path::new("c.csv"), &Options::default(), &read).unwrap();
        let (a, b) = (&plan.jobs[1], &plan.jobs[2]);
        let recalled = Replay {
            identity: Identity {
                campaign: "c".into(),
                is_sandbox: false,
            },
            last_entry: None,
            state: told(&[(b, 20.0), (a, 10.0)]),
        };
        let past = Past::beside(&plan, Path::new("unused"), recalled).unwrap();
        let phases: Vec<&str> = past
            .history
            .jobs()
            .iter()
            .map(|job| job.state.phase.name())
            .collect();
        assert_eq!(phases, ["pending", "downloading", "downloading"]);
        let lessons: BTreeMap<&str, Option<f64>> = past
            .lessons
            .iter()
            .map(|lesson| (plan.jobs[lesson.job as usize].id.as_str(), lesson.seconds))
            .collect();
        assert_eq!(
            lessons,
            BTreeMap::from([("a", Some(10.0)), ("b", Some(20.0))])
        );
        let fingerprints = past.lessons.iter().map(|lesson| &lesson.fingerprint);
        assert!(fingerprints.eq([&b.fingerprint, &a.fingerprint]));
    }
}
