//! The plan of a campaign: what a run would do.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use super::error::ApiResult;
use super::state::Studio;
use super::wanted::Wanted;
use crate::app::{self, Notices, PlanRequest};
use crate::report::plan::write_plan_json;

/// `GET /api/campaigns/ID/plan`. The query names the run, as the body of `run` does.
pub(super) async fn plan(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> ApiResult<impl IntoResponse> {
    let campaign = studio.campaign(&id)?;
    let request = PlanRequest {
        campaign: wanted.campaign(&campaign),
        provider: studio.provider(&campaign).await,
        provider_flags: studio.provider_flags(&campaign),
        selection: wanted.selection(),
        rerun: wanted.rerun()?,
        run_options: wanted.run_options(),
        limits: wanted.limits(),
        needs_balance: false,
        cache_dir: studio.settings.cache_dir.clone(),
        notices: Notices::discard(),
    };
    let (summary, context) = Box::pin(app::plan(request, app::now())).await?;
    let mut body = Vec::new();
    write_plan_json(&summary, &context, &mut body)
        .map_err(app::Error::io("the plan cannot be written"))?;
    Ok(([(CONTENT_TYPE, "application/json")], body))
}
