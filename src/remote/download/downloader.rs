//! One attempt at a download: [`Downloader`].

use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_RANGE, HeaderMap, HeaderValue, IF_RANGE, RANGE,
};
use reqwest::{Method, Request, Response, StatusCode};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::backup::backup_existing;
use super::container::{HEAD, is_image, is_video, preview_type};
use super::link::Link;
use super::part::{Part, Record, blocking};
use super::target::{Target, local_failure};
use crate::model::{
    Artifact, CommandKind, DownloadProgress, DownloadRequest, Failure, FailureKind,
};
use crate::remote::address::LinkPolicy;
use crate::remote::http::{
    Clients, ErrorBody, Redactor, next_chunk, read_error_body, redirect_location, redirect_loop,
    status_failure, timeout_failure, transport_failure,
};
use crate::remote::settings::{RemoteSettings, Timeouts};
use crate::util::fs::{Access, sync_dir, write_atomic};
use crate::util::text::{hex, sanitize, truncate};

/// About as many as browsers allow.
const MAX_REDIRECTS: usize = 10;

/// The longest name of a content encoding that is shown, in characters.
const MAX_CODING: usize = 40;

/// The maximum size of a thumbnail in bytes.
const MAX_THUMBNAIL: usize = 10 << 20;

/// Downloads files, without credentials.
#[derive(Debug)]
pub(crate) struct Downloader {
    clients: Clients,
    redactor: Redactor,
    out: PathBuf,
    timeouts: Timeouts,
    policy: LinkPolicy,
    largest_file: u64,
}

/// A response of a file host.
struct FileResponse {
    inner: Response,
    /// The host in backticks, for messages.
    host: String,
    stall: Duration,
    /// `Content-Encoding`. A few servers name one for files that are not encoded.
    coding: Option<String>,
}

/// A part that is being extended.
struct Transfer {
    part: Part,
    /// Where this response ends, if known.
    end: Option<u64>,
    /// Length of the whole file, if known.
    total: Option<u64>,
    /// The first bytes of a new file, until there are enough to recognise it.
    head: Option<Vec<u8>>,
}

impl FileResponse {
    /// Returns the next chunk; `None` at the end. Only a lack of progress is limited in time.
    async fn next_chunk(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, Failure> {
        next_chunk(&mut self.inner, self.stall, &self.host).await
    }
}

impl Downloader {
    pub(crate) fn new(settings: RemoteSettings, clients: Clients, redactor: Redactor) -> Self {
        Self {
            clients,
            redactor,
            policy: settings.base_url.link_policy(),
            out: settings.out,
            timeouts: settings.timeouts,
            largest_file: settings.largest_file,
        }
    }

    /// Makes one attempt at the video and, after its success, at the thumbnail.
    pub(crate) async fn fetch(
        &self,
        order: &DownloadRequest,
        progress: &DownloadProgress,
    ) -> Result<Artifact, Failure> {
        let target = Target::new(&self.out, &order.file)?;
        let link = Link::parse(&order.video_url, self.policy)?;
        let (bytes, sha256) = self.video(&target, link, progress).await?;
        Ok(Artifact {
            file: order.file.clone(),
            bytes,
            sha256,
            thumbnail: self.thumbnail(order).await,
        })
    }

    async fn video(
        &self,
        target: &Target,
        link: Link,
        progress: &DownloadProgress,
    ) -> Result<(u64, String), Failure> {
        let place = target.clone();
        blocking(move || place.create_folder())
            .await
            .map_err(|error| local_failure(target.folder(), &error))?;
        let source = link.source();
        let existing = Part::resume(target, source.clone()).await;
        let response = self.get(link, existing.as_ref()).await?;
        let transfer = match (response.inner.status(), existing) {
            (StatusCode::OK, _) => {
                let total = response.inner.content_length();
                self.check_size(total)?;
                let record = Record::new(source, response.inner.headers(), total);
                Transfer {
                    part: Part::begin(target, record).await?,
                    end: total,
                    total,
                    head: Some(Vec::new()),
                }
            }
            (StatusCode::PARTIAL_CONTENT, Some(part)) => self.resume(part, &response).await?,
            (StatusCode::RANGE_NOT_SATISFIABLE, Some(part)) => {
                part.discard().await;
                return Err(changed());
            }
            (status, _) if status.is_success() => {
                let message = format!("{} answers without the file", response.host);
                return Err(bad_content(message).with_status(status.as_u16()));
            }
            (_, _) => return Err(self.status_failure(response).await),
        };
        self.receive(transfer, response, progress).await
    }

    /// Checks that `response` continues `part`.
    async fn resume(&self, part: Part, response: &FileResponse) -> Result<Transfer, Failure> {
        let known = part.record().total();
        let range = ContentRange::parse(response.inner.headers()).filter(|range| {
            let length = response.inner.content_length();
            range.first == part.length()
                && length.is_none_or(|length| length == range.end - range.first)
                && (range.total.is_none() || known.is_none() || range.total == known)
                && part.record().agrees_with(response.inner.headers())
        });
        let Some(range) = range else {
            part.discard().await;
            return Err(changed());
        };
        let total = range.total.or(known);
        self.check_size(total)?;
        Ok(Transfer { part, end: Some(range.end), total, head: None })
    }

    /// Receives the rest of the file and finishes it.
    async fn receive(
        &self,
        mut transfer: Transfer,
        mut response: FileResponse,
        progress: &DownloadProgress,
    ) -> Result<(u64, String), Failure> {
        if let Some(total) = transfer.total {
            progress.expect(total);
        }
        progress.set_received(transfer.part.length());
        let mut window = (Instant::now(), transfer.part.length());
        loop {
            let chunk = match response.next_chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(failure) => {
                    let bytes_kept = transfer.part.length();
                    transfer.part.keep().await;
                    return Err(failure.with_bytes_kept(bytes_kept));
                }
            };
            let added = self.add(&mut transfer, chunk.as_ref(), response.coding.as_deref()).await;
            if let Err(failure) = added {
                // If the disk is full the part is good; otherwise the content is wrong.
                if failure.kind == FailureKind::Local {
                    transfer.part.keep().await;
                } else {
                    transfer.part.discard().await;
                }
                return Err(failure);
            }
            let length = transfer.part.length();
            progress.set_received(length);
            if length >= window.1 + Timeouts::SLOW_BYTES {
                window = (Instant::now(), length);
            } else if window.0.elapsed() >= self.timeouts.slow && transfer.end != Some(length) {
                let received = length - window.1;
                transfer.part.keep().await;
                let seconds = self.timeouts.slow.as_secs();
                let message = format!(
                    "{} sends too slowly: {received} bytes in {seconds} s; the download is continued later",
                    response.host
                );
                return Err(Failure::new(FailureKind::Lost, message).with_bytes_kept(length));
            }
        }
        let (host, length) = (response.host, transfer.part.length());
        if let Some(head) = &transfer.head {
            let failure = self.not_a_video(head, response.coding.as_deref());
            transfer.part.discard().await;
            return Err(failure);
        }
        let expected = transfer.total.or(transfer.end);
        if let Some(expected) = expected.filter(|expected| length < *expected) {
            transfer.part.keep().await;
            let message = format!("{host} sent {length} of {expected} bytes");
            return Err(Failure::new(FailureKind::Lost, message).with_bytes_kept(length));
        }
        match transfer.part.missing_bytes().await {
            Ok(0) => transfer.part.finish().await,
            Ok(missing) => {
                transfer.part.discard().await;
                let message =
                    format!("{host} sent an incomplete video: {missing} bytes are missing");
                Err(bad_content(message))
            }
            Err(failure) => {
                transfer.part.keep().await;
                Err(failure)
            }
        }
    }

    /// Adds a chunk. The first bytes of a new file are held back until it is recognised as a video.
    async fn add(
        &self,
        transfer: &mut Transfer,
        chunk: &[u8],
        coding: Option<&str>,
    ) -> Result<(), Failure> {
        let head;
        let chunk = match transfer.head.take() {
            None => chunk,
            Some(mut begun) => {
                begun.extend_from_slice(chunk);
                if begun.len() < HEAD {
                    transfer.head = Some(begun);
                    return Ok(());
                }
                if !is_video(&begun) {
                    return Err(self.not_a_video(&begun, coding));
                }
                head = begun;
                &head
            }
        };
        let length = transfer.part.length() + chunk.len() as u64;
        if let Some(end) = transfer.end.filter(|end| length > *end) {
            let message = format!("the file is longer than the announced {end} bytes");
            return Err(bad_content(message));
        }
        self.check_size(Some(length))?;
        transfer.part.write(chunk).await
    }

    /// Downloads the thumbnail and returns its path; `None` if anything fails.
    async fn thumbnail(&self, order: &DownloadRequest) -> Option<String> {
        let link = Link::parse(order.thumbnail_url.as_deref()?, self.policy).ok()?;
        let target = Target::new(&self.out, &order.thumbnail).ok()?;
        let image = self.small_file(link).await.filter(|image| is_image(image))?;
        blocking(move || {
            target.create_folder()?;
            // The thumbnail of an earlier video is kept like the video.
            let digest = hex(&Sha256::digest(&image));
            backup_existing(target.path(), image.len() as u64, &digest)?;
            write_atomic(target.path(), Access::Shared, |file| file.write_all(&image))?;
            sync_dir(target.folder())
        })
        .await
        .ok()?;
        Some(order.thumbnail.clone())
    }

    /// Downloads a picture or sound to memory. Returns it with its media type; `None` if anything fails.
    pub(crate) async fn preview(&self, address: &str) -> Option<(&'static str, Vec<u8>)> {
        let file = self.small_file(Link::parse(address, self.policy).ok()?).await?;
        Some((preview_type(&file)?, file))
    }

    /// Downloads a small file to memory in the time of a short read.
    async fn small_file(&self, link: Link) -> Option<Vec<u8>> {
        tokio::time::timeout(self.timeouts.read, self.receive_small(link)).await.ok()?
    }

    async fn receive_small(&self, link: Link) -> Option<Vec<u8>> {
        let mut response = self.get(link, None).await.ok()?;
        if response.inner.status() != StatusCode::OK {
            return None;
        }
        let expected = response.inner.content_length();
        let mut image = Vec::new();
        while let Some(chunk) = response.next_chunk().await.ok()? {
            image.extend_from_slice(chunk.as_ref());
            if image.len() > MAX_THUMBNAIL {
                return None;
            }
        }
        let is_complete = expected.is_none_or(|expected| expected == image.len() as u64);
        is_complete.then_some(image)
    }

    /// Requests the file, or the rest of `existing`, and follows redirects.
    async fn get(&self, mut link: Link, existing: Option<&Part>) -> Result<FileResponse, Failure> {
        for _ in 0..=MAX_REDIRECTS {
            let mut request = Request::new(Method::GET, link.url().clone());
            let headers = request.headers_mut();
            // A compressed file has another length and other positions than the file on disk.
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            let range = existing.and_then(|part| {
                let validator = HeaderValue::from_str(part.validator()?).ok()?;
                Some((part.length(), validator))
            });
            if let Some((length, validator)) = range {
                headers.insert(IF_RANGE, validator);
                headers.insert(
                    RANGE,
                    HeaderValue::try_from(format!("bytes={length}-")).expect("plain ASCII"),
                );
            }
            let stall = self.timeouts.stall;
            let host = format!("`{}`", link.host());
            let client = self.clients.for_file(link.url());
            let response = tokio::time::timeout(stall, client.execute(request))
                .await
                .map_err(|_elapsed| timeout_failure(link.host(), stall))?
                .map_err(|error| transport_failure(&error.without_url(), &host))?;
            let Some(location) = redirect_location(&response) else {
                let coding = response.headers().get(CONTENT_ENCODING);
                let coding = coding.map(|coding| String::from_utf8_lossy(coding.as_bytes()).into());
                return Ok(FileResponse { inner: response, host, stall, coding });
            };
            link = link.follow(&String::from_utf8_lossy(location.as_bytes()))?;
        }
        Err(redirect_loop(link.host()))
    }

    async fn status_failure(&self, mut response: FileResponse) -> Failure {
        // The status decides, so a slow body is not waited for.
        let body = read_error_body(&mut response.inner, self.timeouts.read).await;
        let body = ErrorBody::from_storage(&body, &self.redactor);
        let (status, headers) = (response.inner.status(), response.inner.headers());
        let mut failure =
            status_failure(&response.host, status, headers, &body, CommandKind::Download);
        failure.message = format!("{}: {}", response.host, failure.message);
        failure
    }

    fn check_size(&self, bytes: Option<u64>) -> Result<(), Failure> {
        let limit = self.largest_file;
        let Some(bytes) = bytes.filter(|bytes| *bytes > limit) else {
            return Ok(());
        };
        let message =
            format!("the file has at least {bytes} bytes, which is over the limit of {limit}");
        Err(Failure::new(FailureKind::Refused, message))
    }

    /// Returns the failure for a file that is not a video. `coding` is the `Content-Encoding` of the response.
    fn not_a_video(&self, content: &[u8], coding: Option<&str>) -> Failure {
        if let Some(coding) = coding.filter(|coding| !coding.eq_ignore_ascii_case("identity")) {
            let coding = truncate(&sanitize(coding), MAX_CODING);
            return bad_content(format!(
                "the video arrives with the content encoding `{coding}`, although it was not asked for"
            ));
        }

        let summary = ErrorBody::from_storage(content, &self.redactor).text;
        let is_text = content.iter().all(|byte| *byte >= 0x20 || byte.is_ascii_whitespace());
        let reason = if content.is_empty() {
            "it is empty"
        } else if !summary.is_empty() {
            &summary
        } else if is_text {
            "it is plain text"
        } else {
            "its content is unknown"
        };
        bad_content(format!("the file is not a video: {reason}"))
    }
}

fn bad_content(message: String) -> Failure {
    Failure::new(FailureKind::BadContent, message)
}

/// Returns the failure for a server that cannot continue the file.
fn changed() -> Failure {
    let message = "the download cannot be continued where it stopped; it starts again";
    Failure::new(FailureKind::Lost, message)
}

/// `Content-Range: bytes first-last/total` (RFC 9110, section 14.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ContentRange {
    /// The first byte.
    first: u64,
    /// The byte after the last.
    end: u64,
    /// The length of the whole file, if known.
    total: Option<u64>,
}

impl ContentRange {
    /// Returns the range in `headers`; `None` if it is missing or invalid.
    fn parse(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(CONTENT_RANGE)?.to_str().ok()?.trim();
        let (unit, range) = text.split_once(' ')?;
        let (range, total) = range.trim().split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let range = Self {
            first: number(first)?,
            end: number(last)?.checked_add(1)?,
            total: match total.trim() {
                "*" => None,
                total => Some(number(total)?),
            },
        };
        let is_valid = unit.eq_ignore_ascii_case("bytes")
            && range.first < range.end
            && range.total.is_none_or(|total| range.end <= total);
        is_valid.then_some(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(u64, u64, Option<u64>)> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_RANGE, text.parse().unwrap());
        ContentRange::parse(&headers).map(|range| (range.first, range.end, range.total))
    }

    #[test]
    fn valid_ranges_are_parsed_and_others_are_not() {
        assert_eq!(read("bytes 5-9/10"), Some((5, 10, Some(10))));
        assert_eq!(read("Bytes 0-0/*"), Some((0, 1, None)));
        for wrong in [
            "",
            "bytes */10",
            "bytes 5-4/10",
            "bytes 5-10/10",
            "lines 0-1/2",
            "bytes 0-18446744073709551615/*",
            "bytes -1-2/3",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
