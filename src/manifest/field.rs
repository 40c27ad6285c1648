//! The fields of a job under the names a manifest may use: [`Field`].

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::words;

/// What a column or key can say about a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Field {
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
    pub(super) const ALL: [Self; 19] = [
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
    pub(super) const fn name(self) -> &'static str {
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
    const fn aliases(self) -> &'static [&'static str] {
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
    pub(super) fn find(header: &str) -> Option<(Self, Naming)> {
        KEYS.get(key(header).as_str()).copied()
    }

    /// The field whose name is near to a header that names none.
    pub(super) fn nearest(header: &str) -> Option<Self> {
        let wanted = key(header);
        let of = |naming: Naming| {
            let keys = KEYS.iter().filter(move |(_, (_, of))| *of == naming);
            keys.map(|(key, _)| key.as_str())
        };
        // Aliases are common words: more than one slip away from them, sheets have words of their own.
        let of_alias = || {
            let long = of(Naming::Alias).filter(|alias| alias.len() > 4 && wanted.len() > 4);
            words::nearest(&wanted, long).filter(|alias| words::is_one_slip(&wanted, alias))
        };
        let nearest = words::nearest(&wanted, of(Naming::Own)).or_else(of_alias)?;
        KEYS.get(nearest).map(|(field, _)| *field)
    }

    /// Whether `a | b` in a cell means two values. Not for texts and URLs, in which a bar can stand.
    pub(super) const fn splits_at_bars(self) -> bool {
        matches!(
            self,
            Self::Persona | Self::AspectRatio | Self::ModelVersion | Self::Voice
        )
    }

    /// Whether a list of values makes a job of each.
    pub(super) const fn may_vary(self) -> bool {
        !matches!(self, Self::Id | Self::Filename | Self::Skip)
    }
}

/// Every key that names a field.
static KEYS: LazyLock<BTreeMap<String, (Field, Naming)>> = LazyLock::new(|| {
    let named = Field::ALL.into_iter().flat_map(|field| {
        let aliases = field.aliases().iter();
        let aliases = aliases.map(move |alias| ((*alias).to_owned(), (field, Naming::Alias)));
        std::iter::once((key(field.name()), (field, Naming::Own))).chain(aliases)
    });
    named.collect()
});

/// How a header names a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Naming {
    /// By an alias.
    Alias,
    /// By its own name.
    Own,
}

/// What is compared of a header: letters and digits, in lower case. `Aspect Ratio`, `aspect_ratio`
/// and `AspectRatio:` are the same column.
pub(super) fn key(header: &str) -> String {
    header
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_field_is_found_by_its_name_and_no_name_is_taken_twice() {
        let mut seen = HashSet::new();
        for field in Field::ALL {
            assert_eq!(Field::find(field.name()), Some((field, Naming::Own)));
            assert!(seen.insert(key(field.name())));
            for alias in field.aliases() {
                assert_eq!(key(alias), *alias, "aliases are written as keys");
                assert!(seen.insert((*alias).to_owned()), "{alias}");
                assert_eq!(Field::find(alias), Some((field, Naming::Alias)));
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
            assert_eq!(Field::find(header), Some((Field::AspectRatio, Naming::Own)));
        }
        assert_eq!(Field::find("first_name"), None);
        assert_eq!(Field::nearest("aspct_ratio"), Some(Field::AspectRatio));
        assert_eq!(Field::nearest("Captoins"), Some(Field::Captions));
        assert_eq!(Field::nearest("modle"), Some(Field::ModelVersion));
        assert_eq!(Field::nearest("avatr"), Some(Field::Persona));
        for own in ["campaign", "account", "mode", "site", "title", "note"] {
            assert_eq!(Field::nearest(own), None, "{own}");
        }
    }
}
