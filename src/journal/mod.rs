//! The journal: a durable record of everything that happened, written before it is acted on.
//!
//! A campaign has one SQLite database, `.callsheet/journal.sqlite` in the output folder, in WAL mode with
//! `synchronous=FULL`: entries are synced when [`Journal::append`] returns. All entries of a step are one transaction, so
//! a crash never leaves half a step. Entries are only ever appended.
//!
//! One process at a time writes. It holds an operating-system lock on `.callsheet/lock`, which is released when the
//! process ends. Reading ([`JournalSnapshot`], [`Replay`]) needs no lock and works during a run.
//!
//! A file that is not a journal, is damaged, or has a newer format is refused and stays unchanged. A journal in a folder
//! that cannot be written can be read, unless it has a write-ahead log. `.callsheet/` is readable by its owner alone,
//! because it holds links to the videos that work without a key.
//!
//! # Other machines, other folders, old copies
//!
//! Lock and write-ahead log need a local disk. On a network folder the lock stops only processes of the same machine, and
//! it does not cover a second output folder, such as a copy. Tags cover those cases, because every run reads the
//! provider's list before it submits:
//!
//! - A job that was accepted before is adopted and not paid for again. So runs one after the other never pay twice, on
//!   whatever machine, and neither does a run with an old copy of the journal.
//! - Nothing separates two runs that submit at the same time: each may pay for a job before the list shows it the other
//!   one's. Both read the list again a settle time after their first submit, and then at growing intervals. A duplicate job
//!   is recorded ([`PaidTwice`](crate::model::JobEvent::PaidTwice)), and that run submits nothing more.

mod access;
mod approval;
mod error;
mod kept_sheet;
mod lock;
mod reader;
mod replay;
mod snapshot;
mod store;

pub(crate) use approval::{read_accepted, read_approval, write_accepted, write_approval};
pub use error::JournalError;
pub(crate) use kept_sheet::SheetRecord;
pub use lock::{Lock, LockError};
pub use reader::Identity;
pub use replay::{Fold, Replay};
pub use snapshot::JournalSnapshot;
pub use store::Journal;
