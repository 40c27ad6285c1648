//! The message in a response of a file host instead of a file.

use serde_json::Value;

use super::error_body::{ErrorBody, element, markup_kind};
use super::redact::Redactor;
use crate::util::text::truncate;

/// Longest error code that is shown, such as `RequestTimeTooSkewed`.
const MAX_CODE: usize = 40;

/// Longest error message that is shown, in characters.
const MAX_MESSAGE: usize = 120;

impl ErrorBody {
    /// Summarises `body`, which any host may have sent. The summary is shown and recorded, so it quotes only the code and
    /// the message of a file store's error; else it names the kind of the document. Empty if that is unknown.
    pub(crate) fn from_storage(body: &[u8], redactor: &Redactor) -> Self {
        let decoded = String::from_utf8_lossy(body);
        let text = decoded.trim_start_matches('\u{feff}').trim();
        let text = if text.starts_with('<') {
            summarise_markup(text, redactor)
        } else if text.starts_with(['{', '[']) {
            summarise_json(text, redactor)
        } else {
            String::new()
        };
        Self { text, denies_credits: false }
    }
}

/// Returns the error of S3, its imitations and Azure (`<Error><Code>…</Code><Message>…`), or else the kind of markup.
fn summarise_markup(text: &str, redactor: &Redactor) -> String {
    let lower = text.to_ascii_lowercase();
    let root = lower.split('<').find(|tag| tag.starts_with(|c: char| c.is_ascii_alphabetic()));
    let is_error = root.is_some_and(|tag| tag.starts_with("error>") || tag.starts_with("error "));
    let element = |name| element(text, &lower, name).filter(|_| is_error);
    summarise_error(element("code"), element("message"), redactor)
        .unwrap_or_else(|| markup_kind(&lower).to_owned())
}

/// Returns the error of Google's stores (`{"error": {"code": …, "message": …}}`), or else that it is JSON.
fn summarise_json(text: &str, redactor: &Redactor) -> String {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let code = value["error"]["code"].as_i64().map(|code| code.to_string());
    let message = value["error"]["message"].as_str();
    summarise_error(code.as_deref(), message, redactor)
        .unwrap_or_else(|| "a JSON document".to_owned())
}

/// Returns code and message; `None` without a plausible code.
fn summarise_error(
    code: Option<&str>,
    message: Option<&str>,
    redactor: &Redactor,
) -> Option<String> {
    let is_code = |code: &&str| {
        (1..=MAX_CODE).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let code = code.filter(is_code)?;
    let message = redactor.clean(message.unwrap_or_default());
    Some(if message.is_empty() {
        code.to_owned()
    } else {
        format!("{code}: {}", truncate(&message, MAX_MESSAGE))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Credentials;
    use proptest::prelude::*;

    fn summarise(body: &[u8]) -> String {
        let credentials = Credentials::new("my-account".into(), "k3y-of-mine".into());
        ErrorBody::from_storage(body, &Redactor::new(credentials)).text
    }

    #[test]
    fn only_the_kind_and_a_stores_error_are_shown() {
        let long = format!("<Error><Code>Slow</Code><Message>{}</Message>", "x".repeat(500));
        let cut = format!("Slow: {}…", "x".repeat(119));
        for (body, expected) in [
            ("", ""),
            ("root:x:0:0:s3cret", ""),
            ("\"s3cret\"", ""),
            ("<html><title>s3cret</title><code>s3cret</code>", "an HTML page"),
            ("<!doctype html><message>s3cret</message>", "an HTML page"),
            ("<?xml version='1.0'?><a><Error>s3cret</Error></a>", "an XML document"),
            ("<Errors><Code>s3cret</Code></Errors>", "an XML document"),
            ("<Error>s3cret</Error>", "an XML document"),
            ("<Error><Code>a s3cret</Code><Message>s3cret</Message></Error>", "an XML document"),
            ("<Error><Message>s3cret</Message></Error>", "an XML document"),
            (
                "\u{feff}<?xml version='1.0'?>\n<Error><Code>AccessDenied</Code><Message>Request\nhas \
                 expired</Message><AWSAccessKeyId>s3cret</AWSAccessKeyId></Error>",
                "AccessDenied: Request has expired",
            ),
            ("<Error><Code>AccessDenied</Code></Error>", "AccessDenied"),
            ("<Error><Code>No</Code><Message>k3y-of-mine https://x/?Signature=s3cret", "No"),
            (&long, &cut),
            (r#"{"Code":"Success","SecretAccessKey":"s3cret"}"#, "a JSON document"),
            (r#"{"detail":"s3cret"}"#, "a JSON document"),
            (r#"["s3cret"]"#, "a JSON document"),
            (r#"{"s3cret": cut"#, "a JSON document"),
            (
                r#"{"error":{"code":403,"message":"No k3y-of-mine","errors":["s3cret"]}}"#,
                "403: No [hidden]",
            ),
        ] {
            assert_eq!(summarise(body.as_bytes()), expected, "{body}");
        }
    }

    proptest! {
        #[test]
        fn the_summary_of_any_bytes_is_short(body in prop::collection::vec(any::<u8>(), 0..400)) {
            let text = summarise(&body);
            prop_assert!(text.chars().count() <= 200 && !text.chars().any(char::is_control));
        }

        #[test]
        fn any_markup_is_summarised(body in "<[a-zA-Z</>Éİ ]{0,40}") {
            prop_assert!(!summarise(body.as_bytes()).is_empty());
        }
    }
}
