//! Reading one field at a time, with the complaints of Django REST Framework.

use serde_json::{Map, Value};

/// Messages by field.
pub(super) type FieldErrors = Map<String, Value>;

/// Whether `text` has the form of a UUID, with or without its dashes.
pub(super) fn is_uuid(text: &str) -> bool {
    let digits = text.bytes().filter(|byte| *byte != b'-');
    text.bytes()
        .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        && digits.count() == 32
        && (text.len() == 32 || text.len() == 36)
}

/// A value as it was written, a string without its quotes.
fn written(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The fields of a body that is being read, and what was wrong with them.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    object: Option<&'a Map<String, Value>>,
    /// All complaints so far.
    pub(super) errors: FieldErrors,
}

impl<'a> Fields<'a> {
    /// The fields of `object`; none if the body is no object.
    pub(super) fn new(object: Option<&'a Map<String, Value>>) -> Self {
        Self {
            object,
            errors: Map::new(),
        }
    }

    /// Complains about a field.
    pub(super) fn error(&mut self, field: &str, message: &str) {
        let messages = self
            .errors
            .entry(field)
            .or_insert_with(|| Value::from([""; 0]));
        if let Value::Array(messages) = messages {
            messages.push(message.into());
        }
    }

    /// Whether one of these fields was complained about.
    pub(super) fn has_errors_in(&self, fields: &[&str]) -> bool {
        fields.iter().any(|field| self.errors.contains_key(*field))
    }

    /// The field's value; null counts as absent.
    pub(super) fn value(&self, field: &str) -> Option<&'a Value> {
        let value = self.object.and_then(|object| object.get(field));
        value.filter(|value| !value.is_null())
    }

    /// A string, or a number as one; trimmed, not blank, at most `limit` characters.
    pub(super) fn text(&mut self, field: &str, limit: usize) -> Option<String> {
        let text = match self.value(field)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                self.error(field, "Not a valid string.");
                return None;
            }
        };
        if text.is_empty() {
            self.error(field, "This field may not be blank.");
            return None;
        }
        if text.contains('\0') {
            self.error(field, "Null characters are not allowed.");
            return None;
        }
        if text.chars().count() > limit {
            let message = format!("Ensure this field has no more than {limit} characters.");
            self.error(field, &message);
            return None;
        }
        Some(text)
    }

    /// An http or https URL of at most `limit` characters.
    pub(super) fn url(&mut self, field: &str, limit: usize) -> Option<String> {
        let url = self.text(field, limit)?;
        let host = ["http://", "https://"]
            .iter()
            .find_map(|scheme| url.strip_prefix(scheme))
            .and_then(|rest| rest.split(['/', '?', '#']).next());
        if host.is_none_or(str::is_empty) || url.contains(char::is_whitespace) {
            self.error(field, "Enter a valid URL.");
            return None;
        }
        Some(url)
    }

    /// One of `choices`.
    pub(super) fn choice(&mut self, field: &str, choices: &[&str]) -> Option<String> {
        let value = self.value(field)?;
        let word = written(value);
        if value.is_string() && choices.contains(&word.as_str()) {
            return Some(word);
        }
        self.error(field, &format!("\"{word}\" is not a valid choice."));
        None
    }

    /// One of `choices`, neither absent nor null.
    pub(super) fn required_choice(&mut self, field: &str, choices: &[&str]) -> Option<String> {
        match self.object.and_then(|object| object.get(field)) {
            None => self.error(field, "This field is required."),
            Some(Value::Null) => self.error(field, "This field may not be null."),
            Some(_) => return self.choice(field, choices),
        }
        None
    }

    /// A switch, in any of the spellings that forms use.
    pub(super) fn boolean(&mut self, field: &str) -> Option<bool> {
        match self.value(field)? {
            Value::Bool(switch) => return Some(*switch),
            Value::String(word) => match word.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => return Some(true),
                "false" | "no" | "off" | "0" => return Some(false),
                _ => {}
            },
            Value::Number(number) => match number.as_u64() {
                Some(0) => return Some(false),
                Some(1) => return Some(true),
                _ => {}
            },
            Value::Null | Value::Array(_) | Value::Object(_) => {}
        }
        self.error(field, "Must be a valid boolean.");
        None
    }

    /// A decimal from -0.5 to 0.5 with at most two places, given as a string or a number.
    pub(super) fn offset(&mut self, field: &str) -> Option<String> {
        let value = self.value(field)?;
        let written = written(value);
        let number = written.trim().parse::<f64>().ok().filter(|n| n.is_finite());
        let Some(number) = number else {
            self.error(field, "A valid number is required.");
            return None;
        };
        let places = written
            .trim()
            .split_once('.')
            .map_or(0, |(_, places)| places.len());
        let complaint = if number > 0.5 {
            "Ensure this value is less than or equal to 0.5."
        } else if number < -0.5 {
            "Ensure this value is greater than or equal to -0.5."
        } else if places > 2 {
            "Ensure that there are no more than 2 decimal places."
        } else {
            return Some(format!("{number:.2}"));
        };
        self.error(field, complaint);
        None
    }

    /// A UUID.
    pub(super) fn uuid(&mut self, field: &str) -> Option<String> {
        let value = self.value(field)?;
        if let Some(id) = value.as_str().filter(|id| is_uuid(id)) {
            return Some(id.to_owned());
        }
        let word = written(value);
        self.error(field, &format!("“{word}” is not a valid UUID."));
        None
    }
}
