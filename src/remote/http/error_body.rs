//! The message in an error response of the API, or in a response of a file host instead of a file:
//! [`ErrorBody`].

use std::borrow::Cow;

use serde_json::Value;

use super::redact::Redactor;
use crate::model::denies_credits;
use crate::util::text::truncate;

/// The maximum of parts of a message that are shown.
const MAX_PARTS: usize = 10;

/// Longest error code that is shown, such as `RequestTimeTooSkewed`.
const MAX_CODE: usize = 40;

/// Longest error message that is shown, in characters.
const MAX_MESSAGE: usize = 120;

/// Longest beginning of an answer that is no error that is shown, in characters.
const MAX_SHOWN_TEXT: usize = 60;

/// First elements of HTML pages. Other markup is taken for XML.
const HTML: [&str; 14] = [
    "html", "head", "body", "title", "meta", "script", "center", "div", "p", "h1", "h2", "h3",
    "pre", "table",
];

/// The message of an error response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErrorBody {
    /// The text to show; empty if there is none.
    pub(crate) text: String,
    /// Whether it says that the credits are used up.
    pub(crate) denies_credits: bool,
    /// Whether it is a document of another form than the API's, which answers with JSON.
    pub(crate) is_foreign: bool,
    /// Whether it is a page that does not speak of an outage.
    pub(crate) is_no_outage: bool,
    /// The pause that Django REST Framework names in its message, in seconds.
    pub(crate) pause: Option<u64>,
}

/// The words before the seconds in the message of a throttled request, of Django REST Framework.
const PAUSE: &str = "expected available in ";

impl ErrorBody {
    /// Summarises `body`. The API answers as Django REST Framework does (an object with `detail`, an object of lists by
    /// field, a bare list); gateways answer with pages.
    pub(crate) fn from_api(body: &[u8], redactor: &Redactor) -> Self {
        if let Ok(value) = serde_json::from_slice::<Value>(body) {
            let mut parts = Vec::new();
            collect_parts(&value, "", &mut parts);
            let text = parts.join("; ");
            return Self {
                text: redactor.clean(&text),
                denies_credits: value_denies_credits(&value),
                is_foreign: false,
                is_no_outage: false,
                pause: named_pause(&text),
            };
        }
        let text = decode(body);
        let text = text.trim();
        let is_markup = text.starts_with('<');
        let message = if is_markup { summarise_markup(text) } else { text.to_owned() };
        Self {
            text: redactor.clean(&message),
            denies_credits: !is_markup && denies_credits(text),
            // An answer of the API may be cut off.
            is_foreign: !text.is_empty() && !text.starts_with(['{', '[', '"']),
            is_no_outage: is_markup && is_no_outage(text),
            pause: None,
        }
    }

    /// Summarises `body`, which any host may have sent. The summary is shown and recorded, so it quotes only the code and
    /// the message of a file store's error; else it names the kind of the document. Empty if that is unknown.
    pub(crate) fn from_storage(body: &[u8], redactor: &Redactor) -> Self {
        let decoded = String::from_utf8_lossy(body);
        let text = decoded.trim_start_matches('\u{feff}').trim();
        let text = if text.starts_with('<') {
            summarise_storage_markup(text, redactor)
        } else if text.starts_with(['{', '[']) {
            summarise_storage_json(text, redactor)
        } else {
            String::new()
        };
        Self { text, denies_credits: false, is_foreign: false, is_no_outage: false, pause: None }
    }
}

/// Returns a description of `body` if it is a page of markup.
pub(crate) fn page(body: &[u8], redactor: &Redactor) -> Option<String> {
    let text = decode(body);
    text.trim().starts_with('<').then(|| redactor.clean(&summarise_markup(text.trim())))
}

/// Returns a description of `body`, or of its beginning, if it is no object and no list of JSON: the API answers every read
/// with one of them.
pub(crate) fn foreign_answer(body: &[u8], redactor: &Redactor) -> Option<String> {
    let text = decode(body);
    let text = text.trim();
    if text.starts_with(['{', '[']) {
        return None;
    }
    Some(if text.is_empty() {
        "an empty answer".to_owned()
    } else if text.starts_with('<') {
        redactor.clean(&summarise_markup(text))
    } else if text.contains(['\u{fffd}', '\0']) {
        "data that are no text".to_owned()
    } else {
        format!("the text `{}`", truncate(&redactor.clean(text), MAX_SHOWN_TEXT))
    })
}

/// Decodes UTF-16 with a byte order mark, or else UTF-8.
fn decode(body: &[u8]) -> Cow<'_, str> {
    encoding_rs::UTF_8.decode(body).0
}

/// What is in the pages of browser checks and portals, in lower case.
const CHECKS: [&str; 7] = [
    "<form",
    "just a moment",
    "checking your browser",
    "captcha",
    "attention required",
    "enable javascript",
    "sign in",
];

/// What is in the pages of gateways in front of a server that cannot answer, in lower case.
const OUTAGES: [&str; 12] = [
    "unavailable",
    "bad gateway",
    "gateway time",
    "time-out",
    "timeout",
    "timed out",
    "error",
    "maintenance",
    "overload",
    "try again",
    "temporar",
    "busy",
];

/// Checks whether a page with a status of 5xx is not about an outage: that of a browser check, a portal or a filter.
fn is_no_outage(page: &str) -> bool {
    let page = page.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| page.contains(word));
    has(&CHECKS) || !has(&OUTAGES)
}

/// Returns the seconds of [`PAUSE`].
fn named_pause(message: &str) -> Option<u64> {
    let lower = message.to_lowercase();
    let (_, rest) = lower.split_once(PAUSE)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Adds the texts in `value` to `parts`, each with its field.
fn collect_parts(value: &Value, field: &str, parts: &mut Vec<String>) {
    if parts.len() >= MAX_PARTS {
        return;
    }
    let mut add = |text: &str| {
        parts.push(if field.is_empty() { text.to_owned() } else { format!("{field}: {text}") });
    };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let inner = if is_general(name) {
                    field.to_owned()
                } else if field.is_empty() {
                    name.clone()
                } else {
                    format!("{field}.{name}")
                };
                collect_parts(value, &inner, parts);
            }
        }
        Value::Array(values) => {
            for value in values {
                collect_parts(value, field, parts);
            }
        }
        Value::Null => {}
        Value::String(text) => add(text),
        Value::Bool(_) | Value::Number(_) => add(&value.to_string()),
    }
}

/// Checks whether a field concerns the whole request.
fn is_general(field: &str) -> bool {
    matches!(field, "detail" | "message" | "error" | "errors" | "non_field_errors" | "msg")
}

/// Whether a text that concerns the whole request denies credits. Other fields may repeat the text that was sent.
fn value_denies_credits(value: &Value) -> bool {
    match value {
        Value::String(text) => denies_credits(text),
        Value::Array(values) => values.iter().any(value_denies_credits),
        Value::Object(fields) => fields.iter().any(|(field, value)| {
            let is_about_request = is_general(field)
                || matches!(field.as_str(), "code" | "type")
                || field.contains("credit");
            is_about_request && value_denies_credits(value)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Returns the title of an HTML page or the message of a file store's error.
fn summarise_markup(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let element = |name| element(text, &lower, name);
    if let Some(title) = element("title") {
        return format!("an HTML page titled `{title}`");
    }
    let message = element("message").or_else(|| element("code"));
    message.unwrap_or_else(|| markup_kind(&lower)).to_owned()
}

/// Returns the content of the first element `name` of `text`. `lower` is `text` in ASCII lower case, so both have the same
/// byte positions.
fn element<'a>(text: &'a str, lower: &str, name: &str) -> Option<&'a str> {
    let start = lower.find(&format!("<{name}"))?;
    let content = start + lower[start..].find('>')? + 1;
    let end = content + lower[content..].find("</")?;
    Some(text[content..end].trim()).filter(|content| !content.is_empty())
}

/// Returns what kind of markup `lower` is, which begins with `<`.
fn markup_kind(lower: &str) -> &'static str {
    let root = lower[1..].split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let is_html = HTML.contains(&root) || (root.is_empty() && !lower.starts_with("<?xml"));
    if is_html { "an HTML page" } else { "an XML document" }
}

/// Returns the error of S3, its imitations and Azure (`<Error><Code>…</Code><Message>…`), or else the kind of markup.
fn summarise_storage_markup(text: &str, redactor: &Redactor) -> String {
    let lower = text.to_ascii_lowercase();
    let root = lower.split('<').find(|tag| tag.starts_with(|c: char| c.is_ascii_alphabetic()));
    let is_error = root.is_some_and(|tag| tag.starts_with("error>") || tag.starts_with("error "));
    let element = |name| element(text, &lower, name).filter(|_| is_error);
    summarise_storage_error(element("code"), element("message"), redactor)
        .unwrap_or_else(|| markup_kind(&lower).to_owned())
}

/// Returns the error of Google's stores (`{"error": {"code": …, "message": …}}`), or else that it is JSON.
fn summarise_storage_json(text: &str, redactor: &Redactor) -> String {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let code = value["error"]["code"].as_i64().map(|code| code.to_string());
    let message = value["error"]["message"].as_str();
    summarise_storage_error(code.as_deref(), message, redactor)
        .unwrap_or_else(|| "a JSON document".to_owned())
}

/// Returns code and message; `None` without a plausible code.
fn summarise_storage_error(
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

    fn parse(body: &str) -> ErrorBody {
        let credentials = Credentials::new("my-account".into(), "k3y-of-mine".into());
        ErrorBody::from_api(body.as_bytes(), &Redactor::new(credentials))
    }

    #[test]
    fn every_format_is_summarised() {
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
            assert_eq!(parse(body).text, expected, "{body}");
        }
    }

    #[test]
    fn an_answer_that_is_no_json_is_named() {
        let redactor = Redactor::new(Credentials::new("my-account".into(), "k3y-of-mine".into()));
        let named = |body: &[u8]| foreign_answer(body, &redactor);
        let page = "<!doctype html><title>Sign in</title>";
        let utf16 = page.encode_utf16().flat_map(u16::to_le_bytes);
        let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(utf16).collect();
        for (body, expected) in [
            (&b""[..], "an empty answer"),
            (b" \r\n", "an empty answer"),
            (b"null", "the text `null`"),
            (b"It works!", "the text `It works!`"),
            (b"location='/k3y-of-mine'", "the text `location='/[hidden]'`"),
            (b"x\x9c\xab\xff\x00", "data that are no text"),
            (&utf16, "an HTML page titled `Sign in`"),
            (page.as_bytes(), "an HTML page titled `Sign in`"),
        ] {
            assert_eq!(named(body).as_deref(), Some(expected), "{body:?}");
        }
        for own in ["[]", " {\"id\": 1", "\u{feff}[{"] {
            assert_eq!(named(own.as_bytes()), None, "{own}");
        }
    }

    #[test]
    fn only_pages_about_outages_are_of_gateways() {
        for page in [
            "<html><head><title>503 Service Temporarily Unavailable</title></head>nginx",
            "<title>502 Bad Gateway</title>",
            "<h1>Application Error</h1>",
            "<title>504 Gateway Time-out</title>",
            "<p>We are down for maintenance",
        ] {
            assert!(!parse(page).is_no_outage, "{page}");
        }
        for page in [
            "<title>Just a moment...</title><p>error 1020",
            "<html><form action='/login'><p>The service is temporarily open",
            "<title>Blocked by your organisation</title>",
        ] {
            assert!(parse(page).is_no_outage, "{page}");
        }
        for other in ["", "{\"detail\":\"x\"}", "no healthy upstream"] {
            assert!(!parse(other).is_no_outage, "{other}");
        }
    }

    #[test]
    fn only_statements_about_the_request_deny_credits() {
        for body in [
            r#"{"detail":"Insufficient credits."}"#,
            r#"["You don't have enough credits to do this"]"#,
            r#"{"non_field_errors":["Not enough credits"]}"#,
            r#"{"credits":["No credits"]}"#,
            r#"{"error":{"code":"insufficient_credits"}}"#,
            "Your credit balance is too low",
        ] {
            assert!(parse(body).denies_credits, "{body}");
        }
        for body in [
            r#"{"text":["Not enough credits in the credits roll"]}"#,
            r#"{"detail":"The text \"no credits needed\" is not allowed"}"#,
            r#"{"detail":"Credit cards may not be shown."}"#,
            "<html><title>no credits</title>",
        ] {
            assert!(!parse(body).denies_credits, "{body}");
        }
        let long = format!(r#"{{"detail":"{} no credits"}}"#, "x".repeat(400));
        assert!(!parse(&long).denies_credits);
    }

    fn summarise_storage(body: &[u8]) -> String {
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
            assert_eq!(summarise_storage(body.as_bytes()), expected, "{body}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_summarised(body in prop::collection::vec(any::<u8>(), 0..400)) {
            let redactor = Redactor::new(Credentials::new("idid".into(), "keykey".into()));
            let parsed = ErrorBody::from_api(&body, &redactor);
            prop_assert!(parsed.text.chars().count() <= 300);
            prop_assert!(!parsed.text.chars().any(char::is_control));
        }

        #[test]
        fn any_markup_is_summarised(body in "<[a-zA-Z</>Éİ ]{0,40}") {
            prop_assert!(!parse(&body).text.is_empty());
        }

        #[test]
        fn the_summary_of_any_bytes_is_short(body in prop::collection::vec(any::<u8>(), 0..400)) {
            let text = summarise_storage(&body);
            prop_assert!(text.chars().count() <= 200 && !text.chars().any(char::is_control));
        }

        #[test]
        fn any_markup_of_a_store_is_summarised(body in "<[a-zA-Z</>Éİ ]{0,40}") {
            prop_assert!(!summarise_storage(body.as_bytes()).is_empty());
        }
    }
}
