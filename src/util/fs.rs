//! Files: the layout of an output folder, atomic writes, files and folders that are never links.

use std::fs::{File, FileType, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::text::byte_size;

/// Returns the name of the default output folder for a manifest with this stem. The sandbox has a folder of its own, so
/// that a trial is never in the way of the real run.
pub(crate) fn default_output_dir(stem: &str, is_sandbox: bool) -> String {
    let end = if is_sandbox { "sandbox-output" } else { "output" };
    format!("{stem}-{end}")
}

/// The layout of an output folder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutputDir<'a>(pub(crate) &'a Path);

impl OutputDir<'_> {
    /// The hidden folder for journal, lock, logs and other state: `.callsheet`.
    pub(crate) const STATE: &'static str = ".callsheet";

    /// Returns the hidden folder for journal, lock, logs and other state.
    pub(crate) fn state(self) -> PathBuf {
        self.0.join(Self::STATE)
    }

    /// Returns the journal: a SQLite database.
    pub(crate) fn journal(self) -> PathBuf {
        self.state().join("journal.sqlite")
    }

    /// Returns the file whose lock a run holds.
    pub(crate) fn lock(self) -> PathBuf {
        self.state().join("lock")
    }

    /// Returns the folder of the log files.
    pub(crate) fn logs(self) -> PathBuf {
        self.state().join("logs")
    }

    /// Returns the file with the resolved names of personas and voices.
    pub(crate) fn names(self) -> PathBuf {
        self.state().join("names.json")
    }

    /// Returns the file with the approval.
    pub(crate) fn approval(self) -> PathBuf {
        self.state().join("approval.json")
    }

    /// Returns the file with the unfinished texts that a person has accepted.
    pub(crate) fn accepted(self) -> PathBuf {
        self.state().join("accepted.json")
    }

    /// Returns the file with the address that the sheet was read from.
    pub(crate) fn address(self) -> PathBuf {
        self.state().join("address.json")
    }

    /// Returns the copy of a sheet that was read from an address.
    pub(crate) fn sheet(self, extension: &str) -> PathBuf {
        self.0.join(format!("sheet.{extension}"))
    }

    /// Returns the file with the chosen columns and the record of the edited copy of the sheet.
    pub(crate) fn edits(self) -> PathBuf {
        self.state().join("edits.json")
    }

    /// Returns the edited copy of the sheet.
    pub(crate) fn edited_sheet(self, extension: &str) -> PathBuf {
        self.0.join(format!("edited-sheet.{extension}"))
    }

    /// Returns the file with the marks of the reviewers.
    pub(crate) fn marks(self) -> PathBuf {
        self.0.join("marks.csv")
    }

    /// Returns the folder of the embedded sandbox's own record.
    pub(crate) fn sandbox(self) -> PathBuf {
        self.0.join(".sandbox")
    }

    /// Returns the folder of the videos.
    pub(crate) fn videos(self) -> PathBuf {
        self.0.join("videos")
    }

    /// Returns the folder of the thumbnails.
    pub(crate) fn thumbnails(self) -> PathBuf {
        self.0.join("thumbnails")
    }

    /// Returns the path of `results.csv`.
    pub(crate) fn results_csv(self) -> PathBuf {
        self.0.join("results.csv")
    }

    /// Returns the path of `results.json`.
    pub(crate) fn results_json(self) -> PathBuf {
        self.0.join("results.json")
    }

    /// Returns the path of `results.xlsx`.
    pub(crate) fn results_xlsx(self) -> PathBuf {
        self.0.join("results.xlsx")
    }

    /// Returns the path of the review page.
    pub(crate) fn report_html(self) -> PathBuf {
        self.0.join("report.html")
    }
}

/// Returns the paths of the unfinished file that becomes `file`, and of the record about it.
pub(crate) fn part_paths(file: &Path) -> [PathBuf; 2] {
    [".part", ".part.json"].map(|suffix| {
        let mut name = file.to_owned().into_os_string();
        name.push(suffix);
        name.into()
    })
}

/// Returns the name that the file `name` gets when another one takes its place: `x.earlier-1.mp4`. Number 0 is the file
/// itself.
pub(crate) fn earlier_path(name: &str, number: u32) -> String {
    let folder = name.rfind('/').map_or(0, |slash| slash + 1);
    match name.rfind('.').filter(|dot| *dot > folder) {
        _ if number == 0 => name.to_owned(),
        Some(dot) => format!("{}.earlier-{number}{}", &name[..dot], &name[dot..]),
        None => format!("{name}.earlier-{number}"),
    }
}

/// The state of the lock of an output folder. It tells an active run from one that crashed, which the journal cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LockState {
    /// A process holds the lock.
    Held,
    /// No process holds the lock.
    Free,
    /// The lock cannot be tested.
    Unknown,
}

impl LockState {
    /// Tests the lock of the output folder `folder` without waiting and without creating anything.
    pub(crate) fn of(folder: &Path) -> Self {
        let file = match open_own(&OutputDir(folder).lock(), File::options().read(true)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::Free,
            Err(_) => return Self::Unknown,
        };
        match file.try_lock_shared() {
            Ok(()) => Self::Free,
            Err(TryLockError::WouldBlock) => Self::Held,
            Err(TryLockError::Error(_)) => Self::Unknown,
        }
    }
}

/// Returns the bytes that can still be written to the file system of `folder`, where the system says so.
///
/// # Errors
/// If the folder does not exist, or the system refuses.
pub(crate) fn free_space(folder: &Path) -> io::Result<Option<u64>> {
    #[cfg(unix)]
    {
        let system = rustix::fs::statvfs(folder)?;
        Ok(Some(system.f_bavail.saturating_mul(system.f_frsize)))
    }
    #[cfg(not(unix))]
    folder.metadata().map(|_| None)
}

/// The read permission of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Its owner alone.
    Private,
    /// Everyone the process's umask allows.
    Shared,
}

/// Writes a file atomically: the content goes to a side file that is synced and renamed to `path`. Readers see the
/// old file or the new one, never a part.
///
/// # Errors
/// If the side file cannot be written or renamed; the old file stays.
pub(crate) fn write_atomic(
    path: &Path,
    access: Access,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let parent = path.parent().filter(|folder| *folder != Path::new(""));
    let mut file = side_file(parent.unwrap_or(Path::new(".")), access)?;
    let mut buffer = BufWriter::with_capacity(1 << 16, &mut file);
    content(&mut buffer)?;
    buffer.flush()?;
    drop(buffer);
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Writes a new file atomically. What has its name, even a dangling link, is never replaced.
///
/// # Errors
/// If the name is taken, or the file cannot be written.
pub(crate) fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let parent = path.parent().filter(|folder| *folder != Path::new(""));
    let mut file = side_file(parent.unwrap_or(Path::new(".")), Access::Shared)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path)?;
    Ok(())
}

fn side_file(folder: &Path, access: Access) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".callsheet-");
    #[cfg(unix)]
    if access == Access::Shared {
        use std::os::unix::fs::PermissionsExt as _;
        // Temporary files are private by default.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let _ = access;
    builder.tempfile_in(folder)
}

/// Opens a regular file for reading. Named pipes, sockets and devices are refused at once; links are followed.
///
/// # Errors
/// If it cannot be opened, or is not a regular file.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    check_kind(path.metadata()?.file_type())?;
    open(path, File::options().read(true), Links::Follow)
}

/// Reads a regular file, see [`open_regular`].
///
/// # Errors
/// If it cannot be read, or is not a regular file.
pub(crate) fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    open_regular(path)?.read_to_end(&mut content)?;
    Ok(content)
}

/// Opens a file that belongs to the program. A link in its place is refused, like everything that is not a regular file.
///
/// # Errors
/// If it cannot be opened, or is not a regular file.
pub(crate) fn open_own(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    check_own(path)?;
    open(path, options, Links::Refuse)
}

/// Reads a regular file of at most `most` bytes, see [`open_regular`].
///
/// # Errors
/// If it cannot be read, is longer, or is not a regular file.
pub(crate) fn read_short(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    open_regular(path)?.take(most + 1).read_to_end(&mut content)?;
    if content.len() as u64 > most {
        let message = format!("it is longer than {}", byte_size(most));
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    Ok(content)
}

/// Reads a file that belongs to the program, see [`open_own`].
///
/// # Errors
/// If it cannot be read, or is not a regular file.
pub(crate) fn read_own(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    open_own(path, File::options().read(true))?.read_to_end(&mut content)?;
    Ok(content)
}

/// Makes a regular file of this program readable by its owner alone: a copy of its folder may be readable by everyone. A
/// file of another user stays as it is.
pub(crate) fn make_private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        let user = rustix::process::geteuid().as_raw();
        let is_open = |file: &std::fs::Metadata| {
            file.is_file() && file.uid() == user && file.mode() & 0o077 != 0
        };
        if path.symlink_metadata().is_ok_and(|file| is_open(&file)) {
            // Some file systems have no permissions.
            let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
        }
    }
    let _ = path;
}

/// Checks that the file at `path`, which belongs to the program, is a regular file or missing.
///
/// # Errors
/// If it is anything else, such as a link.
pub(crate) fn check_own(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(metadata) => check_kind(metadata.file_type()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Links {
    Follow,
    Refuse,
}

fn open(path: &Path, options: &mut OpenOptions, links: Links) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;

        use rustix::fs::OFlags;
        // A named pipe that has taken the place of a file since it was checked must not block.
        let flags = match links {
            Links::Follow => OFlags::NONBLOCK | OFlags::NOCTTY,
            Links::Refuse => OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW,
        };
        options.custom_flags(flags.bits().cast_signed());
    }
    let _ = links;
    let file = options.open(path)?;
    check_kind(file.metadata()?.file_type())?;
    Ok(file)
}

/// Returns an error for everything but regular files, and folders, which the system refuses to read.
fn check_kind(kind: FileType) -> io::Result<()> {
    if kind.is_file() || kind.is_dir() {
        return Ok(());
    }
    let found = if kind.is_symlink() { "a symbolic link" } else { special_kind(kind) };
    let message = format!("it is {found}, not a regular file");
    Err(io::Error::new(io::ErrorKind::InvalidInput, message))
}

#[cfg(unix)]
fn special_kind(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special_kind(_kind: FileType) -> &'static str {
    "a device"
}

/// Creates a folder of the program, readable by its owner alone. An existing folder keeps its permissions; a link in its
/// place is refused.
///
/// # Errors
/// If it cannot be created, or is a link.
pub(crate) fn create_private_dir(folder: &Path) -> io::Result<()> {
    check_dir(folder)?;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    if let Some(parent) = folder.parent() {
        builder.create(parent)?;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)?;
    check_dir(folder)
}

/// Creates the folder `below` in the folder `root`, with all folders between. A link on the way is refused.
///
/// # Errors
/// If it cannot be created, or a folder below `root` is a link.
pub(crate) fn create_dir_below(root: &Path, below: &Path) -> io::Result<()> {
    std::fs::create_dir_all(root)?;
    let mut folder = root.to_owned();
    for name in below {
        folder.push(name);
        check_dir(&folder)?;
        match std::fs::create_dir(&folder) {
            Err(error) if !folder.is_dir() => return Err(error),
            Ok(()) | Err(_) => check_dir(&folder)?,
        }
    }
    Ok(())
}

/// Checks that a folder of the program is not a link.
///
/// # Errors
/// If it is a link, or cannot be examined.
pub(crate) fn check_dir(folder: &Path) -> io::Result<()> {
    match folder.symlink_metadata() {
        Ok(metadata) if metadata.is_symlink() => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "`{}` is a symbolic link, and links are not followed here: put a folder in its place",
                folder.display()
            ),
        )),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Syncs a folder, so that a renamed or new file in it survives a power failure. Does nothing on Windows, where folders
/// cannot be synced.
///
/// # Errors
/// If the folder cannot be opened or synced.
pub(crate) fn sync_dir(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all().map_err(|error| {
            let kind = error.kind();
            if !matches!(kind, io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) {
                return error;
            }
            let message = format!(
                "its file system cannot sync folders ({error}): use a folder on a local disk"
            );
            io::Error::new(io::ErrorKind::Unsupported, message)
        })?;
    }
    Ok(())
}

/// Returns the message of an error, which names the limit of the machine if one was reached.
pub(crate) fn describe(error: &io::Error) -> String {
    let kind = error.kind();
    let limit = if kind == io::ErrorKind::FileTooLarge {
        "the limit on the size of files (`ulimit -f`) is reached"
    } else if kind == io::ErrorKind::QuotaExceeded {
        "the disk quota is used up"
    } else if is_descriptor_limit(error) {
        "the limit on open files (`ulimit -n`) is reached"
    } else {
        return error.to_string();
    };
    // An error with a message of its own says where it happened.
    if error.raw_os_error().is_some() { limit.to_owned() } else { error.to_string() }
}

#[cfg(unix)]
fn is_descriptor_limit(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let limits = [Errno::MFILE, Errno::NFILE].map(Errno::raw_os_error);
    error.raw_os_error().is_some_and(|error| limits.contains(&error))
}

#[cfg(not(unix))]
fn is_descriptor_limit(_error: &io::Error) -> bool {
    false
}

/// Hashes what is written to it.
#[derive(Debug, Default)]
pub(crate) struct HashWriter(pub(crate) Sha256);

impl Write for HashWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_atomic(&path, Access::Shared, |out| out.write_all(b"old")).unwrap();
        let failed = write_atomic(&path, Access::Shared, |out| {
            out.write_all(b"ne")?;
            Err(io::Error::other("disk full"))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn the_limits_of_the_machine_are_named() {
        use rustix::io::Errno;
        for (error, expected) in [
            (Errno::FBIG, "`ulimit -f`"),
            (Errno::DQUOT, "quota"),
            (Errno::MFILE, "`ulimit -n`"),
            (Errno::NFILE, "`ulimit -n`"),
            (Errno::NOSPC, "No space left on device"),
        ] {
            let message = describe(&io::Error::from(error));
            assert!(message.contains(expected), "{message}");
        }
        let named = io::Error::new(io::ErrorKind::FileTooLarge, "could not write `x`");
        assert_eq!(describe(&named), "could not write `x`");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_cannot_be_synced_is_named_as_such() {
        let error = sync_dir(Path::new("/proc/self")).unwrap_err().to_string();
        assert!(error.contains("cannot sync folders"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn links_pipes_and_devices_are_refused_and_their_targets_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        write_atomic(&target, Access::Shared, |out| out.write_all(b"old")).unwrap();
        let at = |name: &str| folder.path().join(name);
        std::os::unix::fs::symlink(&target, at("link")).unwrap();
        std::os::unix::fs::symlink(at("nowhere"), at("dead")).unwrap();
        std::os::unix::fs::symlink(folder.path(), at("folder")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        let status = std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap();
        assert!(status.success());

        assert_eq!(read_regular(&at("link")).unwrap(), b"old", "a user's link is followed");
        for (name, expected) in [("pipe", "a named pipe"), ("socket", "a socket")] {
            let error = read_regular(&at(name)).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let error = read_regular(Path::new("/dev/zero")).unwrap_err().to_string();
        assert!(error.contains("a device"), "{error}");
        for name in ["link", "dead", "folder", "pipe", "socket"] {
            let error = read_own(&at(name)).unwrap_err().to_string();
            assert!(error.contains("not a regular file"), "{name}: {error}");
            let mut options = File::options();
            let written = open_own(&at(name), options.create(true).truncate(true).write(true));
            assert!(written.is_err(), "{name}");
            // Without the check before: the system refuses to follow the link.
            let written = open(&at(name), options.append(true), Links::Refuse);
            assert!(written.is_err(), "{name}");
        }
        for name in ["folder", "dead"] {
            for error in [
                create_private_dir(&at(name)),
                create_dir_below(folder.path(), &Path::new(name).join("inner")),
            ] {
                let error = error.unwrap_err().to_string();
                assert!(error.contains("is a symbolic link"), "{name}: {error}");
            }
        }
        assert!(!at("nowhere").exists() && !at("inner").exists());
        assert_eq!(std::fs::read(&target).unwrap(), b"old");
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_readable_by_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_atomic(&path, Access::Private, |out| out.write_all(b"x")).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}
