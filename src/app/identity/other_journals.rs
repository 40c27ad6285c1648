//! The journals of other folders: of other shards of the campaign, and of other campaigns.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::{PaidJob, may_have_video};
use crate::journal::{Identity, JournalSnapshot};
use crate::model::{Fingerprint, History, JobId, JobState, RemoteId, Shard};
use crate::util::fs::OutputDir;

/// The maximum number of folders with a journal that are examined.
const MAX_FOLDERS: usize = 200;

/// A video that another campaign has paid for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PaidVideo {
    /// The output folder of that campaign, or the sheet that names the video.
    pub(crate) folder: PathBuf,
    /// The name of that campaign; `None` if only the sheet names the video.
    pub(crate) campaign: Option<String>,
    /// The state of the job there.
    pub(crate) state: JobState,
}

/// Returns the jobs with one of the requests `wanted` that other shards of the campaign, or the campaign before it was
/// divided, have paid for, with their ids at the provider.
pub(super) fn paid_by_shards(
    out: &Path,
    own: &Identity,
    wanted: &HashSet<&Fingerprint>,
) -> Vec<(PaidJob, Option<RemoteId>)> {
    let home = home(out);
    let shards = folders(home).filter(|folder| is_shard(folder));
    let others = shards.chain([home.to_owned()]).filter(|folder| folder != out);
    let others = others.filter(|folder| identity(folder).as_ref() == Some(own));
    let paid = others.flat_map(|folder| paid_jobs(&folder, wanted));
    let paid = paid.map(|(id, request, state)| {
        let remote = state.phase.remote().cloned();
        (PaidJob { id, request, spec: None }, remote)
    });
    paid.collect()
}

/// Returns the videos for the requests `wanted` that other campaigns have paid for, the furthest first: campaigns beside
/// this one and one level above, and in the folders `used` by the same user. The same campaign in another folder does not
/// count: its paid jobs are found by their tags and adopted. Nor does a video that `history` has.
pub(super) fn paid_by_others(
    out: &Path,
    own: &Identity,
    history: &History,
    used: Vec<PathBuf>,
    wanted: &HashSet<&Fingerprint>,
) -> HashMap<Fingerprint, Vec<PaidVideo>> {
    let out = home(out);
    let parent = match out.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    };
    let above = std::path::absolute(parent).ok();
    let above = above.as_deref().and_then(Path::parent).into_iter().flat_map(folders);
    let place = |folder: &Path| std::fs::canonicalize(folder).ok();
    let mut seen = HashSet::from([place(out)]);
    let mut remotes: HashSet<RemoteId> = history.remotes().cloned().collect();
    let mut videos: HashMap<Fingerprint, Vec<PaidVideo>> = HashMap::new();
    let others = folders(parent)
        .chain(above)
        .chain(used)
        .filter(|folder| OutputDir(folder).state().is_dir() && seen.insert(place(folder)))
        .take(MAX_FOLDERS);
    for folder in others {
        let Some(Identity { campaign, is_sandbox }) = identity(&folder) else {
            continue;
        };
        if is_sandbox || campaign == own.campaign {
            continue;
        }
        let mut paid = paid_jobs(&folder, wanted);
        paid.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        for (_, request, state) in paid {
            if state.phase.remote().is_none_or(|remote| remotes.insert(remote.clone())) {
                let (folder, campaign) = (folder.clone(), Some(campaign.clone()));
                videos.entry(request).or_default().push(PaidVideo { folder, campaign, state });
            }
        }
    }
    for videos in videos.values_mut() {
        videos.sort_by_key(|video| {
            let phase = &video.state.phase;
            (phase.artifact().is_none(), phase.remote().is_none())
        });
    }
    videos
}

/// Returns the output folder that contains the shard folder `out`, or `out` itself.
fn home(out: &Path) -> &Path {
    let parent = out.parent().filter(|_| is_shard(out));
    parent.unwrap_or(out)
}

fn is_shard(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    name.and_then(Shard::of_folder).is_some()
}

fn folders(parent: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    folders.sort();
    folders.into_iter()
}

/// Returns the campaign of a folder. Journals that cannot be read are left out: they say nothing about this campaign's.
fn identity(folder: &Path) -> Option<Identity> {
    Identity::read(folder).ok().flatten()
}

fn paid_jobs(folder: &Path, wanted: &HashSet<&Fingerprint>) -> Vec<(JobId, Fingerprint, JobState)> {
    let mut jobs = JournalSnapshot::read_states(folder, wanted).unwrap_or_default();
    jobs.retain(|(_, _, state)| may_have_video(&state.phase));
    jobs
}
