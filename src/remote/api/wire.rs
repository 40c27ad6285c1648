//! The API's JSON, as it travels. Read permissively: every field but `id` and `status` may be
//! missing, numbers may come as strings, unknown fields are ignored. The sandbox speaks these types too,
//! so that both sides of the imitation agree on names.

use serde::{Deserialize, Deserializer, Serialize};

use crate::model::{
    Credits, InvalidId, RenderReport, RenderStatus, Speech, Timestamp, VideoRequest,
};

/// Body of `POST /api/lipsyncs/`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CreateBody {
    /// Text to be spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// URL of a recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<String>,
    /// The persona's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<String>,
    /// `16x9`, `1x1` or `9x16`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aspect_ratio: Option<String>,
    /// Our readable id and tag; echoed back. At most 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_version: Option<String>,
    /// The voice's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<String>,
    /// Meaning disputed; passed through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub green_screen: Option<bool>,
    /// A video with alpha, as `.webm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transparent_background: Option<bool>,
    /// Captions off; the API's default is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_caption: Option<bool>,
    /// Music off; the API's default is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_music: Option<bool>,
    /// One of 18 styles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption_style: Option<String>,
    /// Decimal as a string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption_offset_x: Option<String>,
    /// Decimal as a string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption_offset_y: Option<String>,
    /// Background picture; may be ignored by newer versions of the API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background_asset_image_url: Option<String>,
    /// Where the provider posts when the job ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
}

impl CreateBody {
    /// The body that asks for `request` under `name`. The model is always named, and what differs
    /// from the API's defaults is sent; the rest is left out.
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

/// One job in an answer: create, list and get all return this object.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lipsync {
    /// The id; a UUID as far as is known.
    #[serde(deserialize_with = "text_or_number")]
    pub id: Option<String>,
    /// Echo of the name.
    #[serde(deserialize_with = "lenient_text")]
    pub name: Option<String>,
    /// The status word.
    #[serde(deserialize_with = "lenient_text")]
    pub status: Option<String>,
    /// URL of the video. One older client knows it as `video_output`.
    #[serde(alias = "video_output", deserialize_with = "lenient_text")]
    pub output: Option<String>,
    /// URL of a still picture.
    #[serde(deserialize_with = "lenient_text")]
    pub video_thumbnail: Option<String>,
    /// Seconds.
    #[serde(deserialize_with = "number_or_text")]
    pub duration: Option<f64>,
    /// The charge.
    #[serde(deserialize_with = "number_or_text")]
    pub credits_used: Option<f64>,
    /// A fraction; a number or a string.
    #[serde(deserialize_with = "number_or_text")]
    pub progress: Option<f64>,
    /// Why it failed.
    #[serde(deserialize_with = "lenient_text")]
    pub failed_reason: Option<String>,
    /// ISO 8601 with a numeric offset.
    #[serde(deserialize_with = "lenient_text")]
    pub created_at: Option<String>,
}

impl Lipsync {
    /// The object in our own words. An object without an id, or with one that cannot be used, is an
    /// error; one without a status reads as an unknown status, which is not terminal.
    pub fn into_report(self) -> Result<RenderReport, InvalidId> {
        Ok(RenderReport {
            remote: self.id.unwrap_or_default().parse()?,
            name: self.name,
            status: RenderStatus::from_word(self.status.as_deref().unwrap_or("unknown")),
            output: self.output.filter(|url| !url.trim().is_empty()),
            thumbnail: self.video_thumbnail.filter(|url| !url.trim().is_empty()),
            duration_seconds: self.duration.filter(|seconds| seconds.is_finite()),
            credits_used: self.credits_used.and_then(Credits::from_number),
            failed_reason: self
                .failed_reason
                .filter(|reason| !reason.trim().is_empty()),
            progress: self.progress,
            created_at: self.created_at.as_deref().and_then(Timestamp::parse),
        })
    }
}

/// One persona in an answer of `GET /api/personas/` or `GET /api/personas_v2/`. There is no `name`; values are
/// free words, because live data departs from the documented lists.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonaItem {
    /// The id, which goes into a job's `creator`.
    #[serde(deserialize_with = "text_or_number")]
    pub id: Option<String>,
    /// The name that people know it by.
    #[serde(deserialize_with = "lenient_text")]
    pub creator_name: Option<String>,
    /// `m`, `f`, `nb`.
    #[serde(deserialize_with = "lenient_text")]
    pub gender: Option<String>,
    /// Such as `adult`.
    #[serde(deserialize_with = "lenient_text")]
    pub age_range: Option<String>,
    /// Such as `indoor`.
    #[serde(deserialize_with = "lenient_text")]
    pub location: Option<String>,
    /// Such as `presenter`.
    #[serde(deserialize_with = "lenient_text")]
    pub style: Option<String>,
    /// The scene.
    #[serde(deserialize_with = "lenient_text")]
    pub video_scene: Option<String>,
    /// Words to find it by.
    #[serde(deserialize_with = "list_or_text")]
    pub keywords: Vec<String>,
    /// Trades it suits; documented as a text, seen as a list.
    #[serde(deserialize_with = "list_or_text")]
    pub suitable_industries: Vec<String>,
    /// Whether it can be used.
    #[serde(deserialize_with = "lenient_flag")]
    pub is_active: Option<bool>,
    /// Where a custom avatar stands in its making; not a render's status.
    #[serde(deserialize_with = "lenient_text")]
    pub process_status: Option<String>,
    /// URL of a still picture in landscape.
    #[serde(deserialize_with = "lenient_text")]
    pub preview_image_16_9: Option<String>,
    /// URL of a still picture in the square.
    #[serde(deserialize_with = "lenient_text")]
    pub preview_image_1_1: Option<String>,
    /// URL of a still picture in portrait.
    #[serde(deserialize_with = "lenient_text")]
    pub preview_image_9_16: Option<String>,
    /// URL of a sample in landscape.
    #[serde(deserialize_with = "lenient_text")]
    pub preview_video_16_9: Option<String>,
    /// URL of a sample in the square.
    #[serde(deserialize_with = "lenient_text")]
    pub preview_video_1_1: Option<String>,
    /// URL of a sample in portrait.
    #[serde(deserialize_with = "lenient_text")]
    pub preview_video_9_16: Option<String>,
    /// An older name of the sample in landscape.
    #[serde(deserialize_with = "lenient_text")]
    pub landscape_preview_video: Option<String>,
    /// An older name of the sample in the square.
    #[serde(deserialize_with = "lenient_text")]
    pub squared_preview_video: Option<String>,
    /// An older name of the sample in portrait.
    #[serde(deserialize_with = "lenient_text")]
    pub portrait_preview_video: Option<String>,
    /// It is one of the account's own. Ours, not the API's: it says which of the two lists it was in.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_custom: bool,
}

/// One voice in the answer of `GET /api/voices/`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VoiceItem {
    /// Its name.
    #[serde(deserialize_with = "lenient_text")]
    pub name: Option<String>,
    /// Its gender.
    #[serde(deserialize_with = "lenient_text")]
    pub gender: Option<String>,
    /// The ways it can speak.
    #[serde(deserialize_with = "readable_items")]
    pub accents: Vec<AccentItem>,
}

/// One way a voice can speak: what a job's `accent` names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccentItem {
    /// The id, which goes into a job's `accent`.
    #[serde(deserialize_with = "text_or_number")]
    pub id: Option<String>,
    /// Its name.
    #[serde(deserialize_with = "lenient_text")]
    pub accent_name: Option<String>,
    /// URL of a sample.
    #[serde(deserialize_with = "lenient_text")]
    pub preview_url: Option<String>,
}

/// The answer of `GET /api/remaining_credits/`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RemainingCredits {
    /// The account's balance.
    #[serde(deserialize_with = "number_or_text")]
    pub remaining_credits: Option<f64>,
}

/// A number, a string that holds one, or nothing; anything else reads as nothing.
fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value
        .as_f64()
        .or_else(|| value.as_str()?.trim().trim_end_matches('%').parse().ok()))
}

/// A string or a whole number; anything else reads as nothing.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    let number = || value.as_u64().map(|number| number.to_string());
    Ok(value.as_str().map(str::to_owned).or_else(number))
}

/// A string; anything else reads as nothing.
fn lenient_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value.as_str().map(str::to_owned))
}

/// A list of strings, or one string with commas; anything else reads as empty.
fn list_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    let words: Vec<&str> = match value.as_array() {
        Some(items) => items.iter().filter_map(|item| item.as_str()).collect(),
        None => value.as_str().unwrap_or_default().split(',').collect(),
    };
    let words = words.into_iter().map(str::trim);
    Ok(words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect())
}

/// A truth value; anything else reads as nothing.
fn lenient_flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(serde_json::Value::deserialize(deserializer)?.as_bool())
}

/// The items of a list that can be read; anything but a list reads as empty.
fn readable_items<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(items
        .iter()
        .filter_map(|item| T::deserialize(item).ok())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AspectRatio;

    #[test]
    fn the_documented_answer_is_read() {
        let json = r#"{"id":"2f0e4a1c","status":"done","output":"https://x/v.mp4","progress":"1",
            "credits_used":5.5,"duration":15,"created_at":"2025-05-13T03:12:44.123456-07:00",
            "name":null,"something_new":{"a":[1]}}"#;
        let report = serde_json::from_str::<Lipsync>(json)
            .unwrap()
            .into_report()
            .unwrap();
        assert_eq!(report.status, RenderStatus::Done);
        assert_eq!(report.credits_used.unwrap().to_string(), "5.5");
        assert_eq!(report.progress, Some(1.0));
        assert!(report.created_at.is_some() && report.name.is_none());
    }

    #[test]
    fn strange_types_are_no_reason_to_lose_a_job() {
        let json = r#"{"id":7,"status":"error","output":{},"progress":[],"duration":"12.5"}"#;
        let report = serde_json::from_str::<Lipsync>(json)
            .unwrap()
            .into_report()
            .unwrap();
        assert_eq!(report.remote.as_str(), "7");
        assert_eq!(report.status, RenderStatus::Other("error".into()));
        assert_eq!((report.output, report.duration_seconds), (None, Some(12.5)));
        assert!(
            serde_json::from_str::<Lipsync>("{}")
                .unwrap()
                .into_report()
                .is_err()
        );
    }

    #[test]
    fn the_body_names_the_model_and_says_no_captions() {
        let request = VideoRequest::new(
            Speech::Text("Hi".into()),
            "7350375b-9a98-51b8-934d-14d46a645dc2",
            AspectRatio::Portrait,
        );
        let body = serde_json::to_value(CreateBody::new(&request, "a cs-b")).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "text": "Hi", "creator": "7350375b-9a98-51b8-934d-14d46a645dc2",
                "aspect_ratio": "9x16", "name": "a cs-b", "model_version": "standard",
                "no_caption": true, "no_music": true,
            })
        );
    }

    #[test]
    fn catalogues_are_read_whatever_shape_their_words_have() {
        let persona: PersonaItem = serde_json::from_str(
            r#"{"id":"p","creator_name":"Anna","keywords":"a, b,,","suitable_industries":["x",1],
                "is_active":"yes","style":7,"new":{}}"#,
        )
        .unwrap();
        assert_eq!(persona.keywords, ["a", "b"]);
        assert_eq!(persona.suitable_industries, ["x"]);
        assert_eq!((persona.is_active, persona.style), (None, None));
        let voice: VoiceItem = serde_json::from_str(
            r#"{"name":"Joe","accents":[{"id":"v","accent_name":"US"},null,"x"]}"#,
        )
        .unwrap();
        assert_eq!(voice.accents.len(), 1);
        let credits: RemainingCredits =
            serde_json::from_str(r#"{"remaining_credits":"12.5"}"#).unwrap();
        assert_eq!(credits.remaining_credits, Some(12.5));
    }
}
