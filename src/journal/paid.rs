//! What a journal has paid for, found without reading it into memory.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use rusqlite::Connection;

use super::reading::{each_row, event_of, identity, open, text};
use super::record::Identity;
use super::store::{JournalError, path_of};
use crate::model::{Event, Fingerprint, JobEvent, JobId, Phase};

/// Of `wanted`, the requests that the journal of `out` has sent to the provider and that have not failed, and
/// whose journal it is. None of it is kept in memory but what is wanted; nothing is looked at if the
/// journal is not one that `is_of_interest`.
pub(super) fn paid_for(
    out: &Path,
    is_of_interest: impl FnOnce(&Identity) -> bool,
    wanted: &HashSet<&Fingerprint>,
) -> Result<Option<(Identity, HashSet<Fingerprint>)>, JournalError> {
    let path = path_of(out);
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
