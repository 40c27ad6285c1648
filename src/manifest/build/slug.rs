//! Slugs: words as parts of ids and file names.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

/// Returns `text` as lower-case letters and digits with dashes between its words, cut to `max_length` characters, between
/// words if possible. Latin letters lose their accents; other scripts are left out.
pub(crate) fn slug(text: &str, max_length: usize) -> String {
    let mut slug = String::new();
    let words = text.split(|character: char| {
        !character.is_alphanumeric() && !matches!(character, '\'' | '’' | '\u{300}'..='\u{36F}')
    });
    for word in words {
        let plain: String =
            word.chars().flat_map(char::to_lowercase).flat_map(plain_letters).collect();
        if plain.is_empty() {
            continue;
        }
        let dash = usize::from(!slug.is_empty());
        if slug.len() + dash + plain.len() > max_length {
            if slug.is_empty() {
                slug = plain.chars().take(max_length).collect();
            }
            break;
        }
        if dash == 1 {
            slug.push('-');
        }
        slug.push_str(&plain);
    }
    slug
}

/// Returns the ASCII letters or digits for a lower-case character; none for most.
fn plain_letters(character: char) -> impl Iterator<Item = char> {
    let letters = match character {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ä' | 'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => "i",
        'ł' | 'ľ' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' | 'ō' | 'ő' => "o",
        'ö' | 'œ' => "oe",
        'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ţ' | 'ț' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' => "u",
        'ü' => "ue",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    };
    let own = character.is_ascii_alphanumeric().then_some(character);
    own.into_iter().chain(letters.chars())
}

/// Returns `text` in ASCII letters and digits: `Frühling` becomes `Fruehling` and `Привет` becomes `Privet`. Dashes become
/// `-`; other punctuation stays.
pub(crate) fn transliterate(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut result = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let character = match (character, rest.peek()) {
            ('a' | 'o' | 'u' | 'A' | 'O' | 'U', Some('\u{308}')) => composed(character),
            _ => character,
        };
        match character {
            '\u{300}'..='\u{36F}' => {}
            '‐'..='—' => result.push('-'),
            _ if character.is_ascii() || !character.is_alphanumeric() => result.push(character),
            _ => result.push_str(&ascii_of(character)),
        }
    }
    result
}

/// Returns `text` trimmed, in ASCII letters and with dashes for spaces, or `None` if nothing is left.
pub(crate) fn normalize_id(text: &str) -> Option<String> {
    let text = transliterate(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join("-"))
}

/// Returns an umlaut for the letter that precedes a combining diaeresis.
const fn composed(letter: char) -> char {
    match letter {
        'a' => 'ä',
        'o' => 'ö',
        'u' => 'ü',
        'A' => 'Ä',
        'O' => 'Ö',
        _ => 'Ü',
    }
}

/// Returns the ASCII letters for a letter; empty if there are none.
fn ascii_of(letter: char) -> String {
    let plain: String = letter.to_lowercase().flat_map(plain_letters).collect();
    if plain.is_empty() {
        return deunicode::deunicode_char(letter).unwrap_or_default().to_owned();
    }
    if letter.is_uppercase() { plain[..1].to_uppercase() + &plain[1..] } else { plain }
}

/// Returns `text` with precomposed letters (NFC), as keyboards write them. Files of macOS have decomposed ones.
pub(crate) fn compose(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_readable_ascii() {
        for (text, expected) in [
            ("Meet the new Spring!", "meet-the-new-spring"),
            ("Schöne Grüße, Łukasz & Zoë", "schoene-gruesse-lukasz-zoe"),
            ("Don't stop — it’s 50% off", "dont-stop-its-50-off"),
            ("  日本語 only  ", "only"),
            ("日本語", ""),
            ("../../etc", "etc"),
        ] {
            assert_eq!(slug(text, 100), expected);
        }
    }

    #[test]
    fn other_letters_are_transliterated() {
        for (text, expected) in [
            ("Frühling 1", "Fruehling 1"),
            ("Fru\u{308}hling", "Fruehling"),
            ("Übergröße – Łódź", "Uebergroesse - Lodz"),
            ("Привет, мир", "Privet, mir"),
            ("Καλημέρα", "Kalemera"),
            ("你好", "Ni Hao "),
            ("a/b", "a/b"),
        ] {
            assert_eq!(transliterate(text), expected);
        }
    }

    #[test]
    fn slugs_are_cut_between_words() {
        assert_eq!(slug("meet the new spring collection", 20), "meet-the-new-spring");
        assert_eq!(slug("Donaudampfschifffahrt", 5), "donau");
        assert_eq!(slug("anything", 0), "");
    }
}
