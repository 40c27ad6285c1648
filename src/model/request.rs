//! The request for a video: the fields of `POST /api/lipsyncs/`, under the sheet's names.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ParseError;
use super::parse::text_enum;

/// A request for a video. Its hash is the job's [`Fingerprint`](super::Fingerprint).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "they are the API's own switches")]
pub struct VideoRequest {
    /// The speech.
    pub speech: Speech,
    /// The persona's id at the provider (a UUID): the API's `creator`.
    pub persona: Arc<str>,
    /// The aspect ratio.
    pub aspect_ratio: AspectRatio,
    /// The model; always sent, because prices differ by a factor of six and defaults change.
    pub model_version: ModelVersion,
    /// The voice's id (an accent's UUID): the API's `accent`. The persona's own voice if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<Arc<str>>,
    /// Whether captions are wanted (the API's `no_caption`, negated).
    pub captions: bool,
    /// One of [`CAPTION_STYLES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption_style: Option<Arc<str>>,
    /// The horizontal position of the captions, relative to the centre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption_offset_x: Option<CaptionOffset>,
    /// The vertical position of the captions, relative to the centre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption_offset_y: Option<CaptionOffset>,
    /// Whether music is wanted (the API's `no_music`, negated).
    pub music: bool,
    /// The API's `green_screen`.
    pub green_screen: bool,
    /// The API's `transparent_background`; the file is then a `.webm` with alpha.
    pub transparent_background: bool,
    /// The API's `background_asset_image_url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background_image: Option<Arc<str>>,
    /// The webhook that the provider calls when the job ends. Not used by this program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<Arc<str>>,
}

impl VideoRequest {
    /// Returns a request with the API's own defaults.
    pub fn new(speech: Speech, persona: impl Into<Arc<str>>, aspect_ratio: AspectRatio) -> Self {
        Self {
            speech,
            persona: persona.into(),
            aspect_ratio,
            model_version: ModelVersion::Standard,
            voice: None,
            captions: false,
            caption_style: None,
            caption_offset_x: None,
            caption_offset_y: None,
            music: false,
            green_screen: false,
            transparent_background: false,
            background_image: None,
            webhook_url: None,
        }
    }

    /// Returns the extension of the finished file, without a dot.
    pub fn extension(&self) -> &'static str {
        if self.transparent_background { "webm" } else { "mp4" }
    }
}

/// The speech of a video: a text or a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speech {
    /// A text, spoken by the voice.
    Text(Arc<str>),
    /// URL of a recording that the provider can fetch.
    Audio(Arc<str>),
}

text_enum! {
    /// The aspect ratios of the API, by their names in its current documentation.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    AspectRatio {
        /// Landscape.
        #[serde(rename = "16x9")]
        Landscape = "16x9",
        /// Square.
        #[serde(rename = "1x1")]
        Square = "1x1",
        /// Portrait.
        #[serde(rename = "9x16")]
        Portrait = "9x16",
    }
}

impl AspectRatio {
    /// Returns width and height in units of the ratio.
    pub const fn sides(self) -> (u32, u32) {
        match self {
            Self::Landscape => (16, 9),
            Self::Square => (1, 1),
            Self::Portrait => (9, 16),
        }
    }
}

text_enum! {
    /// The models of the lipsync endpoint, by their names in the API.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    ModelVersion {
        /// The cheapest for all but the shortest texts.
        #[serde(rename = "standard")]
        Standard = "standard",
        /// The most expensive.
        #[serde(rename = "aurora_v1")]
        AuroraV1 = "aurora_v1",
        /// Half the price of `aurora_v1`.
        #[serde(rename = "aurora_v1_fast")]
        AuroraV1Fast = "aurora_v1_fast",
    }
}

/// A caption offset in hundredths, −0.50 to 0.50; the API expects a decimal string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaptionOffset(i8);

/// The 18 caption styles in the API's documentation of the create request.
pub const CAPTION_STYLES: [&str; 18] = [
    "normal-black",
    "normal-white",
    "normal-red",
    "normal-blue",
    "neo",
    "brick",
    "frenzy",
    "verana",
    "mustard",
    "glow",
    "mint",
    "coolers",
    "bilo",
    "toons",
    "deep-blue",
    "mystique",
    "caution",
    "duality",
];

impl FromStr for AspectRatio {
    type Err = ParseError;
    /// Parses `9x16` and `9:16`. Ratios that a spreadsheet has converted are handled by the manifest layer.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = text.trim().replace(':', "x");
        Self::ALL
            .into_iter()
            .find(|ratio| ratio.as_str() == plain)
            .ok_or_else(|| ParseError::new(text, "one of `16:9`, `1:1`, `9:16`"))
    }
}

impl FromStr for ModelVersion {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "one of `standard`, `aurora_v1`, `aurora_v1_fast`";
        Self::ALL
            .into_iter()
            .find(|model| model.as_str() == text.trim())
            .ok_or_else(|| ParseError::new(text, expected))
    }
}

impl FromStr for CaptionOffset {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number: f64 = text.trim().parse().unwrap_or(f64::NAN);
        if !(-0.5..=0.5).contains(&number) {
            return Err(ParseError::new(text, "a number from -0.5 to 0.5"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 50 either way")]
        Ok(Self((number * 100.0).round() as i8))
    }
}

impl fmt::Display for CaptionOffset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.2}", f64::from(self.0) / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_and_models_parse_what_they_format() {
        for ratio in AspectRatio::ALL {
            assert_eq!(ratio.as_str().parse(), Ok(ratio));
            assert_eq!(ratio.as_str().replace('x', ":").parse(), Ok(ratio));
        }
        for model in ModelVersion::ALL {
            assert_eq!(model.as_str().parse(), Ok(model));
        }
        assert!("4:3".parse::<AspectRatio>().is_err());
    }

    #[test]
    fn offsets_are_limited_to_their_range() {
        assert_eq!("-0.4".parse::<CaptionOffset>().unwrap().to_string(), "-0.40");
        for wrong in ["0.51", "-1", "NaN", "left"] {
            assert!(wrong.parse::<CaptionOffset>().is_err(), "{wrong}");
        }
    }
}
