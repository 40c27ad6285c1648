//! The loop: the only place that waits.
//!
//! ```text
//! loop
//!   decide    step = batch.step(clock.now(), inputs)
//!   persist   ready = step.persist(journal)        an error here ends the loop: no more commands
//!   tell      every observer, in order, each entry
//!   act       start each command as a task
//!   wait      first of: an answer, the wake-up, an interrupt; meanwhile the display's tick
//! ```
//!
//! What the driver owns: the tasks in the air, the waiting, the clock and the signals. What it does not:
//! every decision, which is the [engine](crate::engine)'s. There is no `?` and no early return between
//! *act* and *wait*, so that no answer to a paid request is dropped on the way out.
//!
//! # What it promises
//!
//! - No command is started before the entries of its step are on disk.
//! - Each command is answered exactly once, even if its task panics: a submit that did is in doubt.
//! - The first interrupt submits nothing more and waits for the answers of submits in the air; the
//!   second leaves at once. Both are safe, because the intent of every submit is on disk.
//! - If the journal fails, nothing more is started; answers to submits in the air are waited for, and
//!   their ids handed out with the error, for they have been paid for.

mod clock;
mod drive;
mod lock;
mod signals;
mod tasks;

pub use clock::{Clock, SystemClock};
pub use drive::{Drive, DriveError, Durable, Unrecorded};
pub use lock::acquire_lock;
pub use signals::{Interrupts, listen_for_interrupts};
pub use tasks::Provider;
