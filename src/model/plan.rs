//! A valid manifest.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::parse::text_enum;
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
    /// The files that rows were read from.
    pub sheets: Vec<SheetFile>,
    /// The character between the cells of the sheet, if it is a delimited text.
    pub delimiter: Option<char>,
    /// `limits:` of the manifest.
    pub limits: LimitSettings,
    /// `output:` of the manifest.
    pub output: OutputSettings,
    /// `prices:` of the manifest.
    pub prices: PriceSettings,
    /// Notes for the user: repairs, guesses, doubtful values.
    pub notes: Vec<Note>,
    /// Texts that look unfinished, whose videos are not paid for without a confirmation.
    pub suspicions: Vec<Suspicion>,
}

impl Plan {
    /// Returns the indices of the jobs whose text looks unfinished; some of them twice.
    pub(crate) fn suspicious_jobs(&self) -> impl Iterator<Item = usize> {
        self.suspicions.iter().flat_map(|suspicion| suspicion.jobs.iter().copied())
    }
}

/// A file that rows were read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SheetFile {
    /// The path as the user or the manifest named it.
    pub file: String,
    /// The number of rows, without blank ones.
    pub rows: usize,
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
    /// Why the row makes no job, if it is invalid and left out.
    pub left_out: Option<Arc<str>>,
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

/// A text that looks unfinished or damaged, or the header of a column that looks misspelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspicion {
    /// `file:line:column` of the first one.
    pub place: String,
    /// What looks wrong.
    pub message: String,
    /// The indices in [`Plan::jobs`] of the jobs that it concerns; empty if it concerns the whole sheet.
    pub jobs: Vec<usize>,
}

impl fmt::Display for Suspicion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.message)?;
        match self.jobs.len() {
            0 | 1 => Ok(()),
            count => write!(formatter, " ({count} videos)"),
        }
    }
}

text_enum! {
    /// The treatment of rows whose video another campaign has paid for: `--duplicates`.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    Duplicates {
        /// A person is asked; without one, the run stops.
        #[default]
        Ask = "ask",
        /// The videos are used, and nothing is paid.
        Reuse = "reuse",
        /// The videos are paid for once more.
        Pay = "pay",
        /// The run stops before it submits anything.
        Stop = "stop",
    }
}

text_enum! {
    /// The treatment of texts that look unfinished: `--suspicious`.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    SuspiciousTexts {
        /// A person is asked; without one, their videos are left out.
        #[default]
        Ask = "ask",
        /// Their videos are left out.
        Skip = "skip",
        /// Their videos are made.
        Allow = "allow",
    }
}

/// The columns that the results add after the sheet's own. Their order and names are a contract with other programs,
/// and identify a `results.csv` that is used as a manifest.
pub(crate) const RESULT_COLUMNS: [&str; 14] = [
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
    "outdated",
];

/// The number of [`RESULT_COLUMNS`] that every results file has. Those of earlier versions have no others.
const FIRST_RESULT_COLUMNS: usize = 13;

/// Returns the indices of the columns that results add, if all of them are in `names`, in their order.
pub(crate) fn find_result_columns(names: &[&str]) -> Option<Range<usize>> {
    let (first, later) = RESULT_COLUMNS.split_at(FIRST_RESULT_COLUMNS);
    let start = names.windows(first.len()).position(|window| window == first)?;
    let end = start + first.len();
    let has_later = names[end..].starts_with(later);
    Some(start..if has_later { end + later.len() } else { end })
}
