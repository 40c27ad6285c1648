//! YAML as a tree in which everything knows its place: [`Node`].

use crate::manifest::diagnostics::place::{Place, Source};
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::words;
use crate::manifest::diagnostics::yaml_errors::{self, bytes_of, place_of};
use serde::de::DeserializeOwned;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{DuplicateKeyPolicy, Error, NonFiniteFloatPolicy, Spanned};
use std::fmt;
use std::sync::Arc;

/// How many values and keys a manifest may have: some 100,000 jobs of five fields. A sheet of that
/// size belongs into a CSV.
const MAX_NODES: usize = 1_000_000;

/// How deep lists and maps may nest. The reader recurses, so this also bounds the stack.
const MAX_DEPTH: usize = 32;

/// How much may stand behind anchors. They are for a few shared values; a tenfold tower of them is an
/// attack.
const MAX_ANCHORED: usize = 50_000;

/// One value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// The value.
    pub(crate) content: Content,
    /// Where it stands; for an alias, where it is used.
    pub(crate) place: Place,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(crate) enum Content {
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
pub(crate) struct Key {
    /// The key.
    pub(crate) name: String,
    /// Where it stands.
    pub(crate) place: Place,
}

impl Node {
    /// What kind of value it is, for messages.
    pub(crate) const fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "nothing",
            Content::Scalar(_) => "a single value",
            Content::List(_) => "a list",
            Content::Map(_) => "keys with values",
        }
    }

    /// The keys and values, each key once; what is no map and what is there twice is reported.
    pub(crate) fn entries(&self, what: &str, findings: &mut Findings) -> Vec<(&Key, &Self)> {
        let Content::Map(entries) = &self.content else {
            if !matches!(self.content, Content::Null) {
                let message = format!("{what} must be keys with values, not {}", self.kind());
                let help = "each on a line of its own, such as `name: value`";
                findings.problem(Problem::at(&self.place, message).help(help));
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
pub(crate) fn parse(source: &Arc<Source>, findings: &mut Findings) -> Option<Node> {
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 4 * MAX_NODES,
            max_recorded_anchor_events: MAX_ANCHORED,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        // `.nan` is a text like any other.
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        // In `text: !Buy now` the first word would else be lost, and the video paid for without it.
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    match serde_yaml::from_str_with_options::<Spanned<YamlValue>>(&source.text, options) {
        Ok(root) => Some(placed(source, root)),
        Err(error) => {
            findings.problem(refused(source, &error));
            None
        }
    }
}

/// What the reader says, in words for people.
fn refused(source: &Arc<Source>, error: &Error) -> Problem {
    match yaml_errors::explain(source, error) {
        Some(fault) if fault.help.is_empty() => Problem::at(&fault.place, fault.message),
        Some(fault) => Problem::at(&fault.place, fault.message).help(fault.help),
        None => {
            let place = error.location().map_or_else(
                || Place::file(source),
                |location| place_of(source, location),
            );
            let help = "delete the word with `!!` before it, or put it in quotes";
            Problem::at(&place, "this value cannot be read").help(help)
        }
    }
}

fn placed(source: &Arc<Source>, node: Spanned<YamlValue>) -> Node {
    let content = match node.value {
        YamlValue::Null => Content::Null,
        YamlValue::Text(text) => Content::Scalar(text),
        YamlValue::Literal(fallback) => {
            let written =
                bytes_of(node.defined).and_then(|(start, end)| source.text.get(start..end));
            Content::Scalar(written.map_or(fallback, |text| text.trim().to_owned()))
        }
        YamlValue::List(items) => {
            Content::List(items.into_iter().map(|item| placed(source, item)).collect())
        }
        YamlValue::Map(entries) => Content::Map(
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

/// A value before it knows its source.
pub(crate) enum YamlValue {
    /// Nothing.
    Null,
    /// A text.
    Text(String),
    /// A number or switch, whose spelling is in the source.
    Literal(String),
    /// A list.
    List(Vec<Spanned<Self>>),
    /// Keys with values.
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
}

impl<'de> Deserialize<'de> for YamlValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(YamlValueVisitor)
    }
}

struct YamlValueVisitor;

impl<'de> Visitor<'de> for YamlValueVisitor {
    type Value = YamlValue;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<YamlValue, E> {
        Ok(YamlValue::Null)
    }

    fn visit_none<E>(self) -> Result<YamlValue, E> {
        Ok(YamlValue::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<YamlValue, D::Error> {
        YamlValue::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<YamlValue, E> {
        Ok(YamlValue::Literal(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<YamlValue, E> {
        Ok(YamlValue::Literal(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<YamlValue, E> {
        Ok(YamlValue::Literal(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<YamlValue, E> {
        Ok(YamlValue::Literal(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<YamlValue, E> {
        Ok(YamlValue::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<YamlValue, E> {
        Ok(YamlValue::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<YamlValue, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(YamlValue::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<YamlValue, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(YamlValue::Map(map))
    }
}

/// The text is not what was expected; with line and column, and the place shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct YamlError(String);

/// Reads a YAML file that is not a manifest, such as the sandbox's faults.
///
/// # Errors
///
/// The first thing that is wrong with it, and where.
pub(crate) fn parse_yaml<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    serde_yaml::from_str(text).map_err(|error| {
        let source = Source::of_text("", text.to_owned());
        let Some(fault) = yaml_errors::explain(&source, &error) else {
            // What the value should be, only the type that was asked for can say.
            return YamlError(error.to_string());
        };
        let (line, column) = (fault.place.line(), fault.place.column());
        let place = line
            .zip(column)
            .map(|(line, column)| format!("line {line}, column {column}: "));
        YamlError(format!("{}{}", place.unwrap_or_default(), fault.message))
    })
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
                "a: 007\nb: 9:16\nc: yes\nd: 1_000\ne: 0x1F\nf: ~\ng:\nh: \"x: y\"\ni: 1.50 # note\nj: .nan\nk: 1e999\n"
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
                "9:4 \"1.50\"",
                "10:1 j:",
                "10:4 \".nan\"",
                "11:1 k:",
                "11:4 \"1e999\""
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
        let nested = "too many lists and keys are nested in each other here";
        for (text, expected) in [
            (bomb, "too much stands behind a name with `&`"),
            ("- ".repeat(5_000), nested),
            ("[".repeat(5_000), nested),
        ] {
            let source = Source::of_text("m.yaml", text);
            let mut findings = Findings::default();
            assert!(parse(&source, &mut findings).is_none());
            assert_eq!(findings.problems[0].message(), expected);
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of faults")]
    fn broken_yaml_is_placed_and_told_in_words_for_people() {
        for (text, place, message) in [
            (
                "a:\n  b: 1\n\tc: 2\n",
                "m.yaml:3:1",
                "this line is indented with a tab",
            ),
            (
                "a: |\n\tHi\n",
                "m.yaml:2:1",
                "this line is indented with a tab",
            ),
            (
                "a: \"open\nb: 1\n",
                "m.yaml:1:4",
                "this quote is never closed",
            ),
            (
                "a: 'don't'\n",
                "m.yaml:1:9",
                "there is text behind the `'` that closes this text",
            ),
            (
                "a: \"C:\\users\"\n",
                "m.yaml:1:7",
                "in this text stands a `\\` with a meaning that is not known",
            ),
            (
                "text: Note: buy\n",
                "m.yaml:1:11",
                "a second `: ` stands in this line",
            ),
            (
                "- text: Hi\n   b: x\n",
                "m.yaml:2:4",
                "this line does not fit the line above it",
            ),
            (
                "a:\n  - b\n - c\n",
                "m.yaml:3:2",
                "this line does not fit the lines above it",
            ),
            (
                "a: *nobody\n",
                "m.yaml:1:4",
                "this `*` repeats something that no `&` above it names",
            ),
            (
                "a: &a [*a]\n",
                "m.yaml:1:8",
                "this `*` stands within the very thing it repeats, which would never end",
            ),
            (
                "a: 1\n---\nb: 2\n",
                "m.yaml:2:1",
                "here a second document begins",
            ),
            (
                "%oops\na: 1\n",
                "m.yaml:2:1",
                "a line above begins with `%` and is no text, but an order to the program that reads it",
            ),
            (
                "a: {{ name }}, hi\n",
                "m.yaml:1:4",
                "a text cannot begin with `{{`",
            ),
            ("a: @anna\n", "m.yaml:1:4", "a text cannot begin with `@`"),
            (
                "a: \"x\u{7}\"\n",
                "m.yaml:1:6",
                "here stands the control character U+0007",
            ),
            ("a: [b\n", "m.yaml:1:4", "this bracket is never closed"),
            (
                "a: [{b: c]\n",
                "m.yaml:1:5",
                "this bracket is closed by one of another kind",
            ),
            (
                "a: ]\n",
                "m.yaml:1:4",
                "nothing is open that this bracket could close",
            ),
            (
                "a: {<<: x}\n",
                "m.yaml:1:9",
                "`<<` takes over keys, and here are none",
            ),
            (": a\n", "m.yaml:1:1", "here the name of a key is missing"),
            (
                "? [a]\n: b\n",
                "m.yaml:1:3",
                "the name of a key is a word, and this is a list or has keys of its own",
            ),
            ("a: !!float b\n", "m.yaml:1:12", "this value cannot be read"),
            (
                "a: !Buy now\n",
                "m.yaml:1:4",
                "a word that begins with `!` is an order to the program that reads it, and this one is not known",
            ),
        ] {
            let source = Source::of_text("m.yaml", text.to_owned());
            let mut findings = Findings::default();
            assert!(parse(&source, &mut findings).is_none(), "{text}");
            let problem = &findings.problems[0];
            assert_eq!(
                (problem.place(), problem.message()),
                (place, message),
                "{text}"
            );
        }
    }

    #[test]
    fn an_error_names_its_line() {
        let numbers: Result<Vec<u32>, YamlError> = parse_yaml("- 1\n- two\n");
        assert!(numbers.unwrap_err().to_string().contains("line 2"));
        assert_eq!(parse_yaml::<Vec<u32>>("- 1\n"), Ok(vec![1]));
        let several: Result<Vec<u32>, YamlError> = parse_yaml("- 1\n---\n- 2\n");
        assert_eq!(
            several.unwrap_err().to_string(),
            "line 2, column 1: here a second document begins"
        );
    }
}
