//! A campaign as the commands find it: the manifest, the output folder, and what the journal says.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::argument_groups::{CampaignArguments, SelectionArguments};
use super::catalogue::Known;
use super::continued::Continued;
use super::day::Day;
use super::error::Error;
use super::estimates::Estimates;
use super::file_names::Taken;
use super::former;
use super::herald::Printer;
use super::past::Past;
use super::selection::choose;
use super::shard::{Part, ShardArg};
use crate::journal::read_approval;
use crate::model::{History, JobId, JobSpec, Limits, Note, Plan, PlannedJob, Shard};
use crate::report::approval::{ApprovalNeed, ApprovalStatus};
use crate::report::{Campaign, Summary};

/// A manifest that was read, and the folder its videos go to.
#[derive(Debug)]
pub(super) struct Manifest {
    /// What it asks for.
    pub(super) plan: Plan,
    /// The output folder; of a shard, its own.
    pub(super) out: PathBuf,
    /// The shard that `plan` was narrowed to.
    pub(super) part: Option<Part>,
    /// Whether the whole of it has been approved as it is.
    pub(super) approval: ApprovalStatus,
    /// What its names mean, and what its personas are called.
    pub(super) known: Known,
    /// Jobs of `plan` that have other names there than the sheet gives them.
    pub(super) continued: Vec<Continued>,
}

impl Manifest {
    /// Says what the reading of the manifest has to say though nothing is wrong.
    pub(super) fn tell_notes(&self, herald: Printer) {
        for Note { place, message } in &self.plan.notes {
            herald.note(&format!("{place}: {message}"));
        }
    }

    /// Every job this campaign knows: the manifest's in its order, then those that were paid for and
    /// are gone from it. `selected` says of each of the manifest's whether it may be paid for.
    pub(super) fn jobs(&self, past: Option<&Past>, selected: &[bool]) -> Vec<PlannedJob> {
        let estimates = Estimates::new(&self.plan, past);
        let planned = |place, spec: Arc<JobSpec>, selected, in_sheet| PlannedJob {
            estimate: estimates.of(place, &spec),
            spec,
            selected,
            in_sheet,
        };
        let gone = past.map_or(&[][..], |past| &past.gone);
        let taken = Taken::beside(&self.plan, past);
        let mut jobs: Vec<PlannedJob> = self
            .plan
            .jobs
            .iter()
            .zip(selected)
            .enumerate()
            .map(|(place, (spec, selected))| {
                let mut spec = Arc::clone(spec);
                taken.avoid(place, &mut spec);
                planned(place, spec, *selected, true)
            })
            .collect();
        let gone = (jobs.len()..).zip(gone);
        jobs.extend(gone.map(|(place, spec)| planned(place, Arc::clone(spec), false, false)));
        jobs
    }

    /// The campaign for those who are told about it.
    pub(super) fn campaign(
        &self,
        jobs: Vec<PlannedJob>,
        arguments: &CampaignArguments,
    ) -> Campaign {
        let mut campaign = Campaign::new(
            &self.plan.campaign,
            arguments.manifest.clone(),
            self.out.clone(),
            jobs,
        );
        campaign.sheet = self.plan.sheet.clone();
        campaign.personas = self.known.labels.clone().into_iter().collect();
        campaign.approval = self.approval.clone();
        // What was found out is repeated as it was found: the scheduler's variables, and the day, pass.
        let mut repeated = arguments.clone();
        if let Some(Part { shard, .. }) = self.part {
            repeated.shard = Some(ShardArg::Given(shard));
            campaign.shares = arguments.share.then_some(shard.count());
        }
        if let Some(Ok(date)) = self.plan.campaign_date.as_ref().map(|date| date.parse()) {
            repeated.date = Some(Day::Given(date));
        }
        campaign.arguments = repeated.repeated();
        campaign
    }

    /// For each job of the plan whether the arguments choose it. What they say is meant of the whole sheet:
    /// the first ten of it are the first ten, however many shards there are.
    ///
    /// # Errors
    /// If `--only` names a job that is not there.
    pub(super) fn choose(&self, mut selection: SelectionArguments) -> Result<Vec<bool>, Error> {
        let chosen = if self.continued.is_empty() {
            choose(selection, self.every_job())?
        } else {
            let only = std::mem::take(&mut selection.only).into_iter();
            selection.only = only.map(|id| self.called_in_sheet(id)).collect();
            choose(selection, &self.as_in_sheet())?
        };
        Ok(self
            .part
            .as_ref()
            .map(|part| part.narrow(&chosen))
            .unwrap_or(chosen))
    }

    /// The jobs of all shards together.
    pub(super) fn every_job(&self) -> &[Arc<JobSpec>] {
        self.part.as_ref().map_or(&self.plan.jobs, |part| &part.all)
    }

    /// `named`, as far as it is this shard's, under the names on record.
    pub(super) fn own<'a>(&'a self, named: impl IntoIterator<Item = &'a JobId>) -> Vec<JobId> {
        let named = named.into_iter().map(|id| self.known_as(id));
        match &self.part {
            Some(part) => part.keep_own(named),
            None => named.cloned().collect(),
        }
    }

    /// The part of `limits` that this shard takes, if it is to take only its part.
    ///
    /// # Errors
    /// If there are more shards than renders to share.
    pub(super) fn share(
        &self,
        limits: Limits,
        arguments: &CampaignArguments,
    ) -> Result<Limits, Error> {
        match &self.part {
            Some(part) if arguments.share => limits.shared(part.shard).map_err(|error| {
                Error::usage(format!("{error}; nothing was submitted")).hint(format!(
                    "allow each of them one: `--in-flight {}`, or make fewer shards",
                    error.count
                ))
            }),
            Some(_) | None => Ok(limits),
        }
    }

    /// The fold of the journal for a command that only looks: every job counts as selected.
    /// `naming` says whom commands about it must ask.
    pub(super) fn look(
        &self,
        arguments: &CampaignArguments,
        naming: &[String],
        past: Option<Past>,
    ) -> Summary {
        let selected = vec![true; self.plan.jobs.len()];
        let jobs = self.jobs(past.as_ref(), &selected);
        let mut campaign = self.campaign(jobs, arguments);
        let limits = Limits::default().with(&self.plan.limits);
        // What cannot be shared is refused by the run.
        let limits = self.share(limits.clone(), arguments).unwrap_or(limits);
        campaign.max_credits = limits.max_credits;
        campaign.is_sandbox = past.as_ref().is_some_and(|past| past.identity.is_sandbox);
        let of_sandbox = ["--sandbox".to_owned()];
        let naming = if campaign.is_sandbox {
            &of_sandbox
        } else {
            naming
        };
        campaign.arguments.extend_from_slice(naming);
        let history = past.map(|past| past.history).unwrap_or_default();
        Summary::with(Arc::new(campaign), history)
    }
}

/// Finished jobs whose file is no longer in the output folder `out`.
pub(super) fn missing_files(history: &History, out: &Path) -> BTreeSet<JobId> {
    let done = history
        .states()
        .filter_map(|(id, state)| Some((id, state.phase.artifact()?.file.as_str())));
    // To list a folder of 100,000 files takes a fraction of the time of asking for each of them.
    let mut listed: HashMap<&str, HashSet<OsString>> = HashMap::new();
    let mut missing = BTreeSet::new();
    for (id, file) in done {
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
        let files = listed
            .entry(folder)
            .or_insert_with(|| files_of(&out.join(folder)));
        // What is a link, or spelt in the system's own way, is asked for.
        if !files.contains(OsStr::new(name)) && !out.join(file).exists() {
            missing.insert(id.clone());
        }
    }
    missing
}

/// The names of the plain files in a folder.
fn files_of(folder: &Path) -> HashSet<OsString> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| entry.file_name())
        .collect()
}

/// The folder that `arguments` or the manifest names, else one beside the manifest; in it, of a campaign
/// with a date in its name, one for each day.
pub(super) fn out_folder(arguments: &CampaignArguments, plan: &Plan) -> PathBuf {
    let out = folder_of(arguments, plan.output.folder.as_deref());
    // A campaign of each day has a journal of each day.
    match &plan.campaign_date {
        Some(date) if former::folder(arguments).is_none() => out.join(date),
        Some(_) | None => out,
    }
}

/// The folder if the manifest, which has not been read yet, names none.
pub(super) fn usual_out_folder(arguments: &CampaignArguments) -> PathBuf {
    let shard = match arguments.shard {
        Some(ShardArg::Given(shard)) => Some(shard),
        Some(ShardArg::Auto(_)) | None => None,
    };
    shard_folder(arguments, shard, folder_of(arguments, None))
}

fn folder_of(arguments: &CampaignArguments, named: Option<&Path>) -> PathBuf {
    if let Some(out) = arguments.out.clone().or_else(|| former::folder(arguments)) {
        return out;
    }
    let manifest = &arguments.manifest;
    let beside = manifest.parent().unwrap_or(Path::new(""));
    match named {
        Some(folder) => beside.join(folder),
        None if manifest == Path::new("-") => PathBuf::from("stdin-output"),
        None => {
            let stem = manifest.file_stem().unwrap_or_default().to_string_lossy();
            beside.join(format!("{stem}-output"))
        }
    }
}

/// The folder of `shard` inside `home`. Results that are given back lie in their shard's folder already.
pub(super) fn shard_folder(
    arguments: &CampaignArguments,
    shard: Option<Shard>,
    home: PathBuf,
) -> PathBuf {
    match shard {
        Some(shard) if former::folder(arguments).is_none() => home.join(shard.folder()),
        Some(_) | None => home,
    }
}

/// Whether `plan` has been approved as it is. A record that cannot be read approves nothing.
pub(super) fn approval(home: &Path, plan: &Plan) -> ApprovalStatus {
    let approval = read_approval(home).ok().flatten();
    let approval = approval.map(|approval| {
        let changes = approval.changes(&plan.campaign, &plan.jobs);
        (approval, changes)
    });
    let need = if plan.output.require_approval {
        ApprovalNeed::Yes
    } else {
        ApprovalNeed::No
    };
    ApprovalStatus::new(approval, need)
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
            let job: JobId = file.replace('/', "-").parse().unwrap();
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
            let artifact = Artifact {
                file: (*file).into(),
                bytes: 1,
                sha256: "0".into(),
                thumbnail: None,
            };
            for event in [
                JobEvent::SubmitStarted {
                    tag: Tag::of("c", &job, &fingerprint, generation),
                    fingerprint,
                    generation,
                    reserved: Credits::ZERO,
                },
                JobEvent::Submitted {
                    remote: "r".parse().unwrap(),
                },
                JobEvent::Rendered {
                    output: Arc::new(output),
                },
                JobEvent::Fetched {
                    artifact: Arc::new(artifact),
                },
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
    fn a_finished_job_whose_file_is_not_there_is_missing() {
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

    #[cfg(unix)]
    #[test]
    fn a_link_counts_as_what_it_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let history = done(&["a.mp4"]);
        std::os::unix::fs::symlink(out.join("elsewhere.mp4"), out.join("a.mp4")).unwrap();
        assert_eq!(missing_files(&history, out).len(), 1);
        File::create(out.join("elsewhere.mp4")).unwrap();
        assert!(missing_files(&history, out).is_empty());
    }
}
