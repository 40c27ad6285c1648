//! An imitation of Creatify's AI Avatar API on loopback: no account, no cost, no network.
//!
//! It serves first trials (`--sandbox`) and tests: its [`Ledger`] records the actions of a client, and its
//! [`Faults`] imitate failures.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use callsheet::sandbox::{FaultTrigger, Faults, ResponseFault, Sandbox, SandboxSettings};
//!
//! // The response to the first create is lost, though the job is accepted and charged.
//! let mut faults = Faults::default();
//! faults.create_accepted.insert(ResponseFault::Reset, FaultTrigger::ordinals([1]));
//! let sandbox = Sandbox::start(SandboxSettings { faults, ..SandboxSettings::default() }).await?;
//! // ... a client works with sandbox.base_url() and any credentials ...
//! assert_eq!(sandbox.ledger().accepted.len(), 1);
//! sandbox.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Properties
//!
//! * **Three origins:** the API, the file server, and a mirror that redirects lead to. Tests check that
//!   credentials are never sent to a file server.
//! * **The list of accepted jobs is its only state.** A job's life is decided when it is accepted; its
//!   status follows from the time. With a [state file](SandboxSettings::state), a sandbox that was killed
//!   continues where it stopped.
//! * **Deterministic** from [a seed](SandboxSettings::seed): ids, render times, charges, faults.
//! * **A complete ledger:** [`Ledger`], in Rust and at `GET /sandbox/ledger` without credentials.
//! * **Real files:** each job's video plays, has the right shape, and differs from all others.
//! * **Independent of the program:** it shares only the wire types, so that it does not inherit the
//!   program's rules of validity.
//!
//! # Directives in a text
//!
//! | in the text | the job |
//! |---|---|
//! | `[fail]` | ends `failed`, with a reason |
//! | `[reject]` | ends `rejected`, with a reason, without rendering |
//! | `[no output]` | ends `done`, but without a link to a video |
//! | `[fail: WORDS]`, `[reject: WORDS]` | ends like that, with these words as the reason, such as `out of credits` |
//! | `[output: URL]` | ends `done`, with this link to its video |
//! | `[status: WORD]` | has this status while it renders |
//!
//! The last three imitate untrusted answers. JSON escapes are decoded in them (`\u001b`, `\n`); they end at
//! the first `]`, which itself is written `\u005d`.
//!
//! A recording whose URL contains `?seconds=12.5` has that length; others get one from the seed.
//!
//! # Personas for examples
//!
//! The first five of 33, with stable ids; `GET /api/personas/` lists them all.
//!
//! | name | id |
//! |---|---|
//! | Anna | `7350375b-9a98-51b8-934d-14d46a645dc2` |
//! | Marcus | `f4f915ce-51f4-4854-a943-3bf2407433da` |
//! | Lena | `2f79ba9d-a4f7-4142-add0-f305ab337637` |
//! | Jonas | `18d6e491-3852-4814-bede-521e0e61e4de` |
//! | Priya | `c345548d-f792-44d6-9a75-1011cac5ea39` |
//!
//! Viktor (`813c2cbf-fa4c-4b73-af40-afade1cc2193`) has no preview in portrait, Greta
//! (`4a205296-32d6-4eeb-a93c-e945d2e7aa56`) is not active, and "Our founder"
//! (`c8ea1bf8-f917-4bb6-9301-c1c2f5496eaf`) is the account's own, only in `personas_v2`. Of the voices,
//! Olivia's British accent is `ea895fc1-78bc-4d43-a29e-6e510e00c1d7`.
//!
//! # Not imitated
//!
//! Previews of jobs, webhooks, the training of custom avatars, and the real duration of a render.
//!
//! # Files
//!
//! | file | contents |
//! |---|---|
//! | `account`, `job`, `speech`, `validation` | accepted jobs and the rules for accepting them: pure |
//! | `faults`, `random` | the faults; random numbers |
//! | `state`, `state_file`, `ledger` | shared state; its file; the ledger |
//! | `catalogue`, `media`, `links` | personas and voices; files; links to files |
//! | `handlers` | the endpoints of the API and the file servers |
//! | `http`, `faulty_response`, `file_response` | responses |
//! | `server`, `connection`, `settings`, `clock` | start and stop; connections that can be cut; settings; time |

mod account;
mod catalogue;
mod clock;
mod connection;
mod faults;
mod faulty_response;
mod file_response;
mod handlers;
mod http;
mod job;
mod ledger;
mod links;
mod media;
mod random;
mod server;
mod settings;
mod speech;
mod state;
mod state_file;
#[cfg(test)]
mod tests;
mod validation;

pub use faults::{
    FaultTrigger, Faults, FileFault, JobFault, ListFault, RequestKind, ResponseFault, Rules,
};
pub use job::JobStatus;
pub use ledger::{CreateRecord, Ledger, LedgerJob};
pub use server::Sandbox;
pub use settings::{
    AcceptedKeys, Overload, RENDERS_IN_FLIGHT, SUBMITS_PER_SECOND, SandboxSettings, SubmitLimit,
};
