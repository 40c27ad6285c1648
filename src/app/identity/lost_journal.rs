//! Detects a lost journal, or an older copy of it, before videos are paid for again.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde_json::Value;

use crate::model::{History, JobId, Phase, RemoteId};
use crate::report::files::ids_in_csv;
use crate::report::{JobRow, Summary};
use crate::util::fs::{OutputDir, open_own, read_own};

/// Whether the output folder shows work that the journal does not know: the journal is new though there are results or a
/// page, or its file was emptied, or `results.json` names remote ids, or the folder has videos, that the journal does not
/// have, or an earlier run has recorded so, and the provider's list was not read since.
/// `results_name_unknown_jobs` is the result of [`results_name_unknown_jobs`].
pub(crate) fn is_journal_behind(summary: &Summary, results_name_unknown_jobs: bool) -> bool {
    let out = &summary.campaign().out;
    let dir = OutputDir(out);
    if summary.history().resuming.last_loss > 0 {
        return true;
    }
    if summary.history().is_empty()
        && (has_results(dir) || dir.report_html().exists() || has_videos(out) || is_emptied(dir))
    {
        return true;
    }
    let has_unsubmitted_video = |row: JobRow| {
        let is_unsubmitted = matches!(row.state.phase, Phase::Pending) && row.state.attempts == 0;
        is_unsubmitted && out.join(row.job.spec.video_path()).exists()
    };
    results_name_unknown_jobs || summary.rows().any(has_unsubmitted_video)
}

/// Whether `results.json` of the output folder names a remote id that `history` does not have. A file that cannot be
/// read names none.
pub(crate) fn results_name_unknown_jobs(out: &Path, history: &History) -> bool {
    let known: HashSet<&str> = history.remotes().map(RemoteId::as_str).collect();
    let is_unknown = |remote: &str| !known.contains(remote);
    any_remote_id(&OutputDir(out).results_json(), is_unknown).unwrap_or(false)
}

/// Whether a folder whose journal is lost shows that jobs were accepted, so that a complete list shows at least one of
/// them. `named` are the jobs that the results name. An emptied journal does not tell, and counts as if it did.
pub(crate) fn shows_accepted_jobs(out: &Path, named: &[(JobId, RemoteId)]) -> bool {
    let dir = OutputDir(out);
    let page = || read_own(&dir.report_html()).is_ok_and(|page| page_shows_accepted_jobs(&page));
    !named.is_empty() || has_videos(out) || is_emptied(dir) || page()
}

/// Whether the data of a page has the time when a job was accepted. No text can look like this, because its quotes are
/// escaped.
fn page_shows_accepted_jobs(page: &[u8]) -> bool {
    const ACCEPTED: &[u8] = b"\"accepted\":";
    let mut times = memchr::memmem::find_iter(page, ACCEPTED).map(|at| at + ACCEPTED.len());
    times.any(|at| page.get(at).is_some_and(u8::is_ascii_digit))
}

fn has_results(dir: OutputDir<'_>) -> bool {
    dir.results_csv().exists() || dir.results_json().exists()
}

/// Whether the journal is a file without content. A crash leaves none: a new journal is renamed when it is complete.
fn is_emptied(dir: OutputDir<'_>) -> bool {
    std::fs::metadata(dir.journal()).is_ok_and(|journal| journal.len() == 0)
}

/// Checks whether the output folder has videos. Files under a temporary name do not count.
fn has_videos(out: &Path) -> bool {
    let mut files = std::fs::read_dir(OutputDir(out).videos()).into_iter().flatten().flatten();
    files.any(|file| {
        let path = file.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        matches!(extension, Some("mp4" | "webm")) && path.is_file()
    })
}

/// Returns the jobs of `results.json`, or else of `results.csv`, in the output folder with their ids at the provider. A
/// file that cannot be read names none.
pub(crate) fn named_remotes(out: &Path) -> Vec<(JobId, RemoteId)> {
    let ids =
        |job: Option<&str>, remote: Option<&str>| Some((job?.parse().ok()?, remote?.parse().ok()?));
    if !OutputDir(out).results_json().exists() {
        let results = read_own(&OutputDir(out).results_csv()).unwrap_or_default();
        let named = ids_in_csv(&results).into_iter();
        return named.filter_map(|(job, remote)| ids(Some(&job), Some(&remote))).collect();
    }
    let results = read_own(&OutputDir(out).results_json()).unwrap_or_default();
    let results: Value = serde_json::from_slice(&results).unwrap_or_default();
    let jobs = results["jobs"].as_array().into_iter().flatten();
    jobs.filter_map(|job| ids(job["job_id"].as_str(), job["remote_id"].as_str())).collect()
}

/// The start of a line of `results.json` with a job's remote id, and the end of the line before it. No line within a
/// text can look like this, and deeper levels hold the user's own columns.
const REMOTE_ID: &[u8] = b"\n      \"remote_id\": \"";

/// The start of a `results.json` in the form in which this program writes it.
const START: &[u8] = b"{\n  \"";

/// The number of bytes searched at a time.
const BLOCK: u64 = 1 << 20;

/// Whether `is_wanted` holds for a remote id in `results.json`. The file of a large campaign is far longer than any
/// other input, so it is searched as text if it has the form in which this program writes it.
fn any_remote_id(path: &Path, is_wanted: impl Fn(&str) -> bool) -> io::Result<bool> {
    let mut file = open_own(path, File::options().read(true))?;
    let mut block = Vec::new();
    file.by_ref().take(START.len() as u64).read_to_end(&mut block)?;
    if block != START {
        let results = serde_json::from_slice(&read_own(path)?)?;
        return Ok(any_remote_id_of(&results, is_wanted));
    }
    let lines = memchr::memmem::Finder::new(REMOTE_ID);
    while file.by_ref().take(BLOCK).read_to_end(&mut block)? > 0 {
        // The last line may be incomplete; it is searched with the next block.
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

/// Does the same for a `results.json` that was reformatted.
fn any_remote_id_of(results: &Value, is_wanted: impl Fn(&str) -> bool) -> bool {
    let mut ids = ["jobs", "gone_from_sheet"]
        .into_iter()
        .filter_map(|list| results.get(list)?.as_array())
        .flatten()
        .filter_map(|job| job.get("remote_id")?.as_str());
    ids.any(is_wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns every remote id that is examined when none matches.
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
    fn remote_ids_are_found_in_written_and_reformatted_results_but_not_in_texts() {
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
    fn every_remote_id_is_found_across_blocks() {
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
