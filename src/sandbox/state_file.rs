//! The state file: JSON lines, each appended before the response is sent.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::job::Job;
use crate::util::fs::open_own;

/// An open state file, locked against other sandboxes.
#[derive(Debug)]
pub(super) struct StateFile {
    file: File,
    length: u64,
}

/// The contents of a state file.
#[derive(Debug, Default)]
pub(super) struct SavedState {
    pub(super) ports: Option<Ports>,
    /// Oldest first.
    pub(super) jobs: Vec<Job>,
}

/// The ports of the three servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ports {
    pub(super) api: u16,
    pub(super) files: u16,
    pub(super) mirror: u16,
}

/// A line of a state file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StateLine {
    Ports(Ports),
    Accepted(Box<Job>),
}

impl Drop for StateFile {
    fn drop(&mut self) {
        // Closing the file is not enough: a child process that is being started shares it for a moment.
        let _ = self.file.unlock();
    }
}

impl StateFile {
    /// Opens or creates the file and its folder, and reads it. An incomplete last line is removed: the
    /// response to its request was never sent.
    ///
    /// # Errors
    ///
    /// Another sandbox uses the file, or a line is not one of a state file. The file is not changed.
    pub(super) fn open(path: &Path) -> io::Result<(Self, SavedState)> {
        let explain = |error: io::Error| {
            let message = format!("the sandbox's state file `{}`: {error}", path.display());
            io::Error::new(error.kind(), message)
        };
        Self::open_and_read(path).map_err(explain)
    }

    fn open_and_read(path: &Path) -> io::Result<(Self, SavedState)> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut options = File::options();
        let mut file = open_own(path, options.create(true).truncate(false).read(true).write(true))?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                io::Error::new(io::ErrorKind::ResourceBusy, "another sandbox is using it")
            }
            TryLockError::Error(error) => error,
        })?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let complete = text.rfind('\n').map_or("", |end| &text[..=end]);
        let mut saved = SavedState::default();
        for (index, line) in complete.lines().enumerate() {
            match serde_json::from_str(line) {
                Ok(StateLine::Ports(ports)) => saved.ports = Some(ports),
                Ok(StateLine::Accepted(job)) => saved.jobs.push(*job),
                Err(error) => {
                    let message =
                        format!("line {} is not a line of a state file: {error}", index + 1);
                    return Err(io::Error::new(io::ErrorKind::InvalidData, message));
                }
            }
        }
        let length = u64::try_from(complete.len()).unwrap_or(0);
        file.set_len(length)?;
        file.seek(SeekFrom::Start(length))?;
        Ok((Self { file, length }, saved))
    }

    /// Appends a line completely or not at all. It survives a crash of the process, but not a power failure.
    pub(super) fn append(&mut self, line: &StateLine) -> io::Result<()> {
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
    use crate::sandbox::account::Account;
    use crate::sandbox::settings::SandboxSettings;

    fn job() -> Job {
        Account::default().evaluate(&SandboxSettings::default(), 1, CreateBody::default()).unwrap()
    }

    const PORTS: Ports = Ports { api: 1, files: 2, mirror: 3 };

    #[test]
    fn appended_lines_are_read_again_and_an_incomplete_one_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("not yet there/state.jsonl");
        let (mut state, saved) = StateFile::open(&path).unwrap();
        assert!(saved.jobs.is_empty() && saved.ports.is_none());
        state.append(&StateLine::Ports(PORTS)).unwrap();
        state.append(&StateLine::Accepted(Box::new(job()))).unwrap();
        drop(state);
        let mut file = File::options().append(true).open(&path).unwrap();
        file.write_all(br#"{"accepted":{"number":1,"#).unwrap();
        drop(file);
        let (mut state, saved) = StateFile::open(&path).unwrap();
        assert_eq!(saved.ports, Some(PORTS));
        assert_eq!(saved.jobs, [job()]);
        state.append(&StateLine::Accepted(Box::new(job()))).unwrap();
        drop(state);
        assert_eq!(StateFile::open(&path).unwrap().1.jobs, [job(), job()]);
    }

    #[test]
    fn another_file_is_refused_and_not_changed() {
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
