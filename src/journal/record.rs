//! What a journal holds, read back.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::store::JournalError;
use super::{paid, reading};
use crate::model::{Entry, Fingerprint, JobId, JobSpec};

/// Whose journal it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Name of the campaign; part of every tag.
    pub campaign: String,
    /// Whether it was run against the sandbox: such a journal must never be taken for the record of
    /// real videos.
    pub is_sandbox: bool,
}

/// Everything a journal holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Whose it is.
    pub identity: Identity,
    /// Every job that was ever part of the campaign, as it was last planned.
    pub jobs: Vec<Arc<JobSpec>>,
    /// What became true, in order.
    pub entries: Vec<Entry>,
}

impl Identity {
    /// Whose the journal of the output folder `folder` is; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read, or is not one of ours.
    pub fn read(folder: &Path) -> Result<Option<Self>, JournalError> {
        reading::read_identity(folder)
    }
}

impl Record {
    /// The jobs of `wanted` that the journal of `folder` knows, as they were last planned.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn jobs(
        folder: &Path,
        wanted: &HashSet<&JobId>,
    ) -> Result<Vec<Arc<JobSpec>>, JournalError> {
        reading::specifications(folder, wanted)
    }

    /// For each of `jobs` whether the journal of `folder` does not hold it as it is.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn unsaved(folder: &Path, jobs: &[Arc<JobSpec>]) -> Result<Vec<bool>, JournalError> {
        reading::unsaved(folder, jobs)
    }

    /// Reads the journal of the output folder `folder` without locking it; `None` if there is none.
    /// What is read is one consistent moment, even while a run is going on.
    pub fn read(folder: &Path) -> Result<Option<Self>, JournalError> {
        reading::read(folder)
    }

    /// What has been appended to the journal of `folder` since `last`, and nothing else of it; `None` if
    /// `last` is not in it: it is another journal by now, to be read from its beginning.
    pub fn read_on(folder: &Path, last: &Entry) -> Result<Option<Vec<Entry>>, JournalError> {
        reading::read_on(folder, last)
    }

    /// Of the requests that are `wanted`, those that the journal of `folder` has paid for, or may have, and whose
    /// journal it is; `None` if there is none, or not one that `is_of_interest`. It is not read into memory.
    pub fn paid_for(
        folder: &Path,
        is_of_interest: impl FnOnce(&Identity) -> bool,
        wanted: &HashSet<&Fingerprint>,
    ) -> Result<Option<(Identity, HashSet<Fingerprint>)>, JournalError> {
        paid::paid_for(folder, is_of_interest, wanted)
    }
}
