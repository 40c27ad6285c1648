//! Downloads of files: ranges, entity tags and faults.

use std::ops::Range;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_RANGE, RANGE};
use axum::response::Response;

use super::connection::Cutter;
use super::faults::{ActiveFault, FileFault};
use super::faulty_response::{CutEnd, cut, throttle};
use super::http::{set_header, with_body};
use super::random::sha256;
use super::state::AppState;

/// A file and the fault that strikes its download.
#[derive(Debug)]
pub(super) struct FileResponse {
    pub(super) bytes: Bytes,
    pub(super) content_type: &'static str,
    /// The strong `ETag`.
    pub(super) etag: String,
    pub(super) fault: Option<ActiveFault<FileFault>>,
}

impl FileResponse {
    /// Returns the response to a request with these headers: the file or a range of it, as its fault has it.
    pub(super) fn send(&self, app: &AppState, cutter: &Cutter, headers: &HeaderMap) -> Response {
        let fault = self.fault.map(|fault| fault.kind);
        let range = if fault == Some(FileFault::RangeIgnored) {
            ByteRange::Whole
        } else {
            ByteRange::parse(headers, self.bytes.len(), &self.etag)
        };
        let whole = self.bytes.len();
        let (status, bytes, content_range) = match range {
            ByteRange::Whole => (200, self.bytes.clone(), None),
            ByteRange::Part(range) => {
                let content_range = format!("bytes {}-{}/{whole}", range.start, range.end - 1);
                let bytes = self.bytes.slice(range);
                (206, bytes, Some(content_range))
            }
            ByteRange::Unsatisfiable => {
                let mut response = storage_error(416);
                set_header(&mut response, CONTENT_RANGE, &format!("bytes */{whole}"));
                return response;
            }
        };
        let half = u64::try_from(bytes.len() / 2).unwrap_or(u64::MAX);
        let amount = |default| {
            let amount = self.fault.map_or(default, |fault| fault.amount_or(default));
            usize::try_from(amount).unwrap_or(usize::MAX)
        };
        let at = amount(half);
        let stopping = app.stopping.clone();
        let mut length = bytes.len();
        let body = match fault {
            Some(FileFault::Reset) => {
                let end = CutEnd::Reset(cutter.clone());
                cut(Body::from(bytes), at, end, stopping)
            }
            Some(FileFault::Truncated) => cut(Body::from(bytes), at, CutEnd::Close, stopping),
            Some(FileFault::Stall) => cut(Body::from(bytes), at, CutEnd::Stall, stopping),
            Some(FileFault::TooShort) => {
                length = length.min(at);
                Body::from(bytes.slice(..length))
            }
            Some(FileFault::TooLong) => {
                let sent = length;
                length = length.saturating_add(amount(1000));
                cut(Body::from(bytes), sent, CutEnd::Close, stopping)
            }
            Some(FileFault::Slow) => {
                let per_second = u64::try_from(amount(16_384)).unwrap_or(u64::MAX);
                throttle(bytes, per_second, stopping)
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
        let mut response = with_body(status, self.content_type, body);
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
        set_header(&mut response, ETAG, &self.etag);
        if fault != Some(FileFault::RangeIgnored) {
            set_header(&mut response, ACCEPT_RANGES, "bytes");
        }
        if let Some(content_range) = content_range {
            set_header(&mut response, CONTENT_RANGE, &content_range);
        }
        response
    }
}

/// An error response in the form of an object store.
pub(super) fn storage_error(status: u16) -> Response {
    let mut response = with_body(status, "application/xml", Body::empty());
    let reason = response.status().canonical_reason().unwrap_or("Error");
    let code = reason.replace(' ', "");
    let page = format!("<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code></Error>\n");
    *response.body_mut() = Body::from(page);
    response
}

/// Returns the strong `ETag` of a file.
pub(super) fn etag(bytes: &[u8]) -> String {
    format!("\"{}\"", &sha256(bytes)[..32])
}

/// The bytes of a file that a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ByteRange {
    /// All of them: 200.
    Whole,
    /// Some of them: 206.
    Part(Range<usize>),
    /// None that exist: 416.
    Unsatisfiable,
}

impl ByteRange {
    /// Parses `Range` and `If-Range` for a file of `length` bytes. As RFC 9110 has it, a malformed range,
    /// several ranges, or a range of another version of the file select the whole file.
    fn parse(headers: &HeaderMap, length: usize, etag: &str) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        if text(IF_RANGE).is_some_and(|expected| expected != etag) {
            return Self::Whole;
        }
        let range = text(RANGE).and_then(|range| range.trim().strip_prefix("bytes="));
        let Some((first, last)) = range.and_then(|range| range.split_once('-')) else {
            return Self::Whole;
        };
        match (first.trim(), last.trim()) {
            ("", suffix) => match suffix.parse::<usize>() {
                Ok(0) => Self::Unsatisfiable,
                Ok(suffix) => Self::between(length.saturating_sub(suffix), length),
                Err(_) => Self::Whole,
            },
            (first, "") => first.parse().map_or(Self::Whole, |first| Self::between(first, length)),
            (first, last) => match (first.parse::<usize>(), last.parse::<usize>()) {
                (Ok(first), Ok(last)) if first <= last => {
                    Self::between(first, length.min(last.saturating_add(1)))
                }
                _ => Self::Whole,
            },
        }
    }

    fn between(from: usize, to: usize) -> Self {
        if from < to { Self::Part(from..to) } else { Self::Unsatisfiable }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn every_form_of_a_range_is_parsed() {
        for (range, expected) in [
            ("bytes=0-", ByteRange::Part(0..10)),
            ("bytes=4-6", ByteRange::Part(4..7)),
            ("bytes=4-99", ByteRange::Part(4..10)),
            ("bytes=-3", ByteRange::Part(7..10)),
            ("bytes=-99", ByteRange::Part(0..10)),
            ("bytes=10-", ByteRange::Unsatisfiable),
            ("bytes=-0", ByteRange::Unsatisfiable),
            ("bytes=6-4", ByteRange::Whole),
            ("bytes=0-1,3-4", ByteRange::Whole),
            ("bytes=x", ByteRange::Whole),
            ("lines=1-2", ByteRange::Whole),
        ] {
            let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_static(range))]);
            assert_eq!(ByteRange::parse(&headers, 10, "\"a\""), expected, "{range}");
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
        assert_eq!(ByteRange::parse(&headers("\"a\""), 10, "\"a\""), ByteRange::Part(2..10));
        assert_eq!(ByteRange::parse(&headers("\"b\""), 10, "\"a\""), ByteRange::Whole);
        assert_eq!(ByteRange::parse(&headers("W/\"a\""), 10, "\"a\""), ByteRange::Whole);
    }
}
