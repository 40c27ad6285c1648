//! How long a job speaks, and what that costs.

use crate::remote::api::wire::CreateBody;

use super::chance::Seed;

/// About how many words are spoken in a second.
const WORDS_PER_SECOND: f64 = 2.5;

/// Characters of a script without spaces that take as long as a word.
const CHARACTERS_PER_WORD: f64 = 2.5;

/// Seconds that the speech of `body` takes: for a text by its words, give or take a twentieth as its
/// wording has it; for a recording what `seconds=` in its URL says, else 8 to 40 as the URL has it. The
/// same text or URL always takes the same time.
pub(super) fn seconds(seed: Seed, body: &CreateBody) -> f64 {
    if let Some(url) = &body.audio {
        let drawn = 8.0 + 32.0 * seed.fraction(url, 0);
        return stated_seconds(url).unwrap_or(drawn);
    }
    let text = body.text.as_deref().unwrap_or_default();
    let (spaced, dense) = count(text);
    let words = f64::from(spaced) + f64::from(dense) / CHARACTERS_PER_WORD;
    let wording = 0.95 + 0.1 * seed.fraction(text, 0);
    (words / WORDS_PER_SECOND * wording).max(1.0)
}

/// Words, and characters of scripts that put no spaces between words.
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

/// `seconds=12.5` of a query; an hour at most.
fn stated_seconds(url: &str) -> Option<f64> {
    let query = url.split_once('?')?.1;
    let value = query
        .split(['&', '#'])
        .find_map(|pair| pair.strip_prefix("seconds="))?;
    let seconds: f64 = value.parse().ok()?;
    (seconds > 0.0 && seconds <= 3600.0).then_some(seconds)
}

/// Credits for `seconds` of `model`, from the provider's billing page since May 2026: every started
/// 30 seconds of `standard` cost 5, every started second of `aurora_v1` 1, of `aurora_v1_fast` 0.5. All
/// are multiples of a half, so sums of them are exact.
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
        let body = CreateBody {
            text: Some(text.into()),
            ..CreateBody::default()
        };
        seconds(Seed(1), &body)
    }

    fn recorded(url: &str) -> f64 {
        let body = CreateBody {
            audio: Some(url.into()),
            ..CreateBody::default()
        };
        seconds(Seed(1), &body)
    }

    #[test]
    fn a_hundred_words_take_forty_seconds_or_so() {
        let length = spoken(&"word ".repeat(100));
        assert!((38.0..=42.0).contains(&length), "{length}");
        assert!((spoken("Hi") - 1.0).abs() < 1e-9);
        assert!((1.5..2.5).contains(&spoken("これはとても長い文章です。")));
    }

    #[test]
    fn a_recording_takes_what_its_address_says_or_something_likely() {
        assert!((recorded("https://x/a.mp3?seconds=61.5") - 61.5).abs() < 1e-9);
        for url in [
            "https://x/a.mp3",
            "https://x/a.mp3?seconds=NaN",
            "x?seconds=-1",
        ] {
            assert!((8.0..40.0).contains(&recorded(url)), "{url}");
        }
    }

    #[test]
    fn charges_are_those_of_the_price_table() {
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
