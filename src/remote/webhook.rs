//! Messages to addresses of the user's own: a channel that people read, a dead-man's switch.
//!
//! Whoever knows such an address can write to it, so it is a secret: nothing here shows more of it than
//! its host. The API's credentials are never near these requests.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Url};

use super::address::is_loopback;
use super::http::{RemoteError, build_client, transport_failure};
use super::settings::{Proxy, Timeouts};

/// For one try, from the name lookup to the answer. A message must not hold up a run.
const PATIENCE: Duration = Duration::from_secs(5);

/// A message that a moment's trouble of the network has swallowed is worth a second try.
const TRIES: u32 = 2;

/// An address to write to. Neither `Debug` nor `Display` shows more than its host.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct WebhookUrl(Url);

/// The text is no address to write to. What it was is not shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it must be an address in full that begins with `https://` or `http://`")]
pub(crate) struct InvalidWebhookUrl;

impl FromStr for WebhookUrl {
    type Err = InvalidWebhookUrl;

    fn from_str(text: &str) -> Result<Self, InvalidWebhookUrl> {
        let url = Url::parse(text.trim()).map_err(|_| InvalidWebhookUrl)?;
        let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
        is_web.then_some(Self(url)).ok_or(InvalidWebhookUrl)
    }
}

impl WebhookUrl {
    /// Whether it takes messages of the form that Slack's incoming webhooks take, `{"text": ...}`: Slack
    /// itself, Google Chat, Mattermost and Rocket.Chat (`/hooks/...`), and Discord's imitation
    /// (`.../slack`), by their documentation.
    pub(crate) fn is_chat(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let path = self.0.path();
        matches!(
            host,
            "hooks.slack.com" | "hooks.slack-gov.com" | "chat.googleapis.com"
        ) || path.starts_with("/hooks/")
            || path.trim_end_matches('/').ends_with("/slack")
    }

    /// The address below this one, as dead-man's switches take `start` and `fail`.
    #[must_use]
    pub(crate) fn below(&self, segment: &str) -> Self {
        let mut url = self.0.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(segment);
        }
        Self(url)
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.host_str().unwrap_or_default())
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HookUrl({self})")
    }
}

/// Why a message did not arrive, without the address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WebhookError(String);

/// Delivers messages. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct WebhookClient {
    outside: Client,
    local: Client,
}

impl WebhookClient {
    /// Gets ready; nothing is sent yet.
    ///
    /// # Errors
    /// If the HTTP client cannot be built.
    pub(crate) fn new() -> Result<Self, RemoteError> {
        let agent = format!("callsheet/{}", env!("CARGO_PKG_VERSION"));
        let client = |proxy| {
            let timeouts = Timeouts {
                connect: PATIENCE,
                ..Timeouts::default()
            };
            build_client(&agent, timeouts, proxy, |builder| builder)
        };
        Ok(Self {
            outside: client(Proxy::System)?,
            local: client(Proxy::Bypass)?,
        })
    }

    /// Posts `body`, which is JSON.
    ///
    /// # Errors
    /// If it was not taken within a few seconds.
    pub(crate) async fn post(&self, to: &WebhookUrl, body: &str) -> Result<(), WebhookError> {
        let request = || {
            self.client(to)
                .post(to.0.clone())
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_owned())
        };
        deliver(to, request).await
    }

    /// Asks for the address: to a dead-man's switch that alone is the message.
    ///
    /// # Errors
    /// If it was not taken within a few seconds.
    pub(crate) async fn ping(&self, to: &WebhookUrl) -> Result<(), WebhookError> {
        deliver(to, || self.client(to).get(to.0.clone())).await
    }

    fn client(&self, to: &WebhookUrl) -> &Client {
        if is_loopback(&to.0) {
            &self.local
        } else {
            &self.outside
        }
    }
}

async fn deliver(
    to: &WebhookUrl,
    request: impl Fn() -> reqwest::RequestBuilder,
) -> Result<(), WebhookError> {
    let mut result = Ok(());
    for _ in 0..TRIES {
        result = attempt(to, request()).await;
        if result.is_ok() {
            break;
        }
    }
    result
}

async fn attempt(to: &WebhookUrl, request: reqwest::RequestBuilder) -> Result<(), WebhookError> {
    let response = match tokio::time::timeout(PATIENCE, request.send()).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => {
            return Err(WebhookError(
                transport_failure(&error, &to.to_string()).message,
            ));
        }
        Err(_elapsed) => {
            let seconds = PATIENCE.as_secs();
            let reason = format!("`{to}` did not answer within {seconds} s");
            return Err(WebhookError(reason));
        }
    };
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    Err(WebhookError(format!("`{to}` answered {status}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> WebhookUrl {
        text.parse().unwrap()
    }

    #[test]
    fn only_web_addresses_are_taken_and_refusals_do_not_show_them() {
        for text in [
            "ftp://x/secret",
            "hooks.slack.com/secret",
            "file:///secret",
            "",
        ] {
            let error = text.parse::<WebhookUrl>().unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        let shown = url("https://u:secret@hc.example/secret?secret#secret");
        assert_eq!(
            format!("{shown} {shown:?}"),
            "hc.example HookUrl(hc.example)"
        );
    }

    #[test]
    fn chats_are_known_by_their_addresses() {
        for text in [
            "https://hooks.slack.com/services/T/B/x",
            "https://chat.example/hooks/abc",
            "https://discord.com/api/webhooks/1/x/slack",
        ] {
            assert!(url(text).is_chat(), "{text}");
        }
        for text in [
            "https://example.com/callsheet",
            "https://slack.com.evil.example/x",
        ] {
            assert!(!url(text).is_chat(), "{text}");
        }
    }

    #[test]
    fn signals_lie_below_the_address() {
        let below = |text| url(text).below("start").0.to_string();
        assert_eq!(
            below("https://hc-ping.com/abc"),
            "https://hc-ping.com/abc/start"
        );
        assert_eq!(
            below("https://hc-ping.com/abc/?rid=1"),
            "https://hc-ping.com/abc/start?rid=1"
        );
    }

    #[tokio::test]
    async fn what_is_not_delivered_is_said_without_the_address() {
        // Bound and dropped: nobody listens there.
        let port = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        };
        let to = url(&format!("http://127.0.0.1:{port}/secret"));
        let error = WebhookClient::new().unwrap().ping(&to).await.unwrap_err();
        assert!(error.to_string().contains("127.0.0.1"), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
