//! The data of the page, as JSON for its script.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::model::{Speech, Timestamp, redact_url};
use crate::report::files::json::{Items, credits, runs, totals};
use crate::report::format::object;
use crate::report::html::user_columns::UserColumns;
use crate::report::job_row::JobRow;
use crate::report::next_steps::{Advice, NextStep, job_advice, next_step};
use crate::report::summary::Summary;
use crate::util::text::{percent_encode_path, sanitize};

/// The data of the page. Times are milliseconds since the epoch.
pub(super) struct PageData<'a> {
    summary: &'a Summary,
    own: UserColumns<'a>,
}

impl<'a> PageData<'a> {
    pub(super) fn of(summary: &'a Summary) -> Self {
        Self { summary, own: UserColumns::of(summary) }
    }

    /// Returns the jobs of the sheet, then those that are no longer in it.
    pub(super) fn jobs(&self) -> impl Iterator<Item = PageJob<'a>> {
        let summary = self.summary;
        let in_sheet = summary.rows().enumerate().filter(|(_, row)| row.job.in_sheet);
        let in_sheet = in_sheet.map(|(place, row)| (row, self.own.cells(place)));
        let gone = summary.gone().map(|row| (row, Vec::new()));
        in_sheet.chain(gone).map(move |(row, own)| PageJob { summary, row, own })
    }
}

impl Serialize for PageData<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let summary = self.summary;
        object!(serializer,
            as_of: summary.last().map(Timestamp::as_millis),
            campaign: summary.campaign().name,
            columns: self.own.names(),
            credits: credits(summary),
            jobs: Items(|| self.jobs()),
            runs: runs(summary),
            sandbox: summary.campaign().is_sandbox,
            totals: totals(summary),
        )
    }
}

/// A job.
pub(super) struct PageJob<'a> {
    summary: &'a Summary,
    row: JobRow<'a>,
    /// The cells of the user's own columns.
    own: Vec<Cow<'a, str>>,
}

impl Serialize for PageJob<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (summary, row, state) = (self.summary, &self.row, self.row.state);
        let (spec, estimate) = (&row.job.spec, &row.job.estimate);
        let request = &spec.request;
        let (width, height) = request.aspect_ratio.sides();
        let (text, audio) = match &request.speech {
            Speech::Text(text) => (Some(text.as_ref()), None),
            Speech::Audio(url) => (None, Some(redact_url(url))),
        };
        let is_left_out = state.is_open() && !row.job.selected;
        let advice = advice(summary, row);
        let output = state.output.as_ref();
        object!(serializer,
            accepted: state.accepted_at.map(Timestamp::as_millis),
            adopted: state.is_adopted,
            advice: advice.as_ref().map(|advice| format!("{}:", capitalize(&advice.text))),
            attempts: state.attempts,
            audio: audio,
            command: advice.as_ref().map(|advice| advice.command.to_string()),
            error: row.error(),
            file: row.file().map(link),
            finished: state.finished_at.map(Timestamp::as_millis),
            gone: !row.job.in_sheet,
            height: height,
            high: estimate.high,
            id: spec.id,
            line: spec.origin.line,
            low: estimate.low,
            model: request.model_version,
            name: row.file(),
            outdated: row.is_outdated(),
            own: self.own,
            persona: sanitize(summary.campaign().persona(&request.persona)),
            persona_id: request.persona,
            promised: state.promised(),
            ratio: format!("{width}:{height}"),
            remote: state.phase.remote(),
            rendered: state.rendered_at.map(Timestamp::as_millis),
            running: state.running_at.map(Timestamp::as_millis),
            seconds: output.and_then(|output| output.duration_seconds),
            spent: state.spent(),
            status: if is_left_out { "left_out" } else { row.status() },
            submitted: state.submitted_at.map(Timestamp::as_millis),
            text: text,
            thumbnail: row.thumbnail().map(link),
            used: state.charged,
            width: width,
        )
    }
}

/// Returns the advice about a job that needs attention.
fn advice(summary: &Summary, row: &JobRow) -> Option<Advice> {
    let needs_attention = match next_step(row) {
        NextStep::Submit | NextStep::Nothing => false,
        NextStep::Collect | NextStep::Download => row.failure().is_some() || row.is_overdue,
        NextStep::Resolve
        | NextStep::Edit
        | NextStep::Retry
        | NextStep::Replace
        | NextStep::Redo
        | NextStep::ReplaceLink => true,
    };
    let mut advice = job_advice(summary.campaign(), row).filter(|_| needs_attention)?;
    if let Some(unproven) = row.state.unproven.as_ref().filter(|_| row.is_in_doubt()) {
        let search = sanitize(&unproven.to_string());
        advice.text = format!("{} (last search: {search})", advice.text);
    }
    Some(advice)
}

fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars.clone()).collect()
}

/// Returns a relative link to a file of the output folder.
fn link(path: &str) -> String {
    percent_encode_path(path.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Inconclusive, JobEvent};
    use crate::report::testing::TestRun;

    #[test]
    fn advice_about_a_job_in_doubt_includes_the_last_search() {
        let mut run = TestRun::with_jobs(1);
        run.lost(1, "a");
        let why = Inconclusive::CutShort;
        let reason = why.to_string();
        run.job_event(30, "a", JobEvent::NotProven { why });
        let summary = run.summary();
        let advice = advice(&summary, &summary.rows().next().unwrap()).unwrap();
        let search = format!("pay again (last search: {reason})");
        assert!(advice.text.contains(&search), "{}", advice.text);
    }
}
