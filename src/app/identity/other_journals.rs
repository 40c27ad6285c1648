//! The journals of other folders: of other shards of the campaign, and of other campaigns beside it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::{PaidJob, may_have_video};
use crate::journal::{Identity, JournalSnapshot};
use crate::model::{Fingerprint, JobId, Shard};
use crate::util::fs::OutputDir;

/// The maximum number of folders examined beside the output folder.
const MAX_FOLDERS: usize = 200;

/// Another campaign that has paid for some of the same requests.
#[derive(Debug)]
pub(super) struct OtherCampaign {
    pub(super) folder: PathBuf,
    pub(super) campaign: String,
    /// The number of paid jobs for each request.
    pub(super) requests: HashMap<Fingerprint, usize>,
}

/// Returns the jobs with one of the requests `wanted` that other shards of the campaign, or the campaign before it was
/// divided, have paid for.
pub(super) fn paid_by_shards(
    out: &Path,
    own: &Identity,
    wanted: &HashSet<&Fingerprint>,
) -> Vec<PaidJob> {
    let home = home(out);
    let shards = folders(home).filter(|folder| is_shard(folder));
    let others = shards.chain([home.to_owned()]).filter(|folder| folder != out);
    let others = others.filter(|folder| identity(folder).as_ref() == Some(own));
    let paid = others.flat_map(|folder| paid_jobs(&folder, wanted));
    paid.map(|(id, request)| PaidJob { id, request, spec: None }).collect()
}

/// Returns the other campaign beside this one that has paid for most of the requests `wanted`, if there is one. The same
/// campaign in another folder does not count: its paid jobs are found by their tags and adopted.
pub(super) fn other_campaign(
    out: &Path,
    own: &Identity,
    wanted: &HashSet<&Fingerprint>,
) -> Option<OtherCampaign> {
    let out = home(out);
    let parent = match out.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    };
    let place = std::fs::canonicalize(out).ok();
    folders(parent)
        .filter(|folder| OutputDir(folder).state().is_dir())
        .filter(|folder| std::fs::canonicalize(folder).ok() != place)
        .take(MAX_FOLDERS)
        .filter_map(|folder| {
            let Identity { campaign, is_sandbox } = identity(&folder)?;
            if is_sandbox || campaign == own.campaign {
                return None;
            }
            let mut requests = HashMap::new();
            for (_, request) in paid_jobs(&folder, wanted) {
                *requests.entry(request).or_default() += 1;
            }
            Some(OtherCampaign { folder, campaign, requests })
        })
        .filter(|other| !other.requests.is_empty())
        .max_by_key(|other| other.requests.len())
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

fn folders(parent: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}

/// Returns the campaign of a folder. Journals that cannot be read are left out: they say nothing about this campaign's.
fn identity(folder: &Path) -> Option<Identity> {
    Identity::read(folder).ok().flatten()
}

fn paid_jobs(folder: &Path, wanted: &HashSet<&Fingerprint>) -> Vec<(JobId, Fingerprint)> {
    let jobs = JournalSnapshot::read_phases(folder, wanted).unwrap_or_default();
    let paid = jobs.into_iter().filter(|(_, _, phase)| may_have_video(phase));
    paid.map(|(id, request, _)| (id, request)).collect()
}
