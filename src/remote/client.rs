//! The entry point of the network layer: [`Remote`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::api::wire::{PersonaItem, VoiceItem};
use super::download::Downloader;
use super::http::{ApiClient, Clients, Redactor, RemoteError};
use super::settings::RemoteSettings;
use crate::model::{Command, Credits, DownloadProgress, Failure, FailureKind, Outcome, Timestamp};

/// The provider and the hosts of its files.
#[derive(Debug)]
pub struct Remote {
    api: ApiClient,
    downloader: Downloader,
    /// Commands performed.
    requests: AtomicU64,
    /// The part of them that the provider refused because there were too many.
    refusals: AtomicU64,
}

impl Remote {
    /// Creates the clients; sends nothing yet.
    ///
    /// # Errors
    /// If a key cannot be sent in a header, or an HTTP client cannot be built.
    pub fn new(settings: RemoteSettings) -> Result<Self, RemoteError> {
        let clients = Clients::new(&settings)?;
        let redactor = Redactor::new(settings.credentials.clone());
        let api = ApiClient::new(&settings, clients.clone(), redactor.clone())?;
        let downloader = Downloader::new(settings, clients, redactor);
        let (requests, refusals) = Default::default();
        Ok(Self { api, downloader, requests, refusals })
    }

    /// Makes exactly one attempt at `command`. A download updates `progress`.
    pub async fn perform(&self, command: Command, progress: Arc<DownloadProgress>) -> Outcome {
        let api = &self.api;
        self.requests.fetch_add(1, Ordering::Relaxed);
        match command {
            Command::Submit { job, request, name } => {
                let result = self.redact(api.submit(&request, &name).await);
                Outcome::Submitted { job, result }
            }
            Command::Poll { remotes } => {
                let result = self.redact(api.poll(&remotes).await);
                Outcome::Polled { remotes, result }
            }
            Command::PollJob { job, remote } => {
                let result = self.redact(api.poll_job(&remote).await);
                Outcome::JobPolled { job, result }
            }
            Command::List { filter } => {
                let result = self.redact(api.list(filter).await);
                Outcome::Listed { result }
            }
            Command::Download(order) => {
                let fetched = self.downloader.fetch(&order, &progress).await;
                let result = self.redact(fetched);
                let job = order.job;
                Outcome::Downloaded { job, result }
            }
        }
    }

    /// Returns the number of commands performed, and of those that were refused because there were too many.
    pub(crate) fn request_counts(&self) -> (u64, u64) {
        (self.requests.load(Ordering::Relaxed), self.refusals.load(Ordering::Relaxed))
    }

    /// Returns the host of the API, and the proxy on the way to it.
    pub(crate) fn route(&self) -> &str {
        self.api.peer()
    }

    /// Returns what the newest answer says about the time.
    pub(crate) fn server_time(&self) -> Option<Timestamp> {
        self.api.server_time()
    }

    /// Returns the account's balance. The request is free, so it also tests the credentials. Charges are deducted
    /// late: the balance still includes them.
    ///
    /// # Errors
    /// If the request fails.
    pub async fn remaining_credits(&self) -> Result<Credits, Failure> {
        self.redact(self.api.remaining_credits().await)
    }

    /// Returns every persona of the account, its own first and marked as such. Items without an id are left out.
    ///
    /// # Errors
    /// If a request fails.
    pub async fn personas(&self) -> Result<Vec<PersonaItem>, Failure> {
        self.redact(self.api.personas().await)
    }

    /// Returns every voice.
    ///
    /// # Errors
    /// If the request fails.
    pub async fn voices(&self) -> Result<Vec<VoiceItem>, Failure> {
        self.redact(self.api.voices().await)
    }

    /// Returns the media type and content of a picture or sound that the provider links to; `None` if it cannot be had. The
    /// rules for links are those of downloads.
    pub(crate) async fn preview(&self, address: &str) -> Option<(&'static str, Vec<u8>)> {
        self.downloader.preview(address).await
    }

    /// Hides the credentials in a failure. Every failure of this layer passes through it.
    fn redact<T>(&self, result: Result<T, Failure>) -> Result<T, Failure> {
        result.map_err(|failure| {
            if failure.kind == FailureKind::Throttled {
                self.refusals.fetch_add(1, Ordering::Relaxed);
            }
            self.api.redactor.redact(failure)
        })
    }
}
