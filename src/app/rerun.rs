//! Which finished or failed jobs a run makes again: `--only-failed`, `--only-approved`, `--redo-rejected`.
//!
//! Marks are those of a file, or without one those that are kept with the campaign.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::error::Error;
use super::load::parse_encoding;
use super::manifest::LoadedManifest;
use super::marks::correct_times;
use super::notices::Notices;
use super::recorded_state::RecordedState;
use super::selection::check_exists;
use crate::engine::RunOptions;
use crate::manifest::{ReviewMark, ReviewVerdict, TextEncoding, read_marks, verdicts};
use crate::model::{Flag, JobId, JobState, Phase, RemoteId, Timestamp};
use crate::util::fs::{OutputDir, read_regular};

/// File times have the resolution of the system's clock tick, so a file can seem older than an event that preceded
/// it. Making a video takes far longer.
const FILE_TIME_RESOLUTION: Duration = Duration::from_millis(20);

/// A selection by the recorded state and by the marks of a review.
#[derive(Debug, Default)]
pub struct RerunSelection {
    only_failed: bool,
    approved: Option<MarksSource>,
    rejected: Option<MarksSource>,
    /// Whether jobs that are not made again are left out.
    leaves_out_others: bool,
}

/// Where marks come from.
#[derive(Debug)]
enum MarksSource {
    /// A file.
    File(MarksFile),
    /// The campaign's output folder.
    Campaign,
}

/// A file of marks.
#[derive(Debug, Clone)]
struct MarksFile {
    path: PathBuf,
    marks: Vec<ReviewMark>,
    /// The time it was saved: newer videos were not reviewed.
    saved: Option<Timestamp>,
}

impl RerunSelection {
    /// Reads the files of marks, in the encoding that is named or in a detected one. An option without a file means the
    /// marks that are kept with the campaign.
    ///
    /// # Errors
    /// If a file cannot be read or parsed.
    pub fn new(
        only_failed: bool,
        approved: Option<Option<&Path>>,
        rejected: Option<Option<&Path>>,
        encoding: Option<&str>,
    ) -> Result<Self, Error> {
        let encoding = parse_encoding(encoding)?;
        let read = |path: Option<&Path>| match path {
            Some(path) => MarksFile::read(path, encoding).map(MarksSource::File),
            None => Ok(MarksSource::Campaign),
        };
        Ok(Self {
            only_failed,
            approved: approved.map(read).transpose()?,
            rejected: rejected.map(read).transpose()?,
            leaves_out_others: false,
        })
    }

    /// Leaves out all jobs that are not made again.
    #[must_use]
    pub(crate) fn alone(self) -> Self {
        Self { leaves_out_others: true, ..self }
    }

    /// Makes one finished video again. The same selection does nothing once the job has another video.
    pub(crate) fn of_video(job: JobId, remote: &RemoteId) -> Self {
        let mark = ReviewMark {
            job,
            verdict: Some(ReviewVerdict::Rejected),
            comment: String::new(),
            remote: Some(remote.to_string()),
            seconds: None,
            reviewer: String::new(),
            at: None,
        };
        let file = MarksFile { path: PathBuf::new(), marks: vec![mark], saved: None };
        Self { rejected: Some(MarksSource::File(file)), ..Self::default() }
    }

    /// Narrows `selected` to the jobs that these options select, and names in `run_options` the jobs of this shard that
    /// are made again.
    ///
    /// # Errors
    /// If there is no journal to select from, or a mark names an unknown job.
    pub(crate) fn apply(
        &self,
        manifest: &LoadedManifest,
        recorded: Option<&RecordedState>,
        selected: &mut [bool],
        run_options: &mut RunOptions,
        notices: &Notices,
    ) -> Result<(), Error> {
        self.narrow(manifest, recorded, selected)?;
        run_options.redo = self.redo(manifest, recorded, notices)?;
        if self.leaves_out_others {
            for (job, selected) in manifest.plan.jobs.iter().zip(selected) {
                let state = recorded.and_then(|recorded| recorded.history.state(&job.id));
                let paid = state.and_then(|state| state.fingerprint.as_ref());
                let has_changed = paid.is_some_and(|paid| *paid != job.fingerprint);
                let is_redone = run_options.redo.contains(&job.id);
                *selected &= is_redone || (run_options.redo_changed && has_changed);
            }
        }
        let mut resubmit = Vec::new();
        for wanted in &run_options.resubmit {
            let job = manifest.recorded_id(wanted);
            let is_recorded =
                recorded.is_some_and(|recorded| recorded.history.index_of(job).is_some());
            let of_row = if is_recorded { Vec::new() } else { manifest.jobs_of_row(job) };
            if of_row.is_empty() {
                resubmit.push(job);
            }
            resubmit.extend(of_row);
        }
        run_options.resubmit = manifest.own(resubmit).into_iter().collect();
        Ok(())
    }

    /// Removes from `selected` the jobs that `--only-failed` and `--only-approved` exclude.
    fn narrow(
        &self,
        manifest: &LoadedManifest,
        recorded: Option<&RecordedState>,
        selected: &mut [bool],
    ) -> Result<(), Error> {
        let jobs = &manifest.plan.jobs;
        let mut keep = |is_kept: &dyn Fn(&JobId) -> bool| {
            for (job, selected) in jobs.iter().zip(selected.iter_mut()) {
                *selected &= is_kept(&job.id);
            }
        };
        if self.only_failed {
            let Some(recorded) = recorded.filter(|recorded| !recorded.history.is_empty()) else {
                return Err(Error::usage_with_hint(
                    "there is no journal that says which jobs failed; nothing was submitted",
                    format!(
                        "give the folder of the earlier run with `{} DIR`, or run the sheet without `{}`",
                        Flag::Out,
                        Flag::OnlyFailed
                    ),
                ));
            };
            keep(&|id| recorded.history.state(id).is_some_and(has_failed));
        }
        if let Some(approved) = &self.approved {
            let file = approved.read(manifest)?;
            let approved = file.with_verdict(ReviewVerdict::Approved);
            let ids = marked_jobs(manifest, recorded, &approved)?;
            let ids: HashSet<&JobId> = ids.into_iter().collect();
            keep(&|id| ids.contains(id));
        }
        Ok(())
    }

    /// Returns the jobs that `--redo-rejected` pays for again: the rejected ones that were not made again since. So the
    /// same file of marks never pays for the same job twice.
    fn redo(
        &self,
        manifest: &LoadedManifest,
        recorded: Option<&RecordedState>,
        notices: &Notices,
    ) -> Result<BTreeSet<JobId>, Error> {
        let Some(rejected) = &self.rejected else {
            return Ok(BTreeSet::new());
        };
        let file = rejected.read(manifest)?;
        let rejected = file.with_verdict(ReviewVerdict::Rejected);
        let jobs = marked_jobs(manifest, recorded, &rejected)?;
        let own: HashSet<JobId> = manifest.own(jobs.iter().copied()).into_iter().collect();
        let own: Vec<(&JobId, &ReviewMark)> =
            jobs.into_iter().zip(rejected).filter(|(job, _)| own.contains(job)).collect();
        let mut redone = BTreeSet::new();
        for (job, mark) in &own {
            let state = recorded.and_then(|recorded| recorded.history.state(job));
            if state.is_some_and(|state| file.is_about(mark, state)) {
                redone.insert((*job).clone());
            }
        }
        let left = own.len() - redone.len();
        if left > 0 {
            let path = file.path.display();
            notices.note(&format!(
                "{left} of the rejected videos in `{path}` are not the ones on disk (made again \
                 since, or not finished), and are left as they are"
            ));
        }
        Ok(redone)
    }
}

/// Returns the job of each mark. The page names jobs by their recorded ids, other files may name them as the sheet does.
fn marked_jobs<'a>(
    manifest: &'a LoadedManifest,
    recorded: Option<&RecordedState>,
    marks: &[&'a ReviewMark],
) -> Result<Vec<&'a JobId>, Error> {
    let has_video = |mark: &ReviewMark| {
        let state = recorded.and_then(|recorded| recorded.history.state(&mark.job));
        let remote = state.and_then(|state| state.phase.remote()).map(RemoteId::as_str);
        remote.is_some() && remote == mark.remote.as_deref()
    };
    let job = |mark: &&'a ReviewMark| {
        let job = if has_video(mark) { &mark.job } else { manifest.recorded_id(&mark.job) };
        check_exists(job, manifest.every_job().iter().map(|job| &job.id))?;
        Ok(job)
    };
    marks.iter().map(job).collect()
}

impl MarksSource {
    /// Returns the marks.
    fn read(&self, manifest: &LoadedManifest) -> Result<Cow<'_, MarksFile>, Error> {
        let path = match self {
            Self::File(file) => return Ok(Cow::Borrowed(file)),
            Self::Campaign => OutputDir(&manifest.out).marks(),
        };
        if !path.exists() {
            let message = format!(
                "no marks are kept with this campaign (`{}`); nothing was submitted",
                path.display()
            );
            return Err(Error::usage_with_hint(message, "name the file of marks after the option"));
        }
        let mut file = MarksFile::read(&path, None)?;
        // A job that was marked may be gone from the sheet.
        let known: HashSet<&JobId> = manifest.every_job().iter().map(|job| &job.id).collect();
        file.marks.retain(|mark| known.contains(manifest.recorded_id(&mark.job)));
        Ok(Cow::Owned(file))
    }
}

impl MarksFile {
    fn read(path: &Path, encoding: Option<TextEncoding>) -> Result<Self, Error> {
        let shown = path.display();
        let content = read_regular(path).map_err(|error| {
            Error::usage(format!(
                "cannot read the marks in `{shown}`: {error}; nothing was submitted"
            ))
        })?;
        let mut marks = read_marks(&shown.to_string(), content, encoding)
            .map_err(|problems| Error::Manifest { problems, hint: None })?;
        correct_times(&mut marks, super::now());
        let saved = std::fs::metadata(path)
            .and_then(|metadata| metadata.modified())
            .ok()
            .and_then(|saved| saved.duration_since(UNIX_EPOCH).ok())
            .and_then(|saved| i64::try_from(saved.as_millis()).ok());
        Ok(Self { path: path.to_owned(), marks, saved: saved.map(Timestamp::from_millis) })
    }

    fn with_verdict(&self, verdict: ReviewVerdict) -> Vec<&ReviewMark> {
        let mut marks = verdicts(&self.marks);
        marks.retain(|mark| mark.verdict == Some(verdict));
        marks
    }

    /// Whether `mark` is about the video that the job has now: by its remote id, or, for a mark without one, because
    /// it was saved after the video was finished.
    fn is_about(&self, mark: &ReviewMark, state: &JobState) -> bool {
        let Phase::Done { remote, .. } = &state.phase else {
            return false;
        };
        match &mark.remote {
            Some(meant) => meant == remote.as_str(),
            None => match (state.finished_at, mark.at.or(self.saved)) {
                (Some(finished), Some(saved)) => finished <= saved.plus(FILE_TIME_RESOLUTION),
                (_, _) => true,
            },
        }
    }
}

/// Checks whether a job has failed, or was reopened after a failure by a run that ended before submitting it.
fn has_failed(state: &JobState) -> bool {
    match state.phase {
        Phase::Failed { .. } => true,
        Phase::Pending => state.generation.0 > 0,
        Phase::Submitting
        | Phase::InDoubt { .. }
        | Phase::Rendering { .. }
        | Phase::Downloading { .. }
        | Phase::Done { .. } => false,
    }
}
