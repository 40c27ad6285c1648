//! The record: what has become true, durable before anything is done about it.
//!
//! One SQLite database a campaign, `.callsheet/journal.sqlite` in the output folder, in WAL mode with
//! `synchronous=FULL`: an appended entry has been synced when [`Journal::append`] returns. All entries
//! of a step are one transaction, so a crash never leaves half a step. Entries are only ever appended.
//!
//! One process at a time writes: it holds an operating-system lock on `.callsheet/lock`, which dies
//! with the process. Reading ([`JournalSnapshot::read`]) needs no lock and works while a run is going on.
//!
//! A file that is not ours, is damaged, or was written by a newer version is refused and left
//! untouched. Where the folder cannot be written the journal is read all the same, unless a write-ahead log
//! has been left beside it. `.callsheet/` is readable by its owner alone: it holds the links to the videos, which are as
//! good as keys while they last.
//!
//! # What another machine, another folder or an old copy may do
//!
//! The lock and the write-ahead log need a local disk. On a network folder they hold back only processes of
//! the same machine, and they say nothing of a second output folder: a copy, or another machine's. There the
//! tags take over, because every run reads the provider's list before it submits:
//!
//! - Whatever was accepted before that is adopted, not paid again. So runs one after the other never pay
//!   twice, wherever they run, and neither does one whose journal was put back from an old copy.
//! - Two runs that submit at the same time are not kept apart by anything: each may pay for a job in the
//!   moments before the list shows it what the other has done. Both read the list again a settle time
//!   after their first submit and from then on less and less often; a job that turns up twice is put on
//!   record ([`PaidTwice`](crate::model::JobEvent::PaidTwice)), and that run submits nothing more.

mod access;
mod approval;
mod error;
mod file;
mod identity;
mod lock;
mod reader;
mod replay;
mod snapshot;
mod store;

pub(crate) use approval::{read_approval, write_approval};
pub use error::JournalError;
pub use identity::Identity;
pub use lock::{Lock, LockError, LockState};
pub use replay::{Fold, Replay};
pub use snapshot::JournalSnapshot;
pub use store::Journal;
