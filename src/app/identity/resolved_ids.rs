//! The ids under which jobs are recorded, if the sheet gives them others.

use std::collections::{HashMap, HashSet};

use crate::app::notices::Notices;
use crate::model::JobId;

/// The ids of jobs that the sheet names otherwise, and what is to be said about them.
#[derive(Debug, Default)]
pub(crate) struct ResolvedIds {
    /// The recorded ids by those of the sheet.
    pub(super) recorded: HashMap<JobId, JobId>,
    /// What is to be said about them.
    pub(super) notes: Vec<String>,
    /// What is to be said about another campaign.
    pub(super) warning: Option<String>,
    reported: HashSet<String>,
}

impl ResolvedIds {
    /// Reports what was found out about the identity of jobs, once.
    pub(crate) fn report(&mut self, notices: &Notices) {
        for note in self.notes.drain(..) {
            if self.reported.insert(note.clone()) {
                notices.note(&note);
            }
        }
        if let Some(warning) = self.warning.take()
            && self.reported.insert(warning.clone())
        {
            notices.warning(&warning);
        }
    }
}
