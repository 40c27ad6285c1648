//! `callsheet` turns a sheet of rows into finished avatar videos, and never pays for one twice.
//!
//! # The map
//!
//! A wheel, not a web: every layer knows the vocabulary ([`model`]) and, but for the last two, none of
//! the others.
//!
//! | layer | is |
//! |---|---|
//! | [`model`] | the vocabulary: ids, time, credits, jobs, phases, events, commands, failures |
//! | [`util`] | small shared helpers: text, tables, files |
//! | [`manifest`] | what the user wrote becomes a plan, or a list of everything that is wrong with it |
//! | [`engine`] | the decisions, pure: told what happened and what time it is, it says what is now true and what to do |
//! | [`remote`] | the network: one attempt, classified |
//! | [`journal`] | the record: durable, locked, versioned |
//! | [`report`] | who is told: progress, results, the page |
//! | [`sandbox`] | an imitation of the API on loopback, with faults on request |
//! | [`driver`] | the loop: decide, persist, tell, act, wait |
//! | [`app`] | the use cases: plan, run, collect, status, report, catalogue; no argument parsing, no printing |
//! | [`cli`] | the edge: arguments, settings, exit codes |
//!
//! # The one idea
//!
//! *Decide, persist, tell, act.* The engine's commands cannot be had before its entries are on disk
//! ([`engine::Step::persist`]), so no paid request can be sent before its intent is on record; resuming is
//! folding the journal with the transition function of the live run ([`model::Phase::apply`]).
//!
//! # What may change
//!
//! The program is the product; the library follows semantic versioning in what is public here. Of [`cli`] that is
//! [`cli::main`] alone. What is not needed to run a campaign with observers of one's own (`examples/observer.rs`), such
//! as the tables of `plan` and the screens of `status`, is private. Enums that name what can happen ([`model::Event`],
//! [`model::FailureKind`], [`model::StopReason`]) will grow, and are marked so.
//!
//! # Where to start reading
//!
//! [`model::Phase`], [`model::Failure::disposition`], [`engine::Batch`], [`driver::Drive`], in this order: the life of a job
//! in half an hour.

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
pub mod util;
