//! The provider's personas and voices, with their pictures and samples.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::{ApiError, ApiResult};
use super::state::Studio;
use crate::app::{
    CatalogueFilter, PersonaItem, Previews, VoiceItem, display_text, has_preview, preview_key,
};
use crate::model::AspectRatio;

/// A search.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CatalogueQuery {
    search: Option<String>,
    gender: Option<String>,
    style: Option<String>,
    age: Option<String>,
    location: Option<String>,
}

impl CatalogueQuery {
    fn filter(self) -> CatalogueFilter {
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        CatalogueFilter {
            search: given(self.search),
            gender: given(self.gender),
            style: given(self.style),
            age: given(self.age),
            location: given(self.location),
            accent: None,
        }
    }
}

/// `GET /api/personas`
pub(super) async fn personas(
    State(studio): State<Arc<Studio>>,
    Query(search): Query<CatalogueQuery>,
) -> ApiResult<Json<Value>> {
    let previews = studio.previews().await?;
    let filter = search.filter();
    let found = previews.catalogue.personas.iter().filter(|it| filter.matches_persona(it));
    Ok(Json(json!({ "personas": found.map(persona).collect::<Vec<_>>() })))
}

/// `GET /api/voices`
pub(super) async fn voices(
    State(studio): State<Arc<Studio>>,
    Query(search): Query<CatalogueQuery>,
) -> ApiResult<Json<Value>> {
    let previews = studio.previews().await?;
    let filter = search.filter();
    let voices =
        previews.catalogue.voices.iter().flat_map(|it| accents(&filter.matching_accents(it)));
    Ok(Json(json!({ "voices": voices.collect::<Vec<_>>() })))
}

/// `GET /api/pictures/KEY`
pub(super) async fn picture(
    State(studio): State<Arc<Studio>>,
    Path(key): Path<String>,
) -> ApiResult<impl IntoResponse> {
    let previews: Arc<Previews> = studio.previews().await?;
    let (media_type, bytes) =
        previews.preview(&key).await.ok_or_else(|| ApiError::not_found("picture"))?;
    // The key is a digest of the address, whose content does not change.
    let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "private, max-age=86400")];
    Ok((headers, Bytes::from_owner(bytes)))
}

fn link(url: Option<&String>) -> Option<String> {
    url.map(|url| format!("/api/pictures/{}", preview_key(url)))
}

fn shown(text: Option<&String>) -> Option<String> {
    text.map(|text| display_text(text))
}

fn persona(persona: &PersonaItem) -> Value {
    let pictures = [
        ("9:16", &persona.preview_image_9_16),
        ("1:1", &persona.preview_image_1_1),
        ("16:9", &persona.preview_image_16_9),
    ];
    let ratios = AspectRatio::ALL.iter().filter(|ratio| has_preview(persona, **ratio));
    let ratios: Vec<String> = ratios
        .map(|ratio| {
            let (width, height) = ratio.sides();
            format!("{width}:{height}")
        })
        .collect();
    let of_ratio =
        pictures.iter().map(|(ratio, url)| ((*ratio).to_owned(), json!(link(url.as_ref()))));
    json!({
        "id": persona.id,
        "name": shown(persona.creator_name.as_ref()),
        "gender": shown(persona.gender.as_ref()),
        "age": shown(persona.age_range.as_ref()),
        "style": shown(persona.style.as_ref()),
        "scene": shown(persona.video_scene.as_ref()),
        "location": shown(persona.location.as_ref()),
        "picture": link(pictures.iter().find_map(|(_, url)| url.as_ref())),
        "pictures": of_ratio.collect::<serde_json::Map<String, Value>>(),
        "ratios": ratios,
        "active": persona.is_active != Some(false),
        "own": persona.is_custom,
    })
}

fn accents(voice: &VoiceItem) -> Vec<Value> {
    let accents = voice.accents.iter().map(|accent| {
        json!({
            "id": accent.id,
            "name": shown(voice.name.as_ref()),
            "gender": shown(voice.gender.as_ref()),
            "accent": shown(accent.accent_name.as_ref()),
            "preview": link(accent.preview_url.as_ref()),
        })
    });
    accents.collect()
}
