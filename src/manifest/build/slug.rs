//! Slugs: words as parts of ids and file names.

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

/// Returns what is equal in names that some file system does not distinguish.
pub(crate) fn fold_case(name: &str) -> String {
    name.to_lowercase()
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
    fn slugs_are_cut_between_words() {
        assert_eq!(slug("meet the new spring collection", 20), "meet-the-new-spring");
        assert_eq!(slug("Donaudampfschifffahrt", 5), "donau");
        assert_eq!(slug("anything", 0), "");
    }
}
