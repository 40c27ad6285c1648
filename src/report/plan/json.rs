//! The plan as JSON, written job by job: for 100,000 jobs it has 60 MB.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::report::files::json::{Items, VERSION, credits, totals};
use crate::report::format::object;
use crate::report::plan::context::PlanContext;
use crate::report::plan::rows::{PlanRow, plan_rows};
use crate::report::plan::text::{examples_json, to_submit};
use crate::report::summary::Summary;
use crate::util::json::SafeJson;
use crate::util::text::sanitize;

/// Writes the plan as JSON: every job with its state, reason and credits, and totals.
///
/// # Errors
/// If `writer` fails.
pub(crate) fn write_plan_json(
    summary: &Summary,
    context: &PlanContext,
    mut writer: impl Write,
) -> io::Result<()> {
    serde_json::to_writer_pretty(SafeJson(&mut writer), &Plan { summary, context })?;
    writer.write_all(b"\n")
}

/// The plan, with its fields in alphabetical order.
struct Plan<'a> {
    summary: &'a Summary,
    context: &'a PlanContext,
}

impl Serialize for Plan<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { summary, context } = self;
        let campaign = summary.campaign();
        let to_submit = to_submit(summary).to_json(
            |share| json!({ "jobs": share.jobs, "credits_low": share.low, "credits_high": share.high }),
        );
        let [examples, longest] = examples_json(summary);
        object!(serializer,
            approval: campaign.approval.to_json(),
            assumptions: context.assumptions_json(summary),
            balance: context.balance_json(summary),
            campaign: campaign.name,
            credits: credits(summary),
            examples: examples,
            hosts: context.hosts.to_json(),
            jobs: Items(|| plan_rows(summary).map(|row| job(summary, &row))),
            longest: longest,
            manifest: campaign.manifest.to_string(),
            max_credits_run: context.max_credits_run,
            notes: context.notes.iter().map(|note| json!({ "place": note.place, "message": note.message })).collect::<Vec<_>>(),
            run_seconds: context.run_time.map(|time| time.as_secs()),
            sandbox: campaign.is_sandbox,
            sheets: context.sheets,
            suspicions: context.suspicions_json(summary),
            to_submit: to_submit,
            totals: totals(summary),
            version: VERSION,
        )
    }
}

fn job(summary: &Summary, row: &PlanRow<'_>) -> Value {
    let (spec, estimate) = (&row.row.job.spec, &row.row.job.estimate);
    let rounded = |seconds: f64| (seconds * 10.0).round() / 10.0;
    json!({
        "job_id": spec.id,
        "state": row.state.word_and_style().0.replace(' ', "_"),
        "reason": row.reason(),
        "will_submit": row.state.is_submitted(),
        "text": row.is_text().then(|| row.speech()),
        "audio": (!row.is_text()).then(|| row.speech()),
        "persona": spec.request.persona,
        "persona_name": sanitize(summary.campaign().persona(&spec.request.persona)),
        "aspect_ratio": spec.request.aspect_ratio,
        "model_version": spec.request.model_version,
        "language": spec.language,
        "seconds_low": rounded(estimate.seconds_low),
        "seconds_high": rounded(estimate.seconds_high),
        "credits_low": estimate.low,
        "credits_likely": estimate.likely,
        "credits_high": estimate.high,
        "credits_reserved": estimate.reserve,
        "file": spec.video_path(),
        "origin": { "file": spec.origin.file, "line": spec.origin.line },
    })
}
