//! The validation of one combination: its values become a request.

use std::sync::Arc;

use crate::manifest::diagnostics::lints;
use crate::manifest::diagnostics::place::Place;
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::text::{closest_match, list, normalize, quote};
use crate::manifest::formats::table::Value;
use crate::manifest::schema::field::{Field, Kind};
use crate::manifest::schema::names::NameKind;
use crate::manifest::schema::ratio::{self, ParsedRatio};
use crate::manifest::schema::values;
use crate::model::{AspectRatio, CaptionOffset, Note, Speech, VideoRequest};

use super::raw_job::{Combination, RawJob};
use super::rules::{RenderedCombination, Rules};
use super::template::is_template;
use super::variables::Variables;

const DATE_HELP: &str =
    "the spreadsheet converted it to a date; write `9x16`, `16x9` or `1x1`, which it keeps";
const RATIO_HELP: &str = "one of `16:9`, `1:1`, `9:16`; spreadsheets do not convert `9x16`";
const SPEECH_HELP: &str = "a job has either a text or the URL of a recording";

/// A valid combination.
#[derive(Debug, Clone)]
pub(crate) struct ValidatedRequest {
    pub(crate) request: Arc<VideoRequest>,
    /// The length of the recording, if the row gives it.
    pub(crate) audio_seconds: Option<f64>,
    /// The combination with its templates rendered, except for the file name.
    pub(crate) combination: Combination,
    /// The variables of the file name's template; empty if there is none.
    pub(crate) variables: Variables,
    /// What looks unfinished in the text.
    pub(crate) suspicions: Vec<Note>,
}

/// Validates one combination of `job`. Returns `None` if something is wrong, which is in `findings`.
pub(crate) fn validate(
    rules: &Rules<'_>,
    job: &RawJob,
    combination: Combination,
    findings: &mut Findings,
) -> Option<ValidatedRequest> {
    let RenderedCombination { combination, failed, filled } =
        rules.render_combination(job, combination, findings);
    let row = RowValidator { rules, job, combination: &combination, failed, findings };
    let validated = row.validate();
    // Computed only where they are used: for the file name, and to find a variable in single braces.
    let has_brace = |value: &Value| value.text.contains('{');
    let file_name = rules.file_name(&combination);
    let needs_variables = file_name.is_some_and(|value| is_template(&value.text))
        || combination.get(Field::Text).is_some_and(has_brace);
    let variables =
        if needs_variables { rules.variables(job, &combination) } else { Variables::default() };
    let text = combination.get(Field::Text).filter(|text| !text.is_blank());
    let suspicions = text
        .map_or_else(Vec::new, |text| lints::check_text(text, &filled, &variables, &job.variables));
    let Some((request, audio_seconds)) = validated else {
        // A row without a job cannot be asked about; all that is wrong with it is shown at once.
        findings.notes.extend(suspicions);
        return None;
    };
    lints::check_request(&combination, &request, audio_seconds, findings);
    let request = Arc::new(request);
    Some(ValidatedRequest { request, audio_seconds, combination, variables, suspicions })
}

/// The validation of one combination.
struct RowValidator<'r, 'a> {
    rules: &'r Rules<'a>,
    job: &'r RawJob,
    /// The values, with their templates rendered.
    combination: &'r Combination,
    /// The fields whose value is wrong, which is reported.
    failed: Vec<Field>,
    findings: &'r mut Findings,
}

impl RowValidator<'_, '_> {
    /// Returns the request and the length of its recording, or `None` if anything is wrong.
    fn validate(mut self) -> Option<(VideoRequest, Option<f64>)> {
        let before = self.findings.problems.len();
        let speech = self.speech();
        let persona = self.name(Field::Persona, NameKind::Persona);
        let aspect_ratio = self.aspect_ratio();
        self.require(
            Field::Persona,
            "every job needs one; `defaults:` of a YAML manifest gives it to all",
        );
        self.require(Field::AspectRatio, RATIO_HELP);
        let audio_seconds = self.audio_seconds();
        // Wrong required values have placeholders, so that all problems are found.
        let mut request = VideoRequest::new(
            speech.unwrap_or_else(|| Speech::Text(Arc::default())),
            persona.unwrap_or_default(),
            aspect_ratio.unwrap_or(AspectRatio::Square),
        );
        for field in Field::ALL {
            self.apply(field, &mut request);
        }
        (self.findings.problems.len() == before).then_some((request, audio_seconds))
    }

    /// Validates an optional field and sets it in the request.
    fn apply(&mut self, field: Field, request: &mut VideoRequest) {
        match field.kind() {
            Kind::Special => {}
            Kind::Switch(set) => {
                if let Some(on) = self.switch(field) {
                    set(request, on);
                }
            }
            Kind::Offset(set) => {
                if let Some(offset) = self.caption_offset(field) {
                    set(request, offset);
                }
            }
            Kind::Choice { noun, choices, set } => {
                if let Some(choice) = self.choice(field, noun, choices) {
                    set(request, choice);
                }
            }
            Kind::Name(kind, set) => {
                if let Some(id) = self.name(field, *kind) {
                    set(request, id);
                }
            }
            Kind::Url { max_length, purpose, set } => {
                if let Some(url) = self.url(field, *max_length, purpose) {
                    set(request, url);
                }
            }
        }
    }

    /// Returns the value of a field, unless it is blank or the error of a formula.
    fn value(&mut self, field: Field) -> Option<Value> {
        let value = self.combination.get(field)?.clone();
        if let Some(problem) = value.problem() {
            self.findings.problem(problem);
            self.failed.push(field);
            return None;
        }
        (!value.is_blank()).then_some(value)
    }

    fn problem(&mut self, place: &Place, message: impl Into<String>, help: impl Into<String>) {
        self.findings.problem(Problem::at(place, message).help(help));
    }

    /// Checks whether the field has a value, right or wrong.
    fn is_given(&self, field: Field) -> bool {
        let given = self.combination.get(field);
        given.is_some_and(|value| !value.is_blank()) || self.failed.contains(&field)
    }

    /// Returns the place of a field: its value, its empty cell, or the row.
    fn place_of(&self, field: Field) -> Place {
        let given = self.combination.get(field).map(|value| &value.place);
        let blank = self.job.blank.get(field);
        given.or(blank).unwrap_or(&self.job.place).clone()
    }

    fn require(&mut self, field: Field, help: &str) {
        if !self.is_given(field) && !self.job.reported.contains(&field) {
            let message = format!("`{}` is missing", field.name());
            self.problem(&self.place_of(field), message, help);
        }
    }

    fn speech(&mut self) -> Option<Speech> {
        match (self.is_given(Field::Text), self.is_given(Field::Audio)) {
            (true, true) => {
                let place = self.place_of(Field::Audio);
                self.problem(&place, "`text` and `audio` are both given", SPEECH_HELP);
                None
            }
            (false, false) => {
                if !self.job.reported.contains(&Field::Text) {
                    let place = self.place_of(Field::Text);
                    self.problem(&place, "`text` or `audio` is missing", SPEECH_HELP);
                }
                None
            }
            (true, false) => self.text().map(Speech::Text),
            (false, true) => {
                let purpose = "the provider fetches the recording itself";
                self.url(Field::Audio, usize::MAX, purpose).map(Speech::Audio)
            }
        }
    }

    fn text(&mut self) -> Option<Arc<str>> {
        let value = self.value(Field::Text)?;
        let written = value.text.trim();
        let is_quoted = written.len() > 1 && written.starts_with('"') && written.ends_with('"');
        if value.text.starts_with(' ') && is_quoted {
            let message =
                "the quotes are part of this text, because there is a space before the first";
            self.findings.note(&value.place, message);
        }
        let text = match values::normalize_spoken_text(&value.text) {
            Ok(text) => text,
            Err(character) => {
                let code = u32::from(character);
                let message = format!("the text contains the control character U+{code:04X}");
                self.problem(&value.place, message, "delete it; it cannot be spoken");
                return None;
            }
        };
        let (length, max_text) = (text.chars().count(), self.rules.max_text);
        if length > max_text {
            let message = format!("the text has {length} characters, more than the API accepts");
            let help = format!(
                "at most {max_text}; split it into several rows (`limits.max_text` sets the limit)"
            );
            self.problem(&value.place, message, help);
            return None;
        }
        Some(text)
    }

    fn name(&mut self, field: Field, kind: NameKind) -> Option<Arc<str>> {
        let value = self.value(field)?;
        match self.rules.names(kind).resolve(&value.text) {
            Ok(id) => {
                if id.is_none() {
                    self.failed.push(field);
                }
                id
            }
            Err(explanation) => {
                self.findings.problem(explanation.at(&value.place));
                None
            }
        }
    }

    fn aspect_ratio(&mut self) -> Option<AspectRatio> {
        let value = self.value(Field::AspectRatio)?;
        let written = quote(value.text.trim());
        match ratio::parse(&value.text) {
            Some(ParsedRatio::Plain(ratio)) => Some(ratio),
            Some(ParsedRatio::Repaired(ratio)) => {
                let (width, height) = ratio.sides();
                let message = format!(
                    "{written} is read as the aspect ratio `{width}:{height}`, which the spreadsheet converted to a \
                     time; it does not convert `{ratio}`"
                );
                self.findings.note(&value.place, message);
                Some(ratio)
            }
            None => {
                let help = if ratio::is_date(&value.text) {
                    DATE_HELP
                } else if ratio::is_contradictory(&value.text) {
                    let help = "write one of them; several videos are written `9:16 | 1:1`";
                    self.problem(
                        &value.place,
                        format!("{written} names different aspect ratios"),
                        help,
                    );
                    return None;
                } else if ratio::split(&value.text).len() > 1 {
                    "several ratios in one cell are written `9:16 | 1:1`"
                } else {
                    RATIO_HELP
                };
                self.problem(&value.place, format!("{written} is not an aspect ratio"), help);
                None
            }
        }
    }

    fn choice(
        &mut self,
        field: Field,
        noun: &str,
        choices: &[&'static str],
    ) -> Option<&'static str> {
        let value = self.value(field)?;
        let wanted = normalize(&value.text);
        let mut known = choices.iter().copied();
        let found = known.find(|choice| normalize(choice) == wanted);
        if found.is_none() {
            let text = value.text.trim();
            let all = list(choices.iter().copied(), "or");
            let help = match closest_match(text, choices.iter().copied()) {
                Some(near) => format!("did you mean `{near}`? It is one of {all}"),
                None => format!("one of {all}"),
            };
            self.problem(&value.place, format!("unknown {noun} {}", quote(text)), help);
        }
        found
    }

    fn switch(&mut self, field: Field) -> Option<bool> {
        let value = self.value(field)?;
        let on = values::parse_bool(&value.text);
        if on.is_none() {
            let message = format!("{} is neither yes nor no", quote(value.text.trim()));
            self.problem(&value.place, message, "write `yes` or `no`");
        }
        on
    }

    fn caption_offset(&mut self, field: Field) -> Option<CaptionOffset> {
        let value = self.value(field)?;
        let number = values::parse_number(&value.text);
        let offset = number.and_then(|number| number.to_string().parse().ok());
        if offset.is_none() {
            let message = format!("{} is not between -0.5 and 0.5", quote(value.text.trim()));
            let help = "an offset is a fraction of the picture, from its centre";
            self.problem(&value.place, message, help);
        }
        offset
    }

    fn audio_seconds(&mut self) -> Option<f64> {
        let value = self.value(Field::AudioSeconds)?;
        let seconds = values::parse_seconds(&value.text);
        if seconds.is_none() {
            let message = format!("{} is not a length in seconds", quote(value.text.trim()));
            self.problem(&value.place, message, "a number such as `42.5`");
        }
        seconds
    }

    fn url(&mut self, field: Field, max_length: usize, purpose: &str) -> Option<Arc<str>> {
        let value = self.value(field)?;
        let url = value.text.trim();
        let name = field.name();
        if let Some(error) = values::url_error(url) {
            let message = format!("`{name}` {error}: {}", quote(url));
            let help = format!("{purpose}, so it must be public: `https://…`");
            self.problem(&value.place, message, help);
            return None;
        }
        if url.chars().count() > max_length {
            let message =
                format!("`{name}` is longer than the {max_length} characters that the API accepts");
            self.problem(&value.place, message, "use a shorter URL");
            return None;
        }
        Some(value.trimmed())
    }
}
