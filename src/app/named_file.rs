//! Files that a manifest names.

use std::io;
use std::path::{Component, Path};

use crate::manifest::RefusedFile;
use crate::util::fs::read_regular;

/// Reads the file `path` that `manifest` names. The manifest may be from another person, so it must be a regular file
/// that is not hidden, in the manifest's folder or below, after links are resolved.
///
/// # Errors
/// [`RefusedFile`] as the source, or if the file cannot be read.
pub(super) fn read_named_file(manifest: &Path, path: &Path) -> io::Result<Vec<u8>> {
    let folder = manifest.parent().filter(|folder| *folder != Path::new(""));
    let folder = std::fs::canonicalize(folder.unwrap_or(Path::new(".")))?;
    let path = std::fs::canonicalize(path)?;
    let below = path.strip_prefix(&folder).map_err(|_| RefusedFile::Outside)?;
    let is_hidden = |part: Component<'_>| part.as_os_str().as_encoded_bytes().starts_with(b".");
    if below.components().any(is_hidden) {
        return Err(RefusedFile::Hidden.into());
    }
    read_regular(&path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::symlink;

    use super::*;

    fn refused(result: io::Result<Vec<u8>>) -> Option<RefusedFile> {
        let error = result.err()?;
        error.get_ref()?.downcast_ref::<RefusedFile>().copied()
    }

    #[test]
    fn only_regular_files_of_the_folder_are_read() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join(".work/c");
        std::fs::create_dir_all(folder.join("sheets")).unwrap();
        std::fs::create_dir_all(folder.join(".private")).unwrap();
        for file in ["../secret.csv", "sheets/a.csv", ".env", ".private/a.csv"] {
            File::create(folder.join(file)).unwrap();
        }
        let link = |target: &str, name: &str| symlink(target, folder.join(name)).unwrap();
        link("sheets/a.csv", "inside.csv");
        link("../secret.csv", "outside.csv");
        link(".env", "hidden.csv");
        link("..", "up");
        link("/dev/null", "null.csv");
        let manifest = folder.join("c.yaml");
        let _socket = std::os::unix::net::UnixListener::bind(folder.join("s.csv")).unwrap();
        for (name, expected) in [
            ("sheets/a.csv", None),
            ("sheets/../inside.csv", None),
            ("../c/sheets/a.csv", None),
            ("../secret.csv", Some(RefusedFile::Outside)),
            ("outside.csv", Some(RefusedFile::Outside)),
            ("up/secret.csv", Some(RefusedFile::Outside)),
            ("null.csv", Some(RefusedFile::Outside)),
            ("/dev/null", Some(RefusedFile::Outside)),
            (".env", Some(RefusedFile::Hidden)),
            ("hidden.csv", Some(RefusedFile::Hidden)),
            (".private/a.csv", Some(RefusedFile::Hidden)),
        ] {
            let read = read_named_file(&manifest, &folder.join(name));
            assert_eq!(read.is_ok(), expected.is_none(), "{name}");
            assert_eq!(refused(read), expected, "{name}");
        }
        for (name, kind) in [
            ("sheets", io::ErrorKind::IsADirectory),
            ("no.csv", io::ErrorKind::NotFound),
            ("s.csv", io::ErrorKind::InvalidInput),
        ] {
            let error = read_named_file(&manifest, &folder.join(name)).unwrap_err();
            assert_eq!(error.kind(), kind, "{name}");
        }
    }
}
