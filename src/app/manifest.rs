//! A loaded manifest with its output folder, and the jobs and campaign that follow from it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::catalogue::RecordedNames;
use super::error::Error;
use super::estimates::Estimates;
use super::identity::ResolvedIds;
use super::notices::Notices;
use super::options::{CampaignOptions, ProviderFlags};
use super::recorded_state::RecordedState;
use super::reserved_names::ReservedNames;
use super::shard::ShardPlan;
use crate::journal::{Identity, read_approval};
use crate::manifest::{Selection, jobs_of_row};
use crate::model::{
    CommandName, Flag, History, JobId, JobSpec, LimitSettings, Limits, Note, Plan, PlannedJob,
    SuspiciousTexts, ValueOrigin,
};
use crate::report::approval::ApprovalStatus;
use crate::report::{Campaign, CommandLine, Summary};

/// A manifest that was read and validated, with its output folder.
#[derive(Debug)]
pub(crate) struct LoadedManifest {
    /// The jobs, limits and settings of the manifest.
    pub(crate) plan: Plan,
    /// The output folder; for a shard, the shard's own.
    pub(crate) out: PathBuf,
    /// The shard that `plan` was narrowed to.
    pub(crate) shard: Option<ShardPlan>,
    /// The state of the approval.
    pub(crate) approval: ApprovalStatus,
    /// The resolved names of personas and voices.
    pub(crate) names: RecordedNames,
    /// The recorded ids of jobs that the sheet names otherwise.
    pub(crate) ids: ResolvedIds,
}

impl LoadedManifest {
    /// Reports the notes of a valid manifest.
    pub(crate) fn report_notes(&self, notices: &Notices) {
        for Note { place, message } in &self.plan.notes {
            notices.note(&format!("{place}: {message}"));
        }
    }

    /// Returns `defaults` with the limits of the manifest.
    pub(crate) fn limits(&self, defaults: Limits) -> Limits {
        defaults.with(&self.plan.limits, ValueOrigin::CameAlong(&self.plan.source))
    }

    /// Returns every job of the campaign: first the manifest's in its order, then the paid jobs that are no longer in
    /// the manifest. `selected` has one element for each job of the manifest: whether it may be paid for.
    pub(crate) fn jobs(
        &self,
        recorded: Option<&RecordedState>,
        selected: &[bool],
    ) -> Vec<PlannedJob> {
        let estimates = Estimates::new(&self.plan, recorded);
        let planned = |place, spec: Arc<JobSpec>, selected, in_sheet| PlannedJob {
            estimate: estimates.of(place, &spec),
            spec,
            selected,
            in_sheet,
            left_out: None,
        };
        let removed = recorded.map_or(&[][..], |recorded| &recorded.removed);
        let reserved = ReservedNames::new(&self.plan, recorded);
        let mut jobs: Vec<PlannedJob> = self
            .plan
            .jobs
            .iter()
            .zip(selected)
            .enumerate()
            .map(|(place, (spec, selected))| {
                let mut spec = Arc::clone(spec);
                reserved.avoid(place, &mut spec);
                planned(place, spec, *selected, true)
            })
            .collect();
        let removed = (jobs.len()..).zip(removed);
        jobs.extend(removed.map(|(place, spec)| planned(place, Arc::clone(spec), false, false)));
        jobs
    }

    /// Returns the campaign as observers and reports need it.
    pub(crate) fn campaign(&self, jobs: Vec<PlannedJob>, options: &CampaignOptions) -> Campaign {
        let mut campaign =
            Campaign::new(&self.plan.campaign, options.manifest.clone(), self.out.clone(), jobs);
        campaign.sheet = self.plan.sheet.clone();
        campaign.delimiter = self.plan.delimiter;
        campaign.personas = self.names.labels.clone().into_iter().collect();
        campaign.approval = self.approval.clone();
        let mut repeated = options.clone();
        if let Some(ShardPlan { shard, .. }) = self.shard {
            campaign.shares = options.share.then_some(shard.count());
        }
        // A command that is pasted on a later day means the same day.
        if let Some(Ok(date)) = self.plan.campaign_date.as_ref().map(|date| date.parse()) {
            repeated.date = Some(date);
        }
        campaign.arguments = repeated.arguments();
        campaign
    }

    /// Returns for each job of the plan whether the options select it. A selection refers to the whole sheet: the
    /// first ten jobs are the same ones for any number of shards.
    ///
    /// # Errors
    /// If the selection names a job that does not exist.
    pub(crate) fn select(&self, selection: Selection) -> Result<Vec<bool>, Error> {
        let chosen = self.choose(selection)?;
        Ok(self.shard.as_ref().map(|shard| shard.narrow(&chosen)).unwrap_or(chosen))
    }

    /// Returns the jobs of all shards together.
    pub(crate) fn every_job(&self) -> &[Arc<JobSpec>] {
        self.shard.as_ref().map_or(&self.plan.jobs, |shard| &shard.all)
    }

    /// Returns the ids of the jobs in the row that `reference` names by its number or a cell, unless it is the id of a
    /// job.
    pub(crate) fn jobs_of_row(&self, reference: &JobId) -> Vec<&JobId> {
        let jobs = self.every_job();
        let is_id = jobs.iter().any(|job| job.id == *reference);
        let indices = if is_id { Vec::new() } else { jobs_of_row(reference.as_str(), jobs) };
        indices.into_iter().map(|index| &jobs[index].id).collect()
    }

    /// Returns those of the recorded `ids` that belong to this shard.
    pub(crate) fn own<'a>(&'a self, ids: impl IntoIterator<Item = &'a JobId>) -> Vec<JobId> {
        match &self.shard {
            Some(shard) => shard.keep_own(ids),
            None => ids.into_iter().cloned().collect(),
        }
    }

    /// Returns this shard's part of `limits` if the limits are shared.
    ///
    /// # Errors
    /// If there are more shards than renders to share.
    pub(crate) fn share(&self, limits: Limits, options: &CampaignOptions) -> Result<Limits, Error> {
        match &self.shard {
            Some(shard) if options.share => limits.shared(shard.shard).map_err(|error| {
                Error::usage_with_hint(
                    format!("{error}; nothing was submitted"),
                    format!(
                        "allow each of them one: `{} {}`, or make fewer shards",
                        Flag::InFlight,
                        error.count
                    ),
                )
            }),
            Some(_) | None => Ok(limits),
        }
    }

    /// Returns the summary of the recorded state for a command that only reads. All jobs count as selected.
    pub(crate) fn summarize(
        &self,
        options: &CampaignOptions,
        provider: &ProviderFlags,
        recorded: Option<RecordedState>,
    ) -> Summary {
        let selected = vec![true; self.plan.jobs.len()];
        let mut jobs = self.jobs(recorded.as_ref(), &selected);
        // Only a run asks about them; without one they are left out.
        if options.suspicious != SuspiciousTexts::Allow {
            self.leave_out_suspicious(&mut jobs);
        }
        let limits = self.run_limits(&LimitSettings::default(), recorded.as_ref(), options);
        let recorded_in_sandbox = recorded.as_ref().is_some_and(|it| it.identity.is_sandbox);
        // A folder in which an earlier version has used the sandbox.
        let is_elsewhere = recorded_in_sandbox && !options.is_sandbox;
        let out = is_elsewhere.then(|| options.folder(self.plan.output.folder.as_deref()));
        let options = &CampaignOptions { out: options.out.clone().or(out), ..options.clone() };
        let mut campaign = self.campaign(jobs, options);
        // Limits that cannot be shared are refused by `run`, not here.
        limits.unwrap_or_default().apply(&mut campaign);
        campaign.is_sandbox = recorded_in_sandbox || (recorded.is_none() && provider.sandbox);
        let is_sandbox = recorded_in_sandbox || provider.sandbox;
        campaign.add_arguments(&provider.arguments(is_sandbox));
        let history = recorded.map(|recorded| recorded.history).unwrap_or_default();
        Summary::with(Arc::new(campaign), history)
    }
}

/// Reports if `options` are about the real API and the campaign was run in the sandbox only. `command` shows it. `plan` is
/// the manifest's, if that is valid.
pub(crate) fn note_trial(
    options: &CampaignOptions,
    plan: Option<&Plan>,
    command: CommandName,
    notices: &Notices,
) {
    let folder = |options: &CampaignOptions| {
        let home = plan.map(|plan| options.campaign_folder(plan));
        options.shard_folder(home.unwrap_or_else(|| options.folder(None)))
    };
    let has_journal = |folder: &Path| matches!(Identity::read(folder), Ok(Some(_)));
    if options.is_sandbox || has_journal(&folder(options)) {
        return;
    }
    let trial = folder(&CampaignOptions { is_sandbox: true, ..options.clone() });
    if has_journal(&trial) {
        let command = CommandLine::new(command).argument(&options.manifest);
        let command = command.arguments(&options.arguments()).flag(Flag::Sandbox);
        let trial = trial.display();
        notices.note(&format!(
            "this campaign was run in the sandbox only, in `{trial}`: `{command}` shows that"
        ));
    }
}

/// Returns the finished jobs whose file is missing from the output folder.
pub(crate) fn missing_files(history: &History, out: &Path) -> BTreeSet<JobId> {
    let done = history
        .states()
        .filter_map(|(id, state)| Some((id, state.phase.artifact()?.file.as_str())));
    // Listing a folder of 100,000 files is much faster than one query for each file.
    let mut listed: HashMap<&str, HashSet<OsString>> = HashMap::new();
    let mut missing = BTreeSet::new();
    for (id, file) in done {
        if !is_below(file) {
            missing.insert(id.clone());
            continue;
        }
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
        let files = listed.entry(folder).or_insert_with(|| files_of(&out.join(folder)));
        // Links, and names that the file system normalises, are queried one by one.
        if !files.contains(OsStr::new(name)) && !out.join(file).exists() {
            missing.insert(id.clone());
        }
    }
    missing
}

/// Checks whether a recorded path leads to a file below its folder. A journal may come from another person.
pub(super) fn is_below(file: &str) -> bool {
    Path::new(file).components().all(|part| matches!(part, Component::Normal(_)))
}

/// Returns the names of the regular files in a folder.
fn files_of(folder: &Path) -> HashSet<OsString> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| entry.file_name())
        .collect()
}

/// Returns whether `plan` is approved in its present form. An approval that cannot be read counts as missing.
///
/// An approval may leave out texts that look unfinished. Those that it covers are not suspicious any more.
pub(crate) fn approval(home: &Path, plan: &mut Plan, choice: SuspiciousTexts) -> ApprovalStatus {
    let approval = read_approval(home).ok().flatten();
    let approval = approval.map(|approval| {
        let covers = |job: &JobSpec| approval.jobs.get(&job.id) == Some(&job.fingerprint);
        let left_out: HashSet<usize> = match choice {
            SuspiciousTexts::Allow => HashSet::new(),
            SuspiciousTexts::Ask | SuspiciousTexts::Skip => plan.suspicious_jobs().collect(),
        };
        let jobs = plan.jobs.iter().enumerate();
        let jobs = jobs.filter(|(index, job)| !left_out.contains(index) || covers(job));
        let jobs: Vec<Arc<JobSpec>> = jobs.map(|(_, job)| Arc::clone(job)).collect();
        let changes = approval.changes(&plan.campaign, &jobs);
        if changes.is_none() {
            let Plan { jobs, suspicions, .. } = plan;
            suspicions.retain_mut(|suspicion| {
                suspicion.jobs.retain(|index| !covers(&jobs[*index]));
                !suspicion.jobs.is_empty()
            });
        }
        (approval, changes)
    });
    ApprovalStatus::new(approval, plan.output.require_approval)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::model::{
        Artifact, Credits, Entry, Event, Fingerprint, Generation, JobEvent, Output, Tag,
        TrustedTime,
    };

    /// Jobs that are done, whose files these are.
    fn done(files: &[&str]) -> History {
        let mut history = History::default();
        for file in files {
            let id = file.replace('/', "-");
            let job: JobId = id.trim_matches(['-', '.']).parse().unwrap();
            let speech = crate::model::Speech::Text((*file).into());
            let ratio = crate::model::AspectRatio::Square;
            let request = crate::model::VideoRequest::new(speech, "p", ratio);
            let fingerprint = Fingerprint::of(&request);
            let generation = Generation::default();
            let output = Output {
                video_url: "https://x/".into(),
                thumbnail_url: None,
                duration_seconds: None,
                credits_used: None,
            };
            let artifact =
                Artifact { file: (*file).into(), bytes: 1, sha256: "0".into(), thumbnail: None };
            for event in [
                JobEvent::SubmitStarted {
                    tag: Tag::of("c", &job, &fingerprint, generation),
                    fingerprint,
                    generation,
                    reserved: Credits::ZERO,
                    least: None,
                },
                JobEvent::Submitted { remote: "r".parse().unwrap() },
                JobEvent::Rendered { output: Arc::new(output) },
                JobEvent::Downloaded { artifact: Arc::new(artifact) },
            ] {
                let entry = Entry {
                    sequence: history.sequence() + 1,
                    at: crate::model::Timestamp::default(),
                    event: Event::job(&job, event),
                };
                history.apply(&entry, TrustedTime::certain(entry.at));
            }
        }
        assert_eq!(history.fault(), None);
        history
    }

    #[test]
    fn a_finished_job_without_its_file_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let history = done(&["videos/a.mp4", "videos/b.mp4", "top.mp4", "nowhere/c.mp4"]);
        let missing = || {
            let missing = missing_files(&history, out);
            let ids = missing.iter().map(|id| id.as_str().to_owned());
            ids.collect::<Vec<_>>()
        };
        assert_eq!(missing().len(), 4);
        std::fs::create_dir(out.join("videos")).unwrap();
        for file in ["videos/a.mp4", "top.mp4"] {
            File::create(out.join(file)).unwrap();
        }
        assert_eq!(missing(), ["nowhere-c.mp4", "videos-b.mp4"]);
        std::fs::remove_file(out.join("videos/a.mp4")).unwrap();
        assert_eq!(missing().len(), 3);
    }

    #[test]
    fn a_recorded_path_outside_the_folder_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        std::fs::create_dir(&out).unwrap();
        let outside = folder.path().join("mine.mp4");
        File::create(&outside).unwrap();
        for file in [outside.to_str().unwrap(), "../mine.mp4", "./../mine.mp4"] {
            let history = done(&[file]);
            assert_eq!(missing_files(&history, &out).len(), 1, "{file}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let history = done(&["a.mp4"]);
        std::os::unix::fs::symlink(out.join("elsewhere.mp4"), out.join("a.mp4")).unwrap();
        assert_eq!(missing_files(&history, out).len(), 1);
        File::create(out.join("elsewhere.mp4")).unwrap();
        assert!(missing_files(&history, out).is_empty());
    }
}
