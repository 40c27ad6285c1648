//! [`JournalSnapshot`]: what a journal holds, and questions about it.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use super::error::JournalError;
use super::file::path_of;
use super::identity::Identity;
use super::reader::{self, Fault, each_row, event_of, identity, join, open, reader, text};
use super::replay::{Replay, replay};
use crate::model::{Entry, Event, Fingerprint, JobEvent, JobId, JobSpec, Phase};

/// Everything a journal holds.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalSnapshot {
    /// Whose it is.
    pub identity: Identity,
    /// Every job that was ever part of the campaign, as it was last planned.
    pub jobs: Vec<Arc<JobSpec>>,
    /// What became true, in order.
    pub entries: Vec<Entry>,
}

impl JournalSnapshot {
    /// The jobs of `wanted` that the journal of `folder` knows, as they were last planned.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read_jobs(
        folder: &Path,
        wanted: &HashSet<&JobId>,
    ) -> Result<Vec<Arc<JobSpec>>, JournalError> {
        let path = path_of(folder);
        let mut found = Vec::new();
        if wanted.is_empty() {
            return Ok(found);
        }
        let Some(connection) = open(&path)? else {
            return Ok(found);
        };
        let sql = "SELECT id, specification FROM jobs ORDER BY rowid";
        each_row(&connection, &path, (sql, []), |row| {
            let is_wanted = text(row, 0)?
                .parse()
                .is_ok_and(|id: JobId| wanted.contains(&id));
            if is_wanted {
                found.push(specification(text(row, 1)?)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// For each of `jobs` whether the journal of `folder` does not hold it as it is.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn unsaved_jobs(folder: &Path, jobs: &[Arc<JobSpec>]) -> Result<Vec<bool>, JournalError> {
        let path = path_of(folder);
        let mut unsaved_jobs = vec![true; jobs.len()];
        let Some(connection) = open(&path)? else {
            return Ok(unsaved_jobs);
        };
        let places: HashMap<&str, usize> =
            jobs.iter().map(|job| job.id.as_str()).zip(0..).collect();
        let mut planned = Vec::new();
        let sql = "SELECT id, specification FROM jobs";
        each_row(&connection, &path, (sql, []), |row| {
            if let Some(&place) = places.get(text(row, 0)?) {
                planned.clear();
                serde_json::to_writer(&mut planned, &*jobs[place])
                    .map_err(|error| Fault::of("a job", &error))?;
                unsaved_jobs[place] = planned != text(row, 1)?.as_bytes();
            }
            Ok(())
        })?;
        Ok(unsaved_jobs)
    }

    /// Reads the journal of the output folder `folder` without locking it; `None` if there is none.
    /// What is read is one consistent moment, even while a run is going on.
    pub fn read(folder: &Path) -> Result<Option<Self>, JournalError> {
        let path = path_of(folder);
        if open(&path)?.is_none() {
            return Ok(None);
        }
        let (jobs, replayed) = std::thread::scope(|scope| {
            let jobs = scope.spawn(|| read_jobs(&reader(&path)?, &path));
            let replayed = replay(folder, || None);
            (join(jobs), replayed)
        });
        let Some(Replay {
            identity, state, ..
        }) = replayed?
        else {
            return Ok(None);
        };
        Ok(Some(Self {
            identity,
            jobs: jobs?,
            entries: state,
        }))
    }

    /// What has been appended to the journal of `folder` since `last`, and nothing else of it; `None` if
    /// `last` is not in it: it is another journal by now, to be read from its beginning.
    pub fn read_since(folder: &Path, last: &Entry) -> Result<Option<Vec<Entry>>, JournalError> {
        reader::read_since(folder, last)
    }

    /// Of the requests that are `wanted`, those that the journal of `folder` has paid for, or may have, and whose
    /// journal it is; `None` if there is none, or not one that `is_of_interest`. It is not read into memory.
    pub fn find_paid(
        folder: &Path,
        is_of_interest: impl FnOnce(&Identity) -> bool,
        wanted: &HashSet<&Fingerprint>,
    ) -> Result<Option<(Identity, HashSet<Fingerprint>)>, JournalError> {
        let path = path_of(folder);
        let Some(connection) = open(&path)? else {
            return Ok(None);
        };
        let identity = identity(&connection, &path)?;
        if !is_of_interest(&identity) {
            return Ok(None);
        }
        let mut jobs: HashSet<JobId> = HashSet::new();
        let sql = "SELECT sequence, event FROM entries WHERE instr(event, '\"fingerprint\"')";
        each_event(&connection, &path, sql, |job, event| {
            if event.fingerprint().is_some_and(|it| wanted.contains(it)) {
                jobs.insert(job);
            }
        })?;
        if jobs.is_empty() {
            return Ok(Some((identity, HashSet::new())));
        }
        let mut phases: HashMap<JobId, (Phase, Option<Fingerprint>)> = HashMap::new();
        let sql = "SELECT sequence, event FROM entries ORDER BY sequence";
        each_event(&connection, &path, sql, |job, event| {
            if !jobs.contains(&job) {
                return;
            }
            let (phase, fingerprint) = phases.entry(job).or_insert((Phase::Pending, None));
            // A contradiction is told by whoever runs that campaign.
            if let Ok(next) = phase.apply(&event) {
                *phase = next;
                *fingerprint = event.fingerprint().cloned().or(fingerprint.take());
            }
        })?;
        let paid = phases.into_values().filter(|(phase, _)| match phase {
            Phase::Submitting
            | Phase::InDoubt { .. }
            | Phase::Rendering { .. }
            | Phase::Fetching { .. }
            | Phase::Done { .. } => true,
            Phase::Pending | Phase::Failed { .. } => false,
        });
        let paid = paid.filter_map(|(_, fingerprint)| fingerprint);
        Ok(Some((
            identity,
            paid.filter(|it| wanted.contains(it)).collect(),
        )))
    }
}

fn read_jobs(connection: &Connection, path: &Path) -> Result<Vec<Arc<JobSpec>>, JournalError> {
    let mut jobs = Vec::new();
    let sql = "SELECT specification FROM jobs ORDER BY rowid";
    each_row(connection, path, (sql, []), |row| {
        jobs.push(specification(text(row, 0)?)?);
        Ok(())
    })?;
    Ok(jobs)
}

fn specification(text: &str) -> Result<Arc<JobSpec>, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::of("a job", &error))
}

/// Hands what a query of numbers and events finds of jobs to `take`.
fn each_event(
    connection: &Connection,
    path: &Path,
    sql: &str,
    mut take: impl FnMut(JobId, JobEvent),
) -> Result<(), JournalError> {
    each_row(connection, path, (sql, []), |row| {
        let number: i64 = row.get(0)?;
        if let Event::Job { job, event } = event_of(number, text(row, 1)?)? {
            take(job, event);
        }
        Ok(())
    })
}
