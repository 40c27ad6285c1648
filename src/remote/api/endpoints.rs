//! The endpoints.

use std::collections::HashSet;
use std::sync::Arc;

use reqwest::{Response, Url};
use serde_json::Value;

use super::page::{ChannelReader, Next, RowSink, read_page};
use super::rows::{CatalogueRows, ListRows, PollRows, report};
use super::wire::{CreateBody, PersonaItem, RemainingCredits, VoiceItem};
use crate::model::{
    CommandKind, Credits, Failure, FailureKind, ListFilter, Listing, RemoteId, RenderReport,
    RenderStatus, Tag, VideoRequest, find_tags,
};
use crate::remote::http::{ApiClient, ApiResponse};

/// Pieces of a list that wait for the parser; then the network waits.
const PIECES_WAITING: usize = 16;

/// No account has a list of more pages. A server that says so goes round in circles.
const MOST_PAGES: usize = 100_000;

/// The API, one attempt per call.
#[derive(Debug)]
pub(in crate::remote) struct Api {
    channel: ApiClient,
}

impl Api {
    /// The API at the other end of `channel`.
    pub(in crate::remote) fn new(channel: ApiClient) -> Self {
        Self { channel }
    }

    /// The paid POST. A success is a 2xx (200 and 201 are documented) with a JSON object that has an id,
    /// and nothing else: a redirected POST shows itself as a list.
    pub(in crate::remote) async fn submit(
        &self,
        request: &VideoRequest,
        name: &str,
    ) -> Result<RemoteId, Failure> {
        let body = serde_json::to_vec(&CreateBody::new(request, name))
            .expect("a body is plain data, which JSON can always represent");
        let url = self.channel.base().endpoint(&["api", "lipsyncs"]);
        let answer = self.channel.post(url, body).await?;
        let report = self.one_job(&answer)?;
        // Whose name is cut or missing may be ours; one with another tag of ours is another job.
        let sent: Vec<Tag> = find_tags(name).collect();
        let shown = report.name.as_deref().into_iter().flat_map(find_tags);
        let shown: Vec<Tag> = shown.collect();
        if !shown.is_empty() && !shown.iter().any(|tag| sent.contains(tag)) {
            return Err(malformed(&answer, "the answer is about another job"));
        }
        Ok(report.remote)
    }

    /// The status of `remotes` in one request. What the answer does not mention has given no
    /// information.
    pub(in crate::remote) async fn poll(
        &self,
        remotes: &[RemoteId],
    ) -> Result<Vec<RenderReport>, Failure> {
        let ids: Vec<&str> = remotes.iter().map(RemoteId::as_str).collect();
        let mut url = self.channel.base().endpoint(&["api", "lipsyncs"]);
        url.query_pairs_mut().append_pair("ids", &ids.join(","));
        let asked = PollRows::about(remotes);
        let asked = self.read_all(url, CommandKind::Poll, asked).await?;
        Ok(asked.reports.into_iter().map(|r| self.shown(r)).collect())
    }

    /// One job by its id.
    pub(in crate::remote) async fn look(&self, remote: &RemoteId) -> Result<RenderReport, Failure> {
        // A path segment of dots would name another endpoint.
        if remote.as_str().bytes().all(|byte| byte == b'.') {
            return Err(Failure::new(
                FailureKind::NotFound,
                format!("`{remote}` is no id that can be asked about"),
            ));
        }
        let base = self.channel.base();
        let url = base.endpoint(&["api", "lipsyncs", remote.as_str()]);
        let answer = self.channel.get(url, CommandKind::Look).await?;
        let mut report = self.one_job(&answer)?;
        if !report.remote.as_str().eq_ignore_ascii_case(remote.as_str()) {
            return Err(malformed(&answer, "the answer is about another job"));
        }
        report.remote = remote.clone();
        Ok(report)
    }

    /// The account's jobs, all of them, filtered while they stream in.
    pub(in crate::remote) async fn list(
        &self,
        sought: Arc<ListFilter>,
    ) -> Result<Listing, Failure> {
        let url = self.channel.base().endpoint(&["api", "lipsyncs"]);
        let kept = ListRows::of(sought);
        let mut listing = self.read_all(url, CommandKind::List, kept).await?.listing;
        listing.found = listing.found.into_iter().map(|r| self.shown(r)).collect();
        Ok(listing)
    }

    /// The account's balance. Charges are deducted late, so this is not what is left to promise.
    pub(in crate::remote) async fn remaining_credits(&self) -> Result<Credits, Failure> {
        let url = self.channel.base().endpoint(&["api", "remaining_credits"]);
        let answer = self.channel.get(url, CommandKind::List).await?;
        serde_json::from_slice::<RemainingCredits>(&answer.body)
            .ok()
            .and_then(|credits| Credits::from_number(credits.remaining_credits?))
            .ok_or_else(|| malformed(&answer, "the answer names no balance"))
    }

    /// The catalogue of personas, the account's own first.
    pub(in crate::remote) async fn personas(&self) -> Result<Vec<PersonaItem>, Failure> {
        let everybody: Vec<PersonaItem> = self.catalogue("personas").await?;
        let mut personas: Vec<PersonaItem> = match self.catalogue("personas_v2").await {
            Ok(own) => own,
            // Not every plan, and no imitation, has avatars of its own.
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
        personas.extend(everybody);
        let mut seen = HashSet::new();
        personas.retain(|persona| match &persona.id {
            Some(id) => seen.insert(id.clone()),
            None => false,
        });
        Ok(personas)
    }

    /// The catalogue of voices.
    pub(in crate::remote) async fn voices(&self) -> Result<Vec<VoiceItem>, Failure> {
        self.catalogue("voices").await
    }

    /// Failures fit to be shown: every message of this layer passes here.
    pub(in crate::remote) fn scrub(&self, failure: Failure) -> Failure {
        self.channel.redactor().failure(failure)
    }

    async fn catalogue<T>(&self, name: &str) -> Result<Vec<T>, Failure>
    where
        T: serde::de::DeserializeOwned + Send + 'static,
    {
        let url = self.channel.base().endpoint(&["api", name]);
        let rows = CatalogueRows::new();
        Ok(self.read_all(url, CommandKind::List, rows).await?.items)
    }

    /// The one job an answer describes.
    fn one_job(&self, answer: &ApiResponse) -> Result<RenderReport, Failure> {
        let value: Value = serde_json::from_slice(&answer.body)
            .map_err(|_| malformed(answer, "the answer cannot be read"))?;
        let problem = if value.is_array() {
            "the answer is a list instead of one job"
        } else {
            "the answer has no usable id"
        };
        report(value)
            .map(|report| self.shown(report))
            .ok_or_else(|| malformed(answer, problem))
    }

    /// `report` with the provider's words fit to be shown.
    fn shown(&self, mut report: RenderReport) -> RenderReport {
        let clean = |words: String| self.channel.redactor().clean(&words);
        report.failed_reason = report.failed_reason.map(clean);
        if let RenderStatus::Other(word) = report.status {
            report.status = RenderStatus::Other(clean(word));
        }
        report
    }

    /// Reads every page of a list, as long as that does not take too long.
    async fn read_all<R: RowSink>(
        &self,
        url: Url,
        command: CommandKind,
        rows: R,
    ) -> Result<R, Failure> {
        let limit = self.channel.patience(command);
        let reading = self.read_pages(url, command, rows);
        tokio::time::timeout(limit, reading)
            .await
            .unwrap_or_else(|_elapsed| {
                let seconds = limit.as_secs_f32();
                Err(Failure::new(
                    FailureKind::Lost,
                    format!("the list did not come to its end within {seconds} s"),
                ))
            })
    }

    async fn read_pages<R: RowSink>(
        &self,
        mut url: Url,
        command: CommandKind,
        mut rows: R,
    ) -> Result<R, Failure> {
        let mut seen = HashSet::new();
        for _ in 0..MOST_PAGES {
            if !seen.insert(url.clone()) {
                break;
            }
            let response = self.channel.open(url.clone(), command).await?;
            let next;
            (rows, next) = self.read_one(response, rows).await?;
            let Next::At(place) = next else {
                return Ok(rows);
            };
            let place = url.join(&place).ok();
            url = place
                .and_then(|place| self.channel.base().rebase(place))
                .ok_or_else(|| {
                    Failure::new(
                        FailureKind::Malformed,
                        "the list goes on at another server, where the credentials must not go",
                    )
                })?;
        }
        Err(Failure::new(
            FailureKind::Malformed,
            "the pages of the list go round in circles",
        ))
    }

    /// Reads one page, on a thread of its own for the parser. Each of its pieces must come in time.
    async fn read_one<R: RowSink>(
        &self,
        mut response: Response,
        mut rows: R,
    ) -> Result<(R, Next), Failure> {
        let status = response.status().as_u16();
        let (sender, receiver) = tokio::sync::mpsc::channel(PIECES_WAITING);
        let parser = tokio::task::spawn_blocking(move || {
            let next = read_page(ChannelReader::new(receiver), &mut rows);
            (rows, next)
        });
        let mut broken = None;
        loop {
            match self.channel.piece(&mut response).await {
                // The parser has gone: it knows why.
                Ok(Some(piece)) => {
                    if sender.send(piece).await.is_err() {
                        break;
                    }
                }
                Ok(None) => break,
                Err(failure) => {
                    broken = Some(failure);
                    break;
                }
            }
        }
        drop(sender);
        let (rows, next) = parser.await.map_err(|_| {
            Failure::new(
                FailureKind::Interrupted,
                "the reading of a list was stopped",
            )
        })?;
        if let Some(failure) = broken {
            return Err(failure);
        }
        match next {
            Ok(next) => Ok((rows, next)),
            Err(error) if error.is_eof() => Err(Failure::new(
                FailureKind::Lost,
                "the list ended in the middle, and proves nothing",
            )),
            Err(error) => {
                let words = self.channel.redactor().clean(&error.to_string());
                let message = format!("the list cannot be read: {words}");
                Err(Failure::new(FailureKind::Malformed, message).with_status(status))
            }
        }
    }
}

fn malformed(answer: &ApiResponse, problem: &str) -> Failure {
    Failure::new(FailureKind::Malformed, problem).with_status(answer.status)
}
