//! Webhooks: messages to addresses of the user, such as a chat channel or a dead-man's switch.
//!
//! Everyone who knows a webhook's address can post to it, so the address is a secret: only its host is ever shown. The API's
//! credentials are never part of these requests.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder, Url};

use super::address::{is_internal, is_loopback};
use super::http::{PublicOnlyResolver, RemoteError, build_client, transport_failure};
use super::settings::{GatewayPlace, Proxy};

/// Time limit of one attempt, from the name lookup to the answer. A message must not delay a run.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// A second attempt helps if the network failed for a moment.
const ATTEMPTS: u32 = 2;

/// The address of a webhook. `Debug` and `Display` show only its host.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct WebhookUrl {
    url: Url,
    /// Whether it came along, so that it must lead to the internet.
    is_outward: bool,
}

/// The format of the messages of a chat service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChatFormat {
    /// Slack's incoming webhooks.
    Slack,
    /// Discord's webhooks.
    Discord,
    /// `{"text": ...}` and nothing else: Google Chat refuses other fields.
    Text,
}

/// A text that is not the address of a webhook. Does not contain the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it must be a complete URL that begins with `https://` or `http://`")]
pub(crate) struct InvalidWebhookUrl;

impl FromStr for WebhookUrl {
    type Err = InvalidWebhookUrl;

    fn from_str(text: &str) -> Result<Self, InvalidWebhookUrl> {
        let mut url = Url::parse(text.trim()).map_err(|_| InvalidWebhookUrl)?;
        if is_discord(&url)
            && let Some(native) = url.path().trim_end_matches('/').strip_suffix("/slack")
        {
            // Only its own format can turn off mentions.
            let native = native.to_owned();
            url.set_path(&native);
        }
        let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
        is_web.then_some(Self { url, is_outward: false }).ok_or(InvalidWebhookUrl)
    }
}

impl WebhookUrl {
    /// Restricts an address that came along to hosts of the internet, so that a manifest cannot make this machine send
    /// requests to itself or to its private network. Returns `None` if the address itself shows that it leads there; names
    /// are checked when they are resolved.
    pub(crate) fn outward(self) -> Option<Self> {
        (!is_internal(&self.url)).then_some(Self { is_outward: true, ..self })
    }

    /// Returns the format of the chat service at the address, if it is one: Slack, Discord, and services with Slack's
    /// `{"text": ...}`, which are Google Chat, Mattermost and Rocket.Chat (`/hooks/...`) and addresses that end in `/slack`,
    /// by their documentation.
    pub(crate) fn chat_format(&self) -> Option<ChatFormat> {
        let host = self.url.host_str().unwrap_or_default();
        let path = self.url.path();
        if matches!(host, "hooks.slack.com" | "hooks.slack-gov.com") {
            return Some(ChatFormat::Slack);
        }
        if is_discord(&self.url) {
            return Some(ChatFormat::Discord);
        }
        let has_text = host == "chat.googleapis.com"
            || path.starts_with("/hooks/")
            || path.trim_end_matches('/').ends_with("/slack");
        has_text.then_some(ChatFormat::Text)
    }

    /// Returns the address with `segment` added to its path: dead-man's switches use `start` and `fail`.
    #[must_use]
    pub(crate) fn join(&self, segment: &str) -> Self {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(segment);
        }
        Self { url, ..self.clone() }
    }
}

fn is_discord(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let is_host = ["discord.com", "discordapp.com"].iter().any(|name| {
        host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    is_host && url.path().starts_with("/api/webhooks/")
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.url.host_str().unwrap_or_default())
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "WebhookUrl({self})")
    }
}

/// Delivers messages. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct WebhookClient {
    /// For other machines, through the system's proxy.
    external: Client,
    /// For this machine.
    local: Client,
    /// For addresses that came along.
    outward: Client,
    resolver: PublicOnlyResolver,
}

impl WebhookClient {
    /// Creates the clients; sends nothing yet.
    ///
    /// # Errors
    /// If an HTTP client cannot be built.
    pub(crate) fn new() -> Result<Self, RemoteError> {
        let client = |proxy| build_client(ATTEMPT_TIMEOUT, proxy, |builder| builder);
        let resolver = PublicOnlyResolver::new(None, GatewayPlace::default());
        Ok(Self {
            external: client(Proxy::System)?,
            local: client(Proxy::Bypass)?,
            outward: build_client(ATTEMPT_TIMEOUT, Proxy::System, |builder| {
                builder.dns_resolver(resolver.clone())
            })?,
            resolver,
        })
    }

    /// Posts `body`, which is JSON.
    ///
    /// # Errors
    /// Why it was not accepted within a few seconds, without the address.
    pub(crate) async fn post(&self, to: &WebhookUrl, body: &str) -> Result<(), String> {
        let request = || {
            self.client(to)
                .post(to.url.clone())
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_owned())
        };
        deliver(to, request).await
    }

    /// Requests the address, which is the whole message to a dead-man's switch.
    ///
    /// # Errors
    /// Why it was not accepted within a few seconds, without the address.
    pub(crate) async fn ping(&self, to: &WebhookUrl) -> Result<(), String> {
        deliver(to, || self.client(to).get(to.url.clone())).await
    }

    fn client(&self, to: &WebhookUrl) -> &Client {
        if to.is_outward {
            self.resolver.guard(&to.url);
            &self.outward
        } else if is_loopback(&to.url) {
            &self.local
        } else {
            &self.external
        }
    }
}

async fn deliver(to: &WebhookUrl, request: impl Fn() -> RequestBuilder) -> Result<(), String> {
    let mut reason = String::new();
    for _ in 0..ATTEMPTS {
        reason = match tokio::time::timeout(ATTEMPT_TIMEOUT, request().send()).await {
            Ok(Ok(response)) if response.status().is_success() => return Ok(()),
            Ok(Ok(response)) => format!("`{to}` answered {}", response.status()),
            Ok(Err(error)) => transport_failure(&error, &to.to_string()).message,
            Err(_elapsed) => {
                let seconds = ATTEMPT_TIMEOUT.as_secs();
                format!("`{to}` did not answer within {seconds} s")
            }
        };
    }
    Err(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> WebhookUrl {
        text.parse().unwrap()
    }

    #[test]
    fn only_web_addresses_are_accepted_and_errors_do_not_show_them() {
        for text in ["ftp://x/secret", "hooks.slack.com/secret", "file:///secret", ""] {
            let error = text.parse::<WebhookUrl>().unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        let shown = url("https://u:secret@hc.example/secret?secret#secret");
        assert_eq!(format!("{shown} {shown:?}"), "hc.example WebhookUrl(hc.example)");
    }

    #[test]
    fn chats_are_recognised_by_their_addresses() {
        for (text, format) in [
            ("https://hooks.slack.com/services/T/B/x", ChatFormat::Slack),
            ("https://chat.googleapis.com/v1/spaces/x", ChatFormat::Text),
            ("https://chat.example/hooks/abc", ChatFormat::Text),
            ("https://gate.example/x/slack", ChatFormat::Text),
            ("https://discord.com/api/webhooks/1/x/slack", ChatFormat::Discord),
            ("https://canary.discord.com/api/webhooks/1/x", ChatFormat::Discord),
        ] {
            assert_eq!(url(text).chat_format(), Some(format), "{text}");
        }
        for text in [
            "https://example.com/callsheet",
            "https://slack.com.evil.example/x",
            "https://notdiscord.com/api/webhooks/1/x",
        ] {
            assert_eq!(url(text).chat_format(), None, "{text}");
        }
        let native = url("https://discord.com/api/webhooks/1/x/slack/").url.to_string();
        assert_eq!(native, "https://discord.com/api/webhooks/1/x");
    }

    #[test]
    fn signals_are_added_to_the_path() {
        let start = |text| url(text).join("start").url.to_string();
        assert_eq!(start("https://hc-ping.com/abc"), "https://hc-ping.com/abc/start");
        assert_eq!(start("https://hc-ping.com/abc/?rid=1"), "https://hc-ping.com/abc/start?rid=1");
    }

    #[test]
    fn an_address_that_came_along_leads_to_the_internet() {
        for text in
            ["http://127.0.0.1:9/", "http://localhost/", "http://10.0.0.1/", "http://[::1]/"]
        {
            assert_eq!(url(text).outward(), None, "{text}");
        }
        let outward = url("https://hc.example/abc").outward().unwrap();
        assert!(outward.is_outward && outward.join("start").is_outward);
    }

    #[tokio::test]
    async fn a_name_that_came_along_is_checked_when_it_is_resolved() {
        let client = WebhookClient::new().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let name = format!("http://localhost:{port}/secret");
        // As a name of the internet would be that leads here.
        let to = WebhookUrl { is_outward: true, ..url(&name) };
        let error = client.ping(&to).await.unwrap_err();
        assert!(!error.contains("secret"), "{error}");
        let accepted = listener.accept().map_err(|error| error.kind());
        assert_eq!(accepted.unwrap_err(), std::io::ErrorKind::WouldBlock);
    }

    #[tokio::test]
    async fn a_delivery_error_does_not_show_the_address() {
        // Bound and dropped, so that nothing listens there.
        let port = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        };
        let to = url(&format!("http://127.0.0.1:{port}/secret"));
        let error = WebhookClient::new().unwrap().ping(&to).await.unwrap_err();
        assert!(error.contains("127.0.0.1"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}
