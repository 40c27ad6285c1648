//! Validation of the body of a create, with the error messages of Django REST Framework. Unknown fields are
//! ignored, as by the API. The rules are written independently of the program's own, so that each can be
//! tested against the other.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::remote::api::wire::CreateBody;

use super::catalogue::Catalogue;

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

/// Errors that concern no single field.
const NON_FIELD: &str = "non_field_errors";

/// The error message of each invalid field.
pub(super) type FieldErrors = BTreeMap<&'static str, [String; 1]>;

/// A parsed field, or its error message.
type Parsed<T> = Result<T, String>;

/// Reads and normalises the body of a create: the ratio in the `x` form, offsets with two decimals, texts
/// trimmed.
pub(super) fn read_create(
    body: &Value,
    catalogue: &Catalogue,
    text_limit: usize,
) -> Result<CreateBody, FieldErrors> {
    let object = object(body).map_err(|message| FieldErrors::from([(NON_FIELD, [message])]))?;
    let mut fields = Fields { object, errors: FieldErrors::new() };
    let read = CreateBody {
        text: fields.read("text", |value| text(value, text_limit)),
        audio: fields.read("audio", |value| url(value, AUDIO_LIMIT)),
        creator: fields.read("creator", |value| creator(value, catalogue)),
        aspect_ratio: fields.read("aspect_ratio", ratio),
        name: fields.read("name", |value| text(value, NAME_LIMIT)),
        model_version: fields.read("model_version", |value| choice(value, &MODELS)),
        accent: fields.read("accent", |value| accent(value, catalogue)),
        green_screen: fields.read("green_screen", boolean),
        transparent_background: fields.read("transparent_background", boolean),
        no_caption: fields.read("no_caption", boolean),
        no_music: fields.read("no_music", boolean),
        caption_style: fields.read("caption_style", |value| choice(value, &CAPTION_STYLES)),
        caption_offset_x: fields.read("caption_offset_x", offset),
        caption_offset_y: fields.read("caption_offset_y", offset),
        background_asset_image_url: fields
            .read("background_asset_image_url", |value| url(value, BACKGROUND_LIMIT)),
        webhook_url: fields.read("webhook_url", |value| url(value, WEBHOOK_LIMIT)),
        // Like the API, the sandbox ignores fields that it does not know.
        ..CreateBody::default()
    };
    match object.get("aspect_ratio") {
        None => fields.add("aspect_ratio", "This field is required."),
        Some(Value::Null) => fields.add("aspect_ratio", "This field may not be null."),
        Some(_) => {}
    }
    // The API reference calls the persona nullable, but nothing can be rendered without it.
    if fields.is_absent("creator") {
        fields.add("creator", "This field is required.");
    }
    if fields.is_absent("text") && fields.is_absent("audio") {
        fields.add(NON_FIELD, "Either text or audio is required.");
    }
    if fields.errors.is_empty() { Ok(read) } else { Err(fields.errors) }
}

/// The fields of a body, and the errors found so far.
#[derive(Debug)]
struct Fields<'a> {
    object: &'a Map<String, Value>,
    errors: FieldErrors,
}

impl Fields<'_> {
    /// Parses a field; null counts as absent.
    fn read<T>(&mut self, field: &'static str, parse: impl Fn(&Value) -> Parsed<T>) -> Option<T> {
        let value = self.object.get(field).filter(|value| !value.is_null())?;
        parse(value).map_err(|message| self.errors.insert(field, [message])).ok()
    }

    fn is_absent(&self, field: &str) -> bool {
        self.object.get(field).is_none_or(Value::is_null)
    }

    fn add(&mut self, field: &'static str, message: &str) {
        self.errors.insert(field, [message.to_owned()]);
    }
}

fn object(body: &Value) -> Parsed<&Map<String, Value>> {
    let kind = match body {
        Value::Object(object) => return Ok(object),
        Value::Array(_) => "list",
        Value::String(_) => "str",
        Value::Null => "NoneType",
        Value::Bool(_) | Value::Number(_) => "int",
    };
    Err(format!("Invalid data. Expected a dictionary, but got {kind}."))
}

/// Parses a string or a number: trimmed, not blank, at most `limit` characters.
fn text(value: &Value, limit: usize) -> Parsed<String> {
    if !value.is_string() && !value.is_number() {
        return Err("Not a valid string.".to_owned());
    }
    let text = display(value).trim().to_owned();
    if text.is_empty() {
        Err("This field may not be blank.".to_owned())
    } else if text.contains('\0') {
        Err("Null characters are not allowed.".to_owned())
    } else if text.chars().count() > limit {
        Err(format!("Ensure this field has no more than {limit} characters."))
    } else {
        Ok(text)
    }
}

/// Parses an http or https URL of at most `limit` characters.
fn url(value: &Value, limit: usize) -> Parsed<String> {
    let url = text(value, limit)?;
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    if host.is_none_or(str::is_empty) || url.contains(char::is_whitespace) {
        return Err("Enter a valid URL.".to_owned());
    }
    Ok(url)
}

/// Parses one of `choices`.
fn choice(value: &Value, choices: &[&str]) -> Parsed<String> {
    match value.as_str() {
        Some(word) if choices.contains(&word) => Ok(word.to_owned()),
        _ => Err(format!("\"{}\" is not a valid choice.", display(value))),
    }
}

fn ratio(value: &Value) -> Parsed<String> {
    choice(value, &RATIOS).map(|ratio| ratio.replace(':', "x"))
}

/// Parses a boolean in any of DRF's spellings.
fn boolean(value: &Value) -> Parsed<bool> {
    match display(value).to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("Must be a valid boolean.".to_owned()),
    }
}

/// Parses a string or number from -0.5 to 0.5 with at most two decimal places.
fn offset(value: &Value) -> Parsed<String> {
    let text = display(value);
    let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    let number = number.ok_or("A valid number is required.")?;
    let places = text.trim().split_once('.').map_or(0, |(_, places)| places.len());
    if number > 0.5 {
        Err("Ensure this value is less than or equal to 0.5.".to_owned())
    } else if number < -0.5 {
        Err("Ensure this value is greater than or equal to -0.5.".to_owned())
    } else if places > 2 {
        Err("Ensure that there are no more than 2 decimal places.".to_owned())
    } else {
        Ok(format!("{number:.2}"))
    }
}

fn creator(value: &Value, catalogue: &Catalogue) -> Parsed<String> {
    let id = uuid(value)?;
    match catalogue.persona(&id) {
        Some(persona) if persona["is_active"] == true => Ok(id),
        Some(_) => Err("This persona is not active.".to_owned()),
        None => Err(unknown_id(&id)),
    }
}

fn accent(value: &Value, catalogue: &Catalogue) -> Parsed<String> {
    let id = uuid(value)?;
    if catalogue.has_accent(&id) { Ok(id) } else { Err(unknown_id(&id)) }
}

fn unknown_id(id: &str) -> String {
    format!("Invalid pk \"{id}\" - object does not exist.")
}

fn uuid(value: &Value) -> Parsed<String> {
    match value.as_str() {
        Some(id) if is_uuid(id) => Ok(id.to_owned()),
        _ => Err(not_a_uuid(&display(value))),
    }
}

pub(super) fn not_a_uuid(text: &str) -> String {
    format!("“{text}” is not a valid UUID.")
}

/// Checks whether `text` has the form of a UUID, with or without its dashes.
pub(super) fn is_uuid(text: &str) -> bool {
    let digits = text.bytes().filter(|byte| *byte != b'-');
    text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        && digits.count() == 32
        && (text.len() == 32 || text.len() == 36)
}

/// Formats a value; a string without its quotes.
fn display(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
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
            let [message] = &errors[field.trim()];
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
