//! Opening a journal for reading where nothing can be written, and the errors of access.

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::JournalError;
use crate::util::fs::{check_dir, check_own, describe, make_private};

/// Checks that the journal at `path`, its folder and the files that SQLite keeps beside it are no links.
pub(super) fn check_files(path: &Path) -> Result<(), JournalError> {
    let refused = |path: &Path| {
        let path = path.to_owned();
        move |source| JournalError::Inaccessible { path, source }
    };
    check_dir(path.parent().unwrap_or(Path::new(""))).map_err(refused(path))?;
    FILES.iter().try_for_each(|suffix| {
        let file = with_suffix(path, suffix);
        check_own(&file).map_err(refused(&file))
    })
}

/// The ends of the names of a journal and of the files that SQLite keeps beside it.
const FILES: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Makes the journal at `path` and the files beside it readable by their owner alone.
pub(super) fn make_files_private(path: &Path) {
    for suffix in FILES {
        make_private(&with_suffix(path, suffix));
    }
}

/// Opens the database at `path`. It comes with a folder that others may have made, so SQLite runs nothing that is defined
/// in it.
pub(super) fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    // SQLite takes `file:…` for a URI, even without the flag for it.
    let plain = if path.as_os_str().as_encoded_bytes().starts_with(b"file:")
        && !flags.contains(OpenFlags::SQLITE_OPEN_URI)
    {
        Path::new(".").join(path)
    } else {
        path.to_owned()
    };
    let connection = Connection::open_with_flags(plain, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    Ok(connection)
}

/// Opens a read-only connection and begins a transaction, so that all reads see one moment.
///
/// Readers write to the index of the write-ahead log. Where the folder cannot be written that fails; without a
/// write-ahead log the file is complete and does not change, so it is read as immutable.
pub(super) fn begin_reading(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let error = match begin(path, flags) {
        Err(error)
            if (is_access_error(error.sqlite_error_code()) || is_disk_full(&error))
                && !has_log(path) =>
        {
            error
        }
        result => return result,
    };
    let Some(uri) = immutable_uri(path) else {
        return Err(error);
    };
    // A second error adds nothing to the first.
    begin(Path::new(&uri), flags | OpenFlags::SQLITE_OPEN_URI).map_err(|_| error)
}

fn begin(file: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = open(file, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    // The transaction, and with it access to the file, begins at the first query.
    connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
    Ok(connection)
}

/// Checks whether the error is about permissions and not about the content of the file.
fn is_access_error(code: Option<ErrorCode>) -> bool {
    matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly))
}

/// Checks whether the disk is full. SQLite has a second code for it where the index of the write-ahead log cannot grow.
fn is_disk_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| {
        error.code == ErrorCode::DiskFull
            || error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE
    })
}

/// Checks whether SQLite cannot lock files or map memory.
fn is_unsupported(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi;
    error.sqlite_error().is_some_and(|error| {
        matches!(
            error.extended_code,
            ffi::SQLITE_IOERR_LOCK
                | ffi::SQLITE_IOERR_RDLOCK
                | ffi::SQLITE_IOERR_UNLOCK
                | ffi::SQLITE_IOERR_CHECKRESERVEDLOCK
                | ffi::SQLITE_IOERR_SHMLOCK
                | ffi::SQLITE_IOERR_SHMMAP
                | ffi::SQLITE_IOERR_SHMOPEN
        )
    })
}

/// Returns why the journal at `path` cannot grow, if that is the error. SQLite has one code for most reasons, so a file
/// beside the journal is written up to the same length.
fn space_problem(path: &Path, error: &rusqlite::Error) -> Option<String> {
    use rusqlite::ffi;
    let is_full = is_disk_full(error);
    let is_failed_write = error.sqlite_error().is_some_and(|error| {
        matches!(
            error.extended_code,
            ffi::SQLITE_IOERR_WRITE
                | ffi::SQLITE_IOERR_TRUNCATE
                | ffi::SQLITE_IOERR_FSYNC
                | ffi::SQLITE_IOERR_DIR_FSYNC
                | ffi::SQLITE_IOERR_DELETE
                | ffi::SQLITE_IOERR_CLOSE
                | ffi::SQLITE_IOERR_SEEK
        )
    });
    if !is_full && !is_failed_write {
        return None;
    }
    let length = |suffix| std::fs::metadata(with_suffix(path, suffix)).map_or(0, |file| file.len());
    let longest = length("").max(length("-wal"));
    let probed = probe(path, longest).map_err(|error| (error.kind(), describe(&error)));
    Some(match probed {
        Err((ErrorKind::FileTooLarge | ErrorKind::QuotaExceeded, reason)) => reason,
        Ok(()) | Err(_) if is_full => "no space left on device".to_owned(),
        Err((_, reason)) => reason,
        Ok(()) => "the disk or its file system has reported an error".to_owned(),
    })
}

/// Writes a temporary file in the folder of `path` from the byte `start` on.
fn probe(path: &Path, start: u64) -> std::io::Result<()> {
    let mut file = tempfile::tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    write_at(&mut file, start, &[0; 16 << 10])?;
    file.sync_all()
}

/// Writes with the call that SQLite uses.
#[cfg(unix)]
fn write_at(file: &mut File, start: u64, bytes: &[u8]) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, start)
}

#[cfg(not(unix))]
fn write_at(file: &mut File, start: u64, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::{Seek as _, SeekFrom, Write as _};
    file.seek(SeekFrom::Start(start))?;
    file.write_all(bytes)
}

/// Returns the path of a file beside the database at `path`: its write-ahead log has the suffix `-wal`.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Checks whether the write-ahead log may hold entries that are not in the file itself yet.
fn has_log(path: &Path) -> bool {
    match std::fs::metadata(with_suffix(path, "-wal")) {
        Ok(log) => log.len() > 0,
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

/// Returns the URI that opens `path` as a file that does not change; `None` where a folder that can be read can also be
/// written.
fn immutable_uri(path: &Path) -> Option<String> {
    if !cfg!(unix) {
        return None;
    }
    // Without the empty authority a path that begins with two slashes would name a host.
    let authority = if path.is_absolute() { "//" } else { "" };
    let path = crate::util::text::percent_encode_path(path.as_os_str().as_encoded_bytes());
    Some(format!("file:{authority}{path}?immutable=1"))
}

/// Returns the error for `source`, which SQLite returned for the journal at `path`.
pub(super) fn database_error(path: &Path, source: rusqlite::Error) -> JournalError {
    access_error(path, &source)
        .unwrap_or_else(|| JournalError::Database { path: path.to_owned(), source })
}

/// Returns the error if SQLite had no access or no space; `None` for all other errors.
fn access_error(path: &Path, error: &rusqlite::Error) -> Option<JournalError> {
    let path = path.to_owned();
    if let Some(reason) = space_problem(&path, error) {
        return Some(JournalError::DiskFull { path, reason });
    }
    let code = error.sqlite_error_code()?;
    if is_unsupported(error) {
        let message = "its file system has no locks or no shared memory, as some network folders have not: use a folder on \
                       a local disk";
        let source = Error::new(ErrorKind::Unsupported, message);
        return Some(JournalError::Inaccessible { path, source });
    }
    let source = if matches!(code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) {
        Error::new(ErrorKind::ResourceBusy, "another program has locked it")
    } else if is_access_error(Some(code)) {
        access_reason(&path, code)
    } else {
        return None;
    };
    Some(JournalError::Inaccessible { path, source })
}

/// Returns why the journal at `path` cannot be accessed, from the system if possible: it says more than SQLite.
fn access_reason(path: &Path, code: ErrorCode) -> Error {
    if let Err(error) = File::open(path) {
        return error;
    }
    let reason = if has_log(path) {
        format!(
            "permission denied or read-only: `{}` can be read only where its folder can be written; \
             copy the output folder to where it can",
            with_suffix(path, "-wal").display()
        )
    } else if code == ErrorCode::ReadOnly {
        "the file or its folder is read-only or belongs to another user".to_owned()
    } else {
        "permission denied, or there are too many open files".to_owned()
    };
    Error::new(ErrorKind::PermissionDenied, reason)
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    fn message(error: &JournalError) -> String {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
        format!("{error}{}", cause.unwrap_or_default())
    }

    #[test]
    fn errors_of_access_are_told_apart_from_errors_of_the_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let error_for = |code| {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            access_error(&path, &error).map(|error| message(&error))
        };
        let missing = error_for(ffi::SQLITE_CANTOPEN).unwrap();
        assert!(missing.contains("journal.sqlite` cannot be accessed: "), "{missing}");
        assert!(missing.contains("os error"), "{missing}");
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
            (ffi::SQLITE_IOERR_WRITE, "has reported an error"),
            (ffi::SQLITE_IOERR_DIR_FSYNC, "has reported an error"),
            (ffi::SQLITE_IOERR_SHMMAP, "no shared memory"),
            (ffi::SQLITE_IOERR_LOCK, "no locks"),
        ] {
            let message = error_for(code).unwrap();
            assert!(message.contains(expected), "{code}: {message}");
        }
        for code in
            [ffi::SQLITE_CORRUPT, ffi::SQLITE_NOTADB, ffi::SQLITE_IOERR_READ, ffi::SQLITE_ERROR]
        {
            assert_eq!(error_for(code), None, "{code}");
        }
        std::io::Write::write_all(&mut File::create(with_suffix(&path, "-wal")).unwrap(), b"log")
            .unwrap();
        let message = error_for(ffi::SQLITE_CANTOPEN).unwrap();
        assert!(message.contains("-wal") && message.contains("copy"), "{message}");
    }

    #[test]
    fn an_empty_log_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        assert!(!has_log(&path));
        let mut log = File::create(with_suffix(&path, "-wal")).unwrap();
        assert!(!has_log(&path));
        std::io::Write::write_all(&mut log, b"log").unwrap();
        assert!(has_log(&path));
    }

    #[cfg(unix)]
    #[test]
    fn any_file_name_can_be_opened_as_immutable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("50% off? #1 ü.sqlite");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("CREATE TABLE here (something TEXT)").unwrap();
        drop(connection);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let reader = begin(Path::new(&immutable_uri(&path).unwrap()), flags).unwrap();
        let tables: i64 =
            reader.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!(tables, 1);
        assert_eq!(
            immutable_uri(Path::new("a b/c?.sqlite")).unwrap(),
            "file:a%20b/c%3F.sqlite?immutable=1"
        );
    }
}
