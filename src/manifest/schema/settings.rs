//! The sections `limits:`, `output:` and `prices:` of a YAML manifest.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::text::{closest_match, list, quote};
use crate::manifest::formats::table::Value;
use crate::manifest::formats::yaml::{Content, Node};
use crate::model::{
    Credits, Flag, LimitSettings, Limits, OutputSettings, PriceSettings, SecretText, parse_duration,
};
use crate::util::text::sanitize;

use super::values::{parse_bool, parse_seconds};

/// The settings of a manifest.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) limits: LimitSettings,
    /// `limits.max_text`
    pub(crate) max_text: Option<usize>,
    pub(crate) output: OutputSettings,
    /// `output.filename`
    pub(crate) file_name: Option<Value>,
    pub(crate) prices: PriceSettings,
}

/// A setting: its key, and the function that reads it.
pub(crate) type Setting = (&'static str, fn(&mut Settings, &Node, &mut Findings));

/// Lists settings as `key => target = function;`.
macro_rules! settings {
    ($($key:literal => $($target:ident).+ = $parse:expr;)*) => {
        &[$(($key, |settings, node, findings| {
            settings.$($target).+ = $parse(node, findings);
        })),*]
    };
}

/// `limits:`. The keys are the names of the command line's flags.
pub(crate) const LIMITS: &[Setting] = settings! {
    "submit_rate" => limits.submit_rate = parse;
    "in_flight" => limits.in_flight = parse;
    "poll_rate" => limits.poll_rate = parse;
    "downloads" => limits.downloads = parse_positive;
    "max_credits" => limits.max_credits = parse;
    "max_credits_run" => limits.max_credits_run = parse;
    "confirm_above" => limits.confirm_above = parse_confirm_above;
    "allow_partial" => limits.allow_partial = parse_allow_partial;
    "render_timeout" => limits.render_timeout = parse_time;
    "max_duration" => limits.max_duration = parse_time;
    "max_fail" => limits.max_fail = parse;
    "settle" => limits.settle = parse_settle;
    "poll_interval" => limits.poll_interval = parse_time;
    "max_text" => max_text = parse_positive;
};

/// `output:`
pub(crate) const OUTPUT: &[Setting] = settings! {
    "folder" => output.folder = parse_folder;
    "filename" => file_name = expect_scalar;
    "require_approval" => output.require_approval = parse_flag;
    "notify" => output.notify = parse_secret;
    "ping" => output.ping = parse_secret;
};

/// `prices:`
pub(crate) const PRICES: &[Setting] = settings! {
    "standard_block" => prices.standard_block = parse_price;
    "standard_block_seconds" => prices.standard_block_seconds = parse_positive;
    "aurora_v1_second" => prices.aurora_v1_second = parse_price;
    "aurora_v1_fast_second" => prices.aurora_v1_fast_second = parse_price;
    "assumed_audio_seconds" => prices.assumed_audio_seconds = parse_audio_seconds;
};

impl Settings {
    /// Reads the section `name` and reports unknown keys. `-` and `_` are equal, so that a flag's name is a key.
    pub(crate) fn read(
        &mut self,
        name: &str,
        settings: &[Setting],
        node: &Node,
        findings: &mut Findings,
    ) {
        for (key, value) in node.entries(&format!("`{name}`"), findings) {
            let wanted = match key.text.trim().replace('-', "_") {
                // The flag is `--out`.
                out if out == "out" => "folder".to_owned(),
                wanted => wanted,
            };
            if let Some((_, read)) = settings.iter().find(|(name, _)| *name == wanted) {
                read(self, value, findings);
                continue;
            }
            let message = format!("`{name}` has no setting {}", quote(&key.text));
            let known: Vec<&str> = settings.iter().map(|(name, _)| *name).collect();
            let help = suggest_key(&wanted, &known);
            findings.problem(Problem::at(&key.place, message).help(help));
        }
    }
}

/// Returns what to write instead of an unknown key.
pub(crate) fn suggest_key(name: &str, known: &[&str]) -> String {
    match closest_match(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the keys are {}", list(known.iter().copied(), "and")),
    }
}

/// Returns the single value of a node. Reports anything else.
pub(crate) fn expect_scalar(node: &Node, findings: &mut Findings) -> Option<Value> {
    let kind = match &node.content {
        Content::Scalar(text) if !text.trim().is_empty() => {
            return Some(Value::new(text.as_str(), &node.place));
        }
        Content::Scalar(_) => "an empty text",
        Content::Null | Content::List(_) | Content::Map(_) => node.kind(),
    };
    let message = format!("expected a single value, found {kind}");
    findings.problem(Problem::at(&node.place, message));
    None
}

fn parse_with<T, E: Display>(
    node: &Node,
    findings: &mut Findings,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<T> {
    let value = expect_scalar(node, findings)?;
    match parse(value.text.trim()) {
        Ok(value) => Some(value),
        Err(error) => {
            let message = sanitize(&error.to_string());
            findings.problem(Problem::at(&node.place, message));
            None
        }
    }
}

fn parse<T: FromStr<Err: Display>>(node: &Node, findings: &mut Findings) -> Option<T> {
    parse_with(node, findings, str::parse)
}

fn parse_time(node: &Node, findings: &mut Findings) -> Option<Duration> {
    parse_with(node, findings, parse_duration)
}

/// Parses `confirm_above`, which a manifest can only lower.
fn parse_confirm_above(node: &Node, findings: &mut Findings) -> Option<Credits> {
    let given = parse(node, findings)?;
    let known = Limits::default().confirm_above;
    if given > known {
        let message = format!(
            "a manifest cannot raise `confirm_above` above {known}; `{}` can",
            Flag::ConfirmAbove
        );
        findings.note(&node.place, message);
    }
    Some(given)
}

/// Parses `allow_partial`, which has no effect in a manifest.
fn parse_allow_partial(node: &Node, findings: &mut Findings) -> Option<bool> {
    let is_allowed = parse_switch(node, findings)?;
    if is_allowed {
        let message =
            format!("`allow_partial` has no effect in a manifest; give `{}`", Flag::AllowPartial);
        findings.note(&node.place, message);
    }
    Some(is_allowed)
}

/// Parses `settle`, which a manifest can only raise.
fn parse_settle(node: &Node, findings: &mut Findings) -> Option<Duration> {
    let given = parse_time(node, findings)?;
    let known = Limits::default().settle;
    if given < known {
        let seconds = known.as_secs();
        let message =
            format!("a manifest cannot lower `settle` below {seconds} s; `{}` can", Flag::Settle);
        findings.note(&node.place, message);
    }
    Some(given)
}

/// Parses a price, which is more than 0.
fn parse_price(node: &Node, findings: &mut Findings) -> Option<Credits> {
    parse_with(node, findings, |text| {
        let price = text.parse::<Credits>().map_err(|error| error.to_string())?;
        let is_price = price > Credits::ZERO;
        is_price
            .then_some(price)
            .ok_or_else(|| format!("`{text}` is not a price; it must be more than 0"))
    })
}

fn parse_switch(node: &Node, findings: &mut Findings) -> Option<bool> {
    parse_with(node, findings, |text| {
        parse_bool(text).ok_or_else(|| format!("`{text}` is neither yes nor no"))
    })
}

fn parse_flag(node: &Node, findings: &mut Findings) -> bool {
    parse_switch(node, findings).unwrap_or_default()
}

fn parse_positive<T: TryFrom<u32>>(node: &Node, findings: &mut Findings) -> Option<T> {
    parse_with(node, findings, |text| {
        let number = text.parse::<u32>().ok().filter(|number| *number > 0);
        let number = number.and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| format!("`{text}` is not a whole number from 1"))
    })
}

fn parse_audio_seconds(node: &Node, findings: &mut Findings) -> Option<f64> {
    parse_with(node, findings, |text| {
        let error = || format!("`{text}` is not a length in seconds, such as `30`");
        parse_seconds(text).ok_or_else(error)
    })
}

fn parse_secret(node: &Node, findings: &mut Findings) -> Option<SecretText> {
    let value = expect_scalar(node, findings)?;
    Some(SecretText::new(value.text.trim()))
}

fn parse_folder(node: &Node, findings: &mut Findings) -> Option<PathBuf> {
    parse_with(node, findings, |text| {
        if text.chars().any(char::is_control) {
            return Err("the name of the folder contains a control character");
        }
        Ok(PathBuf::from(text))
    })
}
