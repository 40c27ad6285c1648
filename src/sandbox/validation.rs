//! Validation of the body of a create. Unknown fields are ignored, as by the API. The rules are written
//! independently of the program's own, so that each can be tested against the other.

use serde_json::Value;

use crate::remote::api::wire::CreateBody;

use super::catalogue::Catalogue;
use super::fields::{FieldErrors, Fields};

const RATIOS: [&str; 6] = ["16x9", "1x1", "9x16", "16:9", "1:1", "9:16"];
const MODELS: [&str; 3] = ["standard", "aurora_v1", "aurora_v1_fast"];
#[rustfmt::skip]
const CAPTION_STYLES: [&str; 18] = [
    "normal-black", "normal-white", "normal-red", "normal-blue", "neo", "brick", "frenzy",
    "verana", "mustard", "glow", "mint", "coolers", "bilo", "toons", "deep-blue", "mystique",
    "caution", "duality",
];

// Maximum lengths in characters. That of the audio URL is undocumented: a guess.
const NAME_LIMIT: usize = 255;
const AUDIO_LIMIT: usize = 2048;
const BACKGROUND_LIMIT: usize = 1024;
const WEBHOOK_LIMIT: usize = 200;

/// Reads and normalises the body of a create: the ratio in the `x` form, offsets with two decimals, texts
/// trimmed.
pub(super) fn read_create(
    body: &Value,
    catalogue: &Catalogue,
    text_limit: usize,
) -> Result<CreateBody, FieldErrors> {
    let Some(object) = body.as_object() else {
        let kind = match body {
            Value::Array(_) => "list",
            Value::String(_) => "str",
            Value::Null => "NoneType",
            Value::Bool(_) | Value::Number(_) => "int",
            Value::Object(_) => "dict",
        };
        let mut fields = Fields::new(None);
        fields.error(
            "non_field_errors",
            &format!("Invalid data. Expected a dictionary, but got {kind}."),
        );
        return Err(fields.errors);
    };
    let mut fields = Fields::new(Some(object));
    let ratio = fields.required_choice("aspect_ratio", &RATIOS);
    let read = CreateBody {
        text: fields.text("text", text_limit),
        audio: fields.url("audio", AUDIO_LIMIT),
        creator: creator(&mut fields, catalogue),
        aspect_ratio: ratio.map(|ratio| ratio.replace(':', "x")),
        name: fields.text("name", NAME_LIMIT),
        model_version: fields.choice("model_version", &MODELS),
        accent: accent(&mut fields),
        green_screen: fields.boolean("green_screen"),
        transparent_background: fields.boolean("transparent_background"),
        no_caption: fields.boolean("no_caption"),
        no_music: fields.boolean("no_music"),
        caption_style: fields.choice("caption_style", &CAPTION_STYLES),
        caption_offset_x: fields.offset("caption_offset_x"),
        caption_offset_y: fields.offset("caption_offset_y"),
        background_asset_image_url: fields.url("background_asset_image_url", BACKGROUND_LIMIT),
        webhook_url: fields.url("webhook_url", WEBHOOK_LIMIT),
        // Like the API, the sandbox ignores fields that it does not know.
        ..CreateBody::default()
    };
    if read.text.is_none() && read.audio.is_none() && !fields.has_errors_in(&["text", "audio"]) {
        fields.error("non_field_errors", "Either text or audio is required.");
    }
    if fields.errors.is_empty() { Ok(read) } else { Err(fields.errors) }
}

/// Reads the persona. The API reference calls it nullable, but nothing can be rendered without it.
fn creator(fields: &mut Fields<'_>, catalogue: &Catalogue) -> Option<String> {
    if fields.value("creator").is_none() {
        fields.error("creator", "This field is required.");
        return None;
    }
    let id = fields.uuid("creator")?;
    match catalogue.persona(&id) {
        Some(persona) if persona.is_active => return Some(id),
        Some(_) => fields.error("creator", "This persona is not active."),
        None => {
            let message = format!("Invalid pk \"{id}\" - object does not exist.");
            fields.error("creator", &message);
        }
    }
    None
}

/// Reads the voice.
fn accent(fields: &mut Fields<'_>) -> Option<String> {
    let id = fields.uuid("accent")?;
    if Catalogue::has_accent(&id) {
        return Some(id);
    }
    let message = format!("Invalid pk \"{id}\" - object does not exist.");
    fields.error("accent", &message);
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ANNA: &str = "7350375b-9a98-51b8-934d-14d46a645dc2";

    /// Reads a valid body with `changes`; "absent" removes a field.
    fn read(changes: &Value) -> Result<CreateBody, FieldErrors> {
        let mut body = json!({"text": "Hello", "creator": ANNA, "aspect_ratio": "9:16"});
        for (field, value) in changes.as_object().unwrap() {
            if value == "absent" {
                body.as_object_mut().unwrap().remove(field);
            } else {
                body[field] = value.clone();
            }
        }
        read_create(&body, &Catalogue::new("http://files"), 20)
    }

    #[test]
    fn valid_fields_are_normalised() {
        let body = read(&json!({
            "caption_offset_y": -0.4, "caption_offset_x": "0.5", "no_caption": "false",
            "name": " row-1 ", "accent": null, "voice_id": "unknown fields are ignored",
        }))
        .unwrap();
        assert_eq!(body.aspect_ratio.as_deref(), Some("9x16"));
        assert_eq!(body.caption_offset_y.as_deref(), Some("-0.40"));
        assert_eq!(body.caption_offset_x.as_deref(), Some("0.50"));
        assert_eq!((body.no_caption, body.no_music), (Some(false), None));
        assert_eq!(body.name.as_deref(), Some("row-1"));
        assert!(read(&json!({"text": "absent", "audio": "https://x.test/a.mp3"})).is_ok());
    }

    #[test]
    fn each_error_is_listed_under_its_field() {
        let long_name = format!(r#"{{"name": "{}"}} | name | than 255"#, "x".repeat(256));
        let long_url =
            format!(r#"{{"webhook_url": "https://x/{}"}} | webhook_url | 200"#, "y".repeat(200));
        // The changes, the field, and a part of the message.
        let errors = r#"
            {"aspect_ratio": "absent"}        | aspect_ratio     | required
            {"aspect_ratio": null}            | aspect_ratio     | null
            {"aspect_ratio": "4:3"}           | aspect_ratio     | "4:3" is not a valid choice
            {"text": "absent"}                | non_field_errors | text or audio
            {"text": "  "}                    | text             | blank
            {"text": "a text that is too long"} | text           | more than 20
            {"text": ["Hello"]}               | text             | valid string
            {"audio": "ftp://x/a.mp3"}        | audio            | valid URL
            {"audio": "http://"}              | audio            | valid URL
            {"creator": "absent"}             | creator          | required
            {"creator": "Anna"}               | creator          | valid UUID
            {"creator": "8350375b-9a98-51b8-934d-14d46a645dc2"} | creator | does not exist
            {"creator": "4a205296-32d6-4eeb-a93c-e945d2e7aa56"} | creator | not active
            {"accent": "7350375b-9a98-51b8-934d-14d46a645dc2"}  | accent  | does not exist
            {"model_version": "aurora_v2"}    | model_version    | valid choice
            {"caption_style": 7}              | caption_style    | "7" is not a valid choice
            {"caption_offset_x": "0.51"}      | caption_offset_x | less than
            {"caption_offset_x": -1}          | caption_offset_x | greater than
            {"caption_offset_y": "0.123"}     | caption_offset_y | decimal places
            {"caption_offset_y": "left"}      | caption_offset_y | valid number
            {"no_caption": "perhaps"}         | no_caption       | valid boolean
        "#;
        let errors = errors.trim().lines().chain([&*long_name, &long_url]);
        for line in errors {
            let [changes, field, part] = line.split('|').collect::<Vec<_>>()[..] else {
                panic!("not three columns: {line}");
            };
            let errors = read(&serde_json::from_str(changes).unwrap()).unwrap_err();
            let message = errors[field.trim()][0].as_str().unwrap();
            assert!(message.contains(part.trim()), "{line}: {message}");
            assert_eq!(errors.len(), 1, "{line}: {errors:?}");
        }
    }

    #[test]
    fn all_errors_are_reported_together_and_no_body_panics() {
        let errors = read(&json!({"text": 0.5, "aspect_ratio": 1, "creator": {}})).unwrap_err();
        assert_eq!(errors.len(), 2);
        for body in [json!(null), json!([]), json!("x"), json!(1), json!({})] {
            assert!(read_create(&body, &Catalogue::new(""), 20).is_err());
        }
    }
}
