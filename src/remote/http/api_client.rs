//! Requests to the API: with credentials, to the API's own address only, one attempt each.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Request, Response, Url};

use super::clients::{Clients, RemoteError, proxy_address};
use super::error_body::ErrorBody;
use super::redact::Redactor;
use super::response::{
    foreign_failure, next_chunk, page_failure, read_error_body, redirect_location, redirect_loop,
    server_time, status_failure, timeout_failure, transport_failure,
};
use crate::model::{CommandKind, Failure, FailureKind, Timestamp};
use crate::remote::base_url::BaseUrl;
use crate::remote::settings::{RemoteSettings, Timeouts};

/// Longest response that is not a list, in bytes: hundreds of times the usual size. In memory, JSON can take a hundred times
/// its own length.
const MAX_RESPONSE: usize = 1 << 20;

/// The maximum of redirects. With more, the server probably redirects in circles.
const MAX_REDIRECTS: usize = 5;

/// The authenticated client of the API.
#[derive(Debug)]
pub(crate) struct ApiClient {
    clients: Clients,
    pub(crate) base: BaseUrl,
    /// The host, and the proxy on the way to it, for messages.
    peer: String,
    headers: HeaderMap,
    pub(crate) timeouts: Timeouts,
    pub(crate) redactor: Redactor,
    /// What the newest answer says about the time.
    server_time: Mutex<Option<Timestamp>>,
}

/// A successful response.
#[derive(Debug)]
pub(crate) struct ApiResponse {
    /// The HTTP status, 2xx.
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl ApiClient {
    pub(crate) fn new(
        settings: &RemoteSettings,
        clients: Clients,
        redactor: Redactor,
    ) -> Result<Self, RemoteError> {
        let host = settings.base_url.host();
        Ok(Self {
            clients,
            peer: match proxy_address(settings) {
                Some(proxy) => format!("`{host}` through the proxy `{proxy}`"),
                None => format!("`{host}`"),
            },
            base: settings.base_url.clone(),
            headers: api_headers(settings)?,
            timeouts: settings.timeouts,
            redactor,
            server_time: Mutex::default(),
        })
    }

    /// Sends the paid POST. Never redirected, never repeated.
    pub(crate) async fn post(&self, url: Url, body: Vec<u8>) -> Result<ApiResponse, Failure> {
        let submits = &self.clients.submits;
        let exchange = async {
            let mut request = self.request(Method::POST, url);
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(CONTENT_TYPE, json);
            *request.body_mut() = Some(body.into());
            let sent = submits.execute(request).await;
            let response = sent.map_err(|error| self.transport_failure(error))?;
            let response = self.check_status(response, CommandKind::Submit).await?;
            self.read_body(response, page_failure).await
        };
        let result = self.within(self.timeouts.create, exchange).await;
        if let Err(failure) = &result
            && failure.kind == FailureKind::Lost
        {
            submits.stop_pooling();
        }
        result
    }

    /// Sends a GET and reads the whole of a short response.
    pub(crate) async fn get(&self, url: Url, command: CommandKind) -> Result<ApiResponse, Failure> {
        let exchange = async {
            let response = self.open(url, command).await?;
            self.read_body(response, foreign_failure).await
        };
        self.within(self.timeouts.read, exchange).await
    }

    /// Sends a GET and returns a successful response whose body is still unread. Follows redirects within the API's own
    /// address.
    pub(crate) async fn open(
        &self,
        mut url: Url,
        command: CommandKind,
    ) -> Result<Response, Failure> {
        for _ in 0..=MAX_REDIRECTS {
            let mut request = self.request(Method::GET, url.clone());
            // A kept answer does not show what was accepted since.
            request.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            let exchange = async {
                let sent = self.clients.reads.execute(request).await;
                sent.map_err(|error| self.transport_failure(error))
            };
            let response = self.within(self.timeouts.read, exchange).await?;
            match self.redirect_target(&url, &response) {
                Some(next) => url = next,
                None => return self.check_status(response, command).await,
            }
        }
        Err(redirect_loop(self.base.host()))
    }

    /// Returns the next chunk of `response`; `None` at its end.
    pub(crate) async fn next_chunk(
        &self,
        response: &mut Response,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let chunk = next_chunk(response, self.timeouts.read, &self.peer).await?;
        Ok(chunk.map(Into::into))
    }

    /// Returns the host, and the proxy on the way to it.
    pub(crate) fn peer(&self) -> &str {
        &self.peer
    }

    /// Returns what the newest answer says about the time.
    pub(crate) fn server_time(&self) -> Option<Timestamp> {
        *self.server_time.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn request(&self, method: Method, url: Url) -> Request {
        let mut request = Request::new(method, url);
        *request.headers_mut() = self.headers.clone();
        request
    }

    async fn within<T>(
        &self,
        limit: Duration,
        exchange: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::time::timeout(limit, exchange)
            .await
            .unwrap_or_else(|_elapsed| Err(timeout_failure(self.base.host(), limit)))
    }

    fn transport_failure(&self, error: reqwest::Error) -> Failure {
        transport_failure(&error.without_url(), &self.peer)
    }

    /// Returns where `response` redirects to, if that is the API's own address.
    fn redirect_target(&self, from: &Url, response: &Response) -> Option<Url> {
        let location = redirect_location(response)?.to_str().ok()?;
        let next = from.join(location).ok()?;
        let is_safe = self.base.is_origin_of(&next)
            && next.username().is_empty()
            && next.password().is_none();
        is_safe.then_some(next)
    }

    /// Returns `response` if its status is a success, else the failure.
    async fn check_status(
        &self,
        mut response: Response,
        command: CommandKind,
    ) -> Result<Response, Failure> {
        let status = response.status();
        if let Some(time) = server_time(response.headers()) {
            let mut newest = self.server_time.lock().unwrap_or_else(PoisonError::into_inner);
            *newest = Some(time);
        }
        if status.is_success() {
            return Ok(response);
        }
        let body = read_error_body(&mut response, self.timeouts.read).await;
        let body = ErrorBody::from_api(&body, &self.redactor);
        Err(status_failure(&self.peer, status, response.headers(), &body, command))
    }

    /// Reads the whole body, unless `refuse` finds that it is not the API's.
    async fn read_body(
        &self,
        mut response: Response,
        refuse: fn(&str, &[u8], &Redactor) -> Option<Failure>,
    ) -> Result<ApiResponse, Failure> {
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = self.next_chunk(&mut response).await? {
            if body.len() + chunk.len() > MAX_RESPONSE {
                let message = format!("the response of `{}` is too long", self.base.host());
                return Err(Failure::new(FailureKind::Malformed, message).with_status(status));
            }
            body.extend_from_slice(&chunk);
        }
        if let Some(failure) = refuse(&self.peer, &body, &self.redactor) {
            return Err(failure.with_status(status));
        }
        Ok(ApiResponse { status, body })
    }
}

/// Returns the headers of every request to the API, and of no other request.
fn api_headers(settings: &RemoteSettings) -> Result<HeaderMap, RemoteError> {
    let secret = |value: &str, variable| {
        let mut value = HeaderValue::from_str(value)
            .ok()
            .filter(|_| !value.is_empty())
            .ok_or(RemoteError::Credential { variable })?;
        value.set_sensitive(true);
        Ok(value)
    };
    let keys = &settings.credentials;
    let mut headers = HeaderMap::new();
    headers.insert("x-api-id", secret(keys.id.expose(), "CREATIFY_API_ID")?);
    headers.insert("x-api-key", secret(keys.key.expose(), "CREATIFY_API_KEY")?);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    Ok(headers)
}
