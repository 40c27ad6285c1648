//! Notes about values that are valid but doubtful, and suspicions about texts.

use std::ops::Range;

use crate::manifest::build::raw_job::Combination;
use crate::manifest::build::variables::Variables;
use crate::manifest::formats::table::Value;
use crate::manifest::formats::yaml::{Content, Node};
use crate::manifest::schema::field::Field;
use crate::manifest::schema::values;
use crate::model::{ModelVersion, Note, Speech, VideoRequest};
use crate::util::text::sanitize;

use super::place::{Place, Source};
use super::problem::Findings;
use super::suspicions::{Suspicion, SuspicionKind, find_suspicions};

/// The longest text in the API's older pages, in characters.
const USUAL_TEXT: usize = 3_600;
/// The longest recording in the Aurora pages.
const AURORA_AUDIO_SECONDS: f64 = 300.0;

/// Notes what is doubtful about a valid request.
pub(crate) fn check_request(
    combination: &Combination,
    request: &VideoRequest,
    audio_seconds: Option<f64>,
    findings: &mut Findings,
) {
    let mut note = |field: Field, message: &str| {
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
                note(Field::Text, &message);
            }
        }
        Speech::Audio(url) => {
            if let Some(message) = values::share_page_warning(url) {
                note(Field::Audio, message);
            }
            let is_aurora = match request.model_version {
                ModelVersion::Standard => false,
                ModelVersion::AuroraV1 | ModelVersion::AuroraV1Fast => true,
            };
            if is_aurora && audio_seconds.is_some_and(|seconds| seconds > AURORA_AUDIO_SECONDS) {
                let message =
                    "the recording is longer than five minutes, the limit in the Aurora pages";
                note(Field::AudioSeconds, message);
            }
        }
    }
    if !request.captions {
        for field in [Field::CaptionStyle, Field::CaptionOffsetX, Field::CaptionOffsetY] {
            let message = format!("`{}` has no effect while `captions` are off", field.name());
            note(field, &message);
        }
    }
    if request.background_image.is_some() {
        let message = "`background_image` is not in the API's newest pages and may be ignored";
        note(Field::BackgroundImage, message);
    }
}

/// Returns what looks unfinished in a spoken text. `filled` are the ranges of the values that a template put into it,
/// and `columns` the row's columns.
pub(crate) fn check_text(
    text: &Value,
    filled: &[Range<usize>],
    variables: &Variables,
    columns: &Variables,
) -> Vec<Note> {
    let is_column = |name: &str| Field::find(name).is_none() && columns.find(name).is_some();
    let mut found = find_suspicions(&text.text, filled, &is_column);
    if let Some(name) = variables.find_single_braced(&text.text) {
        let braced = format!("{{{name}}}");
        found.retain(|suspicion| text.text[suspicion.range.clone()] != braced);
        let message = format!(
            "`{}` is spoken as it is written; did you mean `{{{{ {} }}}}`?",
            sanitize(&braced),
            sanitize(name.trim())
        );
        found.push(Suspicion { range: 0..0, kind: SuspicionKind::Placeholder, message });
    }
    let place = text.place.label();
    found
        .into_iter()
        .map(|suspicion| Note { place: place.clone(), message: sanitize(&suspicion.message) })
        .collect()
}

/// Notes spoken texts of a YAML manifest that ` #` cuts off, because it begins a comment. Comments for readers begin
/// with `# ` and are not noted.
pub(crate) fn check_unquoted_hashes(source: &Source, node: &Node, findings: &mut Findings) {
    match &node.content {
        Content::Null | Content::Scalar(_) => {}
        Content::List(items) => {
            for item in items {
                check_unquoted_hashes(source, item, findings);
            }
        }
        Content::Map(entries) => {
            for (key, value) in entries {
                match (Field::find(&key.text), &value.content) {
                    (Some((Field::Text, _)), Content::List(texts)) => {
                        for text in texts {
                            check_hash(source, text, findings);
                        }
                    }
                    (Some((Field::Text, _)), _) => check_hash(source, value, findings),
                    (_, _) => check_unquoted_hashes(source, value, findings),
                }
            }
        }
    }
}

fn check_hash(source: &Source, text: &Node, findings: &mut Findings) {
    if matches!(text.content, Content::Scalar(_)) && is_cut_off(source, &text.place) {
        let message = "the text ends before ` #`, where a comment begins; put the text in quotes if the `#` belongs to it";
        findings.note(&text.place, message);
    }
}

/// Checks whether an unquoted text is followed by `#` and something other than a space.
fn is_cut_off(source: &Source, place: &Place) -> bool {
    let Some(range) = place.range() else {
        return false;
    };
    let (text, after) = (&source.text[range.clone()], &source.text[range.end..]);
    let is_unquoted = !text.starts_with(['"', '\'', '|', '>']);
    let comment = after.trim_start_matches([' ', '\t']).strip_prefix('#');
    let first = comment.and_then(|comment| comment.chars().next());
    is_unquoted && first.is_some_and(|first| !first.is_whitespace() && first != '#')
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
        check_unquoted_hashes(&source, &root, &mut findings);
        findings.notes.len()
    }

    #[test]
    fn a_text_cut_off_by_a_hash_is_noted_and_a_comment_is_not() {
        for (text, expected) in [
            ("jobs:\n  - text: We are #1 in town\n    persona: a\n", 1),
            ("jobs:\n  - text:\n      - Hello\n      - Tag it #spring\n", 1),
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
