//! A valid manifest.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use super::{JobSpec, LimitSettings, PriceSettings, SecretText};

/// A valid manifest: its jobs in order, its sheet and its settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The name of the campaign; part of every tag.
    pub campaign: String,
    /// The day in the campaign's name, if the name contains `{{ date }}`.
    pub campaign_date: Option<String>,
    /// The manifest's path as the user gave it.
    pub source: PathBuf,
    /// The jobs in the manifest's order, with unique ids and file names.
    pub jobs: Vec<Arc<JobSpec>>,
    /// The user's rows, for the results.
    pub sheet: Arc<Sheet>,
    /// `limits:` of the manifest.
    pub limits: LimitSettings,
    /// `output:` of the manifest.
    pub output: OutputSettings,
    /// `prices:` of the manifest.
    pub prices: PriceSettings,
    /// Notes for the user: repairs, guesses, doubtful values.
    pub notes: Vec<Note>,
}

/// The user's own rows and columns, which the results contain byte for byte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The header cells.
    pub columns: Vec<String>,
    /// The data rows in order, without blank ones.
    pub rows: Vec<SheetRow>,
}

/// One row of the user's sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SheetRow {
    /// The cells, one for each column.
    pub cells: Vec<Arc<str>>,
    /// The indices in [`Plan::jobs`] of this row's jobs; empty if the row is skipped.
    pub jobs: Range<usize>,
}

/// `output:` of the manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutputSettings {
    /// The output folder, relative to the manifest's folder.
    pub folder: Option<PathBuf>,
    /// Whether a run requires an approval of exactly this manifest.
    pub require_approval: bool,
    /// The webhook that receives a summary when a run ends.
    pub notify: Option<SecretText>,
    /// The dead man's switch that is pinged at start and end.
    pub ping: Option<SecretText>,
}

/// A note about the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// `file:line:column`, as far as known.
    pub place: String,
    /// The note.
    pub message: String,
}

/// The columns that the results add after the sheet's own. Their order and names are a contract with other programs,
/// and identify a `results.csv` that is used as a manifest.
pub(crate) const RESULT_COLUMNS: [&str; 13] = [
    "job_id",
    "status",
    "file",
    "video_url",
    "thumbnail_url",
    "duration_seconds",
    "credits_estimated",
    "credits_used",
    "submitted_at",
    "finished_at",
    "attempts",
    "remote_id",
    "error",
];
