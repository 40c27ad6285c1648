//! Reading fields of a JSON body, with the error messages of Django REST Framework.

use serde_json::{Map, Value};

/// Error messages by field.
pub(super) type FieldErrors = Map<String, Value>;

/// Whether `text` has the form of a UUID, with or without its dashes.
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

/// The fields of a body, and the errors found so far.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    object: Option<&'a Map<String, Value>>,
    pub(super) errors: FieldErrors,
}

impl<'a> Fields<'a> {
    pub(super) fn new(object: Option<&'a Map<String, Value>>) -> Self {
        Self { object, errors: Map::new() }
    }

    /// Adds an error message for a field.
    pub(super) fn error(&mut self, field: &str, message: &str) {
        let messages = self.errors.entry(field).or_insert_with(|| Value::from([""; 0]));
        if let Value::Array(messages) = messages {
            messages.push(message.into());
        }
    }

    pub(super) fn has_errors_in(&self, fields: &[&str]) -> bool {
        fields.iter().any(|field| self.errors.contains_key(*field))
    }

    /// Returns a field's value; null counts as absent.
    pub(super) fn value(&self, field: &str) -> Option<&'a Value> {
        let value = self.object.and_then(|object| object.get(field));
        value.filter(|value| !value.is_null())
    }

    /// Reads a string or a number: trimmed, not blank, at most `limit` characters.
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

    /// Reads an http or https URL of at most `limit` characters.
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

    /// Reads one of `choices`.
    pub(super) fn choice(&mut self, field: &str, choices: &[&str]) -> Option<String> {
        let value = self.value(field)?;
        let word = display(value);
        if value.is_string() && choices.contains(&word.as_str()) {
            return Some(word);
        }
        self.error(field, &format!("\"{word}\" is not a valid choice."));
        None
    }

    /// Reads one of `choices`, neither absent nor null.
    pub(super) fn required_choice(&mut self, field: &str, choices: &[&str]) -> Option<String> {
        match self.object.and_then(|object| object.get(field)) {
            None => self.error(field, "This field is required."),
            Some(Value::Null) => self.error(field, "This field may not be null."),
            Some(_) => return self.choice(field, choices),
        }
        None
    }

    /// Reads a boolean in any of DRF's spellings.
    pub(super) fn boolean(&mut self, field: &str) -> Option<bool> {
        match self.value(field)? {
            Value::Bool(value) => return Some(*value),
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

    /// Reads a string or number from -0.5 to 0.5 with at most two decimal places.
    pub(super) fn offset(&mut self, field: &str) -> Option<String> {
        let value = self.value(field)?;
        let text = display(value);
        let number = text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
        let Some(number) = number else {
            self.error(field, "A valid number is required.");
            return None;
        };
        let places = text.trim().split_once('.').map_or(0, |(_, places)| places.len());
        let message = if number > 0.5 {
            "Ensure this value is less than or equal to 0.5."
        } else if number < -0.5 {
            "Ensure this value is greater than or equal to -0.5."
        } else if places > 2 {
            "Ensure that there are no more than 2 decimal places."
        } else {
            return Some(format!("{number:.2}"));
        };
        self.error(field, message);
        None
    }

    /// Reads a UUID.
    pub(super) fn uuid(&mut self, field: &str) -> Option<String> {
        let value = self.value(field)?;
        if let Some(id) = value.as_str().filter(|id| is_uuid(id)) {
            return Some(id.to_owned());
        }
        let word = display(value);
        self.error(field, &format!("“{word}” is not a valid UUID."));
        None
    }
}
