//! What a server says in the body of a refusal.

use serde_json::Value;

use super::redact::Redactor;

/// More parts than this say no more to a person.
const MOST_PARTS: usize = 10;

/// A longer text is a document or an echo of ours, and is not searched for what it says of credits.
const LONGEST_STATEMENT: usize = 300;

/// How servers say that the credits are used up. Whole phrases, because a refusal of a text may well
/// quote the word alone.
const NO_CREDITS: [&str; 14] = [
    "insufficient credit",
    "insufficient_credit",
    "insufficient balance",
    "not enough credit",
    "enough credits",
    "no credits",
    "no more credits",
    "out of credits",
    "run out of credit",
    "credit balance",
    "remaining credits",
    "credits remaining",
    "credits left",
    "credits exhausted",
];

/// What a page of HTML may begin with; whatever else is markup is taken for XML.
const HTML: [&str; 14] = [
    "html", "head", "body", "title", "meta", "script", "center", "div", "p", "h1", "h2", "h3",
    "pre", "table",
];

/// The words of a refusal, fit to be shown, and the one thing in them that a decision hangs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::remote) struct ErrorBody {
    /// For people. Empty if there are none.
    pub(in crate::remote) text: String,
    /// They say that the credits are used up.
    pub(in crate::remote) deny_credits: bool,
}

impl ErrorBody {
    /// The words in `body`, which may be of any shape: the API answers as Django REST Framework does (an
    /// object with `detail`, an object of lists by field, a bare list), gateways answer with pages.
    pub(in crate::remote) fn of(body: &[u8], redactor: &Redactor) -> Self {
        if let Ok(value) = serde_json::from_slice::<Value>(body) {
            let mut parts = Vec::new();
            describe(&value, "", &mut parts);
            return Self {
                text: redactor.clean(&parts.join("; ")),
                deny_credits: general_statements(&value).any(denies_credits),
            };
        }
        let text = String::from_utf8_lossy(body);
        let text = text.trim_start_matches('\u{feff}').trim();
        let words = if text.starts_with('<') {
            page(text)
        } else {
            text.to_owned()
        };
        Self {
            text: redactor.clean(&words),
            deny_credits: !text.starts_with('<') && denies_credits(text),
        }
    }
}

/// Adds what `value` says to `parts`, each with the place it speaks of.
fn describe(value: &Value, place: &str, parts: &mut Vec<String>) {
    if parts.len() >= MOST_PARTS {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let inner = if is_general(field) {
                    place.to_owned()
                } else if place.is_empty() {
                    field.clone()
                } else {
                    format!("{place}.{field}")
                };
                describe(value, &inner, parts);
            }
        }
        Value::Array(values) => {
            for value in values {
                describe(value, place, parts);
            }
        }
        Value::Null => {}
        Value::String(text) => parts.push(with_place(place, text)),
        Value::Bool(_) | Value::Number(_) => parts.push(with_place(place, &value.to_string())),
    }
}

fn with_place(place: &str, text: &str) -> String {
    if place.is_empty() {
        text.to_owned()
    } else {
        format!("{place}: {text}")
    }
}

/// The fields that speak of the request as a whole.
fn is_general(field: &str) -> bool {
    matches!(
        field,
        "detail" | "message" | "error" | "errors" | "non_field_errors" | "msg"
    )
}

/// The texts that speak of the request as a whole: a field of the request may echo our own text.
fn general_statements(value: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match value {
        Value::String(text) => Box::new(std::iter::once(text.as_str())),
        Value::Array(values) => Box::new(values.iter().flat_map(general_statements)),
        Value::Object(fields) => Box::new(
            fields
                .iter()
                .filter(|(field, _)| {
                    is_general(field)
                        || matches!(field.as_str(), "code" | "type")
                        || field.contains("credit")
                })
                .flat_map(|(_, value)| general_statements(value)),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => Box::new(std::iter::empty()),
    }
}

fn denies_credits(statement: &str) -> bool {
    if statement.chars().count() > LONGEST_STATEMENT {
        return false;
    }
    let unquoted = without_quotations(&statement.to_lowercase());
    NO_CREDITS.iter().any(|phrase| unquoted.contains(phrase))
}

/// `text` without what it quotes, which may be ours.
fn without_quotations(text: &str) -> String {
    let mut quoted = false;
    text.chars()
        .filter(|c| {
            let is_mark = matches!(c, '"' | '`' | '“' | '”' | '«' | '»');
            quoted ^= is_mark;
            !quoted && !is_mark
        })
        .collect()
}

/// What a page of markup says: its title, or the message of a file store's error.
fn page(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let field = |name| element(text, &lower, name);
    if let Some(title) = field("title") {
        return format!("an HTML page titled `{title}`");
    }
    if let Some(message) = field("message").or_else(|| field("code")) {
        return message.to_owned();
    }
    kind_of_markup(&lower).to_owned()
}

/// What the first element `name` of `text` holds, if anything. `lower` is `text` in lower case, of ASCII alone, so
/// that places in the one are places in the other.
pub(super) fn element<'a>(text: &'a str, lower: &str, name: &str) -> Option<&'a str> {
    let start = lower.find(&format!("<{name}"))?;
    let content = start + lower[start..].find('>')? + 1;
    let end = content + lower[content..].find("</")?;
    Some(text[content..end].trim()).filter(|content| !content.is_empty())
}

/// What kind of markup `lower` is, which begins with `<`.
pub(super) fn kind_of_markup(lower: &str) -> &'static str {
    let root = lower[1..]
        .split(|c: char| !c.is_ascii_alphanumeric())
        .next();
    match root {
        Some("") | None if !lower.starts_with("<?xml") => "an HTML page",
        Some(root) if HTML.contains(&root) => "an HTML page",
        Some(_) | None => "an XML document",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Credentials;
    use proptest::prelude::*;

    fn words(body: &str) -> ErrorBody {
        let credentials = Credentials::new("my-account".into(), "k3y-of-mine".into());
        ErrorBody::of(body.as_bytes(), &Redactor::new(credentials))
    }

    #[test]
    fn every_shape_is_put_into_words() {
        for (body, expected) in [
            (r#"{"detail":"Invalid token."}"#, "Invalid token."),
            (
                r#"{"text":["May not be blank.","Too short."],"creator":["No."]}"#,
                "creator: No.; text: May not be blank.; text: Too short.",
            ),
            (r#"["Lipsync is running"]"#, "Lipsync is running"),
            (r#""no""#, "no"),
            (
                r#"{"detail":[{"loc":["body","text"],"msg":"field required"}]}"#,
                "loc: body; loc: text; field required",
            ),
            (r#"{"error":{"message":"busy","code":7}}"#, "code: 7; busy"),
            (r#"{"options":{"voice":["bad"]}}"#, "options.voice: bad"),
            ("null", ""),
            ("", ""),
            ("upstream\r\nfailed", "upstream failed"),
            (
                "<html><HEAD><title> 502 Bad\nGateway</title>",
                "an HTML page titled `502 Bad Gateway`",
            ),
            ("<!doctype html><p>x", "an HTML page"),
            (
                "<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Request has expired</Message>",
                "Request has expired",
            ),
            ("<?xml version='1.0'?>", "an XML document"),
            ("<Error><Code>AccessDenied</Code></Error>", "AccessDenied"),
            ("<Error/>", "an XML document"),
            ("<h1>Busy</h1>", "an HTML page"),
            ("<!-- gateway -->", "an HTML page"),
            (r#"{"detail":"k3y-of-mine is wrong"}"#, "[hidden] is wrong"),
        ] {
            assert_eq!(words(body).text, expected, "{body}");
        }
    }

    #[test]
    fn credits_are_denied_only_by_statements_about_the_request() {
        for body in [
            r#"{"detail":"Insufficient credits."}"#,
            r#"["You don't have enough credits to do this"]"#,
            r#"{"non_field_errors":["Not enough credits"]}"#,
            r#"{"credits":["No credits"]}"#,
            r#"{"error":{"code":"insufficient_credits"}}"#,
            "Your credit balance is too low",
        ] {
            assert!(words(body).deny_credits, "{body}");
        }
        for body in [
            r#"{"text":["Not enough credits in the credits roll"]}"#,
            r#"{"detail":"The text \"no credits needed\" is not allowed"}"#,
            r#"{"detail":"Credit cards may not be shown."}"#,
            "<html><title>no credits</title>",
        ] {
            assert!(!words(body).deny_credits, "{body}");
        }
        let long = format!(r#"{{"detail":"{} no credits"}}"#, "x".repeat(400));
        assert!(!words(&long).deny_credits);
    }

    proptest! {
        #[test]
        fn any_bytes_are_words(body in prop::collection::vec(any::<u8>(), 0..400)) {
            let redactor = Redactor::new(Credentials::new("idid".into(), "keykey".into()));
            let words = ErrorBody::of(&body, &redactor);
            prop_assert!(words.text.chars().count() <= 300);
            prop_assert!(!words.text.chars().any(char::is_control));
        }

        #[test]
        fn any_markup_is_words(body in "<[a-zA-Z</>Éİ ]{0,40}") {
            prop_assert!(!words(&body).text.is_empty());
        }
    }
}
