//! Where a catalogue comes from: a cache, the provider, or an older cache.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Catalogue;
use super::cache::CatalogueCache;
use crate::app::error::Error;
use crate::app::notices::Notices;
use crate::app::provider::ProviderConfig;
use crate::model::{Failure, FailureKind, Timestamp};
use crate::remote::Remote;
use crate::util::fs::OutputDir;

/// The time-out for both lists when the manifest depends on them.
const TIMEOUT: Duration = Duration::from_secs(90);

/// The time-out for both lists when they only serve for warnings.
const OPTIONAL_TIMEOUT: Duration = Duration::from_secs(10);

/// When the provider may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NetworkUse {
    /// Always: the command talks to the provider in any case.
    Always,
    /// Only for a name that cannot be resolved otherwise.
    IfNeeded,
}

/// How names are looked up.
#[derive(Debug)]
pub(crate) struct NameLookup {
    /// The provider, if there are keys for it.
    pub(crate) provider: Option<ProviderConfig>,
    /// The user's folder for cached files.
    pub(crate) cache_dir: Option<PathBuf>,
    pub(crate) network: NetworkUse,
    pub(crate) notices: Notices,
}

/// Whether the names of a manifest depend on the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CatalogueNeed {
    /// The manifest cannot be understood without it.
    Required,
    /// It serves for warnings and display names.
    Optional,
}

impl NameLookup {
    /// Returns the cache of this account: in the user's folder, else in an existing output folder. The sandbox's
    /// catalogue is not cached.
    fn cache(&self, out: Option<&Path>) -> Option<CatalogueCache> {
        let Some(ProviderConfig::Api { base_url, credentials, .. }) = &self.provider else {
            return None;
        };
        let state = || out.map(|out| OutputDir(out).state()).filter(|state| state.is_dir());
        let folder = self.cache_dir.clone().or_else(state)?;
        Some(CatalogueCache::new(&folder, base_url, credentials))
    }

    /// Returns the cached catalogue of any age.
    pub(super) fn cached(&self, out: Option<&Path>) -> Option<Catalogue> {
        self.cache(out)?.read()
    }

    /// Returns a catalogue if there is one: a fresh cached one, else a new one, else an old cached one with a note.
    ///
    /// # Errors
    /// If it is required and the provider cannot be asked.
    pub(super) async fn catalogue(
        &self,
        need: CatalogueNeed,
        out: Option<&Path>,
        now: Timestamp,
    ) -> Result<Option<Catalogue>, Error> {
        let Some(provider) = &self.provider else {
            return Ok(None);
        };
        let cache = self.cache(out);
        let cached = cache.as_ref().and_then(CatalogueCache::read);
        if let Some(fresh) = cached.clone().filter(|cached| cached.is_fresh(now)) {
            return Ok(Some(fresh));
        }
        let (may_ask, timeout) = match need {
            CatalogueNeed::Required => (true, TIMEOUT),
            CatalogueNeed::Optional => {
                // Without a cache it would be fetched in every run.
                let may_ask = self.network == NetworkUse::Always
                    && (cache.is_some() || provider.is_sandbox());
                (may_ask, OPTIONAL_TIMEOUT)
            }
        };
        if !may_ask {
            return Ok(cached);
        }
        match (fetch_within(provider.clone(), timeout, now).await, cached, need) {
            (Ok(new), _, _) => {
                if let Some(cache) = cache {
                    // Without the cache the next run fetches it again.
                    drop(cache.write(&new));
                }
                Ok(Some(new))
            }
            (Err(_), cached, CatalogueNeed::Optional) => Ok(cached),
            (Err(error), Some(cached), CatalogueNeed::Required) => {
                let age = cached.fetched_at;
                self.notices.note(&format!(
                    "the provider's catalogue cannot be read, so names are looked up in the one of \
                     {age} ({error})"
                ));
                Ok(Some(cached))
            }
            (Err(error), None, CatalogueNeed::Required) => Err(error),
        }
    }

    /// Fetches and caches the current catalogue. If the provider cannot be asked, returns the cached one with a note.
    ///
    /// # Errors
    /// If there is no provider, or it cannot be asked and nothing is cached.
    pub(crate) async fn newest(&self, now: Timestamp) -> Result<Catalogue, Error> {
        let Some(provider) = self.provider.clone() else {
            return Err(Error::usage("there is no provider to ask"));
        };
        let cache = self.cache(None);
        let folder = temporary_folder()?;
        let provider = provider.start(folder.path()).await?;
        match fetch(&provider.remote, now).await {
            Ok(catalogue) => {
                // A search does not fail because its result cannot be cached.
                drop(cache.map(|cache| cache.write(&catalogue)));
                Ok(catalogue)
            }
            Err(failure) => {
                let cached = cache.as_ref().and_then(CatalogueCache::read);
                let cached = cached.ok_or_else(|| Error::Provider(failure.clone()))?;
                self.notices.note(&format!(
                    "the provider cannot be asked ({failure}); this is its catalogue of {}",
                    cached.fetched_at
                ));
                Ok(cached)
            }
        }
    }
}

fn temporary_folder() -> Result<tempfile::TempDir, Error> {
    tempfile::tempdir().map_err(Error::io("cannot create a temporary folder"))
}

async fn fetch_within(
    provider: ProviderConfig,
    timeout: Duration,
    now: Timestamp,
) -> Result<Catalogue, Error> {
    let folder = temporary_folder()?;
    let provider = provider.start(folder.path()).await?;
    let late = |_| {
        let message = format!("no answer in {} seconds", timeout.as_secs());
        Failure::new(FailureKind::Lost, message)
    };
    let fetched = tokio::time::timeout(timeout, fetch(&provider.remote, now)).await;
    fetched.map_err(late).and_then(std::convert::identity).map_err(Error::Lookup)
}

async fn fetch(remote: &Remote, now: Timestamp) -> Result<Catalogue, Failure> {
    Ok(Catalogue {
        fetched_at: now,
        personas: remote.personas().await?,
        voices: remote.voices().await?,
    })
}
