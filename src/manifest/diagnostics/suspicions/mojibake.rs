//! UTF-8 text that was decoded with another encoding: `JosÃ©` for `José`.
//!
//! Each character that is not ASCII is one to four bytes in UTF-8, which become as many characters. A sequence of them
//! is found by the round trip: its bytes in the wrong encoding are valid UTF-8. Some sequences are ordinary text, such
//! as `Ô` in “AMANHÔ or `В ` in Russian, so that not every one counts.

use std::ops::Range;
use std::str::from_utf8;
use std::sync::LazyLock;

use encoding_rs::{IBM866, MACINTOSH, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252};

use crate::manifest::formats::encodings::TextEncoding;

/// The encodings that UTF-8 is commonly mistaken for, the most common one first.
static CODE_PAGES: LazyLock<Vec<CodePage>> = LazyLock::new(|| {
    let windows = [
        (Family::Western, WINDOWS_1252),
        (Family::Central, WINDOWS_1250),
        (Family::Cyrillic, WINDOWS_1251),
        (Family::Macintosh, MACINTOSH),
        (Family::Dos, IBM866),
    ];
    let encodings = windows.map(|(family, encoding)| (family, encoding.into()));
    let dos = TextEncoding::DOS.map(|encoding| (Family::Dos, encoding));
    encodings.into_iter().chain(dos).map(CodePage::new).collect()
});

/// The beginnings of signs such as `’` and `€`, and of emoji, in code pages of DOS.
const DOS_SIGNS: [&str; 8] = ["ÔÇ", "Ôé", "Ôä", "ΓÇ", "Γé", "Γä", "\u{ad}ƒ", "≡ƒ"];

/// Characters of Windows-1252 whose last byte was lost, and the character that they stood for.
const TRUNCATED: [(&str, &str); 3] = [("â€", "”"), ("Ã", "à"), ("Â", "")];

/// Characters that ordinary text has directly after a capital letter.
const CLOSING: &str = "…’‘”“„‚«»‹›–—•·™®©°ºª²³¹\u{a0}";

/// The last character of the encodings, except for the sign of Apple, which is the first byte of emoji.
const LAST_CHARACTER: char = '◊';
const APPLE: char = '\u{f8ff}';

/// How often text is decoded wrongly at most.
const MOST_DAMAGES: usize = 3;

/// Returns the first damaged words, and the same words repaired.
pub(super) fn find_mojibake(text: &str) -> Option<(Range<usize>, String)> {
    if text.is_ascii() {
        return None;
    }
    let sequences = find_sequences(text)?;
    let first = sequences.iter().find(|sequence| sequence.is_certain)?.range.start;
    let is_space = |c: char| c.is_ascii_whitespace();
    let start = text[..first].rfind(is_space).map_or(0, |space| space + 1);
    let mut end = first;
    // Extends over the words that follow, up to the first one without damage.
    for sequence in sequences.iter().filter(|sequence| sequence.range.start >= first) {
        if sequence.range.start >= end && text[end..sequence.range.start].trim().contains(is_space)
        {
            break;
        }
        if sequence.range.end > end {
            end = text[sequence.range.end..]
                .find(is_space)
                .map_or(text.len(), |space| sequence.range.end + space);
        }
    }
    let mut repaired = text[start..end].to_owned();
    for _ in 0..MOST_DAMAGES {
        let Some(sequences) = find_sequences(&repaired) else { break };
        repaired = repair(&repaired, &sequences);
    }
    Some((start..end, repaired))
}

/// Returns the sequences of the encoding that explains most of them, in the order of the text. At least one is certain.
fn find_sequences(text: &str) -> Option<Vec<Sequence>> {
    let mut best = None;
    // Code pages of DOS have lines of tables among their letters, which no spoken text has.
    let may_be_dos = text.contains(is_line) || DOS_SIGNS.iter().any(|begin| text.contains(begin));
    for page in CODE_PAGES.iter().filter(|page| page.family != Family::Dos || may_be_dos) {
        let sequences = page.find_sequences(text);
        let count = sequences.len();
        if sequences.iter().any(|sequence| sequence.is_certain)
            && best.as_ref().is_none_or(|(most, _)| count > *most)
        {
            best = Some((count, sequences));
        }
    }
    best.map(|(_, sequences)| sequences)
}

/// Replaces each sequence by the character that it stood for.
fn repair(text: &str, sequences: &[Sequence]) -> String {
    let mut repaired = String::with_capacity(text.len());
    let mut end = 0;
    for sequence in sequences {
        repaired.push_str(&text[end..sequence.range.start]);
        repaired.push_str(&sequence.original);
        end = sequence.range.end;
    }
    repaired + &text[end..]
}

/// Characters whose bytes in a wrong encoding are one character in UTF-8.
struct Sequence {
    range: Range<usize>,
    original: String,
    /// Whether ordinary text cannot contain the sequence here.
    is_certain: bool,
}

/// Encodings in which the same sequences are ordinary text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Western,
    Central,
    Cyrillic,
    Macintosh,
    Dos,
}

/// An encoding with one byte per character.
struct CodePage {
    family: Family,
    /// The byte from 0x80 of each character, or zero.
    bytes: Vec<u8>,
}

impl CodePage {
    fn new((family, encoding): (Family, TextEncoding)) -> Self {
        let mut page = Self { family, bytes: vec![0; LAST_CHARACTER as usize + 1] };
        for byte in 0x80..=0xff {
            let source = [byte];
            for c in encoding.decode(&source).0.chars() {
                page.add(byte, c);
            }
            // ISO-8859-1 has control characters where Windows-1252 has letters.
            if family == Family::Western {
                page.add(byte, char::from(byte));
            }
        }
        page
    }

    fn add(&mut self, byte: u8, c: char) {
        if let Some(entry @ 0) = self.bytes.get_mut(Self::index(c)) {
            *entry = byte;
        }
    }

    /// The byte of a character, or zero for ASCII and characters that the encoding lacks.
    fn byte(&self, c: char) -> u8 {
        self.bytes.get(Self::index(c)).copied().unwrap_or_default()
    }

    fn index(c: char) -> usize {
        if c == APPLE { 0 } else { c as usize }
    }

    fn find_sequences(&self, text: &str) -> Vec<Sequence> {
        let mut sequences: Vec<Sequence> = Vec::new();
        for (start, c) in text.char_indices().filter(|(_, c)| !c.is_ascii()) {
            let is_free = sequences.last().is_none_or(|last| last.range.end <= start);
            let length = if is_free { sequence_length(self.byte(c)) } else { 0 };
            if length > 0 {
                sequences.extend(
                    self.sequence(text, start, length).or_else(|| self.truncated(text, start)),
                );
            }
        }
        // Sequences without a gap support each other. Cyrillic letters alone form pairs in ordinary words: ВІДІБРАВ.
        let enough = if self.family == Family::Cyrillic { 3 } else { 2 };
        for run in sequences.chunk_by_mut(|left, right| left.range.end == right.range.start) {
            if run.len() >= enough {
                for sequence in run {
                    sequence.is_certain = true;
                }
            }
        }
        sequences
    }

    /// Returns the sequence of `length` characters that begins at `start`.
    fn sequence(&self, text: &str, start: usize, length: usize) -> Option<Sequence> {
        let mut bytes = [0; 4];
        let mut end = start;
        for (byte, c) in bytes.iter_mut().zip(text[start..].chars()).take(length) {
            *byte = self.byte(c);
            if end > start && !(0x80..0xc0).contains(byte) {
                return None;
            }
            end += c.len_utf8();
        }
        let original =
            from_utf8(&bytes[..length]).ok()?.chars().next().filter(|&c| is_plausible(c))?;
        let is_certain = self.is_certain(text, start..end, original);
        Some(Sequence { range: start..end, original: original.into(), is_certain })
    }

    /// Checks whether a sequence is damage even if there is no other.
    fn is_certain(&self, text: &str, range: Range<usize>, original: char) -> bool {
        let before = text[..range.start].chars().next_back();
        let after = text[range.end..].chars().next();
        let mut continuation = text[range].chars();
        let lead = continuation.next().unwrap_or_default();
        let second = continuation.clone().next().unwrap_or_default();
        let is_sign = ('\u{2000}'..'\u{2c00}').contains(&original);
        let is_latin = original < '\u{180}' || ('\u{1e00}'..'\u{1f00}').contains(&original);
        let is_romanian = ('\u{218}'..='\u{21b}').contains(&original);
        if original >= '\u{1f000}' || original == '\u{feff}' {
            true
        } else if self.family == Family::Dos {
            is_sign || is_line(lead) || continuation.any(is_line)
        } else if self.family == Family::Cyrillic {
            let is_letter = |c: char| c.is_ascii_alphabetic();
            is_sign && second == 'Ђ'
                || is_latin
                    && second != '’'
                    && (before.is_some_and(is_letter) || after.is_some_and(is_letter))
        } else if self.family == Family::Macintosh {
            let is_letter = char::is_alphabetic;
            is_sign && second == 'Ä'
                || is_latin && (before.is_some_and(is_letter) || after.is_some_and(is_letter))
        } else if is_sign || is_latin || is_romanian {
            // A word in capitals or a letter in quotes: “AMANHÔ, «Å», NU OGSÅ…, NIVÅ’s, CASĂ—MARE
            let is_joint = match second {
                '’' => lead != 'Ã' || after.is_some_and(char::is_lowercase),
                '–' => lead != 'Ã',
                _ => second == '—',
            };
            let is_end = !after.is_some_and(char::is_alphabetic)
                && continuation.all(|c| CLOSING.contains(c));
            let is_word = match before {
                None | Some(' ') => matches!(lead, 'Å' | 'Ä'),
                Some(c) => c.is_uppercase() || "«»‹›„“”‚‘’\"'([".contains(c),
            };
            // Letters among the continuations: PÄŤ, CÂŞTIG, Ăştia.
            let is_inside = before.is_some_and(char::is_lowercase);
            let is_capital = second.is_uppercase() && !after.is_some_and(char::is_lowercase);
            let is_pair = if self.family == Family::Central {
                is_capital || matches!(second, 'ş' | 'ţ')
            } else {
                is_capital && lead == 'Ä' && second != 'Œ'
            };
            let is_pair = is_pair && !is_inside;
            !((is_end || is_joint) && (is_word || lead.is_lowercase())) && !is_pair
        } else {
            false
        }
    }

    /// Returns a sequence of which the last character was lost or became a space: `voilÃ ` for `voilà`.
    fn truncated(&self, text: &str, start: usize) -> Option<Sequence> {
        let (damaged, original) =
            TRUNCATED.iter().find(|(damaged, _)| text[start..].starts_with(damaged))?;
        let end = start + damaged.len();
        let is_word_end = text[..start].ends_with(char::is_lowercase)
            && !text[end..].starts_with(char::is_alphabetic);
        let is_damage =
            self.family == Family::Western && (is_word_end || damaged.chars().count() > 1);
        is_damage.then(|| Sequence {
            range: start..end,
            original: (*original).to_owned(),
            is_certain: true,
        })
    }
}

/// Checks whether a character draws the lines and fields of tables.
fn is_line(c: char) -> bool {
    ('\u{2500}'..='\u{259f}').contains(&c)
}

/// Returns how many bytes a character in UTF-8 has, or zero if it cannot begin with the byte.
const fn sequence_length(lead: u8) -> usize {
    match lead {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 0,
    }
}

/// Checks whether a spoken text may contain a character: letters of living alphabets, punctuation, signs and emoji.
fn is_plausible(c: char) -> bool {
    matches!(
        c,
        '\u{a0}'..='\u{17f}' | '\u{1a0}' | '\u{1a1}' | '\u{1af}' | '\u{1b0}' | '\u{218}'..='\u{21b}'
            | '\u{300}'..='\u{30c}' | '\u{323}' | '\u{327}' | '\u{328}' | '\u{386}'..='\u{45f}' | '\u{490}'..='\u{4bb}'
            | '\u{4d8}' | '\u{4d9}' | '\u{4e8}' | '\u{4e9}' | '\u{531}'..='\u{6ff}' | '\u{900}'..='\u{e7f}'
            | '\u{10a0}'..='\u{11ff}' | '\u{1e00}'..='\u{2bff}' | '\u{3000}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'
            | '\u{fe0f}' | '\u{feff}'..='\u{ffef}' | '\u{1f000}'..='\u{1faff}'
    )
}
