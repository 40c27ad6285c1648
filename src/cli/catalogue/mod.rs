//! Personas and voices by their names: what the provider has to choose from.
//!
//! The catalogue is asked for at most once a day for manifests, and kept in the user's folder for such
//! things (`cache`). What its names mean is pure (`lookup`, `doubts`, `filter`), and once a campaign has been
//! run it keeps what its names meant then (`known`).

mod cache;
mod doubts;
mod filter;
mod known;
mod lookup;
mod naming;
mod page;
mod search;
mod source;
mod words;

use serde::{Deserialize, Serialize};

pub(super) use self::filter::{persona_genders, voice_genders};
pub(super) use self::known::Known;
pub(super) use self::naming::Naming;
pub(super) use self::search::{personas, voices};
pub(super) use self::source::{Lookup, Network};
use crate::model::Timestamp;
use crate::remote::{PersonaItem, VoiceItem};

/// Everything there is to choose from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Catalogue {
    /// When the provider was asked.
    pub(super) fetched_at: Timestamp,
    /// The account's own personas, then everybody's.
    pub(super) personas: Vec<PersonaItem>,
    /// The voices.
    pub(super) voices: Vec<VoiceItem>,
}
