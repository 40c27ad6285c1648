//! What is right but doubtful about a job; said in notes, since only the user can know.

use crate::manifest::build::raw_job::Combination;
use crate::manifest::build::template::Variables;
use crate::manifest::diagnostics::place::Place;
use crate::manifest::diagnostics::problem::Findings;
use crate::manifest::diagnostics::words;
use crate::manifest::formats::yaml::{Content, Node};
use crate::manifest::schema::field::Field;
use crate::manifest::schema::values;
use crate::model::{ModelVersion, Speech, VideoRequest};

/// The longest text the API's older pages allow.
const USUAL_TEXT: usize = 3_600;
/// The Aurora pages allow recordings of up to five minutes.
const AURORA_AUDIO_SECONDS: f64 = 300.0;

/// Adds the notes that a sound request deserves.
pub(crate) fn add(
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
            if let Some(name) = variables.find_single_braced(text) {
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
            if let Some(message) = values::share_page_warning(url) {
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

/// Notes every spoken text without quotes behind which stands something like `#1`. A comment for people
/// begins with `# `, so one of those is no news.
pub(crate) fn note(node: &Node, findings: &mut Findings) {
    match &node.content {
        Content::Null | Content::Scalar(_) => {}
        Content::List(items) => items.iter().for_each(|item| note(item, findings)),
        Content::Map(entries) => {
            for (key, value) in entries {
                match Field::find(&key.name) {
                    Some((Field::Text, _)) => note_text(value, findings),
                    Some(_) | None => note(value, findings),
                }
            }
        }
    }
}

fn note_text(value: &Node, findings: &mut Findings) {
    match &value.content {
        Content::Scalar(_) if is_cut(&value.place) => {
            let message = "the text ends before ` #`, where a comment begins; put the text in quotes if \
                           the `#` belongs to it";
            findings.note(&value.place, message);
        }
        Content::List(items) => items.iter().for_each(|item| note_text(item, findings)),
        Content::Null | Content::Scalar(_) | Content::Map(_) => {}
    }
}

/// Whether a comment that does not look like one stands behind a text without quotes.
fn is_cut(place: &Place) -> bool {
    let Some((written, behind)) = place.written_and_behind() else {
        return false;
    };
    let is_plain = !written.starts_with(['"', '\'', '|', '>']);
    let comment = behind.trim_start_matches([' ', '\t']).strip_prefix('#');
    let first = comment.and_then(|comment| comment.chars().next());
    is_plain && first.is_some_and(|first| !first.is_whitespace() && first != '#')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::diagnostics::place::Source;
    use crate::manifest::formats::yaml::parse;

    fn notes(text: &str) -> usize {
        let source = Source::of_text("m.yaml", text.to_owned());
        let mut findings = Findings::default();
        let root = parse(&source, &mut findings).unwrap();
        note(&root, &mut findings);
        findings.notes.len()
    }

    #[test]
    fn a_text_that_a_hash_has_cut_is_noted_and_a_comment_is_not() {
        for (text, expected) in [
            ("jobs:\n  - text: We are #1 in town\n    persona: a\n", 1),
            (
                "jobs:\n  - text:\n      - Hello\n      - Tag it #spring\n",
                1,
            ),
            ("defaults:\n  script: Tag it\t#spring\n", 1),
            ("jobs:\n  - text: Hello # the short one\n", 0),
            ("jobs:\n  - text: Hello ## the short one\n", 0),
            ("jobs:\n  - text: \"We are\" #1 in the list\n", 0),
            ("jobs:\n  - text: \"We are #1\"\n", 0),
            ("jobs:\n  - text: |\n      We are #1\n", 0),
            ("jobs:\n  - text: We are no#1\n", 0),
            ("jobs:\n  - text: Hello\n    persona: anna #1\n", 0),
            ("jobs:\n  - text: Hello", 0),
        ] {
            assert_eq!(notes(text), expected, "{text}");
        }
    }
}
