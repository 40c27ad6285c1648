//! One row or item of a manifest before it is judged, and the combinations it makes: [`RawJob`].

use crate::manifest::build::template::Variables;
use crate::manifest::diagnostics::place::Place;
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::words;
use crate::manifest::formats::table::Value;
use crate::manifest::schema::field::FieldMap;
use crate::manifest::schema::field::{Field, key};
use crate::manifest::schema::ratio::{self, Reading};

/// How many jobs one row or item may make. More than this is a slip in a matrix.
const MAX_COMBINATIONS: usize = 10_000;

/// The values of each field; more than one make a job each.
pub(crate) type Values = FieldMap<Vec<Value>>;

/// One value of each field: what one job is made of.
pub(crate) type Combination = FieldMap<Value>;

/// One row or item.
#[derive(Debug, Clone)]
pub(crate) struct RawJob {
    /// Where it begins.
    pub(crate) place: Place,
    /// What it says.
    pub(crate) values: Values,
    /// Where the cells are that it leaves empty.
    pub(crate) blank: FieldMap<Place>,
    /// Combinations to add; each replaces some of `values`.
    pub(crate) include: Vec<Values>,
    /// Combinations to leave out.
    pub(crate) exclude: Vec<(Place, Values)>,
    /// The row's columns, for templates.
    pub(crate) variables: Variables,
    /// Required fields whose absence has been reported for the whole sheet.
    pub(crate) already_reported: Vec<Field>,
    /// The ids its jobs had in a `results.csv` that came back, in order; none otherwise.
    pub(crate) recorded_ids: Vec<Value>,
}

impl RawJob {
    /// A draft that says nothing yet.
    pub(crate) fn new(place: Place) -> Self {
        Self {
            place,
            values: Values::new(),
            blank: FieldMap::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            variables: Variables::default(),
            already_reported: Vec::new(),
            recorded_ids: Vec::new(),
        }
    }

    /// Every combination, personas before ratios; those of `include` last.
    pub(crate) fn combinations(&self, findings: &mut Findings) -> Vec<Combination> {
        let mut combinations = product(&self.values, &self.place, findings);
        let before = combinations.len();
        for (place, values) in &self.exclude {
            let count = combinations.len();
            combinations.retain(|combination| !matches(combination, values));
            if count == combinations.len() && before > 0 {
                findings.note(place, "this `exclude` leaves nothing out");
            }
        }
        for values in &self.include {
            let mut replaced = self.values.clone();
            replaced.overlay(values);
            combinations.extend(product(&replaced, &self.place, findings));
        }
        if combinations.is_empty() && before > 0 {
            let message = "`exclude` leaves nothing of this item";
            findings.problem(
                Problem::at(&self.place, message).help("remove the item, or exclude less"),
            );
        }
        combinations
    }
}

/// A single cell's values: `a | b` makes two where the field allows it.
pub(crate) fn split(field: Field, value: Value) -> Vec<Value> {
    if !field.splits_at_bars() || !value.text.contains('|') {
        return vec![value];
    }
    let parts = value.text.split('|').map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(|part| Value {
            text: part.into(),
            place: value.place.clone(),
        })
        .collect()
}

fn product(values: &Values, place: &Place, findings: &mut Findings) -> Vec<Combination> {
    let count = values
        .iter()
        .map(|(_, list_or)| list_or.len())
        .fold(1_usize, usize::saturating_mul);
    if count > MAX_COMBINATIONS {
        let message = format!("this makes {count} jobs, more than {MAX_COMBINATIONS}");
        findings.problem(Problem::at(place, message).help("split it, if all of them are wanted"));
        return Vec::new();
    }
    if count == 1 {
        // As nearly always: nothing varies.
        let first = |(field, list_or): (Field, &Vec<Value>)| (field, list_or[0].clone());
        return vec![values.iter().map(first).collect()];
    }
    let mut combinations = vec![Combination::new()];
    for (field, list_or) in values.iter() {
        combinations = combinations
            .iter()
            .flat_map(|combination| {
                list_or.iter().map(|value| {
                    let mut combination = combination.clone();
                    combination.insert(field, value.clone());
                    combination
                })
            })
            .collect();
    }
    combinations
}

/// Whether `combination` has, for every field of `values`, one of its values.
fn matches(combination: &Combination, values: &Values) -> bool {
    values.iter().all(|(field, list_or)| {
        combination.get(field).is_some_and(|value| {
            let same = |other: &Value| same_value(field, &value.text, &other.text);
            list_or.iter().any(same)
        })
    })
}

/// Whether two spellings mean the same.
pub(crate) fn same_value(field: Field, one: &str, other: &str) -> bool {
    let ratio = |text: &str| {
        ratio::read(text).map(|reading| match reading {
            Reading::Plain(ratio) | Reading::Repaired(ratio) => ratio,
        })
    };
    if field == Field::AspectRatio
        && let (Some(one), Some(other)) = (ratio(one), ratio(other))
    {
        return one == other;
    }
    if field.splits_at_bars() {
        return key(one) == key(other);
    }
    one.trim() == other.trim()
}

/// The fields in which `combinations` differ.
pub(crate) fn varying_fields(combinations: &[Combination]) -> Vec<Field> {
    let Some((first, rest @ [_, ..])) = combinations.split_first() else {
        return Vec::new();
    };
    let differs = |field: &Field| {
        let of_first = text_of(first, *field);
        rest.iter().any(|other| text_of(other, *field) != of_first)
    };
    Field::ALL.into_iter().filter(differs).collect()
}

fn text_of(combination: &Combination, field: Field) -> Option<&str> {
    combination.get(field).map(|value| value.text.trim())
}

/// Reports a list where one value is wanted.
pub(crate) fn refuse_list(field: Field, place: &Place, findings: &mut Findings) {
    let message = format!(
        "{} takes one value, not a list",
        words::quoted(field.name())
    );
    findings.problem(Problem::at(place, message));
}
