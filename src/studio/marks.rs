//! The marks of a campaign's reviewers.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{self, State};
use serde_json::{Value, json};

use super::error::ApiResult;
use super::state::Studio;
use crate::app::{self, Mark, NetworkUse};

/// `GET /api/campaigns/ID/marks`
pub(super) async fn marks(
    State(studio): State<Arc<Studio>>,
    extract::Path(id): extract::Path<String>,
) -> ApiResult<Json<Value>> {
    let marks = work(&studio, &id, |out| app::kept_marks(out, app::now())).await?;
    Ok(Json(json!({ "marks": marks })))
}

/// `POST /api/campaigns/ID/marks`
pub(super) async fn add(
    State(studio): State<Arc<Studio>>,
    extract::Path(id): extract::Path<String>,
    Json(mark): Json<Mark>,
) -> ApiResult<Json<Value>> {
    // The time is that of this machine's clock.
    let mark = Mark { at: 0, ..mark };
    let marks = work(&studio, &id, move |out| app::add_mark(out, mark, app::now())).await?;
    studio.campaign(&id)?.sheet_changed();
    Ok(Json(json!({ "marks": marks })))
}

/// `POST /api/campaigns/ID/marks/import`
pub(super) async fn import(
    State(studio): State<Arc<Studio>>,
    extract::Path(id): extract::Path<String>,
    body: Bytes,
) -> ApiResult<Json<Value>> {
    let import = move |out: &std::path::Path| {
        app::import_marks(out, "the file of marks", body.to_vec(), app::now())
    };
    let (marks, imported) = work(&studio, &id, import).await?;
    studio.campaign(&id)?.sheet_changed();
    Ok(Json(json!({ "marks": marks, "imported": imported })))
}

/// Calls `work` with the output folder of a campaign.
async fn work<T: Send + 'static>(
    studio: &Arc<Studio>,
    id: &str,
    work: impl FnOnce(&std::path::Path) -> Result<T, app::Error> + Send + 'static,
) -> ApiResult<T> {
    let campaign = studio.campaign(id)?;
    let lookup = studio.lookup(&campaign, NetworkUse::IfNeeded).await;
    let out = app::output_folder(&campaign.options, &lookup, campaign.is_sandbox, app::now());
    let out = Box::pin(out).await?;
    let _changes = campaign.changes.lock().await;
    Ok(app::blocking(move || work(&out)).await?)
}
