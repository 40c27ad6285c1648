//! The cached catalogue of an account.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Catalogue;
use crate::model::{Credentials, Timestamp};
use crate::remote::BaseUrl;
use crate::util::fs::{Access, write_atomic};
use crate::util::text::hex;

/// The age up to which a catalogue is used without asking the provider.
const MAX_AGE: Duration = Duration::from_secs(24 * 3600);

/// The version of the file format. Other versions are ignored.
const VERSION: u32 = 1;

/// The file with the catalogue of one account.
#[derive(Debug, Clone)]
pub(super) struct CatalogueCache {
    path: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
struct CacheFile {
    version: u32,
    catalogue: Catalogue,
}

impl CatalogueCache {
    /// Returns the file in `folder` for an account at an address. Its name reveals neither.
    pub(super) fn new(folder: &Path, base_url: &BaseUrl, credentials: &Credentials) -> Self {
        let mut hash = Sha256::new();
        hash.update(format!("{base_url}\n{}", credentials.expose_id()));
        let digest = hash.finalize();
        Self { path: folder.join(format!("catalogue-{}.json", hex(&digest[..8]))) }
    }

    /// Returns the cached catalogue. A file that cannot be read counts as missing.
    pub(super) fn read(&self) -> Option<Catalogue> {
        let bytes = std::fs::read(&self.path).ok()?;
        let file: CacheFile = serde_json::from_slice(&bytes).ok()?;
        (file.version == VERSION).then_some(file.catalogue)
    }

    /// Replaces the cached catalogue atomically.
    pub(super) fn write(&self, catalogue: &Catalogue) -> io::Result<()> {
        let file = CacheFile { version: VERSION, catalogue: catalogue.clone() };
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let bytes = serde_json::to_vec(&file)?;
        write_atomic(&self.path, Access::Private, |out| out.write_all(&bytes))
    }
}

impl Catalogue {
    /// Whether it was fetched within a day before `now`. A time in the future comes from a wrong clock.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
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
