//! Columns for languages: `text_de`, `voice_fr`, `persona_pt-BR`.

use crate::manifest::diagnostics::text::normalize;

use super::field::{Field, HeaderMatch};

/// The codes of languages.
const LANGUAGES: &str = "af ar az bg bn bs ca cs cy da de el en es et eu fa fi fil fr ga gl he hi hr hu hy id is it ja ka kk ko lt lv mk mr ms mt nb \
                         nl nn no pl pt ro ru sk sl sq sr sv sw ta te th tl tr uk ur uz vi yue zh";

/// The names of languages, after their code: in English, in the language itself, and in other large ones.
const NAMES: [&str; 20] = [
    "de german deutsch allemand aleman tedesco",
    "en english englisch anglais ingles inglese engels",
    "fr french francais franzosisch franzoesisch frances francese",
    "es spanish espanol spanisch espagnol spagnolo",
    "it italian italiano italienisch italien",
    "pt portuguese portugues portugiesisch portugais",
    "nl dutch nederlands niederlandisch niederlaendisch neerlandais holandes",
    "pl polish polski polnisch polonais polaco",
    "sv swedish svenska schwedisch",
    "da danish dansk danisch daenisch",
    "no norwegian norsk norwegisch",
    "fi finnish suomi finnisch",
    "cs czech cesky tschechisch",
    "tr turkish turkce turkisch tuerkisch",
    "ru russian russisch",
    "uk ukrainian ukrainisch",
    "ja japanese japanisch japonais",
    "zh chinese chinesisch chinois",
    "ko korean koreanisch",
    "ar arabic arabisch arabe",
];

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

/// Returns the code of a language by its name, such as `German` or `deutsch`.
fn find_name(name: &str) -> Option<&'static str> {
    let name = normalize(&deunicode::deunicode(name));
    let row = NAMES.iter().find(|row| row.split(' ').skip(1).any(|known| known == name))?;
    row.split(' ').next()
}

/// Returns the field and the language of a header with the name of a language: `text_deutsch`, `German text`.
fn find_named_language(header: &str) -> Option<(Field, String)> {
    // `Text (English)` is a text with a hint.
    if Field::find(header).is_some() {
        return None;
    }
    header.match_indices(['_', ' ', '-']).find_map(|(index, _)| {
        let (before, after) = (&header[..index], &header[index + 1..]);
        let named = |name: &str, field: &str| {
            let (field, how) = Field::find(field)?;
            let is_field = how > HeaderMatch::Hint && FIELDS.contains(&field);
            Some((field, find_name(name).filter(|_| is_field)?.to_owned()))
        };
        named(after, before).or_else(|| named(before, after))
    })
}

/// Returns the field and the language that a header such as `text_de` or `Voice (pt-BR)` names.
pub(crate) fn find_language(header: &str) -> Option<(Field, String)> {
    let header = header.trim().trim_end_matches([')', ']']);
    if header.len() > 60 || Field::find(header).is_some_and(|(_, how)| how > HeaderMatch::Hint) {
        return None;
    }
    let by_code = header.match_indices(['_', ' ', '-', '(', '[']).find_map(|(index, _)| {
        let language = parse_language(&header[index + 1..])?;
        if AMBIGUOUS.contains(&&*language) {
            return None;
        }
        let (field, how) = Field::find(&header[..index])?;
        (how > HeaderMatch::Hint && FIELDS.contains(&field)).then_some((field, language))
    });
    by_code.or_else(|| find_named_language(header))
}

/// Returns the field that a header names, perhaps in a language.
pub(crate) fn find_known_field(header: &str) -> Option<Field> {
    let in_language = || find_language(header).map(|(field, _)| field);
    Field::find(header).map(|(field, _)| field).or_else(in_language)
}

/// Checks whether a header names a field, perhaps in a language.
pub(crate) fn is_known_header(header: &str) -> bool {
    find_known_field(header).is_some()
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
            ("text_deutsch", Field::Text, "de"),
            ("text_english", Field::Text, "en"),
            ("text german", Field::Text, "de"),
            ("German text", Field::Text, "de"),
            ("Texte français", Field::Text, "fr"),
            ("voice_Français", Field::Voice, "fr"),
        ] {
            assert_eq!(find_language(header), Some((field, language.to_owned())), "{header}");
        }
        for header in [
            "text",
            "voice_id",
            "text_no",
            "text_id",
            "Text (English)",
            "English notes",
            "text_english_short",
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
