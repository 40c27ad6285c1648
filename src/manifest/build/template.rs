//! `{{ first_name }}` in texts, file names and everywhere else: [`Templates`], [`Variables`].
//!
//! A variable that is unknown or empty is a problem, never a hole in a video that is paid for.
//! `{{ first_name or "there" }}` says what to put in its place.

use crate::manifest::diagnostics::words;
use crate::manifest::schema::field::key;
use crate::model::Text;
use minijinja::value::{Object, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

/// What a template may cost: far more steps than any text needs, and no endless loops.
const FUEL: u64 = 20_000;

/// Whether a cell is a template at all.
pub(crate) fn is_template(text: &str) -> bool {
    // Looking for one character is many times as quick, and few cells have it.
    text.contains('{') && (text.contains("{{") || text.contains("{%"))
}

/// What is wrong with a template.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TemplateProblem {
    /// What is wrong.
    pub(crate) message: String,
    /// What would be right.
    pub(crate) help: String,
}

/// The values a template can use. Names are matched like headers: `{{ FirstName }}` finds the column
/// `first name`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Variables {
    parts: Vec<(Arc<VariableNames>, Arc<[Text]>)>,
}

/// Names of variables, shared by all rows of a sheet.
#[derive(Debug)]
pub(crate) struct VariableNames {
    names: Vec<String>,
    keys: Vec<String>,
}

impl VariableNames {
    /// The names of variables, as people write them.
    pub(crate) fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Arc<Self> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let keys = names.iter().map(|name| key(name)).collect();
        Arc::new(Self { names, keys })
    }
}

impl Variables {
    /// Adds values with their names; where two have the same name, the one added first is used.
    pub(crate) fn add(&mut self, names: &Arc<VariableNames>, values: impl Into<Arc<[Text]>>) {
        self.parts.push((Arc::clone(names), values.into()));
    }

    /// Adds all of another's variables, after those that are here.
    pub(crate) fn append(&mut self, other: &Self) {
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
    pub(crate) fn find_single_braced<'a>(&self, text: &'a str) -> Option<&'a str> {
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
pub(crate) struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// With the usual filters, and `slug` for file names.
    pub(crate) fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_fuel(Some(FUEL));
        environment.set_debug(true);
        environment.add_filter("slug", |text: &str| {
            crate::manifest::build::slug::slug(text, usize::MAX)
        });
        Self { environment }
    }

    /// The text that `template` makes of `variables`.
    pub(crate) fn render(
        &self,
        template: &str,
        variables: &Arc<Variables>,
    ) -> Result<String, TemplateProblem> {
        let compiled = self
            .environment
            .template_from_str(template)
            .map_err(|error| explain(&error))?;
        for name in compiled.undeclared_variables(false) {
            let is_function = self.environment.globals().any(|(known, _)| known == name);
            if variables.find(&name).is_none() && !is_function {
                return Err(unknown_variable_problem(&name, variables));
            }
        }
        if let Some(name) = in_quotes(template) {
            return Err(quoted_variable_problem(name, variables));
        }
        compiled
            .render(Value::from_dyn_object(Arc::clone(variables)))
            .map_err(|error| {
                if error.kind() == ErrorKind::UndefinedError {
                    let part = error
                        .range()
                        .map_or("", |range| whole_path(template, range));
                    let used = compiled.undeclared_variables(false);
                    empty_variable_problem(part, &used, variables)
                } else if error.kind() == ErrorKind::OutOfFuel {
                    TemplateProblem {
                        message: "the template takes too long".to_owned(),
                        help: "a text needs no long loops".to_owned(),
                    }
                } else {
                    explain(&error)
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
fn empty_variable_problem(
    part: &str,
    used: &HashSet<String>,
    variables: &Variables,
) -> TemplateProblem {
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

fn quoted_variable_problem(name: &str, variables: &Variables) -> TemplateProblem {
    let bare = variable_name(name);
    let help = if variables.find(name).is_some() {
        format!(
            "a variable is written without them: `{{{{ {} }}}}`",
            words::clean(&bare)
        )
    } else {
        unknown_variable_problem(&bare, variables).help
    };
    TemplateProblem {
        message: format!(
            "{} stands for itself, because of its quotes",
            words::quoted(name)
        ),
        help,
    }
}

fn unknown_variable_problem(name: &str, variables: &Variables) -> TemplateProblem {
    let is_filled = |name: &&str| variables.find(name).is_some_and(|value| !value.is_empty());
    let all: Vec<String> = variables.names().map(variable_name).collect();
    let mut render_templates: Vec<String> = Vec::new();
    for name in variables.names().filter(is_filled).map(variable_name) {
        if !render_templates.contains(&name) {
            render_templates.push(name);
        }
    }
    let known = render_templates
        .iter()
        .map(String::as_str)
        .filter(|name| !name.is_empty());
    let help = match words::closest_match(name, all.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{{{{ {} }}}}`?", words::clean(near)),
        None => format!(
            "there are {}",
            words::list_or(known.take(20)).replace(" or ", " and ")
        ),
    };
    TemplateProblem {
        message: format!("there is no variable {}", words::quoted(name)),
        help,
    }
}

/// The filters people use.
const FILTERS: [&str; 9] = [
    "upper",
    "lower",
    "title",
    "capitalize",
    "trim",
    "default",
    "replace",
    "first",
    "slug",
];

const VARIABLES: &str = "variables are written `{{ first_name }}`";
const BLOCKS: &str = "`{% if … %}` ends with `{% endif %}`, `{% for … %}` with `{% endfor %}`";

/// What is wrong. The template engine's own words, which are for programmers, are not shown.
pub(crate) fn explain(error: &Error) -> TemplateProblem {
    let detail = error.detail().unwrap_or_default();
    let kind = error.kind();
    if kind == ErrorKind::SyntaxError {
        return explain_syntax(detail);
    }
    // `filter x is unknown`, `string has no method named x`
    let first_word = || detail.split(' ').nth(1).unwrap_or_default();
    let last_word = || detail.split(' ').next_back().unwrap_or_default();
    let filters = || {
        let known = words::list_or(FILTERS);
        match words::closest_match(first_word(), FILTERS) {
            Some(near) => format!("did you mean {}? There are {known}", words::quoted(near)),
            None => format!("there are {known}").replace(" or ", " and "),
        }
    };
    let by_filter = "a filter changes a text: `{{ first_name | upper }}`";
    if kind == ErrorKind::UnknownFilter {
        let name = words::quoted(first_word());
        problem(format!("there is no filter {name}"), filters())
    } else if kind == ErrorKind::UnknownTest {
        let message = format!("there is no test {}", words::quoted(first_word()));
        problem(message, "such as `{% if first_name == \"Anna\" %}`")
    } else if kind == ErrorKind::UnknownMethod {
        let message = format!("a text has no `.{}()`", words::clean(last_word()));
        problem(message, by_filter)
    } else if kind == ErrorKind::UnknownFunction {
        problem(
            "the template asks for something that does not exist",
            by_filter,
        )
    } else if kind == ErrorKind::TemplateNotFound {
        let message = "a template cannot take in another file";
        problem(message, "write what is wanted from it into the text itself")
    } else if kind == ErrorKind::MissingArgument || kind == ErrorKind::TooManyArguments {
        let message = "a filter is given too little or too much";
        problem(
            message,
            "such as `{{ city | replace(\"St.\", \"Saint\") }}`",
        )
    } else if detail.contains("recursion") {
        problem("the template is nested too deep", VARIABLES)
    } else {
        let message = "what the template asks for cannot be done with this value";
        problem(message, format!("values are texts; {VARIABLES}"))
    }
}

fn explain_syntax(detail: &str) -> TemplateProblem {
    let unclosed = detail.starts_with("unexpected end of input");
    if unclosed && detail.contains("variable block") {
        let message = "this `{{` is never closed";
        problem(message, "close it with `}}`: `{{ first_name }}`")
    } else if unclosed {
        problem("something begun with `{%` is never ended", BLOCKS)
    } else if detail.contains("end of string") {
        let message = "a quote is never closed in this template";
        problem(message, "such as `{{ first_name or \"there\" }}`")
    } else if detail.starts_with("unexpected end of variable block") {
        problem("a name is missing before `}}`", VARIABLES)
    } else if detail.starts_with("unexpected identifier") && detail.contains("variable block") {
        let message = "there are several words where one name belongs";
        let help = "a column with a space in its name is written with `_`: `{{ first_name }}`";
        problem(message, help)
    } else if let Some(name) = detail.strip_prefix("unknown statement ") {
        let message = format!("nothing can be done with {} here", words::quoted(name));
        problem(message, BLOCKS)
    } else {
        let message = "the template cannot be understood";
        problem(message, format!("{VARIABLES}; {BLOCKS}"))
    }
}

fn problem(message: impl Into<String>, help: impl Into<String>) -> TemplateProblem {
    TemplateProblem {
        message: message.into(),
        help: help.into(),
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
            variables().find_single_braced("Hi {first_name}!"),
            Some("first_name")
        );
        for text in ["Hi {name}", "{", "{}", "a } b {"] {
            assert_eq!(variables().find_single_braced(text), None);
        }
    }
}
