//! Search filters for personas and voices.

use super::normalize;
use crate::remote::{PersonaItem, VoiceItem};

/// A search. All given criteria must match; values separated by commas are alternatives.
#[derive(Debug, Clone, Default)]
pub(crate) struct CatalogueFilter {
    /// Words that must all occur in the name or the description.
    pub(crate) search: Option<String>,
    pub(crate) gender: Option<String>,
    pub(crate) style: Option<String>,
    pub(crate) age: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) accent: Option<String>,
}

impl CatalogueFilter {
    /// Checks whether `persona` matches.
    pub(crate) fn matches_persona(&self, persona: &PersonaItem) -> bool {
        let described = [
            &persona.creator_name,
            &persona.video_scene,
            &persona.age_range,
            &persona.location,
            &persona.style,
            &persona.id,
        ];
        let texts = described.into_iter().flatten();
        let texts = texts.chain(&persona.keywords).chain(&persona.suitable_industries);
        self.is_described(texts.map(String::as_str))
            && is_gender(self.gender.as_deref(), persona.gender.as_deref())
            && is_one_of(self.style.as_deref(), persona.style.as_deref())
            && is_one_of(self.age.as_deref(), persona.age_range.as_deref())
            && is_one_of(self.location.as_deref(), persona.location.as_deref())
    }

    /// Returns `voice` with the accents that match.
    pub(crate) fn matching_accents(&self, voice: &VoiceItem) -> VoiceItem {
        let mut found = voice.clone();
        let name = voice.name.as_deref().unwrap_or_default();
        let is_meant = is_gender(self.gender.as_deref(), voice.gender.as_deref());
        found.accents.retain(|accent| {
            let accent_name = accent.accent_name.as_deref();
            let texts = [Some(name), accent_name, accent.id.as_deref()];
            is_meant
                && self.is_described(texts.into_iter().flatten())
                && is_one_of(self.accent.as_deref(), accent_name)
        });
        found
    }

    fn is_described<'a>(&self, texts: impl Iterator<Item = &'a str>) -> bool {
        let Some(wanted) = &self.search else {
            return true;
        };
        let texts: Vec<String> = texts.map(normalize).collect();
        normalize(wanted).split(' ').all(|word| texts.iter().any(|text| text.contains(word)))
    }
}

/// Checks whether the value is one of the wanted ones; `young adult` equals `young_adult`.
fn is_one_of(wanted: Option<&str>, value: Option<&str>) -> bool {
    let plain = |text: &str| normalize(&text.replace(['_', '-'], " "));
    wanted.is_none_or(|wanted| {
        let value = value.map(plain);
        wanted.split(',').any(|wanted| value.as_ref().is_some_and(|value| *value == plain(wanted)))
    })
}

/// Checks the genders of `--gender`.
fn known_genders(text: &str, known: &[&str]) -> Result<String, String> {
    match text.split(',').find(|it| !known.contains(&&*gender(it))) {
        None => Ok(text.to_owned()),
        Some(_) => Err(format!("it can be one of {}", known.join(", "))),
    }
}

/// Parses the genders of personas.
pub(crate) fn persona_genders(text: &str) -> Result<String, String> {
    known_genders(text, &["f", "m", "nb"])
}

/// Parses the genders of voices.
pub(crate) fn voice_genders(text: &str) -> Result<String, String> {
    known_genders(text, &["f", "m"])
}

/// Normalises a gender. The API has `m`, `f` and `nb` for personas, `male` and `female` for voices.
fn gender(text: &str) -> String {
    match normalize(text).as_str() {
        "m" | "male" | "man" | "men" => "m".to_owned(),
        "f" | "female" | "woman" | "women" => "f".to_owned(),
        "nb" | "non-binary" | "nonbinary" => "nb".to_owned(),
        other => other.to_owned(),
    }
}

fn is_gender(wanted: Option<&str>, value: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| {
        let value = value.map(gender);
        wanted.split(',').any(|wanted| value.as_ref().is_some_and(|value| *value == gender(wanted)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::AccentItem;

    fn anna() -> PersonaItem {
        let text = |text: &str| Some(text.to_owned());
        PersonaItem {
            creator_name: text("Anna"),
            gender: text("f"),
            age_range: text("young_adult"),
            style: text("presenter"),
            video_scene: text("Office"),
            keywords: vec!["business".into()],
            ..PersonaItem::default()
        }
    }

    fn finds(filter: &CatalogueFilter) -> bool {
        filter.matches_persona(&anna())
    }

    #[test]
    fn every_word_of_a_search_must_occur_somewhere() {
        let search = |text: &str| {
            finds(&CatalogueFilter { search: Some(text.into()), ..CatalogueFilter::default() })
        };
        assert!(search("anna") && search("ANNA office") && search("busi") && search(""));
        assert!(!search("anna park"));
    }

    #[test]
    fn values_are_alternatives() {
        assert!(finds(&CatalogueFilter {
            gender: Some("female".into()),
            ..CatalogueFilter::default()
        }));
        assert!(finds(&CatalogueFilter {
            gender: Some("m,f".into()),
            ..CatalogueFilter::default()
        }));
        assert!(!finds(&CatalogueFilter {
            gender: Some("m".into()),
            ..CatalogueFilter::default()
        }));
        assert!(finds(&CatalogueFilter {
            age: Some("teen, young adult".into()),
            ..CatalogueFilter::default()
        }));
        assert!(finds(&CatalogueFilter {
            style: Some("Presenter".into()),
            ..CatalogueFilter::default()
        }));
        assert!(
            !finds(&CatalogueFilter {
                location: Some("indoor".into()),
                ..CatalogueFilter::default()
            }),
            "not said"
        );
    }

    #[test]
    fn an_unknown_gender_is_refused_with_the_known_ones() {
        for text in ["f", "m", "nb", "F, male", "women,Non-Binary"] {
            assert_eq!(persona_genders(text).unwrap(), text);
        }
        for text in ["xx", "", "f,", "f,xx"] {
            assert_eq!(persona_genders(text).unwrap_err(), "it can be one of f, m, nb");
        }
        assert!(voice_genders("male,f").is_ok());
        assert_eq!(voice_genders("nb").unwrap_err(), "it can be one of f, m");
    }

    #[test]
    fn accents_are_found_one_by_one() {
        let accent =
            |name: &str| AccentItem { accent_name: Some(name.into()), ..AccentItem::default() };
        let voice = VoiceItem {
            name: Some("Olivia".into()),
            gender: Some("female".into()),
            accents: vec![accent("American"), accent("British")],
        };
        let count = |filter: CatalogueFilter| filter.matching_accents(&voice).accents.len();
        assert_eq!(count(CatalogueFilter::default()), 2);
        assert_eq!(
            count(CatalogueFilter {
                search: Some("olivia brit".into()),
                ..CatalogueFilter::default()
            }),
            1
        );
        assert_eq!(
            count(CatalogueFilter {
                accent: Some("american".into()),
                gender: Some("f".into()),
                ..CatalogueFilter::default()
            }),
            1
        );
        assert_eq!(
            count(CatalogueFilter { gender: Some("m".into()), ..CatalogueFilter::default() }),
            0
        );
    }
}
