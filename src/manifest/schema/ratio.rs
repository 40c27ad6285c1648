//! Aspect ratios, also in the forms into which spreadsheets convert them.

use crate::model::AspectRatio;

/// An aspect ratio read from a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParsedRatio {
    /// Written as a ratio: `9:16`, `9x16`, `portrait`.
    Plain(AspectRatio),
    /// Converted back from a time of day. Worth a note.
    Repaired(AspectRatio),
}

/// Parses an aspect ratio.
///
/// Spreadsheets convert `9:16` to a time of day and export it in the form of their language. Both numbers survive in
/// all forms: `4:09 PM` and `16:09` were `16:9`. Words beside a ratio may confirm it: `9:16 (Reel)`.
pub(crate) fn parse(text: &str) -> Option<ParsedRatio> {
    let text = normalize(text);
    parse_single(&text).or_else(|| match ratios_of_phrase(&text)?.as_slice() {
        [ratio] => Some(*ratio),
        _ => None,
    })
}

/// Checks whether the words of a cell name different aspect ratios: `Hochformat 16:9`.
pub(crate) fn is_contradictory(text: &str) -> bool {
    ratios_of_phrase(&normalize(text)).is_some_and(|ratios| ratios.len() > 1)
}

/// Splits a cell with several ratios, such as `9:16, 1:1` or `9:16 / 1:1`. Returns the cell as a whole if any part is not a
/// ratio. The `/` of `16/9` is not a separator.
pub(crate) fn split(text: &str) -> Vec<&str> {
    let mut ratios: Vec<(&str, AspectRatio)> = Vec::new();
    for part in split_at(text.trim(), &SEPARATORS).unwrap_or_default() {
        if let Some(ParsedRatio::Plain(ratio) | ParsedRatio::Repaired(ratio)) = parse(part)
            && !ratios.iter().any(|(_, other)| *other == ratio)
        {
            ratios.push((part, ratio));
        }
    }
    if ratios.len() < 2 { vec![text] } else { ratios.into_iter().map(|(part, _)| part).collect() }
}

/// What separates several ratios in a cell, from the strongest to the weakest.
const SEPARATORS: [&[&str]; 4] = [
    &["\n", "\r", "|", ";"],
    &[
        ",",
        "+",
        "&",
        " and/or ",
        " und/oder ",
        " et/ou ",
        " y/o ",
        " e/o ",
        " e/ou ",
        " en/of ",
        " i/lub ",
        " and ",
        " or ",
        " und ",
        " oder ",
        " sowie ",
        " y ",
        " o ",
        " et ",
        " ou ",
        " e ",
        " en ",
        " of ",
        " i ",
        " oraz ",
        " lub ",
    ],
    &[" / "],
    &["/"],
];

fn split_at<'t>(text: &'t str, separators: &[&[&str]]) -> Option<Vec<&'t str>> {
    if parse(text).is_some() {
        return Some(vec![text]);
    }
    let (strongest, others) = separators.split_first()?;
    let parts = strongest.iter().fold(vec![text], |parts, separator| {
        parts.into_iter().flat_map(|part| part.split(*separator)).collect()
    });
    let parts = parts.into_iter().map(str::trim).filter(|part| !part.is_empty());
    let ratios: Option<Vec<Vec<&str>>> = parts.map(|part| split_at(part, others)).collect();
    ratios.map(|ratios| ratios.concat())
}

/// Returns a cell in lower case, with plain spaces and digits, and without invisible characters and units.
fn normalize(text: &str) -> String {
    let plain = text.trim().trim_start_matches('\'').chars().map(|character| match character {
        '\u{a0}' | '\u{202f}' | '\u{3000}' => ' ',
        // The full-width forms of ASCII.
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character)
        }
        character => character,
    });
    let lower = plain.collect::<String>().to_lowercase();
    let lower = lower.replace(['\u{200b}', '\u{2060}', '\u{feff}'], "");
    lower.replace("pixel", "").replace("px", "").trim().to_owned()
}

/// Words that may stand beside a ratio and name none. `youtube` and `tiktok` name one if nothing else does.
const NEUTRAL: &str = "format video vídeo vidéo ratio hd full uhd 4k 720p 1080p 1440p 2160p for für pour para instagram insta ig \
                       facebook fb linkedin feed post web website webseite youtube yt tiktok";

/// Returns the different ratios that the words of a text name, or `None` if it has other words or no ratio.
fn ratios_of_phrase(text: &str) -> Option<Vec<ParsedRatio>> {
    let joined = text.replace(" : ", ":").replace(" x ", "x").replace(" × ", "×");
    let words = joined.split([' ', '\n', '\t', '(', ')', '[', ']', ',', ';', '+', '&']);
    // `TikTok/Reels`, but not `9/16`.
    let words = words.flat_map(|word| {
        let is_ratio = parse_single(word).is_some();
        word.split(move |character| character == '/' && !is_ratio)
    });
    let mut ratios: Vec<(AspectRatio, ParsedRatio)> = Vec::new();
    let mut neutral = Vec::new();
    for word in words.filter(|word| word.contains(char::is_alphanumeric)) {
        let word = word.trim_end_matches([':', '.']);
        if NEUTRAL.split_whitespace().any(|known| known == word) {
            neutral.extend(parse_single(word));
            continue;
        }
        let parsed = parse_single(word)?;
        let (ParsedRatio::Plain(ratio) | ParsedRatio::Repaired(ratio)) = parsed;
        if !ratios.iter().any(|(other, _)| *other == ratio) {
            ratios.push((ratio, parsed));
        }
    }
    let ratios: Vec<ParsedRatio> = ratios.into_iter().map(|(_, parsed)| parsed).collect();
    let named = if ratios.is_empty() { neutral } else { ratios };
    (!named.is_empty()).then_some(named)
}

fn parse_single(lower: &str) -> Option<ParsedRatio> {
    if let Some(ratio) = word(lower) {
        return Some(ParsedRatio::Plain(ratio));
    }
    if let Some((width, height)) = two_numbers(lower) {
        let ratio = from_sides(width, height)?;
        let padded = lower.starts_with('0') || lower.ends_with(":09") || lower.ends_with(":01");
        return Some(if padded { ParsedRatio::Repaired(ratio) } else { ParsedRatio::Plain(ratio) });
    }
    let minutes = time_of_day(lower).or_else(|| day_fraction(lower))?;
    from_sides(minutes / 60, minutes % 60).map(ParsedRatio::Repaired)
}

/// Checks whether a spreadsheet converted a ratio to a date. September 16 may have been `9/16` or `16/9`.
pub(crate) fn is_date(text: &str) -> bool {
    let months = [
        "jan", "feb", "mar", "apr", "may", "mai", "jun", "jul", "aug", "sep", "oct", "okt", "nov",
        "dec", "dez",
    ];
    let text = text.trim().to_lowercase();
    let has_month = months.iter().any(|month| {
        let rest = text.replacen(month, "", 1);
        rest.len() < text.len() && rest.chars().any(|character| character.is_ascii_digit())
    });
    let parts: Vec<&str> = text.split(['-', '.', '/']).collect();
    let is_numeric = parts.len() == 3 && parts.iter().all(|part| number(part).is_some());
    (has_month && text.len() < 20) || is_numeric
}

const fn from_sides(width: u32, height: u32) -> Option<AspectRatio> {
    match (width, height) {
        (16, 9) => Some(AspectRatio::Landscape),
        (1, 1) => Some(AspectRatio::Square),
        (9, 16) => Some(AspectRatio::Portrait),
        _ => None,
    }
}

/// Words for ratios, in lower case.
pub(crate) const WORDS: [(AspectRatio, &[&str]); 3] = [
    (
        AspectRatio::Portrait,
        &[
            "portrait",
            "vertical",
            "story",
            "stories",
            "reel",
            "reels",
            "short",
            "shorts",
            "tiktok",
            "hochformat",
            "hochkant",
            "vertikal",
            "retrato",
            "verticale",
            "verticaal",
            "staand",
            "pionowo",
            "pionowy",
            "pionowe",
            "pionowa",
        ],
    ),
    (
        AspectRatio::Landscape,
        &[
            "landscape",
            "horizontal",
            "widescreen",
            "wide",
            "youtube",
            "querformat",
            "quer",
            "breitbild",
            "apaisado",
            "paysage",
            "paisagem",
            "orizzontale",
            "horizontaal",
            "liggend",
            "poziomo",
            "poziomy",
            "poziome",
            "pozioma",
        ],
    ),
    (
        AspectRatio::Square,
        &[
            "square",
            "quadratisch",
            "quadrat",
            "cuadrado",
            "cuadrada",
            "carré",
            "carre",
            "quadrato",
            "quadrado",
            "quadrada",
            "vierkant",
            "kwadrat",
            "kwadratowy",
        ],
    ),
];

fn word(text: &str) -> Option<AspectRatio> {
    let named = WORDS.iter().find(|(_, words)| words.contains(&text));
    named.map(|(ratio, _)| *ratio)
}

/// Parses `9:16`, `9x16`, `9/16`, `9×16`, `9 : 16`, `9-16`, `9 by 16`, and sizes such as `1080x1920`.
fn two_numbers(text: &str) -> Option<(u32, u32)> {
    let words = [" by ", " to ", " zu ", " à ", " a ", " per ", " op ", " na ", " til ", " till "];
    let (left, right) = text
        .split_once([':', 'x', '/', '×', '∶', '*', '-', '_', '–', '—', '−'])
        .or_else(|| words.iter().find_map(|word| text.split_once(word)))?;
    let (width, height) = (number(left)?, number(right)?);
    // Sizes in pixels are reduced to ratios.
    let divisor =
        if width > 60 && height > 60 { greatest_common_divisor(width, height) } else { 1 };
    Some((width / divisor, height / divisor))
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// Parses a number of at most four digits.
fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Parses a time of day to minutes since midnight: `09:16:00`, `9:16 AM`, `4:09:00 PM`, `9.16.00`,
/// `1899-12-30 09:16:00`, `09:16:00.000`, `9:16 Uhr`.
fn time_of_day(text: &str) -> Option<u32> {
    // The day from which spreadsheets count.
    let text = ["1899-12-30", "1899-12-31", "1900-01-00", "1904-01-01", "1/0/1900", "12/30/1899"]
        .iter()
        .find_map(|date| text.strip_prefix(date))
        .map_or(text, |time| time.trim_start_matches(['t', ' ']));
    let text = text.strip_suffix("uhr").unwrap_or(text).trim_end();
    let half = text.trim_end_matches('.').replace('.', ":");
    let half = half.replace(":m", "m").replace('h', ":");
    let (clock, afternoon) = match half
        .strip_suffix("am")
        .map(|clock| (clock, Some(false)))
        .or_else(|| half.strip_suffix("pm").map(|clock| (clock, Some(true))))
    {
        Some((clock, afternoon)) => (clock.trim().to_owned(), afternoon),
        None => (half, None),
    };
    let parts: Vec<u32> = clock.split(':').map(number).collect::<Option<_>>()?;
    let (hour, minute) = match parts.as_slice() {
        [hour, minute] | [hour, minute, 0] | [hour, minute, 0, 0] => (*hour, *minute),
        _ => return None,
    };
    let hour = match afternoon {
        None => hour,
        Some(_) if hour == 0 || hour > 12 => return None,
        Some(true) => hour % 12 + 12,
        Some(false) => hour % 12,
    };
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// Parses a time as the fraction of a day, as spreadsheets store it: 0.386111… is 9:16.
fn day_fraction(text: &str) -> Option<u32> {
    let plain = text.replace(',', ".");
    if !plain.starts_with("0.") && !plain.starts_with('.') {
        return None;
    }
    let minutes = plain.parse::<f64>().ok()? * 1440.0;
    // Exports round to as few as four places: 0.14 minutes.
    let whole = minutes.round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rounded number from 0 to 1440"
    )]
    ((minutes - whole).abs() < 0.1 && (0.0..1440.0).contains(&whole)).then_some(whole as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_three_ratios_is_parsed() {
        use AspectRatio::{Landscape, Portrait, Square};
        for (ratio, plain) in [
            (
                Portrait,
                "9:16|9x16|9X16|9/16|9×16| 9 : 16 |'9:16|portrait|Vertical|story|reel|1080x1920|1080x1920 px|\
                 9 zu 16|９：１６|９:16|9 by 16|9–16|9—16|9−16",
            ),
            (Landscape, "16:9|16x9|16/9|16×9|landscape|Horizontal|1920x1080|1920×1080px"),
            (Square, "1:1|1x1|1/1|1×1|Square|1080x1080|１:１|1080 x 1080 Pixel"),
        ] {
            for text in plain.split('|') {
                assert_eq!(parse(text), Some(ParsedRatio::Plain(ratio)), "{text}");
            }
        }
        for (ratio, repaired) in [
            (
                Portrait,
                "09:16|9:16 AM|9:16:00|09:16:00|9:16:00 AM|09:16 am|9:16 a.m.|9.16.00|0.386111111111111|\
                 0,386111|0.3861|1899-12-30 09:16:00|1899-12-30T09:16:00|09:16:00.000|9:16\u{202f}AM|9:16 Uhr|9h16",
            ),
            (
                Landscape,
                "16:09|16:09:00|4:09 PM|4:09:00 PM|04:09:00 PM|4:09 p.m.|0.672916666666667|0.6729|16h09",
            ),
            (Square, "01:01|1:01|1:01 AM|01:01:00|1:01:00 AM|0.0423611111111111|0.04236"),
        ] {
            for text in repaired.split('|') {
                assert_eq!(parse(text.trim()), Some(ParsedRatio::Repaired(ratio)), "{text}");
            }
        }
    }

    #[test]
    fn dates_and_lists_are_recognized() {
        for text in
            ["16-Sep", "Sep-16", "16. Sep", "2026-09-16", "16.09.2026", "9/16/2026", "1-Jan"]
        {
            assert!(is_date(text) && parse(text).is_none(), "{text}");
        }
        for text in ["4:3", "sepia", "decade", "16", "", "9-16"] {
            assert!(!is_date(text), "{text}");
        }
        for text in ["9:16, 1:1", "9x16;16x9", "portrait\nsquare"] {
            assert!(split(text).len() == 2 && parse(text).is_none(), "{text}");
        }
        for text in ["9:16", "9:16,", "9:16, 4:3", ""] {
            assert_eq!(split(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn words_beside_a_ratio_confirm_it() {
        use AspectRatio::{Landscape, Portrait, Square};
        for (ratio, texts) in [
            (
                Portrait,
                "9:16 (Reel)|Vertical 9:16|9:16 Hochformat|Hochformat (9 : 16)|YouTube Shorts|Instagram Reel|TikTok 9:16|Reel, 9:16|9\u{200b}:16|\
                 TikTok/Reels|TikTok, Reels|Reels / Stories|1080x1920 px (Reel)|IG Reel (9:16)|YouTube Short 9:16|YT Shorts",
            ),
            (
                Landscape,
                "16:9 YouTube|Querformat|Querformat 16:9|YouTube|16x9 – Full HD|apaisado|paysage|poziomo|\
                 16:9 (YouTube, Website)|16:9 1080p",
            ),
            (Square, "quadratisch|1:1 (Feed)|carré|vierkant|Instagram Post 1:1"),
        ] {
            for text in texts.split('|') {
                assert_eq!(parse(text), Some(ParsedRatio::Plain(ratio)), "{text}");
                assert_eq!(split(text), [text], "{text}");
            }
        }
        for text in ["Hochformat 16:9", "9:16 1:1", "Reel 1:1"] {
            assert!(parse(text).is_none() && is_contradictory(text), "{text}");
        }
        for text in ["9:16 soon", "Format", "9:16 PM", "Instagram", "4:3 (Reel)"] {
            assert!(parse(text).is_none() && !is_contradictory(text), "{text}");
        }
    }

    #[test]
    fn several_ratios_are_split() {
        for (text, parts) in [
            ("9:16, 1:1", "9:16|1:1"),
            ("9:16;16:9", "9:16|16:9"),
            ("9:16 / 1:1", "9:16|1:1"),
            ("9:16/1:1", "9:16|1:1"),
            ("16/9", "16/9"),
            ("16/9 / 9/16", "16/9|9/16"),
            ("16/9, 9/16 + square", "16/9|9/16|square"),
            ("9:16 & 16:9 and 1:1", "9:16|16:9|1:1"),
            ("9:16 (Reel)\n16:9 (YouTube)", "9:16 (Reel)|16:9 (YouTube)"),
            ("Hochformat und Querformat", "Hochformat|Querformat"),
            ("9:16, 9x16, 1:1", "9:16|1:1"),
            ("9:16 or 1:1", "9:16|1:1"),
            ("9:16 oder 1:1 oder 16:9", "9:16|1:1|16:9"),
            ("9:16, 1:1 und 16:9", "9:16|1:1|16:9"),
            ("9:16 und/oder 1:1", "9:16|1:1"),
            ("9:16 ou 1:1", "9:16|1:1"),
            ("9:16 o 1:1", "9:16|1:1"),
            ("9:16 y 1:1", "9:16|1:1"),
            ("9:16 e 1:1", "9:16|1:1"),
            ("9:16 i 1:1", "9:16|1:1"),
            ("9:16 lub 1:1", "9:16|1:1"),
            ("9:16 of 1:1", "9:16|1:1"),
            ("Hochformat oder Quadrat", "Hochformat|Quadrat"),
            ("9:16 or 4:3", "9:16 or 4:3"),
            ("9:16 / 4:3", "9:16 / 4:3"),
            ("0,386111", "0,386111"),
        ] {
            assert_eq!(split(text).join("|"), parts, "{text}");
        }
    }

    #[test]
    fn other_texts_are_not_ratios() {
        for text in [
            "",
            " ",
            "4:3",
            "9:99",
            "16",
            "9:16 PM",
            "0.5",
            "0.38",
            "16:9:16",
            "9:16:30",
            "x",
            "9x",
            "-",
            "1:1:1",
            "24:00",
            "0:16 AM",
            "99999x99999",
            "9:16,1:1",
            "0.",
            ".",
            "am",
            "é:é",
            "１:２",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
