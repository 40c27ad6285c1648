//! The names that results and sheets have in common.

/// The columns that the results add behind the sheet's own, in their order and always under these names: a contract
/// with other programs, and what a sheet is known by that is a `results.csv` come back.
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
