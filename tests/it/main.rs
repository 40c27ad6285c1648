//! The tests that see the program from outside: the built binary, its files, its exit codes, and what the
//! other side of the network counted meanwhile.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that meets the unexpected is to fail on the spot"
)]

mod api;
mod catalogue;
mod commands;
mod configuration;
mod crashes;
mod exit_codes;
mod first_steps;
mod inputs;
mod interruptions;
mod layers;
mod learning;
mod money;
mod nightly;
mod old_journals;
mod overlap;
mod program;
mod readme;
mod recovery;
mod seeing;
mod shards;
#[cfg(unix)]
mod snapshots;
mod storms;
#[cfg(target_os = "linux")]
mod tls;
mod untrusted;
mod world;

#[path = "../../benches/support/mod.rs"]
#[expect(dead_code, reason = "the benches measure with the rest of it")]
mod support;
