//! The plan for programs.

use serde_json::{Value, json};

use super::super::Summary;
use super::super::results::{VERSION, credits, totals};
use super::Outlook;
use super::line::{lines, shares};

/// The plan as JSON: every job with its state, reason and credits, then totals.
pub(crate) fn plan_json(summary: &Summary, outlook: &Outlook) -> Value {
    let lines = lines(summary);
    let jobs: Vec<Value> = lines
        .iter()
        .map(|line| {
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
        })
        .collect();
    let by: serde_json::Map<String, Value> = shares(&lines)
        .into_iter()
        .map(|(title, shares)| {
            let shares: serde_json::Map<String, Value> = shares
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
        })
        .collect();
    let campaign = summary.campaign();
    json!({
        "version": VERSION,
        "campaign": campaign.name,
        "manifest": campaign.manifest.display().to_string(),
        "sandbox": campaign.is_sandbox,
        "totals": totals(summary),
        "credits": credits(summary),
        "max_credits_run": outlook.max_credits_run,
        "balance": outlook.balance_json(summary),
        "assumptions": outlook.assumptions_json(summary),
        "approval": campaign.approval.to_json(),
        "to_submit": by,
        "jobs": jobs,
    })
}

fn rounded(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}
