//! The journal, read while the manifest is: of a large campaign both are long, and neither needs the other.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use super::argument_groups::CampaignArguments;
use super::campaign::{Manifest, usual_out_folder};
use super::past::{Past, Told};
use crate::driver::{Clock as _, SystemClock};
use crate::journal::{JournalError, Recalled};
use crate::model::Timestamp;

/// The journal of the folder that the manifest most likely means.
pub(super) struct Anticipation {
    folder: PathBuf,
    reading: JoinHandle<Result<Option<Recalled<Told>>, JournalError>>,
}

impl Anticipation {
    /// Begins to read.
    pub(super) fn of(arguments: &CampaignArguments) -> Self {
        let folder = usual_out_folder(arguments);
        let path = folder.clone();
        Self {
            folder,
            reading: std::thread::spawn(move || Recalled::read(&path, now)),
        }
    }

    /// What the journal says of the campaign that the manifest has turned out to mean; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn past(self, manifest: &Manifest) -> Result<Option<Past>, JournalError> {
        let out = &manifest.out;
        let recalled = match self.if_of(out) {
            Some(recalled) => recalled?,
            None => Recalled::read(out, now)?,
        };
        recalled
            .map(|recalled| Past::beside(&manifest.plan, out, recalled))
            .transpose()
    }

    /// What was read, if it was the journal of `out`.
    pub(super) fn if_of(self, out: &Path) -> Option<Result<Option<Recalled<Told>>, JournalError>> {
        if self.folder != out {
            return None;
        }
        let read = self.reading.join();
        Some(read.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }
}

fn now() -> Timestamp {
    SystemClock::new().now()
}
