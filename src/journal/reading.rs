//! Reading the database back: jobs, entries and the check of the file beside each other, because a
//! campaign of 100,000 jobs leaves half a million entries.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};

use super::record::{Identity, Record};
use super::store::{APPLICATION_ID, FORMAT_VERSION, JournalError, database, path_of};
use crate::model::{Entry, JobSpec, Timestamp};

/// Everything the journal of the output folder `out` holds; `None` if there is none.
pub(super) fn read(out: &Path) -> Result<Option<Record>, JournalError> {
    let path = path_of(out);
    if !path.try_exists().unwrap_or(true) {
        return Ok(None);
    }
    let connection = reader(&path)?;
    let number = |pragma: &str| -> Result<i32, JournalError> {
        connection
            .pragma_query_value(None, pragma, |row| row.get(0))
            .map_err(|e| unreadable(&path, e))
    };
    let (application, version) = (number("application_id")?, number("user_version")?);
    if application == 0
        && version == 0
        && is_empty(&connection).map_err(|e| unreadable(&path, e))?
    {
        // Created, and the program died before the first transaction: there is nothing in it.
        return Ok(None);
    }
    if application != APPLICATION_ID {
        return Err(JournalError::Foreign { path });
    }
    if version > FORMAT_VERSION {
        return Err(JournalError::Newer {
            path,
            found: version,
            known: FORMAT_VERSION,
        });
    }
    let identity = connection
        .query_row("SELECT campaign, is_sandbox FROM identity", [], |row| {
            Ok(Identity {
                campaign: row.get(0)?,
                is_sandbox: row.get(1)?,
            })
        })
        .map_err(|e| unreadable(&path, e));
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
        let event = serde_json::from_str(text(row, 2)?)
            .map_err(|error| Fault::of(&format!("entry {number}"), &error))?;
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
