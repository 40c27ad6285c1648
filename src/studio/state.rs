//! The state of the server: its settings and its campaigns.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use sha2::{Digest as _, Sha256};
use tokio::sync::{OnceCell, watch};

use super::error::{ApiError, ApiResult};
use super::feed::Feed;
use super::live::{Live, Run};
use crate::app::{
    self, CampaignOptions, NameLookup, NetworkUse, Notices, Previews, ProviderConfig,
    ProviderFlags, ViewRequest,
};
use crate::model::{CommandName, ManifestLocation};
use crate::util::text::hex;

/// The settings of the studio.
pub(crate) struct Settings {
    /// The port; any that is free if `None`.
    pub(crate) port: Option<u16>,
    /// The folder whose campaigns are listed.
    pub(crate) folder: PathBuf,
    /// The campaign that is opened first.
    pub(crate) manifest: Option<ManifestLocation>,
    /// Whether new campaigns use the sandbox, and why.
    pub(crate) sandbox: Option<SandboxReason>,
    /// The options that name the provider in command lines.
    pub(crate) provider_flags: ProviderFlags,
    /// Returns the provider of a manifest, which may be the sandbox.
    pub(crate) provider: ProviderOf,
    /// The folder of cached catalogues.
    pub(crate) cache_dir: Option<PathBuf>,
    /// Prints an address and opens it.
    pub(crate) announce: Box<dyn Fn(&str) + Send + Sync>,
    /// Prints a text.
    pub(crate) print: Box<dyn Fn(&str) + Send + Sync>,
}

/// Returns the provider of a manifest: the sandbox, or the API with the keys for that manifest.
pub(crate) type ProviderOf =
    Box<dyn Fn(&ManifestLocation, bool) -> Result<ProviderConfig, app::Error> + Send + Sync>;

/// Why new campaigns use the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SandboxReason {
    /// There are no keys.
    NoKeys,
    /// The user asked for it.
    Option,
}

/// The state that all requests share.
pub(super) struct Studio {
    pub(super) settings: Settings,
    campaigns: Mutex<BTreeMap<String, Arc<Campaign>>>,
    /// The campaign that is opened first.
    pub(super) opened: Option<String>,
    /// The providers that were configured, by manifest.
    providers: Mutex<HashMap<(String, bool), ProviderConfig>>,
    /// The catalogue, once it was asked for.
    previews: OnceCell<Arc<Previews>>,
    /// Whether no further run may begin.
    pub(super) is_ending: AtomicBool,
    /// Whether the server is shutting down.
    pub(super) stopping: watch::Sender<bool>,
}

/// A campaign that requests can name.
pub(super) struct Campaign {
    pub(super) id: String,
    pub(super) options: CampaignOptions,
    pub(super) is_sandbox: bool,
    pub(super) feed: Feed,
    pub(super) live: Arc<watch::Sender<Live>>,
    /// Is locked while the sheet, its columns or its marks are read and changed, and while a run begins.
    pub(super) changes: tokio::sync::Mutex<()>,
    /// The run of this studio that is under way.
    pub(super) run: Mutex<Option<Arc<Run>>>,
    /// What is outstanding at the provider after the last run of this studio.
    pub(super) outstanding: Mutex<Option<String>>,
}

impl Campaign {
    fn new(id: String, options: CampaignOptions, is_sandbox: bool) -> Self {
        Self {
            feed: Feed::new(&id, options.manifest.file()),
            id,
            options,
            is_sandbox,
            live: Arc::default(),
            changes: tokio::sync::Mutex::default(),
            run: Mutex::default(),
            outstanding: Mutex::default(),
        }
    }

    /// Reports that the sheet, its columns or its marks have changed.
    pub(super) fn sheet_changed(&self) {
        self.feed.sheet_changed();
    }

    /// Checks whether a run of this studio is under way.
    pub(super) fn is_running(&self) -> bool {
        lock(&self.run).is_some()
    }

    /// Returns the run of this studio.
    ///
    /// # Errors
    /// If there is none.
    pub(super) fn current_run(&self) -> ApiResult<Arc<Run>> {
        let message = "no run of this studio is under way";
        lock(&self.run).clone().ok_or_else(|| ApiError::new(StatusCode::CONFLICT, message))
    }
}

impl Studio {
    pub(super) fn new(settings: Settings) -> Self {
        let opened = settings.manifest.clone();
        let is_sandbox = settings.sandbox.is_some();
        let mut studio = Self {
            settings,
            campaigns: Mutex::default(),
            opened: None,
            providers: Mutex::default(),
            previews: OnceCell::new(),
            is_ending: AtomicBool::new(false),
            stopping: watch::Sender::new(false),
        };
        let opened = opened.map(|it| studio.add(CampaignOptions::new(it), is_sandbox));
        studio.opened = opened.map(|campaign| campaign.id.clone());
        studio
    }

    /// Returns whether new campaigns use the sandbox.
    pub(super) const fn is_sandbox(&self) -> bool {
        self.settings.sandbox.is_some()
    }

    /// Returns the campaign with `id`.
    ///
    /// # Errors
    /// If there is none.
    pub(super) fn campaign(&self, id: &str) -> ApiResult<Arc<Campaign>> {
        lock(&self.campaigns).get(id).cloned().ok_or_else(|| ApiError::not_found("campaign"))
    }

    /// Returns all campaigns that are known.
    pub(super) fn campaigns(&self) -> Vec<Arc<Campaign>> {
        lock(&self.campaigns).values().cloned().collect()
    }

    /// Returns the campaign of `options`, which is known from now on.
    pub(super) fn add(&self, options: CampaignOptions, is_sandbox: bool) -> Arc<Campaign> {
        let options = CampaignOptions { reads_edits: true, ..options };
        let id = id_of(&options, is_sandbox);
        let mut campaigns = lock(&self.campaigns);
        let campaign = campaigns
            .entry(id.clone())
            .or_insert_with(|| Arc::new(Campaign::new(id, options, is_sandbox)));
        Arc::clone(campaign)
    }

    /// Returns the provider of a campaign.
    ///
    /// # Errors
    /// If keys are missing or wrong.
    pub(super) async fn provider(
        self: &Arc<Self>,
        campaign: &Campaign,
    ) -> Result<ProviderConfig, app::Error> {
        self.provider_of(campaign.options.manifest.clone(), campaign.is_sandbox).await
    }

    async fn provider_of(
        self: &Arc<Self>,
        manifest: ManifestLocation,
        is_sandbox: bool,
    ) -> Result<ProviderConfig, app::Error> {
        let key = (manifest.to_string(), is_sandbox);
        if let Some(known) = lock(&self.providers).get(&key) {
            return Ok(known.clone());
        }
        let studio = Arc::clone(self);
        // A command may be asked for the keys.
        let provider =
            app::blocking(move || (studio.settings.provider)(&manifest, is_sandbox)).await?;
        lock(&self.providers).insert(key, provider.clone());
        Ok(provider)
    }

    /// Returns how the names of a campaign's sheet are looked up.
    pub(super) async fn lookup(
        self: &Arc<Self>,
        campaign: &Campaign,
        network: NetworkUse,
    ) -> NameLookup {
        NameLookup {
            provider: self.provider(campaign).await.ok(),
            cache_dir: self.settings.cache_dir.clone(),
            network,
            notices: Notices::discard(),
        }
    }

    /// Returns the request for a view of a campaign.
    pub(super) async fn view_request(self: &Arc<Self>, campaign: &Campaign) -> ViewRequest {
        ViewRequest {
            command: CommandName::Studio,
            campaign: campaign.options.clone(),
            provider_flags: self.provider_flags(campaign),
            // The names of the sandbox are not cached, and cost nothing.
            lookup: {
                let is_free = campaign.is_sandbox;
                let network = if is_free { NetworkUse::Always } else { NetworkUse::IfNeeded };
                self.lookup(campaign, network).await
            },
        }
    }

    /// Returns the catalogue of the account of new campaigns, with its pictures and samples.
    ///
    /// # Errors
    /// If the provider cannot be asked.
    pub(super) async fn previews(self: &Arc<Self>) -> Result<Arc<Previews>, app::Error> {
        let open = async {
            let manifest = ManifestLocation::File(self.settings.folder.join("sheet.csv"));
            let provider = self.provider_of(manifest, self.is_sandbox()).await?;
            let lookup = NameLookup {
                provider: Some(provider),
                cache_dir: self.settings.cache_dir.clone(),
                network: NetworkUse::Always,
                notices: Notices::discard(),
            };
            lookup.previews(app::now()).await.map(Arc::new)
        };
        self.previews.get_or_try_init(|| open).await.cloned()
    }

    /// Returns the options that name the provider of a campaign.
    pub(super) fn provider_flags(&self, campaign: &Campaign) -> ProviderFlags {
        ProviderFlags { sandbox: campaign.is_sandbox, ..self.settings.provider_flags.clone() }
    }
}

/// Locks a mutex, also after a panic of another request.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the id of a campaign. It reveals no path.
fn id_of(options: &CampaignOptions, is_sandbox: bool) -> String {
    let CampaignOptions { manifest, out, shard, date, .. } = options;
    let place = match manifest {
        ManifestLocation::File(file) => {
            std::path::absolute(file).unwrap_or_else(|_| file.clone()).display().to_string()
        }
        ManifestLocation::Address(address) => address.expose().to_owned(),
        ManifestLocation::StandardInput => "-".to_owned(),
    };
    let mut hash = Sha256::new();
    hash.update(format!("{place}\n{out:?}\n{shard:?}\n{date:?}\n{is_sandbox}"));
    hex(&hash.finalize()[..8])
}
