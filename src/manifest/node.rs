//! YAML as a tree in which everything knows its place: [`Node`].

use std::sync::Arc;

use serde_yaml::{DuplicateKeyPolicy, Error, Location, Spanned};

use super::loose::Loose;
use super::place::{Place, Source};
use super::problem::{Findings, Problem};
use super::words;

/// How many values and keys a manifest may have: some 100,000 jobs of five fields. A sheet of that
/// size belongs into a CSV.
const MAX_NODES: usize = 1_000_000;

/// How much may stand behind anchors. They are for a few shared values; a tenfold tower of them is an
/// attack.
const MAX_ANCHORED: usize = 50_000;

/// One value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// The value.
    pub(super) content: Content,
    /// Where it stands; for an alias, where it is used.
    pub(super) place: Place,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// Nothing, `~` or `null`.
    Null,
    /// A text, number or switch, as written: `007` stays `007`, `9:16` stays `9:16`.
    Scalar(String),
    /// A list.
    List(Vec<Node>),
    /// Keys with values, in order; a key may still be there twice.
    Map(Vec<(Key, Node)>),
}

/// A key and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// The key.
    pub(super) name: String,
    /// Where it stands.
    pub(super) place: Place,
}

impl Node {
    /// What kind of value it is, for messages.
    pub(super) const fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "nothing",
            Content::Scalar(_) => "a single value",
            Content::List(_) => "a list",
            Content::Map(_) => "keys with values",
        }
    }

    /// The keys and values, each key once; what is no map and what is there twice is reported.
    pub(super) fn entries(&self, what: &str, findings: &mut Findings) -> Vec<(&Key, &Self)> {
        let Content::Map(entries) = &self.content else {
            if !matches!(self.content, Content::Null) {
                let message = format!("{what} must be keys with values, not {}", self.kind());
                findings.problem(Problem::at(&self.place, message));
            }
            return Vec::new();
        };
        let mut once: Vec<(&Key, &Self)> = Vec::new();
        for (key, value) in entries {
            let same = |(other, _): &&(&Key, &Self)| other.name == key.name;
            match once.iter().find(same) {
                None => once.push((key, value)),
                Some((first, _)) => {
                    let message = format!(
                        "{} is given twice; first at {}",
                        words::quoted(&key.name),
                        first.place.label()
                    );
                    findings.problem(Problem::at(&key.place, message).help("keep one of them"));
                }
            }
        }
        once
    }
}

/// Reads one YAML document. `None` if it is no YAML; `findings` then say where and why.
pub(super) fn parse(source: &Arc<Source>, findings: &mut Findings) -> Option<Node> {
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_nodes: MAX_NODES,
            max_events: 4 * MAX_NODES,
            max_recorded_anchor_events: MAX_ANCHORED,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        with_snippet: false,
    };
    match serde_yaml::from_str_with_options::<Spanned<Loose>>(&source.text, options) {
        Ok(root) => Some(placed(source, root)),
        Err(error) => {
            findings.problem(refused(source, error.without_snippet()));
            None
        }
    }
}

/// What the reader says, in words for people; the place is ours to tell.
fn refused(source: &Arc<Source>, error: &Error) -> Problem {
    let location = error.location();
    let place = location.map_or_else(
        || Place::file(source),
        |location| place_of(source, location),
    );
    let message = words::clean(&error.to_string());
    // The parser's and the reader's own limits say this in several ways.
    if ["budget", "recursion limit", "alias replay"]
        .iter()
        .any(|word| message.contains(word))
    {
        let message = format!("the manifest has more than {MAX_NODES} values, or too many levels");
        let help = "a campaign of this size is better kept in a CSV, with `rows:`";
        return Problem::at(&place, message).help(help);
    }
    let message = message.split(" at line ").next().unwrap_or_default();
    // What follows is advice for programmers.
    let message = message.split("; use ").next().unwrap_or_default();
    let problem = Problem::at(&place, format!("this is no valid YAML: {message}"));
    match advice(message) {
        Some(advice) => problem.help(advice),
        None => problem,
    }
}

/// What to do about the commonest faults, told by the parser's words for them.
fn advice(message: &str) -> Option<&'static str> {
    [
        ("tab", "YAML is indented with spaces, never with tabs"),
        ("mapping values", "a text with `: ` in it must be in quotes"),
        ("quote", "close the text with the quote it was opened with"),
        (
            "block mapping",
            "keys that belong together begin in the same column",
        ),
        (
            "anchor",
            "a text that begins with `*` or `&` must be in quotes",
        ),
        (
            "document",
            "a manifest is one document; remove the line `---`",
        ),
    ]
    .into_iter()
    .find_map(|(word, advice)| message.contains(word).then_some(advice))
}

fn placed(source: &Arc<Source>, node: Spanned<Loose>) -> Node {
    let content = match node.value {
        Loose::Null => Content::Null,
        Loose::Text(text) => Content::Scalar(text),
        Loose::Literal(fallback) => {
            let written =
                bytes_of(node.defined).and_then(|(start, end)| source.text.get(start..end));
            Content::Scalar(written.map_or(fallback, |text| text.trim().to_owned()))
        }
        Loose::List(items) => {
            Content::List(items.into_iter().map(|item| placed(source, item)).collect())
        }
        Loose::Map(entries) => Content::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let key = Key {
                        place: place_of(source, key.referenced),
                        name: key.value,
                    };
                    (key, placed(source, value))
                })
                .collect(),
        ),
    };
    Node {
        content,
        place: place_of(source, node.referenced),
    }
}

fn place_of(source: &Arc<Source>, location: Location) -> Place {
    match bytes_of(location) {
        Some((start, end)) => Place::bytes(source, start, end),
        // The scanner's own errors know line and column only.
        None => Place::line_and_column(source, location.line(), location.column()),
    }
}

fn bytes_of(location: Location) -> Option<(usize, usize)> {
    let start = usize::try_from(location.span().byte_offset()?).ok()?;
    let length = usize::try_from(location.span().byte_len()?).ok()?;
    Some((start, start.saturating_add(length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Node {
        let source = Source::of_text("m.yaml", text.to_owned());
        let mut findings = Findings::default();
        let node = parse(&source, &mut findings);
        assert_eq!(findings.problems, []);
        node.unwrap()
    }

    fn flat(node: &Node, into: &mut Vec<String>) {
        let place = node.place.label().replace("m.yaml:", "");
        match &node.content {
            Content::Null => into.push(format!("{place} null")),
            Content::Scalar(text) => into.push(format!("{place} {text:?}")),
            Content::List(items) => items.iter().for_each(|item| flat(item, into)),
            Content::Map(entries) => {
                for (key, value) in entries {
                    let at = key.place.label().replace("m.yaml:", "");
                    into.push(format!("{at} {}:", key.name));
                    flat(value, into);
                }
            }
        }
    }

    fn seen(text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        flat(&tree(text), &mut lines);
        lines
    }

    #[test]
    fn scalars_stay_as_they_are_written() {
        assert_eq!(
            seen(
                "a: 007\nb: 9:16\nc: yes\nd: 1_000\ne: 0x1F\nf: ~\ng:\nh: \"x: y\"\ni: 1.50 # note\n"
            ),
            [
                "1:1 a:",
                "1:4 \"007\"",
                "2:1 b:",
                "2:4 \"9:16\"",
                "3:1 c:",
                "3:4 \"yes\"",
                "4:1 d:",
                "4:4 \"1_000\"",
                "5:1 e:",
                "5:4 \"0x1F\"",
                "6:1 f:",
                "6:4 null",
                "7:1 g:",
                "7:2 null",
                "8:1 h:",
                "8:4 \"x: y\"",
                "9:1 i:",
                "9:4 \"1.50\""
            ]
        );
    }

    #[test]
    fn places_hold_in_lists_blocks_and_windows_files() {
        assert_eq!(
            seen("jobs:\r\n  - text: |\r\n      Grüße\r\n      an\r\n    n: [1, ü, 3]\r\n"),
            [
                "1:1 jobs:",
                "2:5 text:",
                "3:7 \"Grüße\\nan\\n\"",
                "5:5 n:",
                "5:9 \"1\"",
                "5:12 \"ü\"",
                "5:15 \"3\""
            ]
        );
    }

    #[test]
    fn aliases_stand_where_they_are_used_and_keep_their_spelling() {
        assert_eq!(
            seen("a: &n 007\nb: *n\nc: {<<: {d: 010}}\n"),
            [
                "1:1 a:",
                "1:7 \"007\"",
                "2:1 b:",
                "2:4 \"007\"",
                "3:1 c:",
                "3:9 d:",
                "3:9 \"010\""
            ]
        );
    }

    #[test]
    fn doubled_keys_are_reported_with_both_places() {
        let node = tree("a: 1\nb: 2\na: 3\n");
        let mut findings = Findings::default();
        assert_eq!(node.entries("the manifest", &mut findings).len(), 2);
        assert_eq!(findings.problems[0].place(), "m.yaml:3:1");
        assert_eq!(
            findings.problems[0].message(),
            "`a` is given twice; first at m.yaml:1:1"
        );
    }

    #[test]
    fn bombs_and_towers_are_refused() {
        let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (this, last) in ('b'..'k').zip('a'..) {
            let nine = vec![format!("*{last}"); 9].join(", ");
            bomb.push_str(&[format!("{this}: &{this} ["), nine, "]\n".to_owned()].concat());
        }
        for text in [bomb, "- ".repeat(5_000), "[".repeat(5_000)] {
            let source = Source::of_text("m.yaml", text);
            let mut findings = Findings::default();
            assert!(parse(&source, &mut findings).is_none());
            let problem = &findings.problems[0];
            assert!(
                problem.message().contains("more than 1000000 values"),
                "{problem}"
            );
        }
    }

    #[test]
    fn broken_yaml_is_placed() {
        for (text, place) in [
            ("a:\n  b: 1\n\tc: 2\n", "m.yaml:2:6"),
            ("a: \"open\nb: 1\n", "m.yaml:1:4"),
            ("text: Note: buy\n", "m.yaml:1:11"),
            ("a: *nobody\n", "m.yaml:1:4"),
        ] {
            let source = Source::of_text("m.yaml", text.to_owned());
            let mut findings = Findings::default();
            assert!(parse(&source, &mut findings).is_none(), "{text}");
            assert_eq!(
                findings.problems[0].place(),
                place,
                "{}",
                findings.problems[0]
            );
        }
    }
}
