//! The engine: decides what to do next. Pure and synchronous, without clock, network or disk.
//!
//! [`Batch`] holds a whole run. It is restored from a plan and the entries of the journal. Each call passes it what
//! happened and the time, and returns a [`Step`]: *entries* (facts to be recorded), *commands* (what
//! to do next) and the time of the next call. The commands are available only after the entries have been written
//! ([`Step::persist`]), so nothing is paid for before its intent is on disk.
//!
//! ```text
//!            inputs + now                    entries ──> journal, observers
//!   driver ───────────────> Batch::step ──┤
//!                                            commands ──> submit, poll, list, download
//! ```
//!
//! # Structure
//!
//! [`Batch`] owns the parts below, passes them what happened, and carries out what they decide. A part changes its own
//! state only, and returns its decisions as values.
//!
//! | file | contents |
//! |---|---|
//! | `batch` | routing of inputs, changes of jobs, the end of a run |
//! | `job_table`, `job` | the jobs with indexes over them |
//! | `reopening` | what becomes of each job when a run begins |
//! | `submitter` | which job is submitted when, and what the answer means |
//! | `poller`, `poll_intervals` | when renders are polled, and what the answers mean |
//! | `downloads` | which video is downloaded when, and what a failed download means |
//! | `reconciler` | when the provider's list is read |
//! | `adoption` | which of its rows are jobs of ours |
//! | `absence_proof`, `evidence` | when a list without a job proves that it was not accepted |
//! | `duplicate_runs` | detection of another run that pays for the same jobs |
//! | `reads` | what a failed poll or listing means |
//! | `lane`, `pace`, `backoff` | when a request may start |
//! | `concurrency_limit`, `adaptive_limit` | how many renders may be in flight |
//! | `budget` | the caps on credits |
//! | `rules` | the decisions on which the promise depends |
//! | `decision` | decisions of the parts |
//!
//! # Promise
//!
//! - At most one submit of a job and generation is ever accepted.
//! - The pace and every `Retry-After` are kept, across restarts too.
//! - No more renders are in flight than allowed, jobs in doubt included.
//! - No submit exceeds a cap.
//! - Every run ends.
//! - The live phases equal the fold of the entries.
//! - The same inputs give the same entries.
//!
//! `simulation` checks each of these over thousands of crashing runs. Its mutants replace one of the `rules` by a wrong
//! one, or write the journal wrongly, to show that the simulation notices. `scenarios` tests what random seeds would
//! rarely find.

mod absence_proof;
mod adaptive_limit;
mod adoption;
mod backoff;
mod batch;
mod budget;
mod concurrency_limit;
mod decision;
mod downloads;
mod duplicate_runs;
mod evidence;
mod inventory;
mod job;
mod job_table;
mod lane;
mod options;
mod pace;
mod poll_intervals;
mod poller;
mod reads;
mod reconciler;
mod reopening;
mod rules;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod simulation;
mod step;
mod submitter;

pub use batch::{Batch, Input};
pub use options::{RunOptions, Submits};
pub use step::{PersistedStep, Step};
