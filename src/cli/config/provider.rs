//! The provider: which one the arguments and the environment name.

use std::path::Path;

use super::credentials::{AllowCommands, credentials};
use super::env::{BASE_URL, Environment, FoundVariable};
use super::profile::Profile;
use crate::app::{
    self, BaseUrl, GatewayPlace, LoadedManifest, NameLookup, NetworkUse, ProviderConfig,
    ViewRequest,
};
use crate::cli::args::{AddressArguments, CampaignArguments, ProviderArguments};
use crate::cli::error::Error;
use crate::cli::printer::Printer;
use crate::model::{CommandName, ValueOrigin};
use crate::sandbox::Faults;
use crate::util::fs::read_regular;

/// The variable with the file of trusted certificates, which the TLS library reads.
const CERTIFICATE_FILE: &str = "SSL_CERT_FILE";

/// The beginning of a certificate in a PEM file.
const PEM: &[u8] = b"-----BEGIN CERTIFICATE";

/// Returns the provider that `arguments` and the environment name.
///
/// # Errors
/// If the address is invalid, keys are missing, or the faults cannot be read.
pub(in crate::cli) fn provider_config(
    arguments: &ProviderArguments,
    environment: &Environment,
) -> Result<ProviderConfig, app::Error> {
    if arguments.sandbox {
        let faults = arguments.faults.as_deref().map(read_faults).transpose()?;
        return Ok(ProviderConfig::Sandbox(Box::new(faults.unwrap_or_default())));
    }
    let profile = arguments.profile.as_deref();
    api_config(arguments.base_url.clone(), profile, environment, AllowCommands::Yes)
}

/// Returns the provider for a command that needs the manifest too. Problems of the manifest are reported instead of
/// missing keys, which matter only once there is something to submit.
///
/// # Errors
/// All problems of the manifest, or else of the provider.
pub(in crate::cli) async fn provider_for_manifest(
    campaign: &CampaignArguments,
    arguments: &ProviderArguments,
    environment: &Environment,
) -> Result<ProviderConfig, Error> {
    let error = match provider_config(arguments, environment) {
        Ok(provider) => return Ok(provider),
        Err(error) => error,
    };
    // Standard input may be a terminal, where a person would wait for an answer. An address takes a moment.
    if campaign.manifest.file().is_some() {
        let options = campaign.options()?;
        app::blocking(move || LoadedManifest::load_settings(&options, app::now())).await?;
    }
    Err(error.into())
}

/// Returns the request for a read-only view of a campaign.
pub(in crate::cli) fn view_request(
    command: CommandName,
    campaign: &CampaignArguments,
    address: &AddressArguments,
    environment: &Environment,
) -> Result<ViewRequest, Error> {
    let profile = address.profile.clone();
    let profile = profile.or_else(|| environment.variable("CALLSHEET_PROFILE"));
    let base_url = address.base_url.clone();
    let provider = api_config(base_url, profile.as_deref(), environment, AllowCommands::No);
    Ok(ViewRequest {
        command,
        campaign: campaign.options()?,
        provider_flags: address.flags(),
        lookup: NameLookup {
            provider: provider.ok(),
            cache_dir: environment.cache_dir(),
            network: NetworkUse::Never,
            notices: Printer::Text.notices(),
        },
    })
}

fn api_config(
    base_url: Option<String>,
    profile: Option<&str>,
    environment: &Environment,
    commands: AllowCommands,
) -> Result<ProviderConfig, app::Error> {
    let profile = profile.map(|name| Profile::load(name, environment));
    let profile = profile.transpose()?;
    let of_profile = profile.as_ref().and_then(|it| it.settings.base_url.clone());
    let given = base_url.or(of_profile);
    let found = if given.is_none() { environment.found(BASE_URL) } else { None };
    let origin = found.as_ref().map_or(ValueOrigin::User, FoundVariable::origin);
    let base_url = match given.as_ref().or_else(|| found.as_ref().map(|found| &found.value)) {
        Some(text) => text
            .parse::<BaseUrl>()
            .map_err(|error| app::Error::usage(format!("{error}; nothing was submitted")))?,
        None => BaseUrl::default(),
    };
    let credentials = credentials(environment, profile.as_ref(), commands, origin)?;
    check_certificate_file()?;
    let gateway = GatewayPlace::default();
    Ok(ProviderConfig::Api { base_url, credentials, move_account: false, gateway })
}

/// Checks the file of trusted certificates, which the TLS library would ignore if it cannot be read.
fn check_certificate_file() -> Result<(), app::Error> {
    let Some(file) = Environment::real_variable(CERTIFICATE_FILE) else {
        return Ok(());
    };
    let problem = match read_regular(Path::new(&file)) {
        Ok(content) if content.windows(PEM.len()).any(|window| window == PEM) => return Ok(()),
        Ok(_) => "which contains no certificate".to_owned(),
        Err(error) => format!("which cannot be read: {error}"),
    };
    Err(app::Error::usage_with_hint(
        format!("`{CERTIFICATE_FILE}` names `{file}`, {problem}; nothing was submitted"),
        format!(
            "correct `{CERTIFICATE_FILE}`, or remove it: then the system's certificates are used"
        ),
    ))
}

/// Reads a file of sandbox faults.
///
/// # Errors
/// If it cannot be read or parsed.
pub(in crate::cli) fn read_faults(file: &Path) -> Result<Faults, app::Error> {
    let shown = file.display();
    let text = read_regular(file)
        .and_then(|text| String::from_utf8(text).map_err(std::io::Error::other))
        .map_err(|error| {
            app::Error::usage(format!("the faults in `{shown}` cannot be read: {error}"))
        })?;
    app::parse_yaml::<Faults>(&text)
        .map_err(|error| app::Error::usage(format!("`{shown}` is not a file of faults: {error}")))
}
