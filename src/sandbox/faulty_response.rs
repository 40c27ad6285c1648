//! API responses changed by faults, and incomplete bodies.

use std::io;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::http::header::CONTENT_LENGTH;
use axum::response::Response;
use futures::stream::{self, StreamExt as _};
use serde_json::json;
use tokio::sync::watch;

use super::clock;
use super::connection::Cutter;
use super::faults::{ActiveFault, ResponseFault};
use super::http::{
    detail, html, job_not_found, json, no_credits, redirect, too_many_requests, unauthorised,
    with_body,
};
use super::state::AppState;

/// The end of an incomplete body.
#[derive(Debug, Clone)]
pub(super) enum CutEnd {
    /// The connection is closed in an orderly way.
    Close,
    /// The connection is reset.
    Reset(Cutter),
    /// Nothing more is sent until the sandbox stops.
    Stall,
}

/// Milliseconds for written bytes to reach the client: a reset discards bytes still in transit.
const FLUSH_MILLIS: u64 = 30;

/// An hour, which is longer than any client waits.
const STALL_MILLIS: u64 = 3_600_000;

/// Applies `fault` to the response `good` to a request for `path`.
pub(super) async fn apply_fault(
    app: &AppState,
    cutter: &Cutter,
    fault: Option<ActiveFault<ResponseFault>>,
    path: &str,
    good: Response,
) -> Response {
    let Some(fault) = fault else {
        return good;
    };
    let created = good.status() == 201;
    match fault.kind {
        ResponseFault::Reset => {
            cutter.reset();
            good
        }
        ResponseFault::Hang => {
            clock::sleep(fault.amount_or(500), &mut app.stopping.clone()).await;
            cutter.close();
            good
        }
        ResponseFault::InternalError => detail(500, "A server error occurred."),
        ResponseFault::BadGateway => html(502, "502 Bad Gateway"),
        ResponseFault::Unavailable => html(503, "503 Service Temporarily Unavailable"),
        ResponseFault::GatewayTimeout => html(504, "504 Gateway Time-out"),
        ResponseFault::Truncated => truncate(app, fault.amount, good),
        ResponseFault::Unreadable => {
            let status = good.status().as_u16();
            with_body(status, "application/json", "{\"id\": \"unreadable, \u{0}")
        }
        ResponseFault::Array => {
            let status = u16::try_from(fault.amount_or(200)).unwrap_or(200);
            json(status, &json!([]))
        }
        ResponseFault::EmptyObject => json(if created { 201 } else { 200 }, &json!({})),
        ResponseFault::Redirect => redirect(301, &format!("{}{path}", app.origins.mirror)),
        ResponseFault::TooManyWithSeconds => {
            too_many_requests(Some(fault.amount_or(1).to_string()))
        }
        ResponseFault::TooManyWithDate => {
            let wait = i64::try_from(fault.amount_or(2)).unwrap_or(i64::MAX / 1000);
            let date = clock::now().saturating_add(wait.saturating_mul(1000));
            // HTTP dates end with the year 9999.
            let date = clock::system_time(date.min(253_402_300_799_000));
            too_many_requests(Some(httpdate::fmt_http_date(date)))
        }
        ResponseFault::TooMany => too_many_requests(None),
        ResponseFault::PaymentRequired => no_credits(),
        ResponseFault::CreditsGone => {
            json(400, &json!(["You do not have enough credits for this request."]))
        }
        ResponseFault::FieldErrors => json(
            400,
            &json!({"text": ["This text cannot be used."], "ids": ["This list cannot be used."]}),
        ),
        ResponseFault::ErrorList => json(400, &json!(["This request cannot be fulfilled."])),
        ResponseFault::Unauthorised => unauthorised("Invalid API credentials."),
        ResponseFault::Forbidden => {
            detail(403, "You do not have permission to perform this action.")
        }
        ResponseFault::NotFound => job_not_found(),
    }
}

/// Closes the connection after `amount` bytes of `good`, by default half of them.
fn truncate(app: &AppState, amount: Option<u64>, good: Response) -> Response {
    let (mut parts, body) = good.into_parts();
    let whole = body.size_hint().lower();
    parts.headers.insert(CONTENT_LENGTH, whole.into());
    let length = usize::try_from(amount.unwrap_or(whole / 2)).unwrap_or(usize::MAX);
    let body = cut(body, length, CutEnd::Close, app.stopping.clone());
    Response::from_parts(parts, body)
}

/// Returns the first `length` bytes of `body`, followed by `end`.
pub(super) fn cut(
    body: Body,
    length: usize,
    end: CutEnd,
    mut stopping: watch::Receiver<bool>,
) -> Body {
    let start = body.into_data_stream().scan(length, |left, piece| {
        let piece = piece.ok().filter(|_| *left > 0).map(|mut piece| {
            piece.truncate(*left);
            *left -= piece.len();
            Ok(piece)
        });
        futures::future::ready(piece)
    });
    let end = stream::once(async move {
        clock::sleep(FLUSH_MILLIS, &mut stopping).await;
        match end {
            CutEnd::Close => {}
            CutEnd::Reset(cutter) => cutter.reset(),
            CutEnd::Stall => clock::sleep(STALL_MILLIS, &mut stopping).await,
        }
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    });
    Body::from_stream(start.chain(end))
}

/// Sends `bytes` at `per_second` bytes a second.
pub(super) fn throttle(bytes: Bytes, per_second: usize, stopping: watch::Receiver<bool>) -> Body {
    let step = (per_second / 50).max(1);
    let pieces = stream::unfold((bytes, stopping), move |(mut left, mut stopping)| async move {
        if left.is_empty() {
            return None;
        }
        clock::sleep(20, &mut stopping).await;
        let piece = left.split_to(step.min(left.len()));
        Some((Ok::<_, io::Error>(piece), (left, stopping)))
    });
    Body::from_stream(pieces)
}
