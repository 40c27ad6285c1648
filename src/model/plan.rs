//! An accepted manifest.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use super::{JobSpec, LimitSettings, PriceSettings, SecretText, Text};

/// An accepted manifest: its jobs in order, the sheet they came from, and the settings it makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Name of the campaign; part of every tag.
    pub campaign: String,
    /// The day in the campaign's name, if its name has `{{ date }}` in it: a campaign of each day.
    pub campaign_date: Option<String>,
    /// The manifest's path as the user gave it.
    pub source: PathBuf,
    /// The jobs, in the manifest's order, ids and file names unique.
    pub jobs: Vec<Arc<JobSpec>>,
    /// The user's rows, for the results.
    pub sheet: Arc<Sheet>,
    /// `limits:` of the manifest.
    pub limits: LimitSettings,
    /// `output:` of the manifest.
    pub output: OutputSettings,
    /// `prices:` of the manifest.
    pub prices: PriceSettings,
    /// What the user should know though nothing is wrong: repairs, guesses, doubtful values.
    pub notes: Vec<Note>,
}

/// The user's own rows and columns, which the results hand back byte for byte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Header cells, as written.
    pub columns: Vec<String>,
    /// Data rows, in order, blank ones left out.
    pub rows: Vec<SheetRow>,
}

/// One row of the user's sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SheetRow {
    /// The cells, as written; as many as there are columns.
    pub cells: Vec<Text>,
    /// Places in [`Plan::jobs`] of the jobs this row makes; none if the row is skipped.
    pub jobs: Range<usize>,
}

/// `output:` of the manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutputSettings {
    /// The output folder; relative to the manifest's folder.
    pub folder: Option<PathBuf>,
    /// Whether a run needs an approval of exactly this manifest.
    pub require_approval: bool,
    /// Where to post a summary when a run ends.
    pub notify: Option<SecretText>,
    /// The dead-man's switch that is told of begin and end.
    pub ping: Option<SecretText>,
}

/// Something to tell the user about the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// `file:line:column`, or what is known of it.
    pub place: String,
    /// What was done or may be doubtful.
    pub message: String,
}
