//! How the journal of a simulation is written: as the engine says, or wrongly.

use crate::model::{Entry, Event, JobEvent, JobId};

/// How the journal is written.
#[derive(Debug, Clone)]
pub(super) enum Recorder {
    /// As the engine says.
    Faithful,
    /// The intent to submit is written only with the answer. Holds the intents that are not written yet.
    LateIntent(Vec<Entry>),
    /// Finished renders are not written.
    WithoutRendered,
}

impl Recorder {
    pub(super) fn begin_run(&mut self) {
        if let Self::LateIntent(held) = self {
            held.clear();
        }
    }

    /// Writes the entries of a step.
    pub(super) fn write(&mut self, entries: &[Entry], journal: &mut Vec<Entry>) {
        match self {
            Self::Faithful => journal.extend_from_slice(entries),
            Self::LateIntent(held) => {
                for entry in entries {
                    if is_event(entry, |event| matches!(event, JobEvent::SubmitStarted { .. })) {
                        held.push(entry.clone());
                        continue;
                    }
                    let is_intent_of = |it: &mut Entry| job(it).is_some() && job(it) == job(entry);
                    let intents = held.extract_if(.., is_intent_of).collect::<Vec<_>>();
                    for mut entry in intents.into_iter().chain([entry.clone()]) {
                        entry.sequence = journal.last().map_or(0, |last| last.sequence) + 1;
                        journal.push(entry);
                    }
                }
            }
            Self::WithoutRendered => {
                let is_rendered = |event: &JobEvent| matches!(event, JobEvent::Rendered { .. });
                let written = entries.iter().filter(|entry| !is_event(entry, is_rendered));
                journal.extend(written.cloned());
            }
        }
    }

    /// Checks whether entries are held back, so that the journal does not show all live phases.
    pub(super) fn holds_back(&self) -> bool {
        matches!(self, Self::LateIntent(held) if !held.is_empty())
    }
}

fn is_event(entry: &Entry, is: impl Fn(&JobEvent) -> bool) -> bool {
    matches!(&entry.event, Event::Job { event, .. } if is(event))
}

fn job(entry: &Entry) -> Option<&JobId> {
    match &entry.event {
        Event::Job { job, .. } => Some(job),
        Event::RunStarted { .. }
        | Event::RunEnded { .. }
        | Event::LaneHeld { .. }
        | Event::JournalLost
        | Event::AcceptedJobsLost
        | Event::InventoryTaken { .. }
        | Event::InventorySkipped { .. }
        | Event::TagNotShown { .. }
        | Event::ListCutOff { .. }
        | Event::LimitLearned { .. } => None,
    }
}
