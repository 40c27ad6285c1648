//! One combination of values becomes a request, or a list of what is wrong with it: [`Rules`].

use std::sync::Arc;

use crate::model::{
    AspectRatio, CAPTION_STYLES, CaptionOffset, ModelVersion, Speech, VideoRequest,
};

use super::cell_values;
use super::draft::{Combination, Draft, Value};
use super::field::{Field, key};
use super::names::Names;
use super::place::Place;
use super::problem::{Findings, Problem};
use super::ratio::{self, Reading};
use super::remarks;
use super::template::{Templates, VariableNames, Variables, is_template};
use super::words;

/// The longest text any source says the API takes; above it a row is refused. `limits.max_text`
/// overrides it.
pub(super) const LONGEST_TEXT: usize = 8_000;
/// Lengths the API's reference gives for its URLs.
const LONGEST_WEBHOOK: usize = 200;
const LONGEST_BACKGROUND: usize = 1_024;

const RATIO_HELP: &str = "one of `16:9`, `1:1`, `9:16`; spreadsheets leave `9x16` alone";

/// What every row is judged by.
pub(super) struct Rules<'a> {
    /// Personas by name.
    pub(super) personas: Names<'a>,
    /// Voices by name.
    pub(super) voices: Names<'a>,
    /// The longest text, in characters.
    pub(super) longest_text: usize,
    /// Values every template can use: the date and the campaign.
    pub(super) everywhere: Variables,
    /// The templates' environment.
    pub(super) templates: Templates,
    /// Names of the combination's own values.
    pub(super) field_names: Arc<VariableNames>,
}

/// A combination that is in order.
#[derive(Debug)]
pub(super) struct Checked {
    /// What to ask the provider for.
    pub(super) request: VideoRequest,
    /// Length of the recording, if it is stated.
    pub(super) audio_seconds: Option<f64>,
    /// The combination with its templates filled, but for the file name's.
    pub(super) combination: Combination,
    /// What the file name's template can use.
    pub(super) variables: Variables,
}

impl Rules<'_> {
    /// Judges one combination of `draft`. `None` if something is wrong with it; `findings` say what.
    pub(super) fn check(
        &self,
        draft: &Draft,
        combination: &Combination,
        findings: &mut Findings,
    ) -> Option<Checked> {
        let before = findings.problems.len();
        let (combination, failed) = self.filled(draft, combination, findings);
        let mut row = Row {
            rules: self,
            draft,
            combination: &combination,
            failed,
            findings,
        };
        let speech = row.speech();
        let persona = row.named(Field::Persona, &self.personas);
        let aspect_ratio = row.aspect_ratio();
        row.require(Field::Persona, "no `persona` is given");
        row.require(Field::AspectRatio, "no `aspect_ratio` is given");
        let voice = row.named(Field::Voice, &self.voices);
        let model_version = row.model_version();
        let audio_seconds = row.audio_seconds();
        let captions = row.switch(Field::Captions);
        let caption_style = row.caption_style();
        let caption_offset_x = row.caption_offset(Field::CaptionOffsetX);
        let caption_offset_y = row.caption_offset(Field::CaptionOffsetY);
        let music = row.switch(Field::Music);
        let green_screen = row.switch(Field::GreenScreen);
        let transparent_background = row.switch(Field::TransparentBackground);
        let background_image = row.url(Field::BackgroundImage, LONGEST_BACKGROUND);
        let webhook_url = row.url(Field::WebhookUrl, LONGEST_WEBHOOK);
        if findings.problems.len() > before {
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
        let variables = self.variables(draft, &combination);
        remarks::add(&combination, &request, audio_seconds, &variables, findings);
        Some(Checked {
            request,
            audio_seconds,
            combination,
            variables,
        })
    }

    /// The combination with its templates filled, and the fields in which that failed. The template
    /// of the file name waits until the job's id is known.
    fn filled(
        &self,
        draft: &Draft,
        combination: &Combination,
        findings: &mut Findings,
    ) -> (Combination, Vec<Field>) {
        let mut filled = combination.clone();
        let mut failed = Vec::new();
        let is_mine = |(field, value): &(&Field, &Value)| {
            **field != Field::Filename && is_template(&value.text)
        };
        let mut templates = combination.iter().filter(is_mine).peekable();
        if templates.peek().is_none() {
            return (filled, failed);
        }
        let variables = Arc::new(self.variables(draft, combination));
        for (field, value) in templates {
            let place = value.place.clone();
            match self.templates.render(&value.text, &variables) {
                Ok(text) => {
                    filled.insert(*field, Value { text, place });
                }
                Err(problem) => {
                    findings.problem(Problem::at(&place, problem.message).help(problem.help));
                    filled.remove(field);
                    failed.push(*field);
                }
            }
        }
        (filled, failed)
    }

    /// A value with its template filled; `None` if that failed, which is reported.
    pub(super) fn render(
        &self,
        draft: &Draft,
        combination: &Combination,
        value: &Value,
        findings: &mut Findings,
    ) -> Option<String> {
        if !is_template(&value.text) {
            return Some(value.text.clone());
        }
        let variables = Arc::new(self.variables(draft, combination));
        match self.templates.render(&value.text, &variables) {
            Ok(text) => Some(text),
            Err(problem) => {
                findings.problem(Problem::at(&value.place, problem.message).help(problem.help));
                None
            }
        }
    }

    /// What a template of this combination can use: its own values, the row's columns, the date.
    fn variables(&self, draft: &Draft, combination: &Combination) -> Variables {
        let values = Field::ALL.into_iter().map(|field| {
            let value = combination
                .get(&field)
                .filter(|value| !is_template(&value.text));
            value.map_or_else(String::new, |value| value.text.clone())
        });
        let mut variables = Variables::default();
        variables.add(&self.field_names, values.collect());
        variables.append(&draft.variables);
        variables.append(&self.everywhere);
        variables
    }
}

/// One combination being judged.
struct Row<'r, 'a> {
    rules: &'r Rules<'a>,
    draft: &'r Draft,
    combination: &'r Combination,
    /// Fields whose template could not be filled; they are wrong already.
    failed: Vec<Field>,
    findings: &'r mut Findings,
}

impl Row<'_, '_> {
    /// The value of a field, unless it is empty or what a spreadsheet shows for a broken formula.
    fn value(&mut self, field: Field) -> Option<Value> {
        let value = self.combination.get(&field)?.clone();
        let text = value.text.trim();
        if SPREADSHEET_ERRORS.contains(&text.to_uppercase().as_str()) {
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
        let given = self.combination.get(&field);
        given.is_some_and(|value| !value.text.trim().is_empty()) || self.failed.contains(&field)
    }

    /// Where to say that a field is missing: at its empty cell, or at the row.
    fn place_of(&self, field: Field) -> Place {
        let given = self.combination.get(&field).map(|value| &value.place);
        let blank = self.draft.blank.get(&field);
        given.or(blank).unwrap_or(&self.draft.place).clone()
    }

    fn require(&mut self, field: Field, message: &str) {
        if !self.is_given(field) && !self.draft.excused.contains(&field) {
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
                if !self.draft.excused.contains(&Field::Text) {
                    let place = self.place_of(Field::Text);
                    self.problem(&place, "neither `text` nor `audio` is given", one);
                }
                None
            }
            (true, false) => self.text().map(Speech::Text),
            (false, true) => self.url(Field::Audio, usize::MAX).map(Speech::Audio),
        }
    }

    fn text(&mut self) -> Option<String> {
        let value = self.value(Field::Text)?;
        let text = match cell_values::spoken(&value.text) {
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

    fn named(&mut self, field: Field, names: &Names<'_>) -> Option<String> {
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
        let written = words::quoted(value.text.trim());
        match ratio::read(&value.text) {
            Some(Reading::Plain(ratio)) => Some(ratio),
            Some(Reading::Repaired(ratio)) => {
                let (width, height) = ratio.sides();
                let message = format!(
                    "{written} is read as the aspect ratio `{width}:{height}`, which the spreadsheet \
                     took for a time; it leaves `{ratio}` alone"
                );
                self.findings.note(&value.place, message);
                Some(ratio)
            }
            None => {
                let message = format!("{written} is no aspect ratio");
                self.problem(&value.place, message, RATIO_HELP);
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

    fn caption_style(&mut self) -> Option<String> {
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
        known.map(str::to_owned)
    }

    fn switch(&mut self, field: Field) -> bool {
        let Some(value) = self.value(field) else {
            return false;
        };
        cell_values::switch(&value.text).unwrap_or_else(|| {
            let message = format!("{} is neither yes nor no", words::quoted(value.text.trim()));
            self.problem(&value.place, message, "write `yes` or `no`");
            false
        })
    }

    fn caption_offset(&mut self, field: Field) -> Option<CaptionOffset> {
        let value = self.value(field)?;
        let number = cell_values::number(&value.text);
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
            cell_values::number(&value.text).filter(|seconds| (0.1..=86_400.0).contains(seconds));
        if seconds.is_none() {
            let message = format!(
                "{} is no length in seconds",
                words::quoted(value.text.trim())
            );
            self.problem(&value.place, message, "a number such as `42.5`");
        }
        seconds
    }

    fn url(&mut self, field: Field, longest: usize) -> Option<String> {
        let value = self.value(field)?;
        let url = value.text.trim();
        let name = field.name();
        if let Some(fault) = cell_values::url_fault(url) {
            let message = format!("`{name}` {fault}: {}", words::quoted(url));
            let help = "the provider fetches it itself, so it must be on the web: `https://…`";
            self.problem(&value.place, message, help);
            return None;
        }
        if url.chars().count() > longest {
            let message = format!("`{name}` is longer than the {longest} characters the API takes");
            self.problem(&value.place, message, "use a shorter URL");
            return None;
        }
        Some(url.to_owned())
    }
}

/// What spreadsheets show where a formula failed.
const SPREADSHEET_ERRORS: [&str; 13] = [
    "#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#ERROR!",
    "#BEZUG!", "#NV", "#WERT!", "#CALC!",
];

/// What a word can be, the likely one first.
fn one_of(text: &str, known: &[&str]) -> String {
    let all = words::alternatives(known.iter().copied());
    match words::nearest(text, known.iter().copied()) {
        Some(near) => format!("did you mean {}? It is one of {all}", words::quoted(near)),
        None => format!("one of {all}"),
    }
}
