//! The list of campaigns.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use futures::StreamExt as _;
use serde_json::{Value, json};

use super::error::ApiResult;
use super::state::{Campaign, SandboxReason, Studio};
use crate::app::{self, CampaignView, FoundCampaign};
use crate::model::{ManifestLocation, Timestamp};
use crate::report::files::credits;
use crate::report::{Counts, Money};
use crate::util::fs::LockState;

/// The most campaigns that are listed.
const MAX_LISTED: usize = 200;

/// Campaigns that are read at one time.
const READ_AT_ONCE: usize = 4;

/// `GET /api/studio`
pub(super) async fn studio(State(studio): State<Arc<Studio>>) -> ApiResult<Json<Value>> {
    let (searched, is_sandbox) = (studio.settings.folder.clone(), studio.is_sandbox());
    let folder = std::path::absolute(&searched).unwrap_or_else(|_| searched.clone());
    let found = app::blocking(move || app::find_campaigns(&searched, is_sandbox)).await;
    let mut listed: Vec<(Arc<Campaign>, Option<FoundCampaign>)> = Vec::new();
    for found in found {
        // The folder remembers the address of a sheet without its query.
        let is_opened = |known: &Arc<Campaign>| {
            let (of_known, of_found) = (&known.options, &found.options);
            matches!(of_known.manifest, ManifestLocation::Address(_))
                && of_known.manifest.to_string() == of_found.manifest.to_string()
                && (of_known.out.is_none() || of_known.out == of_found.out)
                && known.is_sandbox == found.is_sandbox
        };
        let known = studio.campaigns().into_iter().find(is_opened);
        let campaign = known.unwrap_or_else(|| studio.add(found.options.clone(), found.is_sandbox));
        listed.push((campaign, Some(found)));
    }
    for known in studio.campaigns() {
        if !listed.iter().any(|(campaign, _)| campaign.id == known.id) {
            listed.push((known, None));
        }
    }
    listed.sort_by_key(|(_, found)| {
        let changed = found.as_ref().and_then(|found| found.changed);
        std::cmp::Reverse(changed.unwrap_or_default())
    });
    listed.truncate(MAX_LISTED);
    let campaigns: Vec<Value> = futures::stream::iter(listed)
        .map(|(campaign, found)| {
            let studio = Arc::clone(&studio);
            async move { Box::pin(entry(&studio, &campaign, found.as_ref())).await }
        })
        .buffered(READ_AT_ONCE)
        .collect()
        .await;
    Ok(Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "sandbox": is_sandbox,
        "sandbox_reason": studio.settings.sandbox.map(|reason| match reason {
            SandboxReason::NoKeys => "no_keys",
            SandboxReason::Option => "option",
        }),
        "folder": folder.display().to_string(),
        "opened": studio.opened,
        "campaigns": campaigns,
    })))
}

/// Returns the entry of a campaign.
async fn entry(studio: &Arc<Studio>, campaign: &Campaign, found: Option<&FoundCampaign>) -> Value {
    let manifest = &campaign.options.manifest;
    let stem = manifest.file().and_then(|file| file.file_stem());
    let mut entry = json!({
        "id": campaign.id,
        "name": stem.map_or_else(|| manifest.to_string(), |stem| stem.to_string_lossy().into_owned()),
        "manifest": manifest.to_string(),
        "folder": found.and_then(|it| it.out.as_ref()).map(|out| out.display().to_string()),
        "sandbox": campaign.is_sandbox,
        "live": false,
        "counts": counts(&Counts::default()),
        "credits": json!(Money::default()),
        "changed": found.and_then(|it| it.changed).map(Timestamp::as_millis),
        "error": null,
        "unopened": false,
    });
    // A list asks no server. Its sheet is read when the user opens the campaign.
    if !campaign.options.is_sheet_on_disk(campaign.is_sandbox) {
        entry["unopened"] = true.into();
        return entry;
    }
    match CampaignView::open(&studio.view_request(campaign).await).await {
        Ok(view) => {
            let summary = &view.summary;
            entry["name"] = summary.campaign().name.as_str().into();
            entry["folder"] = summary.campaign().out.display().to_string().into();
            entry["live"] = (view.lock == LockState::Held).into();
            entry["counts"] = counts(&summary.counts());
            entry["credits"] = credits(summary);
            if let Some(last) = summary.last() {
                entry["changed"] = last.as_millis().into();
            }
        }
        Err(error) => entry["error"] = super::error::error_json(&error)["error"].clone(),
    }
    entry
}

fn counts(counts: &Counts) -> Value {
    json!({
        "total": counts.total,
        "done": counts.done,
        "failed": counts.failed,
        "in_doubt": counts.in_doubt,
        "rendering": counts.rendering,
        "downloading": counts.downloading,
        "submitting": counts.submitting,
        "pending": counts.pending,
        "left_out": counts.left_out,
        "outdated": counts.outdated,
    })
}
