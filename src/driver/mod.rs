//! The driver: the only loop, and the only place that waits.
//!
//! ```text
//! loop
//!   decide    step = batch.step(clock.now(), inputs)
//!   persist   ready = step.persist(journal)        an error ends the loop: no more commands
//!   notify    every observer receives each entry, in order
//!   act       each command starts as a task
//!   wait      for a task's outcome, the wake-up or an interrupt; meanwhile for the display's tick
//! ```
//!
//! The driver owns the tasks, the waiting, the clock and the signals. The [engine](crate::engine) makes all decisions. There
//! is no `?` and no early return between *act* and *wait*, so that the outcome of a paid request is never dropped.
//!
//! # Guarantees
//!
//! - No command starts before the entries of its step are on disk.
//! - Each command has exactly one outcome, even if its task panics: a submit that panics is in doubt.
//! - The first interrupt stops submitting and waits for submits in flight; the second returns at once. Both are safe,
//!   because the intent of every submit is on disk.
//! - If the journal fails, nothing more is started. The driver waits for submits in flight and returns their ids with the
//!   error, because they are paid for.

mod clock;
mod drive;
mod signals;
mod tasks;

pub use clock::{Clock, SystemClock};
pub use drive::{Drive, DriveError, EntryStore, UnrecordedSubmit};
pub use signals::{Interrupts, listen_for_interrupts};
pub use tasks::CommandExecutor;
