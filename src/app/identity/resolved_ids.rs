//! The ids under which jobs are recorded, if the sheet gives them others.

use std::collections::{HashMap, HashSet};

use crate::app::notices::Notices;
use crate::model::JobId;

/// The recorded ids of jobs that have another id in the sheet, with the notes about them.
#[derive(Debug, Default)]
pub(crate) struct ResolvedIds {
    /// The recorded ids by those of the sheet.
    pub(super) recorded: HashMap<JobId, JobId>,
    /// Notes about these jobs.
    pub(super) notes: Vec<String>,
    /// A warning about another campaign.
    pub(super) warning: Option<String>,
    /// The messages that were reported already.
    reported: HashSet<String>,
}

impl ResolvedIds {
    /// Reports each note and warning once.
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
