//! The provider of a run: the real API or the embedded sandbox.

use std::path::Path;
use std::sync::Arc;

use crate::model::Credentials;
use crate::remote::{BaseUrl, GatewayPlace, Proxy, Remote, RemoteSettings};
use crate::sandbox::{self, Faults, Sandbox};
use crate::util::fs::{OutputDir, create_private_dir};

use super::error::Error;

/// Which provider is used. Checked before anything is started, so that nothing is written if a key is missing.
#[derive(Debug, Clone)]
pub enum ProviderConfig {
    /// The embedded sandbox, with its faults.
    Sandbox(Box<Faults>),
    /// The API at an address.
    Api {
        /// The address.
        base_url: BaseUrl,
        /// The keys.
        credentials: Credentials,
        /// Whether the user says that the videos of a journal of another account are in this one.
        move_account: bool,
        /// Where the first request has found the address, for all clients of a run.
        gateway: GatewayPlace,
    },
}

/// A provider that is ready for requests. An embedded sandbox lives as long as this value.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) remote: Arc<Remote>,
    _sandbox: Option<Sandbox>,
    _folder: Option<tempfile::TempDir>,
}

impl ProviderConfig {
    /// Returns the embedded sandbox without faults.
    pub fn sandbox() -> Self {
        Self::Sandbox(Box::default())
    }

    pub(crate) const fn is_sandbox(&self) -> bool {
        matches!(self, Self::Sandbox(_))
    }

    /// Makes the next request look up the address again: a run does not depend on earlier ones.
    pub(super) fn forget_gateway(&mut self) {
        if let Self::Api { gateway, .. } = self {
            *gateway = GatewayPlace::default();
        }
    }

    /// Starts the provider for questions that need no output folder. The sandbox knows no jobs.
    pub(crate) async fn start_without_files(self) -> Result<Provider, Error> {
        let folder = tempfile::tempdir().map_err(Error::io("cannot create a temporary folder"))?;
        let provider = self.start(folder.path()).await?;
        Ok(Provider { _folder: Some(folder), ..provider })
    }

    /// Starts the provider for the checks before the output folder `out` is created and locked.
    pub(crate) async fn start_before_lock(self, out: &Path) -> Result<Provider, Error> {
        if self.is_sandbox() { self.start_without_files().await } else { self.start(out).await }
    }

    /// Starts the provider for a run whose files go to `out`. The sandbox records accepted jobs in that folder, so
    /// that it knows them after a crash.
    pub(crate) async fn start(self, out: &Path) -> Result<Provider, Error> {
        let (sandbox, settings) = match self {
            Self::Api { base_url, credentials, gateway, .. } => {
                let settings = RemoteSettings::new(base_url, credentials, out.to_owned());
                (None, RemoteSettings { gateway, ..settings })
            }
            Self::Sandbox(faults) => {
                let folder = OutputDir(out).sandbox();
                create_private_dir(&folder)
                    .map_err(Error::io(format!("cannot create `{}`", folder.display())))?;
                let sandbox = Sandbox::start(sandbox::SandboxSettings {
                    state: Some(folder.join("accepted.jsonl")),
                    faults: *faults,
                    ..sandbox::SandboxSettings::default()
                })
                .await
                .map_err(Error::io("cannot start the sandbox"))?;
                let base_url = sandbox
                    .base_url()
                    .parse()
                    .map_err(|error| Error::usage(format!("the sandbox's address: {error}")))?;
                let credentials = Credentials::new("sandbox".to_owned(), "sandbox".to_owned());
                let settings = RemoteSettings {
                    proxy: Proxy::Bypass,
                    ..RemoteSettings::new(base_url, credentials, out.to_owned())
                };
                (Some(sandbox), settings)
            }
        };
        let remote = Arc::new(Remote::new(settings)?);
        Ok(Provider { remote, _sandbox: sandbox, _folder: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_clients_of_a_run_share_the_place_of_the_gateway() {
        let gateway = GatewayPlace::default();
        let mut config = ProviderConfig::Api {
            base_url: "http://localhost:9".parse().unwrap(),
            credentials: Credentials::new("id".to_owned(), "key".to_owned()),
            move_account: false,
            gateway: gateway.clone(),
        };
        assert!(!format!("{gateway:?}").contains("true"));
        let first = config.clone().start_without_files().await.unwrap();
        assert!(first.remote.personas().await.is_err());
        // Only addresses of this machine were found.
        assert!(format!("{gateway:?}").contains("true"), "{gateway:?}");
        config.forget_gateway();
        assert!(!format!("{config:?}").contains("true"), "{config:?}");
    }
}
