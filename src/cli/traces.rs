//! Traces on the disk of more work than the journal knows of: what a lost or an old journal, or a renamed
//! sheet, would make somebody pay for once more.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::herald::Printer;
use crate::journal::{Identity, JournalSnapshot};
use crate::model::{Fingerprint, History, Phase, RemoteId, Shard};
use crate::report::{Campaign, Summary};

/// Folders beside the output folder that are looked into, at the most.
const MOST_FOLDERS: usize = 200;

/// Whether the output folder shows the work of a run that the journal does not know of: the journal is new
/// though there are results; or it is an older copy that was put back, so that `results.json` knows ids at
/// the provider, or the folder has videos, that the journal has never heard of.
/// Whether [they do](results_know_more) is known already.
pub(super) fn journal_is_behind(summary: &Summary, results_know_more: bool) -> bool {
    let out = &summary.campaign().out;
    let is_new = summary.history().is_empty();
    let has_videos =
        || std::fs::read_dir(out.join("videos")).is_ok_and(|mut files| files.next().is_some());
    if is_new && (out.join("results.csv").exists() || has_videos()) {
        return true;
    }
    let has_video_unsent = |row: crate::report::Row| {
        let is_unsent = matches!(row.state.phase, Phase::Pending) && row.state.attempts == 0;
        is_unsent && out.join(row.job.spec.video_path()).exists()
    };
    results_know_more || summary.rows().any(has_video_unsent)
}

/// Whether the `results.json` of the output folder `out` knows an id at the provider that `history` does not.
pub(super) fn results_know_more(out: &Path, history: &History) -> bool {
    let known: HashSet<&str> = history.remotes().map(RemoteId::as_str).collect();
    let is_news = |remote: &str| !known.contains(remote);
    // One that cannot be read says nothing.
    any_remote_id(&out.join("results.json"), is_news).unwrap_or(false)
}

/// How a line of `results.json` begins that names the id of a job, and the end of the line before it, as they are
/// written; no line within a text can, and what is deeper is the user's.
const REMOTE_ID: &[u8] = b"\n      \"remote_id\": \"";

/// How the file begins, as it is written.
const BEGINNING: &[u8] = b"{\n  \"";

/// So much of it is looked through at one time.
const BLOCK: u64 = 1 << 20;

/// Whether `is_wanted` says so of an id at the provider that a `results.json` names. That of a large campaign
/// is much longer than anything else a run needs, so it is not read as JSON if it lies there as it was
/// written.
fn any_remote_id(path: &Path, is_wanted: impl Fn(&str) -> bool) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut block = Vec::new();
    file.by_ref()
        .take(BEGINNING.len() as u64)
        .read_to_end(&mut block)?;
    if block != BEGINNING {
        let results = serde_json::from_slice(&std::fs::read(path)?)?;
        return Ok(any_remote_id_of(&results, is_wanted));
    }
    let lines = memchr::memmem::Finder::new(REMOTE_ID);
    while file.by_ref().take(BLOCK).read_to_end(&mut block)? > 0 {
        // The last line may not be whole yet, and its beginning is the end of the one before.
        let whole = memchr::memrchr(b'\n', &block).unwrap_or(0);
        for line in lines.find_iter(&block[..whole]) {
            let rest = &block[line + REMOTE_ID.len()..];
            let id = rest.split(|byte| *byte == b'"').next();
            if id.is_some_and(|id| std::str::from_utf8(id).is_ok_and(&is_wanted)) {
                return Ok(true);
            }
        }
        block.drain(..whole);
    }
    Ok(false)
}

/// The same of one that somebody has laid out anew.
fn any_remote_id_of(results: &Value, is_wanted: impl Fn(&str) -> bool) -> bool {
    let mut ids = ["jobs", "gone_from_sheet"]
        .into_iter()
        .filter_map(|list| results.get(list)?.as_array())
        .flatten()
        .filter_map(|job| job.get("remote_id")?.as_str());
    ids.any(is_wanted)
}

/// Warns, before the first run of a campaign pays for anything, of one beside it that has made the same
/// videos.
pub(super) fn tell_of_namesake(summary: &Summary, herald: Printer) {
    let campaign = summary.campaign();
    if summary.history().is_empty()
        && !campaign.is_sandbox
        && let Some(namesake) = SiblingCampaign::of(campaign)
    {
        herald.warning(&namesake.warning());
    }
}

/// A campaign in a folder beside the output folder that has made some of the same videos.
#[derive(Debug)]
pub(super) struct SiblingCampaign {
    folder: PathBuf,
    campaign: String,
    jobs: usize,
}

impl SiblingCampaign {
    /// The other campaign beside this one that has made most of what it asks for, if any has made something.
    /// The same campaign in another folder is none: what that has paid for is recognised and adopted.
    pub(super) fn of(campaign: &Campaign) -> Option<Self> {
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
            .filter(|path| path.join(".callsheet").is_dir())
            .filter(|path| std::fs::canonicalize(path).ok() != own)
            .take(MOST_FOLDERS)
            .filter_map(|folder| {
                // What is no journal of ours, or cannot be read, is nobody's business here.
                let is_other = |identity: &Identity| {
                    !identity.is_sandbox && identity.campaign != campaign.name
                };
                let (identity, made) =
                    JournalSnapshot::find_paid(&folder, is_other, &wanted).ok()??;
                Some(Self {
                    folder,
                    jobs: made.len(),
                    campaign: identity.campaign,
                })
            })
            .filter(|namesake| namesake.jobs > 0)
            .max_by_key(|namesake| namesake.jobs)
    }

    /// What a person is told before anything is submitted.
    pub(super) fn warning(&self) -> String {
        let Self {
            folder,
            campaign,
            jobs,
        } = self;
        let (videos, are) = match jobs {
            1 => ("1 video".to_owned(), "is"),
            jobs => (format!("{jobs} videos"), "are"),
        };
        format!(
            "{videos} of this sheet {are} paid for already, by the campaign `{campaign}` in \
             `{}`, and would be paid for once more; if the sheet was renamed, give it its old name \
             and that campaign goes on",
            folder.display()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every id that is looked at when none of them is the right one.
    fn remote_ids(path: &Path) -> Vec<String> {
        let seen = std::cell::RefCell::new(Vec::new());
        let is_found = any_remote_id(path, |id| {
            seen.borrow_mut().push(id.to_owned());
            false
        });
        assert!(!is_found.unwrap());
        seen.into_inner()
    }

    #[test]
    fn ids_are_found_in_results_as_they_are_written_and_laid_out_anew_and_never_in_a_text() {
        let results = serde_json::json!({
            "campaign": "c",
            "gone_from_sheet": [{ "remote_id": "gone" }],
            "jobs": [
                { "remote_id": "mine", "text": "\n      \"remote_id\": \"a text\"" },
                { "remote_id": null, "row": { "remote_id": "a cell" } },
            ],
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.json");
        for text in [results.to_string(), format!("{results:#}\n")] {
            io::Write::write_all(&mut File::create(&path).unwrap(), text.as_bytes()).unwrap();
            let mut seen = remote_ids(&path);
            seen.sort();
            assert_eq!(seen, ["gone", "mine"], "{text}");
            assert!(any_remote_id(&path, |id| id == "mine").unwrap());
        }
        assert!(any_remote_id(&folder.path().join("none.json"), |_| true).is_err());
    }

    #[test]
    fn every_id_is_found_in_results_of_many_blocks() {
        let ids: Vec<String> = (0..9_000).map(|number| format!("id-{number:05}")).collect();
        // Of many lengths, so that blocks end anywhere in a line.
        let job = |(place, id): (usize, &String)| serde_json::json!({ "remote_id": id, "text": "x".repeat(place % 509) });
        let jobs: Vec<Value> = ids.iter().enumerate().map(job).collect();
        let text = format!("{:#}\n", serde_json::json!({ "jobs": jobs }));
        assert!(text.len() as u64 > 2 * BLOCK);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.json");
        io::Write::write_all(&mut File::create(&path).unwrap(), text.as_bytes()).unwrap();
        assert_eq!(remote_ids(&path), ids);
    }
}
