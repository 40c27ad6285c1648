//! One row or item of a manifest before it is judged, and the combinations it makes: [`Draft`].

use super::by_field::ByField;
use super::field::{Field, key};
use super::place::Place;
use super::problem::{Findings, Problem};
use super::ratio::{self, Reading};
use super::template::Variables;
use super::words;
use crate::model::Text;

/// How many jobs one row or item may make. More than this is a slip in a matrix.
const MAX_COMBINATIONS: usize = 10_000;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Value {
    /// As written.
    pub(super) text: Text,
    /// Where it stands.
    pub(super) place: Place,
}

/// The values of each field; more than one make a job each.
pub(super) type Values = ByField<Vec<Value>>;

/// One value of each field: what one job is made of.
pub(super) type Combination = ByField<Value>;

/// One row or item.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// Where it begins.
    pub(super) place: Place,
    /// What it says.
    pub(super) values: Values,
    /// Where the cells are that it leaves empty.
    pub(super) blank: ByField<Place>,
    /// Combinations to add; each replaces some of `values`.
    pub(super) include: Vec<Values>,
    /// Combinations to leave out.
    pub(super) exclude: Vec<(Place, Values)>,
    /// The row's columns, for templates.
    pub(super) variables: Variables,
    /// Required fields whose absence has been reported for the whole sheet.
    pub(super) excused: Vec<Field>,
    /// The ids its jobs had in a `results.csv` that came back, in order; none otherwise.
    pub(super) former_ids: Vec<Value>,
}

impl Draft {
    /// A draft that says nothing yet.
    pub(super) fn new(place: Place) -> Self {
        Self {
            place,
            values: Values::new(),
            blank: ByField::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            variables: Variables::default(),
            excused: Vec::new(),
            former_ids: Vec::new(),
        }
    }

    /// Every combination, personas before ratios; those of `include` last.
    pub(super) fn combinations(&self, findings: &mut Findings) -> Vec<Combination> {
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
pub(super) fn split(field: Field, value: Value) -> Vec<Value> {
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
        .map(|(_, alternatives)| alternatives.len())
        .fold(1_usize, usize::saturating_mul);
    if count > MAX_COMBINATIONS {
        let message = format!("this makes {count} jobs, more than {MAX_COMBINATIONS}");
        findings.problem(Problem::at(place, message).help("split it, if all of them are wanted"));
        return Vec::new();
    }
    if count == 1 {
        // As nearly always: nothing varies.
        let first = |(field, alternatives): (Field, &Vec<Value>)| (field, alternatives[0].clone());
        return vec![values.iter().map(first).collect()];
    }
    let mut combinations = vec![Combination::new()];
    for (field, alternatives) in values.iter() {
        combinations = combinations
            .iter()
            .flat_map(|combination| {
                alternatives.iter().map(|value| {
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
    values.iter().all(|(field, alternatives)| {
        combination.get(field).is_some_and(|value| {
            let same = |other: &Value| same_value(field, &value.text, &other.text);
            alternatives.iter().any(same)
        })
    })
}

/// Whether two spellings mean the same.
pub(super) fn same_value(field: Field, one: &str, other: &str) -> bool {
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
pub(super) fn varying(combinations: &[Combination]) -> Vec<Field> {
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
pub(super) fn refuse_list(field: Field, place: &Place, findings: &mut Findings) {
    let message = format!(
        "{} takes one value, not a list",
        words::quoted(field.name())
    );
    findings.problem(Problem::at(place, message));
}
