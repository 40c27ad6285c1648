//! Columns for languages: `text_de`, `voice_fr`, `persona_pt-BR`.

use super::field::{Field, HeaderMatch};

/// The codes of languages.
const LANGUAGES: &str = "af ar az bg bn bs ca cs cy da de el en es et eu fa fi fil fr ga gl he hi hr hu hy id is it ja ka kk ko lt lv mk mr ms mt nb \
                         nl nn no pl pt ro ru sk sl sq sr sv sw ta te th tl tr uk ur uz vi yue zh";

/// Languages that headers use for something else: `text_id`, `text_no` (number).
const AMBIGUOUS: [&str; 2] = ["id", "no"];

/// The fields that may have a column for each language.
const FIELDS: [Field; 4] = [Field::Text, Field::Audio, Field::Persona, Field::Voice];

/// Returns a language such as `de`, `pt-BR` or `zh-Hant-TW` in its usual form, or `None` for other words.
pub(crate) fn parse_language(code: &str) -> Option<String> {
    let mut parts = code.trim().split(['-', '_']);
    let language = parts.next()?.to_lowercase();
    let is_word = |part: &str, length| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    let is_region = |part: &str| {
        is_word(part, 2) || part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut parts = parts.peekable();
    let script = parts.next_if(|part| is_word(part, 4));
    let region = parts.next_if(|part| is_region(part));
    let is_known = LANGUAGES.split_whitespace().any(|known| known == language);
    if !is_known || parts.next().is_some() {
        return None;
    }
    let script = script.map(|script| {
        let (first, rest) = script.split_at(1);
        format!("-{}{}", first.to_uppercase(), rest.to_lowercase())
    });
    let region = region.map(|region| format!("-{}", region.to_uppercase()));
    Some(language + &script.unwrap_or_default() + &region.unwrap_or_default())
}

/// Returns the field and the language that a header such as `text_de` or `Voice (pt-BR)` names.
pub(crate) fn find_language(header: &str) -> Option<(Field, String)> {
    let header = header.trim().trim_end_matches([')', ']']);
    if header.len() > 60 || Field::find(header).is_some_and(|(_, how)| how > HeaderMatch::Hint) {
        return None;
    }
    header.match_indices(['_', ' ', '-', '(', '[']).find_map(|(index, _)| {
        let language = parse_language(&header[index + 1..])?;
        if AMBIGUOUS.contains(&&*language) {
            return None;
        }
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
            ("text_zh_Hant", Field::Text, "zh-Hant"),
            ("text_sr-latn", Field::Text, "sr-Latn"),
            ("Text zh-Hant-TW", Field::Text, "zh-Hant-TW"),
            ("text_es-419", Field::Text, "es-419"),
            ("text_no_NO", Field::Text, "no-NO"),
        ] {
            assert_eq!(find_language(header), Some((field, language.to_owned())), "{header}");
        }
        for header in [
            "text",
            "voice_id",
            "text_no",
            "text_id",
            "text_de_short",
            "text_zh_Hant_TW_2",
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
