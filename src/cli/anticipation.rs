//! The journal, read while the manifest is: of a large campaign both are long, and neither needs the other.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use super::argument_groups::CampaignArguments;
use super::campaign::usual_out_folder;
use crate::journal::{JournalError, Record};

/// The journal of the folder that the manifest most likely means.
pub(super) struct Anticipation {
    folder: PathBuf,
    reading: JoinHandle<Result<Option<Record>, JournalError>>,
}

impl Anticipation {
    /// Begins to read.
    pub(super) fn of(arguments: &CampaignArguments) -> Self {
        let folder = usual_out_folder(arguments);
        let path = folder.clone();
        Self {
            folder,
            reading: std::thread::spawn(move || Record::read(&path)),
        }
    }

    /// The journal of `out`, which the manifest has turned out to mean.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn record(self, out: &Path) -> Result<Option<Record>, JournalError> {
        if self.folder != out {
            return Record::read(out);
        }
        self.reading
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}
