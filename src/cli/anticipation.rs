//! The journal, read while the manifest is: of a large campaign both are long, and neither needs the other.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use super::argument_groups::CampaignArguments;
use super::campaign::{Manifest, usual_out_folder};
use super::past::{Past, Told};
use crate::driver::{Clock as _, SystemClock};
use crate::journal::{JournalError, Replay};
use crate::model::Timestamp;

/// The journal of the folder that the manifest most likely means.
pub(super) struct JournalPrefetch {
    folder: PathBuf,
    reading: JoinHandle<Result<Option<Replay<Told>>, JournalError>>,
}

impl JournalPrefetch {
    /// Begins to read.
    pub(super) fn of(arguments: &CampaignArguments) -> Self {
        let folder = usual_out_folder(arguments);
        let path = folder.clone();
        Self {
            folder,
            reading: std::thread::spawn(move || Replay::read(&path, now)),
        }
    }

    /// What the journal says of the campaign that the manifest has turned out to mean; `None` if there is none.
    /// Jobs of the manifest that [go on](Manifest::go_on) have the names on record from now on.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn past(self, manifest: &mut Manifest) -> Result<Option<Past>, JournalError> {
        let Some(recalled) = self.recalled(&manifest.out)? else {
            return Ok(None);
        };
        manifest.go_on(&recalled.state)?;
        Past::beside(&manifest.plan, &manifest.out, recalled).map(Some)
    }

    /// The journal of `out`, which was read already if it is the one that was expected.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn recalled(self, out: &Path) -> Result<Option<Replay<Told>>, JournalError> {
        if self.folder != out {
            return Replay::read(out, now);
        }
        let read = self.reading.join();
        read.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

fn now() -> Timestamp {
    SystemClock::new().now()
}
