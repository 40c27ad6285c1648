//! The edited copy of a sheet, and the columns that were chosen for it, in the output folder of its campaign.
//!
//! The user's own file is never written. Options that [read the edits](CampaignOptions::reads_edits) name the copy as
//! their manifest once there is one, with the campaign, output folder and ids of the original. So commands that are shown
//! about it name the copy too.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::error::Error;
use super::notices::Notices;
use super::options::CampaignOptions;
use crate::journal::Identity;
use crate::manifest::{ColumnChoice, campaign_of_file};
use crate::model::{CommandName, ManifestLocation};
use crate::report::CommandLine;
use crate::util::fs::{
    Access, OutputDir, create_private_dir, read_own, read_regular, sync_dir, write_atomic,
};
use crate::util::text::hex;

/// What the output folder remembers about the sheet: `.callsheet/edits.json`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Edits {
    /// The number of changes so far.
    pub(super) version: u64,
    /// The header of the column of each field that was chosen; an empty one for a field without a column.
    #[serde(default)]
    columns: BTreeMap<String, String>,
    /// The edited copy.
    #[serde(default)]
    copy: Option<CopyRecord>,
}

/// An edited copy.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct CopyRecord {
    kind: CopyKind,
    /// The character between the cells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delimiter: Option<String>,
    /// The digest of the file that was copied.
    original: String,
}

/// The format of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CopyKind {
    /// A sheet.
    Csv,
    /// A YAML manifest.
    Yaml,
}

impl CopyKind {
    /// Returns the extension of the copy.
    pub(super) const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Yaml => "yaml",
        }
    }
}

/// A copy that is to be written.
#[derive(Debug, Clone)]
pub(super) struct NewCopy {
    pub(super) kind: CopyKind,
    pub(super) delimiter: Option<String>,
    pub(super) bytes: Arc<[u8]>,
}

impl Edits {
    /// Reads the record of the campaign's folder.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn read(options: &CampaignOptions) -> Result<Self, Error> {
        let path = OutputDir(&options.folder(None)).edits();
        let text = match read_own(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(unreadable(&path)(error)),
        };
        serde_json::from_slice(&text).map_err(|error| unreadable(&path)(error.into()))
    }

    /// Returns the path of the copy, if there is one.
    pub(super) fn copy(&self, options: &CampaignOptions) -> Option<PathBuf> {
        let copy = self.copy.as_ref()?;
        Some(OutputDir(&options.folder(None)).edited_sheet(copy.kind.extension()))
    }

    /// Returns the bytes of the copy, if there is one.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn read_copy(&self, options: &CampaignOptions) -> Result<Option<Vec<u8>>, Error> {
        let path = self.copy(options);
        path.map(|path| read_own(&path).map_err(unreadable(&path))).transpose()
    }

    /// Checks whether the file that was copied has other bytes now.
    pub(super) fn is_original_changed(&self, original: &[u8]) -> bool {
        self.copy.as_ref().is_some_and(|copy| copy.original != digest(original))
    }

    /// Returns the options that read `copy`, or else the copy that is there, with the chosen columns.
    ///
    /// # Errors
    /// If the copy cannot be read.
    pub(super) fn apply(
        &self,
        options: &CampaignOptions,
        copy: Option<&NewCopy>,
    ) -> Result<CampaignOptions, Error> {
        let mut edited = options.clone();
        edited.reads_edits = false;
        edited.shown_name = Some(options.original_name());
        for (field, header) in &self.columns {
            if let Ok(choice) = format!("{field}={header}").parse::<ColumnChoice>() {
                edited.columns.retain(|other| !other.is_about(&choice));
                edited.columns.push(choice);
            }
        }
        let recorded = self.copy.as_ref();
        let Some(kind) = copy.map(|copy| copy.kind).or(recorded.map(|copy| copy.kind)) else {
            return Ok(edited);
        };
        let folder = options.folder(None);
        options.check_folders(&folder)?;
        let path = OutputDir(&folder).edited_sheet(kind.extension());
        edited.content = match copy {
            Some(copy) => Some(copy.bytes.clone()),
            None => Some(read_own(&path).map_err(unreadable(&path))?.into()),
        };
        // The paths in a YAML manifest are relative to the original.
        if kind == CopyKind::Csv {
            edited.campaign = Some(campaign(options)?);
            edited.out = Some(folder);
            edited.manifest = ManifestLocation::File(path);
            edited.addressed_sheet = None;
            (edited.encoding, edited.sheet) = (None, None);
            let delimiter = copy.map(|copy| &copy.delimiter);
            edited.delimiter =
                delimiter.or(recorded.map(|copy| &copy.delimiter)).and_then(Clone::clone);
        }
        Ok(edited)
    }

    /// Chooses the column of a field: the one with this header, none if it is empty, the recognized one if it is `None`.
    ///
    /// # Errors
    /// If the field does not exist.
    pub(super) fn choose_column(&mut self, field: &str, header: Option<&str>) -> Result<(), Error> {
        let choice = format!("{field}={}", header.unwrap_or_default());
        let choice = choice.parse::<ColumnChoice>().map_err(|it| Error::usage(it.to_string()))?;
        let (field, chosen) = choice.parts();
        // A column has one field.
        self.columns.retain(|_, other| other.is_empty() || other != chosen);
        self.columns.remove(field);
        if header.is_some() {
            self.columns.insert(field.to_owned(), chosen.to_owned());
        }
        Ok(())
    }

    /// Writes the record, and `copy`, which is one of `original`.
    ///
    /// # Errors
    /// If a file cannot be written, or the copy's name is that of another file.
    pub(super) fn write(
        mut self,
        options: &CampaignOptions,
        copy: Option<&NewCopy>,
        original: &[u8],
    ) -> Result<(), Error> {
        let home = options.folder(None);
        options.check_folders(&home)?;
        let folder = OutputDir(&home);
        if let Some(sheet) = &options.addressed_sheet {
            let campaign = sheet.campaign().to_owned();
            sheet.keep(&Identity { campaign, is_sandbox: options.is_sandbox })?;
        }
        let failed = |path: &Path| Error::io(format!("cannot write `{}`", path.display()));
        create_private_dir(&folder.state()).map_err(failed(&home))?;
        if let Some(NewCopy { kind, delimiter, bytes }) = copy {
            let path = folder.edited_sheet(kind.extension());
            let is_ours = self.copy.as_ref().is_some_and(|copy| copy.kind == *kind);
            if !is_ours && path.symlink_metadata().is_ok() {
                let message = format!("`{}` is another file; nothing was changed", path.display());
                return Err(Error::usage_with_hint(message, "move it away, and try again"));
            }
            write_atomic(&path, Access::Shared, |file| file.write_all(bytes))
                .map_err(failed(&path))?;
            let original = match self.copy.take().filter(|_| is_ours) {
                Some(copy) => copy.original,
                None => digest(original),
            };
            let delimiter = delimiter.clone();
            self.copy = Some(CopyRecord { kind: *kind, delimiter, original });
        }
        self.version += 1;
        let path = folder.edits();
        let json = serde_json::to_vec_pretty(&self).unwrap_or_default();
        write_atomic(&path, Access::Private, |file| file.write_all(&json))
            .map_err(failed(&path))?;
        sync_dir(&folder.state()).and_then(|()| sync_dir(&home)).map_err(failed(&home))
    }
}

impl CampaignOptions {
    /// Returns the options that read the edited copy of the sheet, if there is one, with the columns that were chosen.
    ///
    /// # Errors
    /// If the record or the copy cannot be read.
    pub(super) fn with_edits(&self) -> Result<Self, Error> {
        Edits::read(self)?.apply(self, None)
    }

    /// Returns the bytes of the user's own file.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn original(&self) -> Result<Vec<u8>, Error> {
        match (&self.manifest, &self.addressed_sheet) {
            (ManifestLocation::File(path), _) => read_regular(path).map_err(unreadable(path)),
            (_, Some(sheet)) => Ok(sheet.bytes.clone()),
            (_, None) => Err(Error::usage("a sheet from another program cannot be edited")),
        }
    }

    /// Returns the name of the user's own file.
    pub(super) fn original_name(&self) -> String {
        let file = match (&self.manifest, &self.addressed_sheet) {
            (_, Some(sheet)) => sheet.file(),
            (location, None) => location.file().map(Path::to_owned).unwrap_or_default(),
        };
        file.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// Warns if there is an edited copy of the sheet that `options` do not read.
pub(super) fn warn_of_copy(options: &CampaignOptions, notices: &Notices) {
    if options.content.is_some() {
        return;
    }
    let Ok(edits) = Edits::read(options) else { return };
    let Some(copy) = edits.copy(options).filter(|copy| options.manifest.file() != Some(copy))
    else {
        return;
    };
    let (name, shown) = (&options.manifest, copy.display());
    let edited = edits.apply(options, None).ok();
    let edited = edited.filter(|edited| edited.manifest.file() == Some(&copy));
    let advice = edited.map(|edited| {
        let command = CommandLine::new(CommandName::Run).argument(&edited.manifest);
        format!("; `{}` uses them", command.arguments(&edited.arguments()))
    });
    let message = format!(
        "`{name}` was edited in the studio; this command reads the file itself, without the edits in `{shown}`{}",
        advice.unwrap_or_default()
    );
    notices.warning(&message);
}

/// Returns the name of the campaign of a sheet, which its copy keeps.
fn campaign(options: &CampaignOptions) -> Result<String, Error> {
    if let Some(folder) = options.folder_of_results()
        && let Some(identity) = Identity::read(&folder)?
    {
        return Ok(identity.campaign);
    }
    let given = options.addressed_sheet.as_ref().map(|sheet| sheet.campaign());
    let given = given.or(options.campaign.as_deref()).map(str::to_owned);
    let file = || campaign_of_file(options.manifest.file().unwrap_or(Path::new("-")));
    Ok(given.unwrap_or_else(file))
}

fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    Error::io(format!("cannot read `{}`", path.display()))
}
