//! The columns of a sheet, which are also the keys of a YAML job.
//!
//! # How to add a column
//!
//! 1. In this file: a row in the table of [`Field`]. Header matching, YAML keys, validation, templates and messages
//!    follow from it. `UPDATE_DOCS=1 cargo test reference` writes it to `docs/sheet.md`.
//! 2. In `model/request.rs`: a field of `VideoRequest`, with its default. It must be left out of the JSON at its default
//!    (`#[serde(default, skip_serializing_if = …)]`): fingerprints and tags are hashes of that JSON, and paid jobs must
//!    keep theirs.
//! 3. In `remote/api/wire.rs`: a field of `CreateBody`, with its value.
//! 4. In `jobs.example.yaml`: an example. A test requires one for each column.
//!
//! Only a value that no [`Kind`] can hold needs more: a new kind here, and its code in `build/row.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::LazyLock;

use crate::manifest::build::slug::slug;
use crate::manifest::diagnostics::text::{closest_match, edit_distance, normalize};
use crate::model::{CAPTION_STYLES, CaptionOffset, ModelVersion, VideoRequest};

use super::names::NameKind;
use super::other_names::other_names;

const MODELS: [&str; 3] = [
    ModelVersion::Standard.as_str(),
    ModelVersion::AuroraV1.as_str(),
    ModelVersion::AuroraV1Fast.as_str(),
];

macro_rules! fields {
    ($($(#[doc = $doc:literal])* $field:ident: $name:literal, $multiplicity:ident, $aliases:expr, $kind:expr;)*) => {
        /// A column of a sheet or a key of a YAML job.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Field {
            $($(#[doc = $doc])* $field,)*
        }

        impl Field {
            /// All fields, in the order of the table.
            pub(crate) const ALL: [Self; [$($name),*].len()] = [$(Self::$field),*];
        }

        static FIELDS: [FieldInfo; Field::ALL.len()] = [
            $(FieldInfo {
                name: $name,
                aliases: &$aliases,
                multiplicity: Multiplicity::$multiplicity,
                kind: $kind,
                #[cfg(test)]
                doc: concat!($($doc),*),
            },)*
        ];
    };
}

// Field: name, multiplicity, aliases, kind; with the description for `docs/sheet.md`.
fields! {
    /// Name of the job and of its file. Without it, the id is made from the content: an edited row is then a new
    /// job, and the old video stays paid.
    Id: "id", One,
        ["job id", "row id", "video id"],
        Kind::Special;
    /// The text to speak, at most 8,000 characters (`limits.max_text`).
    Text: "text", List,
        ["script", "copy", "spoken text", "speech", "dialogue", "voiceover"],
        Kind::Special;
    /// URL of a recording to use instead of a text. The provider downloads it.
    Audio: "audio", List,
        ["audio url", "audio file", "recording"],
        Kind::Special;
    /// The id of a persona, or its name in the catalogue, such as `Anna` or `Anna (Office)`. `callsheet personas`
    /// lists them.
    Persona: "persona", Bars,
        ["persona id", "creator", "creator id", "avatar", "avatar id", "actor", "presenter"],
        Kind::Special;
    /// `16:9`, `1:1` or `9:16`; see [aspect ratios](#aspect-ratios).
    AspectRatio: "aspect_ratio", Bars,
        ["ratio", "aspect", "format", "size", "orientation"],
        Kind::Special;
    /// `standard` (default), `aurora_v1` or `aurora_v1_fast`.
    ModelVersion: "model_version", Bars,
        ["model"],
        Kind::Choice {
            noun: "model",
            choices: &MODELS,
            set: |request, model| request.model_version = model.parse().unwrap_or(request.model_version),
        };
    /// The id or the name of a voice. `callsheet voices` lists them. Default: the persona's own.
    Voice: "voice", Bars,
        ["voice id", "accent", "accent id"],
        Kind::Name(NameKind::Voice, |request, voice| request.voice = Some(voice));
    /// [Yes or no](#yes-and-no).
    Captions: "captions", List,
        ["caption", "subtitles", "subtitle"],
        Kind::Switch(|request, on| request.captions = on);
    /// One of the styles [below](#caption-styles).
    CaptionStyle: "caption_style", List,
        ["captions style", "subtitle style"],
        Kind::Choice {
            noun: "caption style",
            choices: &CAPTION_STYLES,
            set: |request, style| request.caption_style = Some(style.into()),
        };
    /// From -0.5 to 0.5, as a part of the width from the centre, or in percent (`-30%`).
    CaptionOffsetX: "caption_offset_x", List,
        ["caption x"],
        Kind::Offset(|request, offset| request.caption_offset_x = Some(offset));
    /// The same for the height.
    CaptionOffsetY: "caption_offset_y", List,
        ["caption y"],
        Kind::Offset(|request, offset| request.caption_offset_y = Some(offset));
    /// Yes or no.
    Music: "music", List,
        ["background music"],
        Kind::Switch(|request, on| request.music = on);
    /// Yes or no.
    GreenScreen: "green_screen", List,
        ["chroma key"],
        Kind::Switch(|request, on| request.green_screen = on);
    /// Yes or no. Yes makes a `.webm` with an alpha channel.
    TransparentBackground: "transparent_background", List,
        ["transparent", "transparency"],
        Kind::Switch(|request, on| request.transparent_background = on);
    /// URL of a picture, at most 1,024 characters. The API's newest documentation does not have it any more, so it
    /// may be ignored.
    BackgroundImage: "background_image", List,
        ["background", "background url", "background image url", "background asset image url"],
        Kind::Url {
            max_length: 1_024,
            purpose: "the provider fetches the picture itself",
            set: |request, url| request.background_image = Some(url),
        };
    /// URL that the provider calls when the video is done, at most 200 characters. `callsheet` does not need it.
    WebhookUrl: "webhook_url", List,
        ["webhook", "callback url", "callback"],
        Kind::Url {
            max_length: 200,
            purpose: "the provider calls this address when the video is done",
            set: |request, url| request.webhook_url = Some(url),
        };
    /// Name of the video file, without extension. Default: the id.
    Filename: "filename", One,
        ["output name", "output file"],
        Kind::Special;
    /// Yes: the row is kept in the results, and no video is made.
    Skip: "skip", One,
        ["ignore"],
        Kind::Special;
    /// Language of the video, for its id and for templates; see [languages](#languages).
    Language: "language", One,
        [],
        Kind::Special;
    /// Length of the recording in seconds, for an exact estimate. A cap reserves the longest: see [money](money.md).
    AudioSeconds: "audio_seconds", List,
        ["audio length", "audio duration"],
        Kind::Special;
}

/// A row of the table of fields.
pub(crate) struct FieldInfo {
    /// The name in the documentation and in messages.
    pub(crate) name: &'static str,
    /// Other names: the API's own and the usual ones. Words that sheets commonly use for something else are left out.
    pub(crate) aliases: &'static [&'static str],
    multiplicity: Multiplicity,
    kind: Kind,
    /// The description in `docs/sheet.md`.
    #[cfg(test)]
    pub(crate) doc: &'static str,
}

/// The number of values that a row may have for a field. Each value makes a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Multiplicity {
    One,
    /// A list in YAML.
    List,
    /// A list in YAML, or `a | b` in a cell. Not for texts and URLs, which may contain a bar.
    Bars,
}

/// How a value is validated, and where it goes in the request.
pub(crate) enum Kind {
    /// `build` has code for this field.
    Special,
    /// Yes or no.
    Switch(fn(&mut VideoRequest, bool)),
    /// A caption offset.
    Offset(fn(&mut VideoRequest, CaptionOffset)),
    /// One of several words.
    Choice {
        noun: &'static str,
        choices: &'static [&'static str],
        set: fn(&mut VideoRequest, &'static str),
    },
    /// An id or a name of the catalogue.
    Name(NameKind, fn(&mut VideoRequest, Arc<str>)),
    /// The URL of a file or of a service.
    Url {
        /// The most characters that the API accepts.
        max_length: usize,
        /// Why the URL must be public.
        purpose: &'static str,
        set: fn(&mut VideoRequest, Arc<str>),
    },
}

/// How a header names a field, from the least exact to the most exact way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum HeaderMatch {
    /// A name with a hint in brackets, such as `Text (max. 300)`.
    Hint,
    /// One of the [`OTHER_NAMES`](super::other_names::OTHER_NAMES).
    Other,
    Alias,
    Name,
    /// `--column`
    Chosen,
}

/// The fields by their normalized names.
static BY_KEY: LazyLock<BTreeMap<String, (Field, HeaderMatch)>> = LazyLock::new(|| {
    let mut keys = BTreeMap::new();
    for field in Field::ALL {
        for name in other_names(field.name()) {
            // Headers are often written without accents.
            let german = slug(name, usize::MAX).replace('-', "");
            for key in [normalize(name), german].into_iter().chain(without_accents(name)) {
                keys.insert(key, (field, HeaderMatch::Other));
            }
        }
    }
    for field in Field::ALL {
        for alias in field.info().aliases {
            keys.insert(normalize(alias), (field, HeaderMatch::Alias));
        }
        keys.insert(normalize(field.name()), (field, HeaderMatch::Name));
    }
    keys
});

/// Returns the letters and digits of a name in ASCII, such as `seitenverhaltnis`, or `None` if it is not Latin or too
/// long for a header.
fn without_accents(name: &str) -> Option<String> {
    let is_latin = |character| character < '\u{250}' || !char::is_alphabetic(character);
    (name.len() < 100 && name.chars().all(is_latin)).then(|| normalize(&deunicode::deunicode(name)))
}

impl Field {
    /// The fields that every job needs. `audio` may take the place of `text`.
    pub(crate) const REQUIRED: [Self; 3] = [Self::Text, Self::Persona, Self::AspectRatio];

    /// Returns the row of the table.
    pub(crate) fn info(self) -> &'static FieldInfo {
        &FIELDS[self as usize]
    }

    /// Returns the name in the documentation and in messages.
    pub(crate) fn name(self) -> &'static str {
        self.info().name
    }

    /// Returns how the value is validated.
    pub(crate) fn kind(self) -> &'static Kind {
        &self.info().kind
    }

    /// Returns the field that a header or key names.
    pub(crate) fn find(header: &str) -> Option<(Self, HeaderMatch)> {
        let known = |name: &str| {
            let by_name = BY_KEY.get(normalize(name).as_str());
            by_name.or_else(|| BY_KEY.get(without_accents(name)?.as_str())).copied()
        };
        // `Sprecher / Sprecherin`
        let alternatives = || {
            let mut fields =
                header.split(['/', '|']).map(|name| known(name).map(|(field, _)| field));
            let first = fields.next()??;
            let mut others = fields.peekable();
            let is_same = others.peek().is_some() && others.all(|field| field == Some(first));
            is_same.then_some((first, HeaderMatch::Other))
        };
        known(header).or_else(alternatives).or_else(|| {
            let (name, _hint) = header.split_once(['(', '[', '{', '<', '（'])?;
            known(name).map(|(field, _)| (field, HeaderMatch::Hint))
        })
    }

    /// Returns the field that a header or key most likely misspells.
    pub(crate) fn closest_match(header: &str) -> Option<Self> {
        let wanted = normalize(header);
        let keys = |how: HeaderMatch| {
            let keys = BY_KEY.iter().filter(move |(_, (_, of))| *of == how);
            keys.map(|(key, _)| key.as_str())
        };
        // Aliases are common words: only a single edit counts.
        let near_alias = |how: HeaderMatch| {
            let long = keys(how).filter(|alias| alias.len() > 4 && wanted.len() > 4);
            closest_match(&wanted, long).filter(|alias| edit_distance(&wanted, alias) == 1)
        };
        let key = closest_match(&wanted, keys(HeaderMatch::Name))
            .or_else(|| near_alias(HeaderMatch::Alias))
            .or_else(|| near_alias(HeaderMatch::Other))?;
        BY_KEY.get(key).map(|(field, _)| *field)
    }

    /// Whether a header resembles one of the field's names in any language, or begins or ends with it. For fields that
    /// are missing.
    pub(crate) fn resembles(self, header: &str) -> bool {
        let wanted = normalize(header);
        let mut keys = BY_KEY.iter().filter(|(_, (field, _))| *field == self).map(|(key, _)| key);
        let is_part =
            |key: &String| key.len() > 4 && (wanted.starts_with(key) || wanted.ends_with(key));
        keys.clone().any(is_part)
            || closest_match(&wanted, keys.by_ref().map(String::as_str)).is_some()
    }

    /// Checks whether `a | b` in a cell means two values.
    pub(crate) fn splits_at_bars(self) -> bool {
        self.info().multiplicity == Multiplicity::Bars
    }

    /// Checks whether a list of values makes a job of each.
    pub(crate) fn can_be_list(self) -> bool {
        self.info().multiplicity != Multiplicity::One
    }

    /// Checks whether a job needs this field, or its alternative.
    pub(crate) const fn is_required(self) -> bool {
        matches!(self, Self::Text | Self::Audio | Self::Persona | Self::AspectRatio)
    }

    /// Returns the field under which the absence of this one is reported.
    pub(crate) const fn reported_as(self) -> Self {
        if matches!(self, Self::Audio) { Self::Text } else { self }
    }
}

/// A map from fields to values, in the order of the fields. Rows have few fields, so a sorted list is smaller and
/// faster than a tree.
#[derive(Debug, Clone)]
pub(crate) struct FieldMap<T>(Vec<(Field, T)>);

impl<T> FieldMap<T> {
    /// Creates an empty map.
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    fn index(&self, field: Field) -> Result<usize, usize> {
        self.0.binary_search_by_key(&field, |(field, _)| *field)
    }

    pub(crate) fn get(&self, field: Field) -> Option<&T> {
        self.index(field).ok().map(|index| &self.0[index].1)
    }

    pub(crate) fn contains(&self, field: Field) -> bool {
        self.index(field).is_ok()
    }

    /// Inserts a value and returns the previous one.
    pub(crate) fn insert(&mut self, field: Field, value: T) -> Option<T> {
        match self.index(field) {
            Ok(index) => Some(std::mem::replace(&mut self.0[index].1, value)),
            Err(index) => {
                self.0.insert(index, (field, value));
                None
            }
        }
    }

    pub(crate) fn remove(&mut self, field: Field) -> Option<T> {
        let index = self.index(field).ok()?;
        Some(self.0.remove(index).1)
    }

    /// Removes all fields but `fields`, and frees their memory.
    pub(crate) fn retain(&mut self, fields: &[Field]) {
        self.0.retain(|(field, _)| fields.contains(field));
        self.0.shrink_to_fit();
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Field, &T)> {
        self.0.iter().map(|(field, value)| (*field, value))
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = Field> {
        self.iter().map(|(field, _)| field)
    }
}

impl<T: Clone> FieldMap<T> {
    /// Inserts all values of `other`, replacing those that are here.
    pub(crate) fn extend(&mut self, other: &Self) {
        for (field, value) in other.iter() {
            self.insert(field, value.clone());
        }
    }
}

impl<T> Default for FieldMap<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> FromIterator<(Field, T)> for FieldMap<T> {
    fn from_iter<I: IntoIterator<Item = (Field, T)>>(values: I) -> Self {
        let mut map = Self::new();
        for (field, value) in values {
            map.insert(field, value);
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_and_aliases_are_unique_and_find_their_field() {
        let mut seen = HashSet::new();
        for field in Field::ALL {
            assert_eq!(Field::find(field.name()), Some((field, HeaderMatch::Name)));
            assert!(seen.insert(normalize(field.name())));
            for alias in field.info().aliases {
                assert!(seen.insert(normalize(alias)), "{alias}");
                assert_eq!(Field::find(alias), Some((field, HeaderMatch::Alias)));
            }
        }
        for field in Field::ALL {
            for name in other_names(field.name()) {
                assert!(!seen.contains(&normalize(name)), "{name}");
                assert_eq!(Field::find(name), Some((field, HeaderMatch::Other)), "{name}");
            }
        }
    }

    #[test]
    fn real_headers_are_recognized() {
        use Field::*;
        for (field, headers) in [
            (
                Id,
                "Video ID|ID|Video-ID:|ID (unique)|ID [auto]|Job ID (unique)|ID (x)|ID (CRM)|ID <key>",
            ),
            (
                Text,
                "Script (max 300 chars)|Script (English)|Script text|Skripttext|Skript-Text|Texto a locutar|Texte (300 caractères max)|Skript|Sprechtext|GUIÓN|guion|Texte|Copione|Roteiro|Tekst",
            ),
            (
                Persona,
                "Persona name|Avatar name|Sprecher/in|Sprecher*in|Name des Sprechers|Presentador/a|Nom du personnage|\
                 Nome persona|Nome do apresentador|Naam spreker|Imię prezentera|Sprecher|Présentateur|presentateur|Presentatore|apresentador|Prezenter",
            ),
            (
                AspectRatio,
                "Ratio (9:16 or 16:9)|Format|Seitenverhältnis|Seitenverhaeltnis|SEITENVERHALTNIS|Seitenverha\u{308}ltnis|\
                           Relación de aspecto|Proporção|proporcao|Verhouding|Proporcje",
            ),
            (Voice, "Stimme|voz|Voix|voce|stem|głos|glos"),
            (
                Captions,
                "Untertitel|Subtítulos|subtitulos|sous-titres|Sottotitoli|legendas|ondertiteling|napisy",
            ),
            (Music, "Musik|música|musica|Muziek"),
            (Filename, "Dateiname|File name"),
            (Skip, "Überspringen|Ueberspringen|pomin"),
        ] {
            for header in headers.split('|') {
                assert_eq!(Field::find(header).map(|(field, _)| field), Some(field), "{header}");
            }
        }
        for own in [
            "Modell",
            "Hintergrund",
            "Titel",
            "Name",
            "Notiz",
            "(internal)",
            "Sprache",
            "Zielgruppe (Text)",
            "Nr",
            "Valid (yes/no)",
        ] {
            assert_eq!(Field::find(own), None, "{own}");
        }
    }

    #[test]
    fn case_spaces_and_underscores_do_not_matter() {
        for header in ["Aspect Ratio", "ASPECT_RATIO", "aspect-ratio:", "\u{a0}aspectRatio "] {
            assert_eq!(Field::find(header), Some((Field::AspectRatio, HeaderMatch::Name)));
        }
        assert_eq!(Field::find("first_name"), None);
        assert_eq!(Field::closest_match("aspct_ratio"), Some(Field::AspectRatio));
        assert_eq!(Field::closest_match("Captoins"), Some(Field::Captions));
        assert_eq!(Field::closest_match("modle"), Some(Field::ModelVersion));
        assert_eq!(Field::closest_match("avatr"), Some(Field::Persona));
        for (header, field) in [
            ("Untertietl", Field::Captions),
            ("Stime", Field::Voice),
            ("sous-titre", Field::Captions),
            ("musiqe", Field::Music),
            ("subtítlos", Field::Captions),
            ("Hintergrundmusk", Field::Music),
            ("Sprechrin", Field::Persona),
        ] {
            assert_eq!(Field::closest_match(header), Some(field), "{header}");
        }
        assert!(Field::Persona.resembles("Sprecher Name") && Field::Text.resembles("Video Skript"));
        assert!(!Field::Persona.resembles("Preis") && !Field::Text.resembles("notes"));
        for own in ["campaign", "account", "mode", "site", "title", "note"] {
            assert_eq!(Field::closest_match(own), None, "{own}");
        }
    }

    #[test]
    fn the_last_value_counts_and_the_order_is_that_of_the_fields() {
        let mut values: FieldMap<u8> =
            [(Field::Persona, 1), (Field::Id, 2), (Field::Persona, 3)].into_iter().collect();
        let mut sorted = vec![Field::Persona, Field::Id];
        sorted.sort_unstable();
        assert_eq!(values.fields().collect::<Vec<_>>(), sorted);
        assert_eq!(values.insert(Field::Id, 4), Some(2));
        assert_eq!(values.get(Field::Persona), Some(&3));
        assert_eq!(values.remove(Field::Persona), Some(3));
        assert!(!values.contains(Field::Persona) && !values.is_empty());
        values.insert(Field::Text, 7);
        values.retain(&[Field::Id]);
        assert!(!values.contains(Field::Text));
        values.extend(&[(Field::Id, 5)].into_iter().collect());
        assert_eq!(values.get(Field::Id), Some(&5));
    }
}
