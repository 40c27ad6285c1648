//! Errors of the API, in the words of the command line.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::app;

/// An error response: `{"error": …, "hints": […]}`, with `problems` if a sheet has some.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    body: Value,
}

/// The result of a handler.
pub(super) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// Returns an error without advice.
    pub(super) fn new(status: StatusCode, message: &str) -> Self {
        Self { status, body: json!({ "error": message, "hints": [] }) }
    }

    /// Returns the error for something that does not exist.
    pub(super) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, &format!("there is no such {what}"))
    }
}

impl From<app::Error> for ApiError {
    fn from(error: app::Error) -> Self {
        let status = match &error {
            app::Error::Manifest { .. } | app::Error::Usage { .. } => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            app::Error::Held { .. } | app::Error::Lock(_) | app::Error::Stopped { .. } => {
                StatusCode::CONFLICT
            }
            app::Error::Provider(_) | app::Error::Lookup(_) | app::Error::Remote(_) => {
                StatusCode::BAD_GATEWAY
            }
            app::Error::Interrupted { .. }
            | app::Error::Journal(_)
            | app::Error::Restore(_)
            | app::Error::Drive { .. }
            | app::Error::Results { .. }
            | app::Error::Io { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, body: error_json(&error) }
    }
}

/// Returns the body of the response for `error`.
pub(super) fn error_json(error: &app::Error) -> Value {
    let app::Error::Manifest { problems, .. } = error else {
        return json!({ "error": error.message(), "hints": error.hints() });
    };
    let problems: Vec<Value> = problems
        .problems()
        .iter()
        .map(|problem| {
            json!({
                "severity": "problem",
                "row": problem.line(),
                "column": problem.column(),
                "place": problem.place(),
                "message": problem.message(),
                "help": problem.help_text(),
            })
        })
        .collect();
    let count = crate::util::text::plural(problems.len(), "problem");
    json!({ "error": format!("the sheet has {count}"), "hints": error.hints(), "problems": problems })
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

/// The most bytes of a message of the framework.
const MAX_MESSAGE: usize = 64 << 10;

/// Returns a response in which the refusals of the framework, such as that of a body that is no JSON, have the form of all
/// errors. They are plain text, or empty.
pub(super) async fn in_error_form(response: Response) -> Response {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_text = kind.is_none_or(|kind| kind.starts_with("text/plain"));
    let status = response.status();
    if !is_text || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let body = axum::body::to_bytes(response.into_body(), MAX_MESSAGE).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&body);
    let reason = status.canonical_reason().unwrap_or_default();
    ApiError::new(status, if text.is_empty() { reason } else { &text }).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn refusals_of_the_framework_have_the_form_of_all_errors() {
        for (response, expected) in [
            ((StatusCode::BAD_REQUEST, "no JSON").into_response(), "no JSON"),
            (StatusCode::METHOD_NOT_ALLOWED.into_response(), "Method Not Allowed"),
            (ApiError::not_found("page").into_response(), "there is no such page"),
        ] {
            let status = response.status();
            let response = in_error_form(response).await;
            assert_eq!(response.status(), status);
            let body = axum::body::to_bytes(response.into_body(), MAX_MESSAGE).await.unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body, json!({ "error": expected, "hints": [] }));
        }
        let video = StatusCode::OK.into_response();
        assert!(in_error_form(video).await.headers().get(CONTENT_TYPE).is_none());
    }
}
