//! `results.json`, written job by job: for 100,000 jobs it has 170 MB, and ten times that as one value in memory.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, Write};
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::model::{Run, Speech, Timestamp, redact_url, variant_name};
use crate::report::cost_breakdown::accuracy_json;
use crate::report::format::object;
use crate::report::job_row::JobRow;
use crate::report::summary::{ResultLine, Summary};
use crate::util::json::SafeJson;

/// Version of `results.json`; raised when a field is renamed or removed.
pub(crate) const VERSION: u32 = 1;

/// Writes `results.json`. Times are RFC 3339 in UTC, credits are numbers, absent values are `null`.
///
/// # Errors
/// If `writer` fails.
pub fn write_json(summary: &Summary, mut writer: impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(SafeJson(&mut writer), &Results(summary))?;
    writer.write_all(b"\n")
}

/// The content of the file, with its fields in alphabetical order.
struct Results<'a>(&'a Summary);

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let summary = self.0;
        let campaign = summary.campaign();
        let columns = &column_names(&campaign.sheet.columns);
        object!(serializer,
            arguments: campaign.arguments,
            as_of: summary.last().map(|last| last.to_string()),
            campaign: campaign.name,
            credits: credits(summary),
            estimate_against_actual: accuracy_json(summary),
            gone_from_sheet: Items(|| summary.gone().map(|row| JsonJob::of(summary, &row))),
            jobs: Items(|| summary.result_lines().filter_map(|line| job(summary, columns, &line))),
            manifest: campaign.manifest.to_string(),
            runs: runs(summary),
            sandbox: campaign.is_sandbox,
            skipped: Items(|| summary.result_lines().filter_map(|line| skipped(columns, &line))),
            totals: totals(summary),
            version: VERSION,
        )
    }
}

/// Serializes the items of an iterator one by one.
pub(crate) struct Items<F>(pub(crate) F);

impl<F: Fn() -> I, I: Iterator<Item: Serialize>> Serialize for Items<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// Returns the number of jobs in each state.
pub(crate) fn totals(summary: &Summary) -> Value {
    json!(summary.counts())
}

/// Returns the credits of the campaign.
pub(crate) fn credits(summary: &Summary) -> Value {
    let money = summary.money();
    let mut value = json!(money);
    value["left"] = json!(money.left());
    value
}

/// Returns the runs in order. `ended_at` is null for a run that is under way or crashed.
pub(crate) fn runs(summary: &Summary) -> Value {
    let run = |run: &Run| {
        let ended = run.ended.as_ref();
        let stopped = ended.and_then(|end| end.stopped.as_ref());
        json!({
            "started_at": run.started.to_string(),
            "ended_at": ended.map(|end| end.at.to_string()),
            "stopped": stopped.map(variant_name),
            "version": run.version,
            "process": run.process,
        })
    };
    summary.runs().iter().map(run).collect()
}

/// Returns the names of the user's columns, each of them once: a second `note` is `note (2)`, and the seventh column is
/// `column 7` if it has no name.
fn column_names(columns: &[String]) -> Vec<String> {
    let mut taken: HashSet<String> = columns.iter().cloned().collect();
    // The number of the next column of a name.
    let mut numbers = HashMap::new();
    let unique = |(index, name): (usize, &String)| {
        let is_named = !name.trim().is_empty();
        let base = if is_named { name.clone() } else { format!("column {}", index + 1) };
        let next = numbers.entry((is_named, base.clone())).or_insert(1);
        loop {
            let number = *next;
            *next += 1;
            let name = if number == 1 { base.clone() } else { format!("{base} ({number})") };
            // The first column of a name keeps it.
            if is_named && number == 1 || taken.insert(name.clone()) {
                return name;
            }
        }
    };
    columns.iter().enumerate().map(unique).collect()
}

/// Returns the user's cells by column.
fn cells<'a>(columns: &'a [String], cells: &'a [Arc<str>]) -> BTreeMap<&'a str, &'a str> {
    columns.iter().map(String::as_str).zip(cells.iter().map(AsRef::as_ref)).collect()
}

/// Returns the job of a line with the cells of its row.
fn job<'a>(
    summary: &'a Summary,
    columns: &'a [String],
    line: &ResultLine<'a>,
) -> Option<JsonJob<'a>> {
    let cells = Some((columns, line.cells));
    Some(JsonJob { cells, ..JsonJob::of(summary, line.row.as_ref()?) })
}

fn skipped(columns: &[String], line: &ResultLine<'_>) -> Option<Value> {
    let row = cells(columns, line.cells);
    line.row.is_none().then(|| json!({ "error": line.left_out, "row": row, "status": "skipped" }))
}

/// A job, with its fields in alphabetical order.
pub(crate) struct JsonJob<'a> {
    summary: &'a Summary,
    row: JobRow<'a>,
    /// The names of the user's columns, and the cells of the row.
    cells: Option<(&'a [String], &'a [Arc<str>])>,
}

impl<'a> JsonJob<'a> {
    /// Returns a job without the cells of its row.
    pub(crate) const fn of(summary: &'a Summary, row: &JobRow<'a>) -> Self {
        Self { summary, row: *row, cells: None }
    }
}

impl Serialize for JsonJob<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (summary, row, state) = (self.summary, &self.row, self.row.state);
        let (spec, estimate) = (&row.job.spec, &row.job.estimate);
        let request = &spec.request;
        let output = state.output.as_ref();
        let (text, audio) = match &request.speech {
            Speech::Text(text) => (Some(text.as_ref()), None),
            Speech::Audio(url) => (None, Some(redact_url(url))),
        };
        let time = |time: Option<Timestamp>| time.map(|at| at.to_string());
        let thumbnail_url = output.and_then(|output| output.thumbnail_url.as_deref());
        object!(serializer,
            accepted_at: time(state.accepted_at),
            aspect_ratio: request.aspect_ratio,
            attempts: state.attempts,
            audio: audio,
            changed_since_paid: row.has_changed(),
            credits_estimated: estimate.high,
            credits_estimated_likely: estimate.likely,
            credits_estimated_low: estimate.low,
            credits_promised: state.promised(),
            credits_spent: state.spent(),
            credits_used: state.charged,
            duration_seconds: output.and_then(|output| output.duration_seconds),
            error: row.error(),
            file: row.file(),
            finished_at: time(state.finished_at),
            job_id: spec.id,
            language: spec.language,
            model_version: request.model_version,
            origin: spec.origin,
            outdated: row.is_outdated(),
            persona: request.persona,
            persona_name: summary.campaign().personas.get(request.persona.as_ref()),
            remote_id: state.phase.remote(),
            rendered_at: time(state.rendered_at),
            row: self.cells.map(|(columns, row)| cells(columns, row)),
            selected: row.job.selected,
            status: row.status(),
            submitted_at: time(state.submitted_at),
            text: text,
            thumbnail: row.thumbnail(),
            thumbnail_url: thumbnail_url.map(redact_url),
            video_url: output.map(|output| redact_url(&output.video_url)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::StopReason;
    use crate::report::testing::{TestRun, planned, row};

    fn written(summary: &Summary) -> Value {
        let mut json = Vec::new();
        write_json(summary, &mut json).unwrap();
        serde_json::from_slice(&json).unwrap()
    }

    #[test]
    fn results_have_the_jobs_the_totals_and_removed_jobs_apart() {
        let mut run = TestRun::with_jobs(2);
        run.done(1, "a");
        run.sheet().rows.push(row("later", 0..0));
        let mut gone = planned("gone", 0);
        (gone.in_sheet, gone.selected) = (false, false);
        run.campaign.jobs.push(gone);
        run.ended(99, Some(StopReason::CapReached));
        let results = written(&run.summary());
        assert_eq!(results["version"], VERSION);
        assert_eq!(results["totals"]["jobs"], 2);
        assert_eq!(results["totals"]["skipped"], 1);
        assert_eq!(results["credits"]["spent"], 5);
        assert_eq!(results["runs"][0]["stopped"], "cap_reached");
        assert_eq!(results["jobs"][0]["job_id"], "a");
        assert_eq!(results["jobs"][0]["row"]["note"], "note of a");
        assert_eq!(results["jobs"][0]["video_url"], "https://cdn.example/a.mp4?…");
        assert_eq!(results["jobs"][1]["status"], "pending");
        assert_eq!(results["skipped"][0]["row"]["id"], "later");
        assert_eq!(results["gone_from_sheet"][0]["job_id"], "gone");
        assert!(!results.to_string().contains("secret"), "signatures");
    }

    #[test]
    fn columns_of_one_name_are_kept_apart() {
        let names = ["note", "note", "", "", "note", "note (2)", "column 4"].map(str::to_owned);
        assert_eq!(
            column_names(&names),
            ["note", "note (3)", "column 3", "column 4 (2)", "note (4)", "note (2)", "column 4"]
        );
    }

    #[test]
    fn every_column_and_every_field_is_documented() {
        const DOCUMENT: &str = include_str!("../../../docs/results.md");
        let results = written(&TestRun::with_jobs(1).summary());
        let fields = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let ours = crate::model::RESULT_COLUMNS.map(str::to_owned);
        for field in [
            ours.to_vec(),
            fields(&results),
            fields(&results["totals"]),
            fields(&results["credits"]),
            fields(&results["runs"][0]),
            fields(&results["jobs"][0]),
        ]
        .concat()
        {
            assert!(DOCUMENT.contains(&format!("`{field}`")), "{field}");
        }
    }
}
