//! Folding a journal while it is read: entries are read by several threads and handed over one after the other,
//! so that the half million of a campaign of 100,000 jobs are never all in memory.

use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};

use super::error::JournalError;
use super::file::path_of;
use super::identity::Identity;
use super::reader::{
    check, each_row, identity, join, open, read_identity, read_part, read_since, reader, unreadable,
};
use crate::model::{Entry, History, Timestamp, TrustedTime};

/// What takes in the entries of a journal, one after the other.
pub trait Fold: Default {
    /// Takes in the next entry, which became true at `moment`.
    fn add(&mut self, entry: Entry, moment: TrustedTime);
}

impl Fold for History {
    fn add(&mut self, entry: Entry, moment: TrustedTime) {
        self.apply(&entry, moment);
    }
}

impl Fold for Vec<Entry> {
    fn add(&mut self, entry: Entry, _: TrustedTime) {
        self.push(entry);
    }
}

/// A journal, and what its entries add up to.
#[derive(Debug)]
pub struct Replay<F> {
    /// Whose it is.
    pub identity: Identity,
    /// Its newest entry, as it was written.
    pub last_entry: Option<Entry>,
    /// What its entries add up to.
    pub state: F,
}

impl<F: Fold> Replay<F> {
    /// What the entries of the journal of the output folder `folder` add up to, as far as their times can be
    /// believed; `None` if there is none. It is read without locking it, and is of one consistent moment even
    /// while a run is going on. `now` is asked once it is clear which entries are read, so that none of them
    /// lies in the future but by a clock that was set back.
    ///
    /// # Errors
    /// If it cannot be read, or is not one of ours.
    pub fn read(
        folder: &Path,
        now: impl FnOnce() -> Timestamp,
    ) -> Result<Option<Self>, JournalError> {
        replay(folder, || Some(now()))
    }

    /// Whether this is what the journal of `folder` still adds up to. Entries are only ever appended.
    pub(super) fn is_current(&self, folder: &Path) -> Result<bool, JournalError> {
        let Some(last_entry) = &self.last_entry else {
            return Ok(false);
        };
        let is_newest = read_since(folder, last_entry)?.is_some_and(|more| more.is_empty());
        Ok(is_newest && read_identity(folder)?.as_ref() == Some(&self.identity))
    }
}

/// So many entries are handed over at one time.
const CHUNK: i64 = 4096;

/// So many chunks a thread may be ahead of whoever takes them in.
const CHUNKS_AHEAD: usize = 2;

/// More threads would wait for the disk, or for whoever takes the entries in.
const MOST_THREADS: i64 = 4;

/// What the entries of the journal of the output folder `out` add up to; `None` if there is none. It is of one
/// consistent moment, even while a run is going on. Their times are taken as they were written if there is no
/// `now`.
pub(super) fn replay<F: Fold>(
    out: &Path,
    now: impl FnOnce() -> Option<Timestamp>,
) -> Result<Option<Replay<F>>, JournalError> {
    let path = path_of(out);
    let Some(connection) = open(&path)? else {
        return Ok(None);
    };
    let identity = identity(&connection, &path);
    // Entries are only ever appended, so that those up to this one are the same for every reader.
    let last: Result<Option<i64>, JournalError> = connection
        .query_row("SELECT max(sequence) FROM entries", [], |row| row.get(0))
        .map_err(|error| unreadable(&path, error));
    let now = now();
    let folded = std::thread::scope(|scope| {
        let checked = scope.spawn(|| check(&reader(&path)?, &path));
        let folded = last.and_then(|last| fold(&path, last.unwrap_or(0), now));
        // That the file is damaged says more than what cannot be read for it.
        join(checked).and(folded)
    });
    let (state, last_entry) = folded?;
    Ok(Some(Replay {
        identity: identity?,
        last_entry,
        state,
    }))
}

/// The fold of the entries up to `last`, and the newest of them.
fn fold<F: Fold>(
    path: &Path,
    last: i64,
    now: Option<Timestamp>,
) -> Result<(F, Option<Entry>), JournalError> {
    let mut previous = None;
    let in_order = |entry: &Entry| {
        let is_believed = now
            .is_none_or(|now| entry.at <= now && previous.is_none_or(|before| before <= entry.at));
        previous = Some(entry.at);
        is_believed.then_some(TrustedTime::certain(entry.at))
    };
    if let Some(folded) = fold_by(path, last, in_order)? {
        return Ok(folded);
    }
    // A clock was set back: what can be believed of an entry depends on those that follow it.
    let written = times(path, last)?;
    let mut moments =
        TrustedTime::believed(written.into_iter(), now.unwrap_or_default()).into_iter();
    let believed = |entry: &Entry| {
        let unknown = TrustedTime {
            at: entry.at,
            is_certain: false,
        };
        Some(moments.next().unwrap_or(unknown))
    };
    Ok(fold_by(path, last, believed)?.unwrap_or_default())
}

/// The same by the moments that `moment_of` gives to the entries in turn; `None` if it gives none to one.
fn fold_by<F: Fold>(
    path: &Path,
    last: i64,
    mut moment_of: impl FnMut(&Entry) -> Option<TrustedTime>,
) -> Result<Option<(F, Option<Entry>)>, JournalError> {
    let chunks = (last.max(1) - 1) / CHUNK + 1;
    let threads = chunks.clamp(1, MOST_THREADS);
    let (mut state, mut last_entry) = (F::default(), None);
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|first| {
                let (sender, receiver) = sync_channel(CHUNKS_AHEAD);
                scope.spawn(move || {
                    let own = (first..chunks).step_by(usize::try_from(threads).unwrap_or(1));
                    read_chunks(path, own, last, &sender);
                });
                receiver
            })
            .collect();
        for (chunk, part) in (0..chunks).zip(parts.iter().cycle()) {
            // A thread that ends before its last chunk has panicked, and so does the scope.
            let Ok(entries) = part.recv() else { break };
            let mut entries = entries?;
            // So many numbers are missing only from a journal that was tampered with, and what follows may have
            // any number.
            let is_gap = entries.is_empty();
            if is_gap {
                let rest = (chunk * CHUNK + 1, last);
                entries = read_part(&reader(path)?, path, rest)?;
            }
            for entry in entries {
                let Some(moment) = moment_of(&entry) else {
                    return Ok(None);
                };
                last_entry =
                    (entry.sequence == u64::try_from(last).unwrap_or(0)).then(|| entry.clone());
                state.add(entry, moment);
            }
            if is_gap {
                break;
            }
        }
        Ok(Some((state, last_entry)))
    })
}

/// Reads chunks in order and hands them over, until nobody takes them any more.
fn read_chunks(
    path: &Path,
    chunks: impl Iterator<Item = i64>,
    last: i64,
    sender: &SyncSender<Result<Vec<Entry>, JournalError>>,
) {
    let read = || {
        let connection = reader(path)?;
        for chunk in chunks {
            // What has a number below 1 is refused when it is read, and must not be passed over.
            let from = if chunk == 0 {
                i64::MIN
            } else {
                chunk * CHUNK + 1
            };
            let until = (chunk + 1).saturating_mul(CHUNK).min(last);
            let entries = read_part(&connection, path, (from, until))?;
            if sender.send(Ok(entries)).is_err() {
                break;
            }
        }
        Ok(())
    };
    if let Err(error) = read() {
        // Nobody is left to be told if this fails.
        let _ = sender.send(Err(error));
    }
}

/// When the entries up to `last` were written, by the clocks of their time.
fn times(path: &Path, last: i64) -> Result<Vec<Timestamp>, JournalError> {
    let mut times = Vec::new();
    let sql = "SELECT at FROM entries WHERE sequence <= ?1 ORDER BY sequence";
    each_row(&reader(path)?, path, (sql, [last]), |row| {
        times.push(Timestamp::from_millis(row.get(0)?));
        Ok(())
    })?;
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::super::store::Journal;
    use super::*;
    use crate::model::{Event, JobEvent};

    fn identity() -> Identity {
        Identity {
            campaign: "c".into(),
            is_sandbox: false,
        }
    }

    fn entry(sequence: u64, at: i64) -> Entry {
        let job = format!("job-{}", sequence % 7).parse().unwrap();
        let status = format!("word {sequence}");
        Entry {
            sequence,
            at: Timestamp::from_millis(at),
            event: Event::job(&job, JobEvent::Observed { status }),
        }
    }

    struct TestJournal(tempfile::TempDir, Journal);

    impl TestJournal {
        /// A journal whose entries were written at these times.
        fn of(times: impl IntoIterator<Item = i64>) -> Self {
            let folder = tempfile::tempdir().unwrap();
            std::fs::create_dir_all(folder.path().join(".callsheet")).unwrap();
            let (mut journal, _) = Journal::open(folder.path(), &identity()).unwrap();
            let entries: Vec<Entry> = times
                .into_iter()
                .zip(1..)
                .map(|(at, sequence)| entry(sequence, at))
                .collect();
            journal.append(&entries).unwrap();
            Self(folder, journal)
        }

        /// Recalled at this time.
        fn replay<F: Fold>(&self, now: i64) -> Replay<F> {
            let now = Timestamp::from_millis(now);
            Replay::read(self.0.path(), || now).unwrap().unwrap()
        }
    }

    /// Entries with the moments that were believed of them.
    #[derive(Debug, Default)]
    struct RecordedTimes(Vec<(Entry, TrustedTime)>);

    impl Fold for RecordedTimes {
        fn add(&mut self, entry: Entry, moment: TrustedTime) {
            self.0.push((entry, moment));
        }
    }

    #[test]
    fn entries_of_many_chunks_are_taken_in_one_after_the_other() {
        for count in [0, 1, CHUNK, CHUNK + 1, 6 * CHUNK + 5] {
            let folder = TestJournal::of(0..count);
            let Replay {
                last_entry, state, ..
            } = folder.replay::<Vec<Entry>>(count);
            let expected: Vec<Entry> = (0..count)
                .zip(1..)
                .map(|(at, sequence)| entry(sequence, at))
                .collect();
            assert!(state == expected, "{count}");
            assert_eq!(last_entry, state.last().cloned());
        }
    }

    #[test]
    fn times_are_believed_as_if_all_entries_were_known_at_once() {
        let late = 5 * CHUNK;
        let set_back = (0..late).chain(late / 2..late);
        for (times, now) in [
            ((0..late).collect::<Vec<i64>>(), late),
            ((0..late).collect(), late / 3),
            (set_back.collect(), late),
        ] {
            let folder = TestJournal::of(times.iter().copied());
            let RecordedTimes(heard) = folder.replay::<RecordedTimes>(now).state;
            let written = times.iter().map(|at| Timestamp::from_millis(*at));
            let moments = TrustedTime::believed(written, Timestamp::from_millis(now));
            assert_eq!(heard.len(), moments.len());
            assert!(heard.iter().map(|(_, moment)| moment).eq(&moments));
        }
    }

    #[test]
    fn what_was_anticipated_holds_until_something_is_written() {
        let mut folder = TestJournal::of(0..3);
        let now = Timestamp::from_millis(9);
        let resume = |folder: &TestJournal, prefetched: Replay<Vec<Entry>>| {
            let out = folder.0.path();
            let resumed = Journal::resume(out, &identity(), || now, Some(prefetched));
            resumed.unwrap().1.state
        };
        let mut prefetched = folder.replay::<Vec<Entry>>(9);
        prefetched.state.clear();
        assert_eq!(resume(&folder, prefetched), [], "not read once more");
        let prefetched = folder.replay::<Vec<Entry>>(9);
        folder.1.append(&[entry(4, 3)]).unwrap();
        assert_eq!(resume(&folder, prefetched).len(), 4);
        // Another campaign's journal in its place.
        let mut prefetched = folder.replay::<Vec<Entry>>(9);
        prefetched.identity.campaign = "other".into();
        assert_eq!(resume(&folder, prefetched).len(), 4);
    }

    #[test]
    fn a_journal_that_cannot_be_read_is_no_shorter_history() {
        let folder = TestJournal::of(0..2 * CHUNK);
        let damage = |sql: &str| {
            let path = path_of(folder.0.path());
            let connection = rusqlite::Connection::open(path).unwrap();
            connection.execute_batch(sql).unwrap();
        };
        let now = Timestamp::from_millis(i64::MAX);
        let read = || Replay::<History>::read(folder.0.path(), || now);
        damage("UPDATE entries SET event = 'nonsense' WHERE sequence = 5000");
        let told = read().unwrap_err().to_string();
        assert!(told.contains("entry 5000"), "{told}");
        damage("DELETE FROM entries WHERE sequence = 5000");
        let history = read().unwrap().unwrap().state;
        assert!(history.fault().is_some());
        // However far the numbers lie apart, nobody goes through all that are missing.
        let far = i64::MAX;
        damage(&format!(
            "UPDATE entries SET sequence = {far} WHERE sequence = 8192"
        ));
        damage("DELETE FROM entries WHERE sequence > 3 AND sequence < 8192");
        let replayed = folder.replay::<Vec<Entry>>(far);
        let numbers: Vec<u64> = replayed.state.iter().map(|entry| entry.sequence).collect();
        assert_eq!(numbers, [1, 2, 3, far.cast_unsigned()]);
        assert_eq!(replayed.last_entry, replayed.state.last().cloned());
        damage("UPDATE entries SET sequence = -1 WHERE sequence = 1");
        assert!(read().is_err());
    }
}
