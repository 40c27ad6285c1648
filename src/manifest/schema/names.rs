//! Personas and voices by name: short names of the manifest, UUIDs, and the catalogue's names.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::manifest::diagnostics::words;
use crate::manifest::schema::field::key;
use crate::model::Text;

/// Which catalogue a name belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameKind {
    /// `GET /api/personas/`.
    Persona,
    /// `GET /api/voices/`, by accent.
    Voice,
}

impl NameKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Persona => "persona",
            Self::Voice => "voice",
        }
    }

    const fn section(self) -> &'static str {
        match self {
            Self::Persona => "personas",
            Self::Voice => "voices",
        }
    }
}

/// What a catalogue says about a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// It is the name of this id.
    Found(String),
    /// Nobody has that name; these are near.
    Unknown(Vec<String>),
    /// Several have that name; so they are told apart.
    Ambiguous(Vec<String>),
}

/// Looks a name up in the catalogue.
pub type Resolve<'a> = &'a dyn Fn(&str, NameKind) -> Resolution;

/// An id, or what is wrong and what would be right.
type Answer = Result<Text, (String, String)>;

/// Everything that can be meant by a persona's or voice's name.
pub(crate) struct NameResolver<'a> {
    kind: NameKind,
    /// Short names of the manifest; `None` for those whose id was wrong, which is reported there.
    short: BTreeMap<String, (String, Option<Text>)>,
    /// What the catalogue has said, so that it is asked once for each name.
    answers: RefCell<BTreeMap<String, Answer>>,
    catalogue: Option<Resolve<'a>>,
}

impl<'a> NameResolver<'a> {
    /// No short names yet.
    pub(crate) fn new(kind: NameKind, catalogue: Option<Resolve<'a>>) -> Self {
        Self {
            kind,
            short: BTreeMap::new(),
            answers: RefCell::default(),
            catalogue,
        }
    }

    /// Adds a short name; `id` is `None` if its own value is wrong.
    pub(crate) fn add(&mut self, name: &str, id: Option<Text>) {
        self.short.insert(key(name), (name.to_owned(), id));
    }

    /// The id of what is called `text`. `Ok(None)` if the fault has been reported elsewhere.
    pub(crate) fn resolve(&self, text: &Text) -> Result<Option<Text>, (String, String)> {
        if !self.short.is_empty() {
            let key = key(text);
            if let Some((_, id)) = self.short.get(&key).filter(|_| !key.is_empty()) {
                return Ok(id.clone());
            }
        }
        self.look_up(text).map(Some)
    }

    /// The id of what is called `text` outside the manifest: a UUID or a name of the catalogue.
    pub(crate) fn look_up(&self, text: &Text) -> Answer {
        let trimmed = text.trimmed();
        let text = trimmed.as_str();
        if is_uuid(text) {
            let is_plain = !text.bytes().any(|byte| byte.is_ascii_uppercase());
            return Ok(if is_plain {
                trimmed
            } else {
                text.to_ascii_lowercase().into()
            });
        }
        if let Some(answer) = self.answers.borrow().get(text) {
            return answer.clone();
        }
        let answer = self.ask(text);
        self.answers
            .borrow_mut()
            .insert(text.to_owned(), answer.clone());
        answer
    }

    fn ask(&self, text: &str) -> Answer {
        let (kind, section) = (self.kind.word(), self.kind.section());
        let Some(catalogue) = self.catalogue else {
            let known = self.short.values().map(|(name, _)| name.as_str());
            let help = match words::closest_match(text, known) {
                Some(near) => format!("did you mean {}?", words::quoted(near)),
                None => format!(
                    "give its UUID (see `callsheet {section}`), or a short name of `{section}:` in a \
                     YAML manifest"
                ),
            };
            let message = format!("{} is no {kind} that is known", words::quoted(text));
            return Err((message, help));
        };
        match catalogue(text, self.kind) {
            Resolution::Found(id) => Ok(id.into()),
            Resolution::Unknown(near) => {
                let short = self.short.values().map(|(name, _)| name.as_str());
                let mut near: Vec<&str> = near.iter().map(String::as_str).take(5).collect();
                near.extend(words::closest_match(text, short));
                let help = if near.is_empty() {
                    format!("`callsheet {section} --search WORDS` finds those there are")
                } else {
                    format!("did you mean {}?", words::list_or(near))
                };
                Err((format!("there is no {kind} {}", words::quoted(text)), help))
            }
            Resolution::Ambiguous(those) => Err((
                format!("several are called {}", words::quoted(text)),
                format!(
                    "say which: {}",
                    words::list_or(those.iter().map(String::as_str).take(8))
                ),
            )),
        }
    }
}

/// 8-4-4-4-12 hexadecimal digits.
pub(crate) fn is_uuid(text: &str) -> bool {
    let fits = |(place, byte): (usize, u8)| match place {
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
        let (message, help) = names.resolve(&"Anns".into()).unwrap_err();
        assert_eq!(message, "`Anns` is no persona that is known");
        assert_eq!(help, "did you mean `Anna`?");
        assert!(
            names
                .resolve(&"Benedikt".into())
                .unwrap_err()
                .1
                .contains("UUID")
        );
    }

    #[test]
    fn a_catalogue_answers_for_the_rest() {
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
        let (_, help) = names.resolve(&"Sam".into()).unwrap_err();
        assert_eq!(help, "say which: `Sam (office)` or `id-of-sam`");
        assert!(
            names
                .resolve(&"Bret".into())
                .unwrap_err()
                .1
                .contains("`Bert`")
        );
    }
}
