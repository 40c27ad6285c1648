//! The outline of a YAML manifest.

use crate::manifest::build::raw_job::{Values, refuse_list, split_values};
use crate::manifest::build::template::is_template;
use crate::manifest::diagnostics::place::Place;
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::text::quote;
use crate::manifest::formats::table::Value;
use crate::manifest::formats::yaml::{Content, Node};

use super::field::Field;
use super::languages::parse_language;
use super::options::ColumnChoice;
use super::settings::{LIMITS, OUTPUT, PRICES, Settings, expect_scalar, suggest_key};

/// The keys of a manifest.
pub(crate) const DOCUMENT_KEYS: [&str; 8] =
    ["campaign", "defaults", "personas", "voices", "limits", "output", "prices", "jobs"];
/// The keys of an item of `jobs:` besides the fields of a job.
pub(crate) const ITEM_KEYS: [&str; 6] = ["texts", "rows", "sheet", "columns", "include", "exclude"];

/// The most problems of a manifest or an item before unknown keys are compared with the known ones, which takes long.
const MAX_SUGGESTIONS: usize = 10;

/// A YAML manifest before validation.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) campaign: Option<Value>,
    pub(crate) defaults: Defaults,
    /// The short names of `personas:` with their ids, which are `None` if wrong.
    pub(crate) personas: Vec<(Value, Option<Value>)>,
    /// The short names of `voices:`.
    pub(crate) voices: Vec<(Value, Option<Value>)>,
    pub(crate) settings: Settings,
    /// `jobs:`
    pub(crate) items: Vec<Item>,
}

/// The section `defaults:`.
#[derive(Debug, Default)]
pub(crate) struct Defaults {
    pub(crate) values: Values,
    /// See [`Item::reported`].
    pub(crate) reported: Vec<Field>,
}

/// An item of `jobs:`.
#[derive(Debug)]
pub(crate) struct Item {
    /// The beginning of the item.
    pub(crate) place: Place,
    pub(crate) values: Values,
    /// The values of each language of `texts`.
    pub(crate) languages: Vec<Values>,
    /// The file with the sheet whose rows the item is for.
    pub(crate) rows: Option<Value>,
    /// The sheet of a workbook.
    pub(crate) sheet: Option<Value>,
    /// The columns of fields in that sheet.
    pub(crate) columns: Vec<ColumnChoice>,
    /// Combinations to add.
    pub(crate) include: Vec<Values>,
    /// Combinations to leave out.
    pub(crate) exclude: Vec<(Place, Values)>,
    /// The fields that are given but wrong, so that their absence is not reported again.
    pub(crate) reported: Vec<Field>,
    pub(crate) findings: Findings,
}

/// Reads the outline of a manifest. Problems are in `findings`, and in the findings of each item.
pub(crate) fn read(root: &Node, findings: &mut Findings) -> Document {
    let mut document = Document::default();
    let mut has_jobs = false;
    for (key, value) in root.entries("the manifest", findings) {
        let settings = &mut document.settings;
        match &*key.text {
            "campaign" => document.campaign = expect_scalar(value, findings),
            "defaults" => document.defaults = defaults(value, findings),
            "personas" => document.personas = short_names(value, "`personas`", findings),
            "voices" => document.voices = short_names(value, "`voices`", findings),
            "limits" => settings.read("limits", LIMITS, value, findings),
            "output" => settings.read("output", OUTPUT, value, findings),
            "prices" => settings.read("prices", PRICES, value, findings),
            "jobs" => {
                has_jobs = true;
                document.items = items(value, findings);
            }
            // A place for anchors, as in other YAML formats.
            extension if extension.starts_with("x-") => {}
            other => {
                let help = if other.starts_with('-') {
                    "an item of a list begins with `- `, with a space".to_owned()
                } else {
                    suggest_key(other, &DOCUMENT_KEYS)
                };
                let message = format!("unknown key {} of a manifest", quote(other));
                findings.problem(Problem::at(&key.place, message).help(help));
            }
        }
    }
    if !has_jobs && findings.problems.is_empty() {
        let (place, message) = match root.content {
            Content::Null => (root.place.whole_file(), "the file is empty"),
            Content::Scalar(_) | Content::List(_) | Content::Map(_) => {
                (root.place.clone(), "the key `jobs` is missing")
            }
        };
        let help = "`jobs:` is a list; each item has `text`, `persona` and `aspect_ratio`";
        findings.problem(Problem::at(&place, message).help(help));
    }
    document
}

fn defaults(node: &Node, findings: &mut Findings) -> Defaults {
    let mut defaults = Defaults::default();
    for (key, value) in node.entries("`defaults`", findings) {
        read_field(&mut defaults.values, &mut defaults.reported, key, value, &[], findings);
        let ids = defaults.values.get(Field::Id);
        if ids.is_some_and(|ids| ids.iter().any(|id| !is_template(&id.text))) {
            let message = "an `id` in `defaults` would be the same for all jobs";
            findings.problem(Problem::at(&key.place, message).help("give each job its own id"));
            defaults.values.remove(Field::Id);
        }
    }
    defaults
}

fn short_names(node: &Node, what: &str, findings: &mut Findings) -> Vec<(Value, Option<Value>)> {
    let entries = node.entries(what, findings).into_iter();
    entries.map(|(key, value)| (key.clone(), expect_scalar(value, findings))).collect()
}

fn items(node: &Node, findings: &mut Findings) -> Vec<Item> {
    let message = match &node.content {
        Content::List(items) if !items.is_empty() => return items.iter().map(item).collect(),
        Content::List(_) => "`jobs` is empty".to_owned(),
        Content::Null | Content::Scalar(_) | Content::Map(_) => {
            format!("`jobs` must be a list, not {}", node.kind())
        }
    };
    findings.problem(Problem::at(&node.place, message).help("each item begins with `-`"));
    Vec::new()
}

fn item(node: &Node) -> Item {
    let mut findings = Findings::default();
    let mut item = Item {
        place: node.place.clone(),
        values: Values::new(),
        languages: Vec::new(),
        rows: None,
        sheet: None,
        columns: Vec::new(),
        include: Vec::new(),
        exclude: Vec::new(),
        reported: Vec::new(),
        findings: Findings::default(),
    };
    if !matches!(node.content, Content::Map(_)) {
        item.reported = Field::REQUIRED.to_vec();
    }
    if matches!(node.content, Content::Null) {
        findings.problem(Problem::at(&node.place, "this item of `jobs` is empty"));
    }
    for (key, value) in node.entries("an item of `jobs`", &mut findings) {
        match &*key.text {
            "rows" => item.rows = expect_scalar(value, &mut findings),
            "sheet" => item.sheet = expect_scalar(value, &mut findings),
            "texts" => {
                item.languages = languages(value, &mut item.reported, &mut findings);
            }
            "columns" => item.columns = columns(value, &mut findings),
            "include" => {
                let combinations = combinations(value, "include", &mut findings);
                item.include = combinations.into_iter().map(|(_, values)| values).collect();
            }
            "exclude" => item.exclude = combinations(value, "exclude", &mut findings),
            _ => read_field(
                &mut item.values,
                &mut item.reported,
                key,
                value,
                &ITEM_KEYS,
                &mut findings,
            ),
        }
    }
    for (key, is_given) in [("sheet", item.sheet.is_some()), ("columns", !item.columns.is_empty())]
    {
        if is_given && item.rows.is_none() {
            let message = format!("`{key}` is given without `rows`");
            findings.problem(Problem::at(&node.place, message));
        }
    }
    item.findings = findings;
    item
}

/// Reads `texts`: for each language a text, or keys with values.
fn languages(node: &Node, reported: &mut Vec<Field>, findings: &mut Findings) -> Vec<Values> {
    let mut languages = Vec::new();
    for (key, node) in node.entries("`texts`", findings) {
        let Some(language) = parse_language(&key.text) else {
            let message = format!("{} is not the code of a language", quote(&key.text));
            findings.problem(
                Problem::at(&key.place, message).help("such as `de`, `pt-BR` or `zh-Hant`"),
            );
            continue;
        };
        let mut values = Values::new();
        if matches!(node.content, Content::Map(_)) {
            for (key, value) in node.entries("a language of `texts`", findings) {
                read_field(&mut values, reported, key, value, &[], findings);
            }
        } else {
            values.insert(Field::Text, values_of(Field::Text, node, findings));
        }
        let has_speech = |field| values.get(field).is_some_and(|values| !values.is_empty());
        if !has_speech(Field::Text) && !has_speech(Field::Audio) {
            let message =
                format!("the language {} has neither text nor recording", quote(&language));
            findings.problem(Problem::at(&key.place, message));
            continue;
        }
        values.insert(Field::Language, vec![Value::new(language, &key.place)]);
        languages.push(values);
    }
    languages
}

/// Reads `columns`: the headers of fields.
fn columns(node: &Node, findings: &mut Findings) -> Vec<ColumnChoice> {
    let mut columns = Vec::new();
    for (key, value) in node.entries("`columns`", findings) {
        let header = expect_scalar(value, findings).map(|header| header.text.trim().to_owned());
        match (Field::find(&key.text), header) {
            (Some((field, _)), Some(header)) => columns.push(ColumnChoice { field, header }),
            (Some(_), None) => {}
            (None, _) => {
                let help = suggest_key(&key.text, &Field::ALL.map(Field::name));
                let message = format!("`columns` has an unknown field {}", quote(&key.text));
                findings.problem(Problem::at(&key.place, message).help(help));
            }
        }
    }
    columns
}

/// Reads the list under `include` or `exclude`.
fn combinations(node: &Node, what: &str, findings: &mut Findings) -> Vec<(Place, Values)> {
    let Content::List(items) = &node.content else {
        let kind = node.kind();
        let message = format!("`{what}` must be a list of combinations, not {kind}");
        let help = "such as `- {persona: anna, aspect_ratio: 9x16}`";
        findings.problem(Problem::at(&node.place, message).help(help));
        return Vec::new();
    };
    let mut combinations = Vec::new();
    for item in items {
        let mut values = Values::new();
        for (key, value) in item.entries(&format!("an item of `{what}`"), findings) {
            read_field(&mut values, &mut Vec::new(), key, value, &[], findings);
        }
        if values.is_empty() {
            let message = format!("this item of `{what}` is empty");
            findings.problem(Problem::at(&item.place, message));
        } else {
            combinations.push((item.place.clone(), values));
        }
    }
    combinations
}

/// Reads the field that a key names into `values`. If the key or the value is wrong, the field is added to `reported`.
/// `other_keys` are valid beside the fields.
fn read_field(
    values: &mut Values,
    reported: &mut Vec<Field>,
    key: &Value,
    node: &Node,
    other_keys: &[&str],
    findings: &mut Findings,
) {
    let Some((field, _)) = Field::find(&key.text) else {
        let message = format!("unknown key {} of a job", quote(&key.text));
        if findings.problems.len() >= MAX_SUGGESTIONS {
            findings.problem(Problem::at(&key.place, message));
            return;
        }
        let meant = Field::closest_match(&key.text);
        let help = meant.map_or_else(
            || {
                let mut known = Field::ALL.map(Field::name).to_vec();
                known.extend(other_keys);
                suggest_key(&key.text, &known)
            },
            |field| format!("did you mean `{}`?", field.name()),
        );
        findings.problem(Problem::at(&key.place, message).help(help));
        reported.extend(meant.map(Field::reported_as));
        return;
    };
    let before = findings.problems.len();
    let given = values_of(field, node, findings);
    if !given.is_empty() && values.insert(field, given).is_some() {
        let message = format!("`{}` is given twice, under two names", field.name());
        findings.problem(Problem::at(&key.place, message).help("keep one of them"));
    }
    if findings.problems.len() > before {
        reported.push(field.reported_as());
    }
}

/// Returns the values of a field: one, or those of a list.
fn values_of(field: Field, node: &Node, findings: &mut Findings) -> Vec<Value> {
    let nodes = match &node.content {
        Content::List(items) if field.can_be_list() => items.as_slice(),
        Content::List(_) => {
            refuse_list(field, &node.place, findings);
            return Vec::new();
        }
        Content::Null | Content::Scalar(_) | Content::Map(_) => std::slice::from_ref(node),
    };
    if nodes.is_empty() {
        findings.problem(Problem::at(&node.place, "this list is empty"));
    }
    let mut values = Vec::new();
    for node in nodes {
        match &node.content {
            Content::Scalar(text) => {
                let value = Value::new(text.as_str(), &node.place);
                values.extend(split_values(field, value, findings));
            }
            // `voice:` without a value is a voice that is not given.
            Content::Null if nodes.len() == 1 => {}
            Content::Null | Content::List(_) | Content::Map(_) => {
                let (name, kind) = (field.name(), node.kind());
                let message = format!("`{name}` takes single values, not {kind}");
                findings.problem(Problem::at(&node.place, message));
            }
        }
    }
    values
}
