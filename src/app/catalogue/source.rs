//! Where a catalogue comes from: a cache, the provider, or an older cache.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Catalogue;
use crate::app::error::Error;
use crate::app::notices::Notices;
use crate::app::provider::ProviderConfig;
use crate::model::{AspectRatio, Credentials, Failure, FailureKind, Timestamp};
use crate::remote::{BaseUrl, Remote};
use crate::report::plan::Pictures;
use crate::util::fs::{Access, OutputDir, create_private_dir, read_own, write_atomic};
use crate::util::text::hex;

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
    /// Never: a cached catalogue of any age serves.
    Never,
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
            CatalogueNeed::Required => (self.network != NetworkUse::Never, TIMEOUT),
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
        if let Some(Err(error)) = out.map(|out| provider.check_account(out)) {
            return if need == CatalogueNeed::Required { Err(error) } else { Ok(cached) };
        }
        let fetched = fetch_within(provider.clone(), timeout, now).await;
        if let (Err(Error::Provider(_)), CatalogueNeed::Required) = (&fetched, need) {
            // With wrong keys nothing else would succeed either.
            return fetched.map(Some);
        }
        match (fetched, cached, need) {
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

    /// Returns the pictures of the personas, or none if the catalogue cannot be had.
    pub(crate) async fn pictures(&self, now: Timestamp) -> Pictures {
        let catalogue = self.catalogue(CatalogueNeed::Optional, None, now).await.ok().flatten();
        let mut pictures = Pictures::new();
        for persona in catalogue.unwrap_or_default().personas {
            let urls = [
                (AspectRatio::Landscape, persona.preview_image_16_9),
                (AspectRatio::Square, persona.preview_image_1_1),
                (AspectRatio::Portrait, persona.preview_image_9_16),
            ];
            for (ratio, url) in urls {
                if let (Some(id), Some(url)) = (&persona.id, url) {
                    pictures.insert((id.to_ascii_lowercase(), ratio), url);
                }
            }
        }
        pictures
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
        let provider = provider.start_without_files().await?;
        match fetch(&provider.remote, now).await {
            Ok(catalogue) => {
                // A search does not fail because its result cannot be cached.
                drop(cache.map(|cache| cache.write(&catalogue)));
                Ok(catalogue)
            }
            Err(failure) if failure.kind == FailureKind::Unauthorised => {
                Err(Error::Provider(failure))
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

async fn fetch_within(
    provider: ProviderConfig,
    timeout: Duration,
    now: Timestamp,
) -> Result<Catalogue, Error> {
    let provider = provider.start_without_files().await?;
    let late = |_| {
        let message = format!("no answer in {} seconds", timeout.as_secs());
        Failure::new(FailureKind::Lost, message)
    };
    let fetched = tokio::time::timeout(timeout, fetch(&provider.remote, now)).await;
    let fetched = fetched.map_err(late).and_then(std::convert::identity);
    fetched.map_err(|failure| {
        if failure.kind == FailureKind::Unauthorised {
            Error::Provider(failure)
        } else {
            Error::Lookup(failure)
        }
    })
}

pub(super) async fn fetch(remote: &Remote, now: Timestamp) -> Result<Catalogue, Failure> {
    Ok(Catalogue {
        fetched_at: now,
        personas: remote.personas().await?,
        voices: remote.voices().await?,
    })
}

/// The age up to which a catalogue is used without asking the provider.
const MAX_AGE: Duration = Duration::from_secs(24 * 3600);

/// The version of the file format. Other versions are ignored.
const VERSION: u32 = 1;

/// The file with the catalogue of one account.
#[derive(Debug, Clone)]
struct CatalogueCache {
    path: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
struct CacheFile {
    version: u32,
    catalogue: Catalogue,
}

impl CatalogueCache {
    /// Returns the file in `folder` for an account at an address. Its name reveals neither.
    fn new(folder: &Path, base_url: &BaseUrl, credentials: &Credentials) -> Self {
        let mut hash = Sha256::new();
        hash.update(format!("{base_url}\n{}", credentials.id.expose()));
        let digest = hash.finalize();
        Self { path: folder.join(format!("catalogue-{}.json", hex(&digest[..8]))) }
    }

    /// Returns the cached catalogue. A file that cannot be read counts as missing.
    fn read(&self) -> Option<Catalogue> {
        let bytes = read_own(&self.path).ok()?;
        let file: CacheFile = serde_json::from_slice(&bytes).ok()?;
        (file.version == VERSION).then_some(file.catalogue)
    }

    /// Replaces the cached catalogue atomically.
    fn write(&self, catalogue: &Catalogue) -> io::Result<()> {
        let file = CacheFile { version: VERSION, catalogue: catalogue.clone() };
        if let Some(folder) = self.path.parent() {
            create_private_dir(folder)?;
        }
        let bytes = serde_json::to_vec(&file)?;
        write_atomic(&self.path, Access::Private, |out| out.write_all(&bytes))
    }
}

impl Catalogue {
    /// Checks whether it was fetched within a day before `now`. A time in the future comes from a wrong clock.
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.fetched_at <= now && now.since(self.fetched_at) < MAX_AGE
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn account(id: &str) -> Credentials {
        Credentials::new(id.to_owned(), "a-secret-key".to_owned())
    }

    #[test]
    fn a_catalogue_is_read_back_by_the_same_account_only() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("not/yet/there");
        let url = BaseUrl::default();
        let cache = CatalogueCache::new(&below, &url, &account("one"));
        assert!(cache.read().is_none());
        let catalogue = Catalogue { fetched_at: Timestamp::from_millis(5), ..Catalogue::default() };
        cache.write(&catalogue).unwrap();
        assert_eq!(cache.read(), Some(catalogue.clone()));
        cache.write(&catalogue).unwrap();
        assert_eq!(std::fs::read_dir(&below).unwrap().count(), 1);
        assert!(CatalogueCache::new(&below, &url, &account("two")).read().is_none());
        let elsewhere: BaseUrl = "https://gate.example".parse().unwrap();
        assert!(CatalogueCache::new(&below, &elsewhere, &account("one")).read().is_none());
        let name = cache.path.display().to_string();
        let text = std::fs::read_to_string(&cache.path).unwrap();
        assert!(!name.contains("one") && !text.contains("a-secret-key"));
    }

    #[test]
    fn an_invalid_or_newer_file_counts_as_missing() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CatalogueCache::new(folder.path(), &BaseUrl::default(), &account("one"));
        for text in ["", "{", "[]", r#"{"version":2,"catalogue":{}}"#] {
            std::fs::File::create(&cache.path)
                .and_then(|mut file| file.write_all(text.as_bytes()))
                .unwrap();
            assert!(cache.read().is_none(), "{text}");
        }
    }

    #[test]
    fn a_catalogue_is_fresh_for_a_day() {
        let catalogue =
            Catalogue { fetched_at: Timestamp::from_millis(1_000_000), ..Catalogue::default() };
        let at = |millis: i64| catalogue.is_fresh(Timestamp::from_millis(1_000_000 + millis));
        assert!(at(0) && at(86_399_999));
        assert!(!at(86_400_000) && !at(-1));
    }
}
