//! Tests of the whole program: the built binary, its files and exit codes, and the ledger of its provider.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails at the first unexpected result"
)]

mod accounts;
mod addresses;
#[cfg(unix)]
mod browser;
mod campaign;
mod catalogue;
mod command_lines;
mod commands;
mod concurrency_limit;
mod configuration;
mod crashes;
mod duplicates;
mod environment;
mod exit_codes;
mod first_steps;
mod fuzz_targets;
mod hostile_folders;
mod identities;
#[cfg(unix)]
mod interruptions;
mod layers;
mod money;
mod nightly;
mod old_journals;
mod outputs;
#[cfg(unix)]
mod planted;
mod program;
mod random_kills;
mod readme;
mod recovery;
mod shards;
#[cfg(unix)]
mod snapshots;
mod source;
mod studio;
#[cfg(unix)]
mod studio_browser;
mod studio_sheets;
#[cfg(target_os = "linux")]
mod suspicious;
mod tls;
mod untrusted_provider;
mod webhooks;

#[path = "../../benches/support/mod.rs"]
#[expect(dead_code, reason = "the benchmarks use the rest")]
mod support;
