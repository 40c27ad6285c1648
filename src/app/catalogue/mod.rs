//! The provider's catalogue: personas and voices, and their names.
//!
//! For manifests the catalogue is fetched at most once a day and cached in the user's cache folder. The names in a
//! campaign keep the ids they had in its first run.

mod filter;
mod lookup;
mod page;
mod previews;
mod resolver;
mod source;
mod warnings;

use serde::{Deserialize, Serialize};

pub(crate) use self::filter::{CatalogueFilter, persona_genders, voice_genders};
pub(crate) use self::page::{persona_page, voice_page};
pub(crate) use self::previews::{Previews, preview_key};
pub(crate) use self::resolver::{CatalogueResolver, Names, RecordedNames};
pub(crate) use self::source::{NameLookup, NetworkUse};
pub(crate) use self::warnings::has_preview;
use crate::model::Timestamp;
pub(crate) use crate::remote::{PersonaItem, VoiceItem};
use crate::util::text::sanitize;

/// The personas and voices of the provider.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Catalogue {
    /// When it was fetched.
    pub(crate) fetched_at: Timestamp,
    /// The account's own personas, then the public ones.
    pub(crate) personas: Vec<PersonaItem>,
    /// The voices.
    pub(crate) voices: Vec<VoiceItem>,
}

/// Returns `text` in the form in which names are compared: case and white space are ignored.
fn normalize(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// Returns the provider's text for display: at most 60 characters, unsafe ones escaped.
pub(crate) fn display_text(text: &str) -> String {
    let shown: String = text.chars().take(60).collect();
    sanitize(&shown)
}

/// Returns the provider's text for display, or `-` if it is missing.
pub(crate) fn or_dash(text: Option<&str>) -> String {
    display_text(text.filter(|text| !text.is_empty()).unwrap_or("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_the_provider_are_shown_escaped() {
        assert_eq!(display_text("\u{202e}ev\u{200b}il"), r"\u{202e}ev\u{200b}il");
        assert_eq!(display_text(&"é".repeat(70)), "é".repeat(60));
        assert_eq!([or_dash(Some("")), or_dash(None)], ["-", "-"]);
    }
}
