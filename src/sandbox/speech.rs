//! The length of a job's speech, and its price.

use crate::remote::api::wire::CreateBody;

use super::random::Seed;

/// Typical speaking rate.
const WORDS_PER_SECOND: f64 = 2.5;

/// The number of characters, in scripts without spaces, that take as long to speak as a word.
const CHARACTERS_PER_WORD: f64 = 2.5;

/// Returns the length of the speech of `body` in seconds. A text's length follows from its number of words
/// ±5 %; a recording's is `seconds=` in its URL, or from 8 to 40. Equal texts and URLs have equal lengths.
pub(super) fn seconds(seed: Seed, body: &CreateBody) -> f64 {
    if let Some(url) = &body.audio {
        let random = 8.0 + 32.0 * seed.fraction(url, 0);
        return stated_seconds(url).unwrap_or(random);
    }
    let text = body.text.as_deref().unwrap_or_default();
    let (words, characters) = count(text);
    let words = f64::from(words) + f64::from(characters) / CHARACTERS_PER_WORD;
    let variation = 0.95 + 0.1 * seed.fraction(text, 0);
    (words / WORDS_PER_SECOND * variation).max(1.0)
}

/// Counts words, and characters of scripts that put no spaces between words.
fn count(text: &str) -> (u32, u32) {
    let is_dense = |c: char| {
        matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
            | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}')
    };
    let dense = text.chars().filter(|c| is_dense(*c)).count();
    let spaced = text
        .split_whitespace()
        .filter(|word| word.chars().any(|c| c.is_alphanumeric() && !is_dense(c)))
        .count();
    let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
    (number(spaced), number(dense))
}

/// Parses `seconds=12.5` in the query of a URL; at most an hour.
fn stated_seconds(url: &str) -> Option<f64> {
    let query = url.split_once('?')?.1;
    let value = query.split(['&', '#']).find_map(|pair| pair.strip_prefix("seconds="))?;
    let seconds: f64 = value.parse().ok()?;
    (seconds > 0.0 && seconds <= 3600.0).then_some(seconds)
}

/// Returns the credits for `seconds` of `model`, from the provider's billing page since May 2026: `standard`
/// costs 5 per 30 seconds begun, `aurora_v1` 1 and `aurora_v1_fast` 0.5 per second begun. All are multiples
/// of 0.5, so that sums are exact.
pub(super) fn charge(model: Option<&str>, seconds: f64) -> f64 {
    let started = seconds.ceil().max(1.0);
    match model {
        Some("aurora_v1") => started,
        Some("aurora_v1_fast") => 0.5 * started,
        _ => 5.0 * (started / 30.0).ceil(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(text: &str) -> f64 {
        let body = CreateBody { text: Some(text.into()), ..CreateBody::default() };
        seconds(Seed(1), &body)
    }

    fn recorded(url: &str) -> f64 {
        let body = CreateBody { audio: Some(url.into()), ..CreateBody::default() };
        seconds(Seed(1), &body)
    }

    #[test]
    fn a_hundred_words_take_about_forty_seconds() {
        let length = spoken(&"word ".repeat(100));
        assert!((38.0..=42.0).contains(&length), "{length}");
        assert!((spoken("Hi") - 1.0).abs() < 1e-9);
        assert!((1.5..2.5).contains(&spoken("これはとても長い文章です。")));
    }

    #[test]
    fn a_recording_has_the_length_in_its_url_or_a_likely_one() {
        assert!((recorded("https://x/a.mp3?seconds=61.5") - 61.5).abs() < 1e-9);
        for url in ["https://x/a.mp3", "https://x/a.mp3?seconds=NaN", "x?seconds=-1"] {
            assert!((8.0..40.0).contains(&recorded(url)), "{url}");
        }
    }

    #[test]
    fn charges_follow_the_price_table() {
        for (model, seconds, credits) in [
            (None, 30.0, 5.0),
            (Some("standard"), 30.1, 10.0),
            (Some("aurora_v1"), 10.4, 11.0),
            (Some("aurora_v1_fast"), 10.4, 5.5),
        ] {
            assert!((charge(model, seconds) - credits).abs() < 1e-9, "{model:?}");
        }
    }
}
