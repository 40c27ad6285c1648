//! Errors of the API, in the words of the command line.

use axum::Json;
use axum::http::StatusCode;
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
