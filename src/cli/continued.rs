//! Jobs that go on under the name they were paid for as, though their row makes another of it by now.
//!
//! A row with the id `a` makes the job `a` of one ratio. Given a second one it makes `a-9x16` and `a-1x1`, and one
//! of them is the video that `a` was paid for as. Its row is still the same and so is what it asks for, so it
//! keeps its name on record, and with it its tag and its file.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::campaign::Manifest;
use super::file_names::key;
use super::herald::Printer;
use super::past::Told;
use crate::journal::{JournalError, JournalSnapshot};
use crate::model::{Credits, Fingerprint, History, JobId, JobSpec, JobState, Phase};

/// So many are named one by one.
const MOST_NAMED: usize = 3;

/// A job that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Continued {
    /// What the sheet calls it.
    pub(super) sheet: JobId,
    /// What it was paid for as.
    pub(super) known: JobId,
}

impl Manifest {
    /// Gives the jobs that go on by what is `told` of the past the names they have there. To be done before
    /// anything else is made of the past; to do it twice changes nothing.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(super) fn go_on(&mut self, told: &Told) -> Result<(), JournalError> {
        let history = told.history();
        let part = self.part.as_ref();
        // What another shard has is that one's.
        let is_own = |id: &JobId| part.is_none_or(|part| part.shard.holds(id));
        let found = find(&self.plan.jobs, self.every_job(), history, is_own);
        if found.is_empty() {
            return Ok(());
        }
        let wanted = found.iter().map(|(_, known)| known).collect();
        let earlier = JournalSnapshot::read_jobs(&self.out, &wanted)?;
        let mut stems: HashSet<String> = self
            .plan
            .jobs
            .iter()
            .map(|job| key(&job.file_name))
            .collect();
        for (place, known) in found {
            let job = Arc::make_mut(&mut self.plan.jobs[place]);
            let sheet = std::mem::replace(&mut job.id, known.clone());
            let earlier = earlier.iter().find(|job| job.id == known);
            if let Some(earlier) = earlier
                && stems.insert(key(&earlier.file_name))
            {
                job.file_name.clone_from(&earlier.file_name);
            }
            let job = Arc::clone(&self.plan.jobs[place]);
            if let Some(part) = &mut self.part
                && let Some(same) = part.all.iter_mut().find(|job| job.id == sheet)
            {
                *same = job;
            }
            self.continued.push(Continued { sheet, known });
        }
        Ok(())
    }

    /// Says which jobs go on under another name than the sheet gives them.
    pub(super) fn tell_continued(&self, herald: Printer) {
        for Continued { sheet, known } in self.continued.iter().take(MOST_NAMED) {
            herald.note(&format!(
                "`{sheet}` is the video paid for as `{known}`, and goes on under that name"
            ));
        }
        let more = self.continued.len().saturating_sub(MOST_NAMED);
        if more > 0 {
            herald.note(&format!(
                "so do {more} more, whose rows have an `id` and other ratios or personas than before"
            ));
        }
    }

    /// The name on record of the job that somebody calls `id`: whoever reads the sheet knows no other.
    pub(super) fn known_as<'a>(&'a self, id: &'a JobId) -> &'a JobId {
        let mut continued = self.continued.iter();
        let same = continued.find(|continued| continued.sheet == *id);
        same.map_or(id, |continued| &continued.known)
    }

    /// Every job as the sheet calls it.
    pub(super) fn as_in_sheet(&self) -> Vec<Arc<JobSpec>> {
        let mut jobs = self.every_job().to_vec();
        let continued = self.continued.iter();
        let sheet: HashMap<&JobId, &JobId> = continued.map(|it| (&it.known, &it.sheet)).collect();
        for job in &mut jobs {
            if let Some(sheet) = sheet.get(&job.id) {
                Arc::make_mut(job).id = (*sheet).clone();
            }
        }
        jobs
    }

    /// `id` as [the sheet](Self::as_in_sheet) calls it. The id of a row stays what it is: it stands for all that
    /// the row makes.
    pub(super) fn called_in_sheet(&self, id: String) -> String {
        let is_meant = |it: &&Continued| it.known.as_str() == id && extends(&it.known, &it.sheet);
        let found = self.continued.iter().find(is_meant);
        found.map_or(id, |continued| continued.sheet.to_string())
    }
}

/// Which of `jobs` go on, by their places, and what they were paid for as. `every` job has its row's others in it.
fn find(
    jobs: &[Arc<JobSpec>],
    every: &[Arc<JobSpec>],
    history: &History,
    is_own: impl Fn(&JobId) -> bool,
) -> Vec<(usize, JobId)> {
    if history.is_empty() {
        return Vec::new();
    }
    let is_new = |(_, job): &(usize, &Arc<JobSpec>)| history.place(&job.id).is_none();
    let mut new = jobs.iter().enumerate().filter(is_new).peekable();
    if new.peek().is_none() {
        return Vec::new();
    }
    let in_sheet: HashSet<&JobId> = every.iter().map(|job| &job.id).collect();
    let mut gone: HashMap<&Fingerprint, Vec<&JobId>> = HashMap::new();
    for (id, state) in history.states() {
        if !in_sheet.contains(id)
            && is_own(id)
            && is_paid(state)
            && let Some(fingerprint) = &state.fingerprint
        {
            gone.entry(fingerprint).or_default().push(id);
        }
    }
    if gone.is_empty() {
        return Vec::new();
    }
    let mut of_row: HashMap<(&str, u32), usize> = HashMap::new();
    for job in every {
        *of_row.entry(row_of(job)).or_default() += 1;
    }
    let mut found = Vec::new();
    let mut taken: HashSet<&JobId> = HashSet::new();
    for (place, job) in new {
        let is_alone = of_row.get(&row_of(job)).is_none_or(|count| *count < 2);
        // A row that makes one job has no name but its own, and another name is another row's.
        let is_same_row = |known: &&&JobId| {
            if is_alone {
                extends(known, &job.id)
            } else {
                extends(&job.id, known)
            }
        };
        let known = gone.get(&job.fingerprint).map_or(&[][..], Vec::as_slice);
        let mut known = known.iter().filter(is_same_row);
        if let (Some(only), None) = (known.next(), known.next())
            && taken.insert(only)
        {
            found.push((place, (*only).clone()));
        }
    }
    found
}

/// The row or item that makes it.
fn row_of(job: &JobSpec) -> (&str, u32) {
    (job.origin.file.as_str(), job.origin.line)
}

/// Whether `id` is that of a job of the row `row` that makes several. A number at its end alone is another's: a copy
/// of the same, which is wanted.
fn extends(id: &JobId, row: &JobId) -> bool {
    let rest = id.as_str().strip_prefix(row.as_str());
    let rest = rest.and_then(|rest| rest.strip_prefix('-'));
    rest.is_some_and(|rest| !rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether there is, or will be, a video that has cost something, or may have.
fn is_paid(state: &JobState) -> bool {
    match state.phase {
        Phase::Submitting
        | Phase::InDoubt { .. }
        | Phase::Rendering { .. }
        | Phase::Fetching { .. }
        | Phase::Done { .. } => true,
        Phase::Pending | Phase::Failed { .. } => state.spent() + state.promised() > Credits::ZERO,
    }
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
