//! Configuration: environment, credentials, profiles, provider.

mod credentials;
mod env;
mod profile;
mod provider;
mod unknown_variables;

pub(super) use self::credentials::{
    AllowCommands, find as find_keys, names_keys, refused_address, running_command,
};
pub(super) use self::env::{BASE_URL, Environment, FoundVariable, KEYS, SHEET_TOKEN, is_set};
pub(super) use self::profile::Profile;
pub(super) use self::provider::{
    provider_config, provider_for_manifest, read_faults, view_request,
};
pub(super) use self::unknown_variables::refuse_unknown_variables;
