//! The results of a campaign, given as its manifest.

use std::path::{Path, PathBuf};

use super::argument_groups::CampaignArguments;
use super::error::Error;
use crate::journal::Identity;

/// The folder of the campaign whose own results are the manifest: a `results` file that lies in an output
/// folder with a journal, or is given together with one. Anything else would be a new campaign, which pays
/// for everything again.
pub(super) fn folder(arguments: &CampaignArguments) -> Option<PathBuf> {
    let manifest = &arguments.manifest;
    manifest.file_stem().filter(|stem| *stem == "results")?;
    let beside = manifest.parent().unwrap_or(Path::new(""));
    let out = arguments.out.clone().unwrap_or_else(|| beside.to_owned());
    out.join(".callsheet").is_dir().then_some(out)
}

/// The name of that campaign.
///
/// # Errors
/// If its journal cannot be read.
pub(super) fn campaign(arguments: &CampaignArguments) -> Result<Option<String>, Error> {
    let identity = folder(arguments).map(|folder| Identity::read(&folder));
    let identity = identity.transpose()?.flatten();
    Ok(identity.map(|identity| identity.campaign))
}
