//! Read access to the database of a journal.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, ErrorCode, Row};
use serde::{Deserialize, Serialize};

use super::access::{begin_reading, check_files, database_error};
use super::error::JournalError;
use crate::model::{Entry, Event, JobSpec, Timestamp};
use crate::util::fs::OutputDir;
use crate::util::text::sanitize;

/// `csht`, in the header of every journal: tells journals from databases of other programs.
pub(super) const APPLICATION_ID: i32 = 0x6373_6874;

/// The format version, in `user_version`. Newer versions are refused.
pub(super) const FORMAT_VERSION: i32 = 1;

/// The tables.
pub(super) const SCHEMA: &str = "
    CREATE TABLE identity (campaign TEXT NOT NULL, is_sandbox INTEGER NOT NULL) STRICT;
    CREATE TABLE jobs (id TEXT PRIMARY KEY, specification TEXT NOT NULL) STRICT;
    CREATE TABLE entries (
        sequence INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        event TEXT NOT NULL
    ) STRICT;
";

/// The campaign that a journal belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Name of the campaign; part of every tag.
    pub campaign: String,
    /// Whether the campaign runs against the sandbox. Such a journal is never used as the record of real videos.
    pub is_sandbox: bool,
}

impl Identity {
    /// Returns the identity of the journal of the output folder `folder`; `None` if there is none.
    ///
    /// # Errors
    /// If the file cannot be read or is not a journal.
    pub fn read(folder: &Path) -> Result<Option<Self>, JournalError> {
        let reader = Reader::open(folder)?;
        reader.map(|reader| reader.identity()).transpose()
    }

    /// Checks that the journal of the output folder `out`, which this is the identity of, belongs to `wanted`.
    ///
    /// # Errors
    /// If it belongs to another campaign.
    pub(crate) fn check(&self, wanted: &Self, out: &Path) -> Result<(), JournalError> {
        if self == wanted {
            return Ok(());
        }
        Err(JournalError::OtherCampaign {
            found: self.to_string(),
            wanted: wanted.to_string(),
            path: OutputDir(out).journal(),
        })
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.is_sandbox { "the sandbox" } else { "the real API" };
        write!(formatter, "campaign `{}` on {place}", self.campaign)
    }
}

/// A journal at one moment: a read-only transaction.
#[derive(Debug)]
pub(super) struct Reader {
    connection: Connection,
    path: PathBuf,
}

impl Reader {
    /// Opens the journal of the output folder `out`; `None` if there is none, or nothing in it.
    pub(super) fn open(out: &Path) -> Result<Option<Self>, JournalError> {
        let path = OutputDir(out).journal();
        check_files(&path)?;
        if !path.try_exists().unwrap_or(true) {
            return Ok(None);
        }
        let connection = begin_reading(&path).map_err(|error| read_error(&path, error))?;
        let reader = Self { connection, path };
        let application: i32 = reader.pragma("application_id")?;
        let version: i32 = reader.pragma("user_version")?;
        if application == 0 && version == 0 && reader.has_no_tables()? {
            // The program was killed between creating the file and its first transaction.
            return Ok(None);
        }
        let path = reader.path.clone();
        if application != APPLICATION_ID {
            return Err(JournalError::NotAJournal { path });
        }
        if version > FORMAT_VERSION {
            return Err(JournalError::NewerFormat { path, found: version, known: FORMAT_VERSION });
        }
        reader.check_schema()?;
        Ok(Some(reader))
    }

    /// Checks that the pages of the file are consistent.
    pub(super) fn check_pages(&self) -> Result<(), JournalError> {
        let detail: String = self.pragma("quick_check")?;
        if detail == "ok" {
            return Ok(());
        }
        Err(read_error(&self.path, damaged(detail)))
    }

    pub(super) fn identity(&self) -> Result<Identity, JournalError> {
        let sql = "SELECT campaign, is_sandbox FROM identity";
        self.query_one(sql, |row| Ok(Identity { campaign: row.get(0)?, is_sandbox: row.get(1)? }))
    }

    /// Returns all jobs in the order in which they were first saved.
    pub(super) fn jobs(&self) -> Result<Vec<Arc<JobSpec>>, JournalError> {
        let mut jobs = Vec::new();
        let sql = "SELECT specification FROM jobs ORDER BY rowid";
        self.for_each_row(sql, [], |row| {
            jobs.push(parse_job(text(row, 0)?)?);
            Ok(())
        })?;
        Ok(jobs)
    }

    /// Returns the recorded times of all entries, in order.
    pub(super) fn times(&self) -> Result<Vec<Timestamp>, JournalError> {
        let mut times = Vec::new();
        let sql = "SELECT at FROM entries ORDER BY sequence";
        self.for_each_row(sql, [], |row| {
            times.push(Timestamp::from_millis(row.get(0)?));
            Ok(())
        })?;
        Ok(times)
    }

    /// Calls `take` with each entry from the sequence number `first` on, in order.
    pub(super) fn for_each_entry(
        &self,
        first: i64,
        mut take: impl FnMut(Entry),
    ) -> Result<(), JournalError> {
        let sql = "SELECT sequence, at, event FROM entries WHERE sequence >= ?1 ORDER BY sequence";
        self.for_each_row(sql, [first], |row| {
            let sequence: i64 = row.get(0)?;
            let event = parse_event(sequence, text(row, 2)?)?;
            let sequence = u64::try_from(sequence)
                .map_err(|_| damaged(format!("an entry has the number {sequence}")))?;
            take(Entry { sequence, at: Timestamp::from_millis(row.get(1)?), event });
            Ok(())
        })
    }

    /// Returns the entries after `last`; `None` if `last` is not in this journal.
    pub(super) fn entries_since(&self, last: &Entry) -> Result<Option<Vec<Entry>>, JournalError> {
        let first = i64::try_from(last.sequence).unwrap_or(i64::MAX);
        let mut entries = Vec::new();
        self.for_each_entry(first, |entry| entries.push(entry))?;
        if entries.first() != Some(last) {
            return Ok(None);
        }
        entries.remove(0);
        Ok(Some(entries))
    }

    /// Calls `take` with each row of a query.
    pub(super) fn for_each_row<P: rusqlite::Params>(
        &self,
        sql: &str,
        parameters: P,
        mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), JournalError> {
        let read = || {
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query(parameters)?;
            while let Some(row) = rows.next()? {
                take(row)?;
            }
            Ok(())
        };
        read().map_err(|error| read_error(&self.path, error))
    }

    /// Checks that the file has the tables of this program and nothing else: triggers, views and further tables could
    /// change what is read and written.
    fn check_schema(&self) -> Result<(), JournalError> {
        let expected: Vec<String> = SCHEMA.split(';').map(without_spaces).collect();
        let sql = "SELECT type, name, coalesce(sql, '') FROM sqlite_schema";
        self.for_each_row(sql, [], |row| {
            let (kind, name) = (text(row, 0)?, text(row, 1)?);
            let is_own = match (kind, text(row, 2)?) {
                ("index", "") => name.starts_with("sqlite_autoindex_"),
                (_, sql) => expected.contains(&without_spaces(sql)),
            };
            if is_own {
                return Ok(());
            }
            let (kind, name) = (sanitize(kind), sanitize(name));
            Err(damaged(format!("it has the {kind} `{name}`, which this program does not create")))
        })
    }

    fn has_no_tables(&self) -> Result<bool, JournalError> {
        let sql = "SELECT count(*) = 0 FROM sqlite_schema";
        self.query_one(sql, |row| row.get(0))
    }

    fn pragma<T: rusqlite::types::FromSql>(&self, name: &str) -> Result<T, JournalError> {
        let value = self.connection.pragma_query_value(None, name, |row| row.get(0));
        value.map_err(|error| read_error(&self.path, error))
    }

    fn query_one<T>(
        &self,
        sql: &str,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        let value = self.connection.query_row(sql, [], read);
        value.map_err(|error| read_error(&self.path, error))
    }
}

fn without_spaces(sql: &str) -> String {
    sql.split_whitespace().collect()
}

/// Returns the error for a row that cannot be used.
pub(super) fn damaged(detail: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, detail.into())
}

/// Returns the text of a column without copying it.
pub(super) fn text<'row>(row: &'row Row<'_>, column: usize) -> rusqlite::Result<&'row str> {
    row.get_ref(column)?
        .as_str()
        .map_err(|error| damaged(format!("a text cannot be read ({error})")))
}

pub(super) fn parse_event(sequence: i64, text: &str) -> rusqlite::Result<Event> {
    serde_json::from_str(text)
        .map_err(|error| damaged(format!("entry {sequence} cannot be read ({error})")))
}

pub(super) fn parse_job(text: &str) -> rusqlite::Result<Arc<JobSpec>> {
    serde_json::from_str(text).map_err(|error| damaged(format!("a job cannot be read ({error})")))
}

/// Returns what an error of SQLite while reading says about the file.
fn read_error(path: &Path, source: rusqlite::Error) -> JournalError {
    let path = path.to_owned();
    if let rusqlite::Error::FromSqlConversionFailure(_, _, detail) = &source {
        let detail = detail.to_string();
        return JournalError::Damaged { path, detail };
    }
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => JournalError::NotAJournal { path },
        Some(ErrorCode::DatabaseCorrupt) => {
            JournalError::Damaged { path, detail: source.to_string() }
        }
        Some(_) | None => database_error(&path, source),
    }
}
