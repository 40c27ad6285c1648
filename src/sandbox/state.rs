//! The file that remembers: one JSON object a line, appended before an answer leaves.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::job::Job;

/// An open state file. No other sandbox can open it at the same time.
#[derive(Debug)]
pub(super) struct StateFile {
    file: File,
    length: u64,
}

/// What the file told.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    /// The ports of the last time.
    pub(super) ports: Option<Ports>,
    /// All accepted jobs, oldest first.
    pub(super) jobs: Vec<Job>,
}

/// The ports of the three origins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ports {
    pub(super) api: u16,
    pub(super) files: u16,
    pub(super) mirror: u16,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Ports(Ports),
    Accepted(Box<Job>),
}

impl StateFile {
    /// Opens or creates the file, and its folder, and reads it. A last line that was cut off by a crash belongs to an answer
    /// that was never sent; it is removed. Any other line that cannot be read is an error, and the
    /// file stays as it is.
    pub(super) fn open(path: &Path) -> io::Result<(Self, Remembered)> {
        let explain = |error: io::Error| {
            let message = format!("the sandbox's state file `{}`: {error}", path.display());
            io::Error::new(error.kind(), message)
        };
        Self::open_plainly(path).map_err(explain)
    }

    fn open_plainly(path: &Path) -> io::Result<(Self, Remembered)> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::new(
                    io::ErrorKind::ResourceBusy,
                    "another sandbox is using it",
                ));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut remembered = Remembered::default();
        let mut reader = BufReader::new(&file);
        let mut length = 0_u64;
        let mut bytes = Vec::new();
        for number in 1_u64.. {
            bytes.clear();
            let read = reader.read_until(b'\n', &mut bytes)?;
            if !bytes.ends_with(b"\n") {
                break;
            }
            match serde_json::from_slice(&bytes) {
                Ok(Line::Ports(ports)) => remembered.ports = Some(ports),
                Ok(Line::Accepted(job)) => remembered.jobs.push(*job),
                Err(error) => {
                    let message = format!("line {number} is none of its lines: {error}");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, message));
                }
            }
            length += u64::try_from(read).unwrap_or(0);
        }
        file.set_len(length)?;
        file.seek(SeekFrom::Start(length))?;
        Ok((Self { file, length }, remembered))
    }

    /// Remembers an accepted job.
    pub(super) fn accepted(&mut self, job: &Job) -> io::Result<()> {
        self.append(&Line::Accepted(Box::new(job.clone())))
    }

    /// Remembers the ports.
    pub(super) fn ports(&mut self, ports: Ports) -> io::Result<()> {
        self.append(&Line::Ports(ports))
    }

    /// Appends one line, wholly or not at all. It then survives the death of the process; not a
    /// loss of power, for which a toy need not wait on a disk.
    fn append(&mut self, line: &Line) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        if let Err(error) = self.file.write_all(&bytes) {
            self.file.set_len(self.length)?;
            self.file.seek(SeekFrom::Start(self.length))?;
            return Err(error);
        }
        self.length += u64::try_from(bytes.len()).unwrap_or(0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::api::wire::CreateBody;
    use crate::sandbox::Settings;
    use crate::sandbox::account::Account;

    fn job() -> Job {
        Account::default()
            .consider(&Settings::default(), 1, CreateBody::default())
            .unwrap()
    }

    const PORTS: Ports = Ports {
        api: 1,
        files: 2,
        mirror: 3,
    };

    #[test]
    fn what_was_appended_is_read_again_and_a_torn_line_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("not yet there/state.jsonl");
        let (mut state, remembered) = StateFile::open(&path).unwrap();
        assert!(remembered.jobs.is_empty() && remembered.ports.is_none());
        state.ports(PORTS).unwrap();
        state.accepted(&job()).unwrap();
        drop(state);
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(br#"{"accepted":{"number":1,"#).unwrap();
        drop(file);
        let (mut state, remembered) = StateFile::open(&path).unwrap();
        assert_eq!(remembered.ports, Some(PORTS));
        assert_eq!(remembered.jobs, [job()]);
        state.accepted(&job()).unwrap();
        drop(state);
        assert_eq!(StateFile::open(&path).unwrap().1.jobs, [job(), job()]);
    }

    #[test]
    fn a_file_of_another_kind_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.csv");
        let mut file = File::create(&path).unwrap();
        file.write_all(b"id,text\n1,Hello").unwrap();
        let error = StateFile::open(&path).unwrap_err();
        assert!(error.to_string().contains("line 1"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"id,text\n1,Hello");
    }

    #[test]
    fn two_sandboxes_cannot_share_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.jsonl");
        let _first = StateFile::open(&path).unwrap();
        let error = StateFile::open(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
    }
}
