//! Templates: `{{ First Name }}` in texts, file names and other values.
//!
//! An unknown or empty variable is a problem, because the video would be paid for with a gap in its text.
//! `{{ First Name or "there" }}` gives a default.
//!
//! `template_syntax` reads the language and translates it for the engine, which evaluates it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;
use std::{fmt, iter};

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, OutputSpan, OutputSpanKind, UndefinedBehavior, Value,
};

use crate::manifest::diagnostics::problem::Explanation;
use crate::manifest::diagnostics::text::quote;
use crate::manifest::schema::values::parse_bool;
use crate::util::text::sanitize;

use super::slug::slug;
use super::template_syntax::{BLOCKS, Translation, VARIABLES, translate};
use super::variables::Variables;
use crate::manifest::formats::sheet_number::{Readings, SheetNumber, read_number};

/// The most steps of a template. The engine counts long outputs as steps too.
const FUEL: u64 = 20_000;

/// The most bytes of the values of a template, and of a text in which a filter has replaced parts.
const MAX_FILLED: usize = 1 << 20;

/// Checks whether a text is a template.
pub(crate) fn is_template(text: &str) -> bool {
    // The search for one character is fast, and few cells have it.
    text.contains('{') && (text.contains("{{") || text.contains("{%"))
}

/// The text of a template.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rendered {
    pub(crate) text: String,
    /// The ranges of the values that were filled in.
    pub(crate) filled: Vec<Range<usize>>,
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
        environment.add_filter("replace", replace);
        environment.add_filter("round", round);
        environment.add_filter("int", |value: Value| Ok(number(&value)?.truncate()));
        environment.add_filter("float", |value: Value| number(&value).map(|_| value));
        environment.add_function("compare", compare);
        environment.add_function("truth", truth);
        Self { environment }
    }

    /// Renders a template. Returns the text, and the ranges of the values in it.
    ///
    /// # Errors
    ///
    /// All unknown or empty variables, else a syntax error, or a result that is too long.
    pub(crate) fn render(
        &self,
        template: &str,
        variables: &Arc<Variables>,
    ) -> Result<Rendered, Vec<Explanation>> {
        let translation = translate(template, variables)?;
        let mut variables = Arc::clone(variables);
        let mut empty = Vec::new();
        loop {
            match self.evaluate(&translation, &variables) {
                Ok(rendered) if empty.is_empty() => return Ok(rendered),
                Err(Failure::EmptyVariable(position)) => {
                    empty.push(empty_variable(variables.names().nth(position).unwrap_or_default()));
                    // With a value, the next empty variable is found.
                    variables = Arc::new(variables.with_value(position, "-"));
                }
                Err(Failure::Other(explanation)) if empty.is_empty() => {
                    return Err(vec![explanation]);
                }
                Ok(_) | Err(Failure::Other(_)) => return Err(empty),
            }
        }
    }

    fn evaluate(
        &self,
        Translation { source, used, .. }: &Translation,
        variables: &Arc<Variables>,
    ) -> Result<Rendered, Failure> {
        let filled: usize = used.iter().map(|position| variables.value(*position).len()).sum();
        if filled > MAX_FILLED {
            return Err(Failure::Other(explain(&ErrorKind::OutOfFuel.into())));
        }
        if let Some(position) = used.iter().find(|it| variables.is_contradictory(**it)) {
            let name = quote(variables.names().nth(*position).unwrap_or_default());
            let message =
                format!("several columns are called {name}, and their values differ here");
            let explanation = Explanation::new(message, "give the columns different names");
            return Err(Failure::Other(explanation));
        }
        let compiled = self.environment.template_from_str(source);
        let compiled = compiled.map_err(|error| Failure::Other(explain(&error)))?;
        let rendered = compiled.render_with_spans(Value::from_dyn_object(Arc::clone(variables)));
        let (text, spans) = rendered.map_err(|error| {
            let cause = std::error::Error::source(&error);
            if let Some(BadNumber { text, reason, help }) = cause.and_then(|it| it.downcast_ref()) {
                let position = used.iter().find(|it| variables.value(**it) == text);
                let name = position.and_then(|position| variables.names().nth(*position));
                let name = name.map_or_else(String::new, |name| format!(" in {}", quote(name)));
                let message = format!("{}{name} {reason}", quote(text));
                return Failure::Other(Explanation::new(message, help.clone()));
            }
            if error.kind() != ErrorKind::UndefinedError {
                return Failure::Other(explain(&error));
            }
            let part = error.range().and_then(|range| source.get(range)).unwrap_or_default();
            let words = part.split(|character: char| !character.is_ascii_alphanumeric());
            let mut in_part = words.filter_map(|word| word.strip_prefix('v')?.parse().ok());
            let is_empty = |position: &usize| variables.value(*position).is_empty();
            let position = in_part.find(is_empty).or_else(|| used.iter().copied().find(is_empty));
            position.map_or_else(|| Failure::Other(explain(&error)), Failure::EmptyVariable)
        })?;
        let filled = spans.iter().filter(|span| span.kind() == OutputSpanKind::Expression);
        Ok(Rendered { filled: filled.map(OutputSpan::output_range).collect(), text })
    }
}

/// Why a template has no text.
enum Failure {
    /// The variable at this position is empty.
    EmptyVariable(usize),
    Other(Explanation),
}

/// Returns the names of the variables that a template uses, as the user wrote them; none if its syntax is wrong.
pub(crate) fn used_names(template: &str, variables: &Variables) -> Vec<String> {
    let Ok(Translation { used, .. }) = translate(template, variables) else {
        return Vec::new();
    };
    let names: Vec<&str> = variables.names().collect();
    used.into_iter().map(|position| names[position].to_owned()).collect()
}

/// Replaces all parts of a text that are equal to `from`.
///
/// # Errors
///
/// The result would be too long. The engine counts it only when it is complete.
#[expect(clippy::needless_pass_by_value, reason = "the engine passes numbers as owned texts")]
fn replace(text: &str, from: Cow<'_, str>, to: Cow<'_, str>) -> Result<String, Error> {
    let count = text.matches(&*from).count();
    if text.len().saturating_add(count.saturating_mul(to.len())) > MAX_FILLED {
        return Err(ErrorKind::OutOfFuel.into());
    }
    Ok(text.replace(&*from, &to))
}

/// A text that cannot be used as a number.
#[derive(Debug)]
struct BadNumber {
    text: String,
    reason: String,
    help: String,
}

impl std::error::Error for BadNumber {}

impl fmt::Display for BadNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", quote(&self.text), self.reason)
    }
}

impl BadNumber {
    /// Returns the engine's error for a text.
    fn error(text: &str, reason: impl Into<String>, help: &str) -> Error {
        let bad = Self { text: text.to_owned(), reason: reason.into(), help: help.to_owned() };
        Error::from(ErrorKind::InvalidOperation).with_source(bad)
    }

    /// Returns the error for a text with two readings.
    fn ambiguous(text: &str, (integer, decimal): Readings) -> Error {
        let decimal = decimal.unwrap_or(integer).to_f64();
        let reason = format!("can be read as {} and as {decimal}", integer.to_f64());
        Self::error(text, reason, "write it without a separator of thousands, or with two decimals")
    }
}

/// Reads a value as a number.
///
/// # Errors
///
/// It is empty or not a number.
fn readings(value: &Value) -> Result<(String, Readings), Error> {
    let text = value.to_string();
    if text.trim().is_empty() {
        return Err(ErrorKind::UndefinedError.into());
    }
    let help = "write a number such as `1234.5`, or compare with a text in quotes";
    match read_number(&text) {
        Some(readings) => Ok((text, readings)),
        None => Err(BadNumber::error(&text, "is not a number", help)),
    }
}

/// Reads a value as a bare number.
///
/// # Errors
///
/// It is empty, not a number, ambiguous, or has a unit, which the result would lack.
fn number(value: &Value) -> Result<SheetNumber, Error> {
    match readings(value)? {
        (text, (number, None)) if number.has_unit => {
            let help = "use the value as it is, or a column with the bare number";
            Err(BadNumber::error(&text, "has a unit, which this filter would remove", help))
        }
        (_, (number, None)) => Ok(number),
        (text, readings) => Err(BadNumber::ambiguous(&text, readings)),
    }
}

/// Rounds a number, halves away from zero.
#[expect(clippy::needless_pass_by_value, reason = "the engine passes owned values")]
fn round(value: Value, places: Option<usize>) -> Result<String, Error> {
    Ok(number(&value)?.round(places.unwrap_or(0)))
}

/// Returns an empty text for a word for no and for zero, and other values unchanged.
fn truth(value: Value) -> Value {
    let is_no = |text: &str| {
        let is_zero = |(number, _): Readings| number.is_zero();
        parse_bool(text) == Some(false) || read_number(text).is_some_and(is_zero)
    };
    if value.as_str().is_some_and(is_no) { Value::from("") } else { value }
}

/// Compares two values: as numbers if one is a number of the template, or both can be read as numbers. `is_text` means
/// that one is a text of the template.
///
/// # Errors
///
/// They are not numbers, and the comparison needs numbers; or its result depends on how a text is read.
#[expect(clippy::needless_pass_by_value, reason = "the engine passes owned values")]
fn compare(left: Value, right: Value, operator: &str, is_text: bool) -> Result<bool, Error> {
    let holds = |order: Ordering| match operator {
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    };
    let texts = [&left, &right].map(|value| value.to_string().trim().to_owned());
    let needs_numbers = left.is_number() || right.is_number();
    let by_text = || holds(texts[0].cmp(&texts[1]));
    let are_dates = || texts.iter().all(|text| text.parse::<jiff::civil::Date>().is_ok());
    let is_equality = matches!(operator, "==" | "!=");
    let are_equal = is_equality && (is_text || texts[0] == texts[1]);
    if !needs_numbers && (are_equal || are_dates()) {
        return Ok(by_text());
    }
    let ((left, one), (right, other)) = match (readings(&left), readings(&right)) {
        (Ok(left), Ok(right)) => (left, right),
        (Err(_), _) | (_, Err(_)) if is_equality && !needs_numbers => return Ok(by_text()),
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    let all = |(first, second): Readings| iter::once(first).chain(second).map(SheetNumber::to_f64);
    let mut results = all(one).flat_map(|left| {
        all(other).map(move |right| left.partial_cmp(&right).unwrap_or(Ordering::Equal))
    });
    let result = results.next().is_some_and(holds);
    if results.any(|order| holds(order) != result) {
        let (text, readings) = if one.1.is_some() { (left, one) } else { (right, other) };
        return Err(BadNumber::ambiguous(&text, readings));
    }
    Ok(result)
}

fn empty_variable(name: &str) -> Explanation {
    Explanation::new(
        format!("{} is empty here", quote(name)),
        format!("fill the cell, or give a default: `{{{{ {} or \"there\" }}}}`", sanitize(name)),
    )
}

/// Explains an error of the template engine, whose own messages are for programmers.
fn explain(error: &Error) -> Explanation {
    let detail = error.detail().unwrap_or_default();
    let kind = error.kind();
    if kind == ErrorKind::OutOfFuel || detail.contains("recursion") {
        Explanation::new("the template is too long or nested too deeply", "use a shorter template")
    } else if kind == ErrorKind::SyntaxError && detail.starts_with("unexpected end of input") {
        Explanation::new("a block that begins with `{%` is never closed", BLOCKS)
    } else if kind == ErrorKind::SyntaxError {
        let help = format!("{VARIABLES}; {BLOCKS}");
        Explanation::new("the template has a syntax error", help)
    } else if kind == ErrorKind::UnknownTest {
        // `test x is unknown`
        let name = detail.split(' ').nth(1).unwrap_or_default();
        let message = format!("there is no test {}", quote(name));
        Explanation::new(message, "such as `{% if first_name == \"Anna\" %}`")
    } else if kind == ErrorKind::MissingArgument || kind == ErrorKind::TooManyArguments {
        let help = "such as `{{ city | replace(\"St.\", \"Saint\") }}`";
        Explanation::new("a filter has too few or too many arguments", help)
    } else {
        let help = format!("values are texts; {VARIABLES}");
        Explanation::new("this operation does not work on a text", help)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::build::variables::VariableNames;

    fn variables() -> Arc<Variables> {
        let mut variables = Variables::default();
        let names = VariableNames::new(["First Name", "city", "Empty one"]);
        variables.add(&names, ["anna", "  Łódź ", " "].map(Arc::<str>::from));
        let names = VariableNames::new(["date"]);
        variables.add(&names, ["2026-11-24"].map(Arc::<str>::from));
        Arc::new(variables)
    }

    fn render(template: &str) -> Result<String, (String, String)> {
        let rendered = Templates::new().render(template, &variables());
        rendered.map(|rendered| rendered.text).map_err(|mut problems| {
            let problem = problems.swap_remove(0);
            (problem.message, problem.help)
        })
    }

    #[test]
    fn columns_fill_templates() {
        for (template, expected) in [
            ("Hi {{ first_name }} of {{ city }}!", "Hi anna of Łódź!"),
            ("{{ FirstName|title }} {{ firstname|upper }}", "Anna ANNA"),
            ("{{ First Name }} {{First Name|upper}} {{ \"First Name\" }}", "anna ANNA anna"),
            ("{{ empty_one or \"there\" }}", "there"),
            ("{{ Empty one or First Name }}", "anna"),
            ("{{ empty_one | default(\"you\") }}", "you"),
            ("{% if empty_one %}x{% else %}y{% endif %}", "y"),
            ("{% if (city) and (not (empty_one)) %}x{% endif %}", "x"),
            ("{% if not empty_one and city == \"Łódź\" %}x{% elif city %}y{% endif %}", "x"),
            ("{{ \"x\" if city is startingwith(\"Ł\") else \"y\" }}", "x"),
            ("{{ city|slug }}-{{ date }}", "lodz-2026-11-24"),
            ("{{ city|replace(\"Łó\", \"Lo\")|replace('ź', \"\\\"\") }}", "Lod\""),
            ("{{ '{{' }}{{- city -}} !", "{{Łódź!"),
            ("a < b & \"c\"\n{{ city }}\n", "a < b & \"c\"\nŁódź"),
        ] {
            assert_eq!(render(template).as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn headers_are_names_as_they_stand() {
        let headers = [
            "Straße",
            "名前",
            "1",
            "2024",
            "None",
            "True",
            "E-Mail",
            "Script (max 300 chars)",
            "Client’s name",
            "नाम",
            "2nd name",
            "Terms or conditions",
            "100 %",
            "😀",
            "or",
        ];
        let mut variables = Variables::default();
        variables.add(&VariableNames::new(headers), headers.map(Arc::<str>::from));
        let variables = Arc::new(variables);
        for header in headers {
            for template in [
                format!("{{{{ {header} }}}}"),
                format!("{{{{{header}}}}}"),
                format!("{{{{ {header} | trim }}}}"),
                format!("{{{{ \"{header}\" }}}}"),
            ] {
                let rendered = Templates::new().render(&template, &variables);
                let rendered =
                    rendered.map(|it| it.text).map_err(|problems| problems[0].message.clone());
                // In an expression, a quote begins a text, and a sign is not a name.
                if template.contains('|') && matches!(header, "Client’s name" | "😀" | "or") {
                    continue;
                }
                assert_eq!(rendered.as_deref(), Ok(header), "{template}");
            }
        }
        let render = |template| Templates::new().render(template, &variables).unwrap().text;
        assert_eq!(
            render("{{ Terms or conditions or 1 }} {{ 1 or 2024 }}"),
            "Terms or conditions 1"
        );
        assert_eq!(render("{% if 2nd name == \"2nd name\" %}{{ 100 % }}{% endif %}"), "100 %");
        assert_eq!(render("{{ E-Mail | replace(\"E\", 1) }}"), "1-Mail");
    }

    #[test]
    fn the_exact_header_wins_and_ambiguous_names_are_refused() {
        let headers = ["Price", "Price %", "Price €", "name", "Name", "C++", "First Name"];
        let mut variables = Variables::default();
        variables.add(&VariableNames::new(headers), headers.map(Arc::<str>::from));
        let variables = Arc::new(variables);
        let render = |template: &str| {
            Templates::new().render(template, &variables).map(|rendered| rendered.text).ok()
        };
        let exact = "{{ Price € }} {{ Price % }} {{Price}} {{ name }} {{ Name }} {{ C++ }} {{ first_name }}";
        assert_eq!(
            render(exact).as_deref(),
            Some("Price € Price % Price name Name C++ First Name")
        );
        for ambiguous in ["{{ price }}", "{{ NAME }}", "{{ Price $ }}"] {
            assert_eq!(render(ambiguous), None, "{ambiguous}");
        }
    }

    #[test]
    fn characters_of_word_processors_are_read() {
        for template in [
            "{{\u{a0}first\u{a0}name\u{a0}}}",
            "{{ empty_one or “anna” }}",
            "{{ empty_one or ‘anna’ }}",
            "{{ empty_one or „anna“ }}",
            "{{\u{200b} “First Name” }}",
            "{% if city != “x” %}anna{% endif %}",
        ] {
            assert_eq!(render(template).as_deref(), Ok("anna"), "{template}");
        }
        assert_eq!(render("{{ empty_one or “it’s” }}").as_deref(), Ok("it’s"));
    }

    #[test]
    fn empty_and_misspelled_variables_are_problems() {
        for (template, message, help) in [
            (
                "Hi {{ frist_name }}",
                "there is no variable `frist_name`",
                "did you mean `{{ First Name }}`?",
            ),
            (
                "Hi {{ frist name or 'x' }}",
                "there is no variable `frist name`",
                "did you mean `{{ First Name }}`?",
            ),
            (
                "Hi {{ \"frist name\" }}",
                "`frist name` is a text, because of its quotes",
                "did you mean `{{ First Name }}`?",
            ),
            (
                "Hi {{ 1 }}",
                "there is no variable `1`",
                "the variables are `First Name`, `city` and `date`",
            ),
            (
                "Hi {{ empty_one }}",
                "`Empty one` is empty here",
                "fill the cell, or give a default: `{{ Empty one or \"there\" }}`",
            ),
            (
                "Hi {{ city }} {{ empty_one|upper }}",
                "`Empty one` is empty here",
                "fill the cell, or give a default: `{{ Empty one or \"there\" }}`",
            ),
        ] {
            assert_eq!(render(template), Err((message.to_owned(), help.to_owned())), "{template}");
        }
    }

    #[test]
    fn all_unknown_or_empty_variables_are_problems() {
        let mut variables = Variables::default();
        let row = ["", "", "Anna"].map(Arc::<str>::from);
        variables.add(&VariableNames::new(["one", "two", "name"]), row);
        let variables = Arc::new(variables);
        for (template, expected) in [
            ("{{ foo }} {{ name }} {{ bar or baz }}{% if qux %}x{% endif %}", "foo bar baz qux"),
            ("{{ foo | upper }} {{ foo }} {{ \"bar\" }} {{ 1 }}", "foo foo bar 1"),
            ("{{ one }} {{ name }} {{ two | upper }} {{ one }}", "one two"),
            ("{{ one or two }}", "one"),
            ("{% if one %}{{ two }}{% endif %}{{ one or name }}", ""),
            ("{{ foo }} {{ one }}", "foo"),
        ] {
            let rendered = Templates::new().render(template, &variables);
            let problems = rendered.err().unwrap_or_default();
            let names = problems.iter().filter_map(|it| it.message.split('`').nth(1));
            assert_eq!(names.collect::<Vec<_>>().join(" "), expected, "{template}");
        }
    }

    #[test]
    fn template_errors_are_explained() {
        for (template, expected) in [
            ("{{ city", "this `{{` is never closed"),
            ("{% if city", "a block that begins with `{%` is never closed"),
            ("{% if city %}x", "a block that begins with `{%` is never closed"),
            ("{{ city first name }}", "there are several words in place of one name"),
            ("{{ (city) city }}", "there are several words in place of one name"),
            ("{{ }}", "a name is missing before `}}`"),
            ("{{ 'x }}", "a quote is never closed in this template"),
            ("{% bogus %}", "templates have no statement `bogus`"),
            ("{% if %}", "the template has a syntax error"),
            ("{{ city|uper }}", "there is no filter `uper`"),
            ("{{ city|list }}", "there is no filter `list`"),
            ("{{ city | }}", "the name of a filter is missing after `|`"),
            ("{% if city is odd_one %}{% endif %}", "there is no test `odd_one`"),
            (
                "{{ city.b.c }}",
                "values are texts without parts, so a dot after a name has no meaning",
            ),
            ("{{ city|replace('a') }}", "a filter has too few or too many arguments"),
            ("{{ city + 1 }}", "templates do not calculate"),
            ("{{ city ~ city }}", "templates do not calculate"),
            ("{{ city(3) }}", "templates do not call functions"),
            ("{{ [city] }}", "templates have no lists"),
            ("{{ city[0] }}", "templates have no lists"),
            ("{# note #}{{ city }}", "templates have no comments (`{# ... #}`)"),
        ] {
            let message = render(template).map_err(|(message, _)| message);
            assert_eq!(message.as_deref(), Err(&expected.to_owned()), "{template}");
        }
        let (_, help) = render("{{ city|uper }}").unwrap_err();
        assert!(help.starts_with("did you mean `upper`?"), "{help}");
    }

    #[test]
    fn lists_loops_and_assignments_are_refused() {
        for template in [
            "{% for a in range(9999) %}x{% endfor %}",
            "{% set a = city %}{{ a }}",
            "{% macro a() %}x{% endmacro %}",
            "{% include 'a' %}",
            "{% raw %}{{ x }}{% endraw %}",
            "{{ range(5) }}",
            "{{ {\"a\": 1} }}",
        ] {
            assert!(render(template).is_err(), "{template}");
        }
    }

    #[test]
    fn templates_cannot_grow_without_bounds() {
        let growing = format!("{{{{ city{} }}}}", "|replace(\"d\", \"dddddddd\")".repeat(20));
        let (message, _) = render(&growing).unwrap_err();
        assert_eq!(message, "the template is too long or nested too deeply");
        for long in [
            format!("{{{{ city{} }}}}", "|upper".repeat(2_000)),
            format!("{{{{ {}city }}}}", "city or ".repeat(5_000)),
            format!("{{% if city %}}a{}{{% endif %}}", "{% elif city %}b".repeat(2_000)),
            "{{ city }}".repeat(1_000),
            format!("{{% if {}city{} %}}{{% endif %}}", "(".repeat(9_000), ")".repeat(9_000)),
        ] {
            let (message, _) = render(&long).unwrap_err();
            assert_eq!(message, "the template has more than 300 names, signs and blocks");
        }
    }

    /// Without the limits, the texts would have gigabytes.
    #[test]
    fn values_cannot_make_a_text_too_long() {
        let mut variables = Variables::default();
        let long: Arc<str> = "a".repeat(900_000).into();
        variables.add(&VariableNames::new(["long"]), vec![long]);
        let variables = Arc::new(variables);
        let quotes = "\"".repeat(2);
        for template in [
            "{{ long }}".repeat(200),
            "{{ long|replace('a', long) }}".to_owned(),
            format!("{{{{ long|replace({quotes}, 'bbbb') }}}}"),
            format!("{{{{ long{} }}}}", "|replace('a', 'aa')".repeat(40)),
        ] {
            let problems = Templates::new().render(&template, &variables).unwrap_err();
            assert_eq!(problems[0].message, "the template is too long or nested too deeply");
        }
    }

    fn render_row(template: &str, row: &[(&str, &str)]) -> Result<String, String> {
        let mut variables = Variables::default();
        let values: Vec<Arc<str>> = row.iter().map(|(_, value)| Arc::from(*value)).collect();
        variables.add(&VariableNames::new(row.iter().map(|(name, _)| *name)), values);
        let rendered = Templates::new().render(template, &Arc::new(variables));
        rendered.map(|rendered| rendered.text).map_err(|problems| problems[0].message.clone())
    }

    #[test]
    fn comparisons_with_numbers_read_numbers() {
        for (value, condition, expected) in [
            ("3", "n > 5", Ok(false)),
            ("10", "n > 5", Ok(true)),
            ("10", "n == 10", Ok(true)),
            ("10.0", "n != 10", Ok(false)),
            ("-3", "n > -5", Ok(true)),
            ("10", "5 < n", Ok(true)),
            ("$1,234.50", "n < 2000", Ok(true)),
            ("25%", "n > 0.5", Ok(false)),
            ("5 %", "n == 0.05", Ok(true)),
            ("19,90 €", "n >= 19.9", Ok(true)),
            ("1,234", "n < 2000", Ok(true)),
            ("1,234", "n > 100", Err("`1,234` in `n` can be read as 1234 and as 1.234")),
            ("abc", "n > 5", Err("`abc` in `n` is not a number")),
            ("abc", "n == 5", Err("`abc` in `n` is not a number")),
            ("", "n == 0", Err("`n` is empty here")),
            ("", "n and n > 5", Ok(false)),
            ("10", "n < \"9\"", Ok(false)),
            ("7", "n == \"007\"", Ok(false)),
            ("abc", "n == \"abc\"", Ok(true)),
            ("abc", "n < \"b\"", Err("`abc` in `n` is not a number")),
            ("2026-12-01", "n < \"2026-12-24\"", Ok(true)),
            ("abc", "n|length == 3", Ok(true)),
            ("19.5", "n|round == 20 and not n > 20", Ok(true)),
            ("Rome", "n in \"Rome, Paris\" and n is startingwith(\"R\")", Ok(true)),
            ("3", "1 < n < 5", Err("a comparison has one value on each side")),
            ("3", "(n) > 5", Err("a comparison has one value on each side")),
        ] {
            let template = format!("{{% if {condition} %}}yes{{% else %}}no{{% endif %}}");
            let rendered = render_row(&template, &[("n", value)]);
            let expected = expected.map(|is_true| if is_true { "yes" } else { "no" });
            assert_eq!(
                rendered.as_deref().map_err(String::as_str),
                expected,
                "{value} {condition}"
            );
        }
    }

    #[test]
    fn two_columns_are_compared_as_numbers_or_texts() {
        for (a, b, condition, expected) in [
            ("9", "10", "a < b", Ok("yes")),
            ("1.0", "1", "a == b", Ok("yes")),
            ("Rome", "Rome", "a == b", Ok("yes")),
            ("Rome", "5", "a == b", Ok("no")),
            ("", "5", "a != b", Ok("yes")),
            ("Rome", "5", "a < b", Err("`Rome` in `a` is not a number")),
            ("1,234", "1,234", "a == b", Ok("yes")),
            ("1,234", "1234", "a == b", Err("`1,234` in `a` can be read as 1234 and as 1.234")),
        ] {
            let template = format!("{{{{ \"yes\" if {condition} else \"no\" }}}}");
            let rendered = render_row(&template, &[("a", a), ("b", b)]);
            assert_eq!(
                rendered.as_deref().map_err(String::as_str),
                expected,
                "{a} {b} {condition}"
            );
        }
    }

    #[test]
    fn words_for_no_are_false_in_conditions() {
        for value in ["FALSE", "false", "0", "0.00", "no", "Nein", "-", "", "0 %"] {
            for condition in ["b", "(b)", "b|lower", "b or b", "not (not b)"] {
                let template = format!("{{% if {condition} %}}yes{{% else %}}no{{% endif %}}");
                // An empty value has no text to change.
                if value.is_empty() && condition.contains('|') {
                    continue;
                }
                assert_eq!(
                    render_row(&template, &[("b", value)]).as_deref(),
                    Ok("no"),
                    "{value} {condition}"
                );
            }
        }
        for value in ["TRUE", "1", "yes", "Rome"] {
            let rendered =
                render_row("{{ \"yes\" if b and not (not b) else \"no\" }}", &[("b", value)]);
            assert_eq!(rendered.as_deref(), Ok("yes"), "{value}");
        }
        // A value that is spoken stays.
        assert_eq!(render_row("{{ b or \"none\" }}", &[("b", "0")]).as_deref(), Ok("0"));
    }

    #[test]
    fn filters_for_numbers_read_the_notation_of_the_cell() {
        for (value, filters, expected) in [
            ("19.5", "round", Ok("20")),
            ("19.5", "float | round", Ok("20")),
            ("19,95", "round(1)", Ok("20,0")),
            ("19.90", "float", Ok("19.90")),
            ("19,90", "int", Ok("19")),
            ("1,234.50", "int", Ok("1234")),
            ("abc", "length | round", Ok("3")),
            ("1.234", "int", Err("`1.234` in `n` can be read as 1234 and as 1.234")),
            ("1.234", "float", Err("`1.234` in `n` can be read as 1234 and as 1.234")),
            ("abc", "round(1)", Err("`abc` in `n` is not a number")),
            ("25%", "round", Err("`25%` in `n` has a unit, which this filter would remove")),
            ("", "round", Err("`n` is empty here")),
        ] {
            let rendered = render_row(&format!("{{{{ n | {filters} }}}}"), &[("n", value)]);
            assert_eq!(rendered.as_deref().map_err(String::as_str), expected, "{value} {filters}");
        }
    }

    #[test]
    fn columns_of_one_name_must_agree_where_they_are_used() {
        let render = |second| render_row("{{ price }}", &[("price", "19"), ("price", second)]);
        assert_eq!(render("19").as_deref(), Ok("19"));
        let message = "several columns are called `price`, and their values differ here";
        assert_eq!(render("29").unwrap_err(), message);
        assert_eq!(render_row("Hi", &[("price", "19"), ("price", "29")]).as_deref(), Ok("Hi"));
    }

    #[test]
    fn single_braces_are_found() {
        assert_eq!(variables().find_single_braced("Hi {first_name}!"), Some("first_name"));
        for text in ["Hi {name}", "{", "{}", "a } b {"] {
            assert_eq!(variables().find_single_braced(text), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_rendered_or_refused(parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "{{", "}}", "{%", "%}", " ", "city", "First Name", "if", "endif", "else", "or", "|",
                "upper", "(", ")", "\"", "'", "“", "”", ",", "1", ".", "-", "is", "not", "é", "\\",
                "default", "==", "{#", "#}", "[", "]",
            ]),
            0..20,
        )) {
            let _ = render(&parts.concat());
        }
    }
}
