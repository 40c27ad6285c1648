//! The videos and thumbnails of a campaign.

use std::io::SeekFrom;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::error::{ApiError, ApiResult};
use super::state::Studio;
use crate::app;
use crate::model::JobId;
use crate::util::fs::open_own;

/// The bytes that are read at a time.
const CHUNK: u64 = 256 << 10;

#[derive(Debug, Deserialize)]
pub(super) struct Version {
    /// The number of an earlier version.
    version: Option<usize>,
}

/// `GET /api/campaigns/ID/media/JOB/video` and `…/thumbnail`. The file is looked up in the journal: no part of the address
/// is a path.
pub(super) async fn media(
    State(studio): State<Arc<Studio>>,
    Path((id, job, kind)): Path<(String, String, String)>,
    Query(Version { version }): Query<Version>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let campaign = studio.campaign(&id)?;
    let is_thumbnail = match kind.as_str() {
        "video" => false,
        "thumbnail" => true,
        _ => return Err(ApiError::not_found("file")),
    };
    let job: JobId = job.parse().map_err(|_| ApiError::not_found("job"))?;
    let path = campaign
        .feed
        .file(&studio.view_request(&campaign).await, &job, is_thumbnail, version)
        .await?;
    let path = path.ok_or_else(|| ApiError::not_found("file"))?;
    send(path, &headers).await.map_err(|error| {
        app::Error::Io { context: "the file cannot be read".to_owned(), source: error }.into()
    })
}

/// Sends a file, or the range of it that `headers` ask for.
async fn send(path: PathBuf, headers: &HeaderMap) -> std::io::Result<Response> {
    let media_type = media_type(&path);
    let file = app::blocking(move || open_own(&path, std::fs::File::options().read(true))).await?;
    let mut file = File::from_std(file);
    let length = file.metadata().await?.len();
    let mut response = Response::default();
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
    let (first, end) = match range.map(|range| byte_range(range, length)) {
        None | Some(None) => (0, length),
        Some(Some((first, end))) if first < end => {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let content = format!("bytes {first}-{}/{length}", end - 1);
            insert(&mut response, CONTENT_RANGE, &content);
            (first, end)
        }
        Some(Some(_)) => {
            let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            insert(&mut response, CONTENT_RANGE, &format!("bytes */{length}"));
            return Ok(response);
        }
    };
    file.seek(SeekFrom::Start(first)).await?;
    let chunks = futures::stream::try_unfold((file, end - first), async |(mut file, left)| {
        let mut chunk = Vec::new();
        let read = (&mut file).take(left.min(CHUNK)).read_to_end(&mut chunk).await?;
        let rest = left.saturating_sub(read as u64);
        // A file that has become shorter ends the connection, because the length is announced.
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(chunk), (file, rest))))
    });
    insert(&mut response, CONTENT_TYPE, media_type);
    insert(&mut response, ACCEPT_RANGES, "bytes");
    insert(&mut response, CONTENT_LENGTH, &(end - first).to_string());
    *response.body_mut() = Body::from_stream(chunks);
    Ok(response)
}

fn insert(response: &mut Response, name: axum::http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Returns the first byte and the end of a `Range`: empty if it is beyond the file, `None` if it is malformed or has several
/// parts, which may be ignored.
fn byte_range(range: &str, length: u64) -> Option<(u64, u64)> {
    let (first, last) = range.trim().strip_prefix("bytes=")?.split_once('-')?;
    if first.is_empty() {
        let count: u64 = last.parse().ok()?;
        return Some((length.saturating_sub(count), length));
    }
    let first: u64 = first.parse().ok()?;
    let end = if last.is_empty() { length } else { last.parse::<u64>().ok()?.checked_add(1)? };
    (first < end || last.is_empty()).then_some((first, end.min(length)))
}

fn media_type(path: &std::path::Path) -> &'static str {
    match path.extension().and_then(|it| it.to_str()) {
        Some("mp4") => "video/mp4",
        Some("webm") => "video/webm",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        Some(_) | None => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_file() {
        for (range, expected) in [
            ("bytes=0-1", Some((0, 2))),
            ("bytes=0-", Some((0, 10))),
            ("bytes=4-99", Some((4, 10))),
            ("bytes=-3", Some((7, 10))),
            ("bytes=-30", Some((0, 10))),
            ("bytes=10-", Some((10, 10))),
            ("bytes=20-30", Some((20, 10))),
            ("bytes=5-4", None),
            ("bytes=0-1,3-4", None),
            ("bytes=a-b", None),
            ("items=0-1", None),
            ("bytes=18446744073709551615-18446744073709551615", None),
        ] {
            assert_eq!(byte_range(range, 10), expected, "{range}");
        }
    }
}
