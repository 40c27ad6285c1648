//! `--notify` and `--ping`: whoever is not watching is told. What cannot be delivered is mentioned and
//! fails nothing.

use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;

use super::argument_groups::OutputArguments;
use super::environment::Environment;
use super::error::Error;
use super::exit::Exit;
use super::herald::Printer;
use super::screen_arguments::LogFormat;
use crate::driver::Interrupts;
use crate::model::{OutputSettings, SecretText};
use crate::remote::{WebhookClient, WebhookError, WebhookUrl};
use crate::report::Summary;
use crate::report::notification::{EarlyNotifier, Notification};

/// What is to be told to whom. The addresses are secrets.
#[derive(Debug)]
pub(super) struct Notices {
    notify: Option<WebhookUrl>,
    ping: Option<WebhookUrl>,
    messenger: Option<WebhookClient>,
    /// Messages on their way; the switch's `start` must arrive before its end.
    sent: Arc<Mutex<JoinSet<()>>>,
    manifest: String,
    /// Leaving renders behind is what was asked for.
    leaves_renders: bool,
    has_begun: bool,
    last: Option<Summary>,
    herald: Printer,
}

impl Notices {
    /// What the command line and the environment ask for.
    ///
    /// # Errors
    /// If an address is none.
    pub(super) fn new(
        arguments: &OutputArguments,
        environment: &Environment,
        manifest: &Path,
        format: LogFormat,
    ) -> Result<Self, Error> {
        let variable = |name: &str| environment.variable(name).map(SecretText::new);
        let given = |flag: &Option<String>| flag.as_deref().map(SecretText::new);
        let notify = given(&arguments.notify).or_else(|| variable("CALLSHEET_NOTIFY"));
        let ping = given(&arguments.ping).or_else(|| variable("CALLSHEET_PING"));
        Ok(Self {
            notify: notify
                .as_ref()
                .map(|url| address("--notify", url))
                .transpose()?,
            ping: ping
                .as_ref()
                .map(|url| address("--ping", url))
                .transpose()?,
            messenger: None,
            sent: Arc::default(),
            manifest: manifest.display().to_string(),
            leaves_renders: false,
            has_begun: false,
            last: None,
            herald: Printer::of(format),
        })
    }

    /// That the run leaves renders behind is no failure.
    pub(super) fn expect_renders_left(&mut self) {
        self.leaves_renders = true;
    }

    /// Takes what the manifest asks for, where nothing else was said.
    ///
    /// # Errors
    /// If an address is none.
    pub(super) fn with(&mut self, settings: &OutputSettings) -> Result<(), Error> {
        if let (None, Some(url)) = (&self.notify, &settings.notify) {
            self.notify = Some(address("output.notify", url)?);
        }
        if let (None, Some(url)) = (&self.ping, &settings.ping) {
            self.ping = Some(address("output.ping", url)?);
        }
        Ok(())
    }

    /// The run begins.
    pub(super) fn begin(&mut self) {
        self.has_begun = true;
        if let Some(ping) = &self.ping {
            self.send(Message::Ping(ping.below("start")));
        }
    }

    /// Somebody to tell of trouble before the run is over, if anybody is to be told.
    pub(super) fn alarm(&mut self) -> Option<EarlyNotifier> {
        let notify = self.notify.clone()?;
        let messenger = self.messenger()?;
        let (sent, herald) = (Arc::clone(&self.sent), self.herald);
        let ring = move |notice: Notification| {
            let message = Message::Post(notify, notice);
            locked(&sent).spawn(async move { mention(herald, &message.deliver(messenger).await) });
        };
        Some(EarlyNotifier::new(Box::new(ring)))
    }

    /// What the run has come to, for the last message.
    pub(super) fn note(&mut self, summary: &Summary) {
        if self.notify.is_some() {
            self.last = Some(summary.clone());
        }
    }

    /// The command is over: tells everybody, and waits a few seconds at the most, less if whoever sits
    /// there does not want to wait.
    pub(super) async fn end(self, result: &Result<Exit, Error>, interrupts: &mut Interrupts) {
        tokio::select! {
            biased;
            Some(()) = interrupts.recv() => {}
            () = self.tell_end(result) => {}
        }
    }

    async fn tell_end(mut self, result: &Result<Exit, Error>) {
        // Whoever sits there and has typed a wrong option needs no message about it.
        if !self.has_begun && Environment::can_ask() {
            return;
        }
        let sent = std::mem::take(&mut *locked(&self.sent));
        sent.join_all().await;
        let exit = match result {
            Ok(exit) => *exit,
            Err(error) => error.exit(),
        };
        if let Some(ping) = self.ping.clone() {
            let is_good =
                exit == Exit::Success || (self.leaves_renders && exit == Exit::Outstanding);
            let signal = if is_good { ping } else { ping.below("fail") };
            self.send(Message::Ping(signal));
        }
        if let Some(notify) = self.notify.clone() {
            let notice = match (result, &self.last) {
                (Ok(exit), Some(summary)) => Notification::ended(summary, exit.code()),
                (Ok(exit), None) => Notification::error(&self.manifest, "it is over", exit.code()),
                (Err(error), _) => {
                    let words = error.to_string();
                    let first = words.lines().next().unwrap_or_default();
                    Notification::error(&self.manifest, first, exit.code())
                }
            };
            self.send(Message::Post(notify, notice));
        }
        let sent = std::mem::take(&mut *locked(&self.sent));
        sent.join_all().await;
    }

    /// Sends `message` without waiting for its arrival.
    fn send(&mut self, message: Message) {
        if let Some(messenger) = self.messenger() {
            let herald = self.herald;
            locked(&self.sent)
                .spawn(async move { mention(herald, &message.deliver(messenger).await) });
        }
    }

    /// Made when it is first needed: most runs tell nobody.
    fn messenger(&mut self) -> Option<WebhookClient> {
        if self.messenger.is_none() {
            self.messenger = WebhookClient::new().ok();
        }
        self.messenger.clone()
    }
}

/// Something to be delivered.
enum Message {
    Ping(WebhookUrl),
    Post(WebhookUrl, Notification),
}

impl Message {
    async fn deliver(self, messenger: WebhookClient) -> Result<(), WebhookError> {
        match self {
            Self::Ping(url) => messenger.ping(&url).await,
            Self::Post(url, notice) if url.is_chat() => {
                messenger.post(&url, &notice.for_chat()).await
            }
            Self::Post(url, notice) => messenger.post(&url, &notice.plain()).await,
        }
    }
}

fn mention(herald: Printer, delivered: &Result<(), WebhookError>) {
    if let Err(error) = delivered {
        herald.warning(&format!("a message was not delivered: {error}"));
    }
}

/// The address in `text`, which `source` gave.
fn address(source: &str, text: &SecretText) -> Result<WebhookUrl, Error> {
    text.expose()
        .parse()
        .map_err(|error| Error::usage(format!("`{source}`: {error}; nothing was submitted")))
}

fn locked(sent: &Mutex<JoinSet<()>>) -> std::sync::MutexGuard<'_, JoinSet<()>> {
    sent.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
