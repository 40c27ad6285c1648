//! The state that all requests share.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use tokio::sync::watch;

use super::account::Account;
use super::catalogue::Catalogue;
use super::clock;
use super::faults::{ActiveFault, RequestKind, Rules, active_faults};
use super::ledger::{CreateRecord, Ledger, RequestCounters};
use super::links::{DeadLinks, Links};
use super::random::Seed;
use super::settings::{Revocation, SandboxSettings};
use super::state_file::StateFile;

/// The shared state of the three servers.
#[derive(Debug)]
pub(super) struct AppState {
    settings: SandboxSettings,
    /// Seeds the faults. It depends on the number of jobs at the start too, so that a restarted sandbox
    /// does not repeat the faults of its previous run.
    fault_seed: Seed,
    started_at: i64,
    catalogue: Catalogue,
    origins: Origins,
    links: Links,
    state: Mutex<State>,
    stopping: watch::Receiver<bool>,
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
    pub(super) counters: RequestCounters,
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
            started_at: clock::now(),
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
                counters: RequestCounters::default(),
                dead_links: DeadLinks::default(),
            }),
            stopping,
        }
    }

    pub(super) fn settings(&self) -> &SandboxSettings {
        &self.settings
    }

    pub(super) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    pub(super) fn origins(&self) -> &Origins {
        &self.origins
    }

    pub(super) fn links(&self) -> &Links {
        &self.links
    }

    pub(super) fn fault_seed(&self) -> Seed {
        self.fault_seed
    }

    /// Returns a receiver that turns true when the sandbox stops.
    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.clone()
    }

    /// Locks the mutable state. Do not hold the guard across an await.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request and returns its ordinal among those of its kind, from 1.
    pub(super) fn count(&self, kind: RequestKind) -> u64 {
        self.lock().counters.count(kind)
    }

    /// Records a create in the ledger: the status of its response, none if there was none, and the id of
    /// the job if it was accepted.
    pub(super) fn record_create(&self, status: Option<StatusCode>, id: Option<String>) {
        self.lock().counters.record_create(CreateRecord {
            at: clock::now(),
            status: status.map(|status| status.as_u16()),
            id,
        });
    }

    /// Returns the first fault of `rules` that strikes the request `ordinal` of `kind`.
    pub(super) fn first_fault<F: Copy + fmt::Debug>(
        &self,
        rules: &Rules<F>,
        kind: RequestKind,
        ordinal: u64,
    ) -> Option<ActiveFault<F>> {
        active_faults(rules, self.fault_seed, kind, ordinal).next()
    }

    /// Whether the credentials are no longer accepted.
    pub(super) fn is_revoked(&self) -> bool {
        match self.settings.revocation {
            None => false,
            Some(Revocation::AfterMillis(millis)) => {
                let age = clock::now().saturating_sub(self.started_at);
                u64::try_from(age).unwrap_or(0) >= millis
            }
            Some(Revocation::AfterAccepted(count)) => self.lock().account.jobs().len() >= count,
        }
    }

    pub(super) fn ledger(&self) -> Ledger {
        let state = self.lock();
        state
            .counters
            .ledger(&state.account, self.settings.credits, clock::now())
    }
}
