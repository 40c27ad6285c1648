//! Columns for languages: `text_de`, `voice_fr`, `persona_pt-BR`.

use super::field::{Field, HeaderMatch};

/// The codes of languages. Those that headers use for something else are left out: `id`, `no` (number).
const LANGUAGES: &str = "ar bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl he hi hr hu is it ja ka kk ko lt lv mk ms nb nl nn pl pt ro \
                         ru sk sl sq sr sv ta th tl tr uk ur uz vi zh";

/// The fields that may have a column for each language.
const FIELDS: [Field; 4] = [Field::Text, Field::Audio, Field::Persona, Field::Voice];

/// Returns a language such as `de` or `pt-BR` in its usual form, or `None` for other words.
pub(crate) fn parse_language(code: &str) -> Option<String> {
    let (language, region) = match code.trim().split_once(['-', '_']) {
        Some((language, region)) => (language, Some(region)),
        None => (code.trim(), None),
    };
    let language = language.to_lowercase();
    let is_region = |region: &str| {
        region.len() == 2 && region.bytes().all(|byte| byte.is_ascii_alphabetic())
            || region.len() == 3 && region.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !LANGUAGES.split_whitespace().any(|known| known == language) || !region.is_none_or(is_region)
    {
        return None;
    }
    Some(match region {
        Some(region) => format!("{language}-{}", region.to_uppercase()),
        None => language,
    })
}

/// Returns the field and the language that a header such as `text_de` or `Voice (pt-BR)` names.
pub(crate) fn find_language(header: &str) -> Option<(Field, String)> {
    let header = header.trim().trim_end_matches([')', ']']);
    if header.len() > 60 || Field::find(header).is_some_and(|(_, how)| how > HeaderMatch::Hint) {
        return None;
    }
    header.match_indices(['_', ' ', '-', '(', '[']).find_map(|(index, _)| {
        let language = parse_language(&header[index + 1..])?;
        let (field, how) = Field::find(&header[..index])?;
        (how > HeaderMatch::Hint && FIELDS.contains(&field)).then_some((field, language))
    })
}

/// Whether a header names a field, perhaps in a language.
pub(crate) fn is_known_header(header: &str) -> bool {
    Field::find(header).is_some() || find_language(header).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_name_fields_and_languages() {
        for (header, field, language) in [
            ("text_de", Field::Text, "de"),
            ("Script FR", Field::Text, "fr"),
            ("Text (pt-BR)", Field::Text, "pt-BR"),
            ("text_pt_br", Field::Text, "pt-BR"),
            ("spoken text-es", Field::Text, "es"),
            ("voice_de", Field::Voice, "de"),
            ("Persona [it]", Field::Persona, "it"),
        ] {
            assert_eq!(find_language(header), Some((field, language.to_owned())), "{header}");
        }
        for header in [
            "text",
            "voice_id",
            "text_no",
            "text_short",
            "ratio_de",
            "captions en",
            "Text (max)",
            "de",
            "_de",
            "notes_de",
        ] {
            assert_eq!(find_language(header), None, "{header}");
        }
    }
}
