//! What can be read where nothing may be written, and why something cannot be read at all.

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::JournalError;

/// A connection that cannot write, in a transaction that has begun, so that all it reads is of one moment.
///
/// A reader takes part in the bookkeeping beside the write-ahead log. Where the folder cannot be written that
/// is impossible; but without a log the file is all there is, and nobody changes it: it is read as it lies.
pub(super) fn begin_reading(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let refused = match begun(path.to_owned(), flags) {
        Err(error)
            if (is_refused(error.sqlite_error_code()) || has_no_room(&error)) && !has_log(path) =>
        {
            error
        }
        result => return result,
    };
    let Some(address) = unchanging(path) else {
        return Err(refused);
    };
    // If that fails as well, it says no more than the first attempt.
    begun(address.into(), flags | OpenFlags::SQLITE_OPEN_URI).map_err(|_| refused)
}

fn begun(file: PathBuf, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    // The transaction begins with the first look at the file, and only that shows whether it can be read.
    connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
    Ok(connection)
}

/// Whether SQLite speaks of leave to read or write, not of the file itself.
fn is_refused(code: Option<ErrorCode>) -> bool {
    matches!(
        code,
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly)
    )
}

/// Whether the disk is full: SQLite has a word for it, and another where the bookkeeping beside the log finds no
/// room.
fn has_no_room(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| {
        error.code == ErrorCode::DiskFull
            || error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE
    })
}

/// The write-ahead log of the journal at `path`.
fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Whether something lies there that is not in the file itself yet, or may.
fn has_log(path: &Path) -> bool {
    match std::fs::metadata(log_of(path)) {
        Ok(log) => log.len() > 0,
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

/// The address of a file that does not change while it is read.
#[cfg(unix)]
fn unchanging(path: &Path) -> Option<String> {
    use std::fmt::Write as _;
    let mut address = String::from("file:");
    if path.is_absolute() {
        // Else what follows two slashes would be the name of a machine.
        address.push_str("//");
    }
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                address.push(char::from(*byte));
            }
            other => write!(address, "%{other:02X}").ok()?,
        }
    }
    address.push_str("?immutable=1");
    Some(address)
}

/// Elsewhere folders that can be read can be written.
#[cfg(not(unix))]
fn unchanging(_path: &Path) -> Option<String> {
    None
}

/// An error of SQLite about the journal at `path` that says nothing of what is in it: there is no room, or no
/// leave. `None` if it is another.
pub(super) fn access_error(path: &Path, error: &rusqlite::Error) -> Option<JournalError> {
    let path = path.to_owned();
    if has_no_room(error) {
        return Some(JournalError::DiskFull { path });
    }
    let code = error.sqlite_error_code()?;
    let source = if matches!(code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) {
        Error::new(ErrorKind::ResourceBusy, "another program has locked it")
    } else if is_refused(Some(code)) {
        reason(&path, code)
    } else {
        return None;
    };
    Some(JournalError::Inaccessible { path, source })
}

pub(super) fn database(path: &Path, source: rusqlite::Error) -> JournalError {
    access_error(path, &source).unwrap_or_else(|| JournalError::Database {
        path: path.to_owned(),
        source,
    })
}

/// Why the journal at `path` is refused; the system says it better than SQLite.
fn reason(path: &Path, code: ErrorCode) -> Error {
    if let Err(error) = File::open(path) {
        return error;
    }
    if has_log(path) {
        return Error::new(
            ErrorKind::PermissionDenied,
            format!(
                "permission denied or read-only: `{}` can be read only where its folder can be written; \
                 copy the output folder to where it can",
                log_of(path).display()
            ),
        );
    }
    let words = if code == ErrorCode::ReadOnly {
        "the file or its folder is read-only, or belongs to somebody else"
    } else {
        "permission denied, or there are too many open files"
    };
    Error::new(ErrorKind::PermissionDenied, words)
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    fn words(error: &JournalError) -> String {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
        format!("{error}{}", cause.unwrap_or_default())
    }

    #[test]
    fn what_concerns_the_place_is_told_from_what_concerns_the_journal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let told = |code| {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            access_error(&path, &error).map(|error| words(&error))
        };
        let missing = told(ffi::SQLITE_CANTOPEN).unwrap();
        assert!(
            missing.contains("journal.sqlite` cannot be accessed: "),
            "{missing}"
        );
        let is_said = missing.contains("os error");
        assert!(is_said, "in the system's words: {missing}");
        File::create(&path).unwrap();
        for (code, expected) in [
            (ffi::SQLITE_CANTOPEN, "permission denied"),
            (ffi::SQLITE_PERM, "permission denied"),
            (ffi::SQLITE_READONLY, "read-only"),
            (ffi::SQLITE_READONLY_DIRECTORY, "read-only"),
            (ffi::SQLITE_BUSY, "locked"),
            (ffi::SQLITE_LOCKED, "locked"),
            (ffi::SQLITE_FULL, "no space left on device"),
            (ffi::SQLITE_IOERR_SHMSIZE, "no space left on device"),
        ] {
            let words = told(code).unwrap();
            assert!(words.contains(expected), "{code}: {words}");
        }
        for code in [
            ffi::SQLITE_CORRUPT,
            ffi::SQLITE_NOTADB,
            ffi::SQLITE_IOERR_READ,
            ffi::SQLITE_ERROR,
        ] {
            assert_eq!(told(code), None, "{code}");
        }
        std::io::Write::write_all(&mut File::create(log_of(&path)).unwrap(), b"log").unwrap();
        let words = told(ffi::SQLITE_CANTOPEN).unwrap();
        assert!(words.contains("-wal") && words.contains("copy"), "{words}");
    }

    #[test]
    fn only_a_log_with_something_in_it_keeps_a_file_from_being_read_as_it_lies() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        assert!(!has_log(&path));
        let mut log = File::create(log_of(&path)).unwrap();
        assert!(!has_log(&path));
        std::io::Write::write_all(&mut log, b"log").unwrap();
        assert!(has_log(&path));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_read_as_it_lies_whatever_it_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("50% off? #1 ü.sqlite");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("CREATE TABLE here (something TEXT)")
            .unwrap();
        drop(connection);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let reader = begun(unchanging(&path).unwrap().into(), flags).unwrap();
        let tables: i64 = reader
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .unwrap();
        assert_eq!(tables, 1);
        assert_eq!(
            unchanging(Path::new("a b/c?.sqlite")).unwrap(),
            "file:a%20b/c%3F.sqlite?immutable=1"
        );
    }
}
