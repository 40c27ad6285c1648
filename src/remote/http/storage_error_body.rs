//! What a file host sends instead of a file, in words that give nothing of it away.

use serde_json::Value;

use super::error_body::{ErrorBody, element, kind_of_markup};
use super::redact::Redactor;

/// The longest code of an error that is shown: `RequestTimeTooSkewed` and its like.
const LONGEST_CODE: usize = 40;

/// The longest message of an error that is shown, in characters.
const LONGEST_MESSAGE: usize = 120;

impl ErrorBody {
    /// The words for `body`, which came from wherever a link of the API led. They end in messages, results and
    /// the journal, so nothing of it is quoted but the code and the message of a store's error document; else its
    /// kind is told, if it has one. Empty if it has none.
    pub(in crate::remote) fn of_file(body: &[u8], redactor: &Redactor) -> Self {
        let decoded = String::from_utf8_lossy(body);
        let text = decoded.trim_start_matches('\u{feff}').trim();
        let words = if text.starts_with('<') {
            markup(text, redactor)
        } else if text.starts_with(['{', '[']) {
            json(text, redactor)
        } else {
            String::new()
        };
        Self {
            text: words,
            deny_credits: false,
        }
    }
}

/// The error in `text` as S3, what imitates it, and Azure put it: `<Error><Code>…</Code><Message>…`. Else what
/// kind of markup it is.
fn markup(text: &str, redactor: &Redactor) -> String {
    let lower = text.to_ascii_lowercase();
    let root = lower
        .split('<')
        .find(|tag| tag.starts_with(|c: char| c.is_ascii_alphabetic()));
    let is_error = root.is_some_and(|tag| tag.starts_with("error>") || tag.starts_with("error "));
    let field = |name| element(text, &lower, name).filter(|_| is_error);
    error(field("code"), field("message"), redactor)
        .unwrap_or_else(|| kind_of_markup(&lower).to_owned())
}

/// The error in `text` as Google's stores put it: `{"error": {"code": …, "message": …}}`. Else that it is JSON.
fn json(text: &str, redactor: &Redactor) -> String {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let code = value["error"]["code"].as_i64().map(|code| code.to_string());
    let message = value["error"]["message"].as_str();
    error(code.as_deref(), message, redactor).unwrap_or_else(|| "a JSON document".to_owned())
}

/// What an error says, short and fit to be shown. Without a code that is one it is taken for no error.
fn error(code: Option<&str>, message: Option<&str>, redactor: &Redactor) -> Option<String> {
    let is_code = |code: &&str| {
        !code.is_empty()
            && code.len() <= LONGEST_CODE
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let code = code.filter(is_code)?;
    let message = redactor.clean(message.unwrap_or_default());
    if message.is_empty() {
        return Some(code.to_owned());
    }
    let short: String = message.chars().take(LONGEST_MESSAGE).collect();
    let rest = if short.len() < message.len() {
        "…"
    } else {
        ""
    };
    Some(format!("{code}: {short}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Credentials;
    use proptest::prelude::*;

    fn words(body: &[u8]) -> String {
        let credentials = Credentials::new("my-account".into(), "k3y-of-mine".into());
        ErrorBody::of_file(body, &Redactor::new(credentials)).text
    }

    #[test]
    fn of_a_foreign_file_only_the_kind_and_a_stores_error_are_told() {
        let long = format!(
            "<Error><Code>Slow</Code><Message>{}</Message>",
            "x".repeat(500)
        );
        let cut = format!("Slow: {}…", "x".repeat(120));
        for (body, expected) in [
            ("", ""),
            ("root:x:0:0:s3cret", ""),
            ("\"s3cret\"", ""),
            (
                "<html><title>s3cret</title><code>s3cret</code>",
                "an HTML page",
            ),
            ("<!doctype html><message>s3cret</message>", "an HTML page"),
            (
                "<?xml version='1.0'?><a><Error>s3cret</Error></a>",
                "an XML document",
            ),
            ("<Errors><Code>s3cret</Code></Errors>", "an XML document"),
            ("<Error>s3cret</Error>", "an XML document"),
            (
                "<Error><Code>a s3cret</Code><Message>s3cret</Message></Error>",
                "an XML document",
            ),
            (
                "<Error><Message>s3cret</Message></Error>",
                "an XML document",
            ),
            (
                "\u{feff}<?xml version='1.0'?>\n<Error><Code>AccessDenied</Code><Message>Request\nhas \
                 expired</Message><AWSAccessKeyId>s3cret</AWSAccessKeyId></Error>",
                "AccessDenied: Request has expired",
            ),
            ("<Error><Code>AccessDenied</Code></Error>", "AccessDenied"),
            (
                "<Error><Code>No</Code><Message>k3y-of-mine https://x/?Signature=s3cret",
                "No",
            ),
            (&long, &cut),
            (
                r#"{"Code":"Success","SecretAccessKey":"s3cret"}"#,
                "a JSON document",
            ),
            (r#"{"detail":"s3cret"}"#, "a JSON document"),
            (r#"["s3cret"]"#, "a JSON document"),
            (r#"{"s3cret": cut"#, "a JSON document"),
            (
                r#"{"error":{"code":403,"message":"No k3y-of-mine","errors":["s3cret"]}}"#,
                "403: No [hidden]",
            ),
        ] {
            assert_eq!(words(body.as_bytes()), expected, "{body}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_told_shortly(body in prop::collection::vec(any::<u8>(), 0..400)) {
            let words = words(&body);
            prop_assert!(words.chars().count() <= 200 && !words.chars().any(char::is_control));
        }

        #[test]
        fn any_markup_is_told(body in "<[a-zA-Z</>Éİ ]{0,40}") {
            prop_assert!(!words(body.as_bytes()).is_empty());
        }
    }
}
