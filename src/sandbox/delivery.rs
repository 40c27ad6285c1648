//! A file on its way to the client.

use axum::body::{Body, Bytes};
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, ETAG};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::answers::{set, with_body};
use super::body::{Ending, cut, slow};
use super::chance::sha256;
use super::faults::{FileFault, Struck};
use super::line::Scissors;
use super::ranges::{Wanted, wanted};
use super::world::World;

/// A file and how it is sent.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) bytes: Bytes,
    pub(super) content_type: &'static str,
    /// The strong `ETag`.
    pub(super) tag: String,
    /// What goes wrong on the way.
    pub(super) fault: Option<Struck<FileFault>>,
}

/// Sends a file, or the part of it that is wanted, as its fault has it.
pub(super) fn send(
    world: &World,
    scissors: &Scissors,
    headers: &HeaderMap,
    file: &Delivery,
) -> Response {
    let fault = file.fault.map(|struck| struck.fault);
    let wanted = if fault == Some(FileFault::RangeIgnored) {
        Wanted::Whole
    } else {
        wanted(headers, file.bytes.len(), &file.tag)
    };
    let whole = file.bytes.len();
    let (status, bytes, content_range) = match wanted {
        Wanted::Whole => (StatusCode::OK, file.bytes.clone(), None),
        Wanted::Part(range) => {
            let words = format!("bytes {}-{}/{whole}", range.start, range.end - 1);
            (
                StatusCode::PARTIAL_CONTENT,
                file.bytes.slice(range),
                Some(words),
            )
        }
        Wanted::Beyond => {
            let mut response = denied(StatusCode::RANGE_NOT_SATISFIABLE);
            set(&mut response, CONTENT_RANGE, &format!("bytes */{whole}"));
            return response;
        }
    };
    let half = u64::try_from(bytes.len() / 2).unwrap_or(u64::MAX);
    let amount = |default| {
        let amount = file
            .fault
            .map_or(default, |struck| struck.amount_or(default));
        usize::try_from(amount).unwrap_or(usize::MAX)
    };
    let at = amount(half);
    let stopping = world.stopping();
    let mut length = bytes.len();
    let body = match fault {
        Some(FileFault::Reset) => cut(
            Body::from(bytes),
            at,
            Ending::Reset(scissors.clone()),
            stopping,
        ),
        Some(FileFault::Truncated) => cut(Body::from(bytes), at, Ending::Close, stopping),
        Some(FileFault::Stall) => cut(Body::from(bytes), at, Ending::Stall, stopping),
        Some(FileFault::TooShort) => {
            length = length.min(at);
            Body::from(bytes.slice(..length))
        }
        Some(FileFault::TooLong) => {
            let sent = length;
            length = length.saturating_add(amount(1000));
            cut(Body::from(bytes), sent, Ending::Close, stopping)
        }
        Some(FileFault::Slow) => {
            let per_second = u64::try_from(amount(16_384)).unwrap_or(u64::MAX);
            slow(bytes, per_second, stopping)
        }
        Some(
            FileFault::Expires
            | FileFault::DeadLink403
            | FileFault::DeadLink404
            | FileFault::DeadLink410
            | FileFault::Redirect
            | FileFault::Unavailable
            | FileFault::Html
            | FileFault::RangeIgnored
            | FileFault::NewTag,
        )
        | None => Body::from(bytes),
    };
    let mut response = with_body(status, file.content_type, body);
    response.headers_mut().insert(CONTENT_LENGTH, length.into());
    set(&mut response, ETAG, &file.tag);
    if fault != Some(FileFault::RangeIgnored) {
        set(&mut response, ACCEPT_RANGES, "bytes");
    }
    if let Some(words) = content_range {
        set(&mut response, CONTENT_RANGE, &words);
    }
    response
}

/// A refusal as object stores write it.
pub(super) fn denied(status: StatusCode) -> Response {
    let reason = status
        .canonical_reason()
        .unwrap_or("Error")
        .replace(' ', "");
    let page = format!("<?xml version=\"1.0\"?>\n<Error><Code>{reason}</Code></Error>\n");
    with_body(status, "application/xml", Body::from(page))
}

/// The strong `ETag` of a file.
pub(super) fn tag(bytes: &[u8]) -> String {
    format!("\"{}\"", &sha256(bytes)[..32])
}
