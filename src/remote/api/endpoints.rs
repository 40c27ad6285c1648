//! The endpoints of the API.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AGE, HeaderMap};
use reqwest::{Response, Url};
use serde_json::Value;

use super::page::{ChannelReader, Page, RowSink, read_page};
use super::rows::{CatalogueRows, ListRows, PollRows};
use super::wire::{CreateBody, PersonaItem, VoiceItem, number, parse_job};
use crate::model::{
    AcceptedJob, CommandKind, Credits, Failure, FailureKind, ListFilter, Listing, RemoteId,
    RenderReport, RenderStatus, Tag, VideoRequest, find_tags,
};
use crate::remote::http::{ApiClient, ApiResponse, foreign_failure};

/// The maximum of chunks that wait for the parser; at this number, reading pauses.
const MAX_WAITING_CHUNKS: usize = 16;

/// The maximum of pages of a list. With more, the pages probably link in circles.
const MAX_PAGES: usize = 5000;

/// All pages of a list.
struct Pages<R> {
    rows: R,
    /// Whether the pages link in circles, so that some of them were not shown.
    is_circular: bool,
    /// How long ago the oldest of them was made.
    age: Duration,
}

/// Returns how long ago a response was made, if a cache has kept it.
fn cached_for(headers: &HeaderMap) -> Duration {
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()?.trim().parse().ok());
    Duration::from_secs(age.unwrap_or_default())
}

/// The endpoints of the API; each call makes one attempt.
impl ApiClient {
    /// Sends the paid POST. Success is a 2xx (200 and 201 are documented) with a JSON object that has an id, and nothing
    /// else: a redirected POST returns a list.
    pub(crate) async fn submit(
        &self,
        request: &VideoRequest,
        name: &str,
    ) -> Result<AcceptedJob, Failure> {
        let body = serde_json::to_vec(&CreateBody::new(request, name))
            .expect("plain data is always valid JSON");
        let url = self.base.endpoint(&["api", "lipsyncs"]);
        let response = self.post(url, body).await?;
        let report = self.parse_job(&response)?;
        // A job without our tag may have lost its name; one with another tag of ours is another job.
        let sent: Vec<Tag> = find_tags(name).collect();
        let name = report.name.as_deref().unwrap_or_default();
        let returned: Vec<Tag> = find_tags(name).collect();
        let shows_tag = returned.iter().any(|tag| sent.contains(tag));
        if (!returned.is_empty() && !shows_tag) || !report.echo.fits(request) {
            return Err(malformed(&response, "the answer is about another job"));
        }
        Ok(AcceptedJob { remote: report.remote, shows_tag })
    }

    /// Returns the status of `remotes` from one request. Jobs that the response does not mention are left out.
    pub(crate) async fn poll(&self, remotes: &[RemoteId]) -> Result<Vec<RenderReport>, Failure> {
        let ids: Vec<&str> = remotes.iter().map(RemoteId::as_str).collect();
        let mut url = self.base.endpoint(&["api", "lipsyncs"]);
        url.query_pairs_mut().append_pair("ids", &ids.join(","));
        let rows = PollRows::new(remotes);
        let rows = self.read_list(url, CommandKind::Poll, rows).await?.rows;
        Ok(rows.reports.into_iter().map(|it| self.clean(it)).collect())
    }

    /// Returns one job by its id.
    pub(crate) async fn poll_job(&self, remote: &RemoteId) -> Result<RenderReport, Failure> {
        // A path segment of dots would name another endpoint.
        if remote.as_str().bytes().all(|byte| byte == b'.') {
            let message = format!("`{remote}` is not an id that can be requested");
            return Err(Failure::new(FailureKind::NotFound, message));
        }
        let url = self.base.endpoint(&["api", "lipsyncs", remote.as_str()]);
        let response = self.get(url, CommandKind::PollJob).await?;
        let mut report = self.parse_job(&response)?;
        if !report.remote.as_str().eq_ignore_ascii_case(remote.as_str()) {
            return Err(malformed(&response, "the answer is about another job"));
        }
        report.remote = remote.clone();
        Ok(report)
    }

    /// Returns the account's jobs that match `filter`.
    pub(crate) async fn list(&self, filter: Arc<ListFilter>) -> Result<Listing, Failure> {
        let url = self.base.endpoint(&["api", "lipsyncs"]);
        let pages = self.read_list(url, CommandKind::List, ListRows::new(filter)).await?;
        let mut listing = pages.rows.listing(pages.is_circular);
        listing.age = pages.age;
        listing.found.retain(|report| !self.redactor.hides(report.remote.as_str()));
        listing.found = listing.found.into_iter().map(|it| self.clean(it)).collect();
        Ok(listing)
    }

    /// Returns the account's balance. Charges are deducted late.
    pub(crate) async fn remaining_credits(&self) -> Result<Credits, Failure> {
        let url = self.base.endpoint(&["api", "remaining_credits"]);
        let response = self.get(url, CommandKind::List).await?;
        serde_json::from_slice::<Value>(&response.body)
            .ok()
            .and_then(|answer| Credits::from_number(number(answer.get("remaining_credits")?)?))
            .ok_or_else(|| malformed(&response, "the answer contains no balance"))
    }

    /// Returns the catalogue of personas, the account's own first.
    pub(crate) async fn personas(&self) -> Result<Vec<PersonaItem>, Failure> {
        let public: Vec<PersonaItem> = self.catalogue("personas").await?;
        let mut personas: Vec<PersonaItem> = match self.catalogue("personas_v2").await {
            Ok(own) => own,
            // Not every plan has custom avatars.
            Err(failure)
                if matches!(failure.kind, FailureKind::NotFound | FailureKind::Rejected) =>
            {
                Vec::new()
            }
            Err(failure) => return Err(failure),
        };
        for persona in &mut personas {
            persona.is_custom = true;
        }
        personas.extend(public);
        let mut seen = HashSet::new();
        personas.retain(|persona| {
            let id = persona.id.as_ref();
            id.is_some_and(|id| seen.insert(id.clone()))
        });
        Ok(personas)
    }

    /// Returns the catalogue of voices.
    pub(crate) async fn voices(&self) -> Result<Vec<VoiceItem>, Failure> {
        self.catalogue("voices").await
    }

    async fn catalogue<T>(&self, name: &str) -> Result<Vec<T>, Failure>
    where
        T: serde::de::DeserializeOwned + Send + 'static,
    {
        let url = self.base.endpoint(&["api", name]);
        let rows = CatalogueRows::new();
        Ok(self.read_list(url, CommandKind::List, rows).await?.rows.items)
    }

    fn parse_job(&self, response: &ApiResponse) -> Result<RenderReport, Failure> {
        let value: Value = serde_json::from_slice(&response.body)
            .map_err(|_| malformed(response, "the answer is not valid JSON"))?;
        let problem = if value.is_array() {
            "the answer is a list instead of one job"
        } else {
            "the answer has no usable id"
        };
        parse_job(&value)
            .filter(|report| !self.redactor.hides(report.remote.as_str()))
            .map(|report| self.clean(report))
            .ok_or_else(|| malformed(response, problem))
    }

    /// Returns `report` with the provider's texts safe to show.
    fn clean(&self, mut report: RenderReport) -> RenderReport {
        let clean = |text: String| self.redactor.clean(&text);
        report.failed_reason = report.failed_reason.map(clean);
        if let RenderStatus::Other(word) = report.status {
            report.status = RenderStatus::Other(clean(word));
        }
        // They are recorded as they are, so a link with a key leads nowhere.
        for link in [&mut report.output, &mut report.thumbnail].into_iter().flatten() {
            *link = self.redactor.hide_credentials(link);
        }
        report
    }

    /// Reads all pages of a list within the time limit of `command`.
    async fn read_list<R: RowSink>(
        &self,
        url: Url,
        command: CommandKind,
        rows: R,
    ) -> Result<Pages<R>, Failure> {
        // Lists for other commands than the account's list are short.
        let timeouts = &self.timeouts;
        let limit = if command == CommandKind::List { timeouts.list } else { timeouts.read };
        let reading = self.read_pages(url, command, rows);
        tokio::time::timeout(limit, reading).await.unwrap_or_else(|_elapsed| {
            let seconds = limit.as_secs_f32();
            let message = format!("the list did not end within {seconds} s");
            Err(Failure::new(FailureKind::Lost, message))
        })
    }

    async fn read_pages<R: RowSink>(
        &self,
        mut url: Url,
        command: CommandKind,
        mut rows: R,
    ) -> Result<Pages<R>, Failure> {
        let mut seen = HashSet::new();
        let mut age = Duration::ZERO;
        while seen.len() < MAX_PAGES && seen.insert(url.clone()) {
            let response = self.open(url.clone(), command).await?;
            age = age.max(cached_for(response.headers()));
            let page;
            (rows, page) = self.read_page(response, rows).await?;
            let Some(next) = page.next else {
                return Ok(Pages { rows, is_circular: false, age });
            };
            if page.rows == 0 || !rows.end_page() {
                // Such pages would never end.
                break;
            }
            let next = url.join(&next).ok();
            let Some(next) = next.and_then(|next| self.base.rebase(next)) else {
                return Err(Failure::new(
                    FailureKind::Malformed,
                    "the next page of the list is on another server, where the credentials must not be sent",
                ));
            };
            url = next;
        }
        Ok(Pages { rows, is_circular: true, age })
    }

    /// Reads one page, with the parser on a separate thread. Each chunk has a time limit.
    async fn read_page<R: RowSink>(
        &self,
        mut response: Response,
        mut rows: R,
    ) -> Result<(R, Page), Failure> {
        let status = response.status().as_u16();
        let (sender, receiver) = tokio::sync::mpsc::channel(MAX_WAITING_CHUNKS);
        let parser = tokio::task::spawn_blocking(move || {
            let next = read_page(ChannelReader::new(receiver), &mut rows);
            (rows, next)
        });
        let (mut page, mut is_empty) = (None, true);
        let transfer = async {
            while let Some(chunk) = self.next_chunk(&mut response).await? {
                if std::mem::take(&mut is_empty) {
                    page = foreign_failure(self.peer(), &chunk, &self.redactor);
                }
                // A parser that has stopped returns the reason.
                if sender.send(chunk).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        let transferred = transfer.await;
        drop(sender);
        let (rows, next) = parser.await.map_err(|_| {
            Failure::new(FailureKind::Interrupted, "the parser of a list was stopped")
        })?;
        transferred?;
        if is_empty {
            page = foreign_failure(self.peer(), b"", &self.redactor);
        }
        if let Some(failure) = page {
            return Err(failure.with_status(status));
        }
        match next {
            Ok(next) => Ok((rows, next)),
            Err(error) if error.is_eof() => {
                Err(Failure::new(FailureKind::Lost, "the list is incomplete, so it proves nothing"))
            }
            Err(error) => {
                let reason = self.redactor.clean(&error.to_string());
                let message = format!("the list cannot be read: {reason}");
                Err(Failure::new(FailureKind::Malformed, message).with_status(status))
            }
        }
    }
}

fn malformed(response: &ApiResponse, problem: &str) -> Failure {
    Failure::new(FailureKind::Malformed, problem).with_status(response.status)
}
