//! The estimated price of a video: always a range.

use serde::{Deserialize, Serialize};

use super::{Credits, ModelVersion, Speech, ValueOrigin, VideoRequest};

/// The prices of all models and the assumptions about speech. `prices:` in a manifest replaces values, and finished
/// jobs calibrate them (`Calibration`).
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
    /// The speech rates.
    pub speech: SpeechRates,
    /// The assumed length of a recording of unknown length.
    pub recordings: RecordingLengths,
    /// The longest recording in seconds: what is reserved for any, because its length is known only afterwards.
    pub longest_recording: f64,
}

/// The longest recording that the provider's pages allow, in seconds.
const LONGEST_RECORDING: f64 = 300.0;

/// Speech rates in words a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpeechRates {
    /// A slow rate, for the upper end of a range.
    pub slow: f64,
    /// A typical rate.
    pub likely: f64,
    /// A fast rate, for the lower end of a range.
    pub fast: f64,
}

impl Default for SpeechRates {
    /// 150 words a minute is a typical rate in front of a camera, which other clients of this provider assume too; 130
    /// is slow and 200 is fast.
    fn default() -> Self {
        Self { slow: 2.2, likely: 2.5, fast: 3.3 }
    }
}

/// Lengths in seconds that are assumed for a recording of unknown length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecordingLengths {
    /// A short one.
    pub short: f64,
    /// A typical one.
    pub likely: f64,
    /// A long one. The reservation covers it.
    pub long: f64,
}

impl RecordingLengths {
    /// Returns lengths from half of an assumed length to twice as much.
    pub fn around(likely: f64) -> Self {
        Self { short: likely / 2.0, likely, long: likely * 2.0 }
    }
}

impl Default for RecordingLengths {
    fn default() -> Self {
        Self::around(30.0)
    }
}

/// The `prices:` of a manifest; every value is optional.
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
    /// The assumed length in seconds of a recording of unknown length.
    pub assumed_audio_seconds: Option<f64>,
    /// The length in seconds that no recording exceeds, by the word of the user (`--audio-seconds`). Never from a manifest.
    pub longest_recording: Option<f64>,
}

/// The estimate of a job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The shortest likely length in seconds.
    pub seconds_low: f64,
    /// The longest likely length in seconds.
    pub seconds_high: f64,
    /// The lower end of the charge.
    pub low: Credits,
    /// The typical charge, which sums over many jobs come close to.
    pub likely: Credits,
    /// The upper end of the charge.
    pub high: Credits,
    /// The credits reserved at a submit, which the caps count: at least the upper end, and at least the upper end
    /// before calibration.
    pub reserve: Credits,
    /// For a recording, whose reservation is for the longest one: a charge of less than half of this is not believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<Credits>,
}

impl Estimate {
    /// Returns this estimate with at least the reservation of `other`.
    #[must_use]
    pub fn reserving_at_least(mut self, other: &Self) -> Self {
        self.reserve = self.reserve.max(other.reserve);
        self
    }
}

impl Default for PriceTable {
    fn default() -> Self {
        Self {
            standard_block: Credits::whole(5),
            standard_block_seconds: 30,
            aurora_v1_second: Credits::whole(1),
            aurora_v1_fast_second: Credits::from_thousandths(500),
            speech: SpeechRates::default(),
            recordings: RecordingLengths::default(),
            longest_recording: LONGEST_RECORDING,
        }
    }
}

impl PriceTable {
    /// Replaces values of this table with those of a manifest. Prices that came along never lower a charge, because
    /// otherwise a cap would let more jobs pass than it covers.
    #[must_use]
    pub fn with(self, settings: &PriceSettings, origin: ValueOrigin<'_>) -> Self {
        let replaced = self.clone().replaced_by(settings);
        match origin {
            ValueOrigin::User => replaced,
            ValueOrigin::CameAlong(_) => replaced.at_least(&self),
        }
    }

    /// Raises the prices so that no charge is below that of `other`.
    fn at_least(mut self, other: &Self) -> Self {
        // A block must cost as much as all blocks of the other table that it can contain.
        let blocks = self.standard_block_seconds.div_ceil(other.standard_block_seconds);
        if self.standard_block < other.standard_block.times(i64::from(blocks)) {
            self.standard_block = other.standard_block;
            self.standard_block_seconds = other.standard_block_seconds;
        }
        self.aurora_v1_second = self.aurora_v1_second.max(other.aurora_v1_second);
        let fast_second = other.aurora_v1_fast_second;
        self.aurora_v1_fast_second = self.aurora_v1_fast_second.max(fast_second);
        if self.recordings.likely < other.recordings.likely {
            self.recordings = other.recordings;
        }
        self
    }

    fn replaced_by(mut self, settings: &PriceSettings) -> Self {
        self.standard_block = settings.standard_block.unwrap_or(self.standard_block);
        self.aurora_v1_second = settings.aurora_v1_second.unwrap_or(self.aurora_v1_second);
        let fast_second = settings.aurora_v1_fast_second;
        self.aurora_v1_fast_second = fast_second.unwrap_or(self.aurora_v1_fast_second);
        let block_seconds = settings.standard_block_seconds.map(|seconds| seconds.max(1));
        self.standard_block_seconds = block_seconds.unwrap_or(self.standard_block_seconds);
        self.longest_recording = settings.longest_recording.unwrap_or(self.longest_recording);
        if let Some(seconds) = settings.assumed_audio_seconds {
            self.recordings = RecordingLengths::around(seconds);
        }
        self
    }

    /// Estimates `request`. `audio_seconds` is the length of its recording, if known.
    pub fn estimate(&self, request: &VideoRequest, audio_seconds: Option<f64>) -> Estimate {
        self.estimate_of(request.model_version, SpeechLength::of(request, audio_seconds))
    }

    /// Estimates speech of this length with `model`.
    pub(crate) fn estimate_of(&self, model: ModelVersion, spoken: SpeechLength) -> Estimate {
        let (seconds_low, likely, seconds_high) = match spoken {
            SpeechLength::Recording(Some(seconds)) => (seconds, seconds, seconds),
            SpeechLength::Recording(None) => {
                let RecordingLengths { short, likely, long } = self.recordings;
                let longest = self.longest_recording.max(likely);
                (short, likely, long.min(longest))
            }
            SpeechLength::Words(words) => {
                let SpeechRates { slow, likely, fast } = self.speech;
                (words / fast, words / likely, words / slow)
            }
        };
        let charge = |seconds| self.charge(model, seconds);
        let high = charge(seconds_high);
        let (reserve, least) = match spoken {
            SpeechLength::Words(_) => (high, None),
            SpeechLength::Recording(stated) => {
                // The sheet may state any length, so it cannot lower the reservation.
                let longest = self.longest_recording.max(stated.unwrap_or(self.recordings.likely));
                (charge(longest), Some(charge(self.recordings.short.min(longest))))
            }
        };
        Estimate {
            seconds_low,
            seconds_high,
            low: charge(seconds_low),
            likely: charge(likely),
            high,
            reserve,
            least,
        }
    }

    /// Returns the charge for `seconds` of speech: every started block or second counts, at least one.
    pub fn charge(&self, model: ModelVersion, seconds: f64) -> Credits {
        #[expect(clippy::cast_possible_truncation, reason = "a speech of minutes, in seconds")]
        let whole_seconds = (seconds.ceil() as i64).max(1);
        let block = i64::from(self.standard_block_seconds);
        match model {
            ModelVersion::Standard => {
                self.standard_block.times((whole_seconds + block - 1) / block)
            }
            ModelVersion::AuroraV1 => self.aurora_v1_second.times(whole_seconds),
            ModelVersion::AuroraV1Fast => self.aurora_v1_fast_second.times(whole_seconds),
        }
    }
}

/// The number of characters of Japanese, Chinese or Thai that take as long as one English word: about six or seven are
/// spoken in a second.
pub const CHARACTERS_A_WORD: f64 = 2.5;

/// The length of the speech in a video.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum SpeechLength {
    /// A text with this number of words.
    Words(f64),
    /// A recording, with its length in seconds if known.
    Recording(Option<f64>),
}

impl SpeechLength {
    /// Returns the speech length of `request`. `audio_seconds` is the length of its recording, if known.
    pub(crate) fn of(request: &VideoRequest, audio_seconds: Option<f64>) -> Self {
        match &request.speech {
            Speech::Text(text) => Self::Words(spoken_words(text)),
            Speech::Audio(_) => Self::Recording(audio_seconds),
        }
    }
}

/// The number of letters of a usual word.
const LETTERS_A_WORD: u32 = 6;

/// Counts the spoken words of `text`. Scripts without spaces are counted by character, and so are very long words.
fn spoken_words(text: &str) -> f64 {
    if text.is_ascii() {
        let (mut words, mut letters) = (0.0, 0);
        for byte in text.bytes() {
            if matches!(byte, b'\t'..=b'\r' | b' ') {
                words += words_of_letters(letters);
                letters = 0;
            }
            letters += u32::from(byte.is_ascii_alphanumeric());
        }
        return words + words_of_letters(letters);
    }
    let (mut words, mut dense) = (0.0, 0_u32);
    for word in text.split_whitespace() {
        let (mut letters, mut dense_here) = (0, 0);
        for character in word.chars() {
            let is_dense = is_dense_script(character);
            dense_here += u32::from(is_dense);
            letters += u32::from(!is_dense && character.is_alphanumeric());
        }
        dense = dense.saturating_add(dense_here);
        words += words_of_letters(letters);
    }
    words + f64::from(dense) / CHARACTERS_A_WORD
}

/// Returns for how many words a word with these letters counts.
fn words_of_letters(letters: u32) -> f64 {
    match letters {
        0 => 0.0,
        long if long > 3 * LETTERS_A_WORD => f64::from(long) / f64::from(LETTERS_A_WORD),
        _ => 1.0,
    }
}

/// Checks whether a character belongs to a script without spaces: Thai, Lao, Myanmar, Khmer, kana, Chinese.
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
        VideoRequest::new(Speech::Text("word ".repeat(words).into()), "p", AspectRatio::Square)
    }

    #[test]
    fn charges_follow_the_published_prices() {
        let table = PriceTable::default();
        for (model, seconds, expected) in [
            (ModelVersion::Standard, 0.0, "5"),
            (ModelVersion::Standard, 30.0, "5"),
            (ModelVersion::Standard, 30.1, "10"),
            (ModelVersion::AuroraV1, 10.4, "11"),
            (ModelVersion::AuroraV1Fast, 10.4, "5.5"),
            (ModelVersion::AuroraV1Fast, 30.0, "15"),
        ] {
            assert_eq!(table.charge(model, seconds).to_string(), expected, "{model} {seconds}");
        }
    }

    #[test]
    fn prices_that_came_along_never_lower_a_charge() {
        let tiny = Credits::from_thousandths(1);
        let block = |block, seconds| PriceSettings {
            standard_block: block,
            standard_block_seconds: seconds,
            ..PriceSettings::default()
        };
        let models = [ModelVersion::Standard, ModelVersion::AuroraV1, ModelVersion::AuroraV1Fast];
        let origin = ValueOrigin::CameAlong(std::path::Path::new("c.yaml"));
        let known = PriceTable::default();
        let cheap = PriceSettings {
            aurora_v1_second: Some(tiny),
            aurora_v1_fast_second: Some(tiny),
            assumed_audio_seconds: Some(0.5),
            ..block(Some(tiny), Some(u32::MAX))
        };
        for settings in [cheap, block(None, Some(45)), block(Some(Credits::whole(6)), Some(61))] {
            let table = known.clone().with(&settings, origin);
            for model in models {
                for seconds in 0..400 {
                    let seconds = f64::from(seconds);
                    assert!(table.charge(model, seconds) >= known.charge(model, seconds));
                }
                let unknown = SpeechLength::Recording(None);
                let [new, old] = [&table, &known].map(|it| it.estimate_of(model, unknown).reserve);
                assert!(new >= old, "{settings:?}");
            }
        }
        // Higher prices are used as they are.
        let dear = block(Some(Credits::whole(10)), Some(60));
        let table = known.clone().with(&dear, origin);
        assert_eq!(table, known.with(&dear, ValueOrigin::User));
    }

    #[test]
    fn estimates_include_the_typical_rate() {
        let mut request = text(100);
        request.model_version = ModelVersion::AuroraV1;
        let estimate = PriceTable::default().estimate(&request, None);
        assert_eq!(estimate.likely, Credits::whole(40));
        assert!(estimate.low < estimate.likely && estimate.likely < estimate.high);
        assert_eq!(estimate.reserve, estimate.high);
    }

    #[test]
    fn scripts_without_spaces_are_counted() {
        assert!((spoken_words("これはとても長い文章です。") - 4.8).abs() < 0.5);
        assert!((spoken_words("one two — three") - 3.0).abs() < 1e-9);
        assert!((spoken_words("ภาษาไทยไม่มีช่องว่าง") - 8.0).abs() < 0.5);
        assert!((spoken_words(&"word.".repeat(60)) - 40.0).abs() < 1e-9);
        assert!((spoken_words(&"größe-".repeat(60)) - 50.0).abs() < 1e-9);
        assert!((spoken_words("a disproportionate word") - 3.0).abs() < 1e-9);
        assert!((spoken_words("one\u{b}two - it's\r\n3 ") - 4.0).abs() < 1e-9);
    }

    #[test]
    fn a_recording_of_unknown_length_is_a_range() {
        let speech = Speech::Audio("https://x/a.mp3".into());
        let mut request = VideoRequest::new(speech, "p", AspectRatio::Square);
        request.model_version = ModelVersion::AuroraV1;
        let settings =
            PriceSettings { assumed_audio_seconds: Some(20.0), ..PriceSettings::default() };
        let estimate =
            PriceTable::default().with(&settings, ValueOrigin::User).estimate(&request, None);
        let ends = [estimate.low, estimate.likely, estimate.high];
        assert_eq!(ends, [10, 20, 40].map(Credits::whole));
    }

    #[test]
    fn the_longest_recording_is_reserved_whatever_the_sheet_states() {
        let speech = Speech::Audio("https://x/a.mp3".into());
        let mut request = VideoRequest::new(speech, "p", AspectRatio::Square);
        request.model_version = ModelVersion::AuroraV1;
        let settings =
            |seconds| PriceSettings { longest_recording: seconds, ..PriceSettings::default() };
        for (longest, stated, reserved) in [
            (None, None, 300),
            (None, Some(1.0), 300),
            (None, Some(400.0), 400),
            (Some(60.0), Some(1.0), 60),
            (Some(60.0), Some(90.0), 90),
        ] {
            let table = PriceTable::default().with(&settings(longest), ValueOrigin::User);
            let estimate = table.estimate(&request, stated);
            assert_eq!(estimate.reserve, Credits::whole(reserved), "{longest:?} {stated:?}");
            assert_eq!(estimate.least, Some(Credits::whole(15)));
        }
    }

    #[test]
    fn a_recording_of_known_length_has_one_price() {
        let request =
            VideoRequest::new(Speech::Audio("https://x/a.mp3".into()), "p", AspectRatio::Square);
        let estimate = PriceTable::default().estimate(&request, Some(61.0));
        assert_eq!((estimate.low, estimate.high), (Credits::whole(15), Credits::whole(15)));
    }
}
