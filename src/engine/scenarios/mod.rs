//! Scenario tests: short runs with a known outcome, one for each mistake that random seeds would rarely find.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a scenario names the commands it is about; the rest get the usual answer"
)]

mod absence_proof;
mod accounts;
mod clocks;
mod downloads;
mod duplicate_runs;
mod edited_rows;
mod harness;
mod inventory;
mod limits;
mod rerun_options;
mod stopping;
