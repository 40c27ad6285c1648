//! The state that all requests share.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::response::Response;
use tokio::sync::watch;

use super::account::Account;
use super::catalogue::Catalogue;
use super::clock;
use super::faults::{ActiveFault, RequestKind, Rules, active_faults};
use super::ledger::{CreateRecord, Ledger};
use super::links::{DeadLinks, Links};
use super::random::Seed;
use super::settings::SandboxSettings;
use super::state_file::StateFile;

/// The shared state of the three servers.
#[derive(Debug)]
pub(super) struct AppState {
    pub(super) settings: SandboxSettings,
    /// Seeds the faults. It depends on the number of jobs at the start too, so that a restarted sandbox
    /// does not repeat the faults of its previous run.
    pub(super) fault_seed: Seed,
    pub(super) catalogue: Catalogue,
    pub(super) origins: Origins,
    pub(super) links: Links,
    state: Mutex<State>,
    /// Turns true when the sandbox stops.
    pub(super) stopping: watch::Receiver<bool>,
}

/// The base URLs of the three servers, without a trailing slash.
#[derive(Debug, Clone)]
pub(super) struct Origins {
    pub(super) api: String,
    pub(super) files: String,
    /// The target of redirects.
    pub(super) mirror: String,
}

/// The mutable part of [`AppState`].
#[derive(Debug)]
pub(super) struct State {
    pub(super) account: Account,
    pub(super) file: Option<StateFile>,
    /// Counts of requests. The accepted jobs are added when it is read.
    pub(super) ledger: Ledger,
    pub(super) dead_links: DeadLinks,
}

impl AppState {
    pub(super) fn new(
        settings: SandboxSettings,
        origins: Origins,
        account: Account,
        file: Option<StateFile>,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        let seed = Seed(settings.seed);
        let accepted = u64::try_from(account.jobs().len()).unwrap_or(u64::MAX);
        Self {
            fault_seed: Seed(seed.number("life", accepted)),
            catalogue: Catalogue::new(&origins.files),
            links: Links {
                files: origins.files.clone(),
                signed: settings.faults.sign_links(),
                seed,
            },
            origins,
            settings,
            state: Mutex::new(State {
                account,
                file,
                ledger: Ledger::default(),
                dead_links: DeadLinks::default(),
            }),
            stopping,
        }
    }

    /// Locks the mutable state. Do not hold the guard across an await.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request and returns its ordinal among those of its kind, from 1.
    pub(super) fn count(&self, kind: RequestKind) -> u64 {
        let requests = &mut self.lock().ledger.requests;
        let count = requests.entry(kind).or_default();
        *count += 1;
        *count
    }

    /// Records a create in the ledger: its response, if there was one, and the id of the job, if it was
    /// accepted.
    pub(super) fn record_create(&self, response: Option<&Response>, id: Option<String>) {
        self.lock().ledger.record_create(CreateRecord {
            at: clock::now(),
            status: response.map(|response| response.status().as_u16()),
            id,
        });
    }

    /// Returns the first fault of `rules` that applies to the request `ordinal` of `kind`.
    pub(super) fn first_fault<F: Copy + fmt::Debug>(
        &self,
        rules: &Rules<F>,
        kind: RequestKind,
        ordinal: u64,
    ) -> Option<ActiveFault<F>> {
        active_faults(rules, self.fault_seed, kind, ordinal).next()
    }

    /// Checks whether the credentials are no longer accepted.
    pub(super) fn is_revoked(&self) -> bool {
        let limit = self.settings.revoked_after;
        limit.is_some_and(|limit| self.lock().account.jobs().len() >= limit)
    }

    pub(super) fn ledger(&self) -> Ledger {
        let state = self.lock();
        state.ledger.clone().with_jobs(&state.account, self.settings.credits, clock::now())
    }
}
