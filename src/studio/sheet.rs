//! The sheet of a campaign: shown, edited, downloaded, and new ones.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiResult;
use super::state::{Campaign, Studio};
use crate::app::{self, CampaignOptions, NetworkUse, Sheet, SheetEdit};
use crate::model::ManifestLocation;
use crate::util::text::percent_encode_path;

/// `GET /api/campaigns/ID/sheet`
pub(super) async fn sheet(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<String>,
) -> ApiResult<Json<Sheet>> {
    let campaign = studio.campaign(&id)?;
    read(&studio, &campaign).await
}

/// `POST /api/campaigns/ID/sheet/cells`
pub(super) async fn cells(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<String>,
    Json(edit): Json<SheetEdit>,
) -> ApiResult<Json<Sheet>> {
    let campaign = studio.campaign(&id)?;
    {
        let _changes = campaign.changes.lock().await;
        app::edit_sheet(&campaign.options, edit, campaign.is_sandbox).await?;
    }
    campaign.sheet_changed();
    read(&studio, &campaign).await
}

#[derive(Debug, Deserialize)]
pub(super) struct ColumnOfField {
    field: String,
    header: Option<String>,
}

/// `POST /api/campaigns/ID/sheet/columns`
pub(super) async fn columns(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<String>,
    Json(ColumnOfField { field, header }): Json<ColumnOfField>,
) -> ApiResult<Json<Sheet>> {
    let campaign = studio.campaign(&id)?;
    let (options, is_sandbox) = (&campaign.options, campaign.is_sandbox);
    {
        let _changes = campaign.changes.lock().await;
        app::choose_column(options, &field, header.as_deref(), is_sandbox).await?;
    }
    campaign.sheet_changed();
    read(&studio, &campaign).await
}

async fn read(studio: &Arc<Studio>, campaign: &Campaign) -> ApiResult<Json<Sheet>> {
    let lookup = studio.lookup(campaign, NetworkUse::IfNeeded).await;
    let sheet = app::sheet(&campaign.options, &lookup, campaign.is_sandbox, app::now());
    Ok(Json(Box::pin(sheet).await?))
}

/// `GET /api/campaigns/ID/sheet/download`
pub(super) async fn download(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<String>,
) -> ApiResult<impl IntoResponse> {
    let campaign = studio.campaign(&id)?;
    let (name, bytes) = app::download_sheet(&campaign.options, campaign.is_sandbox).await?;
    Ok((attachment(&name, "application/octet-stream"), bytes))
}

/// Returns the headers of a file that is saved as `name`.
pub(super) fn attachment(name: &str, kind: &'static str) -> [(axum::http::HeaderName, String); 2] {
    let name = percent_encode_path(name.as_bytes()).replace('/', "_");
    let disposition = format!("attachment; filename*=UTF-8''{name}");
    [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition)]
}

#[derive(Debug, Deserialize)]
pub(super) struct FileName {
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct SheetAddress {
    address: String,
}

/// `POST /api/sheets`: the bytes of a file, or the address of a sheet.
pub(super) async fn add(
    State(studio): State<Arc<Studio>>,
    Query(FileName { name }): Query<FileName>,
    headers: HeaderMap,
    body: Bytes,
) -> ApiResult<Json<Value>> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let manifest = if kind.starts_with("application/json") {
        address(&body)?
    } else {
        let folder = studio.settings.folder.clone();
        let name = name.unwrap_or_default();
        app::blocking(move || app::keep_upload(&folder, &name, &body)).await?.into()
    };
    let options = CampaignOptions::new(manifest);
    // The list of campaigns finds it in this folder once it has begun.
    let out = options.addressed_folder(studio.is_sandbox()).await?;
    let out = out.map(|out| studio.settings.folder.join(out));
    let campaign = studio.add(CampaignOptions { out, ..options }, studio.is_sandbox());
    Ok(Json(json!({ "id": campaign.id })))
}

fn address(body: &[u8]) -> Result<ManifestLocation, app::Error> {
    let wrong = || {
        let help = "give the `https://` address of a CSV or Excel file, or a link to Google Sheets";
        app::Error::usage_with_hint("this is not the address of a sheet", help)
    };
    let SheetAddress { address } = serde_json::from_slice(body).map_err(|_| wrong())?;
    match ManifestLocation::from(address.trim()) {
        address @ ManifestLocation::Address(_) => Ok(address),
        ManifestLocation::File(_) | ManifestLocation::StandardInput => Err(wrong()),
    }
}
