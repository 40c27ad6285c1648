//! The ids under which jobs are recorded, if the sheet gives them others.

use std::collections::{HashMap, HashSet};

use super::other_journals::PaidVideo;
use crate::app::first_run::UsedFolders;
use crate::app::notices::Notices;
use crate::model::{JobId, RemoteId};

/// The recorded ids of jobs that have another id in the sheet, with the notes about them.
#[derive(Debug, Default)]
pub(crate) struct ResolvedIds {
    /// The recorded ids by those of the sheet.
    pub(super) recorded: HashMap<JobId, JobId>,
    /// The ids at the provider of jobs that other shards have paid for.
    pub(crate) named: HashMap<JobId, RemoteId>,
    /// Notes about these jobs.
    pub(super) notes: Vec<String>,
    /// The videos that other campaigns have paid for, by job.
    pub(super) elsewhere: HashMap<JobId, PaidVideo>,
    /// The output folders that the user has used.
    pub(super) used_folders: UsedFolders,
    /// The messages that were reported already.
    reported: HashSet<String>,
}

impl ResolvedIds {
    /// Returns no ids yet, for a user who has used these folders.
    pub(crate) fn new(used_folders: UsedFolders) -> Self {
        Self { used_folders, ..Self::default() }
    }

    /// Returns the videos that other campaigns have paid for, by job.
    pub(crate) const fn elsewhere(&self) -> &HashMap<JobId, PaidVideo> {
        &self.elsewhere
    }

    /// Reports each note once.
    pub(crate) fn report(&mut self, notices: &Notices) {
        for note in self.notes.drain(..) {
            if self.reported.insert(note.clone()) {
                notices.note(&note);
            }
        }
    }
}
