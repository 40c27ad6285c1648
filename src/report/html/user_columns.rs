//! The user's own columns, as far as they say what the page does not say anyway.

use std::borrow::Cow;

use crate::model::{AspectRatio, PlannedJob, SheetRow, Speech, Text, redact_url};
use crate::report::campaign::Campaign;
use crate::report::summary::Summary;

/// Names of columns that are told by every card, whatever short names of the manifest stand in them.
const TOLD: [&str; 5] = ["text", "audio", "persona", "aspect_ratio", "model_version"];

/// Which columns of the sheet are shown, and which row each job has them from.
pub(super) struct UserColumns<'a> {
    campaign: &'a Campaign,
    /// Places of the columns in the sheet.
    places: Vec<usize>,
    /// Of each job, its row; none of a job that no row makes.
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
        let says_more = |column: usize| {
            let mut jobs = campaign.jobs.iter().zip(&rows);
            jobs.any(|(job, row)| {
                let cell = row.and_then(|row| row.cells.get(column));
                cell.is_some_and(|cell| !is_told(cell, job, campaign))
            })
        };
        let is_ours = |column: &usize| !TOLD.contains(&sheet.columns[*column].trim());
        let places = (0..sheet.columns.len())
            .filter(is_ours)
            .filter(|column| says_more(*column));
        Self {
            places: places.collect(),
            campaign,
            rows,
        }
    }

    /// What the columns are called.
    pub(super) fn names(&self) -> Vec<String> {
        let name = |place: &usize| match self.campaign.sheet.columns[*place].trim() {
            "" => format!("column {}", place + 1),
            name => name.to_owned(),
        };
        self.places.iter().map(name).collect()
    }

    /// The cells of the job at `place`, one of each column; none of a job that no row makes.
    pub(super) fn cells(&self, place: usize) -> Vec<Cow<'a, str>> {
        let Some(row) = self.rows.get(place).copied().flatten() else {
            return Vec::new();
        };
        let cells = self.places.iter().map(|place| row.cells.get(*place));
        cells
            .map(|cell| cell.map_or(Cow::Borrowed(""), shown))
            .collect()
    }
}

/// A cell as the page shows it. Whoever gets the page does not get what signs a link.
fn shown(cell: &Text) -> Cow<'_, str> {
    let cell = cell.as_str().trim();
    if cell.contains("://") && !cell.contains(char::is_whitespace) {
        return redact_url(cell).into();
    }
    cell.into()
}

/// Whether a cell says nothing but what the page tells of its job anyway: what is said, by whom, in which shape.
/// Where to post is nobody's business who gets the page.
fn is_told(cell: &Text, job: &PlannedJob, campaign: &Campaign) -> bool {
    let cell = cell.as_str().trim();
    let request = &job.spec.request;
    let is_speech = match &request.speech {
        Speech::Text(text) => {
            // A pattern is told as what was made of it.
            let is_pattern = cell.contains("{{") && cell.contains("}}");
            is_pattern || cell.split_whitespace().eq(text.split_whitespace())
        }
        Speech::Audio(address) => cell == address.as_str(),
    };
    let is_address = request.webhook_url.as_deref() == Some(cell);
    let is_persona = |one: &str| {
        let name = campaign.persona(&request.persona);
        one.eq_ignore_ascii_case(&request.persona) || one.to_lowercase() == name.to_lowercase()
    };
    // `a | b` makes a job of each.
    let is_one = |one: &str| {
        one == job.spec.id.as_str()
            || one.eq_ignore_ascii_case(request.model_version.as_str())
            || is_persona(one)
            || is_ratio(one, request.aspect_ratio)
    };
    cell.is_empty() || is_speech || is_address || cell.split('|').any(|one| is_one(one.trim()))
}

/// Whether a cell names this ratio: `9:16`, `9x16`, `09:16:00`, `portrait`.
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
        (
            own.names(),
            (0..run.campaign.jobs.len()).map(cells).collect(),
        )
    }

    #[test]
    fn columns_that_say_what_the_card_says_are_left_out() {
        let mut run = TestRun::with_jobs(2);
        let columns = [
            "id", "script", "who", "ratio", "Market", "", "persona", "Brief",
        ];
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
            row.cells = cells.map(Text::from).to_vec();
        }
        let (names, cells) = own(&run);
        assert_eq!(names, ["Market", "column 6", "Brief"]);
        assert_eq!(cells[0], ["DE", "x", "https://brief.example/a?…"]);
        assert_eq!(cells[1], ["FR", "", "by phone"]);
    }

    #[test]
    fn a_column_is_whole_if_one_of_its_cells_says_more() {
        let mut run = TestRun::with_jobs(2);
        run.sheet().rows[1].cells[0] = "another".into();
        let (names, cells) = own(&run);
        assert_eq!(names, ["id", "note"]);
        assert_eq!(cells[0], ["a", "note of a"]);
    }

    #[test]
    fn jobs_have_the_cells_of_their_row_and_may_have_none() {
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
