//! Opening a manifest behind an address: which sheet is read, and which campaign and folder it belongs to.
//!
//! The name of the campaign determines its tags and its folder. It must not follow the title of the sheet: a new title
//! would be a new campaign, in which everything is paid for again. So an output folder remembers its address, and the
//! campaign of an address is, in this order: the one that `--campaign` names, the one of the folder in the working folder
//! that remembers the address, and a new one with the title of the sheet.
//!
//! A run keeps the sheet in the output folder, so that later commands about it need no network.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::addressed_sheet::{AddressedSheet, folder_of};
use super::error::Error;
use super::load::blocking;
use super::options::CampaignOptions;
use crate::journal::{Identity, SheetRecord};
use crate::manifest::MAX_CAMPAIGN;
use crate::model::{Flag, ManifestLocation};
use crate::remote::{SheetAddress, SheetClient, SheetError};
use crate::util::fs::OutputDir;

/// The extensions that are not part of a title.
const EXTENSIONS: [&str; 8] = ["csv", "tsv", "txt", "xlsx", "xlsm", "xlsb", "xls", "ods"];

/// Which copy of a sheet behind an address a command reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SheetCopy {
    /// The one at the address: for commands that are about what a run would make.
    Current,
    /// The one that the last run has kept; the one at the address if there is none.
    Kept,
}

/// An output folder that remembers an address.
struct KnownFolder {
    folder: PathBuf,
    record: SheetRecord,
}

impl CampaignOptions {
    /// Returns the options for the campaign of the sandbox or of the real API. If the manifest is an address, its sheet is
    /// read. Creates nothing.
    ///
    /// # Errors
    /// If the sheet cannot be read, or it is not clear which campaign it belongs to.
    pub(crate) async fn open(&self, copy: SheetCopy, is_sandbox: bool) -> Result<Self, Error> {
        let ManifestLocation::Address(address) = &self.manifest else {
            let opened = Self { is_sandbox, ..self.clone() };
            return if self.reads_edits { opened.with_edits() } else { Ok(opened) };
        };
        let address = SheetAddress::new(address, self.sheet.is_some()).map_err(refused)?;
        let known = self.known_folder(&address, is_sandbox)?;
        let is_edited = |known: &KnownFolder| {
            self.reads_edits && OutputDir(&known.folder).edited_sheet("csv").is_file()
        };
        let copy = if known.as_ref().is_some_and(is_edited) { SheetCopy::Kept } else { copy };
        let kept = known.as_ref().filter(|_| copy == SheetCopy::Kept);
        let kept = kept.and_then(|known| known.record.read_sheet(&known.folder));
        let sheet = match (kept, known) {
            (Some(bytes), Some(KnownFolder { folder, mut record })) => {
                record.campaign = self.campaign.clone().unwrap_or(record.campaign);
                AddressedSheet { bytes, folder, record, is_kept: true }
            }
            (_, known) => self.fetch(&address, known, is_sandbox).await?,
        };
        let addressed_sheet = Some(Arc::new(sheet));
        let opened = Self { is_sandbox, addressed_sheet, ..self.clone() };
        if self.reads_edits { opened.with_edits() } else { Ok(opened) }
    }

    /// Returns the output folder, before shards, of the campaign of the sheet at an address, which is read. `None` for a
    /// file.
    ///
    /// # Errors
    /// If the sheet cannot be read, or it is not clear which campaign it belongs to.
    pub(crate) async fn addressed_folder(
        &self,
        is_sandbox: bool,
    ) -> Result<Option<PathBuf>, Error> {
        let opened = self.open(SheetCopy::Current, is_sandbox).await?;
        Ok(opened.addressed_sheet.map(|sheet| sheet.folder(is_sandbox)))
    }

    /// Checks whether the manifest can be opened without its server: it is a file, or its sheet was kept.
    pub(crate) fn is_sheet_on_disk(&self, is_sandbox: bool) -> bool {
        let ManifestLocation::Address(address) = &self.manifest else { return true };
        let address = SheetAddress::new(address, self.sheet.is_some()).map_err(refused);
        let known = address.and_then(|address| self.known_folder(&address, is_sandbox));
        known.is_ok_and(|known| {
            known.is_some_and(|known| known.record.read_sheet(&known.folder).is_some())
        })
    }

    async fn fetch(
        &self,
        address: &SheetAddress,
        known: Option<KnownFolder>,
        is_sandbox: bool,
    ) -> Result<AddressedSheet, Error> {
        let client = {
            let address = address.clone();
            // Reading the system's certificates takes a moment.
            blocking(move || SheetClient::new(&address)).await?
        };
        let fetched = client.fetch(address, self.sheet_token.as_ref()).await.map_err(refused)?;
        let name = fetched.name.unwrap_or_else(|| address.last_segment());
        let stem = title(&name);
        let campaign = self.campaign.clone();
        let campaign = campaign.or_else(|| known.as_ref().map(|it| it.record.campaign.clone()));
        let campaign = campaign.unwrap_or_else(|| stem.chars().take(MAX_CAMPAIGN).collect());
        let record = SheetRecord {
            digest: address.digest(),
            address: address.shown().to_owned(),
            title: stem.to_owned(),
            extension: fetched.extension.to_owned(),
            is_sandbox,
            campaign,
        };
        let is_new = known.is_none() && self.out.is_none() && self.campaign.is_none();
        let folder = match known {
            Some(known) => known.folder,
            None => self.out.clone().unwrap_or_else(|| folder_of(&record.campaign, is_sandbox)),
        };
        // The folder of a sheet with the same title.
        if is_new && (Identity::read(&folder)?.is_some() || SheetRecord::read(&folder).is_some()) {
            return Err(other_sheet(address.shown(), &folder, SheetRecord::read(&folder)));
        }
        Ok(AddressedSheet { bytes: fetched.bytes, folder, record, is_kept: false })
    }

    /// Returns the output folder that belongs to the campaign of `address`, if there is one.
    fn known_folder(
        &self,
        address: &SheetAddress,
        is_sandbox: bool,
    ) -> Result<Option<KnownFolder>, Error> {
        let digest = address.digest();
        let folder = match (&self.out, &self.campaign) {
            (Some(out), _) => out.clone(),
            (None, Some(campaign)) => folder_of(campaign, is_sandbox),
            (None, None) => return find_folder(&digest, address.shown(), is_sandbox),
        };
        let record = SheetRecord::read(&folder);
        match record.map(|record| KnownFolder { folder, record }) {
            Some(known) if known.record.digest != digest && self.campaign.is_none() => {
                Err(other_sheet(address.shown(), &known.folder, Some(known.record)))
            }
            known => Ok(known),
        }
    }
}

/// Returns the folder in the working folder that remembers the address with this digest.
///
/// # Errors
/// If several do.
fn find_folder(digest: &str, shown: &str, is_sandbox: bool) -> Result<Option<KnownFolder>, Error> {
    let folders = std::fs::read_dir(".").into_iter().flatten().flatten();
    let folders = folders.map(|entry| PathBuf::from(entry.file_name()));
    let known = folders.filter_map(|folder| {
        let is_ours =
            |record: &SheetRecord| record.digest == digest && record.is_sandbox == is_sandbox;
        let record = SheetRecord::read(&folder).filter(is_ours)?;
        Some(KnownFolder { folder, record })
    });
    let mut found: Vec<KnownFolder> = known.collect();
    if found.len() > 1 {
        let mut names: Vec<String> =
            found.iter().map(|known| format!("`{}`", known.folder.display())).collect();
        names.sort();
        return Err(Error::usage_with_hint(
            format!(
                "{} all belong to the sheet at `{shown}`; nothing was submitted",
                names.join(", ")
            ),
            format!("choose one: `{} DIR`", Flag::Out),
        ));
    }
    Ok(found.pop())
}

/// Returns the name of a file without the extension of a sheet.
fn title(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, extension))
            if !stem.trim().is_empty()
                && EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str()) =>
        {
            stem.trim()
        }
        _ => name,
    }
}

fn refused(error: SheetError) -> Error {
    Error::usage_with_hint(format!("{}; nothing was submitted", error.message), error.help)
}

fn other_sheet(shown: &str, folder: &Path, record: Option<SheetRecord>) -> Error {
    let other = match record {
        Some(record) => format!("the sheet at `{}`", record.address),
        None => "another campaign".to_owned(),
    };
    let folder = folder.display();
    Error::usage_with_hint(
        format!("`{folder}` belongs to {other}, not to `{shown}`; nothing was submitted"),
        format!(
            "give this sheet a campaign of its own with `{campaign} NAME`; if it is the same sheet at a new address, \
             repeat the name of its campaign with `{campaign}`",
            campaign = Flag::Campaign
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_becomes_a_campaign_and_a_folder() {
        for (name, campaign, folder) in [
            ("Spring - Sheet1.csv", "Spring - Sheet1", "Spring - Sheet1-output"),
            ("Q3 v1.2", "Q3 v1.2", "Q3 v1.2-output"),
            ("ads.XLSX", "ads", "ads-output"),
            (".csv", ".csv", "csv-output"),
            ("Ads 10/2026: EU", "Ads 10/2026: EU", "Ads 10_2026_ EU-output"),
            ("..", "..", "sheet-output"),
            ("-", "-", "sheet-output"),
            ("con.csv", "con", "con_-output"),
        ] {
            assert_eq!(title(name), campaign);
            assert_eq!(folder_of(campaign, false), Path::new(folder), "{name}");
        }
        assert_eq!(folder_of("ads", true), Path::new("ads-sandbox-output"));
    }
}
