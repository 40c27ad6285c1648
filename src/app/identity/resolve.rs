//! Gives the jobs of a manifest the ids under which they are recorded, and says so.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::other_journals::{PaidVideo, paid_by_others, paid_by_shards};
use super::{JobIdentity, PaidJob, identify, is_paid};
use crate::app::manifest::LoadedManifest;
use crate::app::recorded_state::JournalFold;
use crate::app::reserved_names::stem_key;
use crate::app::selection::choose;
use crate::journal::{Identity, JournalError, JournalSnapshot, Replay};
use crate::manifest::Selection;
use crate::model::{Fingerprint, Flag, History, JobId, JobSpec, JobState, Phase, RemoteId};
use crate::util::text::plural;

impl LoadedManifest {
    /// Gives the jobs their recorded ids. Idempotent. Call it before any other use of the history, also without a
    /// journal: other shards may have one.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) fn resolve_ids(
        &mut self,
        replay: Option<&Replay<JournalFold>>,
        is_sandbox: bool,
    ) -> Result<(), JournalError> {
        self.ids.elsewhere.clear();
        let empty = History::default();
        let history = replay.map_or(&empty, |replay| replay.state.history());
        let is_recorded = |job: &&Arc<JobSpec>| {
            let state = history.state(&job.id);
            state.is_some_and(|state| state.fingerprint.as_ref() == Some(&job.fingerprint))
        };
        let (known, jobs): (Vec<_>, Vec<_>) = self.every_job().iter().partition(is_recorded);
        if jobs.is_empty() {
            return Ok(());
        }
        let jobs: Vec<Arc<JobSpec>> = jobs.into_iter().cloned().collect();
        let known: HashSet<&JobId> = known.into_iter().map(|job| &job.id).collect();
        let requests: HashSet<&Fingerprint> = jobs.iter().map(|job| &job.fingerprint).collect();
        let own = Identity { campaign: self.plan.campaign.clone(), is_sandbox };
        let mut paid = self.paid_jobs(history, &known)?;
        let mut ids: HashSet<JobId> = paid.iter().map(|paid| paid.id.clone()).collect();
        let mut named = HashMap::new();
        for (other, remote) in paid_by_shards(&self.out, &own, &requests) {
            if !known.contains(&other.id) && ids.insert(other.id.clone()) {
                named.extend(remote.map(|remote| (other.id.clone(), remote)));
                paid.push(other);
            }
        }
        self.ids.named = named;
        let mut answers = identify(&jobs, &paid, HashMap::new());
        // A dated campaign makes the same videos every day on purpose.
        if !is_sandbox && self.plan.campaign_date.is_none() {
            let new = jobs.iter().zip(&answers).filter(|(_, it)| **it == JobIdentity::New);
            let new: HashSet<&Fingerprint> = new.map(|(job, _)| &job.fingerprint).collect();
            let used = self.ids.used_folders.read();
            let mut videos = paid_by_others(&self.out, &own, history, used, &new);
            if !videos.is_empty() {
                let counts = videos.iter().map(|(request, videos)| (request.clone(), videos.len()));
                answers = identify(&jobs, &paid, counts.collect());
                for (job, _) in
                    jobs.iter().zip(&answers).filter(|(_, it)| **it == JobIdentity::PaidElsewhere)
                {
                    let videos = videos.get_mut(&job.fingerprint);
                    if let Some(video) = videos.filter(|it| !it.is_empty()).map(|it| it.remove(0)) {
                        self.ids.elsewhere.insert(job.id.clone(), video);
                    }
                }
            }
        }
        self.add_videos_of_sheet(&jobs, &answers, history, is_sandbox);
        self.apply(&jobs, &paid, &answers);
        Ok(())
    }

    /// Adds the videos that the sheet itself names for new jobs: it is a `results.csv` outside of its folder. In its
    /// folder it belongs to the same campaign, whose jobs are found by their tags.
    fn add_videos_of_sheet(
        &mut self,
        jobs: &[Arc<JobSpec>],
        answers: &[JobIdentity],
        history: &History,
        is_sandbox: bool,
    ) {
        let is_own = self.plan.source.parent() == Some(&self.out);
        if is_sandbox || self.plan.campaign_date.is_some() || is_own {
            return;
        }
        let known: HashSet<&RemoteId> = history.remotes().collect();
        for (job, answer) in jobs.iter().zip(answers) {
            if let (Some(remote), JobIdentity::New) = (&job.paid_remote, answer)
                && !known.contains(remote)
            {
                let phase = Phase::Rendering { remote: remote.clone() };
                let state = JobState { phase, ..JobState::default() };
                let folder = PathBuf::from(&*job.origin.file);
                let video = PaidVideo { folder, campaign: None, state };
                self.ids.elsewhere.insert(job.id.clone(), video);
            }
        }
    }

    /// Returns the paid jobs of this folder's journal, without the `known` ones.
    fn paid_jobs(
        &self,
        history: &History,
        known: &HashSet<&JobId>,
    ) -> Result<Vec<PaidJob>, JournalError> {
        let states = history.states().filter(|(id, state)| !known.contains(id) && is_paid(state));
        let paid: HashMap<&JobId, &Fingerprint> =
            states.filter_map(|(id, state)| Some((id, state.fingerprint.as_ref()?))).collect();
        let specs = JournalSnapshot::read_jobs(&self.out, &paid.keys().copied().collect())?;
        let paid = specs.into_iter().map(|spec| PaidJob {
            id: spec.id.clone(),
            request: paid[&spec.id].clone(),
            spec: Some(spec),
        });
        Ok(paid.collect())
    }

    fn apply(&mut self, jobs: &[Arc<JobSpec>], paid: &[PaidJob], answers: &[JobIdentity]) {
        let mut renamed: HashMap<JobId, JobSpec> = HashMap::new();
        let mut said: [Vec<String>; 3] = Default::default();
        for (job, answer) in jobs.iter().zip(answers) {
            let mut spec = JobSpec::clone(job);
            let sheet = &job.id;
            let (id, kind, text) = match answer {
                JobIdentity::New | JobIdentity::Known | JobIdentity::PaidElsewhere => continue,
                JobIdentity::ContinuesAs(index) => {
                    let PaidJob { id, request, spec: recorded } = &paid[*index];
                    if let Some(recorded) =
                        recorded.as_ref().filter(|it| it.fingerprint == *request)
                    {
                        spec.request = Arc::clone(&recorded.request);
                        spec.fingerprint = request.clone();
                    }
                    (id, 0, format!("`{sheet}` is the video paid for as `{id}`, and keeps that id"))
                }
                JobIdentity::Edited(index) => {
                    let id = &paid[*index].id;
                    let again = Flag::RedoChanged;
                    let text = format!(
                        "`{sheet}` is the row paid for as `{id}`, and was edited since: the video stays as it is; \
                         `{again}` makes it again, and pays for it"
                    );
                    (id, 1, text)
                }
                JobIdentity::Displaced(id) => {
                    let text = format!(
                        "`{sheet}` is a new job, which is recorded as `{id}`: the video paid for under its id is that \
                         of another row"
                    );
                    (id, 2, text)
                }
            };
            if id != sheet {
                said[kind].push(text);
                spec.id = id.clone();
                spec.former_id = Some(job.shard_key().clone());
                self.ids.recorded.insert(sheet.clone(), id.clone());
            }
            renamed.insert(sheet.clone(), spec);
        }
        for texts in said {
            let Some(first) = texts.first() else {
                continue;
            };
            let message = match texts.len() - 1 {
                0 => first.clone(),
                more => format!("{first} (and {} likewise)", plural(more, "other job")),
            };
            self.ids.notes.push(message);
        }
        self.rename(renamed, paid, jobs.iter().zip(answers));
    }

    /// Replaces the jobs with the ids in `renamed`. Their files keep the recorded names if these are free.
    fn rename<'a>(
        &mut self,
        mut renamed: HashMap<JobId, JobSpec>,
        paid: &[PaidJob],
        answers: impl Iterator<Item = (&'a Arc<JobSpec>, &'a JobIdentity)>,
    ) {
        if renamed.is_empty() {
            return;
        }
        let jobs = self.every_job().iter();
        let others = jobs.filter(|job| !renamed.contains_key(&job.id));
        let mut stems: HashSet<String> = others.map(|job| stem_key(&job.file_name)).collect();
        let mut unnamed = Vec::new();
        for (job, answer) in answers {
            let Some(spec) = renamed.get_mut(&job.id) else {
                continue;
            };
            let recorded = if let JobIdentity::ContinuesAs(index) = answer {
                paid[*index].spec.as_ref()
            } else {
                None
            };
            match recorded.filter(|recorded| stems.insert(stem_key(&recorded.file_name))) {
                Some(recorded) => spec.file_name.clone_from(&recorded.file_name),
                None => unnamed.push(&job.id),
            }
        }
        for id in unnamed {
            if let Some(spec) = renamed.get_mut(id)
                && !stems.insert(stem_key(&spec.file_name))
            {
                spec.file_name = format!("{}.{}", spec.id, spec.request.extension());
                stems.insert(stem_key(&spec.file_name));
            }
        }
        let renamed: HashMap<JobId, Arc<JobSpec>> =
            renamed.into_iter().map(|(sheet, spec)| (sheet, Arc::new(spec))).collect();
        let all = self.shard.as_mut().map(|shard| &mut shard.all);
        for job in self.plan.jobs.iter_mut().chain(all.into_iter().flatten()) {
            if let Some(spec) = renamed.get(&job.id) {
                *job = Arc::clone(spec);
            }
        }
    }

    /// Returns the recorded id of the job that the sheet calls `id`.
    pub(crate) fn recorded_id<'a>(&'a self, id: &'a JobId) -> &'a JobId {
        self.ids.recorded.get(id).unwrap_or(id)
    }

    /// Returns for each job whether `selection` selects it, by the ids of the sheet or else by the recorded ones.
    ///
    /// # Errors
    /// If the selection names a job that does not exist.
    pub(crate) fn choose(&self, mut selection: Selection) -> Result<Vec<bool>, crate::app::Error> {
        if self.ids.recorded.is_empty() {
            return choose(&selection, self.every_job());
        }
        let sheet: HashMap<&JobId, &JobId> =
            self.ids.recorded.iter().map(|(sheet, recorded)| (recorded, sheet)).collect();
        let mut jobs = self.every_job().to_vec();
        for job in &mut jobs {
            if let Some(sheet) = sheet.get(&job.id) {
                Arc::make_mut(job).id = (*sheet).clone();
            }
        }
        for named in &mut selection.only {
            // The id of a row stands for all of its jobs, also if it is the recorded id of one of them.
            let is_of_row =
                |job: &Arc<JobSpec>| job.row_id.as_ref().is_some_and(|row| row.as_str() == named);
            let is_in_sheet = |job: &Arc<JobSpec>| job.id.as_str() == named || is_of_row(job);
            if !jobs.iter().any(is_in_sheet)
                && let Ok(id) = named.parse::<JobId>()
                && let Some(sheet) = sheet.get(&id)
            {
                *named = sheet.to_string();
            }
        }
        choose(&selection, &jobs)
    }
}
