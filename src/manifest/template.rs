//! `{{ first_name }}` in texts, file names and everywhere else: [`Templates`], [`Variables`].
//!
//! A variable that is unknown or empty is a problem, never a hole in a video that is paid for.
//! `{{ first_name or "there" }}` says what to put in its place.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use minijinja::value::{Object, Value};
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};

use super::field::key;
use super::template_fault;
use super::words;
use crate::model::Text;

/// What a template may cost: far more steps than any text needs, and no endless loops.
const FUEL: u64 = 20_000;

/// Whether a cell is a template at all.
pub(super) fn is_template(text: &str) -> bool {
    // Looking for one character is many times as quick, and few cells have it.
    text.contains('{') && (text.contains("{{") || text.contains("{%"))
}

/// What is wrong with a template.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TemplateProblem {
    /// What is wrong.
    pub(super) message: String,
    /// What would be right.
    pub(super) help: String,
}

/// The values a template can use. Names are matched like headers: `{{ FirstName }}` finds the column
/// `first name`.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables {
    parts: Vec<(Arc<VariableNames>, Arc<[Text]>)>,
}

/// Names of variables, shared by all rows of a sheet.
#[derive(Debug)]
pub(super) struct VariableNames {
    names: Vec<String>,
    keys: Vec<String>,
}

impl VariableNames {
    /// The names of variables, as people write them.
    pub(super) fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Arc<Self> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let keys = names.iter().map(|name| key(name)).collect();
        Arc::new(Self { names, keys })
    }
}

impl Variables {
    /// Adds values with their names; where two have the same name, the one added first is used.
    pub(super) fn add(&mut self, names: &Arc<VariableNames>, values: impl Into<Arc<[Text]>>) {
        self.parts.push((Arc::clone(names), values.into()));
    }

    /// Adds all of another's variables, after those that are here.
    pub(super) fn append(&mut self, other: &Self) {
        self.parts.extend(other.parts.iter().cloned());
    }

    /// The value under a name: `None` if there is no such name.
    fn find(&self, name: &str) -> Option<&str> {
        let wanted = key(name);
        self.parts.iter().find_map(|(names, values)| {
            let index = names.keys.iter().position(|key| *key == wanted)?;
            Some(values.get(index).map_or("", Text::as_str))
        })
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let parts = self.parts.iter();
        parts
            .flat_map(|(names, _)| &names.names)
            .map(String::as_str)
    }

    /// A variable that stands in single braces, where it is spoken as it is: `{first_name}`.
    pub(super) fn in_single_braces<'a>(&self, text: &'a str) -> Option<&'a str> {
        text.split('{').skip(1).find_map(|rest| {
            let (inside, _) = rest.split_once('}')?;
            (!key(inside).is_empty() && self.find(inside).is_some()).then_some(inside)
        })
    }
}

impl Object for Variables {
    fn get_value(self: &Arc<Self>, name: &Value) -> Option<Value> {
        self.get_value_by_str(name.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        // An empty cell is no value, so that `or` and `default` fill it and printing it fails.
        let value = self.find(name)?.trim();
        (!value.is_empty()).then(|| Value::from(value))
    }
}

/// Renders templates, strictly.
#[derive(Debug)]
pub(super) struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// With the usual filters, and `slug` for file names.
    pub(super) fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_fuel(Some(FUEL));
        environment.set_debug(true);
        environment.add_filter("slug", |text: &str| super::slug::slug(text, usize::MAX));
        Self { environment }
    }

    /// The text that `template` makes of `variables`.
    pub(super) fn render(
        &self,
        template: &str,
        variables: &Arc<Variables>,
    ) -> Result<String, TemplateProblem> {
        let compiled = self
            .environment
            .template_from_str(template)
            .map_err(|error| template_fault::explain(&error))?;
        for name in compiled.undeclared_variables(false) {
            let is_function = self.environment.globals().any(|(known, _)| known == name);
            if variables.find(&name).is_none() && !is_function {
                return Err(unknown_variable(&name, variables));
            }
        }
        if let Some(name) = in_quotes(template) {
            return Err(quoted_variable(name, variables));
        }
        compiled
            .render(Value::from_dyn_object(Arc::clone(variables)))
            .map_err(|error| {
                if error.kind() == ErrorKind::UndefinedError {
                    let part = error
                        .range()
                        .map_or("", |range| whole_path(template, range));
                    let used = compiled.undeclared_variables(false);
                    empty_variable(part, &used, variables)
                } else if error.kind() == ErrorKind::OutOfFuel {
                    TemplateProblem {
                        message: "the template takes too long".to_owned(),
                        help: "a text needs no long loops".to_owned(),
                    }
                } else {
                    template_fault::explain(&error)
                }
            })
    }
}

/// What stands alone between quotes in a template: `{{ "first name" }}`. Nobody writes that for the text itself,
/// which needs no braces, unless it has braces in it.
fn in_quotes(template: &str) -> Option<&str> {
    if template.contains("endraw") {
        return None;
    }
    template.split("{{").skip(1).find_map(|rest| {
        let (inside, _) = rest.split_once("}}")?;
        let inside = inside.trim_matches(['-', '+']).trim();
        let quote = inside.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let name = inside.strip_prefix(quote)?.strip_suffix(quote)?;
        (!name.contains([quote, '{', '}', '%'])).then_some(name)
    })
}

/// The part of a template at `range`, with what stands before its first dot.
fn whole_path(template: &str, range: Range<usize>) -> &str {
    let before = template.get(..range.start).unwrap_or_default();
    let is_of_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let start = before.trim_end_matches(is_of_path).len();
    template.get(start..range.end).unwrap_or_default()
}

/// Which variable was empty: the one in the part of the template that failed, else any that is used
/// and empty.
fn empty_variable(part: &str, used: &HashSet<String>, variables: &Variables) -> TemplateProblem {
    let is_empty = |name: &&str| {
        variables
            .find(name)
            .is_some_and(|value| value.trim().is_empty())
    };
    let in_part = variables
        .names()
        .filter(is_empty)
        .find(|name| mentions(part, name));
    let anywhere = || {
        let mut empty: Vec<&str> = used.iter().map(String::as_str).filter(is_empty).collect();
        empty.sort_unstable();
        empty.first().copied()
    };
    let of_part = part.contains('.').then_some(in_part);
    let Some(name) = of_part.unwrap_or_else(|| in_part.or_else(anywhere)) else {
        return TemplateProblem {
            message: format!(
                "values are texts and have no parts, so {} leads nowhere",
                words::quoted(part.trim())
            ),
            help: "a variable is one word: `{{ first_name }}`; a column with a dot in its name is \
                   written with `_`"
                .to_owned(),
        };
    };
    TemplateProblem {
        message: format!("{} is empty here", words::quoted(&variable_name(name))),
        help: format!(
            "fill the cell, or say what to put in its place: `{{{{ {} or \"there\" }}}}`",
            words::clean(&variable_name(name))
        ),
    }
}

/// Whether `part` of a template names the variable `name`.
fn mentions(part: &str, name: &str) -> bool {
    let separates = |character: char| !character.is_alphanumeric() && character != '_';
    part.split(separates)
        .any(|word| !word.is_empty() && key(word) == key(name))
}

/// How a column is written in a template.
fn variable_name(column: &str) -> String {
    column
        .trim()
        .to_lowercase()
        .replace(|character: char| !character.is_alphanumeric(), "_")
}

fn quoted_variable(name: &str, variables: &Variables) -> TemplateProblem {
    let bare = variable_name(name);
    let help = if variables.find(name).is_some() {
        format!(
            "a variable is written without them: `{{{{ {} }}}}`",
            words::clean(&bare)
        )
    } else {
        unknown_variable(&bare, variables).help
    };
    TemplateProblem {
        message: format!(
            "{} stands for itself, because of its quotes",
            words::quoted(name)
        ),
        help,
    }
}

fn unknown_variable(name: &str, variables: &Variables) -> TemplateProblem {
    let is_filled = |name: &&str| variables.find(name).is_some_and(|value| !value.is_empty());
    let all: Vec<String> = variables.names().map(variable_name).collect();
    let mut filled: Vec<String> = Vec::new();
    for name in variables.names().filter(is_filled).map(variable_name) {
        if !filled.contains(&name) {
            filled.push(name);
        }
    }
    let known = filled
        .iter()
        .map(String::as_str)
        .filter(|name| !name.is_empty());
    let help = match words::nearest(name, all.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{{{{ {} }}}}`?", words::clean(near)),
        None => format!(
            "there are {}",
            words::alternatives(known.take(20)).replace(" or ", " and ")
        ),
    };
    TemplateProblem {
        message: format!("there is no variable {}", words::quoted(name)),
        help,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Arc<Variables> {
        let mut variables = Variables::default();
        let names = VariableNames::new(["First Name", "city", "Empty one"]);
        variables.add(&names, ["anna", "  Łódź ", " "].map(Text::from));
        let names = VariableNames::new(["date"]);
        variables.add(&names, ["2026-11-24"].map(Text::from));
        Arc::new(variables)
    }

    fn render(template: &str) -> Result<String, (String, String)> {
        let rendered = Templates::new().render(template, &variables());
        rendered.map_err(|problem| (problem.message, problem.help))
    }

    #[test]
    fn columns_fill_texts() {
        for (template, expected) in [
            ("Hi {{ first_name }} of {{ city }}!", "Hi anna of Łódź!"),
            ("{{ FirstName|title }} {{ firstname|upper }}", "Anna ANNA"),
            ("{{ empty_one or \"there\" }}", "there"),
            ("{{ empty_one | default(\"you\") }}", "you"),
            ("{% if empty_one %}x{% else %}y{% endif %}", "y"),
            ("{{ city|slug }}-{{ date }}", "lodz-2026-11-24"),
            ("{{ '{{' }} {{ \"a\" ~ \"b\" }}", "{{ ab"),
            ("a < b & \"c\"\n{{ city }}\n", "a < b & \"c\"\nŁódź"),
        ] {
            assert_eq!(render(template).as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn holes_and_slips_are_problems() {
        for (template, message, help) in [
            (
                "Hi {{ frist_name }}",
                "there is no variable `frist_name`",
                "did you mean `{{ first_name }}`?",
            ),
            (
                "Hi {{ frist_name or 'x' }}",
                "there is no variable `frist_name`",
                "did you mean `{{ first_name }}`?",
            ),
            (
                "Hi {{ \"frist name\" }}",
                "`frist name` stands for itself, because of its quotes",
                "did you mean `{{ first_name }}`?",
            ),
            (
                "Hi {{- 'First Name' -}}",
                "`First Name` stands for itself, because of its quotes",
                "a variable is written without them: `{{ first_name }}`",
            ),
            (
                "Hi {{ empty_one }}",
                "`empty_one` is empty here",
                "fill the cell, or say what to put in its place: `{{ empty_one or \"there\" }}`",
            ),
            (
                "Hi {{ city.b.c }}",
                "values are texts and have no parts, so `city.b.c` leads nowhere",
                "a variable is one word: `{{ first_name }}`; a column with a dot in its name is written with `_`",
            ),
            (
                "Hi {{ empty_one|upper }}",
                "`empty_one` is empty here",
                "fill the cell, or say what to put in its place: `{{ empty_one or \"there\" }}`",
            ),
        ] {
            assert_eq!(
                render(template),
                Err((message.to_owned(), help.to_owned())),
                "{template}"
            );
        }
    }

    #[test]
    fn broken_templates_are_told_in_words_for_people() {
        for (template, expected) in [
            ("{{ city", "this `{{` is never closed"),
            ("{% if city %}x", "something begun with `{%` is never ended"),
            (
                "{{ first name }}",
                "there are several words where one name belongs",
            ),
            ("{{ }}", "a name is missing before `}}`"),
            ("{{ 'x }}", "a quote is never closed in this template"),
            ("{% bogus %}", "nothing can be done with `bogus` here"),
            ("{% for %}", "the template cannot be understood"),
            ("{{ city|uper }}", "there is no filter `uper`"),
            ("{{ city is odd_one }}", "there is no test `odd_one`"),
            ("{{ city.upper() }}", "a text has no `.upper()`"),
            (
                "{{ city|replace('a') }}",
                "a filter is given too little or too much",
            ),
            (
                "{% include 'a' %}",
                "a template cannot take in another file",
            ),
            (
                "{{ city + 1 }}",
                "what the template asks for cannot be done with this value",
            ),
            (
                "{{ city(3) }}",
                "what the template asks for cannot be done with this value",
            ),
        ] {
            let (message, _) = render(template).unwrap_err();
            assert_eq!(message, expected, "{template}");
        }
        let (_, help) = render("{{ city|uper }}").unwrap_err();
        assert!(help.starts_with("did you mean `upper`?"), "{help}");
        assert!(render("{{ city.x.y }}").is_err());
    }

    #[test]
    fn endless_templates_end() {
        let (message, _) =
            render("{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}")
                .unwrap_err();
        assert_eq!(message, "the template takes too long");
    }

    #[test]
    fn single_braces_are_noticed() {
        assert_eq!(
            variables().in_single_braces("Hi {first_name}!"),
            Some("first_name")
        );
        for text in ["Hi {name}", "{", "{}", "a } b {"] {
            assert_eq!(variables().in_single_braces(text), None);
        }
    }
}
