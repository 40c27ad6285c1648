//! Where a catalogue comes from: memory of a day, the provider, or older memory.

use std::path::Path;
use std::time::Duration;

use super::Catalogue;
use super::cache::{Cache, cache_folder};
use crate::cli::environment::Environment;
use crate::cli::error::Error;
use crate::cli::herald::Printer;
use crate::cli::provider::Choice;
use crate::model::{Failure, FailureKind, Timestamp};
use crate::remote::Remote;

/// How long the two lists may take when something depends on them.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long they may take when they only serve for warnings.
const LITTLE_PATIENCE: Duration = Duration::from_secs(10);

/// Whether the provider may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Network {
    /// The command talks to the provider anyway.
    IsUsedAnyway,
    /// Only for a name that cannot be resolved otherwise.
    OnlyIfNeeded,
}

/// Whom a command asks about names.
#[derive(Debug)]
pub(in crate::cli) struct Lookup<'a> {
    /// The provider, if there are keys for it.
    pub(in crate::cli) provider: Option<Choice>,
    pub(in crate::cli) environment: &'a Environment,
    pub(in crate::cli) network: Network,
    /// Who says that an old answer has to do.
    pub(in crate::cli) herald: Printer,
}

/// Whether names depend on the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// The manifest cannot be understood without it.
    Names,
    /// It serves for warnings and for readable names.
    Courtesy,
}

impl Lookup<'_> {
    /// Where this account's catalogue is kept: in the user's folder for such things, else in the output
    /// folder, if that is one already. The sandbox's is never kept.
    pub(super) fn cache(&self, out: Option<&Path>) -> Option<Cache> {
        let Some(Choice::Api(base_url, credentials)) = &self.provider else {
            return None;
        };
        let hidden = || {
            out.map(|out| out.join(".callsheet"))
                .filter(|hidden| hidden.is_dir())
        };
        let folder = cache_folder(|name| self.environment.variable(name)).or_else(hidden)?;
        Some(Cache::of(&folder, base_url, credentials))
    }

    /// What is kept, however old.
    pub(super) fn kept(&self, out: Option<&Path>) -> Option<Catalogue> {
        self.cache(out)?.read()
    }

    /// The catalogue, if it can be had: one of this day, else a new one, else an old one, which is said.
    ///
    /// # Errors
    /// If it is needed, and the provider cannot be asked.
    pub(super) async fn obtain(
        &self,
        need: Need,
        out: Option<&Path>,
        now: Timestamp,
    ) -> Result<Option<Catalogue>, Error> {
        let Some(choice) = &self.provider else {
            return Ok(None);
        };
        let cache = self.cache(out);
        let kept = cache.as_ref().and_then(Cache::read);
        if let Some(kept) = kept.clone().filter(|kept| kept.is_fresh(now)) {
            return Ok(Some(kept));
        }
        let may_ask = match need {
            Need::Names => true,
            // What cannot be kept would be asked for at each run.
            Need::Courtesy => {
                self.network == Network::IsUsedAnyway && (cache.is_some() || choice.is_sandbox())
            }
        };
        if !may_ask {
            return Ok(kept);
        }
        let patience = match need {
            Need::Names => PATIENCE,
            Need::Courtesy => LITTLE_PATIENCE,
        };
        match (ask(choice.clone(), patience, now).await, kept, need) {
            (Ok(new), _, _) => {
                if let Some(cache) = cache {
                    // Tomorrow it is asked for again.
                    drop(cache.write(&new));
                }
                Ok(Some(new))
            }
            (Err(_), kept, Need::Courtesy) => Ok(kept),
            (Err(error), Some(kept), Need::Names) => {
                let age = kept.fetched_at;
                self.herald.note(&format!(
                    "the provider's catalogue cannot be read, so names are looked up in the one of \
                     {age} ({error})"
                ));
                Ok(Some(kept))
            }
            (Err(error), None, Need::Names) => Err(error),
        }
    }
}

/// Asks the provider for both lists.
async fn ask(choice: Choice, patience: Duration, now: Timestamp) -> Result<Catalogue, Error> {
    let folder = tempfile::tempdir().map_err(anyhow::Error::from)?;
    let provider = choice.start(folder.path()).await?;
    let fetching = fetch(&provider.remote, now);
    let late = |_| {
        let message = format!("no answer in {} seconds", patience.as_secs());
        Failure::new(FailureKind::Lost, message)
    };
    let fetched = tokio::time::timeout(patience, fetching).await;
    fetched
        .map_err(late)
        .and_then(std::convert::identity)
        .map_err(Error::Lookup)
}

/// Both lists.
pub(super) async fn fetch(remote: &Remote, now: Timestamp) -> Result<Catalogue, Failure> {
    Ok(Catalogue {
        fetched_at: now,
        personas: remote.personas().await?,
        voices: remote.voices().await?,
    })
}
