//! The lock of the output folder: one run at a time.

use std::collections::BTreeSet;
use std::fs::DirEntry;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::Error;
use super::notices::Notices;
use crate::driver::{Clock as _, SystemClock};
use crate::journal::{Lock, LockError};
use crate::model::{Flag, Shard};
use crate::report::files::{foreign_results, foreign_workbook};
use crate::util::fs::{LockState, OutputDir, check_dir, part_paths};

/// Pause between two attempts: too short to notice, long enough to cost nothing.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

/// `status` holds the lock for a moment to test it; that must not refuse a run.
const MIN_WAIT: Duration = Duration::from_millis(400);

/// The files that a run adds to the output folder at least: lock, journal, log, results and a download.
const MIN_FILES: usize = 20;

/// Checks that the output folder `out` and the folders of its `files` can be created and written to, and that none of the
/// program's folders in it is a link. Leaves nothing behind.
///
/// # Errors
/// If a folder is a link, or cannot be written to.
pub(crate) fn check_writable<F: AsRef<Path>>(
    out: &Path,
    files: impl IntoIterator<Item = F>,
) -> Result<(), Error> {
    let own =
        [out.to_owned(), OutputDir(out).state(), OutputDir(out).logs(), OutputDir(out).sandbox()];
    let mut folders = BTreeSet::from(own);
    let files: Vec<F> = files.into_iter().collect();
    for file in &files {
        let below = file.as_ref().ancestors().skip(1).filter(|folder| *folder != Path::new(""));
        // All others are known too.
        let _all_new = below.map(|folder| out.join(folder)).all(|folder| folders.insert(folder));
    }
    let check = |folder: &Path| {
        // A link that the user has named; others are refused when the manifest is loaded.
        if folder != out {
            check_dir(folder)?;
        }
        // Logs are optional.
        if folder == OutputDir(out).logs() {
            return Ok(());
        }
        let existing = folder.ancestors().find(|folder| folder.exists());
        let existing = existing.unwrap_or(Path::new("."));
        // A file system may have room for some further files alone.
        let count = if folder == out { MIN_FILES } else { 1 };
        let test = |_| tempfile::tempfile_in(existing);
        (0..count).map(test).collect::<Result<Vec<_>, _>>().map(drop)
    };
    folders.iter().try_for_each(|folder| {
        check(folder).map_err(|source| {
            let folder = folder.to_owned();
            Error::Lock(LockError::Unavailable { folder, source })
        })
    })?;
    check_places(&folders, files.iter().map(|file| out.join(file)))
}

/// Checks that no folder with files in it has the place of an unfinished download. An empty one is removed when the
/// download begins.
fn check_places(
    folders: &BTreeSet<PathBuf>,
    mut files: impl Iterator<Item = PathBuf>,
) -> Result<(), Error> {
    let entries = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_dir = |entry: &DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let inner = folders.iter().flat_map(|folder| entries(folder).filter(is_dir));
    let inner: BTreeSet<PathBuf> = inner.map(|entry| entry.path()).collect();
    if inner.is_empty() {
        return Ok(());
    }
    let taken = |place: &PathBuf| inner.contains(place) && entries(place).next().is_some();
    let taken = files.find_map(|file| part_paths(&file).into_iter().find(taken));
    taken.map_or(Ok(()), |place| {
        let message = format!(
            "`{}` is a folder in the place of an unfinished download; nothing was submitted",
            place.display()
        );
        Err(Error::usage_with_hint(message, "move the folder away"))
    })
}

/// Checks that no result file in the output folder `out`, which has no journal, is a file of the user: it would be
/// replaced.
///
/// # Errors
/// If there is such a file.
pub(crate) fn check_results(out: &Path) -> Result<(), Error> {
    refuse_foreign(foreign_results(out))
}

/// Checks that `results.xlsx` in the output folder `out` is no file of the user.
///
/// # Errors
/// If it is one.
pub(crate) fn check_workbook(out: &Path) -> Result<(), Error> {
    refuse_foreign(foreign_workbook(out))
}

fn refuse_foreign(file: Option<PathBuf>) -> Result<(), Error> {
    file.map_or(Ok(()), |file| {
        let message = format!(
            "`{}` would be replaced by the results, but this program did not write it; nothing was submitted",
            file.display()
        );
        let hint = format!("move it away, or choose another folder: `{} DIR`", Flag::Out);
        Err(Error::usage_with_hint(message, hint))
    })
}

/// Returns the folders of the campaign in the output folder `out` or beside the shard's folder `out`, this one included:
/// that of the whole campaign, and those of all shards.
pub(crate) fn shard_folders(out: &Path) -> Vec<PathBuf> {
    let home = out.parent().filter(|_| shard_of(out).is_some()).unwrap_or(out);
    let entries = std::fs::read_dir(home).into_iter().flatten().flatten();
    let folders = entries.map(|entry| home.join(entry.file_name()));
    let shards = folders.filter(|folder| shard_of(folder).is_some());
    [home.to_owned()].into_iter().chain(shards).collect()
}

/// Returns the folders that divide the campaign of the output folder `out` in another way: into another number of shards,
/// or not at all. They have the same jobs, so no two of these ways may run at one time.
pub(crate) fn other_divisions(out: &Path) -> Vec<PathBuf> {
    let count = |folder: &Path| shard_of(folder).map(Shard::count);
    let mut folders = shard_folders(out);
    folders.retain(|folder| count(folder) != count(out));
    folders
}

/// Returns the shard whose output folder this is.
pub(crate) fn shard_of(folder: &Path) -> Option<Shard> {
    folder.file_name().and_then(|name| name.to_str()).and_then(Shard::of_folder)
}

/// Acquires the lock of the output folder, unless a run in a conflicting folder is under way. The own lock comes first:
/// of two runs that begin at the same time, at least one sees the other.
fn acquire(folder: &Path, holder: &str) -> Result<Lock, LockError> {
    let lock = Lock::acquire(folder, holder)?;
    let is_held = |other: &&PathBuf| LockState::of(other) == LockState::Held;
    match other_divisions(folder).iter().find(is_held) {
        Some(other) => Err(LockError::held(other)),
        None => Ok(lock),
    }
}

/// Creates the folder if necessary and takes its lock. With `wait`, waits until the other run releases the lock, and
/// reports that.
///
/// # Errors
/// If the folder cannot be created or locked, or the other run still holds it after `wait`.
pub(crate) async fn lock_output(
    folder: &Path,
    wait: Option<Duration>,
    notices: &Notices,
    clock: &SystemClock,
) -> Result<Lock, Error> {
    let holder = format!("process {} since {}", std::process::id(), clock.now());
    match (acquire_within(folder, &holder, MIN_WAIT).await, wait) {
        (Err(held @ LockError::Held { .. }), Some(wait)) => {
            notices.note(&format!("{held}; waiting for it to end"));
            Ok(acquire_within(folder, &holder, wait).await?)
        }
        (result, _) => Ok(result?),
    }
}

/// Acquires the lock of the output folder; waits about `wait` at most while another process holds it.
async fn acquire_within(folder: &Path, holder: &str, wait: Duration) -> Result<Lock, LockError> {
    let mut retries = wait.as_millis() / RETRY_INTERVAL.as_millis();
    loop {
        match acquire(folder, holder) {
            Err(LockError::Held { .. }) if retries > 0 => retries -= 1,
            result => return result,
        }
        #[expect(clippy::disallowed_methods, reason = "a lock cannot be awaited")]
        tokio::time::sleep(RETRY_INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_folder_that_is_a_link_is_refused_before_anything_is_submitted() {
        let files = ["videos/de/a.mp4", "thumbnails/de/a.jpg"];
        for name in
            ["videos", "videos/de", "thumbnails", ".callsheet", ".callsheet/logs", ".sandbox"]
        {
            for target in ["elsewhere", "nowhere"] {
                let folder = tempfile::tempdir().unwrap();
                let out = folder.path().join("out");
                check_writable(&out, files).unwrap();
                std::fs::create_dir(folder.path().join("elsewhere")).unwrap();
                let link = out.join(name);
                std::fs::create_dir_all(link.parent().unwrap()).unwrap();
                check_writable(&out, files).unwrap();
                std::os::unix::fs::symlink(folder.path().join(target), &link).unwrap();
                let error = check_writable(&out, files).unwrap_err();
                let cause = std::error::Error::source(&error).unwrap().to_string();
                assert!(cause.contains("is a symbolic link"), "{name}: {error}: {cause}");
            }
        }
    }

    #[test]
    fn a_file_in_place_of_the_videos_is_refused() {
        let out = tempfile::tempdir().unwrap();
        std::fs::File::create(out.path().join("videos")).unwrap();
        assert!(check_writable(out.path(), ["videos/a.mp4"]).is_err());
    }

    #[test]
    fn shard_layouts_and_plain_runs_exclude_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        let of = |name: &str| if name.is_empty() { home.to_owned() } else { home.join(name) };
        for (held, wanted, is_free) in [
            ("", "shard-1-of-2", false),
            ("shard-1-of-2", "", false),
            ("shard-1-of-2", "shard-2-of-2", true),
            ("shard-2-of-2", "shard-2-of-3", false),
            ("shard-2-of-3", "shard-1-of-2", false),
            ("shard-1-of-2", "other", true),
        ] {
            let _held = acquire(&of(held), "the first").unwrap();
            match acquire(&of(wanted), "the second") {
                Ok(_) => assert!(is_free, "{held} {wanted}"),
                Err(LockError::Held { folder, holder }) => {
                    assert!(!is_free && folder == of(held), "{held} {wanted}");
                    assert_eq!(holder, "the first");
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_held_lock_is_awaited_up_to_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let held = Lock::acquire(folder.path(), "the first").unwrap();
        let minute = Duration::from_secs(60);
        let started = tokio::time::Instant::now();
        let refused = acquire_within(folder.path(), "the second", minute).await;
        assert!(matches!(refused, Err(LockError::Held { .. })));
        assert!(started.elapsed() >= minute);

        let waiting = acquire_within(folder.path(), "the second", minute);
        let freeing = async {
            tokio::time::advance(minute / 2).await;
            drop(held);
        };
        let (taken, ()) = tokio::join!(waiting, freeing);
        assert!(taken.is_ok());
    }
}
