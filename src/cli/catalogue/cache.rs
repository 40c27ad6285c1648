//! The catalogue on disk: asked for once a day.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Catalogue;
use crate::model::{Credentials, Timestamp};
use crate::remote::BaseUrl;

/// How long a catalogue is taken for new.
const A_DAY: Duration = Duration::from_secs(24 * 3600);

/// The version of the file's form; another is not read.
const VERSION: u32 = 1;

/// Where one account's catalogue is kept.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    path: PathBuf,
}

/// The file.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    version: u32,
    catalogue: Catalogue,
}

impl Cache {
    /// The file in `folder` for an account at an address. Its name tells neither.
    pub(super) fn of(folder: &Path, base_url: &BaseUrl, credentials: &Credentials) -> Self {
        let mut hash = Sha256::new();
        hash.update(format!("{base_url}\n{}", credentials.expose_id()));
        let digest = hash.finalize();
        let mut name = String::from("catalogue-");
        for byte in digest.iter().take(8) {
            let _ = write!(name, "{byte:02x}");
        }
        Self {
            path: folder.join(name + ".json"),
        }
    }

    /// What is kept; a file that cannot be read is as good as none.
    pub(super) fn read(&self) -> Option<Catalogue> {
        let bytes = std::fs::read(&self.path).ok()?;
        let kept: Kept = serde_json::from_slice(&bytes).ok()?;
        (kept.version == VERSION).then_some(kept.catalogue)
    }

    /// Keeps `catalogue` in place of what was there, whole or not at all.
    pub(super) fn write(&self, catalogue: &Catalogue) -> io::Result<()> {
        let kept = Kept {
            version: VERSION,
            catalogue: catalogue.clone(),
        };
        write_whole(&self.path, &serde_json::to_vec(&kept)?)
    }
}

/// Writes a file beside its place and renames it, creating the folder if need be.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

impl Catalogue {
    /// Whether it was asked for within a day before `now`. One from the future is of a wrong clock.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        self.fetched_at <= now && now.since(self.fetched_at) < A_DAY
    }
}

/// The system's kinds of folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Windows,
    Mac,
    Other,
}

/// The folder for what can be fetched again, by the variables that `variable` looks up; `None` if the
/// system names none.
pub(super) fn cache_folder(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let system = if cfg!(windows) {
        System::Windows
    } else if cfg!(target_os = "macos") {
        System::Mac
    } else {
        System::Other
    };
    folder_on(system, variable)
}

fn folder_on(system: System, variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let folder = |name: &str| variable(name).map(PathBuf::from);
    let base = match system {
        System::Windows => folder("LOCALAPPDATA"),
        System::Mac => folder("HOME").map(|home| home.join("Library/Caches")),
        System::Other => None,
    };
    // A relative path in it is to be ignored (XDG Base Directory Specification).
    let base = folder("XDG_CACHE_HOME")
        .filter(|path| path.is_absolute())
        .or(base)
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))?;
    Some(base.join("callsheet"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str) -> Credentials {
        Credentials::new(id.to_owned(), "a-secret-key".to_owned())
    }

    #[test]
    fn what_was_kept_is_read_back_by_the_same_account_alone() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("not/yet/there");
        let url = BaseUrl::default();
        let cache = Cache::of(&below, &url, &account("one"));
        assert!(cache.read().is_none());
        let catalogue = Catalogue {
            fetched_at: Timestamp::from_millis(5),
            ..Catalogue::default()
        };
        cache.write(&catalogue).unwrap();
        assert_eq!(cache.read(), Some(catalogue.clone()));
        cache.write(&catalogue).unwrap();
        assert_eq!(std::fs::read_dir(&below).unwrap().count(), 1);
        assert!(Cache::of(&below, &url, &account("two")).read().is_none());
        let elsewhere: BaseUrl = "https://gate.example".parse().unwrap();
        assert!(
            Cache::of(&below, &elsewhere, &account("one"))
                .read()
                .is_none()
        );
        let name = cache.path.display().to_string();
        let text = std::fs::read_to_string(&cache.path).unwrap();
        assert!(!name.contains("one") && !text.contains("a-secret-key"));
    }

    #[test]
    fn a_broken_or_newer_file_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::of(folder.path(), &BaseUrl::default(), &account("one"));
        for text in ["", "{", "[]", r#"{"version":2,"catalogue":{}}"#] {
            write_whole(&cache.path, text.as_bytes()).unwrap();
            assert!(cache.read().is_none(), "{text}");
        }
    }

    #[test]
    fn a_catalogue_is_fresh_for_a_day() {
        let catalogue = Catalogue {
            fetched_at: Timestamp::from_millis(1_000_000),
            ..Catalogue::default()
        };
        let at = |millis: i64| catalogue.is_fresh(Timestamp::from_millis(1_000_000 + millis));
        assert!(at(0) && at(86_399_999));
        assert!(!at(86_400_000) && !at(-1));
    }

    #[test]
    fn each_system_has_its_folder() {
        let home = |name: &str| (name == "HOME").then(|| "/home/anna".to_owned());
        let path = |text: &str| Some(PathBuf::from(text));
        assert_eq!(
            folder_on(System::Other, home),
            path("/home/anna/.cache/callsheet")
        );
        assert_eq!(
            folder_on(System::Mac, home),
            path("/home/anna/Library/Caches/callsheet")
        );
        let xdg = |value: &'static str| {
            move |name: &str| (name == "XDG_CACHE_HOME").then(|| value.to_owned())
        };
        assert_eq!(
            folder_on(System::Other, xdg("/var/c")),
            path("/var/c/callsheet")
        );
        assert_eq!(folder_on(System::Other, xdg("relative")), None);
        assert_eq!(folder_on(System::Windows, |_| None), None);
    }
}
