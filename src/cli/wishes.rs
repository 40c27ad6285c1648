//! What is wanted of jobs that were there before: `--only-failed`, `--only-approved`, `--redo-rejected`.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::campaign::Manifest;
use super::error::Error;
use super::herald::Printer;
use super::past::Past;
use super::selection::must_exist;
use crate::model::{JobId, JobState, Phase, Timestamp};
use crate::report::files::{ReviewMark, ReviewVerdict, read_marks};

/// File times are those of the system's last tick, so a file can seem to have been saved a little before
/// what came before it. No video is made in so short a time.
const FILE_TIMES_LAG: Duration = Duration::from_millis(20);

/// The wishes, with the files of marks read.
#[derive(Debug, Default)]
pub(super) struct RerunSelection {
    pub(super) only_failed: bool,
    approved: Option<Marks>,
    rejected: Option<Marks>,
}

/// A file of marks.
#[derive(Debug)]
struct Marks {
    path: PathBuf,
    all: Vec<ReviewMark>,
    /// When it was saved: what is newer was not looked at.
    saved: Option<Timestamp>,
}

impl RerunSelection {
    /// Reads the files of marks.
    ///
    /// # Errors
    /// If one cannot be read or understood.
    pub(super) fn new(
        only_failed: bool,
        approved: Option<&Path>,
        rejected: Option<&Path>,
    ) -> Result<Self, Error> {
        Ok(Self {
            only_failed,
            approved: approved.map(Marks::read).transpose()?,
            rejected: rejected.map(Marks::read).transpose()?,
        })
    }

    /// Takes out of `selected` what `--only-failed` and `--only-approved` leave out.
    ///
    /// # Errors
    /// If there is nothing on record to choose from, or a mark names an unknown job.
    pub(super) fn narrow(
        &self,
        manifest: &Manifest,
        past: Option<&Past>,
        selected: &mut [bool],
    ) -> Result<(), Error> {
        let jobs = &manifest.plan.jobs;
        let mut keep = |is_kept: &dyn Fn(&JobId) -> bool| {
            for (job, selected) in jobs.iter().zip(selected.iter_mut()) {
                *selected &= is_kept(&job.id);
            }
        };
        if self.only_failed {
            let Some(past) = past.filter(|past| !past.history.is_empty()) else {
                return Err(Error::usage(
                    "there is no journal that says which jobs failed; nothing was submitted",
                )
                .hint("give the folder of the earlier run with `--out DIR`, or run the sheet without `--only-failed`"));
            };
            keep(&|id| past.history.state(id).is_some_and(has_failed));
        }
        if let Some(approved) = &self.approved {
            let ids = approved.of(ReviewVerdict::ApprovalStatus);
            for mark in &ids {
                let all = manifest.every_job().iter().map(|job| &job.id);
                must_exist(manifest.known_as(&mark.job), all)?;
            }
            let ids = ids.into_iter().map(|mark| manifest.known_as(&mark.job));
            let ids: HashSet<&JobId> = ids.collect();
            keep(&|id| ids.contains(id));
        }
        Ok(())
    }

    /// The jobs that `--redo-rejected` pays for once more, which is said: those whose video in hand is the
    /// one that was rejected. So the same file never pays for the same job twice.
    ///
    /// # Errors
    /// If a mark names an unknown job.
    pub(super) fn redo(
        &self,
        manifest: &Manifest,
        past: Option<&Past>,
        herald: Printer,
    ) -> Result<BTreeSet<JobId>, Error> {
        let Some(rejected) = &self.rejected else {
            return Ok(BTreeSet::new());
        };
        let mut redone = BTreeSet::new();
        let all = rejected.of(ReviewVerdict::Rejected);
        for mark in &all {
            let all = manifest.every_job().iter().map(|job| &job.id);
            must_exist(manifest.known_as(&mark.job), all)?;
        }
        let own: HashSet<JobId> = manifest
            .own(all.iter().map(|mark| &mark.job))
            .into_iter()
            .collect();
        let own: Vec<&ReviewMark> = all
            .into_iter()
            .filter(|mark| own.contains(manifest.known_as(&mark.job)))
            .collect();
        for mark in &own {
            let job = manifest.known_as(&mark.job);
            let state = past.and_then(|past| past.history.state(job));
            if state.is_some_and(|state| rejected.is_about(mark, state)) {
                redone.insert(job.clone());
            }
        }
        let left = own.len() - redone.len();
        if left > 0 {
            let path = rejected.path.display();
            herald.note(&format!(
                "{left} of the rejected videos in `{path}` are not the ones on disk (made again \
                 since, or not finished), and are left as they are"
            ));
        }
        Ok(redone)
    }
}

impl Marks {
    fn read(path: &Path) -> Result<Self, Error> {
        let shown = path.display();
        let content = std::fs::read(path).map_err(|error| {
            Error::usage(format!(
                "cannot read the marks in `{shown}`: {error}; nothing was submitted"
            ))
        })?;
        let marks = read_marks(&content).map_err(|error| {
            Error::usage(format!(
                "`{shown}` is not a file of marks: {error}; nothing was submitted"
            ))
        })?;
        let saved = std::fs::metadata(path)
            .and_then(|metadata| metadata.modified())
            .ok()
            .and_then(|saved| saved.duration_since(UNIX_EPOCH).ok())
            .and_then(|saved| i64::try_from(saved.as_millis()).ok());
        Ok(Self {
            path: path.to_owned(),
            all: marks,
            saved: saved.map(Timestamp::from_millis),
        })
    }

    fn of(&self, verdict: ReviewVerdict) -> Vec<&ReviewMark> {
        self.all
            .iter()
            .filter(|mark| mark.verdict == verdict)
            .collect()
    }

    /// Whether `mark` is about the video that a job in `state` has now: by the provider's id, or for a
    /// file without it, by having been saved after the video was there.
    fn is_about(&self, mark: &ReviewMark, state: &JobState) -> bool {
        let Phase::Done { remote, .. } = &state.phase else {
            return false;
        };
        match &mark.remote {
            Some(meant) => meant == remote.as_str(),
            None => match (state.finished_at, self.saved) {
                (Some(finished), Some(saved)) => finished <= saved.plus(FILE_TIMES_LAG),
                (_, _) => true,
            },
        }
    }
}

/// Failed, or failed before and begun anew by a run that did not come to submit it.
fn has_failed(state: &JobState) -> bool {
    match state.phase {
        Phase::Failed { .. } => true,
        Phase::Pending => state.generation.0 > 0,
        Phase::Submitting
        | Phase::InDoubt { .. }
        | Phase::Rendering { .. }
        | Phase::Fetching { .. }
        | Phase::Done { .. } => false,
    }
}
