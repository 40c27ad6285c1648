//! The fields of a job under the names a manifest may use: [`Field`].

use crate::manifest::diagnostics::words;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a column or key can say about a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Field {
    Id,
    Text,
    Audio,
    Persona,
    AspectRatio,
    ModelVersion,
    Voice,
    Captions,
    CaptionStyle,
    CaptionOffsetX,
    CaptionOffsetY,
    Music,
    GreenScreen,
    TransparentBackground,
    BackgroundImage,
    WebhookUrl,
    Filename,
    Skip,
    AudioSeconds,
}

impl Field {
    /// All of them, in the order of DESIGN section 5.
    pub(crate) const ALL: [Self; 19] = [
        Self::Id,
        Self::Text,
        Self::Audio,
        Self::Persona,
        Self::AspectRatio,
        Self::ModelVersion,
        Self::Voice,
        Self::Captions,
        Self::CaptionStyle,
        Self::CaptionOffsetX,
        Self::CaptionOffsetY,
        Self::Music,
        Self::GreenScreen,
        Self::TransparentBackground,
        Self::BackgroundImage,
        Self::WebhookUrl,
        Self::Filename,
        Self::Skip,
        Self::AudioSeconds,
    ];

    /// The name, as this program writes it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Text => "text",
            Self::Audio => "audio",
            Self::Persona => "persona",
            Self::AspectRatio => "aspect_ratio",
            Self::ModelVersion => "model_version",
            Self::Voice => "voice",
            Self::Captions => "captions",
            Self::CaptionStyle => "caption_style",
            Self::CaptionOffsetX => "caption_offset_x",
            Self::CaptionOffsetY => "caption_offset_y",
            Self::Music => "music",
            Self::GreenScreen => "green_screen",
            Self::TransparentBackground => "transparent_background",
            Self::BackgroundImage => "background_image",
            Self::WebhookUrl => "webhook_url",
            Self::Filename => "filename",
            Self::Skip => "skip",
            Self::AudioSeconds => "audio_seconds",
        }
    }

    /// Other names people give it, as keys (see [`key`]): the API's own and the usual ones. No word
    /// is here that sheets commonly use for something else.
    pub(crate) const fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::Id => &["jobid", "rowid", "videoid"],
            Self::Text => &[
                "script",
                "copy",
                "spokentext",
                "speech",
                "dialogue",
                "voiceover",
            ],
            Self::Audio => &["audiourl", "audiofile", "recording"],
            Self::Persona => &[
                "personaid",
                "creator",
                "creatorid",
                "avatar",
                "avatarid",
                "actor",
                "presenter",
            ],
            Self::AspectRatio => &["ratio", "aspect", "format", "size", "orientation"],
            Self::ModelVersion => &["model"],
            Self::Voice => &["voiceid", "accent", "accentid"],
            Self::Captions => &["caption", "subtitles", "subtitle"],
            Self::CaptionStyle => &["captionsstyle", "subtitlestyle"],
            Self::CaptionOffsetX => &["captionx"],
            Self::CaptionOffsetY => &["captiony"],
            Self::Music => &["backgroundmusic"],
            Self::GreenScreen => &["chromakey"],
            Self::TransparentBackground => &["transparent", "transparency"],
            Self::BackgroundImage => &[
                "background",
                "backgroundurl",
                "backgroundimageurl",
                "backgroundassetimageurl",
            ],
            Self::WebhookUrl => &["webhook", "callbackurl", "callback"],
            Self::Filename => &["outputname", "outputfile"],
            Self::Skip => &["ignore"],
            Self::AudioSeconds => &["audiolength", "audioduration"],
        }
    }

    /// The field a header or key names, and how surely.
    pub(crate) fn find(header: &str) -> Option<(Self, HeaderMatch)> {
        KEYS.get(key(header).as_str()).copied()
    }

    /// The field whose name is near to a header that names none.
    pub(crate) fn closest_match(header: &str) -> Option<Self> {
        let wanted = key(header);
        let of = |naming: HeaderMatch| {
            let keys = KEYS.iter().filter(move |(_, (_, of))| *of == naming);
            keys.map(|(key, _)| key.as_str())
        };
        // Aliases are common words: more than one slip away from them, sheets have words of their own.
        let of_alias = || {
            let long = of(HeaderMatch::Alias).filter(|alias| alias.len() > 4 && wanted.len() > 4);
            words::closest_match(&wanted, long)
                .filter(|alias| words::is_one_edit_apart(&wanted, alias))
        };
        let closest_match =
            words::closest_match(&wanted, of(HeaderMatch::Own)).or_else(of_alias)?;
        KEYS.get(closest_match).map(|(field, _)| *field)
    }

    /// Whether `a | b` in a cell means two values. Not for texts and URLs, in which a bar can stand.
    pub(crate) const fn splits_at_bars(self) -> bool {
        matches!(
            self,
            Self::Persona | Self::AspectRatio | Self::ModelVersion | Self::Voice
        )
    }

    /// Whether a list of values makes a job of each.
    pub(crate) const fn may_vary(self) -> bool {
        !matches!(self, Self::Id | Self::Filename | Self::Skip)
    }
}

/// Every key that names a field.
static KEYS: LazyLock<BTreeMap<String, (Field, HeaderMatch)>> = LazyLock::new(|| {
    let named = Field::ALL.into_iter().flat_map(|field| {
        let aliases = field.aliases().iter();
        let aliases = aliases.map(move |alias| ((*alias).to_owned(), (field, HeaderMatch::Alias)));
        std::iter::once((key(field.name()), (field, HeaderMatch::Own))).chain(aliases)
    });
    named.collect()
});

/// How a header names a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum HeaderMatch {
    /// By an alias.
    Alias,
    /// By its own name.
    Own,
}

/// What is compared of a header: letters and digits, in lower case. `Aspect Ratio`, `aspect_ratio`
/// and `AspectRatio:` are the same column.
pub(crate) fn key(header: &str) -> String {
    header
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// What stands under each field, in the order of the fields. A row has a handful of them, so a short
/// list is smaller and quicker than a tree.
#[derive(Debug, Clone)]
pub(crate) struct FieldMap<T>(Vec<(Field, T)>);

impl<T> FieldMap<T> {
    /// Nothing yet.
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    fn place(&self, field: Field) -> Result<usize, usize> {
        self.0.binary_search_by_key(&field, |(field, _)| *field)
    }

    /// What stands under `field`.
    pub(crate) fn get(&self, field: Field) -> Option<&T> {
        self.place(field).ok().map(|place| &self.0[place].1)
    }

    /// Whether anything stands under `field`.
    pub(crate) fn contains(&self, field: Field) -> bool {
        self.place(field).is_ok()
    }

    /// Puts `value` under `field`; what stood there is returned.
    pub(crate) fn insert(&mut self, field: Field, value: T) -> Option<T> {
        match self.place(field) {
            Ok(place) => Some(std::mem::replace(&mut self.0[place].1, value)),
            Err(place) => {
                self.0.insert(place, (field, value));
                None
            }
        }
    }

    /// Takes away what stands under `field`.
    pub(crate) fn remove(&mut self, field: Field) -> Option<T> {
        let place = self.place(field).ok()?;
        Some(self.0.remove(place).1)
    }

    /// Forgets all but what stands under `fields`, and gives the memory back.
    pub(crate) fn keep(&mut self, fields: &[Field]) {
        self.0.retain(|(field, _)| fields.contains(field));
        self.0.shrink_to_fit();
    }

    /// Whether there is nothing.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everything, in the order of the fields.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Field, &T)> {
        self.0.iter().map(|(field, value)| (*field, value))
    }

    /// The fields.
    pub(crate) fn fields(&self) -> impl Iterator<Item = Field> {
        self.iter().map(|(field, _)| field)
    }
}

impl<T: Clone> FieldMap<T> {
    /// Takes over all of another's, which win over those that are here.
    pub(crate) fn overlay(&mut self, other: &Self) {
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
        let mut by_field = Self::new();
        for (field, value) in values {
            by_field.insert(field, value);
        }
        by_field
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_field_is_found_by_its_name_and_no_name_is_taken_twice() {
        let mut seen = HashSet::new();
        for field in Field::ALL {
            assert_eq!(Field::find(field.name()), Some((field, HeaderMatch::Own)));
            assert!(seen.insert(key(field.name())));
            for alias in field.aliases() {
                assert_eq!(key(alias), *alias, "aliases are written as keys");
                assert!(seen.insert((*alias).to_owned()), "{alias}");
                assert_eq!(Field::find(alias), Some((field, HeaderMatch::Alias)));
            }
        }
    }

    #[test]
    fn case_spaces_and_underscores_do_not_matter() {
        for header in [
            "Aspect Ratio",
            "ASPECT_RATIO",
            "aspect-ratio:",
            "\u{a0}aspectRatio ",
        ] {
            assert_eq!(
                Field::find(header),
                Some((Field::AspectRatio, HeaderMatch::Own))
            );
        }
        assert_eq!(Field::find("first_name"), None);
        assert_eq!(
            Field::closest_match("aspct_ratio"),
            Some(Field::AspectRatio)
        );
        assert_eq!(Field::closest_match("Captoins"), Some(Field::Captions));
        assert_eq!(Field::closest_match("modle"), Some(Field::ModelVersion));
        assert_eq!(Field::closest_match("avatr"), Some(Field::Persona));
        for own in ["campaign", "account", "mode", "site", "title", "note"] {
            assert_eq!(Field::closest_match(own), None, "{own}");
        }
    }

    #[test]
    fn the_last_word_counts_and_the_order_is_that_of_the_fields() {
        let mut values: FieldMap<u8> = [(Field::Persona, 1), (Field::Id, 2), (Field::Persona, 3)]
            .into_iter()
            .collect();
        let mut sorted = vec![Field::Persona, Field::Id];
        sorted.sort_unstable();
        assert_eq!(values.fields().collect::<Vec<_>>(), sorted);
        assert_eq!(values.insert(Field::Id, 4), Some(2));
        assert_eq!(values.get(Field::Persona), Some(&3));
        assert_eq!(values.remove(Field::Persona), Some(3));
        assert!(!values.contains(Field::Persona) && !values.is_empty());
        values.insert(Field::Text, 7);
        values.keep(&[Field::Id]);
        assert!(!values.contains(Field::Text));
        values.overlay(&[(Field::Id, 5)].into_iter().collect());
        assert_eq!(values.get(Field::Id), Some(&5));
    }
}
