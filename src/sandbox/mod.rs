//! An imitation of Creatify's AI Avatar API on loopback: no account, no cost, no network.
//!
//! It is the newcomer's first run (`--sandbox`), and the test bed of everything else: it keeps books of
//! what a client really did, and on request it does to the client whatever the real world may.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use callsheet::sandbox::{AnswerFault, Faults, Sandbox, Settings, When};
//!
//! // The answer to the first create is lost, though the job was accepted and is charged.
//! let mut faults = Faults::default();
//! faults.create_accepted.insert(AnswerFault::Reset, When::ordinals([1]));
//! let sandbox = Sandbox::start(Settings { faults, ..Settings::default() }).await?;
//! // ... a client works with sandbox.base_url() and any keys ...
//! assert_eq!(sandbox.ledger().accepted.len(), 1);
//! sandbox.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! * **Three origins.** The API, the files, and a third that redirects lead to. So it can be seen that keys
//!   never travel to a file host.
//! * **One list is all its state:** the accepted jobs. Each is settled when it is accepted; where it
//!   stands is a function of the job and the clock. With a [state file](Settings::state), a sandbox
//!   that was killed goes on as if nothing had happened.
//! * **Deterministic** from [a seed](Settings::seed): ids, render times, charges, faults.
//! * **Honest books:** [`Ledger`], in the program and at `GET /sandbox/ledger`, which wants no keys.
//! * **Real files:** each job's video plays, has the right shape, and differs from all others in its bytes.
//!
//! # What a text can ask for
//!
//! | in the text | the job |
//! |---|---|
//! | `[fail]` | ends `failed`, with a reason |
//! | `[reject]` | ends `rejected`, with a reason, without rendering |
//! | `[no output]` | ends `done`, but never with a link to a video |
//! | `[fail: WORDS]`, `[reject: WORDS]` | ends like that, with these words as the reason |
//! | `[output: URL]` | ends `done`, and this is the link to its video |
//! | `[status: WORD]` | is in this status while it renders |
//!
//! The last three are for what a provider must not be trusted with. JSON's escapes are read in them
//! (`\u001b`, `\n`); they end at the first `]`, which itself is written `\u005d`.
//!
//! A recording whose URL says `?seconds=12.5` is so long; others have a likely length.
//!
//! # Personas for examples
//!
//! Stable, the first five of some thirty; `GET /api/personas/` lists them all.
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
//! (`c8ea1bf8-f917-4bb6-9301-c1c2f5496eaf`) is the account's own, in `personas_v2` alone. Of the voices,
//! Olivia's British accent is `ea895fc1-78bc-4d43-a29e-6e510e00c1d7`.
//!
//! # What it does not imitate
//!
//! Previews of jobs, webhooks, custom avatars in the making, and a render's real cost in time.
//!
//! # One file for each concern
//!
//! | file | does |
//! |---|---|
//! | `account`, `job`, `marks`, `speech`, `validation`, `fields` | what is accepted, and what becomes of it: pure |
//! | `chance`, `faults` | what is drawn from the seed; what goes wrong |
//! | `state`, `ledger` | what is remembered; what is counted |
//! | `catalogue`, `media` | personas and voices; pictures |
//! | `api`, `creating`, `listing`, `answers` | the API's origin |
//! | `files`, `links`, `delivery`, `ranges`, `body` | the file hosts |
//! | `server`, `world`, `line`, `clock` | starting and stopping; what requests share; connections that break; time |

mod account;
mod answers;
mod api;
mod body;
mod catalogue;
mod chance;
mod clock;
mod creating;
mod delivery;
mod faults;
mod fields;
mod files;
mod job;
mod ledger;
mod line;
mod links;
mod listing;
mod marks;
mod media;
mod ranges;
mod server;
mod settings;
mod speech;
mod state;
#[cfg(test)]
mod tests;
mod validation;
mod world;

pub use faults::{AnswerFault, Faults, FileFault, ListFault, Rules, ShownFault, When};
pub use job::JobStatus;
pub use ledger::{CreateSeen, Ledger, LedgerJob, RequestKind};
pub use server::Sandbox;
pub use settings::{
    Credentials, Overload, RENDERS_IN_FLIGHT, Revocation, SUBMITS_PER_SECOND, Settings, SubmitLimit,
};
