//! Replaying a journal: its entries are folded into a state one by one, because half a million of them would take
//! hundreds of megabytes.

use std::path::Path;

use super::error::JournalError;
use super::reader::{Identity, Reader};
use crate::model::{Entry, History, Timestamp, TrustedTime};

/// A state built from the entries of a journal.
pub trait Fold: Default {
    /// Adds the next entry, which was recorded at `time`.
    fn add(&mut self, entry: Entry, time: TrustedTime);
}

impl Fold for History {
    fn add(&mut self, entry: Entry, time: TrustedTime) {
        self.apply(&entry, time);
    }
}

/// A journal and the state that its entries add up to.
#[derive(Debug)]
pub struct Replay<F> {
    /// The campaign it belongs to.
    pub identity: Identity,
    /// Its last entry.
    pub last_entry: Option<Entry>,
    /// The folded entries.
    pub state: F,
}

impl<F: Fold> Replay<F> {
    /// Replays the journal of the output folder `folder`; `None` if there is none. Needs no lock and reads one
    /// consistent moment, even during a run. Calls `now` after that moment, so that an entry is in the future only if
    /// a clock was set back.
    ///
    /// # Errors
    /// If the file cannot be read or is not a journal.
    pub fn read(
        folder: &Path,
        now: impl FnOnce() -> Timestamp,
    ) -> Result<Option<Self>, JournalError> {
        let Some(reader) = Reader::open(folder)? else {
            return Ok(None);
        };
        // Damage explains all other errors.
        reader.check_pages()?;
        let mut times = TrustedTime::believed(reader.times()?.into_iter(), now()).into_iter();
        let (mut state, mut last_entry) = (F::default(), None);
        reader.for_each_entry(i64::MIN, |entry| {
            let time = times.next().unwrap_or(TrustedTime { at: entry.at, is_certain: false });
            if times.len() == 0 {
                last_entry = Some(entry.clone());
            }
            state.add(entry, time);
        })?;
        Ok(Some(Self { identity: reader.identity()?, last_entry, state }))
    }

    /// Checks whether this is still the state of the journal of `folder`. Entries are only ever appended.
    pub(super) fn is_current(&self, folder: &Path) -> Result<bool, JournalError> {
        let (Some(last), Some(reader)) = (&self.last_entry, Reader::open(folder)?) else {
            return Ok(false);
        };
        let is_last = reader.entries_since(last)?.is_some_and(|new| new.is_empty());
        Ok(is_last && reader.identity()? == self.identity)
    }
}

#[cfg(test)]
mod tests {
    use super::super::store::Journal;
    use super::*;
    use crate::model::{Event, JobEvent};
    use crate::util::fs::OutputDir;

    fn identity() -> Identity {
        Identity { campaign: "c".into(), is_sandbox: false }
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
        /// A journal whose entries were written at `times`.
        fn new(times: impl IntoIterator<Item = i64>) -> Self {
            let folder = tempfile::tempdir().unwrap();
            std::fs::create_dir_all(OutputDir(folder.path()).state()).unwrap();
            let (mut journal, _) =
                Journal::open::<History>(folder.path(), &identity(), Timestamp::default, None)
                    .unwrap();
            let entries: Vec<Entry> =
                times.into_iter().zip(1..).map(|(at, sequence)| entry(sequence, at)).collect();
            journal.append(&entries).unwrap();
            Self(folder, journal)
        }

        fn replay(&self, now: i64) -> Replay<Recorded> {
            let now = Timestamp::from_millis(now);
            Replay::read(self.0.path(), || now).unwrap().unwrap()
        }
    }

    /// Collects entries and their trusted times.
    #[derive(Debug, Default)]
    struct Recorded {
        entries: Vec<Entry>,
        times: Vec<TrustedTime>,
    }

    impl Fold for Recorded {
        fn add(&mut self, entry: Entry, time: TrustedTime) {
            self.entries.push(entry);
            self.times.push(time);
        }
    }

    #[test]
    fn all_entries_are_added_in_order() {
        for count in [0, 1, 1000] {
            let journal = TestJournal::new(0..count);
            let Replay { last_entry, state, .. } = journal.replay(count);
            let expected: Vec<Entry> =
                (0..count).zip(1..).map(|(at, sequence)| entry(sequence, at)).collect();
            assert!(state.entries == expected, "{count}");
            assert_eq!(last_entry, expected.last().cloned());
        }
    }

    #[test]
    fn times_are_trusted_as_if_all_entries_were_known_at_once() {
        let late = 1000;
        let set_back = (0..late).chain(late / 2..late);
        for (times, now) in [
            ((0..late).collect::<Vec<i64>>(), late),
            ((0..late).collect(), late / 3),
            (set_back.collect(), late),
        ] {
            let journal = TestJournal::new(times.iter().copied());
            let state = journal.replay(now).state;
            let written = times.iter().map(|at| Timestamp::from_millis(*at));
            let expected = TrustedTime::believed(written, Timestamp::from_millis(now));
            assert_eq!(state.times, expected);
        }
    }

    #[test]
    fn a_prefetched_replay_is_used_until_something_is_written() {
        let mut journal = TestJournal::new(0..3);
        let now = Timestamp::from_millis(9);
        let resume = |journal: &TestJournal, prefetched: Replay<Recorded>| {
            let out = journal.0.path();
            let resumed = Journal::open(out, &identity(), || now, Some(prefetched));
            resumed.unwrap().1.state.entries.len()
        };
        let mut prefetched = journal.replay(9);
        prefetched.state.entries.clear();
        assert_eq!(resume(&journal, prefetched), 0, "not read again");
        let prefetched = journal.replay(9);
        journal.1.append(&[entry(4, 3)]).unwrap();
        assert_eq!(resume(&journal, prefetched), 4);
        // The journal of another campaign.
        let mut prefetched = journal.replay(9);
        prefetched.identity.campaign = "other".into();
        assert_eq!(resume(&journal, prefetched), 4);
    }

    #[test]
    fn an_unreadable_entry_is_an_error_and_not_a_shorter_history() {
        let journal = TestJournal::new(0..8192);
        let damage = |sql: &str| {
            let path = OutputDir(journal.0.path()).journal();
            let connection = rusqlite::Connection::open(path).unwrap();
            connection.execute_batch(sql).unwrap();
        };
        let now = Timestamp::from_millis(i64::MAX);
        let read = || Replay::<History>::read(journal.0.path(), || now);
        damage("UPDATE entries SET event = 'nonsense' WHERE sequence = 5000");
        let message = read().unwrap_err().to_string();
        assert!(message.contains("entry 5000"), "{message}");
        damage("DELETE FROM entries WHERE sequence = 5000");
        let history = read().unwrap().unwrap().state;
        assert!(history.fault().is_some());
        let far = i64::MAX;
        damage(&format!("UPDATE entries SET sequence = {far} WHERE sequence = 8192"));
        damage("DELETE FROM entries WHERE sequence > 3 AND sequence < 8192");
        let replay = journal.replay(far);
        let numbers: Vec<u64> = replay.state.entries.iter().map(|it| it.sequence).collect();
        assert_eq!(numbers, [1, 2, 3, far.cast_unsigned()]);
        assert_eq!(replay.last_entry, replay.state.entries.last().cloned());
        damage("UPDATE entries SET sequence = -1 WHERE sequence = 1");
        assert!(read().is_err());
    }
}
