//! The decisions: pure, synchronous, without clock, network or disk.
//!
//! [`Batch`] holds the whole run. It is restored from a plan and the entries of the journal, and is
//! then told what happened and what time it is. It answers with a [`Step`]: *entries* (what is now
//! true), *commands* (what to do next) and a time to be called again. The commands are out of reach
//! until the entries have been written ([`Step::persist`]); so nothing is ever paid for before its
//! intent is on disk.
//!
//! ```text
//!            inputs + now                    entries ──> journal, observers
//!   driver ───────────────> Batch::step ──┤
//!                                            commands ──> submit, poll, look, list, fetch
//! ```
//!
//! # One file for each concern
//!
//! | file | decides |
//! |---|---|
//! | `batch` | what a step is, when the run is over |
//! | `restoring` | what the journal and the person's wishes make of a new run |
//! | `transitions` | what becomes true of a job, which queues it is in |
//! | `submitting` | which job is paid for when, and what its answer means |
//! | `watching` | when the provider is asked about renders |
//! | `reports` | what its answers mean, and what a failed read means |
//! | `fetching` | which video is downloaded when |
//! | `reconciling` | what the provider already has |
//! | `duplicate_runs` | whether somebody else pays for the same jobs |
//! | `absence` | when a list without a job proves that it was not accepted |
//! | `lane`, `pace`, `concurrency`, `window`, `budget`, `polling`, `backoff` | one limit each |
//!
//! # What it promises
//!
//! At most one submit of a job and generation is ever accepted; the pace and every `Retry-After`
//! are kept, across restarts too; no more are in flight than allowed, jobs in doubt included; the cap is
//! never passed by a submit; every run ends; the live phases equal the fold of the entries; the same
//! inputs give the same entries. `simulation` checks each of these over thousands of crashing runs, and
//! `mutant` breaks each to see that it notices; `scenes` holds what chance would need too long to
//! stumble upon.

/// Whether the engine is broken on purpose in the way named: never, outside tests.
#[cfg(not(test))]
macro_rules! is_broken {
    ($mutant:ident) => {
        false
    };
}

/// Whether the engine is broken on purpose in the way named.
#[cfg(test)]
macro_rules! is_broken {
    ($mutant:ident) => {
        $crate::engine::mutant::is($crate::engine::mutant::Mutant::$mutant)
    };
}

mod absence_proof;
mod backoff;
mod batch;
mod budget;
mod concurrency;
mod fetching;
mod job;
mod lane;
#[cfg(test)]
mod mutant;
mod pace;
mod policy;
mod poll_intervals;
mod poll_results;
mod polling;
mod reconciling;

mod duplicate_runs;
mod restoring;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod simulation;
mod step;
mod submitting;
mod transitions;

mod concurrency_limit;

pub use batch::{Batch, Input};
pub use policy::{Policy, Submits};
pub use step::{PersistedStep, Step};
