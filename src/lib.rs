//! `callsheet` turns a sheet of rows into finished avatar videos and never pays for one twice.
//!
//! # Layers
//!
//! Every layer may import [`model`] and `util`. `manifest`, `engine`, `journal`, `remote` and `report` import nothing
//! else; [`driver`] combines them into the loop, [`app`] into use cases, and [`cli`] and
//! `studio` are the edges over the use cases. A test
//! checks these rules.
//!
//! | layer | contents |
//! |---|---|
//! | [`model`] | the vocabulary: ids, time, credits, jobs, phases, events, commands, failures |
//! | `util` | small shared helpers: text, tables, files |
//! | [`manifest`] | turns a sheet or YAML manifest into a plan, or a list of all its problems |
//! | [`engine`] | pure decisions: takes events and the time, returns entries and commands |
//! | [`journal`] | the durable record of a campaign, with its lock |
//! | [`remote`] | the network: one attempt, classified |
//! | [`report`] | progress, results, events, the review page |
//! | [`driver`] | the loop: decide, persist, notify, act, wait |
//! | [`app`] | the use cases: plan, run, collect, status, report, catalogue; no argument parsing, no printing |
//! | [`sandbox`] | an imitation of the API on loopback, with faults on request |
//! | [`cli`] | the command line: arguments, settings, printing, exit codes |
//! | `studio` | the same use cases on a local web page |
//!
//! # The core idea
//!
//! *Decide, persist, notify, act.* The engine's commands are unavailable until its entries are on disk
//! ([`engine::Step::persist`]), so no paid request is sent before its intent is recorded. A run resumes by folding the
//! journal with the transition function of the live run ([`model::Phase::apply`]).
//!
//! # Stability
//!
//! The product is the program. The library follows semantic versioning for what is public here; of [`cli`] that is
//! [`cli::main`] alone. Enums of things that can happen ([`model::Event`], [`model::FailureKind`],
//! [`model::StopReason`]) are non-exhaustive.
//!
//! # Where to start reading
//!
//! [`model::Phase`], [`model::Failure::disposition`], [`engine::Batch`], [`driver::Drive`], in this order: the life of a
//! job in half an hour. `examples/observer.rs` runs a campaign from Rust.

pub mod app;
pub mod cli;
pub mod driver;
pub mod engine;
pub mod journal;
pub mod manifest;
pub mod model;
pub mod remote;
pub mod report;
pub mod sandbox;
mod studio;
mod util;
