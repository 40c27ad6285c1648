//! Looks up names of personas and voices in a catalogue.

use super::{Catalogue, display_text, normalize};
use crate::manifest::{NameKind, Resolution};
use crate::remote::PersonaItem;

/// The minimum similarity of a suggested name.
const MIN_SIMILARITY: f64 = 0.8;

/// The maximum number of suggested names.
const MAX_SUGGESTIONS: usize = 3;

/// A persona or an accent of a voice, with the words that distinguish it from others of the same name.
#[derive(Debug)]
struct Candidate<'a> {
    id: &'a str,
    name: &'a str,
    /// Descriptions: the accent of a voice, the scene and style of a persona.
    words: Vec<&'a str>,
    is_active: bool,
}

impl Candidate<'_> {
    /// Returns `Olivia (British)`.
    fn label(&self) -> String {
        match self.words.first() {
            Some(word) => format!("{} ({})", display_text(self.name), display_text(word)),
            None => display_text(self.name),
        }
    }
}

/// Returns the id that `wanted` stands for. Case and white space are ignored. Entries with the same name are
/// distinguished by a description in brackets: `Olivia (British)`, `Anna (Office)`. Active entries take precedence over
/// inactive ones.
pub(super) fn resolve(catalogue: &Catalogue, wanted: &str, kind: NameKind) -> Resolution {
    let candidates = candidates(catalogue, kind);
    let (name, qualifiers) = split(wanted);
    let named = |name: &str| -> Vec<&Candidate> {
        let name = normalize(name);
        candidates.iter().filter(|candidate| normalize(candidate.name) == name).collect()
    };
    // The name itself may contain brackets.
    let mut found = named(wanted);
    if found.is_empty() {
        found = named(name);
        found.retain(|candidate| {
            qualifiers.iter().all(|qualifier| {
                let mut words = candidate.words.iter();
                words.any(|word| normalize(word) == *qualifier)
                    || normalize(candidate.id) == *qualifier
            })
        });
    }
    if found.iter().any(|candidate| candidate.is_active) {
        found.retain(|candidate| candidate.is_active);
    }
    match found.as_slice() {
        [] => Resolution::Unknown(nearest(&candidates, wanted, name)),
        [one] => Resolution::Found(one.id.to_ascii_lowercase()),
        several => Resolution::Ambiguous(distinguish(several)),
    }
}

fn candidates(catalogue: &Catalogue, kind: NameKind) -> Vec<Candidate<'_>> {
    match kind {
        NameKind::Persona => catalogue.personas.iter().filter_map(persona_candidate).collect(),
        NameKind::Voice => catalogue
            .voices
            .iter()
            .flat_map(|voice| {
                voice.accents.iter().filter_map(|accent| {
                    Some(Candidate {
                        id: accent.id.as_deref()?,
                        name: voice.name.as_deref()?,
                        words: accent.accent_name.as_deref().into_iter().collect(),
                        is_active: true,
                    })
                })
            })
            .collect(),
    }
}

fn persona_candidate(persona: &PersonaItem) -> Option<Candidate<'_>> {
    let words = [
        &persona.video_scene,
        &persona.style,
        &persona.location,
        &persona.age_range,
        &persona.gender,
    ];
    Some(Candidate {
        id: persona.id.as_deref()?,
        name: persona.creator_name.as_deref()?,
        words: words.into_iter().filter_map(Option::as_deref).collect(),
        is_active: persona.is_active != Some(false),
    })
}

/// Splits `Anna (office, selfie)` into the name and two descriptions.
fn split(wanted: &str) -> (&str, Vec<String>) {
    let whole = (wanted, Vec::new());
    let Some(inner) = wanted.trim_end().strip_suffix(')') else {
        return whole;
    };
    let Some((name, words)) = inner.rsplit_once('(') else {
        return whole;
    };
    let words = words.split(',').map(normalize).filter(|word| !word.is_empty());
    (name, words.collect())
}

/// Returns unambiguous forms of entries with the same name: with a description if it is unique, else the id.
fn distinguish(several: &[&Candidate]) -> Vec<String> {
    let labels: Vec<String> = several.iter().map(|candidate| candidate.label()).collect();
    let is_single = |label: &String| labels.iter().filter(|other| *other == label).count() == 1;
    several
        .iter()
        .zip(&labels)
        .map(|(candidate, label)| {
            if is_single(label) && !candidate.words.is_empty() {
                label.clone()
            } else {
                display_text(candidate.id)
            }
        })
        .collect()
}

/// Returns the names most similar to the wanted one. If only the description in brackets does not match, returns all
/// entries of that name.
fn nearest(candidates: &[Candidate], wanted: &str, name: &str) -> Vec<String> {
    let same: Vec<&Candidate> = candidates
        .iter()
        .filter(|candidate| normalize(candidate.name) == normalize(name))
        .collect();
    if !same.is_empty() {
        return distinguish(&same);
    }
    let wanted = normalize(wanted);
    let similarity = |candidate: &Candidate| {
        let (whole, name) = (normalize(candidate.name), normalize(name));
        let first = whole.split(' ').next().unwrap_or_default();
        strsim::jaro_winkler(&whole, &wanted)
            .max(strsim::jaro_winkler(&whole, &name))
            .max(strsim::jaro_winkler(first, &name))
    };
    let mut near: Vec<(f64, String)> = candidates
        .iter()
        .map(|candidate| (similarity(candidate), display_text(candidate.name)))
        .filter(|(similarity, _)| *similarity >= MIN_SIMILARITY)
        .collect();
    near.sort_by(|(one, first), (other, second)| other.total_cmp(one).then(first.cmp(second)));
    near.dedup_by(|(_, one), (_, other)| one == other);
    near.into_iter().map(|(_, name)| name).take(MAX_SUGGESTIONS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::{AccentItem, VoiceItem};

    fn persona(id: &str, name: &str, scene: &str, is_active: bool) -> PersonaItem {
        PersonaItem {
            id: Some(id.into()),
            creator_name: Some(name.into()),
            video_scene: Some(scene.into()),
            is_active: Some(is_active),
            ..PersonaItem::default()
        }
    }

    fn voice(name: &str, accents: &[(&str, &str)]) -> VoiceItem {
        VoiceItem {
            name: Some(name.into()),
            gender: None,
            accents: accents
                .iter()
                .map(|(id, accent)| AccentItem {
                    id: Some((*id).into()),
                    accent_name: Some((*accent).into()),
                    preview_url: None,
                })
                .collect(),
        }
    }

    fn catalogue() -> Catalogue {
        Catalogue {
            personas: vec![
                persona("A1", "Anna", "Office", true),
                persona("a2", "Sam", "Park", true),
                persona("a3", "Sam", "Gym", true),
                persona("a4", "Sam", "Gym", false),
                persona("a5", "Eva\u{1b}[2J", "", true),
                persona("a6", "Our founder", "Office", true),
                PersonaItem::default(),
            ],
            voices: vec![
                voice("Olivia", &[("v1", "American"), ("v2", "British")]),
                voice("Aiko", &[("v3", "Japanese")]),
            ],
            ..Catalogue::default()
        }
    }

    fn persona_called(name: &str) -> Resolution {
        resolve(&catalogue(), name, NameKind::Persona)
    }

    fn voice_called(name: &str) -> Resolution {
        resolve(&catalogue(), name, NameKind::Voice)
    }

    fn found(id: &str) -> Resolution {
        Resolution::Found(id.to_owned())
    }

    #[test]
    fn case_and_white_space_are_ignored() {
        for name in ["Anna", " anna ", "ANNA", "Anna (office)"] {
            assert_eq!(persona_called(name), found("a1"), "{name}");
        }
        assert_eq!(persona_called("our  Founder"), found("a6"));
    }

    #[test]
    fn entries_of_the_same_name_are_distinguished_by_a_description_or_id() {
        let those = Resolution::Ambiguous(vec!["Sam (Park)".into(), "Sam (Gym)".into()]);
        assert_eq!(persona_called("Sam"), those, "the inactive one is no choice");
        assert_eq!(persona_called("Sam (gym)"), found("a3"));
        let mut twins = catalogue();
        twins.personas.push(persona("a7", "Anna", "office", true));
        twins.personas[0].video_scene = Some("office".into());
        let answer = resolve(&twins, "anna", NameKind::Persona);
        assert_eq!(answer, Resolution::Ambiguous(vec!["A1".into(), "a7".into()]));
        assert_eq!(resolve(&twins, "Anna (a7)", NameKind::Persona), found("a7"));
    }

    #[test]
    fn a_voice_needs_its_accent_only_if_it_has_several() {
        assert_eq!(voice_called("Aiko"), found("v3"));
        assert_eq!(voice_called("olivia (british)"), found("v2"));
        let both = vec!["Olivia (American)".to_owned(), "Olivia (British)".to_owned()];
        assert_eq!(voice_called("Olivia"), Resolution::Ambiguous(both.clone()));
        assert_eq!(voice_called("Olivia (Scottish)"), Resolution::Unknown(both));
    }

    #[test]
    fn an_unknown_name_has_suggestions() {
        assert_eq!(persona_called("Ana"), Resolution::Unknown(vec!["Anna".into()]));
        assert_eq!(persona_called("Xqz"), Resolution::Unknown(Vec::new()));
        assert_eq!(persona_called("Our"), Resolution::Unknown(vec!["Our founder".into()]));
        let Resolution::Unknown(near) = persona_called("Evaa") else {
            panic!("found");
        };
        assert!(near.iter().all(|name| !name.contains('\u{1b}')), "{near:?}");
    }

    #[test]
    fn no_input_panics() {
        for name in ["", "(", ")", "()", "a (", "a ()", "a (,)", "((x))", "é(ü)"] {
            let _ = (persona_called(name), voice_called(name));
        }
    }
}
