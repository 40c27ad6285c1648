//! The variables of templates: the columns of a row, the campaign and the date.

use std::collections::HashMap;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::Object;

use crate::manifest::diagnostics::problem::Explanation;
use crate::manifest::diagnostics::text::{closest_match, list, normalize, quote};
use crate::util::text::sanitize;

/// The values that a template can use. Names match like headers: `{{ FirstName }}` is the column `first name`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Variables {
    parts: Vec<(Arc<VariableNames>, Values)>,
}

/// The values of a row's columns.
type Values = Arc<[Arc<str>]>;

/// The names of variables, shared by all rows of a sheet.
#[derive(Debug)]
pub(crate) struct VariableNames {
    names: Vec<String>,
    /// The index of each name as it stands.
    exact: HashMap<String, usize>,
    /// The index of each name by its [key](key_of). `None` if several names have it, such as `Price` and `Price %`.
    indices: HashMap<String, Option<usize>>,
    /// The pairs of columns with the same name.
    duplicates: Vec<(usize, usize)>,
    /// The number of characters of the longest name.
    longest: usize,
}

impl VariableNames {
    /// Creates a list of names. Of two equal names, the first is used.
    pub(crate) fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Arc<Self> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let (mut exact, mut indices) = (HashMap::new(), HashMap::new());
        let mut duplicates = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let first = *exact.entry(name.trim().to_owned()).or_insert(index);
            if first != index && !name.trim().is_empty() {
                duplicates.push((first, index));
            }
            let of_key = indices.entry(key_of(name)).or_insert(Some(first));
            *of_key = of_key.filter(|known| *known == first);
        }
        let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        Arc::new(Self { names, exact, indices, duplicates, longest })
    }
}

/// Returns what is compared of a name: its letters and digits, or all of it if it has none.
fn key_of(name: &str) -> String {
    let key = normalize(name);
    if key.is_empty() { name.trim().to_owned() } else { key }
}

impl Variables {
    /// Adds values with their names. Of two values with the same name, the first is used.
    pub(crate) fn add(&mut self, names: &Arc<VariableNames>, values: impl Into<Values>) {
        self.parts.push((Arc::clone(names), values.into()));
    }

    /// Adds the variables of `other`.
    pub(crate) fn append(&mut self, other: &Self) {
        self.parts.extend(other.parts.iter().cloned());
    }

    /// Returns the position of a variable in [`names`](Self::names), or `None` if there is no such name, or several
    /// that differ only in signs, spaces or case.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        let (name, key) = (name.trim(), key_of(name));
        let mut before = 0;
        for (names, _) in self.parts.iter().filter(|_| !key.is_empty()) {
            let of_key = names.indices.get(&key).copied();
            if of_key.is_some() {
                let index = names.exact.get(name).copied().or(of_key.flatten());
                return index.map(|index| before + index);
            }
            before += names.names.len();
        }
        None
    }

    /// Returns the number of characters of the longest name.
    pub(super) fn longest_name(&self) -> usize {
        self.parts.iter().map(|(names, _)| names.longest).max().unwrap_or(0)
    }

    /// Returns the value of the variable at a position, without white space at its ends.
    pub(super) fn value(&self, position: usize) -> &str {
        let mut index = position;
        for (names, values) in &self.parts {
            if index < names.names.len() {
                return values.get(index).map_or("", |value| value.trim());
            }
            index -= names.names.len();
        }
        ""
    }

    /// Returns these variables with another value at a position.
    pub(super) fn with_value(&self, position: usize, value: &str) -> Self {
        let mut variables = self.clone();
        let mut index = position;
        for (names, values) in &mut variables.parts {
            if index < names.names.len() {
                let mut changed = values.to_vec();
                changed.resize(changed.len().max(index + 1), Arc::default());
                changed[index] = value.into();
                *values = changed.into();
                return variables;
            }
            index -= names.names.len();
        }
        variables
    }

    /// Checks whether another column has the same name as the variable at a position, and a different value.
    pub(super) fn is_contradictory(&self, position: usize) -> bool {
        let mut before = 0;
        for (names, _) in &self.parts {
            for (first, second) in &names.duplicates {
                let (first, second) = (before + first, before + second);
                if first == position && self.value(first) != self.value(second) {
                    return true;
                }
            }
            before += names.names.len();
        }
        false
    }

    /// Returns all names as the user wrote them.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.parts.iter().flat_map(|(names, _)| &names.names);
        names.map(|name| name.trim())
    }

    /// Returns a variable in single braces, which is not replaced: `{first_name}`.
    pub(crate) fn find_single_braced<'a>(&self, text: &'a str) -> Option<&'a str> {
        text.split('{').skip(1).find_map(|rest| {
            let (inside, _) = rest.split_once('}')?;
            self.find(inside).map(|_| inside)
        })
    }

    /// Explains that a template uses an unknown name.
    pub(super) fn explain_unknown(&self, name: &str) -> Explanation {
        let help = if let Some(near) = closest_match(name, self.names()) {
            format!("did you mean `{{{{ {} }}}}`?", sanitize(near))
        } else {
            let mut filled: Vec<&str> = Vec::new();
            for (position, name) in self.names().enumerate() {
                if !self.value(position).is_empty() && !name.is_empty() && !filled.contains(&name) {
                    filled.push(name);
                }
            }
            format!("the variables are {}", list(filled.into_iter().take(20), "and"))
        };
        Explanation::new(format!("there is no variable {}", quote(name)), help)
    }
}

/// The engine knows a variable by its position: `v3`.
impl Object for Variables {
    fn get_value(self: &Arc<Self>, name: &Value) -> Option<Value> {
        self.get_value_by_str(name.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        // An empty cell is undefined, so that `or` and `default` replace it and printing it fails.
        let value = self.value(name.strip_prefix('v')?.parse().ok()?);
        (!value.is_empty()).then(|| Value::from(value))
    }
}
