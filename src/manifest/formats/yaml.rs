//! The YAML reader: a tree of values with their places.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{DuplicateKeyPolicy, NonFiniteFloatPolicy, Spanned, UserMessageFormatter};

use crate::manifest::diagnostics::place::{Place, Source};
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::text::quote;
use crate::manifest::diagnostics::yaml_errors::{self, place_of};

use super::table::Value;

/// The most values and keys of a manifest: about 100,000 jobs with five fields.
const MAX_NODES: usize = 1_000_000;

/// The deepest nesting of lists and maps. The reader recurses, so this also bounds the stack.
const MAX_DEPTH: usize = 32;

/// The most values and keys behind anchors. Nested anchors grow exponentially.
const MAX_ANCHORED: usize = 50_000;

/// A value with its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) content: Content,
    /// The place where the value is used: of an alias, not of its anchor.
    pub(crate) place: Place,
}

/// The content of a value.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// Nothing, `~` or `null`.
    Null,
    /// A text, number or boolean, as written: `007` stays `007`, `9:16` stays `9:16`.
    Scalar(String),
    List(Vec<Node>),
    /// Keys with values, in order. A key may occur twice.
    Map(Vec<(Value, Node)>),
}

impl Node {
    /// Returns the kind of value, for messages.
    pub(crate) const fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "nothing",
            Content::Scalar(_) => "a single value",
            Content::List(_) => "a list",
            Content::Map(_) => "keys with values",
        }
    }

    /// Returns the keys and values, each key once. Reports duplicate keys, and a value that is not a map.
    pub(crate) fn entries(&self, what: &str, findings: &mut Findings) -> Vec<(&Value, &Self)> {
        let Content::Map(entries) = &self.content else {
            if !matches!(self.content, Content::Null) {
                let message = format!("{what} must be keys with values, not {}", self.kind());
                let help = "write each key on a line of its own, such as `name: value`";
                findings.problem(Problem::at(&self.place, message).help(help));
            }
            return Vec::new();
        };
        let mut first_of: HashMap<&str, &Value> = HashMap::new();
        let mut unique: Vec<(&Value, &Self)> = Vec::new();
        for (key, value) in entries {
            match first_of.insert(&key.text, key) {
                None => unique.push((key, value)),
                Some(first) => {
                    first_of.insert(&key.text, first);
                    let message = format!(
                        "duplicate key {}; first at {}",
                        quote(&key.text),
                        first.place.label()
                    );
                    findings.problem(Problem::at(&key.place, message).help("keep one of them"));
                }
            }
        }
        unique
    }
}

/// Reads a YAML document. Returns `None` after a syntax error, which is in `findings`.
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
        // Otherwise the first word of `text: !Buy now` would be lost, and the video paid for without it.
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    match serde_yaml::from_str_with_options::<Spanned<YamlValue>>(&source.text, options) {
        Ok(root) => Some(to_node(source, root)),
        Err(error) => {
            findings.problem(yaml_errors::problem(source, &error));
            None
        }
    }
}

fn to_node(source: &Arc<Source>, value: Spanned<YamlValue>) -> Node {
    let content = match value.value {
        YamlValue::Null => Content::Null,
        YamlValue::Text(text) => Content::Scalar(text),
        YamlValue::Literal(fallback) => {
            let written = place_of(source, value.defined).range();
            let written = written.and_then(|range| source.text.get(range));
            Content::Scalar(written.map_or(fallback, |text| text.trim().to_owned()))
        }
        YamlValue::List(items) => {
            Content::List(items.into_iter().map(|item| to_node(source, item)).collect())
        }
        YamlValue::Map(entries) => {
            let entries = entries.into_iter().map(|(key, value)| {
                let place = place_of(source, key.referenced);
                (Value::new(key.value, &place), to_node(source, value))
            });
            Content::Map(entries.collect())
        }
    };
    Node { content, place: place_of(source, value.referenced) }
}

/// Any YAML value, as the reader returns it.
enum YamlValue {
    Null,
    Text(String),
    /// A number or boolean. Its spelling is in the source.
    Literal(String),
    List(Vec<Spanned<Self>>),
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

/// An error in a YAML file that is not a manifest, with its line and column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct YamlError(String);

/// Reads a YAML file that is not a manifest, such as the sandbox's faults.
///
/// # Errors
///
/// The first error, with its place.
pub(crate) fn parse_yaml<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    serde_yaml::from_str(text).map_err(|error| {
        let error = error.without_snippet();
        YamlError(error.render_with_formatter(&UserMessageFormatter))
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
                    into.push(format!("{at} {}:", key.text));
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
            ["1:1 a:", "1:7 \"007\"", "2:1 b:", "2:4 \"007\"", "3:1 c:", "3:9 d:", "3:9 \"010\""]
        );
    }

    #[test]
    fn doubled_keys_are_reported_with_both_places() {
        let node = tree("a: 1\nb: 2\na: 3\n");
        let mut findings = Findings::default();
        assert_eq!(node.entries("the manifest", &mut findings).len(), 2);
        assert_eq!(findings.problems[0].place(), "m.yaml:3:1");
        assert_eq!(findings.problems[0].message(), "duplicate key `a`; first at m.yaml:1:1");
    }

    /// With quadratic time, the test would take minutes.
    #[test]
    fn many_keys_take_linear_time() {
        let keys = |end: &str| {
            let keys = (0..200_000).map(|key| format!("k{key}: a"));
            keys.collect::<Vec<_>>().join(end)
        };
        for text in [keys("\n"), format!("{{{}}}", keys(", "))] {
            let mut findings = Findings::default();
            assert_eq!(tree(&text).entries("a map", &mut findings).len(), 200_000);
        }
    }

    /// With quadratic time, the test would take minutes.
    #[test]
    fn many_unknown_keys_take_linear_time() {
        let keys = (0..20_000).map(|key| format!("k{key}: a"));
        let keys = keys.collect::<Vec<_>>();
        let flow = format!("{{{}}}", keys.join(", "));
        for text in [
            keys.join("\n"),
            format!("limits: {flow}"),
            format!("jobs: [{flow}]"),
            format!("jobs: [{{texts: {flow}}}]"),
            format!("defaults: {flow}"),
        ] {
            let mut findings = Findings::default();
            let document = crate::manifest::schema::document::read(&tree(&text), &mut findings);
            let of_items = document.items.iter().map(|item| item.findings.problems.len());
            assert!(findings.problems.len() + of_items.sum::<usize>() >= 20_000);
        }
    }

    #[test]
    fn alias_bombs_and_deep_nesting_are_refused() {
        let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (this, last) in ('b'..'k').zip('a'..) {
            let nine = vec![format!("*{last}"); 9].join(", ");
            bomb.push_str(&[format!("{this}: &{this} ["), nine, "]\n".to_owned()].concat());
        }
        let nested = "the manifest is too large or nested too deeply";
        for (text, expected) in [
            (bomb, nested),
            ("- ".repeat(5_000), nested),
            ("[".repeat(5_000), "recursion limit exceeded"),
        ] {
            let source = Source::of_text("m.yaml", text);
            let mut findings = Findings::default();
            assert!(parse(&source, &mut findings).is_none());
            assert_eq!(findings.problems[0].message(), expected);
        }
    }

    #[test]
    fn an_error_in_another_file_has_its_line() {
        let numbers: Result<Vec<u32>, YamlError> = parse_yaml("- 1\n- two\n");
        let error = numbers.unwrap_err().to_string();
        assert!(error.contains("line 2") && !error.contains('\n'), "{error}");
        assert_eq!(parse_yaml::<Vec<u32>>("- 1\n"), Ok(vec![1]));
        let several: Result<Vec<u32>, YamlError> = parse_yaml("- 1\n---\n- 2\n");
        assert!(several.unwrap_err().to_string().contains("line 3"));
    }

    #[test]
    fn every_error_has_a_place_a_message_and_help() {
        for (text, expected, help) in [
            ("a:\n  b: 1\n\tc: 2\n", "3:1 this line is indented with a tab", "spaces"),
            ("a: |\n\tHi\n", "2:1 this line is indented with a tab", "spaces"),
            ("a: \"open\n\tb: 1\n", "1:4 unclosed quote", "close a text"),
            (
                "a: 'don't'\n",
                "1:9 invalid trailing content after single-quoted scalar",
                "`''` for an apostrophe",
            ),
            (
                "a: \"C:\\users\"\n",
                "1:4 while parsing a quoted scalar, did not find expected hexadecimal number",
                "`\\\\` inside",
            ),
            ("text: Note: buy\n", "1:11 a text with `: ` in it must be in quotes", "Note: buy now"),
            (
                "- text: Hi\n   b: x\n",
                "2:4 this line is not aligned with the line above it",
                "same column",
            ),
            (
                "a:\n  - b\n - c\n",
                "3:2 while parsing a block mapping, did not find expected key",
                "same column",
            ),
            ("a: *nobody\n", "1:4 reference to unknown value", "begins with `*`"),
            ("a: &a [*a]\n", "1:8 Recursive reference not allowed here", "begins with `*`"),
            (
                "a: 1\n---\nb: 2\n",
                "3:1 only single YAML document expected but multiple found",
                "remove the lines `---`",
            ),
            ("%oops\na: 1\n", "2:1 did not find expected <document start>", "delete the line"),
            (
                "a: {{ name }}, hi\n",
                "1:4 a text that begins with `{{` must be in quotes",
                "{{ name }}, hello",
            ),
            ("a: @anna\n", "1:4 unexpected character: `@'", "begins with `@`"),
            ("a: \"x\u{7}\"\n", "1:6 unexpected character: `\\u{7}'", "delete this character"),
            ("a: [b\n", "1:4 unclosed bracket '['", "close `[`"),
            ("a: [{b: c]\n", "1:5 mismatched bracket '{' closed by ']'", "close `[`"),
            ("a: ]\n", "1:4 misplaced bracket", "close `[`"),
            (
                "a: {<<: x}\n",
                "1:9 YAML merge value must be mapping or sequence of mappings",
                "<<: *shared",
            ),
            (": a\n", "1:1 null is not allowed here", "write a key"),
            ("? [a]\n: b\n", "1:3 expected string scalar", "close `[`"),
            ("a: !!float b\n", "1:12 invalid floating point", "begins with `!`"),
            ("a: !Buy now\n", "1:9 unsupported tag `!Buy`", "begins with `!`"),
            (
                "a: \"x\"#c\n",
                "1:7 comments must be separated from other tokens by whitespace",
                "before a comment",
            ),
        ] {
            let source = Source::of_text("m.yaml", text.to_owned());
            let mut findings = Findings::default();
            assert!(parse(&source, &mut findings).is_none(), "{text}");
            let problem = &findings.problems[0];
            let shown = format!("{} {}", problem.place(), problem.message());
            assert_eq!(shown, format!("m.yaml:{expected}"), "{text}");
            let shown = problem.help_text().unwrap();
            assert!(shown.contains(help), "{text}: {shown}");
        }
    }
}
