//! Reading the database back: jobs, entries and the check of the file beside each other, because a
//! campaign of 100,000 jobs leaves half a million entries.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};

use super::record::{Identity, Record};
use super::store::{APPLICATION_ID, FORMAT_VERSION, JournalError, database, path_of};
use crate::model::{Entry, Event, Fingerprint, JobEvent, JobId, JobSpec, Phase, Timestamp};

/// Everything the journal of the output folder `out` holds; `None` if there is none.
pub(super) fn read(out: &Path) -> Result<Option<Record>, JournalError> {
    let path = path_of(out);
    let Some(connection) = open(&path)? else {
        return Ok(None);
    };
    let identity = identity(&connection, &path);
    // Entries are only ever appended, so that those up to this one are the same for every reader.
    let last = connection
        .query_row("SELECT max(sequence) FROM entries", [], |row| row.get(0))
        .map_err(|e| unreadable(&path, e));
    let (jobs, entries) = std::thread::scope(|scope| {
        let jobs = scope.spawn(|| read_jobs(&reader(&path)?, &path));
        let entries = scope.spawn(|| last.and_then(|last| read_entries(&path, last)));
        check(&connection, &path)?;
        Ok((joined(jobs)?, joined(entries)?))
    })?;
    Ok(Some(Record {
        identity: identity?,
        jobs,
        entries,
    }))
}

/// What has been appended to the journal of `out` after `last`; `None` if `last` is not in it, or there is
/// none. The file is not checked again: whoever reads on has read it before.
pub(super) fn read_on(out: &Path, last: &Entry) -> Result<Option<Vec<Entry>>, JournalError> {
    let path = path_of(out);
    if open(&path)?.is_none() {
        return Ok(None);
    }
    let from = i64::try_from(last.sequence).unwrap_or(i64::MAX);
    let mut entries = read_part(&path, from, i64::MAX)?;
    if entries.first() != Some(last) {
        return Ok(None);
    }
    entries.remove(0);
    Ok(Some(entries))
}

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

/// A reader of the journal at `path`, which is one of ours; `None` if there is nothing in it yet.
fn open(path: &Path) -> Result<Option<Connection>, JournalError> {
    if !path.try_exists().unwrap_or(true) {
        return Ok(None);
    }
    let connection = reader(path)?;
    let number = |pragma: &str| -> Result<i32, JournalError> {
        connection
            .pragma_query_value(None, pragma, |row| row.get(0))
            .map_err(|e| unreadable(path, e))
    };
    let (application, version) = (number("application_id")?, number("user_version")?);
    if application == 0 && version == 0 && is_empty(&connection).map_err(|e| unreadable(path, e))? {
        // Created, and the program died before the first transaction: there is nothing in it.
        return Ok(None);
    }
    if application != APPLICATION_ID {
        let path = path.to_owned();
        return Err(JournalError::Foreign { path });
    }
    if version > FORMAT_VERSION {
        return Err(JournalError::Newer {
            path: path.to_owned(),
            found: version,
            known: FORMAT_VERSION,
        });
    }
    Ok(Some(connection))
}

fn identity(connection: &Connection, path: &Path) -> Result<Identity, JournalError> {
    connection
        .query_row("SELECT campaign, is_sandbox FROM identity", [], |row| {
            Ok(Identity {
                campaign: row.get(0)?,
                is_sandbox: row.get(1)?,
            })
        })
        .map_err(|e| unreadable(path, e))
}

/// A connection that cannot write, in a transaction, so that all it reads is of one moment.
fn reader(path: &Path) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|e| database(path, e))?;
    connection
        .busy_timeout(std::time::Duration::from_secs(10))
        .map_err(|e| database(path, e))?;
    connection
        .execute_batch("BEGIN")
        .map_err(|e| unreadable(path, e))?;
    Ok(connection)
}

/// What a thread has read; if it panicked, so does this one.
fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Whether the pages of the file fit together.
fn check(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let check: String = connection
        .pragma_query_value(None, "quick_check", |row| row.get(0))
        .map_err(|e| unreadable(path, e))?;
    if check == "ok" {
        return Ok(());
    }
    Err(JournalError::Damaged {
        path: path.to_owned(),
        detail: check,
    })
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| {
        row.get(0)
    })
}

fn read_jobs(connection: &Connection, path: &Path) -> Result<Vec<Arc<JobSpec>>, JournalError> {
    let mut jobs = Vec::new();
    let sql = "SELECT specification FROM jobs ORDER BY rowid";
    each_row(connection, path, (sql, []), |row| {
        let job =
            serde_json::from_str(text(row, 0)?).map_err(|error| Fault::of("a job", &error))?;
        jobs.push(job);
        Ok(())
    })?;
    Ok(jobs)
}

/// So many entries are read by one thread; more are shared out.
const ENTRIES_A_THREAD: i64 = 50_000;

/// More threads would wait for the disk.
const MOST_THREADS: i64 = 4;

/// The entries up to `last`, in order.
fn read_entries(path: &Path, last: Option<i64>) -> Result<Vec<Entry>, JournalError> {
    let last = last.unwrap_or(0);
    let threads = (last / ENTRIES_A_THREAD).clamp(1, MOST_THREADS);
    let share = last / threads + 1;
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|part| {
                // What has a number below 1 is refused when it is read, and must not be passed over.
                let from = if part == 0 { i64::MIN } else { part * share };
                let until = ((part + 1) * share - 1).min(last);
                scope.spawn(move || read_part(path, from, until))
            })
            .collect();
        let mut entries = Vec::new();
        for part in parts {
            entries.append(&mut joined(part)?);
        }
        Ok(entries)
    })
}

fn read_part(path: &Path, from: i64, until: i64) -> Result<Vec<Entry>, JournalError> {
    let connection = reader(path)?;
    let mut entries = Vec::new();
    let sql = "SELECT sequence, at, event FROM entries
               WHERE sequence BETWEEN ?1 AND ?2 ORDER BY sequence";
    each_row(&connection, path, (sql, [from, until]), |row| {
        let number: i64 = row.get(0)?;
        let event = event_of(number, text(row, 2)?)?;
        let sequence = u64::try_from(number)
            .map_err(|_| Fault::Damaged(format!("an entry has the number {number}")))?;
        entries.push(Entry {
            sequence,
            at: Timestamp::from_millis(row.get(1)?),
            event,
        });
        Ok(())
    })?;
    Ok(entries)
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

fn event_of(number: i64, text: &str) -> Result<Event, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::of(&format!("entry {number}"), &error))
}

/// What is wrong with a row.
enum Fault {
    Database(rusqlite::Error),
    Damaged(String),
}

impl Fault {
    fn of(what: &str, error: &serde_json::Error) -> Self {
        Self::Damaged(format!("{what} cannot be read ({error})"))
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// The text of a column, where it lies.
fn text<'row>(row: &'row rusqlite::Row<'_>, column: usize) -> Result<&'row str, Fault> {
    row.get_ref(column)?
        .as_str()
        .map_err(|error| Fault::Damaged(format!("a text cannot be read ({error})")))
}

/// Hands every row of a query to `take`.
fn each_row<P: rusqlite::Params>(
    connection: &Connection,
    path: &Path,
    (sql, parameters): (&str, P),
    mut take: impl FnMut(&rusqlite::Row<'_>) -> Result<(), Fault>,
) -> Result<(), JournalError> {
    let all = || -> Result<(), Fault> {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query(parameters)?;
        while let Some(row) = rows.next()? {
            take(row)?;
        }
        Ok(())
    };
    all().map_err(|fault| match fault {
        Fault::Database(error) => unreadable(path, error),
        Fault::Damaged(detail) => JournalError::Damaged {
            path: path.to_owned(),
            detail,
        },
    })
}

/// An error while reading says what the file is, where SQLite knows.
fn unreadable(path: &Path, source: rusqlite::Error) -> JournalError {
    use rusqlite::ErrorCode;
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => JournalError::Foreign { path },
        Some(ErrorCode::DatabaseCorrupt) => JournalError::Damaged {
            path,
            detail: source.to_string(),
        },
        Some(_) | None => JournalError::Database { path, source },
    }
}
