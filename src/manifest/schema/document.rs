//! The outer shape of a YAML manifest: [`Document`].

use crate::manifest::build::raw_job::{Values, refuse_list, split};
use crate::manifest::build::template::is_template;
use crate::manifest::diagnostics::place::Place;
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::words;
use crate::manifest::formats::table::Value;
use crate::manifest::formats::yaml::{Content, Key, Node};
use crate::manifest::schema::field::Field;
use crate::manifest::schema::settings::{Settings, expect_scalar, suggest_key};

/// Keys of the whole manifest.
pub(crate) const DOCUMENT_KEYS: [&str; 8] = [
    "campaign", "defaults", "personas", "voices", "limits", "output", "prices", "jobs",
];
/// Keys of an item of `jobs:` besides the fields of a job.
pub(crate) const ITEM_KEYS: [&str; 4] = ["rows", "sheet", "include", "exclude"];

/// A YAML manifest, its values not judged yet.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// `campaign:`.
    pub(crate) campaign: Option<Value>,
    /// `defaults:`.
    pub(crate) defaults: Defaults,
    /// `personas:`: short names and what they stand for.
    pub(crate) personas: Vec<(Key, Option<Value>)>,
    /// `voices:`, likewise.
    pub(crate) voices: Vec<(Key, Option<Value>)>,
    /// `limits:`, `output:`, `prices:`.
    pub(crate) settings: Settings,
    /// `jobs:`.
    pub(crate) items: Vec<Item>,
}

/// `defaults:` of a manifest.
#[derive(Debug, Default)]
pub(crate) struct Defaults {
    /// What holds where a job says nothing.
    pub(crate) values: Values,
    /// Fields that were meant to be given but are wrong; see [`Item::already_reported`].
    pub(crate) already_reported: Vec<Field>,
}

/// One item of `jobs:`.
#[derive(Debug)]
pub(crate) struct Item {
    /// Where it begins.
    pub(crate) place: Place,
    /// What it says about its jobs.
    pub(crate) values: Values,
    /// The sheet whose rows it is made for.
    pub(crate) rows: Option<Value>,
    /// The workbook's sheet.
    pub(crate) sheet: Option<Value>,
    /// Combinations to add.
    pub(crate) include: Vec<Values>,
    /// Combinations to leave out.
    pub(crate) exclude: Vec<(Place, Values)>,
    /// Fields that were meant to be given but are wrong: that they are missing is no news.
    pub(crate) already_reported: Vec<Field>,
    /// What is wrong with it.
    pub(crate) findings: Findings,
}

/// Reads the manifest's shape. Whatever is wrong with it is in `findings`, and in each item's own.
pub(crate) fn read(root: &Node, findings: &mut Findings) -> Document {
    let mut document = Document::default();
    let mut has_jobs = false;
    for (key, value) in root.entries("the manifest", findings) {
        match key.name.as_str() {
            "campaign" => document.campaign = expect_scalar(value, findings),
            "defaults" => document.defaults = defaults(value, findings),
            "personas" => document.personas = short_names(value, "personas", findings),
            "voices" => document.voices = short_names(value, "voices", findings),
            "limits" => document.settings.read_limits(value, findings),
            "output" => document.settings.read_output(value, findings),
            "prices" => document.settings.read_prices(value, findings),
            "jobs" => {
                has_jobs = true;
                document.items = items(value, findings);
            }
            other => findings.problem(
                Problem::at(
                    &key.place,
                    format!("a manifest has no {}", words::quoted(other)),
                )
                .help(if other.starts_with('-') {
                    "an item of a list begins with `- `, with a space".to_owned()
                } else {
                    suggest_key(other, &DOCUMENT_KEYS)
                }),
            ),
        }
    }
    if !has_jobs && findings.problems.is_empty() {
        let (place, message) = match root.content {
            Content::Null => (root.place.whole(), "the file is empty"),
            Content::Scalar(_) | Content::List(_) | Content::Map(_) => {
                (root.place.clone(), "there are no `jobs`")
            }
        };
        findings.problem(
            Problem::at(&place, message)
                .help("`jobs:` is a list; each item says `text`, `persona` and `aspect_ratio`"),
        );
    }
    document
}

fn defaults(node: &Node, findings: &mut Findings) -> Defaults {
    let mut defaults = Defaults::default();
    for (key, value) in node.entries("`defaults`", findings) {
        let Ok(field) =
            field(key, &[], findings).map_err(|meant| defaults.already_reported.extend(meant))
        else {
            continue;
        };
        if insert(&mut defaults.values, field, key, value, findings).is_err() {
            defaults.already_reported.push(required(field));
        }
        let ids = defaults.values.get(Field::Id);
        if ids.is_some_and(|ids| ids.iter().any(|id| !is_template(&id.text))) {
            let message = "an `id` for all jobs would be the same for all";
            findings.problem(Problem::at(&key.place, message).help("give each job its own"));
            defaults.values.remove(Field::Id);
        }
    }
    defaults
}

fn short_names(node: &Node, what: &str, findings: &mut Findings) -> Vec<(Key, Option<Value>)> {
    let entries = node.entries(&format!("`{what}`"), findings);
    let named = entries.into_iter();
    named
        .map(|(key, value)| (key.clone(), expect_scalar(value, findings)))
        .collect()
}

fn items(node: &Node, findings: &mut Findings) -> Vec<Item> {
    let help = "each item begins with `-`";
    match &node.content {
        Content::List(items) if !items.is_empty() => items.iter().map(item).collect(),
        Content::List(_) => {
            findings.problem(Problem::at(&node.place, "`jobs` is empty").help(help));
            Vec::new()
        }
        Content::Null | Content::Scalar(_) | Content::Map(_) => {
            let message = format!("`jobs` must be a list, not {}", node.kind());
            findings.problem(Problem::at(&node.place, message).help(help));
            Vec::new()
        }
    }
}

fn item(node: &Node) -> Item {
    let mut findings = Findings::default();
    let mut item = Item {
        place: node.place.clone(),
        values: Values::new(),
        rows: None,
        sheet: None,
        include: Vec::new(),
        exclude: Vec::new(),
        already_reported: Vec::new(),
        findings: Findings::default(),
    };
    if !matches!(node.content, Content::Map(_)) {
        item.already_reported = vec![Field::Text, Field::Persona, Field::AspectRatio];
    }
    if matches!(node.content, Content::Null) {
        findings.problem(Problem::at(&node.place, "this item of `jobs` is empty"));
    }
    for (key, value) in node.entries("an item of `jobs`", &mut findings) {
        match key.name.as_str() {
            "rows" => item.rows = expect_scalar(value, &mut findings),
            "sheet" => item.sheet = expect_scalar(value, &mut findings),
            "include" => {
                let combinations = combinations(value, "include", &mut findings);
                item.include = combinations.into_iter().map(|(_, values)| values).collect();
            }
            "exclude" => item.exclude = combinations(value, "exclude", &mut findings),
            _ => match field(key, &ITEM_KEYS, &mut findings) {
                Ok(field) => {
                    if insert(&mut item.values, field, key, value, &mut findings).is_err() {
                        item.already_reported.push(required(field));
                    }
                }
                Err(meant) => item.already_reported.extend(meant),
            },
        }
    }
    if item.sheet.is_some() && item.rows.is_none() {
        let message = "`sheet` belongs to `rows`, which is not given";
        findings.problem(Problem::at(&node.place, message));
    }
    item.findings = findings;
    item
}

/// The list under `include` or `exclude`.
fn combinations(node: &Node, what: &str, findings: &mut Findings) -> Vec<(Place, Values)> {
    let Content::List(items) = &node.content else {
        let message = format!(
            "`{what}` must be a list of combinations, not {}",
            node.kind()
        );
        let help = "such as `- {persona: anna, aspect_ratio: 9x16}`";
        findings.problem(Problem::at(&node.place, message).help(help));
        return Vec::new();
    };
    let mut combinations = Vec::new();
    for item in items {
        let mut values = Values::new();
        for (key, value) in item.entries(&format!("an item of `{what}`"), findings) {
            if let Ok(field) = field(key, &[], findings) {
                // What is wrong with it has been said, and nothing else hangs on it.
                insert(&mut values, field, key, value, findings).ok();
            }
        }
        if values.is_empty() {
            let message = format!("this item of `{what}` says nothing");
            findings.problem(Problem::at(&item.place, message));
        } else {
            combinations.push((item.place.clone(), values));
        }
    }
    combinations
}

/// Takes over a field's values; `Err` if they are wrong, which is reported.
fn insert(
    values: &mut Values,
    field: Field,
    key: &Key,
    node: &Node,
    findings: &mut Findings,
) -> Result<(), ()> {
    let before = findings.problems.len();
    let given = values_of(field, node, findings);
    if !given.is_empty() && values.insert(field, given).is_some() {
        let message = format!("`{}` is given twice, under two names", field.name());
        findings.problem(Problem::at(&key.place, message).help("keep one of them"));
    }
    if findings.problems.len() > before {
        return Err(());
    }
    Ok(())
}

/// The field a key names. Unknown keys are reported; the required field that was likely meant is
/// returned.
fn field(key: &Key, others: &[&str], findings: &mut Findings) -> Result<Field, Option<Field>> {
    if let Some((field, _)) = Field::find(&key.name) {
        return Ok(field);
    }
    let meant = Field::closest_match(&key.name);
    let mut known = Field::ALL.map(Field::name).to_vec();
    known.extend(others);
    let help = match meant {
        Some(field) => format!("did you mean `{}`?", field.name()),
        None => suggest_key(&key.name, &known),
    };
    let message = format!("a job has no {}", words::quoted(&key.name));
    findings.problem(Problem::at(&key.place, message).help(help));
    Err(meant.map(required))
}

/// The field under which the absence of this one is reported.
const fn required(field: Field) -> Field {
    if matches!(field, Field::Audio) {
        Field::Text
    } else {
        field
    }
}

/// The values of a field: one, or those of a list.
fn values_of(field: Field, node: &Node, findings: &mut Findings) -> Vec<Value> {
    let nodes = match &node.content {
        Content::List(items) if field.may_vary() => items.as_slice(),
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
            Content::Scalar(text) => values.extend(split(
                field,
                Value {
                    text: text.as_str().into(),
                    place: node.place.clone(),
                },
            )),
            // `voice:` with nothing behind it is a voice that is not given.
            Content::Null if nodes.len() == 1 => {}
            Content::Null | Content::List(_) | Content::Map(_) => {
                let message = format!(
                    "`{}` takes single values, not {}",
                    field.name(),
                    node.kind()
                );
                findings.problem(Problem::at(&node.place, message));
            }
        }
    }
    values
}
