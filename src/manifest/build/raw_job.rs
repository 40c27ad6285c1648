//! Rows and items before validation, and their combinations.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use crate::manifest::diagnostics::place::Place;
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::text::{normalize, quote};
use crate::manifest::formats::table::Value;
use crate::manifest::schema::field::{Field, FieldMap};
use crate::manifest::schema::languages::parse_language;
use crate::manifest::schema::ratio::{self, ParsedRatio};
use crate::model::RemoteId;

use super::variables::Variables;

/// The most jobs of a row or item. More are a mistake in a matrix.
const MAX_COMBINATIONS: usize = 10_000;

/// The most pairs of a job and a value of `exclude` that are compared in an item.
const MAX_COMPARISONS: usize = 1_000_000;

/// The values of each field. Several values make a job each.
pub(crate) type Values = FieldMap<Vec<Value>>;

/// One value of each field: the values of one job.
pub(crate) type Combination = FieldMap<Value>;

/// A row of a sheet or an item of a YAML manifest.
#[derive(Debug, Clone)]
pub(crate) struct RawJob {
    /// The beginning of the row or item.
    pub(crate) place: Place,
    pub(crate) values: Values,
    /// The places of the empty cells.
    pub(crate) blank: FieldMap<Place>,
    /// The values of each language that the row has. Each replaces some of `values`.
    pub(crate) languages: Vec<Values>,
    /// Combinations to add. Each replaces some of `values`.
    pub(crate) include: Vec<Values>,
    /// Combinations to leave out.
    pub(crate) exclude: Vec<(Place, Values)>,
    /// The row's columns, for templates.
    pub(crate) variables: Variables,
    /// The user's own cells whose text is not certain: the name of the column and the problem.
    pub(crate) uncertain: Vec<(String, Problem)>,
    /// The required fields whose absence is already reported.
    pub(crate) reported: Vec<Field>,
    /// The jobs of a row of `results.csv`, in order.
    pub(crate) recorded: Vec<RecordedJob>,
}

/// A job that a line of results names.
#[derive(Debug, Clone)]
pub(crate) struct RecordedJob {
    pub(crate) id: Value,
    /// Its video at the provider, unless it failed or its row was edited.
    pub(crate) remote: Option<RemoteId>,
}

impl RawJob {
    /// Creates a row or item without values.
    pub(crate) fn new(place: Place) -> Self {
        Self {
            place,
            values: Values::new(),
            blank: FieldMap::new(),
            languages: Vec::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            variables: Variables::default(),
            uncertain: Vec::new(),
            reported: Vec::new(),
            recorded: Vec::new(),
        }
    }

    /// Returns all combinations: personas vary slower than ratios, and those of `include` come last.
    pub(crate) fn combinations(&self, findings: &mut Findings) -> Vec<Combination> {
        let mut combinations = Vec::new();
        self.check_languages(findings);
        let bases = self.bases();
        for base in &bases {
            combinations.extend(product(base, &self.place, findings));
        }
        let before = combinations.len();
        let values = self.exclude.iter().flat_map(|(_, values)| values.iter());
        let excluded: usize = values.map(|(_, alternatives)| alternatives.len()).sum();
        if excluded.saturating_mul(before) > MAX_COMPARISONS {
            let message = format!(
                "`exclude` has {excluded} values for {before} jobs, more than can be compared with each other"
            );
            let help = "split the item, or list the wanted jobs as rows of a sheet";
            findings.problem(Problem::at(&self.place, message).help(help));
            return combinations;
        }
        for (place, values) in &self.exclude {
            let count = combinations.len();
            combinations.retain(|combination| !matches(combination, values));
            if count == combinations.len() && before > 0 {
                findings.note(place, "this `exclude` matches no combination");
            }
        }
        let left = combinations.len();
        for values in &self.include {
            let included = combinations.len() - left;
            if included > MAX_COMBINATIONS {
                refuse_number(included, &self.place, findings);
                break;
            }
            for base in &bases {
                let mut replaced = Values::clone(base);
                replaced.extend(values);
                combinations.extend(product(&replaced, &self.place, findings));
            }
        }
        if combinations.is_empty() && before > 0 {
            let problem = Problem::at(&self.place, "`exclude` removes all jobs of this item");
            findings.problem(problem.help("remove the item, or exclude less"));
        }
        combinations
    }
}

impl RawJob {
    /// Reports a text and one in its language column, if the row says that they are in the same language.
    fn check_languages(&self, findings: &mut Findings) {
        let (Some(text), Some(written)) =
            (self.values.get(Field::Text), self.values.get(Field::Language))
        else {
            return;
        };
        for language in &self.languages {
            let of_column = language.get(Field::Language).map(|values| &values[0]);
            let is_same = |written: &Value| {
                of_column.is_some_and(|column| {
                    parse_language(&written.text).as_deref() == Some(&*column.text)
                })
            };
            if let (Some(column), Some(same)) = (of_column, written.iter().find(|it| is_same(it))) {
                let message = format!(
                    "the row has two texts in the language {}; the other one is at {}",
                    quote(same.text.trim()),
                    text[0].place.label()
                );
                let help = "keep one of them, or correct `language`";
                findings.problem(Problem::at(&column.place, message).help(help));
            }
        }
    }

    /// Returns the values of the row, if it has a text or a recording, and those of each of its languages.
    fn bases(&self) -> Vec<Cow<'_, Values>> {
        let speech = [Field::Text, Field::Audio];
        let has_speech = speech.into_iter().any(|field| self.values.contains(field));
        let is_base = has_speech || self.languages.is_empty();
        let base = is_base.then_some(Cow::Borrowed(&self.values));
        let languages = self.languages.iter().map(|language| {
            let mut values = self.values.clone();
            for field in speech {
                values.remove(field);
            }
            values.extend(language);
            Cow::Owned(values)
        });
        base.into_iter().chain(languages).collect()
    }
}

/// Splits a cell such as `a | b` into its values, if the field allows it. Ratios have more separators.
pub(crate) fn split_values(field: Field, value: Value, findings: &mut Findings) -> Vec<Value> {
    if !field.splits_at_bars() || value.trouble.is_some() {
        return vec![value];
    }
    if field == Field::AspectRatio && !value.text.contains('|') {
        let ratios = ratio::split(&value.text);
        if ratios.len() > 1 {
            let (written, count) = (quote(value.text.trim()), ratios.len());
            let message = format!("{written} is read as {count} aspect ratios; each makes a video");
            findings.note(&value.place, message);
            return ratios.into_iter().map(|ratio| Value::new(ratio, &value.place)).collect();
        }
    }
    if !value.text.contains('|') {
        return vec![value];
    }
    let mut seen = HashSet::new();
    let mut parts = Vec::new();
    for part in value.text.split('|').map(str::trim).filter(|part| !part.is_empty()) {
        if seen.insert(meaning(field, part)) {
            parts.push(Value::new(part, &value.place));
        } else {
            let message = format!("{} is in this cell twice, and is used once", quote(part));
            findings.note(&value.place, message);
        }
    }
    parts
}

fn product(values: &Values, place: &Place, findings: &mut Findings) -> Vec<Combination> {
    let counts = values.iter().map(|(_, alternatives)| alternatives.len());
    let count = counts.fold(1_usize, usize::saturating_mul);
    if count > MAX_COMBINATIONS {
        refuse_number(count, place, findings);
        return Vec::new();
    }
    if count == 1 {
        // The usual case: nothing varies.
        let first = |(field, alternatives): (Field, &Vec<Value>)| (field, alternatives[0].clone());
        return vec![values.iter().map(first).collect()];
    }
    let mut combinations = vec![Combination::new()];
    for (field, alternatives) in values.iter() {
        let with = |combination: &Combination, value: &Value| {
            let mut combination = combination.clone();
            combination.insert(field, value.clone());
            combination
        };
        combinations = combinations
            .iter()
            .flat_map(|combination| alternatives.iter().map(move |value| with(combination, value)))
            .collect();
    }
    combinations
}

fn refuse_number(count: usize, place: &Place, findings: &mut Findings) {
    let message = format!("this makes {count} jobs, more than {MAX_COMBINATIONS}");
    let help = "split it, if you want all of them";
    findings.problem(Problem::at(place, message).help(help));
}

/// Checks whether `combination` has one of the values of each field of `values`.
fn matches(combination: &Combination, values: &Values) -> bool {
    values.iter().all(|(field, alternatives)| {
        combination.get(field).is_some_and(|value| {
            let wanted = meaning(field, &value.text);
            let same = |other: &Value| meaning(field, &other.text) == wanted;
            alternatives.iter().any(same)
        })
    })
}

/// Returns a text that is equal for all spellings of a value.
fn meaning(field: Field, text: &str) -> String {
    let ratio = ratio::parse(text).filter(|_| field == Field::AspectRatio);
    match ratio {
        Some(ParsedRatio::Plain(ratio) | ParsedRatio::Repaired(ratio)) => ratio.to_string(),
        None if field.splits_at_bars() => normalize(text),
        None => text.trim().to_owned(),
    }
}

/// Returns the fields in which `combinations` differ.
pub(crate) fn varying_fields(combinations: &[Combination]) -> Vec<Field> {
    let Some((first, rest @ [_, ..])) = combinations.split_first() else {
        return Vec::new();
    };
    let varies = |field: &Field| {
        let of_first = text_of(first, *field);
        rest.iter().any(|other| text_of(other, *field) != of_first)
    };
    let mut varying: Vec<Field> = Field::ALL.into_iter().filter(varies).collect();
    if varying.contains(&Field::Language) {
        // The language says which persona and voice it is, if each language has one.
        let follows_language = |field: Field| {
            let mut of_language = BTreeMap::new();
            combinations.iter().all(|combination| {
                let text = text_of(combination, field);
                *of_language.entry(text_of(combination, Field::Language)).or_insert(text) == text
            })
        };
        varying.retain(|field| {
            !matches!(field, Field::Persona | Field::Voice) || !follows_language(*field)
        });
    }
    varying
}

fn text_of(combination: &Combination, field: Field) -> Option<&str> {
    combination.get(field).map(|value| value.text.trim())
}

/// Reports a list in place of a single value.
pub(crate) fn refuse_list(field: Field, place: &Place, findings: &mut Findings) {
    let message = format!("{} takes one value, not a list", quote(field.name()));
    findings.problem(Problem::at(place, message));
}
