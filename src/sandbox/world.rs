//! What all requests share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::account::Account;
use super::catalogue::Catalogue;
use super::chance::Seed;
use super::clock;
use super::ledger::{Ledger, RequestKind, Tally};
use super::links::{DeadLinks, Links};
use super::settings::{Revocation, Settings};
use super::state::StateFile;

/// The sandbox behind its three origins.
#[derive(Debug)]
pub(super) struct World {
    settings: Settings,
    /// The base of faults' draws: the seed, and how many jobs there were at the start, so that a
    /// restarted sandbox does not repeat the faults of its last life.
    fault_seed: Seed,
    started_at: i64,
    catalogue: Catalogue,
    origins: Origins,
    links: Links,
    books: Mutex<Books>,
    stopping: watch::Receiver<bool>,
}

/// Base URLs, without a slash at the end.
#[derive(Debug, Clone)]
pub(super) struct Origins {
    pub(super) api: String,
    pub(super) files: String,
    /// Where redirects lead.
    pub(super) mirror: String,
}

/// What changes.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) account: Account,
    pub(super) state: Option<StateFile>,
    pub(super) tally: Tally,
    pub(super) dead_links: DeadLinks,
}

impl World {
    pub(super) fn new(
        settings: Settings,
        origins: Origins,
        account: Account,
        state: Option<StateFile>,
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
            books: Mutex::new(Books {
                account,
                state,
                tally: Tally::default(),
                dead_links: DeadLinks::default(),
            }),
            stopping,
        }
    }

    pub(super) fn settings(&self) -> &Settings {
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

    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.clone()
    }

    /// The books, for a moment; never across an await.
    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request and gives its ordinal.
    pub(super) fn count(&self, kind: RequestKind) -> u64 {
        self.books().tally.count(kind)
    }

    /// Whether the keys are no longer accepted.
    pub(super) fn is_revoked(&self) -> bool {
        match self.settings.revocation {
            None => false,
            Some(Revocation::AfterMillis(millis)) => {
                let age = clock::now().saturating_sub(self.started_at);
                u64::try_from(age).unwrap_or(0) >= millis
            }
            Some(Revocation::AfterAccepted(count)) => self.books().account.jobs().len() >= count,
        }
    }

    pub(super) fn ledger(&self) -> Ledger {
        let books = self.books();
        books
            .tally
            .ledger(&books.account, self.settings.credits, clock::now())
    }
}
