//! Texts of a YAML manifest that end earlier than they seem to: behind a space, `#` begins a comment.

use super::field::Field;
use super::node::{Content, Node};
use super::place::Place;
use super::problem::Findings;

/// Notes every spoken text without quotes behind which stands something like `#1`. A comment for people
/// begins with `# `, so one of those is no news.
pub(super) fn note(node: &Node, findings: &mut Findings) {
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
    use super::super::node::parse;
    use super::super::place::Source;
    use super::*;

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
