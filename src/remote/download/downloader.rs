//! One attempt at a download.

use std::path::PathBuf;

use reqwest::header::{ACCEPT_ENCODING, HeaderValue, IF_RANGE, LOCATION, RANGE};
use reqwest::{Method, Request, Response, StatusCode};

use super::container::{HEAD, is_video};
use super::content_range::ContentRange;
use super::link::Link;
use super::part::{Part, Record, blocking};
use super::target::{Target, local};
use crate::model::{Artifact, CommandKind, DownloadProgress, Failure, FailureKind, FetchOrder};
use crate::remote::address::AddressPolicy;
use crate::remote::http::{Clients, ErrorBody, Redactor, status_failure, transport_failure};
use crate::remote::settings::{Settings, Timeouts};

/// As many as browsers allow, about.
const MOST_REDIRECTS: usize = 10;

/// Of a refusal only the first words are shown.
const LARGEST_REFUSAL: usize = 64 << 10;

/// Downloads files; has no credentials to give away.
#[derive(Debug)]
pub(in crate::remote) struct Downloader {
    clients: Clients,
    redactor: Redactor,
    pub(super) out: PathBuf,
    pub(super) timeouts: Timeouts,
    pub(super) policy: AddressPolicy,
    largest_file: u64,
}

/// A part that is being added to, and how long it is to become.
struct Transfer {
    part: Part,
    /// Where this answer ends, if it says so.
    end: Option<u64>,
    /// Where the file ends, if that is known.
    total: Option<u64>,
    /// The beginning of a new file, until it is long enough to be recognised.
    head: Option<Vec<u8>>,
}

impl Downloader {
    /// A downloader into the output folder of `settings`.
    pub(in crate::remote) fn new(settings: Settings, clients: Clients, redactor: Redactor) -> Self {
        Self {
            clients,
            redactor,
            out: settings.out,
            timeouts: settings.timeouts,
            policy: settings.base_url.address_policy(),
            largest_file: settings.largest_file,
        }
    }

    /// Makes one attempt: the video, then, if it can be had, its thumbnail.
    pub(in crate::remote) async fn fetch(
        &self,
        order: &FetchOrder,
        meter: &DownloadProgress,
    ) -> Result<Artifact, Failure> {
        let target = Target::new(&self.out, &order.file)?;
        let link = Link::parse(&order.video_url, self.policy)?;
        let (bytes, sha256) = self.video(&target, link, meter).await?;
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
        meter: &DownloadProgress,
    ) -> Result<(u64, String), Failure> {
        let folder = target.folder().to_owned();
        blocking(move || std::fs::create_dir_all(folder))
            .await
            .map_err(|error| local(target.folder(), &error))?;
        let source = link.source();
        let earlier = Part::resume(target, source.clone()).await;
        let (mut response, host) = self.get(link, earlier.as_ref()).await?;
        let transfer = match (response.status(), earlier) {
            (StatusCode::OK, _) => {
                let total = response.content_length();
                self.check_size(total)?;
                let record = Record::new(source, response.headers(), total);
                Transfer {
                    part: Part::begin(target, record).await?,
                    end: total,
                    total,
                    head: Some(Vec::new()),
                }
            }
            (StatusCode::PARTIAL_CONTENT, Some(part)) => self.resume_part(part, &response).await?,
            (StatusCode::RANGE_NOT_SATISFIABLE, Some(part)) => {
                part.discard().await;
                return Err(changed());
            }
            (status, _) if status.is_success() => {
                return Err(Failure::new(
                    FailureKind::BadContent,
                    format!("`{host}` answers without the file"),
                )
                .with_status(status.as_u16()));
            }
            (_, _) => return Err(self.refused(response, &host).await),
        };
        self.receive(transfer, &mut response, &host, meter).await
    }

    /// Checks that `response` goes on where `part` ends.
    async fn resume_part(&self, part: Part, response: &Response) -> Result<Transfer, Failure> {
        let range = ContentRange::of(response.headers()).filter(|range| {
            let told = response.content_length();
            let known = part.record().total();
            range.first == part.length()
                && told.is_none_or(|told| told == range.end - range.first)
                && (range.total.is_none() || known.is_none() || range.total == known)
                && part.record().agrees_with(response.headers())
        });
        let Some(range) = range else {
            part.discard().await;
            return Err(changed());
        };
        let total = range.total.or(part.record().total());
        self.check_size(total)?;
        Ok(Transfer {
            part,
            end: Some(range.end),
            total,
            head: None,
        })
    }

    /// Receives the rest of the file, and finishes it.
    async fn receive(
        &self,
        mut transfer: Transfer,
        response: &mut Response,
        host: &str,
        meter: &DownloadProgress,
    ) -> Result<(u64, String), Failure> {
        if let Some(total) = transfer.total {
            meter.expect(total);
        }
        meter.set_received(transfer.part.length());
        loop {
            let piece = match self.piece(response, host).await {
                Ok(Some(piece)) => piece,
                Ok(None) => break,
                Err(failure) => {
                    let reached = transfer.part.length();
                    transfer.part.keep().await;
                    return Err(failure.with_reached(reached));
                }
            };
            if let Err(failure) = self.add(&mut transfer, piece.as_ref()).await {
                // A disk that is full holds a good beginning; anything else is not what was wanted.
                if failure.kind == FailureKind::Local {
                    transfer.part.keep().await;
                } else {
                    transfer.part.discard().await;
                }
                return Err(failure);
            }
            meter.set_received(transfer.part.length());
        }
        let length = transfer.part.length();
        if let Some(head) = &transfer.head {
            let failure = self.not_a_video(head);
            transfer.part.discard().await;
            return Err(failure);
        }
        let expected = transfer.total.or(transfer.end);
        if let Some(expected) = expected.filter(|expected| length < *expected) {
            transfer.part.keep().await;
            return Err(Failure::new(
                FailureKind::Lost,
                format!("`{host}` sent {length} of {expected} bytes"),
            )
            .with_reached(length));
        }
        match transfer.part.missing_bytes().await {
            Ok(0) => transfer.part.finish().await,
            Ok(missing) => {
                transfer.part.discard().await;
                Err(Failure::new(
                    FailureKind::BadContent,
                    format!("`{host}` sent a video that is cut short: {missing} bytes are missing"),
                ))
            }
            Err(failure) => {
                transfer.part.keep().await;
                Err(failure)
            }
        }
    }

    /// Adds a piece, once it is certain that it belongs to a video.
    async fn add(&self, transfer: &mut Transfer, piece: &[u8]) -> Result<(), Failure> {
        let head;
        let piece = match transfer.head.take() {
            None => piece,
            Some(mut begun) => {
                begun.extend_from_slice(piece);
                if begun.len() < HEAD {
                    transfer.head = Some(begun);
                    return Ok(());
                }
                if !is_video(&begun) {
                    return Err(self.not_a_video(&begun));
                }
                head = begun;
                &head
            }
        };
        let length = transfer.part.length() + piece.len() as u64;
        if let Some(end) = transfer.end.filter(|end| length > *end) {
            return Err(Failure::new(
                FailureKind::BadContent,
                format!("more than the {end} bytes that were announced arrived"),
            ));
        }
        self.check_size(Some(length))?;
        transfer.part.write(piece).await
    }

    /// Asks for the file, or for what is missing of it, and follows redirects. Gives the answer and the host that
    /// gave it.
    pub(super) async fn get(
        &self,
        mut link: Link,
        earlier: Option<&Part>,
    ) -> Result<(Response, String), Failure> {
        for _ in 0..=MOST_REDIRECTS {
            let mut request = Request::new(Method::GET, link.url().clone());
            let headers = request.headers_mut();
            // A compressed file has another length and other places than the one on the disk.
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            let going_on = earlier.and_then(|part| {
                let validator = HeaderValue::from_str(part.validator()?).ok()?;
                Some((part.length(), validator))
            });
            if let Some((length, validator)) = going_on {
                headers.insert(IF_RANGE, validator);
                headers.insert(
                    RANGE,
                    HeaderValue::try_from(format!("bytes={length}-")).expect("plain ASCII"),
                );
            }
            let client = self.clients.for_file(link.url());
            let response = tokio::time::timeout(self.timeouts.stall, client.execute(request))
                .await
                .map_err(|_elapsed| self.stalled(link.host()))?
                .map_err(|error| {
                    transport_failure(&error.without_url(), &format!("`{}`", link.host()))
                })?;
            let place = match response.status().as_u16() {
                301 | 302 | 303 | 307 | 308 => response.headers().get(LOCATION),
                _ => None,
            };
            let Some(place) = place else {
                let host = link.host().to_owned();
                return Ok((response, host));
            };
            let place = String::from_utf8_lossy(place.as_bytes());
            link = link.follow(&place)?;
        }
        Err(Failure::new(
            FailureKind::Redirected,
            format!("`{}` redirects in circles", link.host()),
        ))
    }

    /// The next piece of a body; `None` at its end. The time limit is for lack of progress alone.
    pub(super) async fn piece(
        &self,
        response: &mut Response,
        host: &str,
    ) -> Result<Option<impl AsRef<[u8]> + use<>>, Failure> {
        match tokio::time::timeout(self.timeouts.stall, response.chunk()).await {
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err(error)) => Err(transport_failure(
                &error.without_url(),
                &format!("`{host}`"),
            )),
            Err(_elapsed) => Err(self.stalled(host)),
        }
    }

    async fn refused(&self, mut response: Response, host: &str) -> Failure {
        let mut body = Vec::new();
        let reading = async {
            while body.len() < LARGEST_REFUSAL {
                match self.piece(&mut response, host).await {
                    Ok(Some(piece)) => body.extend_from_slice(piece.as_ref()),
                    Ok(None) | Err(_) => break,
                }
            }
        };
        // The status decides; words that only drip in are not waited for.
        let _all_or_some = tokio::time::timeout(self.timeouts.read, reading).await;
        let words = ErrorBody::of_file(&body, &self.redactor);
        let mut failure = status_failure(
            response.status(),
            response.headers(),
            &words,
            CommandKind::Fetch,
        );
        failure.message = format!("`{host}`: {}", failure.message);
        failure
    }

    fn check_size(&self, bytes: Option<u64>) -> Result<(), Failure> {
        match bytes {
            Some(bytes) if bytes > self.largest_file => Err(Failure::new(
                FailureKind::Refused,
                format!(
                    "the file has {bytes} bytes or more, which is over the limit of {}",
                    self.largest_file
                ),
            )),
            Some(_) | None => Ok(()),
        }
    }

    fn not_a_video(&self, content: &[u8]) -> Failure {
        let words = ErrorBody::of_file(content, &self.redactor).text;
        let is_text = content
            .iter()
            .all(|byte| *byte >= 0x20 || byte.is_ascii_whitespace());
        let what = if content.is_empty() {
            "it is empty"
        } else if !words.is_empty() {
            &words
        } else if is_text {
            "it is plain text"
        } else {
            "its content is unknown"
        };
        Failure::new(
            FailureKind::BadContent,
            format!("the file is no video: {what}"),
        )
    }

    fn stalled(&self, host: &str) -> Failure {
        let seconds = self.timeouts.stall.as_secs_f32();
        Failure::new(
            FailureKind::Lost,
            format!("nothing came from `{host}` for {seconds} s"),
        )
    }
}

/// The server has another file than the one that was begun.
fn changed() -> Failure {
    Failure::new(
        FailureKind::Lost,
        "the download cannot go on where it was broken off; it begins again",
    )
}
