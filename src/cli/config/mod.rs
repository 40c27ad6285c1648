//! Configuration: environment, credentials, profiles, provider.

mod credentials;
mod env;
mod profile;
mod provider;

pub(super) use self::credentials::{AllowCommands, KEYS, find as find_keys};
pub(super) use self::env::{BASE_URL, Environment, is_set};
pub(super) use self::profile::Profile;
pub(super) use self::provider::{
    foreign_address, provider_config, provider_for_manifest, provider_for_reading, read_faults,
};
