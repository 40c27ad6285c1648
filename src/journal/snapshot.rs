//! Queries about a journal that need no lock: [`JournalSnapshot`].

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::error::JournalError;
use super::reader::{Identity, Reader, damaged, parse_event, parse_job, text};
use crate::model::{
    Entry, Event, Fingerprint, JobEvent, JobId, JobSpec, JobState, RecordedCap, Timestamp,
};

/// The whole content of a journal at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalSnapshot {
    /// The campaign it belongs to.
    pub identity: Identity,
    /// Every job that was ever part of the campaign, as last planned.
    pub jobs: Vec<Arc<JobSpec>>,
    /// All entries, in order.
    pub entries: Vec<Entry>,
}

impl JournalSnapshot {
    /// Reads the journal of the output folder `folder`; `None` if there is none. Needs no lock and reads one consistent
    /// moment, even during a run.
    ///
    /// # Errors
    /// If the file cannot be read or is not a journal.
    pub fn read(folder: &Path) -> Result<Option<Self>, JournalError> {
        let Some(reader) = Reader::open(folder)? else {
            return Ok(None);
        };
        // Damage explains all other errors.
        reader.check_pages()?;
        let mut entries = Vec::new();
        reader.for_each_entry(i64::MIN, |entry| entries.push(entry))?;
        Ok(Some(Self { identity: reader.identity()?, jobs: reader.jobs()?, entries }))
    }

    /// Returns the entries that were appended to the journal of `folder` after `last`, without reading the others;
    /// `None` if `last` is not in it, because another journal has taken its place.
    ///
    /// # Errors
    /// If the file cannot be read or is not a journal.
    pub fn read_since(folder: &Path, last: &Entry) -> Result<Option<Vec<Entry>>, JournalError> {
        match Reader::open(folder)? {
            Some(reader) => reader.entries_since(last),
            None => Ok(None),
        }
    }

    /// Returns those of the jobs `wanted` that the journal of `folder` holds, as last planned and in the order in which
    /// they were first saved.
    ///
    /// # Errors
    /// If the file cannot be read or is not a journal.
    pub fn read_jobs(
        folder: &Path,
        wanted: &HashSet<&JobId>,
    ) -> Result<Vec<Arc<JobSpec>>, JournalError> {
        let mut found = Vec::new();
        if wanted.is_empty() {
            return Ok(found);
        }
        let Some(reader) = Reader::open(folder)? else {
            return Ok(found);
        };
        let sql = "SELECT id, specification FROM jobs ORDER BY rowid";
        reader.for_each_row(sql, [], |row| {
            let id = text(row, 0)?.parse::<JobId>();
            if id.is_ok_and(|id| wanted.contains(&id)) {
                found.push(parse_job(text(row, 1)?)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Returns for each of `jobs` whether the journal of `folder` lacks it or holds another version of it.
    ///
    /// # Errors
    /// If the file cannot be read or is not a journal.
    pub fn unsaved_jobs(folder: &Path, jobs: &[Arc<JobSpec>]) -> Result<Vec<bool>, JournalError> {
        let mut unsaved = vec![true; jobs.len()];
        let Some(reader) = Reader::open(folder)? else {
            return Ok(unsaved);
        };
        let indices: HashMap<&str, usize> =
            jobs.iter().map(|job| job.id.as_str()).zip(0..).collect();
        let mut planned = Vec::new();
        reader.for_each_row("SELECT id, specification FROM jobs", [], |row| {
            if let Some(&index) = indices.get(text(row, 0)?) {
                planned.clear();
                serde_json::to_writer(&mut planned, &*jobs[index])
                    .map_err(|error| damaged(error.to_string()))?;
                unsaved[index] = planned != text(row, 1)?.as_bytes();
            }
            Ok(())
        })?;
        Ok(unsaved)
    }

    /// Returns the newest cap that the journal of `folder` has recorded, and when, if it is a journal of `campaign`.
    ///
    /// # Errors
    /// If the file cannot be read or is not a journal.
    pub fn read_cap(
        folder: &Path,
        campaign: &Identity,
    ) -> Result<Option<(Timestamp, RecordedCap)>, JournalError> {
        let Some(reader) = Reader::open(folder)? else {
            return Ok(None);
        };
        if reader.identity()? != *campaign {
            return Ok(None);
        }
        let mut newest = None;
        let sql = "SELECT sequence, at, event FROM entries WHERE instr(event, '\"run_started\"') = 2 ORDER BY sequence";
        reader.for_each_row(sql, [], |row| {
            if let Event::RunStarted { cap: Some(cap), .. } =
                parse_event(row.get(0)?, text(row, 2)?)?
            {
                newest = Some((Timestamp::from_millis(row.get(1)?), cap));
            }
            Ok(())
        })?;
        Ok(newest)
    }

    /// Returns the jobs of the journal of `folder` that have sent one of the requests `wanted` in their newest submit,
    /// with their states without times. Keeps only these in memory.
    ///
    /// # Errors
    /// If the file cannot be read or is not a journal.
    pub fn read_states(
        folder: &Path,
        wanted: &HashSet<&Fingerprint>,
    ) -> Result<Vec<(JobId, Fingerprint, JobState)>, JournalError> {
        let Some(reader) = Reader::open(folder)? else {
            return Ok(Vec::new());
        };
        let mut jobs: HashSet<JobId> = HashSet::new();
        let sql = "SELECT sequence, event FROM entries WHERE instr(event, '\"fingerprint\"')";
        for_each_job_event(&reader, sql, |job, event| {
            if event.fingerprint().is_some_and(|it| wanted.contains(it)) {
                jobs.insert(job);
            }
        })?;
        let mut states: HashMap<JobId, JobState> = HashMap::new();
        if !jobs.is_empty() {
            let sql = "SELECT sequence, event FROM entries ORDER BY sequence";
            for_each_job_event(&reader, sql, |job, event| {
                if jobs.contains(&job) {
                    // A run of that campaign reports contradictions.
                    drop(states.entry(job).or_default().apply(Timestamp::default(), &event));
                }
            })?;
        }
        let states = states.into_iter();
        let states =
            states.filter_map(|(job, state)| Some((job, state.fingerprint.clone()?, state)));
        Ok(states.filter(|(_, sent, _)| wanted.contains(sent)).collect())
    }
}

/// Calls `take` with each job event that `sql` selects as sequence number and event.
fn for_each_job_event(
    reader: &Reader,
    sql: &str,
    mut take: impl FnMut(JobId, JobEvent),
) -> Result<(), JournalError> {
    reader.for_each_row(sql, [], |row| {
        if let Event::Job { job, event } = parse_event(row.get(0)?, text(row, 1)?)? {
            take(job, event);
        }
        Ok(())
    })
}
