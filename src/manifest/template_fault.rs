//! What is wrong with a template, in words for people: [`explain`].

use minijinja::{Error, ErrorKind};

use super::template::TemplateProblem;
use super::words;

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
pub(super) fn explain(error: &Error) -> TemplateProblem {
    let detail = error.detail().unwrap_or_default();
    let kind = error.kind();
    if kind == ErrorKind::SyntaxError {
        return of_syntax(detail);
    }
    // `filter x is unknown`, `string has no method named x`
    let first_word = || detail.split(' ').nth(1).unwrap_or_default();
    let last_word = || detail.split(' ').next_back().unwrap_or_default();
    let filters = || {
        let known = words::alternatives(FILTERS);
        match words::nearest(first_word(), FILTERS) {
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

fn of_syntax(detail: &str) -> TemplateProblem {
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
