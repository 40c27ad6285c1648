//! The first run of a user in an output folder, which may come from another person with more than a sheet.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::notices::Notices;
use crate::util::fs::{Access, OutputDir, read_own, write_atomic};
use crate::util::text::{hex, plural};

/// What a run knows about earlier runs of the same user in the same output folder.
///
/// The user's cache has a file with its path for each folder that was used. Without a cache, a journal counts as the
/// user's own.
#[derive(Debug)]
pub(super) struct FirstRun {
    /// The file in the cache, if the cache can be written to.
    marker: Option<PathBuf>,
    out: PathBuf,
    is_first: bool,
}

impl FirstRun {
    /// Looks for earlier runs in the output folder `out`. Writes nothing but a folder in the cache.
    pub(super) fn of(out: &Path, cache_dir: Option<&Path>) -> Self {
        let marker = cache_dir.and_then(|cache| {
            let folder = cache.join("folders");
            std::fs::create_dir_all(&folder).ok()?;
            let out = std::path::absolute(out).ok()?;
            let digest = Sha256::digest(out.as_os_str().as_encoded_bytes());
            Some(folder.join(hex(&digest)))
        });
        let is_first = match &marker {
            Some(marker) => !marker.exists(),
            None => !OutputDir(out).journal().exists(),
        };
        Self { marker, out: out.to_owned(), is_first }
    }

    /// Reports in one note what came along with the folder. `address` is the file that sets the address of the API.
    pub(super) fn report(&self, out: &Path, address: Option<&Path>, notices: &Notices) {
        if !self.is_first {
            return;
        }
        let mut found = Vec::new();
        if let Some(file) = address {
            found.push(format!("the address of the API in `{}`", file.display()));
        }
        if OutputDir(out).journal().exists() {
            found.push("a journal, which decides what counts as paid for".to_owned());
        }
        let links = links(out);
        if let Some(first) = links.first() {
            let count = plural(links.len(), "link");
            found.push(format!("{count} to other places, such as `{}`", first.display()));
        }
        if !found.is_empty() {
            notices.note(&format!(
                "this is your first run in `{}`, which came with {}; go on only if you trust its source",
                out.display(),
                found.join("; ")
            ));
        }
    }

    /// Remembers the folder. If that fails, the note is repeated.
    pub(super) fn remember(&self) {
        let is_known = |marker: &Path| marker.metadata().is_ok_and(|file| file.len() > 0);
        if let Some(marker) = self.marker.as_ref().filter(|marker| !is_known(marker))
            && let Ok(out) = std::path::absolute(&self.out)
        {
            let path = out.to_string_lossy().into_owned();
            let _ = write_atomic(marker, Access::Private, |file| file.write_all(path.as_bytes()));
        }
    }
}

/// The output folders that the user has used, according to the user's cache.
#[derive(Debug, Clone, Default)]
pub(crate) struct UsedFolders {
    cache_dir: Option<PathBuf>,
}

impl UsedFolders {
    /// Returns those in this cache.
    pub(super) const fn of(cache_dir: Option<PathBuf>) -> Self {
        Self { cache_dir }
    }

    /// Returns the folders, the newest first.
    pub(super) fn read(&self) -> Vec<PathBuf> {
        let folder = self.cache_dir.as_ref().map(|cache| cache.join("folders"));
        let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter();
        let markers = entries.flatten().flatten().map(|entry| entry.path());
        let mut markers: Vec<_> =
            markers.map(|path| (path.metadata().and_then(|it| it.modified()).ok(), path)).collect();
        markers.sort();
        let paths = markers.into_iter().rev().filter_map(|(_, marker)| {
            let path = String::from_utf8(read_own(&marker).ok()?).ok()?;
            (!path.is_empty()).then(|| PathBuf::from(path))
        });
        paths.collect()
    }
}

/// Returns the symbolic links in an output folder and its folders, sorted; first the folder itself if it is one.
fn links(out: &Path) -> Vec<PathBuf> {
    let state = OutputDir(out).state();
    let (videos, thumbnails) = (OutputDir(out).videos(), OutputDir(out).thumbnails());
    let folders = [out.to_owned(), videos, thumbnails, OutputDir(out).logs(), state];
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok());
    let entries = entries.flatten().flatten().map(|entry| entry.path());
    let mut links: Vec<PathBuf> = entries.filter(|path| path.is_symlink()).collect();
    links.sort();
    if out.is_symlink() {
        links.insert(0, out.to_owned());
    }
    links
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn notes(first: &FirstRun, out: &Path, address: Option<&Path>) -> Vec<String> {
        let notes: Arc<Mutex<Vec<String>>> = Arc::default();
        let received = Arc::clone(&notes);
        let notices =
            Notices::new(move |_, message| received.lock().unwrap().push(message.to_owned()));
        first.report(out, address, &notices);
        notes.lock().unwrap().clone()
    }

    #[test]
    fn what_came_along_is_noted_once() {
        let folder = tempfile::tempdir().unwrap();
        let (out, cache) = (folder.path().join("out"), folder.path().join("cache"));
        let address = Some(Path::new("c/.env"));
        // A new folder brings nothing.
        let first = FirstRun::of(&out, Some(&cache));
        assert_eq!(notes(&first, &out, None), [""; 0]);
        assert!(notes(&first, &out, address)[0].contains("address of the API in `c/.env`"));

        std::fs::create_dir_all(OutputDir(&out).state()).unwrap();
        std::fs::File::create(OutputDir(&out).journal()).unwrap();
        let first = FirstRun::of(&out, Some(&cache));
        let said = notes(&first, &out, address);
        assert!(said.len() == 1 && said[0].contains("a journal"), "{said:?}");
        first.remember();
        let second = FirstRun::of(&out, Some(&cache));
        assert_eq!(notes(&second, &out, address), [""; 0]);
        // Without a cache, a journal counts as the user's own.
        let unknown = FirstRun::of(&out, None);
        assert_eq!(notes(&unknown, &out, address), [""; 0]);
    }

    #[cfg(unix)]
    #[test]
    fn links_in_the_folder_are_noted() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        std::fs::create_dir_all(OutputDir(&out).state()).unwrap();
        std::fs::create_dir_all(OutputDir(&out).thumbnails()).unwrap();
        symlink("/nowhere", OutputDir(&out).thumbnails().join("a.jpg")).unwrap();
        symlink("/nowhere", OutputDir(&out).videos()).unwrap();
        symlink("/nowhere", OutputDir(&out).lock()).unwrap();
        let said = notes(&FirstRun::of(&out, None), &out, None);
        assert!(said.len() == 1 && said[0].contains("3 links to other places"), "{said:?}");
        let linked = folder.path().join("linked");
        symlink(&out, &linked).unwrap();
        let said = notes(&FirstRun::of(&linked, None), &linked, None);
        assert!(said[0].contains("4 links") && said[0].contains("linked`"), "{said:?}");
    }
}
