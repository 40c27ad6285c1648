//! Reading the database back: what every reader of it needs, and the whole as it is.

use std::path::Path;

use rusqlite::Connection;

use super::access::{begin_reading, database};
use super::error::JournalError;
use super::file::{APPLICATION_ID, FORMAT_VERSION, path_of};
use super::identity::Identity;
use crate::model::{Entry, Event, Timestamp};

/// Whose the journal of the output folder `out` is; `None` if there is none.
pub(super) fn read_identity(out: &Path) -> Result<Option<Identity>, JournalError> {
    let path = path_of(out);
    let connection = open(&path)?;
    connection
        .map(|connection| identity(&connection, &path))
        .transpose()
}

/// What has been appended to the journal of `out` after `last`; `None` if `last` is not in it, or there is
/// none. The file is not checked again: whoever reads on has read it before.
pub(super) fn read_since(out: &Path, last: &Entry) -> Result<Option<Vec<Entry>>, JournalError> {
    let path = path_of(out);
    if open(&path)?.is_none() {
        return Ok(None);
    }
    let from = i64::try_from(last.sequence).unwrap_or(i64::MAX);
    let mut entries = read_part(&reader(&path)?, &path, (from, i64::MAX))?;
    if entries.first() != Some(last) {
        return Ok(None);
    }
    entries.remove(0);
    Ok(Some(entries))
}

/// A reader of the journal at `path`, which is one of ours; `None` if there is nothing in it yet.
pub(super) fn open(path: &Path) -> Result<Option<Connection>, JournalError> {
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
        return Err(JournalError::NotAJournal { path });
    }
    if version > FORMAT_VERSION {
        return Err(JournalError::NewerFormat {
            path: path.to_owned(),
            found: version,
            known: FORMAT_VERSION,
        });
    }
    Ok(Some(connection))
}

pub(super) fn identity(connection: &Connection, path: &Path) -> Result<Identity, JournalError> {
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
pub(super) fn reader(path: &Path) -> Result<Connection, JournalError> {
    begin_reading(path).map_err(|e| unreadable(path, e))
}

/// What a thread has read; if it panicked, so does this one.
pub(super) fn join<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Whether the pages of the file fit together.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), JournalError> {
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

/// The entries numbered from the one to the other, in order.
pub(super) fn read_part(
    connection: &Connection,
    path: &Path,
    (from, until): (i64, i64),
) -> Result<Vec<Entry>, JournalError> {
    let mut entries = Vec::new();
    let sql = "SELECT sequence, at, event FROM entries
               WHERE sequence BETWEEN ?1 AND ?2 ORDER BY sequence";
    each_row(connection, path, (sql, [from, until]), |row| {
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

pub(super) fn event_of(number: i64, text: &str) -> Result<Event, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::of(&format!("entry {number}"), &error))
}

/// What is wrong with a row.
pub(super) enum Fault {
    Database(rusqlite::Error),
    Damaged(String),
}

impl Fault {
    pub(super) fn of(what: &str, error: &serde_json::Error) -> Self {
        Self::Damaged(format!("{what} cannot be read ({error})"))
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// The text of a column, where it lies.
pub(super) fn text<'row>(row: &'row rusqlite::Row<'_>, column: usize) -> Result<&'row str, Fault> {
    row.get_ref(column)?
        .as_str()
        .map_err(|error| Fault::Damaged(format!("a text cannot be read ({error})")))
}

/// Hands every row of a query to `take`.
pub(super) fn each_row<P: rusqlite::Params>(
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
pub(super) fn unreadable(path: &Path, source: rusqlite::Error) -> JournalError {
    use rusqlite::ErrorCode;
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => JournalError::NotAJournal {
            path: path.to_owned(),
        },
        Some(ErrorCode::DatabaseCorrupt) => JournalError::Damaged {
            path: path.to_owned(),
            detail: source.to_string(),
        },
        Some(_) | None => database(path, source),
    }
}

impl Identity {
    /// Whose the journal of the output folder `folder` is; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read, or is not one of ours.
    pub fn read(folder: &Path) -> Result<Option<Self>, JournalError> {
        read_identity(folder)
    }
}
