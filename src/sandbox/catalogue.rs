//! Personas and voices: fixed data, so that manifests keep working. As in live data, some values are
//! undocumented (`young_adult`, `ugc`, an array of industries).

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

/// All personas and voices, as the API returns them.
#[derive(Debug, Deserialize)]
pub(super) struct Catalogue {
    pub(super) personas: Vec<Value>,
    /// The account's own personas.
    pub(super) custom: Vec<Value>,
    pub(super) voices: Vec<Value>,
}

impl Catalogue {
    /// Loads the catalogue, with previews at the origin `files`.
    pub(super) fn new(files: &str) -> Self {
        let json = include_str!("assets/catalogue.json").replace("{files}", files);
        serde_json::from_str(&json).expect("the catalogue is valid JSON")
    }

    /// Finds a persona by id, including custom ones.
    pub(super) fn persona(&self, id: &str) -> Option<&Value> {
        self.personas.iter().chain(&self.custom).find(|persona| has_id(persona, id))
    }

    pub(super) fn has_accent(&self, id: &str) -> bool {
        let mut accents =
            self.voices.iter().filter_map(|voice| voice["accents"].as_array()).flatten();
        accents.any(|accent| has_id(accent, id))
    }
}

fn has_id(object: &Value, id: &str) -> bool {
    object["id"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(id))
}

/// Checks whether a persona matches the documented filters, each a comma-separated list of values. Other
/// parameters are ignored, as by the API.
pub(super) fn matches(persona: &Value, query: &HashMap<String, String>) -> bool {
    ["age_range", "gender", "location", "style"].iter().all(|filter| {
        let wanted = query.get(*filter).map_or("", String::as_str);
        wanted.is_empty() || wanted.split(',').any(|word| persona[*filter] == word.trim())
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_documented_personas_come_first() {
        let catalogue = Catalogue::new("http://files");
        let ids = || catalogue.personas.iter().chain(&catalogue.custom).map(|one| &one["id"]);
        assert_eq!(ids().count(), 34);
        assert_eq!(ids().collect::<HashSet<_>>().len(), 34);
        let documentation = include_str!("mod.rs");
        for id in ids().take(5) {
            assert!(documentation.contains(id.as_str().unwrap()), "{id}");
        }
        let custom = catalogue.custom[0]["id"].as_str().unwrap();
        assert!(catalogue.persona(&custom.to_uppercase()).is_some());
        assert!(catalogue.has_accent("359b6e15-8b4b-4dc5-bdca-c1e433186d8f"));
        assert!(!catalogue.has_accent(custom));
    }

    #[test]
    fn one_is_inactive_and_one_lacks_a_portrait() {
        let catalogue = Catalogue::new("http://files");
        let count = |condition: fn(&Value) -> bool| {
            catalogue.personas.iter().filter(|persona| condition(persona)).count()
        };
        assert_eq!(count(|persona| persona["is_active"] == false), 1);
        assert_eq!(count(|persona| persona["preview_image_9_16"].is_null()), 1);
    }

    #[test]
    fn filters_accept_lists_and_unknown_parameters_are_ignored() {
        let catalogue = Catalogue::new("http://files");
        let count = |pairs: &[(&str, &str)]| {
            let query = pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            catalogue.personas.iter().filter(|persona| matches(persona, &query)).count()
        };
        assert_eq!(count(&[]), 33);
        assert_eq!(count(&[("gender", "nb")]), 2);
        assert_eq!(count(&[("gender", "nb,m"), ("age_range", "child")]), 1);
        assert_eq!(count(&[("colour", "red")]), 33);
        assert_eq!(count(&[("style", "nothing")]), 0);
    }
}
