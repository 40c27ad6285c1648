//! The log file of each run.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::model::Timestamp;
use crate::util::fs::OutputDir;

/// Log files that are kept.
const MAX_LOGS: usize = 20;

/// Creates the log file of a run that began at `started` in the output folder `out`, and removes the oldest files.
pub(crate) fn open_log(out: &Path, started: Timestamp) -> io::Result<File> {
    let folder = OutputDir(out).logs();
    fs::create_dir_all(&folder)?;
    let mut logs: Vec<PathBuf> = fs::read_dir(&folder)?
        .filter_map(|file| Some(file.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    // Names begin with the time, so the oldest sort first.
    logs.sort();
    let surplus = (logs.len() + 1).saturating_sub(MAX_LOGS);
    for path in logs.iter().take(surplus) {
        // An old log that cannot be removed does no harm.
        let _ = fs::remove_file(path);
    }
    let name = started.to_string().replace(':', "-");
    File::options().append(true).create(true).open(folder.join(format!("{name}.log")))
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
        assert_eq!(names.len(), MAX_LOGS);
        assert_eq!(names[0], "2026-11-24T14-00-05.000Z.log");
        assert_eq!(names[MAX_LOGS - 1], "2026-11-24T14-00-24.000Z.log");
    }
}
