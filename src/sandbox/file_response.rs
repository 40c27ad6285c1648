//! Downloads of files: ranges, entity tags and faults.

use std::ops::Range;

use axum::body::{Body, Bytes};
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_RANGE, RANGE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::connection::Cutter;
use super::faults::{ActiveFault, FileFault};
use super::faulty_response::{CutEnd, cut, throttle};
use super::http::{with_body, with_header};
use super::random::sha256;
use super::state::AppState;

/// A file and the fault of its download.
#[derive(Debug)]
pub(super) struct FileResponse {
    pub(super) bytes: Bytes,
    pub(super) content_type: &'static str,
    /// The strong `ETag`.
    pub(super) etag: String,
    pub(super) fault: Option<ActiveFault<FileFault>>,
}

impl FileResponse {
    pub(super) fn new(bytes: impl Into<Bytes>, content_type: &'static str) -> Self {
        let bytes = bytes.into();
        let etag = format!("\"{}\"", &sha256(&bytes)[..32]);
        Self { bytes, content_type, etag, fault: None }
    }

    /// Returns the response to a request with these headers: the file or a range of it, changed by the fault.
    pub(super) fn send(&self, app: &AppState, cutter: &Cutter, headers: &HeaderMap) -> Response {
        let fault = self.fault.map(|fault| fault.kind);
        let whole = self.bytes.len();
        let range = byte_range(headers, whole, &self.etag)
            .filter(|_| fault != Some(FileFault::RangeIgnored));
        if range.as_ref().is_some_and(Range::is_empty) {
            return with_header(storage_error(416), CONTENT_RANGE, &format!("bytes */{whole}"));
        }
        let bytes = self.bytes.slice(range.clone().unwrap_or(0..whole));
        let amount = |default: usize| {
            let amount = self.fault.and_then(|fault| fault.amount);
            amount.map_or(default, |amount| usize::try_from(amount).unwrap_or(usize::MAX))
        };
        let half = amount(bytes.len() / 2);
        let stopping = app.stopping.clone();
        let mut length = bytes.len();
        let cut_at = |at, end| cut(Body::from(bytes.clone()), at, end, stopping.clone());
        let body = match fault {
            Some(FileFault::Reset) => cut_at(half, CutEnd::Reset(cutter.clone())),
            Some(FileFault::Truncated) => cut_at(half, CutEnd::Close),
            Some(FileFault::Stall) => cut_at(half, CutEnd::Stall),
            Some(FileFault::TooShort) => {
                length = length.min(half);
                Body::from(bytes.slice(..length))
            }
            Some(FileFault::TooLong) => {
                let sent = length;
                length = length.saturating_add(amount(1000));
                cut_at(sent, CutEnd::Close)
            }
            Some(FileFault::Slow) => throttle(bytes, amount(16_384), stopping),
            // Other faults do not change the body.
            _ => Body::from(bytes),
        };
        let status = if range.is_some() { 206 } else { 200 };
        let mut response = with_body(status, self.content_type, body);
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
        response = with_header(response, ETAG, &self.etag);
        if fault != Some(FileFault::RangeIgnored) {
            response = with_header(response, ACCEPT_RANGES, "bytes");
        }
        if let Some(Range { start, end }) = range {
            let content_range = format!("bytes {start}-{}/{whole}", end - 1);
            response = with_header(response, CONTENT_RANGE, &content_range);
        }
        response
    }
}

/// An error response in the form of an object store.
pub(super) fn storage_error(status: u16) -> Response {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let code = reason.unwrap_or("Error").replace(' ', "");
    let page = format!("<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code></Error>\n");
    with_body(status, "application/xml", page)
}

/// Parses `Range` and `If-Range` for a file of `length` bytes. The range is empty if it contains no byte of
/// the file. By RFC 9110, a malformed range, several ranges, or a range of another version of the
/// file select the whole file: `None`.
fn byte_range(headers: &HeaderMap, length: usize, etag: &str) -> Option<Range<usize>> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(IF_RANGE).is_some_and(|expected| expected != etag) {
        return None;
    }
    let (first, last) = text(RANGE)?.trim().strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.trim().parse::<usize>().ok();
    match (first.trim(), last.trim()) {
        ("", suffix) => Some(length.saturating_sub(number(suffix)?)..length),
        (first, "") => Some(number(first)?..length),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(first..length.min(last.saturating_add(1)))
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn every_form_of_a_range_is_parsed() {
        for (range, expected) in [
            ("bytes=0-", Some(0..10)),
            ("bytes=4-6", Some(4..7)),
            ("bytes=4-99", Some(4..10)),
            ("bytes=-3", Some(7..10)),
            ("bytes=-99", Some(0..10)),
            ("bytes=10-", Some(10..10)),
            ("bytes=-0", Some(10..10)),
            ("bytes=6-4", None),
            ("bytes=0-1,3-4", None),
            ("bytes=x", None),
            ("lines=1-2", None),
        ] {
            let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_static(range))]);
            assert_eq!(byte_range(&headers, 10, "\"a\""), expected, "{range}");
        }
    }

    #[test]
    fn a_range_of_another_version_means_the_whole_file() {
        let headers = |tag| {
            HeaderMap::from_iter([
                (RANGE, HeaderValue::from_static("bytes=2-")),
                (IF_RANGE, HeaderValue::from_static(tag)),
            ])
        };
        assert_eq!(byte_range(&headers("\"a\""), 10, "\"a\""), Some(2..10));
        assert_eq!(byte_range(&headers("\"b\""), 10, "\"a\""), None);
        assert_eq!(byte_range(&headers("W/\"a\""), 10, "\"a\""), None);
    }
}
