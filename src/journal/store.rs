//! Write access to the database: [`Journal`].

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use super::access::{self, check_files, database_error, make_files_private, with_suffix};
use super::error::JournalError;
use super::reader::{APPLICATION_ID, FORMAT_VERSION, Identity, SCHEMA};
use super::replay::{Fold, Replay};
use crate::model::{Entry, JobSpec, Timestamp};
use crate::util::fs::{OutputDir, open_own, sync_dir};

/// A journal open for writing. Hold the [`Lock`](super::Lock) of the output folder as long as it is in use.
#[derive(Debug)]
pub struct Journal {
    connection: Connection,
    path: PathBuf,
    /// Device and inode of the opened file, where the system has them.
    file: Option<(u64, u64)>,
}

impl Journal {
    /// Opens the journal of the output folder `out` and replays it, or creates it. Uses `prefetched` instead if no entry
    /// was written since.
    ///
    /// # Errors
    /// If the journal cannot be read or written, or belongs to another campaign.
    pub fn open<F: Fold>(
        out: &Path,
        identity: &Identity,
        now: impl FnOnce() -> Timestamp,
        prefetched: Option<Replay<F>>,
    ) -> Result<(Self, Replay<F>), JournalError> {
        // Read-only first, so that a file that is refused stays unchanged.
        let existing = match prefetched {
            Some(replayed) if replayed.is_current(out)? => Some(replayed),
            Some(_) | None => Replay::read(out, now)?,
        };
        let found = existing.as_ref().map(|replayed| &replayed.identity);
        let journal = Self::begin(out, identity, found)?;
        let replayed = existing.unwrap_or_else(|| Replay {
            identity: identity.clone(),
            last_entry: None,
            state: F::default(),
        });
        Ok((journal, replayed))
    }

    /// Opens the journal of `out`, whose identity is `found`, or creates it if it has none.
    fn begin(
        out: &Path,
        identity: &Identity,
        found: Option<&Identity>,
    ) -> Result<Self, JournalError> {
        let path = OutputDir(out).journal();
        match found {
            Some(found) => found.check(identity, out)?,
            None => create(&path, identity)?,
        }
        check_files(&path)?;
        make_files_private(&path);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let connection = access::open(&path, flags).map_err(|e| database_error(&path, e))?;
        configure(&connection).map_err(|e| database_error(&path, e))?;
        // A new file survives a power failure only if its folder is synced too.
        for folder in [OutputDir(out).state().as_path(), out] {
            sync_dir(folder).map_err(|source| unwritable(folder, source))?;
        }
        Ok(Self { connection, file: file_at(&path), path })
    }

    /// Saves the planned jobs, so that a paid video can be collected even after its row was removed from the sheet.
    ///
    /// # Errors
    /// If they cannot be written; none of them is saved then.
    pub fn save_jobs<'a>(
        &mut self,
        jobs: impl IntoIterator<Item = &'a JobSpec>,
    ) -> Result<(), JournalError> {
        self.write(|transaction| {
            let mut insert = transaction.prepare(
                "INSERT INTO jobs (id, specification) VALUES (?1, ?2)
                 ON CONFLICT (id) DO UPDATE SET specification = excluded.specification
                 WHERE specification <> excluded.specification",
            )?;
            for job in jobs {
                insert.execute(params![job.id.as_str(), to_json(job)])?;
            }
            Ok(())
        })
    }

    /// Appends entries in one transaction. They are on disk when this returns.
    ///
    /// # Errors
    /// If they cannot be written; none of them is recorded then.
    pub fn append(&mut self, entries: &[Entry]) -> Result<(), JournalError> {
        self.write(|transaction| {
            let mut insert = transaction
                .prepare("INSERT INTO entries (sequence, at, event) VALUES (?1, ?2, ?3)")?;
            for entry in entries {
                // SQLite integers are signed; no campaign has 2^63 entries.
                let sequence = i64::try_from(entry.sequence).unwrap_or(i64::MAX);
                insert.execute(params![sequence, entry.at.as_millis(), to_json(&entry.event)])?;
            }
            Ok(())
        })
    }

    fn write(
        &mut self,
        body: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), JournalError> {
        if file_at(&self.path) != self.file {
            return Err(JournalError::Replaced { path: self.path.clone() });
        }
        let run = |connection: &mut Connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            body(&transaction)?;
            transaction.commit()
        };
        run(&mut self.connection).map_err(|source| database_error(&self.path, source))
    }
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Wait for readers such as `status`, which are quick.
    connection.busy_timeout(std::time::Duration::from_secs(10))
}

/// Creates a journal under another name and renames it, so that a crash never leaves an incomplete one: SQLite would have
/// to roll it back, which read-only access cannot.
fn create(path: &Path, identity: &Identity) -> Result<(), JournalError> {
    let side = path.with_extension("new");
    // Remove what a crash, or deleting the journal file alone, has left behind: SQLite must never read the write-ahead
    // log of another journal.
    for file in [path, &side] {
        for suffix in ["-wal", "-shm", "-journal"] {
            remove(&with_suffix(file, suffix))?;
        }
    }
    remove(&side)?;
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // SQLite gives the files beside it the same permissions.
    open_own(&side, &mut options).map_err(|source| unwritable(path, source))?;
    let make = || {
        // Without a write-ahead log, of which closing the connection might lose a part on a full disk.
        let mut connection = access::open(&side, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(SCHEMA)?;
        transaction.execute(
            "INSERT INTO identity (campaign, is_sandbox) VALUES (?1, ?2)",
            params![identity.campaign, identity.is_sandbox],
        )?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", FORMAT_VERSION)?;
        transaction.commit()?;
        // The next connection finds an empty write-ahead log.
        configure(&connection)?;
        connection.close().map_err(|(_, error)| error)
    };
    make().map_err(|e| database_error(path, e))?;
    std::fs::rename(&side, path).map_err(|source| unwritable(path, source))
}

fn remove(path: &Path) -> Result<(), JournalError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unwritable(path, error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn unwritable(path: &Path, source: std::io::Error) -> JournalError {
    JournalError::NotWritable { path: path.to_owned(), source }
}

fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("plain data can always be written as JSON")
}

/// Returns device and inode of the file at `path`. An open file keeps its inode after it was deleted.
#[cfg(unix)]
fn file_at(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Returns `None`: without inodes, an open file cannot be deleted.
#[cfg(not(unix))]
fn file_at(_path: &Path) -> Option<(u64, u64)> {
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::super::snapshot::JournalSnapshot;
    use super::*;
    use crate::model::{
        AspectRatio, Credits, Event, Failure, FailureKind, Fingerprint, Generation, History,
        JobEvent, JobId, Origin, Speech, Tag, Timestamp, VideoRequest,
    };

    fn identity() -> Identity {
        Identity { campaign: "spring".into(), is_sandbox: false }
    }

    fn job() -> JobSpec {
        let id: JobId = "a".parse().unwrap();
        let request = VideoRequest::new(Speech::Text("Hi".into()), "p", AspectRatio::Portrait);
        JobSpec::new(id, request, Origin { file: "spring.csv".into(), line: 2 })
    }

    fn entries(from: u64, count: u64) -> Vec<Entry> {
        let job = job();
        (from..from + count)
            .map(|sequence| Entry {
                sequence,
                at: Timestamp::from_millis(1_700_000_000_000),
                event: Event::job(
                    &job.id,
                    JobEvent::SubmitStarted {
                        tag: Tag::of("spring", &job.id, &job.fingerprint, Generation(0)),
                        fingerprint: Fingerprint::of(&job.request),
                        generation: Generation(0),
                        reserved: Credits::from_thousandths(5500),
                        least: None,
                    },
                ),
            })
            .collect()
    }

    fn open(folder: &Path) -> Result<(Journal, JournalSnapshot), JournalError> {
        std::fs::create_dir_all(OutputDir(folder).state()).unwrap();
        let (journal, _) = Journal::open::<History>(folder, &identity(), Timestamp::default, None)?;
        Ok((journal, JournalSnapshot::read(folder)?.unwrap()))
    }

    #[test]
    #[cfg(unix)]
    fn a_deleted_or_replaced_journal_takes_no_more_entries() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path()).unwrap();
        journal.append(&entries(1, 1)).unwrap();
        std::fs::remove_dir_all(OutputDir(folder.path()).state()).unwrap();
        let gone = |result| matches!(result, Err(JournalError::Replaced { .. }));
        assert!(gone(journal.append(&entries(2, 1))));
        let (mut second, snapshot) = open(folder.path()).unwrap();
        assert!(snapshot.entries.is_empty());
        assert!(gone(journal.append(&entries(2, 1))));
        second.append(&entries(1, 1)).unwrap();
    }

    #[test]
    fn appended_entries_are_read_during_and_after_the_run() {
        let folder = tempfile::tempdir().unwrap();
        assert!(JournalSnapshot::read(folder.path()).unwrap().is_none());
        let (mut journal, snapshot) = open(folder.path()).unwrap();
        assert!(snapshot.entries.is_empty());
        journal.save_jobs([&job()]).unwrap();
        journal.append(&entries(1, 3)).unwrap();
        let beside = JournalSnapshot::read(folder.path()).unwrap().unwrap();
        assert_eq!(beside.entries, entries(1, 3));
        assert_eq!(*beside.jobs[0], job());
        journal.append(&entries(4, 1)).unwrap();
        drop(journal);
        let (_, snapshot) = open(folder.path()).unwrap();
        assert_eq!(snapshot.entries, entries(1, 4));
    }

    #[test]
    fn a_full_disk_is_reported_with_the_file_name() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path()).unwrap();
        // SQLite returns the same error as for a full disk.
        journal.connection.pragma_update(None, "max_page_count", 8).unwrap();
        let error = journal.append(&entries(1, 500)).unwrap_err();
        assert!(matches!(error, JournalError::DiskFull { .. }), "{error:?}");
        let message = error.to_string();
        assert!(message.contains("journal.sqlite"), "{message}");
        assert!(message.contains("no space left on device"), "{message}");
        assert_eq!(JournalSnapshot::read(folder.path()).unwrap().unwrap().entries, []);
    }

    #[test]
    fn new_and_changed_jobs_are_unsaved() {
        let folder = tempfile::tempdir().unwrap();
        let (mut changed, mut new) = (job(), job());
        changed.origin.line = 3;
        new.id = "b".parse().unwrap();
        let unsaved = |jobs: &[&JobSpec]| {
            let jobs: Vec<Arc<JobSpec>> = jobs.iter().map(|job| Arc::new((*job).clone())).collect();
            JournalSnapshot::unsaved_jobs(folder.path(), &jobs).unwrap()
        };
        assert_eq!(unsaved(&[&job()]), [true], "there is no journal");
        let (mut journal, _) = open(folder.path()).unwrap();
        journal.save_jobs([&job()]).unwrap();
        assert_eq!(unsaved(&[&job()]), [false]);
        assert_eq!(unsaved(&[&new, &job()]), [true, false]);
        assert_eq!(unsaved(&[&changed, &new]), [true, true]);
        journal.save_jobs([&changed, &new]).unwrap();
        let read = JournalSnapshot::read(folder.path()).unwrap().unwrap();
        assert_eq!(read.jobs, [changed.into(), new.into()]);
    }

    #[test]
    fn reading_since_an_entry_reads_only_newer_ones() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path()).unwrap();
        journal.append(&entries(1, 3)).unwrap();
        let known = entries(1, 3);
        let newer = || JournalSnapshot::read_since(folder.path(), known.last().unwrap());
        assert_eq!(newer().unwrap().unwrap(), []);
        journal.append(&entries(4, 2)).unwrap();
        // Older entries are not read.
        let nonsense = "UPDATE entries SET event = 'nonsense' WHERE sequence <= 2";
        journal.connection.execute_batch(nonsense).unwrap();
        assert_eq!(newer().unwrap().unwrap(), entries(4, 2));
        assert!(JournalSnapshot::read(folder.path()).is_err());

        let other = "UPDATE entries SET at = at + 1 WHERE sequence = 3";
        journal.connection.execute_batch(other).unwrap();
        assert_eq!(newer().unwrap(), None, "another journal");
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(JournalSnapshot::read_since(empty.path(), &known[0]).unwrap(), None);
    }

    #[test]
    fn phases_are_found_by_fingerprint() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path()).unwrap();
        let requests: Vec<Fingerprint> = (0..6)
            .map(|number| {
                let speech = Speech::Text(format!("Hi {number}").into());
                Fingerprint::of(&VideoRequest::new(speech, "p", AspectRatio::Portrait))
            })
            .collect();
        let failure = || Failure::new(FailureKind::RenderFailed, "no");
        let remote = || "r".parse().unwrap();
        let submitted = |request: usize| {
            let mut start = entries(1, 1).remove(0).event;
            if let Event::Job { event: JobEvent::SubmitStarted { fingerprint, .. }, .. } =
                &mut start
            {
                *fingerprint = requests[request].clone();
            }
            start
        };
        let histories = [
            ("sent", vec![submitted(0)]),
            ("accepted", vec![submitted(1), job_event(JobEvent::Submitted { remote: remote() })]),
            (
                "deferred",
                vec![submitted(2), job_event(JobEvent::SubmitDeferred { failure: failure() })],
            ),
            (
                "failed",
                vec![
                    submitted(3),
                    job_event(JobEvent::Failed { failure: failure(), charged: None }),
                ],
            ),
            // Paid for with another text later.
            (
                "changed",
                vec![
                    submitted(4),
                    job_event(JobEvent::Failed { failure: failure(), charged: None }),
                    job_event(JobEvent::Reopened { generation: Generation(1) }),
                    submitted(5),
                ],
            ),
        ];
        let mut recorded = Vec::new();
        for (id, history) in histories {
            for mut event in history {
                if let Event::Job { job, .. } = &mut event {
                    *job = id.parse().unwrap();
                }
                let sequence = recorded.len() as u64 + 1;
                let at = Timestamp::from_millis(0);
                recorded.push(Entry { sequence, at, event });
            }
        }
        journal.append(&recorded).unwrap();
        let phases = |wanted: &[usize]| {
            let wanted = wanted.iter().map(|place| &requests[*place]).collect();
            let states = JournalSnapshot::read_states(folder.path(), &wanted).unwrap();
            let place = |of: &Fingerprint| requests.iter().position(|it| it == of).unwrap();
            let states = states.iter();
            let phases = states.map(|(_, request, state)| (place(request), state.phase.name()));
            phases.collect::<BTreeMap<_, _>>().into_iter().collect::<Vec<_>>()
        };
        let (sent, accepted, deferred) = ((0, "in_doubt"), (1, "rendering"), (2, "pending"));
        let all = [sent, accepted, deferred, (3, "failed"), (5, "in_doubt")];
        assert_eq!(phases(&[0, 1, 2, 3, 4, 5]), all);
        assert_eq!(phases(&[1, 2]), [accepted, deferred]);
        assert_eq!(phases(&[]), []);
    }

    fn job_event(event: JobEvent) -> Event {
        Event::job(&job().id, event)
    }

    #[test]
    fn every_commit_is_synced() {
        let folder = tempfile::tempdir().unwrap();
        let (journal, _) = open(folder.path()).unwrap();
        let mode: String =
            journal.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        let synchronous: i32 =
            journal.connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        // 2 is FULL: the write-ahead log is synced after each transaction.
        assert_eq!((mode.as_str(), synchronous), ("wal", 2));
    }

    /// A power failure may truncate the log anywhere. Complete transactions before that point are kept, the rest is lost.
    #[test]
    fn a_truncated_log_is_a_shorter_journal_and_never_half_a_step() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path()).unwrap();
        for step in 0..20 {
            journal.append(&entries(step * 5 + 1, 5)).unwrap();
        }
        let copy = |name: &str| std::fs::read(OutputDir(folder.path()).state().join(name)).unwrap();
        let (database, log) = (copy("journal.sqlite"), copy("journal.sqlite-wal"));
        drop(journal);

        let mut lengths = std::collections::BTreeSet::new();
        for tear in (0..=log.len()).step_by(log.len() / 97) {
            let torn = tempfile::tempdir().unwrap();
            let hidden = OutputDir(torn.path()).state();
            std::fs::create_dir_all(&hidden).unwrap();
            let put = |name: &str, bytes: &[u8]| {
                use std::io::Write as _;
                let mut file = File::create(hidden.join(name)).unwrap();
                file.write_all(bytes).unwrap();
            };
            put("journal.sqlite", &database);
            put("journal.sqlite-wal", &log[..tear]);
            let (mut journal, snapshot) = open(torn.path()).unwrap();
            let length = snapshot.entries.len() as u64;
            assert_eq!(length % 5, 0, "half a step");
            assert_eq!(snapshot.entries, entries(1, length));
            lengths.insert(length);
            // The journal can be continued.
            journal.append(&entries(length + 1, 1)).unwrap();
            drop(journal);
            let whole = JournalSnapshot::read(torn.path()).unwrap().unwrap();
            assert_eq!(whole.entries, entries(1, length + 1));
        }
        assert!(lengths.len() > 10, "{lengths:?}");
    }

    #[test]
    fn leftovers_of_a_deleted_journal_are_not_read_into_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = OutputDir(folder.path()).journal();
        let (mut journal, _) = open(folder.path()).unwrap();
        journal.append(&entries(1, 3)).unwrap();
        // A leftover write-ahead log, an incomplete new journal, and no journal.
        let log = with_suffix(&path, "-wal");
        let left = std::fs::read(&log).unwrap();
        drop(journal);
        std::fs::remove_file(&path).unwrap();
        let side = path.with_extension("new");
        for (place, content) in [(&log, &left[..]), (&side, b"half a journal")] {
            use std::io::Write as _;
            File::create(place).unwrap().write_all(content).unwrap();
        }
        let (journal, snapshot) = open(folder.path()).unwrap();
        assert!(snapshot.entries.is_empty());
        drop(journal);
        assert!(open(folder.path()).unwrap().1.entries.is_empty());
        assert!(!side.exists());
    }

    #[test]
    fn a_duplicate_sequence_number_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path()).unwrap();
        journal.append(&entries(1, 1)).unwrap();
        let mut clash = entries(2, 1);
        clash.extend(entries(1, 1));
        assert!(journal.append(&clash).is_err());
        assert_eq!(JournalSnapshot::read(folder.path()).unwrap().unwrap().entries, entries(1, 1));
    }

    #[test]
    fn a_foreign_file_is_refused_and_stays_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(OutputDir(folder.path()).state()).unwrap();
        let path = OutputDir(folder.path()).journal();
        let put = |bytes: &[u8]| {
            use std::io::Write as _;
            File::create(&path).unwrap().write_all(bytes).unwrap();
        };

        let text = b"no database, but long enough to look like one ".repeat(40);
        put(&text);
        assert!(matches!(open(folder.path()), Err(JournalError::NotAJournal { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), text);

        std::fs::remove_file(&path).unwrap();
        let other = Connection::open(&path).unwrap();
        other.execute_batch("CREATE TABLE t (x)").unwrap();
        drop(other);
        assert!(matches!(open(folder.path()), Err(JournalError::NotAJournal { .. })));
    }

    #[test]
    fn a_newer_format_another_campaign_and_a_truncated_file_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path()).unwrap();
        for batch in 0..100 {
            journal.append(&entries(batch * 20 + 1, 20)).unwrap();
        }
        let other = Identity { is_sandbox: true, ..identity() };
        assert!(matches!(
            Journal::open::<History>(folder.path(), &other, Timestamp::default, None),
            Err(JournalError::OtherCampaign { .. })
        ));
        journal.connection.pragma_update(None, "user_version", 99).unwrap();
        drop(journal);
        assert!(matches!(open(folder.path()), Err(JournalError::NewerFormat { found: 99, .. })));

        let path = OutputDir(folder.path()).journal();
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        drop(connection);
        let whole = std::fs::metadata(&path).unwrap().len();
        File::options().write(true).open(&path).unwrap().set_len(whole / 2).unwrap();
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(open(folder.path()), Err(JournalError::Damaged { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_journal_with_foreign_definitions_is_refused() {
        for sql in [
            "CREATE TRIGGER steal AFTER INSERT ON entries BEGIN DELETE FROM entries; END",
            "CREATE VIEW more AS SELECT * FROM jobs",
            "CREATE TABLE notes (text TEXT)",
            "CREATE INDEX fast ON entries (at)",
            "DROP TABLE identity; CREATE VIEW identity AS SELECT 'spring' AS campaign, 0 AS is_sandbox",
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = OutputDir(folder.path()).journal();
            std::fs::create_dir_all(OutputDir(folder.path()).state()).unwrap();
            create(&path, &identity()).unwrap();
            Identity::read(folder.path()).unwrap();
            Connection::open(&path).unwrap().execute_batch(sql).unwrap();
            let before = std::fs::read(&path).unwrap();
            let error = Identity::read(folder.path()).unwrap_err().to_string();
            assert!(error.contains("does not create"), "{sql}: {error}");
            assert_eq!(std::fs::read(&path).unwrap(), before);
        }
    }

    #[test]
    fn no_trigger_of_the_file_runs_and_the_schema_cannot_be_rewritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        create(&path, &identity()).unwrap();
        let trigger = "CREATE TRIGGER steal AFTER INSERT ON jobs BEGIN DELETE FROM identity; END";
        Connection::open(&path).unwrap().execute_batch(trigger).unwrap();
        let connection = access::open(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
        connection.execute("INSERT INTO jobs VALUES ('a', '{}')", []).unwrap();
        let rows: i64 =
            connection.query_row("SELECT count(*) FROM identity", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 1);
        connection.execute_batch("PRAGMA writable_schema = ON").unwrap();
        assert!(connection.execute("DELETE FROM sqlite_schema", []).is_err());
    }
}
