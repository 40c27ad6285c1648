//! Paid jobs that keep their recorded id although their row now produces a different id.
//!
//! Earlier versions gave rows without an id other ids, if their texts are not in Latin letters.
//!
//! A row with the id `a` and one ratio makes the job `a`. With a second ratio it makes `a-9x16` and `a-1x1`, and one of
//! them is the video that was paid for as `a`. Row and request are unchanged, so that job keeps its recorded id, and
//! with it its tag and its file.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::is_paid;
use crate::app::manifest::{LoadedManifest, RenamedJob};
use crate::app::notices::Notices;
use crate::app::recorded_state::JournalFold;
use crate::app::reserved_names::stem_key;
use crate::journal::{JournalError, JournalSnapshot};
use crate::model::{Fingerprint, History, JobId, JobSpec};

/// The number of renamed jobs that are named one by one.
const MAX_NAMED: usize = 3;

impl LoadedManifest {
    /// Renames jobs to their recorded ids. Idempotent. Call it before any other use of the history.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) fn apply_renames(&mut self, fold: &JournalFold) -> Result<(), JournalError> {
        let history = fold.history();
        let shard = self.shard.as_ref();
        let is_own = |id: &JobId| shard.is_none_or(|shard| shard.shard.holds(id));
        let renames = find_renames(&self.plan.jobs, self.every_job(), history, is_own);
        if renames.is_empty() {
            return Ok(());
        }
        let wanted = renames.iter().map(|(_, recorded)| recorded).collect();
        let earlier = JournalSnapshot::read_jobs(&self.out, &wanted)?;
        let mut stems: HashSet<String> =
            self.plan.jobs.iter().map(|job| stem_key(&job.file_name)).collect();
        for (place, recorded) in renames {
            let job = Arc::make_mut(&mut self.plan.jobs[place]);
            let sheet = std::mem::replace(&mut job.id, recorded.clone());
            job.former_id = None;
            let earlier = earlier.iter().find(|job| job.id == recorded);
            if let Some(earlier) = earlier
                && stems.insert(stem_key(&earlier.file_name))
            {
                job.file_name.clone_from(&earlier.file_name);
            }
            let job = Arc::clone(&self.plan.jobs[place]);
            if let Some(shard) = &mut self.shard
                && let Some(same) = shard.all.iter_mut().find(|job| job.id == sheet)
            {
                *same = job;
            }
            self.renamed.push(RenamedJob { sheet, recorded });
        }
        Ok(())
    }

    /// Reports the jobs that keep a recorded id.
    pub(crate) fn report_renames(&self, notices: &Notices) {
        for RenamedJob { sheet, recorded } in self.renamed.iter().take(MAX_NAMED) {
            notices.note(&format!(
                "`{sheet}` is the video paid for as `{recorded}`, and keeps that id"
            ));
        }
        let more = self.renamed.len().saturating_sub(MAX_NAMED);
        if more > 0 {
            notices.note(&format!(
                "{more} more jobs keep their former ids: their rows have an `id` and other ratios or personas than before"
            ));
        }
    }

    /// Returns the recorded id of the job that the sheet calls `id`.
    pub(crate) fn recorded_id<'a>(&'a self, id: &'a JobId) -> &'a JobId {
        let mut renamed = self.renamed.iter();
        let same = renamed.find(|renamed| renamed.sheet == *id);
        same.map_or(id, |renamed| &renamed.recorded)
    }

    /// Returns every job under the id that the sheet gives it.
    pub(crate) fn jobs_as_in_sheet(&self) -> Vec<Arc<JobSpec>> {
        let mut jobs = self.every_job().to_vec();
        let renamed = self.renamed.iter();
        let sheet: HashMap<&JobId, &JobId> = renamed.map(|it| (&it.recorded, &it.sheet)).collect();
        for job in &mut jobs {
            if let Some(sheet) = sheet.get(&job.id) {
                Arc::make_mut(job).id = (*sheet).clone();
            }
        }
        jobs
    }

    /// Returns the id that the sheet gives the job recorded as `id`. The id of a row stays: it stands for all jobs of
    /// the row.
    pub(crate) fn id_in_sheet(&self, id: String) -> String {
        let is_meant =
            |it: &&RenamedJob| it.recorded.as_str() == id && extends(&it.recorded, &it.sheet);
        let found = self.renamed.iter().find(is_meant);
        found.map_or(id, |renamed| renamed.sheet.to_string())
    }
}

/// Returns the indices of the renamed jobs in `jobs` with their recorded ids. `every_job` includes other shards' jobs
/// of the same rows.
fn find_renames(
    jobs: &[Arc<JobSpec>],
    every_job: &[Arc<JobSpec>],
    history: &History,
    is_own: impl Fn(&JobId) -> bool,
) -> Vec<(usize, JobId)> {
    if history.is_empty() {
        return Vec::new();
    }
    let is_new = |(_, job): &(usize, &Arc<JobSpec>)| history.index_of(&job.id).is_none();
    let mut new = jobs.iter().enumerate().filter(is_new).peekable();
    if new.peek().is_none() {
        return Vec::new();
    }
    let in_sheet: HashSet<&JobId> = every_job.iter().map(|job| &job.id).collect();
    let mut removed: HashMap<&Fingerprint, Vec<&JobId>> = HashMap::new();
    for (id, state) in history.states() {
        if !in_sheet.contains(id)
            && is_own(id)
            && is_paid(state)
            && let Some(fingerprint) = &state.fingerprint
        {
            removed.entry(fingerprint).or_default().push(id);
        }
    }
    if removed.is_empty() {
        return Vec::new();
    }
    let mut jobs_of_row: HashMap<(&str, u32), usize> = HashMap::new();
    for job in every_job {
        *jobs_of_row.entry(row_of(job)).or_default() += 1;
    }
    let mut renames = Vec::new();
    let mut taken: HashSet<&JobId> = HashSet::new();
    for (place, job) in new {
        let is_single = jobs_of_row.get(&row_of(job)).is_none_or(|count| *count < 2);
        let content = format!("-{}-{}", job.request.aspect_ratio, &job.fingerprint.as_str()[..6]);
        // A row that was known by its content may get an id. Copies of it are interchangeable.
        let is_same_content = |recorded: &JobId| recorded.as_str().contains(&content);
        // The id of a row with a single job has no suffix, so the recorded id must extend it, and the reverse.
        let is_same_row = |recorded: &JobId| {
            if is_single { extends(recorded, &job.id) } else { extends(&job.id, recorded) }
        };
        let recorded = removed.get(&job.fingerprint).map_or(&[][..], Vec::as_slice);
        let free = || recorded.iter().copied().filter(|id| !taken.contains(id));
        let former = free().find(|id| job.former_id.as_ref() == Some(*id));
        let mut same_row = free().filter(|id| is_same_row(id));
        let only = same_row.next().filter(|_| same_row.next().is_none());
        let same = former.or(only).or_else(|| free().find(|id| is_same_content(id)));
        if let Some(same) = same {
            taken.insert(same);
            renames.push((place, same.clone()));
        }
    }
    renames
}

/// Returns the row or item that makes the job.
fn row_of(job: &JobSpec) -> (&str, u32) {
    (job.origin.file.as_ref(), job.origin.line)
}

/// Whether `id` is the id of a job of the row `row` that makes several. A suffix of digits alone marks a second row
/// with the same content, which is a job of its own.
fn extends(id: &JobId, row: &JobId) -> bool {
    let rest = id.as_str().strip_prefix(row.as_str());
    let rest = rest.and_then(|rest| rest.strip_prefix('-'));
    rest.is_some_and(|rest| !rest.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_of_a_row_extends_its_id_and_a_copy_does_not() {
        let extends = |id: &str, row: &str| extends(&id.parse().unwrap(), &row.parse().unwrap());
        for (id, row, is_so) in [
            ("a-9x16", "a", true),
            ("a-anna-9x16", "a", true),
            ("a-b-1x1", "a-b", true),
            ("a-2", "a", false),
            ("a", "a", false),
            ("ab-1x1", "a", false),
            ("a", "a-9x16", false),
        ] {
            assert_eq!(extends(id, row), is_so, "{id} {row}");
        }
    }
}
