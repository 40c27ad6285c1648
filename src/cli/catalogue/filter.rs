//! Which personas and voices a search means. Pure.

use super::words::folded;
use crate::remote::{PersonaItem, VoiceItem};

/// What is looked for. Everything that is given must hold; several values with commas are alternatives.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    /// Words that must all occur in the name or the description.
    pub(super) search: Option<String>,
    pub(super) gender: Option<String>,
    pub(super) style: Option<String>,
    pub(super) age: Option<String>,
    pub(super) location: Option<String>,
    pub(super) accent: Option<String>,
}

impl Filter {
    /// Whether `persona` is meant.
    pub(super) fn finds_persona(&self, persona: &PersonaItem) -> bool {
        let described = [
            &persona.creator_name,
            &persona.video_scene,
            &persona.age_range,
            &persona.location,
            &persona.style,
            &persona.id,
        ];
        let texts = described.into_iter().flatten();
        let texts = texts
            .chain(&persona.keywords)
            .chain(&persona.suitable_industries);
        self.is_described(texts.map(String::as_str))
            && is_gender(self.gender.as_deref(), persona.gender.as_deref())
            && is_one_of(self.style.as_deref(), persona.style.as_deref())
            && is_one_of(self.age.as_deref(), persona.age_range.as_deref())
            && is_one_of(self.location.as_deref(), persona.location.as_deref())
    }

    /// The accents of `voice` that are meant.
    pub(super) fn found_accents(&self, voice: &VoiceItem) -> VoiceItem {
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
        let texts: Vec<String> = texts.map(folded).collect();
        folded(wanted)
            .split(' ')
            .all(|word| texts.iter().any(|text| text.contains(word)))
    }
}

/// Whether the value is one of those wanted; `young adult` and `young_adult` are the same.
fn is_one_of(wanted: Option<&str>, value: Option<&str>) -> bool {
    let plain = |text: &str| folded(&text.replace(['_', '-'], " "));
    wanted.is_none_or(|wanted| {
        let value = value.map(plain);
        wanted
            .split(',')
            .any(|wanted| value.as_ref().is_some_and(|value| *value == plain(wanted)))
    })
}

/// The genders to choose from, as `--gender` takes them: one that nobody has would find nothing.
fn known_genders(text: &str, known: &[&str]) -> Result<String, String> {
    match text.split(',').find(|it| !known.contains(&&*gender(it))) {
        None => Ok(text.to_owned()),
        Some(_) => Err(format!("it can be one of {}", known.join(", "))),
    }
}

/// `text`, if it names genders that personas have.
pub(in crate::cli) fn persona_genders(text: &str) -> Result<String, String> {
    known_genders(text, &["f", "m", "nb"])
}

/// `text`, if it names genders that voices have.
pub(in crate::cli) fn voice_genders(text: &str) -> Result<String, String> {
    known_genders(text, &["f", "m"])
}

/// Personas are `m`, `f` or `nb`, voices `male` or `female`; people write either.
fn gender(text: &str) -> String {
    match folded(text).as_str() {
        "m" | "male" | "man" | "men" => "m".to_owned(),
        "f" | "female" | "woman" | "women" => "f".to_owned(),
        "nb" | "non-binary" | "nonbinary" => "nb".to_owned(),
        other => other.to_owned(),
    }
}

fn is_gender(wanted: Option<&str>, value: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| {
        let value = value.map(gender);
        wanted
            .split(',')
            .any(|wanted| value.as_ref().is_some_and(|value| *value == gender(wanted)))
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

    fn finds(filter: &Filter) -> bool {
        filter.finds_persona(&anna())
    }

    #[test]
    fn every_word_of_a_search_must_occur_somewhere() {
        let search = |text: &str| {
            finds(&Filter {
                search: Some(text.into()),
                ..Filter::default()
            })
        };
        assert!(search("anna") && search("ANNA office") && search("busi") && search(""));
        assert!(!search("anna park"));
    }

    #[test]
    fn values_are_alternatives_and_written_as_people_do() {
        assert!(finds(&Filter {
            gender: Some("female".into()),
            ..Filter::default()
        }));
        assert!(finds(&Filter {
            gender: Some("m,f".into()),
            ..Filter::default()
        }));
        assert!(!finds(&Filter {
            gender: Some("m".into()),
            ..Filter::default()
        }));
        assert!(finds(&Filter {
            age: Some("teen, young adult".into()),
            ..Filter::default()
        }));
        assert!(finds(&Filter {
            style: Some("Presenter".into()),
            ..Filter::default()
        }));
        assert!(
            !finds(&Filter {
                location: Some("indoor".into()),
                ..Filter::default()
            }),
            "not said"
        );
    }

    #[test]
    fn a_gender_that_nobody_has_is_refused_with_those_there_are() {
        for text in ["f", "m", "nb", "F, male", "women,Non-Binary"] {
            assert_eq!(persona_genders(text).unwrap(), text);
        }
        for text in ["xx", "", "f,", "f,xx"] {
            assert_eq!(
                persona_genders(text).unwrap_err(),
                "it can be one of f, m, nb"
            );
        }
        assert!(voice_genders("male,f").is_ok());
        assert_eq!(voice_genders("nb").unwrap_err(), "it can be one of f, m");
    }

    #[test]
    fn accents_are_found_one_by_one() {
        let accent = |name: &str| AccentItem {
            accent_name: Some(name.into()),
            ..AccentItem::default()
        };
        let voice = VoiceItem {
            name: Some("Olivia".into()),
            gender: Some("female".into()),
            accents: vec![accent("American"), accent("British")],
        };
        let count = |filter: Filter| filter.found_accents(&voice).accents.len();
        assert_eq!(count(Filter::default()), 2);
        assert_eq!(
            count(Filter {
                search: Some("olivia brit".into()),
                ..Filter::default()
            }),
            1
        );
        assert_eq!(
            count(Filter {
                accent: Some("american".into()),
                gender: Some("f".into()),
                ..Filter::default()
            }),
            1
        );
        assert_eq!(
            count(Filter {
                gender: Some("m".into()),
                ..Filter::default()
            }),
            0
        );
    }
}
