//! What a video will cost: a range, never one false-precise figure.

use serde::{Deserialize, Serialize};

use super::{Credits, ModelVersion, Speech, VideoRequest};

/// The price of every model and the assumptions about speech. One table; a manifest's `prices:` may
/// override any value.
///
/// Defaults, from the provider's billing page since May 2026: `standard` 5 credits for each started
/// 30 s; `aurora_v1` 1 credit a second; `aurora_v1_fast` half a credit a second; seconds rounded up.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceTable {
    /// Credits for each started block of `standard`.
    pub standard_block: Credits,
    /// Length of such a block in seconds.
    pub standard_block_seconds: u32,
    /// Credits for each started second of `aurora_v1`.
    pub aurora_v1_second: Credits,
    /// Credits for each started second of `aurora_v1_fast`.
    pub aurora_v1_fast_second: Credits,
    /// Words a slow speaker says in a second: gives the upper end of the range. 2.2 leaves room below
    /// the 2.5 that third-party clients use.
    pub slow_words_per_second: f64,
    /// Words a fast speaker says in a second: gives the lower end of the range.
    pub fast_words_per_second: f64,
    /// Length in seconds that is assumed for a recording of unknown length.
    pub assumed_audio_seconds: f64,
}

/// `prices:` of a manifest: every value optional.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PriceSettings {
    /// Credits for each started block of `standard`.
    pub standard_block: Option<Credits>,
    /// Length of such a block in seconds.
    pub standard_block_seconds: Option<u32>,
    /// Credits for each started second of `aurora_v1`.
    pub aurora_v1_second: Option<Credits>,
    /// Credits for each started second of `aurora_v1_fast`.
    pub aurora_v1_fast_second: Option<Credits>,
    /// Length in seconds that is assumed for a recording of unknown length.
    pub assumed_audio_seconds: Option<f64>,
}

/// What one job is expected to need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Shortest likely speech in seconds.
    pub seconds_low: f64,
    /// Longest likely speech in seconds.
    pub seconds_high: f64,
    /// Lower end of the charge.
    pub low: Credits,
    /// Upper end of the charge; this much is reserved.
    pub high: Credits,
}

impl Default for PriceTable {
    fn default() -> Self {
        Self {
            standard_block: Credits::whole(5),
            standard_block_seconds: 30,
            aurora_v1_second: Credits::whole(1),
            aurora_v1_fast_second: Credits::from_thousandths(500),
            slow_words_per_second: 2.2,
            fast_words_per_second: 3.3,
            assumed_audio_seconds: 30.0,
        }
    }
}

impl PriceTable {
    /// This table with a manifest's values in place of its own.
    #[must_use]
    pub fn with(mut self, settings: &PriceSettings) -> Self {
        let set = |place: &mut Credits, value: Option<Credits>| {
            if let Some(value) = value {
                *place = value;
            }
        };
        set(&mut self.standard_block, settings.standard_block);
        set(&mut self.aurora_v1_second, settings.aurora_v1_second);
        set(
            &mut self.aurora_v1_fast_second,
            settings.aurora_v1_fast_second,
        );
        if let Some(seconds) = settings.standard_block_seconds {
            self.standard_block_seconds = seconds.max(1);
        }
        if let Some(seconds) = settings.assumed_audio_seconds {
            self.assumed_audio_seconds = seconds;
        }
        self
    }

    /// What `request` will cost. `audio_seconds` is the length of its recording, if known.
    pub fn estimate(&self, request: &VideoRequest, audio_seconds: Option<f64>) -> Estimate {
        let (seconds_low, seconds_high) = match &request.speech {
            Speech::Audio(_) => match audio_seconds {
                Some(seconds) => (seconds, seconds),
                None => (self.assumed_audio_seconds, self.assumed_audio_seconds),
            },
            Speech::Text(text) => {
                let words = spoken_words(text);
                (
                    words / self.fast_words_per_second,
                    words / self.slow_words_per_second,
                )
            }
        };
        Estimate {
            seconds_low,
            seconds_high,
            low: self.charge(request.model_version, seconds_low),
            high: self.charge(request.model_version, seconds_high),
        }
    }

    /// The charge for `seconds` of speech: every started block or second counts, and there is at
    /// least one.
    pub fn charge(&self, model: ModelVersion, seconds: f64) -> Credits {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a speech of minutes, in seconds"
        )]
        let whole_seconds = (seconds.ceil() as i64).max(1);
        let block = i64::from(self.standard_block_seconds);
        match model {
            ModelVersion::Standard => self
                .standard_block
                .times((whole_seconds + block - 1) / block),
            ModelVersion::AuroraV1 => self.aurora_v1_second.times(whole_seconds),
            ModelVersion::AuroraV1Fast => self.aurora_v1_fast_second.times(whole_seconds),
        }
    }
}

/// How many words `text` is to a speaker. Scripts without spaces are counted by character: about
/// 2.5 characters of Japanese, Chinese or Thai take as long as one English word (some six or seven
/// characters a second).
fn spoken_words(text: &str) -> f64 {
    if text.is_ascii() {
        let is_space = |byte: &u8| matches!(byte, b'\t'..=b'\r' | b' ');
        let words = text.as_bytes().split(is_space);
        let spoken = words.filter(|word| word.iter().any(u8::is_ascii_alphanumeric));
        return f64::from(u32::try_from(spoken.count()).unwrap_or(u32::MAX));
    }
    let mut words = 0_u32;
    let mut dense = 0_u32;
    for word in text.split_whitespace() {
        let dense_here = word.chars().filter(|c| is_dense_script(*c)).count();
        dense += u32::try_from(dense_here).unwrap_or(u32::MAX);
        words += u32::from(
            word.chars()
                .any(|c| c.is_alphanumeric() && !is_dense_script(c)),
        );
    }
    f64::from(words) + f64::from(dense) / 2.5
}

/// Thai, Lao, Myanmar, Khmer, kana, and Chinese characters: written without spaces between words.
const fn is_dense_script(c: char) -> bool {
    matches!(c,
        '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AspectRatio;

    fn text(words: usize) -> VideoRequest {
        VideoRequest::new(
            Speech::Text("word ".repeat(words).into()),
            "p",
            AspectRatio::Square,
        )
    }

    #[test]
    fn charges_by_the_published_table() {
        let table = PriceTable::default();
        for (model, seconds, expected) in [
            (ModelVersion::Standard, 0.0, "5"),
            (ModelVersion::Standard, 30.0, "5"),
            (ModelVersion::Standard, 30.1, "10"),
            (ModelVersion::AuroraV1, 10.4, "11"),
            (ModelVersion::AuroraV1Fast, 10.4, "5.5"),
            (ModelVersion::AuroraV1Fast, 30.0, "15"),
        ] {
            assert_eq!(
                table.charge(model, seconds).to_string(),
                expected,
                "{model} {seconds}"
            );
        }
    }

    #[test]
    fn estimates_are_ranges_that_hold_the_usual_rate() {
        let mut request = text(100);
        request.model_version = ModelVersion::AuroraV1;
        let estimate = PriceTable::default().estimate(&request, None);
        assert!(estimate.low <= Credits::whole(40) && Credits::whole(40) <= estimate.high);
        assert!(estimate.low < estimate.high);
    }

    #[test]
    fn scripts_without_spaces_take_time_too() {
        assert!((spoken_words("これはとても長い文章です。") - 4.8).abs() < 0.5);
        assert!((spoken_words("one two — three") - 3.0).abs() < 1e-9);
        assert!((spoken_words("one\u{b}two - it's\r\n3 ") - 4.0).abs() < 1e-9);
    }

    #[test]
    fn a_recording_of_known_length_has_one_price() {
        let request = VideoRequest::new(
            Speech::Audio("https://x/a.mp3".into()),
            "p",
            AspectRatio::Square,
        );
        let estimate = PriceTable::default().estimate(&request, Some(61.0));
        assert_eq!(
            (estimate.low, estimate.high),
            (Credits::whole(15), Credits::whole(15))
        );
    }
}
