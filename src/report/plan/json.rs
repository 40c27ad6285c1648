//! The plan for programs. It is written job by job: of 100,000 jobs it is 60 MB long.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::report::files::json::{VERSION, credits, totals};
use crate::report::plan::context::PlanContext;
use crate::report::plan::rows::{PlanRow, plan_rows, shares};
use crate::report::summary::Summary;

/// Writes the plan as JSON: every job with its state, reason and credits, and totals.
///
/// # Errors
/// If `writer` takes no more.
pub(crate) fn write_plan_json(
    summary: &Summary,
    outlook: &PlanContext,
    mut writer: impl Write,
) -> io::Result<()> {
    let campaign = summary.campaign();
    let plan = Plan {
        approval: campaign.approval.to_json(),
        assumptions: outlook.assumptions_json(summary),
        balance: outlook.balance_json(summary),
        campaign: &campaign.name,
        credits: credits(summary),
        jobs: Jobs(summary),
        manifest: campaign.manifest.display().to_string(),
        max_credits_run: json!(outlook.max_credits_run),
        sandbox: campaign.is_sandbox,
        to_submit: to_submit(summary),
        totals: totals(summary),
        version: VERSION,
    };
    serde_json::to_writer_pretty(&mut writer, &plan)?;
    writer.write_all(b"\n")
}

/// The whole, its fields in the order of the alphabet.
#[derive(Serialize)]
struct Plan<'a> {
    approval: Value,
    assumptions: Value,
    balance: Value,
    campaign: &'a str,
    credits: Value,
    jobs: Jobs<'a>,
    manifest: String,
    max_credits_run: Value,
    sandbox: bool,
    to_submit: Value,
    totals: Value,
    version: u32,
}

struct Jobs<'a>(&'a Summary);

impl Serialize for Jobs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(plan_rows(self.0).map(|line| job(&line)))
    }
}

fn job(line: &PlanRow<'_>) -> Value {
    let (spec, estimate) = (&line.row.job.spec, &line.row.job.estimate);
    json!({
        "job_id": spec.id,
        "state": line.state.word().replace(' ', "_"),
        "reason": line.reason,
        "will_submit": line.state.is_submitted(),
        "persona": spec.request.persona,
        "persona_name": line.persona,
        "aspect_ratio": spec.request.aspect_ratio,
        "model_version": spec.request.model_version,
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

/// What would be submitted, by what the jobs share.
fn to_submit(summary: &Summary) -> Value {
    let by_title = shares(summary).into_iter().map(|(title, shares)| {
        let shares: Map<String, Value> = shares
            .into_iter()
            .map(|(name, share)| {
                let share = json!({
                    "jobs": share.jobs,
                    "credits_low": share.low,
                    "credits_high": share.high,
                });
                (name, share)
            })
            .collect();
        (title.to_owned(), shares.into())
    });
    by_title.collect::<Map<String, Value>>().into()
}

fn rounded(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}
