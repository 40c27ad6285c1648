//! Answers in the manner of Django REST Framework, and what may become of them.

use axum::body::{Body, HttpBody as _};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;
use serde_json::json;

use super::body::{Ending, cut};
use super::clock;
use super::faults::{AnswerFault, Struck};
use super::line::Scissors;
use super::world::World;

/// A JSON answer.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    // Only a map with keys that are no strings fails, and none of ours has such keys.
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    with_body(status, "application/json", Body::from(bytes))
}

/// `{"detail": …}`, the shape of most refusals.
pub(super) fn detail(status: StatusCode, message: &str) -> Response {
    json(status, &json!({ "detail": message }))
}

/// An answer of any type.
pub(super) fn with_body(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    set(&mut response, CONTENT_TYPE, content_type);
    response
}

/// Sets a header. A value that cannot be one is left out; ours are ASCII.
pub(super) fn set(response: &mut Response, name: axum::http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// The 404 of an address that leads nowhere: HTML, as Django writes it.
pub(super) fn no_such_page() -> Response {
    html(StatusCode::NOT_FOUND, "Not Found")
}

/// A small page.
pub(super) fn html(status: StatusCode, title: &str) -> Response {
    let page = format!(
        "<!doctype html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    );
    with_body(status, "text/html; charset=utf-8", Body::from(page))
}

/// A redirect.
pub(super) fn redirect(status: StatusCode, location: &str) -> Response {
    let mut response = html(status, "Moved");
    set(&mut response, LOCATION, location);
    response
}

/// A 401; `WWW-Authenticate` is what makes DRF answer 401 instead of 403.
pub(super) fn unauthorised(message: &str) -> Response {
    let mut response = detail(StatusCode::UNAUTHORIZED, message);
    set(&mut response, WWW_AUTHENTICATE, "X-API-ID");
    response
}

/// A 429.
pub(super) fn too_many(retry_after: Option<String>) -> Response {
    let message = match &retry_after {
        Some(when) => format!("Request was throttled. Expected available: {when}."),
        None => "Request was throttled.".to_owned(),
    };
    let mut response = detail(StatusCode::TOO_MANY_REQUESTS, &message);
    if let Some(when) = retry_after {
        set(&mut response, RETRY_AFTER, &when);
    }
    response
}

/// What becomes of the answer `good` to a request for `path` under a fault.
pub(super) async fn spoil(
    world: &World,
    scissors: &Scissors,
    struck: Struck<AnswerFault>,
    path: &str,
    good: Response,
) -> Response {
    let created = good.status() == StatusCode::CREATED;
    match struck.fault {
        AnswerFault::Reset => {
            scissors.reset();
            good
        }
        AnswerFault::Hang => {
            clock::pass(struck.amount_or(500), &mut world.stopping()).await;
            scissors.close();
            good
        }
        AnswerFault::InternalError => detail(
            StatusCode::INTERNAL_SERVER_ERROR,
            "A server error occurred.",
        ),
        AnswerFault::BadGateway => html(StatusCode::BAD_GATEWAY, "502 Bad Gateway"),
        AnswerFault::Unavailable => html(
            StatusCode::SERVICE_UNAVAILABLE,
            "503 Service Temporarily Unavailable",
        ),
        AnswerFault::GatewayTimeout => html(StatusCode::GATEWAY_TIMEOUT, "504 Gateway Time-out"),
        AnswerFault::Truncated => truncate(world, struck.amount, good),
        AnswerFault::Unreadable => with_body(
            good.status(),
            "application/json",
            Body::from("{\"id\": \"unreadable, \u{0}"),
        ),
        AnswerFault::Array => {
            let status = u16::try_from(struck.amount_or(200)).unwrap_or(200);
            json(
                StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
                &json!([]),
            )
        }
        AnswerFault::EmptyObject if created => json(StatusCode::CREATED, &json!({})),
        AnswerFault::EmptyObject => json(StatusCode::OK, &json!({})),
        AnswerFault::Redirect => {
            let elsewhere = format!("{}{path}", world.origins().mirror);
            redirect(StatusCode::MOVED_PERMANENTLY, &elsewhere)
        }
        AnswerFault::TooManyWithSeconds => too_many(Some(struck.amount_or(1).to_string())),
        AnswerFault::TooManyWithDate => {
            let wait = i64::try_from(struck.amount_or(2)).unwrap_or(i64::MAX / 1000);
            let moment = clock::now().saturating_add(wait.saturating_mul(1000));
            // The last moment that the format can write is in the year 9999.
            let moment = clock::system_time(moment.min(253_402_300_799_000));
            too_many(Some(httpdate::fmt_http_date(moment)))
        }
        AnswerFault::TooMany => too_many(None),
        AnswerFault::PaymentRequired => no_credits(),
        AnswerFault::CreditsGone => json(
            StatusCode::BAD_REQUEST,
            &json!(["You do not have enough credits for this request."]),
        ),
        AnswerFault::FieldErrors => json(
            StatusCode::BAD_REQUEST,
            &json!({"text": ["This text cannot be used."], "ids": ["This list cannot be used."]}),
        ),
        AnswerFault::ErrorList => json(
            StatusCode::BAD_REQUEST,
            &json!(["This request cannot be fulfilled."]),
        ),
        AnswerFault::Unauthorised => unauthorised("Invalid API credentials."),
        AnswerFault::Forbidden => detail(
            StatusCode::FORBIDDEN,
            "You do not have permission to perform this action.",
        ),
        AnswerFault::NotFound => {
            detail(StatusCode::NOT_FOUND, "No Lipsync matches the given query.")
        }
    }
}

/// A 402. What the API answers without credits is not known.
pub(super) fn no_credits() -> Response {
    detail(StatusCode::PAYMENT_REQUIRED, "Insufficient credits.")
}

/// `good` up to its first `amount` bytes, half of them if that is not said, then a close.
fn truncate(world: &World, amount: Option<u64>, good: Response) -> Response {
    let (mut parts, body) = good.into_parts();
    let whole = body.size_hint().exact();
    if let Some(whole) = whole {
        parts.headers.insert(CONTENT_LENGTH, whole.into());
    }
    // A stream of unknown length is a long list: its half is not known, so its beginning must do.
    let length = amount.unwrap_or(whole.map_or(1000, |whole| whole / 2));
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let body = cut(body, length, Ending::Close, world.stopping());
    Response::from_parts(parts, body)
}
