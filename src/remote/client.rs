//! [`Remote`]: commands in, outcomes out.

use std::fmt;
use std::sync::Arc;

use super::api::Api;
use super::api::wire::{PersonaItem, VoiceItem};
use super::download::Downloader;
use super::http::{ApiClient, Clients, Redactor, RemoteError};
use super::settings::Settings;
use crate::model::{Command, Credits, DownloadProgress, Failure, Outcome};

/// The provider, and the hosts its files lie on. Cheap to clone.
#[derive(Clone)]
pub struct Remote {
    api: Arc<Api>,
    downloader: Arc<Downloader>,
    address: Arc<str>,
}

impl Remote {
    /// Gets ready; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// If a key cannot be sent, or the HTTP client cannot be built.
    pub fn new(settings: Settings) -> Result<Self, RemoteError> {
        let clients = Clients::new(&settings)?;
        let redactor = Redactor::new(settings.credentials.clone());
        let channel = ApiClient::new(&settings, clients.clone(), redactor.clone())?;
        let address = settings.base_url.to_string().into();
        Ok(Self {
            api: Arc::new(Api::new(channel)),
            downloader: Arc::new(Downloader::new(settings, clients, redactor)),
            address,
        })
    }

    /// Makes exactly one attempt at `command`. `meter` is kept up to date by a download and left alone by
    /// everything else.
    pub async fn perform(&self, command: Command, meter: Arc<DownloadProgress>) -> Outcome {
        let api = &self.api;
        match command {
            Command::Submit { job, request, name } => {
                let result = api.submit(&request, &name).await;
                let result = result.map_err(|failure| api.scrub(failure));
                Outcome::Submitted { job, result }
            }
            Command::Poll { remotes } => {
                let result = api.poll(&remotes).await;
                let result = result.map_err(|failure| api.scrub(failure));
                Outcome::Polled { remotes, result }
            }
            Command::Look { job, remote } => {
                let result = api.look(&remote).await;
                let result = result.map_err(|failure| api.scrub(failure));
                Outcome::Looked { job, result }
            }
            Command::List { sought } => {
                let result = api.list(sought).await;
                let result = result.map_err(|failure| api.scrub(failure));
                Outcome::Listed { result }
            }
            Command::Fetch(order) => {
                let result = self.downloader.fetch(&order, &meter).await;
                let result = result.map_err(|failure| api.scrub(failure));
                Outcome::Fetched {
                    job: order.job,
                    result,
                }
            }
        }
    }

    /// The account's balance. A free read, so also the cheapest test of the credentials. Charges are
    /// deducted late: it is not what is left to promise.
    pub async fn remaining_credits(&self) -> Result<Credits, Failure> {
        let result = self.api.remaining_credits().await;
        result.map_err(|failure| self.api.scrub(failure))
    }

    /// Every persona the account can use, its own first and marked as such. Items without an id are left
    /// out.
    pub async fn personas(&self) -> Result<Vec<PersonaItem>, Failure> {
        let result = self.api.personas().await;
        result.map_err(|failure| self.api.scrub(failure))
    }

    /// Every voice.
    pub async fn voices(&self) -> Result<Vec<VoiceItem>, Failure> {
        let result = self.api.voices().await;
        result.map_err(|failure| self.api.scrub(failure))
    }
}

impl fmt::Debug for Remote {
    /// The address alone.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Remote")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
