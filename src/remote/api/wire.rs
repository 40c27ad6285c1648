//! The wire types: JSON of the API. Parsed leniently: every field but `id` and `status` may be missing, numbers may be
//! strings, unknown fields are ignored. The sandbox uses these types too, so that both agree on names.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use crate::model::{
    Credits, RemoteId, RenderReport, RenderStatus, RequestEcho, Speech, Timestamp, VideoRequest,
};

/// Body of `POST /api/lipsyncs/`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CreateBody {
    /// The text to speak.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// URL of a recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<String>,
    /// The persona's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator: Option<String>,
    /// `16x9`, `1x1` or `9x16`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspect_ratio: Option<String>,
    /// Our readable id and tag; returned unchanged. At most 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_version: Option<String>,
    /// The voice's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accent: Option<String>,
    /// Its meaning is unclear; passed through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub green_screen: Option<bool>,
    /// A video with an alpha channel, as `.webm`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transparent_background: Option<bool>,
    /// Captions off; the API's default is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_caption: Option<bool>,
    /// Music off; the API's default is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_music: Option<bool>,
    /// One of 18 styles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption_style: Option<String>,
    /// A decimal as a string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption_offset_x: Option<String>,
    /// A decimal as a string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption_offset_y: Option<String>,
    /// Background image; newer versions of the API may ignore it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_asset_image_url: Option<String>,
    /// Address that the provider posts to when the job ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
}

impl CreateBody {
    /// Returns the body for `request` under `name`. Contains the model and everything that differs from the API's defaults.
    pub fn new(request: &VideoRequest, name: &str) -> Self {
        let (text, audio) = match &request.speech {
            Speech::Text(text) => (Some(text.to_string()), None),
            Speech::Audio(url) => (None, Some(url.to_string())),
        };
        Self {
            text,
            audio,
            creator: Some(request.persona.to_string()),
            aspect_ratio: Some(request.aspect_ratio.as_str().to_owned()),
            name: Some(name.to_owned()),
            model_version: Some(request.model_version.as_str().to_owned()),
            accent: request.voice.as_ref().map(ToString::to_string),
            green_screen: request.green_screen.then_some(true),
            transparent_background: request.transparent_background.then_some(true),
            no_caption: Some(!request.captions),
            no_music: Some(!request.music),
            caption_style: request.caption_style.as_ref().map(ToString::to_string),
            caption_offset_x: request.caption_offset_x.map(|offset| offset.to_string()),
            caption_offset_y: request.caption_offset_y.map(|offset| offset.to_string()),
            background_asset_image_url: request.background_image.as_ref().map(ToString::to_string),
            webhook_url: request.webhook_url.as_ref().map(ToString::to_string),
        }
    }
}

/// Parses a job in a response: create, list and get all return the same object. `None` if it has no usable id. A missing
/// status becomes an unknown status, which is not terminal.
pub fn parse_job(job: &Value) -> Option<RenderReport> {
    let field = |name| job.get(name).filter(|value| !value.is_null());
    let text = |name| field(name)?.as_str().map(str::to_owned);
    let not_blank = |text: &String| !text.trim().is_empty();
    // One old client calls `output` `video_output`. If a job has both, `output` counts.
    let output = field("output").or_else(|| field("video_output"));
    Some(RenderReport {
        remote: job_id(job)?,
        name: text("name"),
        status: RenderStatus::from_word(text("status").as_deref().unwrap_or("unknown")),
        output: output.and_then(Value::as_str).map(str::to_owned).filter(not_blank),
        thumbnail: text("video_thumbnail").filter(not_blank),
        duration_seconds: field("duration").and_then(number).filter(|seconds| seconds.is_finite()),
        credits_used: field("credits_used").and_then(charge),
        failed_reason: text("failed_reason").filter(not_blank),
        progress: field("progress").and_then(number),
        // ISO 8601 with a numeric offset.
        created_at: text("created_at").as_deref().and_then(Timestamp::parse),
        echo: Box::new(RequestEcho::new(
            field("text").and_then(Value::as_str),
            field("creator").and_then(Value::as_str),
            field("aspect_ratio").and_then(Value::as_str),
        )),
    })
}

/// Returns the id of a job in a response: a UUID in all known responses.
pub(super) fn job_id(job: &Value) -> Option<RemoteId> {
    string_or_integer(job.get("id")?)?.parse().ok()
}

/// A persona in a response of `GET /api/personas/` or `GET /api/personas_v2/`. There is no `name`. Values are free text,
/// because real responses differ from the documented lists.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonaItem {
    /// The id, which goes into a job's `creator`.
    #[serde(deserialize_with = "text_or_number")]
    pub id: Option<String>,
    /// The name.
    pub creator_name: Option<String>,
    /// `m`, `f`, `nb`.
    pub gender: Option<String>,
    /// For example `adult`.
    pub age_range: Option<String>,
    /// For example `indoor`.
    pub location: Option<String>,
    /// For example `presenter`.
    pub style: Option<String>,
    /// The scene.
    pub video_scene: Option<String>,
    /// Search terms.
    #[serde(deserialize_with = "list_or_text")]
    pub keywords: Vec<String>,
    /// Suitable industries; documented as a text, observed as a list.
    #[serde(deserialize_with = "list_or_text")]
    pub suitable_industries: Vec<String>,
    /// Whether it can be used.
    pub is_active: Option<bool>,
    /// Progress of creating a custom avatar; not the status of a render.
    pub process_status: Option<String>,
    /// URL of a still image in landscape.
    pub preview_image_16_9: Option<String>,
    /// URL of a still image in square format.
    pub preview_image_1_1: Option<String>,
    /// URL of a still image in portrait.
    pub preview_image_9_16: Option<String>,
    /// URL of a sample video in landscape.
    pub preview_video_16_9: Option<String>,
    /// URL of a sample video in square format.
    pub preview_video_1_1: Option<String>,
    /// URL of a sample video in portrait.
    pub preview_video_9_16: Option<String>,
    /// Older name of the sample video in landscape.
    pub landscape_preview_video: Option<String>,
    /// Older name of the sample video in square format.
    pub squared_preview_video: Option<String>,
    /// Older name of the sample video in portrait.
    pub portrait_preview_video: Option<String>,
    /// Whether it is one of the account's own. Not part of the API: it comes from the list of custom personas.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_custom: bool,
}

/// A voice in the response of `GET /api/voices/`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VoiceItem {
    /// The name.
    pub name: Option<String>,
    /// The gender.
    pub gender: Option<String>,
    /// Its accents.
    #[serde(deserialize_with = "readable_items")]
    pub accents: Vec<AccentItem>,
}

/// An accent of a voice, which the `accent` of a job names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccentItem {
    /// The id, which goes into a job's `accent`.
    #[serde(deserialize_with = "text_or_number")]
    pub id: Option<String>,
    /// The name.
    pub accent_name: Option<String>,
    /// URL of a sample.
    pub preview_url: Option<String>,
}

/// Returns a number of credits.
pub(super) fn charge(value: &Value) -> Option<Credits> {
    number(value).and_then(Credits::from_number)
}

/// Returns a number, or the number that a string contains.
pub(super) fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().trim_end_matches('%').parse().ok())
}

/// Returns a string, or a whole number as a string.
fn string_or_integer(value: &Value) -> Option<String> {
    let number = || value.as_u64().map(|number| number.to_string());
    value.as_str().map(str::to_owned).or_else(number)
}

/// Parses a string or a whole number; anything else is `None`.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(string_or_integer(&Value::deserialize(deserializer)?))
}

/// Parses an item of a catalogue; `None` if it is not an object. A field with a value of another type counts as missing.
pub(super) fn parse_item<T: DeserializeOwned>(mut item: Value) -> Option<T> {
    let fields = item.as_object_mut()?;
    fields.retain(|name, value| T::deserialize(json!({ name: value })).is_ok());
    T::deserialize(item).ok()
}

/// Parses a list of strings, or a string with commas; anything else is empty.
fn list_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let words: Vec<&str> = match value.as_array() {
        Some(items) => items.iter().filter_map(|item| item.as_str()).collect(),
        None => value.as_str().unwrap_or_default().split(',').collect(),
    };
    let words = words.into_iter().map(str::trim);
    Ok(words.filter(|word| !word.is_empty()).map(str::to_owned).collect())
}

/// Parses the readable items of a list; anything else is empty.
fn readable_items<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(items.iter().cloned().filter_map(parse_item).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AspectRatio;

    #[test]
    fn the_documented_response_is_parsed() {
        let json = r#"{"id":"2f0e4a1c","status":"done","output":"https://x/v.mp4","progress":"1",
            "credits_used":5.5,"duration":15,"created_at":"2025-05-13T03:12:44.123456-07:00",
            "name":null,"something_new":{"a":[1]}}"#;
        let report = parse_job(&serde_json::from_str(json).unwrap()).unwrap();
        assert_eq!(report.status, RenderStatus::Done);
        assert_eq!(report.credits_used.unwrap().to_string(), "5.5");
        assert_eq!(report.progress, Some(1.0));
        assert!(report.created_at.is_some() && report.name.is_none());
    }

    #[test]
    fn unexpected_types_do_not_lose_a_job() {
        let json = r#"{"id":7,"status":"error","output":{},"progress":[],"duration":"12.5"}"#;
        let report = parse_job(&serde_json::from_str(json).unwrap()).unwrap();
        assert_eq!(report.remote.as_str(), "7");
        assert_eq!(report.status, RenderStatus::Other("error".into()));
        assert_eq!((report.output, report.duration_seconds), (None, Some(12.5)));
        assert!(parse_job(&json!({})).is_none());
    }

    #[test]
    fn the_body_contains_the_model_and_turns_captions_off() {
        let request = VideoRequest::new(
            Speech::Text("Hi".into()),
            "7350375b-9a98-51b8-934d-14d46a645dc2",
            AspectRatio::Portrait,
        );
        let body = serde_json::to_value(CreateBody::new(&request, "a cs-b")).unwrap();
        assert_eq!(
            body,
            json!({
                "text": "Hi", "creator": "7350375b-9a98-51b8-934d-14d46a645dc2",
                "aspect_ratio": "9x16", "name": "a cs-b", "model_version": "standard",
                "no_caption": true, "no_music": true,
            })
        );
    }

    #[test]
    fn catalogues_are_parsed_in_every_format() {
        let persona: PersonaItem = parse_item(json!({
            "id": "p", "creator_name": "Anna", "keywords": "a, b,,", "suitable_industries": ["x", 1],
            "is_active": "yes", "style": 7, "new": {},
        }))
        .unwrap();
        assert_eq!(persona.keywords, ["a", "b"]);
        assert_eq!(persona.suitable_industries, ["x"]);
        assert_eq!((persona.is_active, persona.style), (None, None));
        let accents = json!([{"id": "v", "accent_name": "US"}, null, "x"]);
        let voice: VoiceItem = parse_item(json!({"name": "Joe", "accents": accents})).unwrap();
        assert_eq!(voice.accents.len(), 1);
        assert_eq!(number(&json!("12.5")), Some(12.5));
    }
}
