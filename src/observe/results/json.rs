//! `results.json`: the same, with totals.

use serde_json::{Map, Value, json};

use crate::model::{Speech, Text, redact_url};
use crate::observe::accuracy::accuracy_json;
use crate::observe::words;
use crate::observe::{Row, RunEnd, Summary};

/// Version of the form of `results.json`; raised when something is renamed or removed.
pub(in crate::observe) const VERSION: u32 = 1;

/// The whole of `results.json`. Times are RFC 3339 in UTC, credits numbers, absent values `null`.
pub fn to_json(summary: &Summary) -> Value {
    let campaign = summary.campaign();
    let columns = &campaign.sheet.columns;
    let lines = summary.sheet_lines();
    let jobs: Vec<Value> = lines
        .iter()
        .filter_map(|line| {
            Some(job(
                summary,
                line.row.as_ref()?,
                &cells(columns, line.cells),
            ))
        })
        .collect();
    let skipped: Vec<Value> = lines
        .iter()
        .filter(|line| line.row.is_none())
        .map(|line| json!({ "status": "skipped", "row": cells(columns, line.cells) }))
        .collect();
    let gone: Vec<Value> = summary
        .gone()
        .map(|row| job(summary, &row, &Value::Null))
        .collect();
    json!({
        "version": VERSION,
        "campaign": campaign.name,
        "manifest": campaign.manifest.display().to_string(),
        "sandbox": campaign.is_sandbox,
        "as_of": summary.last().map(|last| last.to_string()),
        "totals": totals(summary),
        "credits": credits(summary),
        "estimate_against_actual": accuracy_json(summary),
        "runs": runs(summary),
        "jobs": jobs,
        "skipped": skipped,
        "gone_from_sheet": gone,
    })
}

/// How many jobs stand where.
pub(in crate::observe) fn totals(summary: &Summary) -> Value {
    let counts = summary.counts();
    json!({
        "jobs": counts.total,
        "done": counts.done,
        "failed": counts.failed,
        "in_doubt": counts.in_doubt,
        "rendering": counts.rendering,
        "downloading": counts.downloading,
        "pending": counts.pending,
        "gone_from_sheet": counts.gone,
        "skipped": counts.skipped,
        "left_out": counts.left_out,
    })
}

/// What is spent, promised and left.
pub(in crate::observe) fn credits(summary: &Summary) -> Value {
    let money = summary.money();
    json!({
        "spent": money.spent,
        "spent_unreported": money.unreported,
        "promised": money.promised,
        "to_do_low": money.to_do_low,
        "to_do_likely": money.to_do_likely,
        "to_do_high": money.to_do_high,
        "max_credits": money.cap,
        "left": money.left(),
    })
}

/// The runs, in order. `ended_at` is null while a run goes on, and for ever if it crashed.
pub(in crate::observe) fn runs(summary: &Summary) -> Value {
    let run = |run: &crate::observe::Run| {
        let ended = run.ended.as_ref();
        let stopped = ended.and_then(|RunEnd { stopped, .. }| stopped.as_ref());
        json!({
            "started_at": run.started.to_string(),
            "ended_at": ended.map(|end| end.at.to_string()),
            "stopped": stopped.map(crate::observe::stop_words::kind),
            "version": run.version,
            "process": run.process,
        })
    };
    summary.runs().iter().map(run).collect()
}

fn cells(columns: &[String], cells: &[Text]) -> Value {
    let pairs = columns.iter().cloned().zip(cells);
    pairs
        .map(|(column, cell)| (column, Value::from(cell.as_str())))
        .collect::<Map<String, Value>>()
        .into()
}

/// One job, with the cells of its row.
pub(in crate::observe) fn job(summary: &Summary, row: &Row, cells: &Value) -> Value {
    let (spec, state) = (&row.job.spec, row.state);
    let request = &spec.request;
    let output = state.output.as_ref();
    let (text, audio) = match &request.speech {
        Speech::Text(text) => (Some(text.as_str()), None),
        Speech::Audio(url) => (None, Some(redact_url(url))),
    };
    json!({
        "job_id": spec.id,
        "status": row.status(),
        "file": row.file(),
        "thumbnail": row.thumbnail(),
        "video_url": output.map(|output| redact_url(&output.video_url)),
        "thumbnail_url": output.and_then(|output| output.thumbnail_url.as_deref()).map(redact_url),
        "duration_seconds": output.and_then(|output| output.duration_seconds),
        "credits_estimated_low": row.job.estimate.low,
        "credits_estimated_likely": row.job.estimate.likely,
        "credits_estimated": row.job.estimate.high,
        "credits_used": state.charged,
        "credits_spent": state.spent(),
        "credits_promised": state.promised(),
        "submitted_at": state.submitted_at.map(|at| at.to_string()),
        "accepted_at": state.accepted_at.map(|at| at.to_string()),
        "rendered_at": state.rendered_at.map(|at| at.to_string()),
        "finished_at": state.finished_at.map(|at| at.to_string()),
        "attempts": state.attempts,
        "remote_id": state.phase.remote(),
        "error": row.failure().map(words::failure),
        "persona": request.persona,
        "persona_name": summary.campaign().personas.get(request.persona.as_str()),
        "aspect_ratio": request.aspect_ratio,
        "model_version": request.model_version,
        "text": text,
        "audio": audio,
        "selected": row.job.selected,
        "changed_since_paid": row.has_changed(),
        "origin": { "file": spec.origin.file, "line": spec.origin.line },
        "row": cells,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::StopReason;
    use crate::observe::testing::{Tale, planned, row};

    #[test]
    fn everything_of_the_sheet_is_there_with_totals_and_what_is_gone_apart() {
        let mut tale = Tale::of(2);
        tale.done(1, "a");
        tale.campaign.sheet.rows.push(row("later", Vec::new()));
        let mut gone = planned("gone", 0);
        (gone.in_sheet, gone.selected) = (false, false);
        tale.campaign.jobs.push(gone);
        tale.ended(99, Some(StopReason::CapReached));
        let results = to_json(&tale.summary());
        assert_eq!(results["version"], VERSION);
        assert_eq!(results["totals"]["jobs"], 2);
        assert_eq!(results["totals"]["skipped"], 1);
        assert_eq!(results["credits"]["spent"], 5);
        assert_eq!(results["runs"][0]["stopped"], "cap_reached");
        assert_eq!(results["jobs"][0]["job_id"], "a");
        assert_eq!(results["jobs"][0]["row"]["note"], "note of a");
        assert_eq!(
            results["jobs"][0]["video_url"],
            "https://cdn.example/a.mp4?…"
        );
        assert_eq!(results["jobs"][1]["status"], "pending");
        assert_eq!(results["skipped"][0]["row"]["id"], "later");
        assert_eq!(results["gone_from_sheet"][0]["job_id"], "gone");
        assert!(!results.to_string().contains("secret"), "signatures");
    }

    #[test]
    fn every_column_and_every_field_is_documented() {
        const DOCUMENT: &str = include_str!("../../../docs/results.md");
        let results = to_json(&Tale::of(1).summary());
        let fields = |value: &Value| {
            value
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        let ours = crate::observe::COLUMNS.map(str::to_owned);
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
