//! The log file of each run.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::model::Timestamp;
use crate::util::fs::{OutputDir, create_private_dir, make_private, open_own};

/// Log files that are kept.
const MAX_LOGS: usize = 20;

/// Creates the log file of a run that began at `started` in the output folder `out`, and removes the oldest files.
pub(crate) fn open_log(out: &Path, started: Timestamp) -> io::Result<File> {
    let folder = OutputDir(out).logs();
    create_private_dir(&folder)?;
    let mut logs: Vec<PathBuf> = fs::read_dir(&folder)?
        .flatten()
        .filter(|file| file.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|file| file.path())
        .filter(|path| is_log(path))
        .collect();
    // Names begin with the time, so the oldest sort first.
    logs.sort();
    let surplus = (logs.len() + 1).saturating_sub(MAX_LOGS);
    for path in logs.iter().take(surplus) {
        // An old log that cannot be removed does no harm.
        let _ = fs::remove_file(path);
    }
    for path in &logs {
        make_private(path);
    }
    let name = started.to_string().replace(':', "-");
    let mut options = File::options();
    options.append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    open_own(&folder.join(format!("{name}.log")), &mut options)
}

/// Checks whether a file has a name that [`open_log`] gives.
fn is_log(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.replace(|c: char| c.is_ascii_digit(), "0") == "0000-00-00T00-00-00.000Z.log"
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::report::testing::at;

    #[test]
    fn the_newest_logs_are_kept() {
        let out = tempfile::tempdir().unwrap();
        let logs = out.path().join(".callsheet/logs");
        fs::create_dir_all(&logs).unwrap();
        for name in ["a.log", "0 notes.log"] {
            File::create(logs.join(name)).unwrap();
        }
        for second in 0..25 {
            let mut log = open_log(out.path(), at(second)).unwrap();
            log.write_all(b"x").unwrap();
        }
        let folder = out.path().join(".callsheet/logs");
        for name in ["a.log", "0 notes.log"] {
            assert!(folder.join(name).exists(), "{name} is a file of the user");
            fs::remove_file(folder.join(name)).unwrap();
        }
        let mut names: Vec<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.len(), MAX_LOGS);
        assert_eq!(names[0], "2026-11-24T14-00-05.000Z.log");
        assert_eq!(names[MAX_LOGS - 1], "2026-11-24T14-00-24.000Z.log");
    }
}
