//! What is right but doubtful about a job; said in notes, since only the user can know.

use crate::model::{ModelVersion, Speech, VideoRequest};

use super::cell_values;
use super::draft::Combination;
use super::field::Field;
use super::problem::Findings;
use super::template::Variables;
use super::words;

/// The longest text the API's older pages allow.
const USUAL_TEXT: usize = 3_600;
/// The Aurora pages allow recordings of up to five minutes.
const AURORA_AUDIO_SECONDS: f64 = 300.0;

/// Adds the notes that a sound request deserves.
pub(super) fn add(
    combination: &Combination,
    request: &VideoRequest,
    audio_seconds: Option<f64>,
    variables: &Variables,
    findings: &mut Findings,
) {
    let mut note = |field: Field, message: String| {
        if let Some(value) = combination.get(field) {
            findings.note(&value.place, message);
        }
    };
    match &request.speech {
        Speech::Text(text) => {
            let length = text.chars().count();
            if length > USUAL_TEXT {
                let message = format!(
                    "the text has {length} characters; some of the API's pages allow only {USUAL_TEXT}"
                );
                note(Field::Text, message);
            }
            if let Some(name) = variables.in_single_braces(text) {
                let name = words::clean(name);
                let message = format!(
                    "`{{{name}}}` is spoken as it is; did you mean `{{{{ {} }}}}`?",
                    name.trim()
                );
                note(Field::Text, message);
            }
            if text.starts_with('=') {
                note(
                    Field::Text,
                    "the text begins with `=`; is it a formula?".to_owned(),
                );
            }
            if text.contains('\u{FFFD}') {
                let message = "the text holds `\u{FFFD}`, the mark of a character that was lost";
                note(Field::Text, message.to_owned());
            }
        }
        Speech::Audio(url) => {
            if let Some(message) = cell_values::share_page(url) {
                note(Field::Audio, message.to_owned());
            }
            let is_aurora = match request.model_version {
                ModelVersion::Standard => false,
                ModelVersion::AuroraV1 | ModelVersion::AuroraV1Fast => true,
            };
            if is_aurora && audio_seconds.is_some_and(|seconds| seconds > AURORA_AUDIO_SECONDS) {
                let message = "the recording is longer than the five minutes Aurora's pages allow";
                note(Field::AudioSeconds, message.to_owned());
            }
        }
    }
    if !request.captions {
        for field in [
            Field::CaptionStyle,
            Field::CaptionOffsetX,
            Field::CaptionOffsetY,
        ] {
            let message = format!("`{}` has no effect while `captions` are off", field.name());
            note(field, message);
        }
    }
    if request.background_image.is_some() {
        let message = "`background_image` is not in the API's newest pages and may be ignored";
        note(Field::BackgroundImage, message.to_owned());
    }
}
