//! The values of one combination, each judged by itself: [`RowValidator`].

use crate::model::{
    AspectRatio, CAPTION_STYLES, CaptionOffset, ModelVersion, Speech, Text, VideoRequest,
};

use crate::manifest::build::raw_job::{Combination, RawJob};
use crate::manifest::build::rules::Rules;
use crate::manifest::build::template::Variables;
use crate::manifest::diagnostics::lints;
use crate::manifest::diagnostics::place::Place;
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::words;
use crate::manifest::formats::table::Value;
use crate::manifest::schema::field::{Field, key};
use crate::manifest::schema::names::NameResolver;
use crate::manifest::schema::ratio::{self, Reading};
use crate::manifest::schema::values;
use std::sync::Arc;

/// Lengths the API's reference gives for its URLs.
const LONGEST_WEBHOOK: usize = 200;
const LONGEST_BACKGROUND: usize = 1_024;
/// What to do about `16-Sep`.
const DATE_HELP: &str =
    "the spreadsheet made a date of it; write `9x16`, `16x9` or `1x1`, which it leaves alone";
const RATIO_HELP: &str = "one of `16:9`, `1:1`, `9:16`; spreadsheets leave `9x16` alone";

/// A combination that is in order.
#[derive(Debug, Clone)]
pub(crate) struct ValidatedRequest {
    /// What to ask the provider for.
    pub(crate) request: Arc<VideoRequest>,
    /// Length of the recording, if it is stated.
    pub(crate) audio_seconds: Option<f64>,
    /// The combination with its templates filled, but for the file name's.
    pub(crate) combination: Combination,
    /// What the file name's template can use; nothing if there is none.
    pub(crate) variables: Variables,
}

impl Rules<'_> {
    /// Judges one combination of `draft`. `None` if something is wrong with it; `findings` say what.
    pub(crate) fn check(
        &self,
        draft: &RawJob,
        combination: Combination,
        findings: &mut Findings,
    ) -> Option<ValidatedRequest> {
        let (combination, failed) = self.render_templates(draft, combination, findings);
        let row = RowValidator {
            rules: self,
            draft,
            combination: &combination,
            failed,
            findings,
        };
        let (request, audio_seconds) = row.validate()?;
        let variables = if self.needs_variables(&combination) {
            self.variables(draft, &combination)
        } else {
            Variables::default()
        };
        lints::add(&combination, &request, audio_seconds, &variables, findings);
        Some(ValidatedRequest {
            request: Arc::new(request),
            audio_seconds,
            combination,
            variables,
        })
    }
}

/// One combination being judged.
pub(crate) struct RowValidator<'r, 'a> {
    /// What it is judged by.
    pub(crate) rules: &'r Rules<'a>,
    /// The draft it is one of.
    pub(crate) draft: &'r RawJob,
    /// The values, their templates filled.
    pub(crate) combination: &'r Combination,
    /// Fields whose template could not be filled; they are wrong already.
    pub(crate) failed: Vec<Field>,
    /// What is wrong and what is worth saying.
    pub(crate) findings: &'r mut Findings,
}

impl RowValidator<'_, '_> {
    /// The request and the length of its recording, if that is stated. `None` if anything is wrong.
    pub(crate) fn validate(mut self) -> Option<(VideoRequest, Option<f64>)> {
        let before = self.findings.problems.len();
        let speech = self.speech();
        let persona = self.named(Field::Persona, &self.rules.personas);
        let aspect_ratio = self.aspect_ratio();
        self.require(Field::Persona, "no `persona` is given");
        self.require(Field::AspectRatio, "no `aspect_ratio` is given");
        let voice = self.named(Field::Voice, &self.rules.voices);
        let model_version = self.model_version();
        let audio_seconds = self.audio_seconds();
        let captions = self.switch(Field::Captions);
        let caption_style = self.caption_style();
        let caption_offset_x = self.caption_offset(Field::CaptionOffsetX);
        let caption_offset_y = self.caption_offset(Field::CaptionOffsetY);
        let music = self.switch(Field::Music);
        let green_screen = self.switch(Field::GreenScreen);
        let transparent_background = self.switch(Field::TransparentBackground);
        let background_image = self.url(Field::BackgroundImage, LONGEST_BACKGROUND);
        let webhook_url = self.url(Field::WebhookUrl, LONGEST_WEBHOOK);
        if self.findings.problems.len() > before {
            return None;
        }
        let request = VideoRequest {
            model_version,
            voice,
            captions,
            caption_style,
            caption_offset_x,
            caption_offset_y,
            music,
            green_screen,
            transparent_background,
            background_image,
            webhook_url,
            ..VideoRequest::new(speech?, persona?, aspect_ratio?)
        };
        Some((request, audio_seconds))
    }

    /// The value of a field, unless it is empty or what a spreadsheet shows for a broken formula.
    fn value(&mut self, field: Field) -> Option<Value> {
        let value = self.combination.get(field)?.clone();
        let text = value.text.trim();
        if text.starts_with('#') && SPREADSHEET_ERRORS.contains(&text.to_uppercase().as_str()) {
            let message = format!(
                "{} is a spreadsheet's word for a broken formula",
                words::quoted(text)
            );
            self.problem(
                &value.place,
                message,
                "mend the formula in the sheet, and export it again",
            );
            self.failed.push(field);
            return None;
        }
        (!text.is_empty()).then_some(value)
    }

    fn problem(&mut self, place: &Place, message: impl Into<String>, help: impl Into<String>) {
        self.findings
            .problem(Problem::at(place, message).help(help));
    }

    /// Whether the field is given, rightly or wrongly.
    fn is_given(&self, field: Field) -> bool {
        let given = self.combination.get(field);
        given.is_some_and(|value| !value.text.trim().is_empty()) || self.failed.contains(&field)
    }

    /// Where to say that a field is missing: at its empty cell, or at the row.
    fn place_of(&self, field: Field) -> Place {
        let given = self.combination.get(field).map(|value| &value.place);
        let blank = self.draft.blank.get(field);
        given.or(blank).unwrap_or(&self.draft.place).clone()
    }

    fn require(&mut self, field: Field, message: &str) {
        if !self.is_given(field) && !self.draft.already_reported.contains(&field) {
            let help = if field == Field::AspectRatio {
                RATIO_HELP
            } else {
                "every job needs one; `defaults:` of a YAML manifest gives it to all"
            };
            self.problem(&self.place_of(field), message, help);
        }
    }

    fn speech(&mut self) -> Option<Speech> {
        let one = "a job needs one of them: a text to be spoken, or the URL of a recording";
        match (self.is_given(Field::Text), self.is_given(Field::Audio)) {
            (true, true) => {
                let place = self.place_of(Field::Audio);
                self.problem(&place, "`text` and `audio` are both given", one);
                None
            }
            (false, false) => {
                if !self.draft.already_reported.contains(&Field::Text) {
                    let place = self.place_of(Field::Text);
                    self.problem(&place, "neither `text` nor `audio` is given", one);
                }
                None
            }
            (true, false) => self.text().map(Speech::Text),
            (false, true) => self.url(Field::Audio, usize::MAX).map(Speech::Audio),
        }
    }

    fn text(&mut self) -> Option<Text> {
        let value = self.value(Field::Text)?;
        let written = value.text.trim();
        if value.text.starts_with(' ')
            && written.len() > 1
            && written.starts_with('"')
            && written.ends_with('"')
        {
            let message = "the quotes belong to this text, because a space stands before the first";
            self.findings.note(&value.place, message);
        }
        let text = match values::normalize_spoken_text(&value.text) {
            Ok(text) => text,
            Err(character) => {
                let message = format!(
                    "the text holds the control character U+{:04X}",
                    u32::from(character)
                );
                self.problem(&value.place, message, "delete it; it cannot be spoken");
                return None;
            }
        };
        let length = text.chars().count();
        if length > self.rules.longest_text {
            let message = format!("the text has {length} characters, more than the API takes");
            let help = format!(
                "at most {}; split it into several rows (`limits.max_text` sets the limit)",
                self.rules.longest_text
            );
            self.problem(&value.place, message, help);
            return None;
        }
        Some(text)
    }

    fn named(&mut self, field: Field, names: &NameResolver<'_>) -> Option<Text> {
        let value = self.value(field)?;
        match names.resolve(&value.text) {
            Ok(id) => {
                if id.is_none() {
                    self.failed.push(field);
                }
                id
            }
            Err((message, help)) => {
                self.problem(&value.place, message, help);
                None
            }
        }
    }

    fn aspect_ratio(&mut self) -> Option<AspectRatio> {
        let value = self.value(Field::AspectRatio)?;
        let written = || words::quoted(value.text.trim());
        match ratio::read(&value.text) {
            Some(Reading::Plain(ratio)) => Some(ratio),
            Some(Reading::Repaired(ratio)) => {
                let (width, height) = ratio.sides();
                let message = format!(
                    "{} is read as the aspect ratio `{width}:{height}`, which the spreadsheet \
                     took for a time; it leaves `{ratio}` alone",
                    written()
                );
                self.findings.note(&value.place, message);
                Some(ratio)
            }
            None => {
                let message = format!("{} is no aspect ratio", written());
                let help = if ratio::is_date(&value.text) {
                    DATE_HELP
                } else if ratio::are_several(&value.text) {
                    "several ratios in one cell are written `9:16 | 1:1`"
                } else {
                    RATIO_HELP
                };
                self.problem(&value.place, message, help);
                None
            }
        }
    }

    fn model_version(&mut self) -> ModelVersion {
        let Some(value) = self.value(Field::ModelVersion) else {
            return ModelVersion::Standard;
        };
        let wanted = key(&value.text);
        let known = ModelVersion::ALL
            .into_iter()
            .find(|model| key(model.as_str()) == wanted);
        known.unwrap_or_else(|| {
            let models = ModelVersion::ALL.map(ModelVersion::as_str);
            let text = value.text.trim();
            let message = format!("{} is no model", words::quoted(text));
            self.problem(&value.place, message, one_of(text, &models));
            ModelVersion::Standard
        })
    }

    fn caption_style(&mut self) -> Option<Text> {
        let value = self.value(Field::CaptionStyle)?;
        let wanted = key(&value.text);
        let known = CAPTION_STYLES
            .into_iter()
            .find(|style| key(style) == wanted);
        if known.is_none() {
            let text = value.text.trim();
            let message = format!("{} is no caption style", words::quoted(text));
            self.problem(&value.place, message, one_of(text, &CAPTION_STYLES));
        }
        known.map(Text::from)
    }

    fn switch(&mut self, field: Field) -> bool {
        let Some(value) = self.value(field) else {
            return false;
        };
        values::parse_bool(&value.text).unwrap_or_else(|| {
            let message = format!("{} is neither yes nor no", words::quoted(value.text.trim()));
            self.problem(&value.place, message, "write `yes` or `no`");
            false
        })
    }

    fn caption_offset(&mut self, field: Field) -> Option<CaptionOffset> {
        let value = self.value(field)?;
        let number = values::number(&value.text);
        let offset = number.and_then(|number| number.to_string().parse().ok());
        if offset.is_none() {
            let text = words::quoted(value.text.trim());
            let message = format!("{text} is not within -0.5 and 0.5");
            self.problem(
                &value.place,
                message,
                "offsets are parts of the picture from its centre",
            );
        }
        offset
    }

    fn audio_seconds(&mut self) -> Option<f64> {
        let value = self.value(Field::AudioSeconds)?;
        let seconds =
            values::number(&value.text).filter(|seconds| (0.1..=86_400.0).contains(seconds));
        if seconds.is_none() {
            let message = format!(
                "{} is no length in seconds",
                words::quoted(value.text.trim())
            );
            self.problem(&value.place, message, "a number such as `42.5`");
        }
        seconds
    }

    fn url(&mut self, field: Field, longest: usize) -> Option<Text> {
        let value = self.value(field)?;
        let url = value.text.trim();
        let name = field.name();
        if let Some(fault) = values::url_error(url) {
            let message = format!("`{name}` {fault}: {}", words::quoted(url));
            let reason = if field == Field::WebhookUrl {
                "the provider calls this address when the video is done"
            } else if field == Field::BackgroundImage {
                "the provider fetches the picture itself"
            } else {
                "the provider fetches the recording itself"
            };
            let help = format!("{reason}, so it must be on the web: `https://…`");
            self.problem(&value.place, message, help);
            return None;
        }
        if url.chars().count() > longest {
            let message = format!("`{name}` is longer than the {longest} characters the API takes");
            self.problem(&value.place, message, "use a shorter URL");
            return None;
        }
        Some(value.text.trimmed())
    }
}

/// What spreadsheets show where a formula failed.
const SPREADSHEET_ERRORS: [&str; 13] = [
    "#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#ERROR!",
    "#BEZUG!", "#NV", "#WERT!", "#CALC!",
];

/// What a word can be, the likely one first.
fn one_of(text: &str, known: &[&str]) -> String {
    let all = words::list_or(known.iter().copied());
    match words::closest_match(text, known.iter().copied()) {
        Some(near) => format!("did you mean {}? It is one of {all}", words::quoted(near)),
        None => format!("one of {all}"),
    }
}
