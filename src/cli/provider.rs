//! Who is asked for videos: the real API, or the imitation inside this program.

use std::path::Path;

use anyhow::Context as _;

use super::argument_groups::{AddressArguments, CampaignArguments, ProviderArguments};
use super::campaign::Manifest;
use super::console;
use super::credentials::{AllowCommands, credentials};
use super::environment::{BASE_URL, Environment};
use super::error::Error;
use super::profile::Profile;
use super::proxy::proxy_on_the_way;
use crate::driver::{Clock as _, SystemClock};
use crate::model::Credentials;
use crate::remote::{BaseUrl, Proxy, Remote, Settings};
use crate::sandbox::{self, Faults, Sandbox};

/// The provider, ready to be asked. The sandbox lives as long as this does.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) remote: Remote,
    _sandbox: Option<Sandbox>,
}

/// What is known of the provider before anything is started: checked first, so that a missing key
/// leaves no trace.
#[derive(Debug, Clone)]
pub(super) enum Choice {
    /// The imitation.
    Sandbox(Box<Faults>),
    /// An address with keys.
    Api(BaseUrl, Credentials),
}

impl Choice {
    /// What `arguments` and the environment ask for.
    ///
    /// # Errors
    /// If the address is no address, the keys are missing, or the faults cannot be read.
    pub(super) fn of(
        arguments: &ProviderArguments,
        environment: &Environment,
    ) -> Result<Self, Error> {
        if arguments.sandbox {
            let faults = arguments.faults.as_deref().map(read_faults).transpose()?;
            return Ok(Self::Sandbox(Box::new(faults.unwrap_or_default())));
        }
        let profile = arguments.profile.as_deref();
        let named = arguments.base_url.clone();
        Self::of_api(named, profile, environment, AllowCommands::Whatever)
    }

    /// The same for a command that needs `campaign`'s manifest too: what is wrong with that is told instead of
    /// keys that are missing, which matter only to whoever has something to submit.
    ///
    /// # Errors
    /// Everything that is wrong with the manifest, or else with the choice.
    pub(super) async fn for_manifest(
        campaign: &CampaignArguments,
        arguments: &ProviderArguments,
        environment: &Environment,
    ) -> Result<Self, Error> {
        let wrong = match Self::of(arguments, environment) {
            Ok(choice) => return Ok(choice),
            Err(wrong) => wrong,
        };
        // Standard input may be a person who would wait for an answer.
        if campaign.manifest != Path::new("-") {
            let campaign = campaign.clone();
            let now = SystemClock::new().now();
            console::aside(move || Manifest::load_settings(&campaign, now)).await?;
        }
        Err(wrong)
    }

    /// What `arguments` and the environment say of the API.
    ///
    /// # Errors
    /// If the address is no address, or the keys are missing.
    pub(super) fn of_address(
        arguments: &AddressArguments,
        environment: &Environment,
    ) -> Result<Self, Error> {
        let named = arguments.base_url.clone();
        let profile = arguments.profile.clone();
        let profile = profile.or_else(|| environment.variable("CALLSHEET_PROFILE"));
        Self::of_api(
            named,
            profile.as_deref(),
            environment,
            AllowCommands::NoCommands,
        )
    }

    fn of_api(
        named: Option<String>,
        profile: Option<&str>,
        environment: &Environment,
        effort: AllowCommands,
    ) -> Result<Self, Error> {
        let profile = profile.map(|name| Profile::load(name, environment));
        let profile = profile.transpose()?;
        let of_profile = profile.as_ref().and_then(|it| it.settings.base_url.clone());
        let said = named.or(of_profile);
        let foreign = match said {
            Some(_) => None,
            None => foreign_address(environment, profile.as_ref()),
        };
        let base_url = match said.or_else(|| environment.variable(BASE_URL)) {
            Some(text) => text
                .parse::<BaseUrl>()
                .map_err(|error| Error::usage(format!("{error}; nothing was submitted")))?,
            None => BaseUrl::default(),
        };
        // Keys that are missing are told first: they are what somebody sees to first.
        let credentials = credentials(environment, profile.as_ref(), effort)?;
        match foreign {
            Some(error) => Err(error),
            None => Ok(Self::Api(base_url, credentials)),
        }
    }

    pub(super) const fn is_sandbox(&self) -> bool {
        matches!(self, Self::Sandbox(_))
    }

    /// Starts what has to be started. Files go to `out`; the sandbox remembers what it accepted in
    /// `.sandbox/` in there, so that it is the same one after a crash.
    pub(super) async fn start(self, out: &Path) -> Result<Provider, Error> {
        let (sandbox, settings) = match self {
            Self::Api(base_url, credentials) => {
                let proxy_address = if base_url.is_loopback() {
                    None
                } else {
                    proxy_on_the_way(
                        base_url.host(),
                        base_url.is_encrypted(),
                        Environment::real_variable,
                    )
                };
                let settings = Settings {
                    proxy_address,
                    ..Settings::new(base_url, credentials, out.to_owned())
                };
                (None, settings)
            }
            Self::Sandbox(faults) => {
                let folder = out.join(".sandbox");
                std::fs::create_dir_all(&folder)
                    .with_context(|| format!("cannot create `{}`", folder.display()))?;
                let sandbox = Sandbox::start(sandbox::SandboxSettings {
                    state: Some(folder.join("accepted.jsonl")),
                    faults: *faults,
                    ..sandbox::SandboxSettings::default()
                })
                .await
                .context("cannot start the sandbox")?;
                let base_url = sandbox
                    .base_url()
                    .parse()
                    .context("the sandbox has no address")?;
                let credentials = Credentials::new("sandbox".to_owned(), "sandbox".to_owned());
                let settings = Settings {
                    proxy: Proxy::Bypass,
                    ..Settings::new(base_url, credentials, out.to_owned())
                };
                (Some(sandbox), settings)
            }
        };
        Ok(Provider {
            remote: Remote::new(settings)?,
            _sandbox: sandbox,
        })
    }
}

/// Why the address that a `.env` file sets is not used, if one does: the keys are not its own. A profile's
/// never are.
pub(super) fn foreign_address(
    environment: &Environment,
    profile: Option<&Profile>,
) -> Option<Error> {
    let file = match profile {
        Some(_) => environment.address_file(),
        None => environment.foreign_address(),
    }?;
    let file = file.display();
    let message = format!(
        "`{file}` sets `{BASE_URL}`, but not both keys by itself: keys from elsewhere are not sent to an \
         address that comes with a folder; nothing was submitted"
    );
    Some(Error::usage(message).hint(format!(
        "if the address is right, give it with `--base-url`, or set `{BASE_URL}` in the environment; if not, \
         take it out of `{file}`"
    )))
}

/// Reads a file of faults.
pub(super) fn read_faults(file: &Path) -> Result<Faults, Error> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read `{shown}`"))?;
    crate::manifest::parse_yaml::<Faults>(&text)
        .map_err(|error| Error::usage(format!("`{shown}` is not a file of faults: {error}")))
}
