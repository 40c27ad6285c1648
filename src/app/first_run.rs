//! The first run of a user in an output folder, which may come from another person with more than a sheet.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::notices::Notices;
use crate::util::fs::OutputDir;
use crate::util::text::{hex, plural};

/// What a run knows about earlier runs of the same user in the same output folder.
///
/// The user's cache has an empty file for each folder that was used. Without a cache, a journal counts as the user's own.
#[derive(Debug)]
pub(super) struct FirstRun {
    /// The file in the cache, if the cache can be written to.
    marker: Option<PathBuf>,
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
        Self { marker, is_first }
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
        if let Some(marker) = self.marker.as_ref().filter(|_| self.is_first) {
            let _ = std::fs::File::create(marker);
        }
    }
}

/// Returns the symbolic links in an output folder and its folders, sorted; first the folder itself if it is one.
fn links(out: &Path) -> Vec<PathBuf> {
    let state = OutputDir(out).state();
    let folders = [out.to_owned(), OutputDir(out).videos(), OutputDir(out).logs(), state];
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
        symlink("/nowhere", OutputDir(&out).videos()).unwrap();
        symlink("/nowhere", OutputDir(&out).lock()).unwrap();
        let said = notes(&FirstRun::of(&out, None), &out, None);
        assert!(said.len() == 1 && said[0].contains("2 links to other places"), "{said:?}");
        let linked = folder.path().join("linked");
        symlink(&out, &linked).unwrap();
        let said = notes(&FirstRun::of(&linked, None), &linked, None);
        assert!(said[0].contains("3 links") && said[0].contains("linked`"), "{said:?}");
    }
}
