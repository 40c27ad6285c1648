//! Notifications about a run: a summary to a webhook, pings for a dead man's switch, and a file of metrics. A notification
//! that cannot be delivered is a warning; it never fails a run.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;

use super::error::Error;
use super::notices::Notices;
use crate::driver::Interrupts;
use crate::model::{Flag, ManifestLocation, OutputSettings, SecretText, Timestamp};
use crate::remote::{ChatFormat, WebhookClient, WebhookUrl};
use crate::report::Summary;
use crate::report::files::{RunMetrics, write_metrics};
use crate::report::notification::{EarlyNotifier, Notification};
use crate::util::fs::{Access, describe, read_regular, write_atomic};

/// Where notifications go. The addresses are secrets.
#[derive(Debug)]
pub(crate) struct Notifications {
    notify: Option<WebhookUrl>,
    ping: Option<WebhookUrl>,
    client: Option<WebhookClient>,
    /// Messages being sent. The switch's `start` must arrive before its end.
    sent: Arc<Mutex<JoinSet<()>>>,
    manifest: String,
    /// Whether the terminal is attended. Then no message is sent about a run that did not begin.
    is_attended: bool,
    has_begun: bool,
    summary: Option<Summary>,
    occasion: Occasion,
    metrics: Option<PathBuf>,
    started: Timestamp,
    /// Requests to the provider, and those that were refused.
    requests: (u64, u64),
    notices: Notices,
}

/// Where notifications go, and when.
#[derive(Debug, Default)]
pub(crate) struct NotificationSettings {
    /// The address for the summary.
    pub(crate) notify: Option<SecretText>,
    pub(crate) occasion: Occasion,
    /// The address of the dead man's switch.
    pub(crate) ping: Option<SecretText>,
    /// The file for metrics.
    pub(crate) metrics: Option<PathBuf>,
}

/// When the last message is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// At the end of a run that had something to do, or failed.
    #[default]
    Work,
    /// At the end of every run.
    End,
    /// If the run does not end with success.
    Trouble,
}

impl Occasion {
    /// Checks whether a message is due at the end of a run, of which `summary` is the result if it began.
    fn is_due(self, end: &CommandEnd, summary: Option<&Summary>) -> bool {
        match self {
            Self::End => true,
            Self::Trouble => !end.is_success,
            Self::Work => !end.is_success || summary.is_none_or(Summary::has_worked_in_run),
        }
    }
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct CommandEnd {
    pub(crate) exit_code: u8,
    /// Whether the ping reports success.
    pub(crate) is_success: bool,
    /// The first line of the error that ended the command.
    pub(crate) error: Option<String>,
}

impl Notifications {
    /// Returns notifications that go nowhere, unless the manifest names addresses.
    pub(crate) fn none() -> Self {
        Self {
            notify: None,
            ping: None,
            client: None,
            sent: Arc::default(),
            manifest: String::new(),
            is_attended: false,
            has_begun: false,
            summary: None,
            occasion: Occasion::default(),
            metrics: None,
            started: super::now(),
            requests: (0, 0),
            notices: Notices::discard(),
        }
    }

    /// Returns notifications about the run of `manifest`.
    ///
    /// # Errors
    /// If an address is invalid.
    pub(crate) fn new(
        settings: NotificationSettings,
        manifest: &ManifestLocation,
        is_attended: bool,
        notices: Notices,
    ) -> Result<Self, Error> {
        let NotificationSettings { notify, occasion, ping, metrics } = settings;
        let (notify, ping) = (notify.as_ref(), ping.as_ref());
        Ok(Self {
            notify: notify.map(|url| address(Flag::Notify.as_str(), url)).transpose()?,
            ping: ping.map(|url| address(Flag::Ping.as_str(), url)).transpose()?,
            manifest: manifest.to_string(),
            is_attended,
            occasion,
            metrics,
            notices,
            ..Self::none()
        })
    }

    /// Adds the addresses of the manifest where none were given otherwise. The sandbox sends nothing to them, because
    /// trying a manifest must have no effect elsewhere.
    ///
    /// # Errors
    /// If an address is invalid, or leads to this machine or a private network.
    pub(super) fn add_settings(
        &mut self,
        settings: &OutputSettings,
        is_sandbox: bool,
    ) -> Result<(), Error> {
        for (own, name, flag, url) in [
            (&mut self.notify, "output.notify", Flag::Notify, &settings.notify),
            (&mut self.ping, "output.ping", Flag::Ping, &settings.ping),
        ] {
            let Some(url) = url.as_ref().filter(|_| own.is_none()) else {
                continue;
            };
            let url = address(name, url)?.outward().ok_or_else(|| inward_address(name, flag))?;
            if is_sandbox {
                let message = format!("`{name}` of the manifest is not used in the sandbox");
                self.notices.note(&message);
            } else {
                *own = Some(url);
            }
        }
        Ok(())
    }

    /// Announces that the run begins.
    pub(super) fn begin(&mut self) {
        self.has_begun = true;
        if let Some(ping) = &self.ping {
            self.send(Message::Ping(ping.join("start")));
        }
    }

    /// Returns an observer that notifies before the run has ended if it is in trouble.
    pub(super) fn early_notifier(&mut self) -> Option<EarlyNotifier> {
        let notify = self.notify.clone()?;
        let client = self.client()?;
        let (sent, notices) = (Arc::clone(&self.sent), self.notices.clone());
        let post = move |notice: Notification| {
            let message = Message::Post(notify, notice.with_host(host()));
            lock(&sent).spawn(async move { warn(&notices, &message.deliver(client).await) });
        };
        Some(EarlyNotifier::new(Box::new(post)))
    }

    /// Keeps the result of the run for the last message. `requests` are those to the provider, and those of them that were
    /// refused.
    pub(super) fn set_result(&mut self, summary: &Summary, requests: (u64, u64)) {
        self.requests = requests;
        if self.notify.is_some() || self.metrics.is_some() {
            self.summary = Some(summary.clone());
        }
    }

    /// Writes the metrics, sends the last messages and waits a few seconds for their delivery, or until an interrupt.
    pub(crate) async fn end(self, end: CommandEnd, interrupts: &mut Interrupts) {
        if let Err(error) = self.write_metrics(&end) {
            self.notices
                .warning(&format!("the metrics could not be written: {}", describe(&error)));
        }
        tokio::select! {
            biased;
            Some(()) = interrupts.recv() => {}
            () = self.send_end(end) => {}
        }
    }

    fn write_metrics(&self, end: &CommandEnd) -> io::Result<()> {
        let Some(path) = &self.metrics else {
            return Ok(());
        };
        // A file that cannot be read has no earlier success to keep.
        let previous = read_regular(path).unwrap_or_default();
        let previous = String::from_utf8_lossy(&previous);
        let (requests, refusals) = self.requests;
        let host = host();
        let run = RunMetrics {
            manifest: &self.manifest,
            host: host.as_deref(),
            started: self.started,
            ended: super::now(),
            exit_code: end.exit_code,
            is_success: end.is_success,
            requests,
            refusals,
            summary: self.summary.as_ref(),
        };
        write_atomic(path, Access::Shared, |file| write_metrics(&run, &previous, file))
    }

    async fn send_end(mut self, end: CommandEnd) {
        if !self.has_begun && self.is_attended {
            return;
        }
        let sent = std::mem::take(&mut *lock(&self.sent));
        sent.join_all().await;
        if let Some(ping) = self.ping.clone() {
            let ping = if end.is_success { ping } else { ping.join("fail") };
            self.send(Message::Ping(ping));
        }
        let is_due = self.occasion.is_due(&end, self.summary.as_ref());
        if let Some(notify) = self.notify.clone().filter(|_| is_due) {
            let notice = match (&end.error, &self.summary) {
                (Some(error), _) => Notification::error(&self.manifest, error, end.exit_code),
                (None, Some(summary)) => Notification::ended(summary, end.exit_code),
                (None, None) => Notification::error(&self.manifest, "it is over", end.exit_code),
            };
            self.send(Message::Post(notify, notice.with_host(host())));
        }
        let sent = std::mem::take(&mut *lock(&self.sent));
        sent.join_all().await;
    }

    /// Sends `message` without waiting for its arrival.
    fn send(&mut self, message: Message) {
        if let Some(client) = self.client() {
            let notices = self.notices.clone();
            lock(&self.sent).spawn(async move { warn(&notices, &message.deliver(client).await) });
        }
    }

    /// Returns the HTTP client, created on first use.
    fn client(&mut self) -> Option<WebhookClient> {
        if self.client.is_none() {
            self.client = WebhookClient::new().ok();
        }
        self.client.clone()
    }
}

/// A message to be delivered.
enum Message {
    Ping(WebhookUrl),
    Post(WebhookUrl, Notification),
}

impl Message {
    async fn deliver(self, client: WebhookClient) -> Result<(), String> {
        match self {
            Self::Ping(url) => client.ping(&url).await,
            Self::Post(url, notice) => {
                let body = match url.chat_format() {
                    Some(ChatFormat::Slack) => notice.slack_body(),
                    Some(ChatFormat::Discord) => notice.discord_body(),
                    Some(ChatFormat::Text) => notice.chat_body(),
                    None => notice.json_body(),
                };
                client.post(&url, &body).await
            }
        }
    }
}

/// Returns the name of this machine, if the system has one.
fn host() -> Option<String> {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = String::new();
    Some(name).filter(|name| !name.is_empty())
}

fn warn(notices: &Notices, delivered: &Result<(), String>) {
    if let Err(error) = delivered {
        notices.warning(&format!("a message was not delivered: {error}"));
    }
}

/// Parses the address `text` that `source` gave.
fn address(source: &str, text: &SecretText) -> Result<WebhookUrl, Error> {
    text.expose()
        .parse()
        .map_err(|error| Error::usage(format!("`{source}`: {error}; nothing was submitted")))
}

/// Returns the error for an address in a manifest that leads inside.
fn inward_address(source: &str, flag: Flag) -> Error {
    Error::usage_with_hint(
        format!(
            "`{source}` leads to this machine or a private network, which a manifest must not reach; nothing was submitted"
        ),
        format!("if the address is right, give it with `{flag}`"),
    )
}

fn lock(sent: &Mutex<JoinSet<()>>) -> std::sync::MutexGuard<'_, JoinSet<()>> {
    sent.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
