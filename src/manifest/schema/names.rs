//! Personas and voices: UUIDs, short names of the manifest and names of the catalogue.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::manifest::diagnostics::problem::Explanation;
use crate::manifest::diagnostics::text::{closest_match, list, normalize, quote};
use crate::manifest::formats::table::trimmed;
use crate::model::{CommandName, Flag};

/// The catalogue to which a name belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameKind {
    /// `GET /api/personas/`.
    Persona,
    /// `GET /api/voices/`, by accent.
    Voice,
}

impl NameKind {
    const fn noun(self) -> &'static str {
        match self {
            Self::Persona => "persona",
            Self::Voice => "voice",
        }
    }

    /// Returns the section of a manifest, which is also the command that lists the catalogue.
    const fn section(self) -> CommandName {
        match self {
            Self::Persona => CommandName::Personas,
            Self::Voice => CommandName::Voices,
        }
    }
}

/// The answer of a catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// The id with that name.
    Found(String),
    /// The name does not exist; these are near.
    Unknown(Vec<String>),
    /// Several entries have that name; these identify them.
    Ambiguous(Vec<String>),
}

/// Looks a name up in the catalogue.
pub type Resolve<'a> = &'a dyn Fn(&str, NameKind) -> Resolution;

/// An id, or why there is none.
type Answer = Result<Arc<str>, Explanation>;

/// The most short names with which an unknown name is compared.
const MAX_COMPARED: usize = 1_000;

/// The unknown names that are compared with the short ones.
const MAX_SUGGESTIONS: usize = 20;

/// Resolves the names of one kind.
pub(crate) struct NameResolver<'a> {
    kind: NameKind,
    /// The short names of the manifest by their normalized form; the id is `None` if it is wrong, which is reported
    /// where it is defined.
    short: BTreeMap<String, (String, Option<Arc<str>>)>,
    /// The answers of the catalogue, which is asked once for each name.
    answers: RefCell<BTreeMap<String, Answer>>,
    /// The number of names that were compared with the short ones.
    compared: Cell<usize>,
    catalogue: Option<Resolve<'a>>,
}

impl<'a> NameResolver<'a> {
    /// Creates a resolver without short names.
    pub(crate) fn new(kind: NameKind, catalogue: Option<Resolve<'a>>) -> Self {
        Self {
            kind,
            short: BTreeMap::new(),
            answers: RefCell::default(),
            compared: Cell::default(),
            catalogue,
        }
    }

    /// Adds a short name. `id` is `None` if its value is wrong.
    pub(crate) fn add(&mut self, name: &str, id: Option<Arc<str>>) {
        self.short.insert(normalize(name), (name.to_owned(), id));
    }

    /// Returns the id of a name. `Ok(None)` if the error has been reported elsewhere.
    pub(crate) fn resolve(&self, text: &Arc<str>) -> Result<Option<Arc<str>>, Explanation> {
        if !self.short.is_empty() {
            let key = normalize(text);
            if let Some((_, id)) = self.short.get(&key).filter(|_| !key.is_empty()) {
                return Ok(id.clone());
            }
        }
        self.look_up(text).map(Some)
    }

    /// Returns the id of a UUID or of a name of the catalogue, ignoring short names.
    pub(crate) fn look_up(&self, text: &Arc<str>) -> Answer {
        let text = trimmed(text);
        if is_uuid(&text) {
            let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
            return Ok(if is_lower { text } else { text.to_ascii_lowercase().into() });
        }
        let known = self.answers.borrow().get(&*text).cloned();
        known.unwrap_or_else(|| {
            let answer = self.ask(&text);
            let mut answers = self.answers.borrow_mut();
            answers.insert(text.to_string(), answer.clone());
            answer
        })
    }

    /// Returns the short name that `text` is most likely a misspelling of.
    fn near_short(&self, text: &str) -> Option<&str> {
        self.compared.set(self.compared.get() + 1);
        if self.compared.get() > MAX_SUGGESTIONS {
            return None;
        }
        let short = self.short.values().map(|(name, _)| name.as_str()).take(MAX_COMPARED);
        closest_match(text, short)
    }

    fn ask(&self, text: &str) -> Answer {
        let (noun, section) = (self.kind.noun(), self.kind.section());
        let Some(catalogue) = self.catalogue else {
            let near_short = self.near_short(text);
            let help = match near_short {
                Some(near) => format!("did you mean {}?", quote(near)),
                None => format!(
                    "give its UUID (see `callsheet {section}`), or a short name from `{section}:` of a YAML manifest"
                ),
            };
            let unknown = Explanation::new(format!("unknown {noun} {}", quote(text)), help);
            return Err(if near_short.is_some() { unknown } else { unknown.about(noun) });
        };
        match catalogue(text, self.kind) {
            Resolution::Found(id) => Ok(id.into()),
            Resolution::Unknown(near) => {
                let near = near.iter().map(String::as_str).take(5);
                let near: Vec<&str> = near.chain(self.near_short(text)).collect();
                let help = if near.is_empty() {
                    format!("`callsheet {section} {} WORDS` finds those that exist", Flag::Search)
                } else {
                    format!("did you mean {}?", list(near, "or"))
                };
                Err(Explanation::new(format!("there is no {noun} {}", quote(text)), help))
            }
            Resolution::Ambiguous(candidates) => {
                let candidates = candidates.iter().map(String::as_str).take(8);
                let help = format!("choose one: {}", list(candidates, "or"));
                let message = format!("several {section} have the name {}", quote(text));
                Err(Explanation::new(message, help))
            }
        }
    }
}

/// Checks whether a text is 8-4-4-4-12 hexadecimal digits.
pub(crate) fn is_uuid(text: &str) -> bool {
    let fits = |(index, byte): (usize, u8)| match index {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: &str = "7350375b-9a98-51b8-934d-14d46a645dc2";

    fn names(catalogue: Option<Resolve<'_>>) -> NameResolver<'_> {
        let mut names = NameResolver::new(NameKind::Persona, catalogue);
        names.add("Anna", Some(ANNA.into()));
        names.add("wrong", None);
        names
    }

    #[test]
    fn short_names_and_uuids_need_no_catalogue() {
        let names = names(None);
        for text in ["anna", " ANNA ", ANNA, &ANNA.to_uppercase()] {
            assert_eq!(names.resolve(&text.into()), Ok(Some(ANNA.into())), "{text}");
        }
        assert_eq!(names.resolve(&"wrong".into()), Ok(None));
        let Explanation { message, help, .. } = names.resolve(&"Anns".into()).unwrap_err();
        assert_eq!(message, "unknown persona `Anns`");
        assert_eq!(help, "did you mean `Anna`?");
        assert!(names.resolve(&"Benedikt".into()).unwrap_err().help.contains("UUID"));
    }

    #[test]
    fn only_the_first_unknown_names_are_compared() {
        let names = names(None);
        let help = |text: &str| names.resolve(&text.into()).unwrap_err().help;
        for letter in ('b'..).take(MAX_SUGGESTIONS) {
            assert_eq!(help(&format!("Ann{letter}")), "did you mean `Anna`?");
        }
        assert!(help("Ana").contains("UUID"));
    }

    #[test]
    fn other_names_are_looked_up_in_the_catalogue() {
        let catalogue = |name: &str, kind: NameKind| {
            assert_eq!(kind, NameKind::Persona);
            match name {
                "Ben" => Resolution::Found("id-of-ben".to_owned()),
                "Sam" => {
                    Resolution::Ambiguous(vec!["Sam (office)".to_owned(), "id-of-sam".to_owned()])
                }
                _ => Resolution::Unknown(vec!["Bert".to_owned()]),
            }
        };
        let names = names(Some(&catalogue));
        assert_eq!(names.resolve(&"Ben".into()), Ok(Some("id-of-ben".into())));
        let help = names.resolve(&"Sam".into()).unwrap_err().help;
        assert_eq!(help, "choose one: `Sam (office)` or `id-of-sam`");
        assert!(names.resolve(&"Bret".into()).unwrap_err().help.contains("`Bert`"));
    }
}
