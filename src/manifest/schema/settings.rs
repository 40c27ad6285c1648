//! `limits:`, `output:` and `prices:` of a YAML manifest.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::model::{
    Credits, LimitSettings, OutputSettings, PriceSettings, SecretText, parse_duration,
};

use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::words;
use crate::manifest::formats::table::Value;
use crate::manifest::formats::yaml::{Content, Node};
use crate::manifest::schema::values;

/// Keys of `limits:`: the flags of the command line, and the longest text.
pub(crate) const LIMIT_KEYS: [&str; 14] = [
    "submit_rate",
    "in_flight",
    "poll_rate",
    "downloads",
    "max_credits",
    "max_credits_run",
    "confirm_above",
    "allow_partial",
    "render_timeout",
    "max_duration",
    "max_fail",
    "settle",
    "poll_interval",
    "max_text",
];
/// Keys of `output:`.
pub(crate) const OUTPUT_KEYS: [&str; 5] =
    ["folder", "filename", "require_approval", "notify", "ping"];
/// Keys of `prices:`.
pub(crate) const PRICE_KEYS: [&str; 5] = [
    "standard_block",
    "standard_block_seconds",
    "aurora_v1_second",
    "aurora_v1_fast_second",
    "assumed_audio_seconds",
];

/// What the manifest sets besides jobs.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// `limits:`.
    pub(crate) limits: LimitSettings,
    /// `limits.max_text`.
    pub(crate) longest_text: Option<usize>,
    /// `output:`.
    pub(crate) output: OutputSettings,
    /// `output.filename`.
    pub(crate) file_name: Option<Value>,
    /// `prices:`.
    pub(crate) prices: PriceSettings,
}

impl Settings {
    /// Reads `limits:`.
    pub(crate) fn read_limits(&mut self, node: &Node, findings: &mut Findings) {
        for (name, value) in section(node, "limits", &LIMIT_KEYS, findings) {
            let limits = &mut self.limits;
            match name {
                "submit_rate" => limits.submit_rate = parsed(value, findings),
                "in_flight" => limits.in_flight = parsed(value, findings),
                "poll_rate" => limits.poll_rate = parsed(value, findings),
                "downloads" => limits.downloads = parse_positive(value, findings),
                "max_credits" => limits.max_credits = parsed(value, findings),
                "max_credits_run" => limits.max_credits_run = parsed(value, findings),
                "confirm_above" => limits.confirm_above = parsed(value, findings),
                "allow_partial" => limits.allow_partial = parse_bool_setting(value, findings),
                "render_timeout" => limits.render_timeout = read(value, findings, parse_duration),
                "max_duration" => limits.max_duration = read(value, findings, parse_duration),
                "max_fail" => limits.max_fail = parsed(value, findings),
                "settle" => limits.settle = read(value, findings, parse_duration),
                "poll_interval" => limits.poll_interval = read(value, findings, parse_duration),
                _ => {
                    self.longest_text = parse_positive(value, findings)
                        .map(|number: u32| usize::try_from(number).unwrap_or(usize::MAX));
                }
            }
        }
    }

    /// Reads `output:`.
    pub(crate) fn read_output(&mut self, node: &Node, findings: &mut Findings) {
        for (name, node) in section(node, "output", &OUTPUT_KEYS, findings) {
            if name == "require_approval" {
                self.output.require_approval =
                    parse_bool_setting(node, findings).unwrap_or_default();
                continue;
            }
            let Some(value) = expect_scalar(node, findings) else {
                continue;
            };
            let secret = || Some(SecretText::new(value.text.trim()));
            if name == "filename" {
                self.file_name = Some(value);
            } else if name == "notify" {
                self.output.notify = secret();
            } else if name == "ping" {
                self.output.ping = secret();
            } else if value.text.chars().any(char::is_control) {
                let message = "the folder's name holds a control character";
                findings.problem(Problem::at(&node.place, message));
            } else {
                self.output.folder = Some(PathBuf::from(value.text.trim()));
            }
        }
    }

    /// Reads `prices:`.
    pub(crate) fn read_prices(&mut self, node: &Node, findings: &mut Findings) {
        for (name, value) in section(node, "prices", &PRICE_KEYS, findings) {
            let prices = &mut self.prices;
            match name {
                "standard_block" => prices.standard_block = parsed::<Credits>(value, findings),
                "standard_block_seconds" => {
                    prices.standard_block_seconds = parse_positive(value, findings);
                }
                "aurora_v1_second" => prices.aurora_v1_second = parsed(value, findings),
                "aurora_v1_fast_second" => prices.aurora_v1_fast_second = parsed(value, findings),
                _ => {
                    prices.assumed_audio_seconds = read(value, findings, |text| {
                        let seconds = values::number(text);
                        seconds
                            .filter(|seconds| (0.1..=86_400.0).contains(seconds))
                            .ok_or_else(|| {
                                format!("`{text}` is no length in seconds, such as `30`")
                            })
                    });
                }
            }
        }
    }
}

/// The known entries of a section, under the names this program writes; the others are reported.
/// `-` and `_` are the same, so that a flag's name is a key.
fn section<'n>(
    node: &'n Node,
    what: &str,
    known: &[&'static str],
    findings: &mut Findings,
) -> Vec<(&'static str, &'n Node)> {
    let mut entries = Vec::new();
    for (key, value) in node.entries(&format!("`{what}`"), findings) {
        let name = key.name.trim().replace('-', "_");
        // The flag for the folder is `--out`.
        let name = if name == "out" {
            "folder".to_owned()
        } else {
            name
        };
        match known.iter().find(|known| **known == name) {
            Some(known) => entries.push((*known, value)),
            None => findings.problem(
                Problem::at(
                    &key.place,
                    format!("`{what}` has no setting {}", words::quoted(&key.name)),
                )
                .help(suggest_key(&name, known)),
            ),
        }
    }
    entries
}

/// What to write in place of an unknown key.
pub(crate) fn suggest_key(name: &str, known: &[&str]) -> String {
    match words::closest_match(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "there are {}",
            words::list_or(known.iter().copied()).replace(" or ", " and ")
        ),
    }
}

/// The single value of a node; nothing and anything else are reported.
pub(crate) fn expect_scalar(node: &Node, findings: &mut Findings) -> Option<Value> {
    if let Content::Scalar(text) = &node.content
        && !text.trim().is_empty()
    {
        return Some(Value {
            text: text.as_str().into(),
            place: node.place.clone(),
        });
    }
    let kind = match &node.content {
        Content::Scalar(_) => "an empty one",
        Content::Null | Content::List(_) | Content::Map(_) => node.kind(),
    };
    let message = format!("a single value belongs here, not {kind}");
    findings.problem(Problem::at(&node.place, message));
    None
}

fn read<T, E: fmt::Display>(
    node: &Node,
    findings: &mut Findings,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<T> {
    let value = expect_scalar(node, findings)?;
    match parse(value.text.trim()) {
        Ok(value) => Some(value),
        Err(error) => {
            let message = words::clean(&error.to_string());
            findings.problem(Problem::at(&node.place, message));
            None
        }
    }
}

fn parsed<T: FromStr>(node: &Node, findings: &mut Findings) -> Option<T>
where
    T::Err: fmt::Display,
{
    read(node, findings, str::parse)
}

fn parse_bool_setting(node: &Node, findings: &mut Findings) -> Option<bool> {
    read(node, findings, |text| {
        values::parse_bool(text).ok_or_else(|| format!("`{text}` is neither yes nor no"))
    })
}

fn parse_positive(node: &Node, findings: &mut Findings) -> Option<u32> {
    read(node, findings, |text| {
        let number = text.parse::<u32>().ok().filter(|number| *number > 0);
        number.ok_or_else(|| format!("`{text}` is no whole number from 1"))
    })
}
