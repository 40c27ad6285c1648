//! Requests to the API: with credentials, to the API's own address only, one attempt each.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Method, Request, Response, Url};

use super::classify::{status_failure, transport_failure};
use super::client_builder::proxy_address;
use super::clients::Clients;
use super::error::RemoteError;
use super::error_body::ErrorBody;
use super::redact::Redactor;
use crate::model::{CommandKind, Failure, FailureKind};
use crate::remote::BaseUrl;
use crate::remote::settings::{Settings, Timeouts};

/// A single answer is a few kilobytes; this is room for some hundred times as much. In memory JSON can take a
/// hundred times its own length.
const LARGEST_ANSWER: usize = 1 << 20;

/// Of a refusal only the first words are shown.
const LARGEST_REFUSAL: usize = 64 << 10;

/// A server that redirects more often than this goes round in circles.
const MOST_REDIRECTS: usize = 5;

/// The way to the API.
#[derive(Debug)]
pub(in crate::remote) struct ApiClient {
    clients: Clients,
    base: BaseUrl,
    /// The host, and the proxy on the way to it, for messages about connections.
    place: String,
    headers: HeaderMap,
    timeouts: Timeouts,
    redactor: Redactor,
}

/// A success: its whole body, and the status it came with.
#[derive(Debug)]
pub(in crate::remote) struct ApiResponse {
    /// The HTTP status, 2xx.
    pub(in crate::remote) status: u16,
    /// The body.
    pub(in crate::remote) body: Vec<u8>,
}

impl ApiClient {
    /// The way to the API that `settings` describe.
    pub(in crate::remote) fn new(
        settings: &Settings,
        clients: Clients,
        redactor: Redactor,
    ) -> Result<Self, RemoteError> {
        let host = settings.base_url.host();
        Ok(Self {
            clients,
            place: match proxy_address(settings) {
                Some(proxy) => format!("`{host}` through the proxy `{proxy}`"),
                None => format!("`{host}`"),
            },
            base: settings.base_url.clone(),
            headers: api_headers(settings)?,
            timeouts: settings.timeouts,
            redactor,
        })
    }

    /// The API's address.
    pub(in crate::remote) fn base(&self) -> &BaseUrl {
        &self.base
    }

    /// Makes words of the server fit to be shown.
    pub(in crate::remote) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// How long a whole list may take, by what it is read for: that of the fleet is short.
    pub(in crate::remote) fn patience(&self, command: CommandKind) -> Duration {
        match command {
            CommandKind::List => self.timeouts.list,
            CommandKind::Submit | CommandKind::Poll | CommandKind::Look | CommandKind::Fetch => {
                self.timeouts.read
            }
        }
    }

    /// Sends the paid POST. Never redirected, never repeated.
    pub(in crate::remote) async fn post(
        &self,
        url: Url,
        body: Vec<u8>,
    ) -> Result<ApiResponse, Failure> {
        let submits = &self.clients.submits;
        let exchange = async {
            let mut request = self.request(Method::POST, url);
            request.headers_mut().insert(
                CONTENT_TYPE,
                "application/json".parse().expect("plain ASCII"),
            );
            *request.body_mut() = Some(body.into());
            let sent = submits.execute(request).await;
            let response = sent.map_err(|error| self.broken(error))?;
            let response = self.accepted(response, CommandKind::Submit).await?;
            self.whole(response).await
        };
        let result = tokio::time::timeout(self.timeouts.create, exchange)
            .await
            .unwrap_or_else(|_elapsed| Err(self.silence(self.timeouts.create)));
        if let Err(failure) = &result
            && failure.kind == FailureKind::Lost
        {
            submits.stop_pooling();
        }
        result
    }

    /// Reads the whole of a short answer.
    pub(in crate::remote) async fn get(
        &self,
        url: Url,
        command: CommandKind,
    ) -> Result<ApiResponse, Failure> {
        let exchange = async {
            let response = self.open(url, command).await?;
            self.whole(response).await
        };
        tokio::time::timeout(self.timeouts.read, exchange)
            .await
            .unwrap_or_else(|_elapsed| Err(self.silence(self.timeouts.read)))
    }

    /// Asks, and answers as soon as a success is certain; the body is still to be read. Redirects are
    /// followed as long as they stay at the API's own address.
    pub(in crate::remote) async fn open(
        &self,
        mut url: Url,
        command: CommandKind,
    ) -> Result<Response, Failure> {
        for _ in 0..=MOST_REDIRECTS {
            let request = self.request(Method::GET, url.clone());
            let sent = self.clients.reads.execute(request);
            let response = match tokio::time::timeout(self.timeouts.read, sent).await {
                Ok(sent) => sent.map_err(|error| self.broken(error))?,
                Err(_elapsed) => return Err(self.silence(self.timeouts.read)),
            };
            match self.redirect(&url, &response) {
                Some(next) => url = next,
                None => return self.accepted(response, command).await,
            }
        }
        Err(Failure::new(
            FailureKind::Redirected,
            format!("`{}` redirects in circles", self.base.host()),
        ))
    }

    /// The next piece of `response`; `None` at its end.
    pub(in crate::remote) async fn piece(
        &self,
        response: &mut Response,
    ) -> Result<Option<Vec<u8>>, Failure> {
        match tokio::time::timeout(self.timeouts.read, response.chunk()).await {
            Ok(Ok(piece)) => Ok(piece.map(Into::into)),
            Ok(Err(error)) => Err(self.broken(error)),
            Err(_elapsed) => Err(self.silence(self.timeouts.read)),
        }
    }

    fn request(&self, method: Method, url: Url) -> Request {
        let mut request = Request::new(method, url);
        *request.headers_mut() = self.headers.clone();
        request
    }

    fn broken(&self, error: reqwest::Error) -> Failure {
        transport_failure(&error.without_url(), &self.place)
    }

    /// Where `response` redirects to, if that is the API's own address.
    fn redirect(&self, from: &Url, response: &Response) -> Option<Url> {
        if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let place = response.headers().get(LOCATION)?.to_str().ok()?;
        let next = from.join(place).ok()?;
        let is_safe = self.base.is_origin_of(&next)
            && next.username().is_empty()
            && next.password().is_none();
        is_safe.then_some(next)
    }

    /// `response` if it is a success, else what it means.
    async fn accepted(
        &self,
        mut response: Response,
        command: CommandKind,
    ) -> Result<Response, Failure> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        // The status decides; whether its words can be read to the end does not matter.
        let mut body = Vec::new();
        while body.len() < LARGEST_REFUSAL {
            match self.piece(&mut response).await {
                Ok(Some(piece)) => body.extend_from_slice(&piece),
                Ok(None) | Err(_) => break,
            }
        }
        body.truncate(LARGEST_REFUSAL);
        let words = ErrorBody::of(&body, &self.redactor);
        Err(status_failure(status, response.headers(), &words, command))
    }

    async fn whole(&self, mut response: Response) -> Result<ApiResponse, Failure> {
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(piece) = self.piece(&mut response).await? {
            if body.len() + piece.len() > LARGEST_ANSWER {
                return Err(Failure::new(
                    FailureKind::Malformed,
                    format!("`{}` sends far more than was asked for", self.base.host()),
                )
                .with_status(status));
            }
            body.extend_from_slice(&piece);
        }
        Ok(ApiResponse { status, body })
    }

    fn silence(&self, waited: Duration) -> Failure {
        Failure::new(
            FailureKind::Lost,
            format!(
                "no answer from `{}` within {} s",
                self.base.host(),
                waited.as_secs_f32()
            ),
        )
    }
}

/// The headers of every request to the API, and of no other.
fn api_headers(settings: &Settings) -> Result<HeaderMap, RemoteError> {
    let secret = |value: &str, variable| {
        let mut value = HeaderValue::from_str(value)
            .ok()
            .filter(|_| !value.is_empty())
            .ok_or(RemoteError::Credential { variable })?;
        value.set_sensitive(true);
        Ok(value)
    };
    let credentials = &settings.credentials;
    let mut headers = HeaderMap::new();
    headers.insert(
        "x-api-id",
        secret(credentials.expose_id(), "CREATIFY_API_ID")?,
    );
    headers.insert(
        "x-api-key",
        secret(credentials.expose_key(), "CREATIFY_API_KEY")?,
    );
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    Ok(headers)
}
