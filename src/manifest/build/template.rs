//! Templates: `{{ first_name }}` in texts, file names and other values.
//!
//! An unknown or empty variable is a problem, because the video would be paid for with a gap in its text.
//! `{{ first_name or "there" }}` gives a default.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use minijinja::value::{Object, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

use crate::manifest::diagnostics::problem::Explanation;
use crate::manifest::diagnostics::text::{closest_match, list, normalize, quote};
use crate::util::text::sanitize;

use super::slug::slug;

/// The most steps of a template, which ends endless loops.
const FUEL: u64 = 20_000;

/// Whether a text is a template.
pub(crate) fn is_template(text: &str) -> bool {
    // The search for one character is fast, and few cells have it.
    text.contains('{') && (text.contains("{{") || text.contains("{%"))
}

/// The values that a template can use. Names match like headers: `{{ FirstName }}` is the column `first name`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Variables {
    parts: Vec<(Arc<VariableNames>, VariableValues)>,
}

/// The values of one list of names.
type VariableValues = Arc<[Arc<str>]>;

/// The names of variables, shared by all rows of a sheet.
#[derive(Debug)]
pub(crate) struct VariableNames {
    names: Vec<String>,
    /// The names, normalized.
    keys: Vec<String>,
}

impl VariableNames {
    /// Creates a list of names.
    pub(crate) fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Arc<Self> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let keys = names.iter().map(|name| normalize(name)).collect();
        Arc::new(Self { names, keys })
    }
}

impl Variables {
    /// Adds values with their names. Of two values with the same name, the first is used.
    pub(crate) fn add(&mut self, names: &Arc<VariableNames>, values: impl Into<VariableValues>) {
        self.parts.push((Arc::clone(names), values.into()));
    }

    /// Adds the variables of `other`.
    pub(crate) fn append(&mut self, other: &Self) {
        self.parts.extend(other.parts.iter().cloned());
    }

    /// Returns the value of a variable, or `None` if there is no such name.
    fn find(&self, name: &str) -> Option<&str> {
        let wanted = normalize(name);
        self.parts.iter().find_map(|(names, values)| {
            let index = names.keys.iter().position(|key| *key == wanted)?;
            Some(values.get(index).map_or("", |value| &**value))
        })
    }

    fn is_empty(&self, name: &str) -> bool {
        self.find(name).is_some_and(|value| value.trim().is_empty())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.parts.iter().flat_map(|(names, _)| &names.names);
        names.map(String::as_str)
    }

    /// Returns a variable in single braces, which is not replaced: `{first_name}`.
    pub(crate) fn find_single_braced<'a>(&self, text: &'a str) -> Option<&'a str> {
        text.split('{').skip(1).find_map(|rest| {
            let (inside, _) = rest.split_once('}')?;
            (!normalize(inside).is_empty() && self.find(inside).is_some()).then_some(inside)
        })
    }
}

impl Object for Variables {
    fn get_value(self: &Arc<Self>, name: &Value) -> Option<Value> {
        self.get_value_by_str(name.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        // An empty cell is undefined, so that `or` and `default` replace it and printing it fails.
        let value = self.find(name)?.trim();
        (!value.is_empty()).then(|| Value::from(value))
    }
}

/// A strict template engine.
#[derive(Debug)]
pub(crate) struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// Creates an engine with the usual filters, and `slug` for file names.
    pub(crate) fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_fuel(Some(FUEL));
        environment.set_debug(true);
        environment.add_filter("slug", |text: &str| slug(text, usize::MAX));
        Self { environment }
    }

    /// Renders a template.
    ///
    /// # Errors
    ///
    /// A syntax error, or an unknown or empty variable.
    pub(crate) fn render(
        &self,
        template: &str,
        variables: &Arc<Variables>,
    ) -> Result<String, Explanation> {
        let compiled =
            self.environment.template_from_str(template).map_err(|error| explain(&error))?;
        let used = compiled.undeclared_variables(false);
        for name in &used {
            let is_function = self.environment.globals().any(|(known, _)| known == name);
            if variables.find(name).is_none() && !is_function {
                return Err(unknown_variable(name, variables));
            }
        }
        if let Some(name) = find_quoted(template) {
            return Err(quoted_variable(name, variables));
        }
        let rendered = compiled.render(Value::from_dyn_object(Arc::clone(variables)));
        rendered.map_err(|error| {
            if error.kind() == ErrorKind::UndefinedError {
                let range = error.range();
                let part = range.map_or("", |range| whole_path(template, range));
                empty_variable(part, &used, variables)
            } else {
                explain(&error)
            }
        })
    }
}

/// Returns a literal that is the whole content of `{{ }}`: `{{ "first name" }}`. It is most likely meant as a variable,
/// because a literal needs no braces unless it contains some.
fn find_quoted(template: &str) -> Option<&str> {
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

/// Returns the part of a template at `range`, with the path before it: `city.b` of `city.b.c`.
fn whole_path(template: &str, range: Range<usize>) -> &str {
    let before = template.get(..range.start).unwrap_or_default();
    let is_of_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let start = before.trim_end_matches(is_of_path).len();
    template.get(start..range.end).unwrap_or_default()
}

/// Explains which variable is empty: the one in the part that failed, else any empty one that is used.
fn empty_variable(part: &str, used: &HashSet<String>, variables: &Variables) -> Explanation {
    let mut empty_names = variables.names().filter(|name| variables.is_empty(name));
    let in_part = empty_names.find(|name| mentions(part, name));
    let is_path = part.contains('.');
    let anywhere = used.iter().map(String::as_str);
    let anywhere = anywhere.filter(|name| !is_path && variables.is_empty(name)).min();
    let Some(name) = in_part.or(anywhere).map(variable_name) else {
        let message =
            format!("values are texts without parts, so {} does not exist", quote(part.trim()));
        let help = "a variable is one word: `{{ first_name }}`; a dot in the name of a column is written `_`";
        return Explanation::new(message, help);
    };
    Explanation::new(
        format!("{} is empty here", quote(&name)),
        format!("fill the cell, or give a default: `{{{{ {} or \"there\" }}}}`", sanitize(&name)),
    )
}

/// Whether a part of a template contains the name of a variable.
fn mentions(part: &str, name: &str) -> bool {
    let separates = |character: char| !character.is_alphanumeric() && character != '_';
    part.split(separates).any(|word| !word.is_empty() && normalize(word) == normalize(name))
}

/// Returns the name of a column as a variable.
fn variable_name(column: &str) -> String {
    let lower = column.trim().to_lowercase();
    lower.replace(|character: char| !character.is_alphanumeric(), "_")
}

fn quoted_variable(name: &str, variables: &Variables) -> Explanation {
    let bare = variable_name(name);
    let help = if variables.find(name).is_some() {
        format!("write the variable without quotes: `{{{{ {} }}}}`", sanitize(&bare))
    } else {
        unknown_variable(&bare, variables).help
    };
    Explanation::new(format!("{} is a text, because of its quotes", quote(name)), help)
}

fn unknown_variable(name: &str, variables: &Variables) -> Explanation {
    let all: Vec<String> = variables.names().map(variable_name).collect();
    let help = if let Some(near) = closest_match(name, all.iter().map(String::as_str)) {
        format!("did you mean `{{{{ {} }}}}`?", sanitize(near))
    } else {
        let mut filled: Vec<String> = Vec::new();
        for name in variables.names() {
            let written = variable_name(name);
            let is_filled = variables.find(name) != Some("");
            if is_filled && !written.is_empty() && !filled.contains(&written) {
                filled.push(written);
            }
        }
        let filled = filled.iter().map(String::as_str).take(20);
        format!("the variables are {}", list(filled, "and"))
    };
    Explanation::new(format!("there is no variable {}", quote(name)), help)
}

/// The filters that a help text lists.
const FILTERS: [&str; 9] =
    ["upper", "lower", "title", "capitalize", "trim", "default", "replace", "first", "slug"];

const VARIABLES: &str = "variables are written `{{ first_name }}`";
const BLOCKS: &str = "`{% if … %}` ends with `{% endif %}`, `{% for … %}` with `{% endfor %}`";

/// Explains an error of the template engine, whose own messages are for programmers.
fn explain(error: &Error) -> Explanation {
    let detail = error.detail().unwrap_or_default();
    let kind = error.kind();
    // `filter x is unknown`, `string has no method named x`
    let second_word = || detail.split(' ').nth(1).unwrap_or_default();
    let last_word = || detail.split(' ').next_back().unwrap_or_default();
    let filter_example = "a filter changes a text: `{{ first_name | upper }}`";
    if kind == ErrorKind::SyntaxError {
        explain_syntax(detail)
    } else if kind == ErrorKind::UnknownFilter {
        let all = format!("the filters are {}", list(FILTERS, "and"));
        let help = match closest_match(second_word(), FILTERS) {
            Some(near) => format!("did you mean `{near}`? {all}"),
            None => all,
        };
        Explanation::new(format!("there is no filter {}", quote(second_word())), help)
    } else if kind == ErrorKind::UnknownTest {
        let message = format!("there is no test {}", quote(second_word()));
        Explanation::new(message, "such as `{% if first_name == \"Anna\" %}`")
    } else if kind == ErrorKind::UnknownMethod {
        let message = format!("a text has no method `.{}()`", sanitize(last_word()));
        Explanation::new(message, filter_example)
    } else if kind == ErrorKind::UnknownFunction {
        Explanation::new("the template calls a function that does not exist", filter_example)
    } else if kind == ErrorKind::TemplateNotFound {
        let help = "copy the text that you need into this one";
        Explanation::new("a template cannot include another file", help)
    } else if kind == ErrorKind::MissingArgument || kind == ErrorKind::TooManyArguments {
        let help = "such as `{{ city | replace(\"St.\", \"Saint\") }}`";
        Explanation::new("a filter has too few or too many arguments", help)
    } else if kind == ErrorKind::OutOfFuel {
        Explanation::new("the template takes too long", "use shorter loops")
    } else if detail.contains("recursion") {
        Explanation::new("the template is nested too deeply", VARIABLES)
    } else {
        let help = format!("values are texts; {VARIABLES}");
        Explanation::new("this operation does not work on a text", help)
    }
}

fn explain_syntax(detail: &str) -> Explanation {
    let is_unclosed = detail.starts_with("unexpected end of input");
    if is_unclosed && detail.contains("variable block") {
        let help = "close it with `}}`: `{{ first_name }}`";
        Explanation::new("this `{{` is never closed", help)
    } else if is_unclosed {
        Explanation::new("a block that begins with `{%` is never closed", BLOCKS)
    } else if detail.contains("end of string") {
        let help = "such as `{{ first_name or \"there\" }}`";
        Explanation::new("a quote is never closed in this template", help)
    } else if detail.starts_with("unexpected end of variable block") {
        Explanation::new("a name is missing before `}}`", VARIABLES)
    } else if detail.starts_with("unexpected identifier") && detail.contains("variable block") {
        let help = "a space in the name of a column is written `_`: `{{ first_name }}`";
        Explanation::new("there are several words in place of one name", help)
    } else if let Some(name) = detail.strip_prefix("unknown statement ") {
        Explanation::new(format!("unknown statement {}", quote(name)), BLOCKS)
    } else {
        let help = format!("{VARIABLES}; {BLOCKS}");
        Explanation::new("the template has a syntax error", help)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Arc<Variables> {
        let mut variables = Variables::default();
        let names = VariableNames::new(["First Name", "city", "Empty one"]);
        variables.add(&names, ["anna", "  Łódź ", " "].map(Arc::from));
        let names = VariableNames::new(["date"]);
        variables.add(&names, ["2026-11-24"].map(Arc::from));
        Arc::new(variables)
    }

    fn render(template: &str) -> Result<String, (String, String)> {
        let rendered = Templates::new().render(template, &variables());
        rendered.map_err(|problem| (problem.message, problem.help))
    }

    #[test]
    fn columns_fill_templates() {
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
    fn empty_and_misspelled_variables_are_problems() {
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
                "`frist name` is a text, because of its quotes",
                "did you mean `{{ first_name }}`?",
            ),
            (
                "Hi {{- 'First Name' -}}",
                "`First Name` is a text, because of its quotes",
                "write the variable without quotes: `{{ first_name }}`",
            ),
            (
                "Hi {{ empty_one }}",
                "`empty_one` is empty here",
                "fill the cell, or give a default: `{{ empty_one or \"there\" }}`",
            ),
            (
                "Hi {{ city.b.c }}",
                "values are texts without parts, so `city.b.c` does not exist",
                "a variable is one word: `{{ first_name }}`; a dot in the name of a column is written `_`",
            ),
            (
                "Hi {{ empty_one|upper }}",
                "`empty_one` is empty here",
                "fill the cell, or give a default: `{{ empty_one or \"there\" }}`",
            ),
        ] {
            assert_eq!(render(template), Err((message.to_owned(), help.to_owned())), "{template}");
        }
    }

    #[test]
    fn template_errors_are_explained() {
        for (template, expected) in [
            ("{{ city", "this `{{` is never closed"),
            ("{% if city %}x", "a block that begins with `{%` is never closed"),
            ("{{ first name }}", "there are several words in place of one name"),
            ("{{ }}", "a name is missing before `}}`"),
            ("{{ 'x }}", "a quote is never closed in this template"),
            ("{% bogus %}", "unknown statement `bogus`"),
            ("{% for %}", "the template has a syntax error"),
            ("{{ city|uper }}", "there is no filter `uper`"),
            ("{{ city is odd_one }}", "there is no test `odd_one`"),
            ("{{ city.upper() }}", "a text has no method `.upper()`"),
            ("{{ city|replace('a') }}", "a filter has too few or too many arguments"),
            ("{% include 'a' %}", "a template cannot include another file"),
            ("{{ city + 1 }}", "this operation does not work on a text"),
            ("{{ city(3) }}", "this operation does not work on a text"),
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
    fn single_braces_are_found() {
        assert_eq!(variables().find_single_braced("Hi {first_name}!"), Some("first_name"));
        for text in ["Hi {name}", "{", "{}", "a } b {"] {
            assert_eq!(variables().find_single_braced(text), None);
        }
    }
}
