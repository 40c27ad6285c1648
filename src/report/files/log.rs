//! The log of every run, beside the journal.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::model::Timestamp;

/// So many runs are remembered; logs are small, and the journal holds everything that matters.
const MOST_LOGS: usize = 20;

/// Makes a new log file for a run that began at `started`, in `.callsheet/logs/` of the output folder
/// `out`, and removes the oldest of the others. Give it to [`TextLines`](super::TextLines) at
/// [`Verbosity::Verbose`](super::Verbosity::Verbose).
pub(crate) fn open_log(out: &Path, started: Timestamp) -> io::Result<File> {
    let folder = out.join(".callsheet").join("logs");
    fs::create_dir_all(&folder)?;
    let mut logs: Vec<PathBuf> = fs::read_dir(&folder)?
        .filter_map(|file| Some(file.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    // Their names begin with their times, so the oldest sort first.
    logs.sort();
    let surplus = (logs.len() + 1).saturating_sub(MOST_LOGS);
    for path in logs.iter().take(surplus) {
        // An old log that cannot be removed harms nobody.
        let _ = fs::remove_file(path);
    }
    let name = started.to_string().replace(':', "-");
    File::options()
        .append(true)
        .create(true)
        .open(folder.join(format!("{name}.log")))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::report::testing::at;

    #[test]
    fn the_newest_logs_are_kept() {
        let out = tempfile::tempdir().unwrap();
        for second in 0..25 {
            let mut log = open_log(out.path(), at(second)).unwrap();
            log.write_all(b"x").unwrap();
        }
        let folder = out.path().join(".callsheet/logs");
        let mut names: Vec<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.len(), MOST_LOGS);
        assert_eq!(names[0], "2026-11-24T14-00-05.000Z.log");
        assert_eq!(names[MOST_LOGS - 1], "2026-11-24T14-00-24.000Z.log");
    }
}
