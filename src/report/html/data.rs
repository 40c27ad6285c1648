//! The data of the page, as JSON for its script.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::model::{Credits, JobId, ModelVersion, Phase, RemoteId, Speech, Timestamp, redact_url};
use crate::report::files::json::{credits, runs, totals};
use crate::report::format::failure;
use crate::report::html::user_columns::UserColumns;
use crate::report::next_steps::{Advice, NextStep, job_advice, next_step};
use crate::report::row::Row;
use crate::report::summary::Summary;
use crate::util::text::{percent_encode_path, sanitize};

/// The data of the page. Times are milliseconds since the epoch.
#[derive(Serialize)]
pub(super) struct PageData<'a> {
    as_of: Option<i64>,
    campaign: &'a str,
    /// The names of the user's own columns.
    columns: Vec<String>,
    credits: Value,
    jobs: Jobs<'a>,
    runs: Value,
    sandbox: bool,
    totals: Value,
}

impl<'a> PageData<'a> {
    pub(super) fn of(summary: &'a Summary) -> Self {
        let campaign = summary.campaign();
        let own = UserColumns::of(summary);
        Self {
            as_of: summary.last().map(Timestamp::as_millis),
            campaign: &campaign.name,
            columns: own.names(),
            credits: credits(summary),
            jobs: Jobs { summary, own },
            runs: runs(summary),
            sandbox: campaign.is_sandbox,
            totals: totals(summary),
        }
    }

    /// Returns the jobs of the sheet, then those that are no longer in it.
    pub(super) fn jobs(&self) -> impl Iterator<Item = PageJob<'a>> {
        self.jobs.all()
    }
}

/// The jobs, created one at a time.
struct Jobs<'a> {
    summary: &'a Summary,
    own: UserColumns<'a>,
}

impl<'a> Jobs<'a> {
    fn all(&self) -> impl Iterator<Item = PageJob<'a>> {
        let summary = self.summary;
        let in_sheet = summary.rows().enumerate();
        let in_sheet = in_sheet.filter(|(_, row)| row.job.in_sheet);
        let gone = summary.gone().map(|row| PageJob::of(summary, &row, Vec::new()));
        let of_sheet = |(place, row)| PageJob::of(summary, &row, self.own.cells(place));
        in_sheet.map(of_sheet).chain(gone)
    }
}

impl Serialize for Jobs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.all())
    }
}

/// A job.
#[derive(Serialize)]
pub(super) struct PageJob<'a> {
    accepted: Option<i64>,
    adopted: bool,
    advice: Option<String>,
    attempts: u32,
    audio: Option<String>,
    changed: bool,
    command: Option<String>,
    error: Option<String>,
    file: Option<String>,
    finished: Option<i64>,
    gone: bool,
    height: u32,
    high: Credits,
    id: &'a JobId,
    line: u32,
    low: Credits,
    model: ModelVersion,
    name: Option<&'a str>,
    /// The cells of the user's own columns.
    own: Vec<Cow<'a, str>>,
    persona: &'a str,
    persona_id: &'a str,
    promised: Credits,
    ratio: String,
    remote: Option<&'a RemoteId>,
    rendered: Option<i64>,
    running: Option<i64>,
    seconds: Option<f64>,
    spent: Credits,
    status: &'static str,
    submitted: Option<i64>,
    text: Option<&'a str>,
    thumbnail: Option<String>,
    used: Option<Credits>,
    width: u32,
}

impl<'a> PageJob<'a> {
    fn of(summary: &'a Summary, row: &Row<'a>, own: Vec<Cow<'a, str>>) -> Self {
        let (spec, state) = (&row.job.spec, row.state);
        let request = &spec.request;
        let (width, height) = request.aspect_ratio.sides();
        let (text, audio) = match &request.speech {
            Speech::Text(text) => (Some(text.as_ref()), None),
            Speech::Audio(url) => (None, Some(redact_url(url))),
        };
        let status = if matches!(row.state.phase, Phase::Pending) && !row.job.selected {
            "left_out"
        } else {
            row.status()
        };
        let advice = advice(summary, row);
        let output = state.output.as_ref();
        Self {
            accepted: state.accepted_at.map(Timestamp::as_millis),
            adopted: state.is_adopted,
            advice: advice.as_ref().map(|advice| format!("{}:", capitalize(&advice.text))),
            attempts: state.attempts,
            audio,
            changed: row.has_changed(),
            command: advice.map(|advice| advice.command.to_string()),
            error: row.failure().map(failure),
            file: row.file().map(link),
            finished: state.finished_at.map(Timestamp::as_millis),
            gone: !row.job.in_sheet,
            height,
            high: row.job.estimate.high,
            id: &spec.id,
            line: spec.origin.line,
            low: row.job.estimate.low,
            model: request.model_version,
            name: row.file(),
            own,
            persona: summary.campaign().persona(&request.persona),
            persona_id: &request.persona,
            promised: state.promised(),
            ratio: format!("{width}:{height}"),
            remote: state.phase.remote(),
            rendered: state.rendered_at.map(Timestamp::as_millis),
            running: state.running_at.map(Timestamp::as_millis),
            seconds: output.and_then(|output| output.duration_seconds),
            spent: state.spent(),
            status,
            submitted: state.submitted_at.map(Timestamp::as_millis),
            text,
            thumbnail: row.thumbnail().map(link),
            used: state.charged,
            width,
        }
    }
}

/// Returns the advice about a job that needs attention.
fn advice(summary: &Summary, row: &Row) -> Option<Advice> {
    let needs_attention = match next_step(row) {
        NextStep::Submit | NextStep::Nothing => false,
        NextStep::Collect | NextStep::Download => row.failure().is_some() || row.is_overdue,
        NextStep::Resolve | NextStep::Retry | NextStep::Replace | NextStep::Redo => true,
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
