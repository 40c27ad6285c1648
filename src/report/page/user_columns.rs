//! The user's own columns that do not only repeat the content of the cards.

use std::borrow::Cow;

use crate::model::{AspectRatio, PlannedJob, SheetRow, Speech, redact_url};
use crate::report::campaign::Campaign;
use crate::report::summary::Summary;

/// Columns whose content each card shows, even if their cells are short names from the manifest.
const CARD_COLUMNS: [&str; 5] = ["text", "audio", "persona", "aspect_ratio", "model_version"];

/// The columns of the sheet that the page shows, and the row of each job.
pub(super) struct UserColumns<'a> {
    campaign: &'a Campaign,
    /// Indices of the columns in the sheet.
    columns: Vec<usize>,
    /// The row of each job, if it has one.
    rows: Vec<Option<&'a SheetRow>>,
}

impl<'a> UserColumns<'a> {
    pub(super) fn of(summary: &'a Summary) -> Self {
        let campaign = summary.campaign().as_ref();
        let sheet = &campaign.sheet;
        let mut rows = vec![None; campaign.jobs.len()];
        for row in &sheet.rows {
            let end = row.jobs.end.min(rows.len());
            let start = row.jobs.start.min(end);
            rows[start..end].fill(Some(row));
        }
        let adds_something = |column: usize| {
            let mut jobs = campaign.jobs.iter().zip(&rows);
            jobs.any(|(job, row)| {
                let cell = row.and_then(|row| row.cells.get(column));
                cell.is_some_and(|cell| !is_redundant(cell, job, campaign))
            })
        };
        let is_user_column =
            |column: &usize| !CARD_COLUMNS.contains(&sheet.columns[*column].trim());
        let columns = (0..sheet.columns.len())
            .filter(is_user_column)
            .filter(|column| adds_something(*column));
        Self { columns: columns.collect(), campaign, rows }
    }

    /// Returns the names of the columns.
    pub(super) fn names(&self) -> Vec<String> {
        let name = |column: &usize| match self.campaign.sheet.columns[*column].trim() {
            "" => format!("column {}", column + 1),
            name => name.to_owned(),
        };
        self.columns.iter().map(name).collect()
    }

    /// Returns the cells of the job with index `job`, one for each column; none for a job without a row.
    pub(super) fn cells(&self, job: usize) -> Vec<Cow<'a, str>> {
        let Some(row) = self.rows.get(job).copied().flatten() else {
            return Vec::new();
        };
        let cells = self.columns.iter().map(|column| row.cells.get(*column));
        cells.map(|cell| cell.map_or(Cow::Borrowed(""), |cell| redacted(cell))).collect()
    }
}

/// Returns a cell without the signature of a link: the page may be passed on.
fn redacted(cell: &str) -> Cow<'_, str> {
    let cell = cell.trim();
    if cell.contains("://") && !cell.contains(char::is_whitespace) {
        return redact_url(cell).into();
    }
    cell.into()
}

/// Whether a cell only repeats what the page shows of its job: text, persona, ratio, model, id. Webhook URLs are secret
/// and count as redundant.
fn is_redundant(cell: &str, job: &PlannedJob, campaign: &Campaign) -> bool {
    let cell = cell.trim();
    let request = &job.spec.request;
    let is_speech = match &request.speech {
        Speech::Text(text) => {
            // The page shows the rendered template.
            let is_template = cell.contains("{{") && cell.contains("}}");
            is_template || cell.split_whitespace().eq(text.split_whitespace())
        }
        Speech::Audio(address) => cell == &**address,
    };
    let is_webhook = request.webhook_url.as_deref() == Some(cell);
    let is_persona = |value: &str| {
        let name = campaign.persona(&request.persona);
        value.eq_ignore_ascii_case(&request.persona) || value.to_lowercase() == name.to_lowercase()
    };
    // `a | b` makes a job of each value.
    let is_attribute = |value: &str| {
        value == job.spec.id.as_str()
            || value.eq_ignore_ascii_case(request.model_version.as_str())
            || is_persona(value)
            || is_ratio(value, request.aspect_ratio)
    };
    cell.is_empty()
        || is_speech
        || is_webhook
        || cell.split('|').any(|value| is_attribute(value.trim()))
}

/// Checks whether a cell names this ratio: `9:16`, `9x16`, `09:16:00`, `portrait`.
fn is_ratio(cell: &str, ratio: AspectRatio) -> bool {
    let words: &[&str] = match ratio {
        AspectRatio::Landscape => &["landscape", "horizontal"],
        AspectRatio::Square => &["square"],
        AspectRatio::Portrait => &["portrait", "vertical"],
    };
    if words.iter().any(|word| cell.eq_ignore_ascii_case(word)) {
        return true;
    }
    let mut numbers = cell.split([':', 'x', 'X', '×', '/']).map(str::trim);
    let mut number = || numbers.next()?.parse::<u32>().ok();
    number().zip(number()) == Some(ratio.sides())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::TestRun;

    fn own(run: &TestRun) -> (Vec<String>, Vec<Vec<String>>) {
        let summary = run.summary();
        let own = UserColumns::of(&summary);
        let cells = |place| own.cells(place).into_iter().map(Cow::into_owned).collect();
        (own.names(), (0..run.campaign.jobs.len()).map(cells).collect())
    }

    #[test]
    fn columns_that_repeat_the_card_are_left_out() {
        let mut run = TestRun::with_jobs(2);
        let columns = ["id", "script", "who", "ratio", "Market", "", "persona", "Brief"];
        run.sheet().columns = columns.map(str::to_owned).to_vec();
        let rows = [
            [
                "a",
                " Say something\nnice about a. ",
                "ANNA",
                "09:16",
                "DE",
                "x",
                "a short name",
                "https://u:p@brief.example/a?key=secret",
            ],
            [
                "b",
                "Say something {{ how }} about b.",
                "7350375b-9a98-51b8-934d-14d46a645dc2 | Noah",
                "portrait",
                "FR",
                "",
                " ",
                "by phone",
            ],
        ];
        for (row, cells) in run.sheet().rows.iter_mut().zip(rows) {
            row.cells = cells.map(Into::into).to_vec();
        }
        let (names, cells) = own(&run);
        assert_eq!(names, ["Market", "column 6", "Brief"]);
        assert_eq!(cells[0], ["DE", "x", "https://brief.example/a?…"]);
        assert_eq!(cells[1], ["FR", "", "by phone"]);
    }

    #[test]
    fn a_column_with_one_other_cell_is_shown() {
        let mut run = TestRun::with_jobs(2);
        run.sheet().rows[1].cells[0] = "another".into();
        let (names, cells) = own(&run);
        assert_eq!(names, ["id", "note"]);
        assert_eq!(cells[0], ["a", "note of a"]);
    }

    #[test]
    fn jobs_have_the_cells_of_their_row() {
        let mut run = TestRun::with_jobs(3);
        run.sheet().rows.remove(0);
        run.sheet().rows[0].jobs = 1..9;
        run.sheet().rows[1].jobs = 98..99;
        let (names, cells) = own(&run);
        assert_eq!(names, ["id", "note"], "the row makes two jobs");
        assert!(cells[0].is_empty());
        assert_eq!(cells[1], cells[2]);
    }
}
