//! Words with letters that no language has together: text in the encoding of another language, as in `Ïðèâåò` for
//! `Привет`, `Pøíliš` for `Příliš` and `GarÁon` for `Garçon`.

use std::ops::Range;

/// The Latin letters beyond ASCII of each language, in lower case.
const ALPHABETS: [&str; 22] = [
    // French, German, Dutch, Italian, Catalan, Romansh and Walloon
    "àâæçéèêëîïôœùûüÿ",
    "äöüßé",
    "áéíóúëïöüèêàâçîûô",
    "àèéìíîòóùú",
    "àèéíïòóúüç",
    "àèéìòùöüåâêîôû",
    // Spanish, Portuguese and Galician
    "áéíóúüñçàè",
    "áâãàçéêíóôõúüñ",
    // Swedish, Finnish, Estonian, Danish, Norwegian, Faroese, Icelandic
    "åäöéüàšžøæèõ",
    "æøåéóòôêèàüäöáíð",
    "áðéíóúýþæöø",
    // Polish, Czech, Slovak, Lusatian
    "ąćęłńóśźżéöü",
    "áčďéěíňóřšťúůýžöüäĺľôŕ",
    "ćčěłńóřšśžźöü",
    // Hungarian, Romanian, Turkish, Azerbaijani and Kurdish
    "áéíóöőúüű",
    "ăâîșțşţéèö",
    "çğıiöşüâîûəêñäýžň",
    // Croatian, Slovene, Bosnian, Albanian, Maltese and Sami
    "čćđšžëçáàèìòùñŋŧ",
    "ċġħżàèìòùî",
    // Latvian and Lithuanian
    "āčēģīķļņōŗšūžąęėįųõ",
    // Irish, Welsh, Hawaiian, Maori and Pinyin
    "áéíóúàèìòùâêîôûŵŷäëïöüẁẃýÿāēīōūǎěǐǒǔǖǘǚǜ",
    // Vietnamese
    "àáâãèéêìíòóôõùúýăđĩũơư",
];

/// Signs that stand in a word only if they were letters.
const SIGNS: &str = "¤±¸³²¹¶¿÷¦”";

/// The most letters of a word that is compared with alphabets.
const LONGEST: usize = 40;

/// Returns the first word that has letters of several alphabets.
pub(super) fn find_foreign_word(text: &str) -> Option<Range<usize>> {
    if text.is_ascii() {
        return None;
    }
    let is_chinese =
        |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c) && !"的和与及或是在".contains(c);
    // A few characters of Chinese inside of words: UTF-8 that was read as GBK. In Chinese texts, words have no spaces.
    let may_be_chinese = text.chars().filter(|c| is_chinese(*c)).count() * 2
        < text.chars().filter(char::is_ascii_lowercase).count();
    let is_inside = |c: char| c.is_alphabetic() && !is_sign_like(c) || SIGNS.contains(c);
    let mut at = 0;
    for word in text.split(|c| !is_inside(c)) {
        let start = at;
        at += word.len();
        at += text[at..].chars().next().map_or(0, char::len_utf8);
        let pairs = || word.chars().zip(word.chars().skip(1));
        if may_be_chinese
            && pairs().any(|(one, two)| one.is_ascii_lowercase() && is_chinese(two))
            && pairs().any(|(one, two)| is_chinese(one) && two.is_ascii_lowercase())
        {
            return Some(start..start + word.len());
        }
        if !word.is_ascii() && word.chars().nth(LONGEST).is_none() && is_foreign(word) {
            return Some(start..start + word.len());
        }
    }
    None
}

/// Checks whether a letter is used as a sign, in all scripts.
fn is_sign_like(c: char) -> bool {
    matches!(c, 'µ' | 'ª' | 'º' | 'Ω' | 'ﬁ' | 'ﬂ' | '\u{2b0}'..='\u{2ff}')
}

fn is_foreign(word: &str) -> bool {
    let letters: Vec<char> = word.chars().collect();
    let is_lower_latin = |c: char| c.is_lowercase() && c < '\u{250}';
    let is_joined = |pair: &[char]| {
        // `cafÈ`, `GarÁon`
        is_lower_latin(pair[0])
            && pair[1].is_uppercase()
            && ('\u{c0}'..'\u{250}').contains(&pair[1])
    };
    let is_sign = |three: &[char]| {
        SIGNS.contains(three[1]) && three[0].is_alphabetic() && three[2].is_lowercase()
    };
    let scripts = letters.iter().filter_map(|c| match *c {
        'a'..='z' | '\u{df}'..='\u{24f}' => Some(0),
        'α'..='ω' => Some(1),
        'а'..='я' | 'ё' => Some(2),
        // Half of a wide sign of Japanese.
        '\u{ff61}'..='\u{ff9f}' => Some(3),
        _ => None,
    });
    let mut scripts = scripts.peekable();
    let first = scripts.peek().copied();
    if letters.windows(2).any(is_joined)
        || letters.windows(3).any(is_sign)
        || scripts.any(|script| Some(script) != first)
    {
        return true;
    }
    let special: Vec<char> = word
        .to_lowercase()
        .chars()
        .filter(|c| !c.is_ascii() && ('\u{df}'..'\u{180}').contains(c))
        .collect();
    let is_known = |alphabet: &&str| special.iter().all(|letter| alphabet.contains(*letter));
    !ALPHABETS.iter().any(is_known)
}
