//! A sibling campaign: another folder that has made the same videos, usually because the sheet was renamed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::may_have_video;
use crate::app::notices::Notices;
use crate::journal::{Identity, JournalSnapshot};
use crate::model::{Fingerprint, Shard};
use crate::report::{Campaign, Summary};
use crate::util::fs::OutputDir;

/// The maximum number of folders examined beside the output folder.
const MAX_FOLDERS: usize = 200;

/// A campaign in a folder beside the output folder that has made some of the same videos.
#[derive(Debug)]
pub(crate) struct SiblingCampaign {
    folder: PathBuf,
    campaign: String,
    jobs: usize,
}

impl SiblingCampaign {
    /// Warns before the first run of a campaign if a sibling has paid for the same videos.
    pub(crate) fn warn_before_first_run(summary: &Summary, notices: &Notices) {
        let campaign = summary.campaign();
        if summary.history().is_empty()
            && !campaign.is_sandbox
            && let Some(sibling) = Self::of(campaign)
        {
            notices.warning(&sibling.warning());
        }
    }

    /// Returns the other campaign beside this one that has made most of its videos, if there is one. The same
    /// campaign in another folder does not count: its paid jobs are found by their tags and adopted.
    pub(crate) fn of(campaign: &Campaign) -> Option<Self> {
        let is_shard = |folder: &&Path| {
            let name = folder.file_name().and_then(|name| name.to_str());
            name.and_then(Shard::of_folder).is_some()
        };
        let out = campaign.out.as_path();
        let home = Some(out).filter(is_shard).and_then(Path::parent);
        let out = home.unwrap_or(out);
        let wanted: HashSet<&Fingerprint> = campaign
            .jobs
            .iter()
            .filter(|job| job.selected && job.in_sheet)
            .map(|job| &job.spec.fingerprint)
            .collect();
        let parent = match out.parent() {
            Some(parent) if parent != Path::new("") => parent,
            Some(_) | None => Path::new("."),
        };
        let own = std::fs::canonicalize(out).ok();
        let folders = std::fs::read_dir(parent).ok()?;
        folders
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| OutputDir(path).state().is_dir())
            .filter(|path| std::fs::canonicalize(path).ok() != own)
            .take(MAX_FOLDERS)
            .filter_map(|folder| {
                // Journals that cannot be read are skipped: this is a warning, not a check.
                let Identity { campaign: name, is_sandbox } = Identity::read(&folder).ok()??;
                if is_sandbox || name == campaign.name {
                    return None;
                }
                let phases = JournalSnapshot::read_phases(&folder, &wanted).ok()?;
                let made = phases.iter().filter(|(_, phase)| may_have_video(phase));
                let made: HashSet<&Fingerprint> = made.map(|(request, _)| request).collect();
                Some(Self { folder, campaign: name, jobs: made.len() })
            })
            .filter(|sibling| sibling.jobs > 0)
            .max_by_key(|sibling| sibling.jobs)
    }

    /// Returns the warning for the user.
    pub(crate) fn warning(&self) -> String {
        let Self { folder, campaign, jobs } = self;
        let (videos, are) = match jobs {
            1 => ("1 video".to_owned(), "is"),
            jobs => (format!("{jobs} videos"), "are"),
        };
        format!(
            "{videos} of this sheet {are} paid for already, by the campaign `{campaign}` in \
             `{}`, and would be paid for once more; if the sheet was renamed, give it its old name \
             to resume that campaign",
            folder.display()
        )
    }
}
