//! The record: what has become true, durable before anything is done about it.
//!
//! One SQLite database a campaign, `.callsheet/journal.sqlite` in the output folder, in WAL mode with
//! `synchronous=FULL`: an appended entry has been synced when [`Journal::append`] returns. All entries
//! of a step are one transaction, so a crash never leaves half a step. Entries are only ever appended.
//!
//! One process at a time writes: it holds an operating-system lock on `.callsheet/lock`, which dies
//! with the process. Reading ([`Record::read`]) needs no lock and works while a run is going on.
//!
//! A file that is not ours, is damaged, or was written by a newer version is refused and left
//! untouched. The lock and the write-ahead log need a local disk: on a network folder they hold back
//! only processes of the same machine (the tags still keep another machine from paying twice).

mod lock;
mod reading;
mod record;
mod store;

pub use lock::{Liveness, Lock, LockError};
pub use record::{Identity, Record};
pub use store::{Journal, JournalError};
