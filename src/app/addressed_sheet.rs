//! A sheet that was read from an address, with the campaign and the folder it belongs to.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::error::Error;
use crate::journal::{Identity, SheetRecord};
use crate::manifest::sanitize_stem;
use crate::model::Flag;
use crate::util::fs::default_output_dir;

/// A sheet that was read from an address, or its kept copy.
pub(crate) struct AddressedSheet {
    /// The bytes of the sheet.
    pub(super) bytes: Vec<u8>,
    /// The output folder, before shards.
    pub(super) folder: PathBuf,
    /// The record to keep with the sheet.
    pub(super) record: SheetRecord,
    /// Whether the folder has this sheet already.
    pub(super) is_kept: bool,
}

impl std::fmt::Debug for AddressedSheet {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("AddressedSheet")
            .field("folder", &self.folder)
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

impl AddressedSheet {
    /// Returns the name of the sheet, for messages about its cells. Its extension is that of its kind.
    pub(super) fn file(&self) -> PathBuf {
        PathBuf::from(format!("{}.{}", self.record.title, self.record.extension))
    }

    /// Returns the output folder of the sheet's campaign, before shards: in the sandbox, or with the real API.
    pub(super) fn folder(&self, is_sandbox: bool) -> PathBuf {
        if is_sandbox == self.record.is_sandbox {
            return self.folder.clone();
        }
        folder_of(self.campaign(), is_sandbox)
    }

    /// Returns the name of the campaign.
    pub(super) fn campaign(&self) -> &str {
        &self.record.campaign
    }

    /// Keeps the sheet in the output folder. Does nothing if a journal there belongs to another campaign, which the
    /// caller refuses.
    ///
    /// # Errors
    /// If it cannot be written, or another file has its name.
    pub(super) fn keep(&self, identity: &Identity) -> Result<(), Error> {
        let is_other = Identity::read(&self.folder)?.is_some_and(|found| found != *identity);
        if self.is_kept || is_other {
            return Ok(());
        }
        let record = SheetRecord { is_sandbox: identity.is_sandbox, ..self.record.clone() };
        record.write(&self.folder, &self.bytes).map_err(|error| {
            if error.kind() == ErrorKind::AlreadyExists {
                let message = format!("the sheet cannot be kept: {error}; nothing was submitted");
                let help = format!("move it away, or choose another folder: `{} DIR`", Flag::Out);
                return Error::usage_with_hint(message, help);
            }
            Error::io(format!("cannot keep the sheet in `{}`", self.folder.display()))(error)
        })
    }
}

/// Returns the default output folder of a campaign.
pub(super) fn folder_of(campaign: &str, is_sandbox: bool) -> PathBuf {
    let stem = sanitize_stem(campaign).unwrap_or_else(|| "sheet".to_owned());
    default_output_dir(&stem, is_sandbox).into()
}
