//! The template language: variables, defaults, filters and `if`.
//!
//! Column names are written as they stand in the header, in any script: `{{ First Name }}`, `{{ 1 }}`, `{{ E-Mail }}`.
//! The engine's own names are ASCII identifiers, so each variable is translated to its position: `{{ v3 }}`.
//!
//! Lists, assignments, loops, macros and arithmetic are refused. Sheets do not need them, and without them the cost of a
//! template grows with its length only.

use std::fmt::Write as _;
use std::iter;

use crate::manifest::diagnostics::problem::Explanation;
use crate::manifest::diagnostics::text::{closest_match, list, quote};

use super::variables::Variables;

/// The filters, with their other names.
const FILTERS: [&str; 14] = [
    "upper",
    "lower",
    "title",
    "capitalize",
    "trim",
    "default",
    "replace",
    "first",
    "last",
    "length",
    "round",
    "int",
    "float",
    "slug",
];

/// The most names, signs and blocks of a template.
const MAX_PARTS: usize = 300;

/// The most characters of a name within a longer expression.
const MAX_NAME: usize = 200;

pub(super) const VARIABLES: &str =
    "a variable is the name of a column in double braces: `{{ first_name }}`";
pub(super) const BLOCKS: &str = "`{% if first_name %}` ends with `{% endif %}`";
const FILTER_HELP: &str = "a filter changes a text: `{{ first_name | upper }}`";

/// A template in the engine's language.
#[derive(Debug)]
pub(super) struct Translation {
    pub(super) source: String,
    /// The positions of the variables that it uses.
    pub(super) used: Vec<usize>,
    /// The number of blocks and of their words and signs.
    parts: usize,
    /// The unknown variables.
    unknown: Vec<Explanation>,
}

/// Translates a template.
///
/// # Errors
///
/// All unknown variables, else an unknown filter, or something that the language does not have.
pub(super) fn translate(
    template: &str,
    variables: &Variables,
) -> Result<Translation, Vec<Explanation>> {
    let mut translation =
        Translation { source: String::new(), used: Vec::new(), parts: 0, unknown: Vec::new() };
    let outcome = translation.add_template(template, variables);
    if !translation.unknown.is_empty() {
        // An error after an unknown variable may be a consequence of it.
        return Err(translation.unknown);
    }
    outcome.map(|()| translation).map_err(|error| vec![error])
}

/// Returns the offset of the next `{{`, `{%` or `{#`.
fn find_delimiter(text: &str) -> Option<usize> {
    let mut braces = text.match_indices('{').map(|(offset, _)| offset);
    braces.find(|offset| matches!(text.as_bytes().get(offset + 1), Some(b'{' | b'%' | b'#')))
}

/// Returns the offset of the delimiter that ends a block. It is not searched in quoted texts.
fn find_end(content: &str, is_variable: bool, variables: &Variables) -> Result<usize, Explanation> {
    let end = if is_variable { "}}" } else { "%}" };
    let first = content.find(end);
    // The name of a column may contain an apostrophe.
    if let Some(first) = first
        && is_variable
        && variables.find(strip_signs(&content[..first]).0).is_some()
    {
        return Ok(first);
    }
    let mut at = 0;
    while let Some(character) = content[at..].chars().next() {
        if content[at..].starts_with(end) {
            return Ok(at);
        }
        at += match quoted(&content[at..]) {
            Some((_, length)) => length,
            None if Quote::of(character).is_some() && first.is_some() => {
                let help = "such as `{{ first_name or \"there\" }}`";
                return Err(Explanation::new("a quote is never closed in this template", help));
            }
            None => character.len_utf8(),
        };
    }
    Err(if is_variable {
        let help = "close it with `}}`: `{{ first_name }}`";
        Explanation::new("this `{{` is never closed", help)
    } else {
        Explanation::new("a block that begins with `{%` is never closed", BLOCKS)
    })
}

/// Splits the signs that remove white space around a block (`{{-`, `-}}`) from its content.
fn strip_signs(content: &str) -> (&str, &str, &str) {
    let is_sign = |character| matches!(character, '-' | '+');
    let (before, inner) = content.split_at(usize::from(content.starts_with(is_sign)));
    let end = inner.len() - usize::from(inner.ends_with(is_sign));
    (inner[..end].trim_matches(is_space), before, &inner[end..])
}

/// Whether a character separates words. Word processors insert no-break spaces; zero-width characters are invisible.
fn is_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// The two kinds of quotation marks. Word processors replace the straight ones by curly ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quote {
    Single,
    Double,
}

impl Quote {
    fn of(character: char) -> Option<Self> {
        match character {
            '\'' | '‘' | '’' | '‚' => Some(Self::Single),
            '"' | '“' | '”' | '„' | '«' | '»' => Some(Self::Double),
            _ => None,
        }
    }
}

/// Returns the quoted text at the beginning of `text` without its quotes, and its length with them.
fn quoted(text: &str) -> Option<(&str, usize)> {
    let mut characters = text.char_indices();
    let quote = Quote::of(characters.next()?.1)?;
    let begin = characters.offset();
    while let Some((offset, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if Quote::of(character) == Some(quote) {
            return Some((&text[begin..offset], characters.offset()));
        }
    }
    None
}

/// What an expression expects next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// A variable, a quoted text or a number.
    Operand,
    /// A filter, a comparison, `or`, `and`, `if`, or the end.
    Operator,
    /// The name of a filter, after `|`.
    Filter,
    /// The name of a test, after `is`.
    Test,
}

/// The whole expression, or the part of it in parentheses.
#[derive(Debug)]
struct Group {
    /// Whether it is the arguments of a filter or test, where digits are numbers.
    is_call: bool,
    /// Whether its operands are yes or no.
    is_condition: bool,
    /// The offset of the last operand in the source.
    start: usize,
    operand: Operand,
    /// The offset of the left side of a comparison whose right side follows, and its operator.
    comparison: Option<(usize, &'static str)>,
}

/// What the last operand of a group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operand {
    /// A variable or a literal with its filters.
    Value,
    /// An expression in parentheses.
    Nested,
    /// A value with a test, or one that is searched in another.
    Tested,
}

impl Group {
    fn new(is_call: bool, is_condition: bool) -> Self {
        Self { is_call, is_condition, start: 0, operand: Operand::Value, comparison: None }
    }

    /// Begins an operand at an offset of the source.
    fn begin(&mut self, start: usize, operand: Operand) {
        self.start = start;
        if self.operand != Operand::Tested {
            self.operand = operand;
        }
    }

    /// Begins a comparison after its left side.
    fn compare(&mut self, operator: &'static str) -> Result<(), Explanation> {
        if self.operand != Operand::Value || self.comparison.is_some() {
            return Err(not_comparable());
        }
        self.comparison = Some((self.start, operator));
        Ok(())
    }
}

fn not_comparable() -> Explanation {
    let help = "such as `{% if price > 5 and price < 10 %}`";
    Explanation::new("a comparison has one value on each side", help)
}

impl Translation {
    fn add_template(&mut self, template: &str, variables: &Variables) -> Result<(), Explanation> {
        let mut rest = template;
        while let Some(start) = find_delimiter(rest) {
            self.source.push_str(&rest[..start]);
            let (delimiter, content) = rest[start..].split_at(2);
            if delimiter == "{#" {
                let help = "delete the comment, or put it into a column of its own";
                return Err(Explanation::new("templates have no comments (`{# ... #}`)", help));
            }
            self.count_part()?;
            let is_variable = delimiter == "{{";
            let end = find_end(content, is_variable, variables)?;
            let (inner, sign_before, sign_after) = strip_signs(&content[..end]);
            self.source.push_str(delimiter);
            self.source.push_str(sign_before);
            self.source.push(' ');
            if is_variable {
                self.add_value(inner, variables)?;
            } else {
                self.add_statement(inner, variables)?;
            }
            self.source.push(' ');
            self.source.push_str(sign_after);
            self.source.push_str(if is_variable { "}}" } else { "%}" });
            rest = &content[end + 2..];
        }
        self.source.push_str(rest);
        Ok(())
    }

    /// Adds the content of `{{ }}`.
    fn add_value(&mut self, inner: &str, variables: &Variables) -> Result<(), Explanation> {
        if let Some(position) = variables
            .find(inner)
            .filter(|_| !inner.starts_with(['[', '{']) && !inner.ends_with('|'))
        {
            self.add_variable(position);
            return Ok(());
        }
        if inner.is_empty() {
            return Err(Explanation::new("a name is missing before `}}`", VARIABLES));
        }
        // A literal needs no braces, unless it contains some. It is most likely meant as a variable.
        if let Some((literal, length)) = quoted(inner)
            && length == inner.len()
            && !literal.contains(['{', '}'])
        {
            if let Some(position) = variables.find(literal) {
                self.add_variable(position);
                return Ok(());
            }
            let message = format!("{} is a text, because of its quotes", quote(literal));
            self.unknown.push(Explanation::new(message, variables.explain_unknown(literal).help));
            return Ok(());
        }
        if inner.parse::<f64>().is_ok() {
            self.unknown.push(variables.explain_unknown(inner));
            return Ok(());
        }
        self.add_expression(inner, false, variables)
    }

    /// Adds the content of `{% %}`.
    fn add_statement(&mut self, inner: &str, variables: &Variables) -> Result<(), Explanation> {
        let (keyword, condition) = inner.split_once(is_space).unwrap_or((inner, ""));
        match (keyword, condition.trim_matches(is_space)) {
            ("else" | "endif", "") => self.source.push_str(keyword),
            ("if" | "elif", condition) => {
                self.source.push_str(keyword);
                self.source.push(' ');
                self.add_expression(condition, true, variables)?;
            }
            _ => {
                let message = format!("templates have no statement {}", quote(keyword));
                return Err(Explanation::new(message, BLOCKS));
            }
        }
        Ok(())
    }

    fn add_variable(&mut self, position: usize) {
        self.used.push(position);
        self.source.push('v');
        self.source.push_str(&position.to_string());
    }

    /// Counts a part. The engine's memory grows with the depth of an expression, so the number is limited.
    fn count_part(&mut self) -> Result<(), Explanation> {
        self.parts += 1;
        if self.parts > MAX_PARTS {
            let message = format!("the template has more than {MAX_PARTS} names, signs and blocks");
            return Err(Explanation::new(message, "use a shorter template"));
        }
        Ok(())
    }

    /// Adds an expression. In a condition, words for no count as false.
    fn add_expression(
        &mut self,
        text: &str,
        is_condition: bool,
        variables: &Variables,
    ) -> Result<(), Explanation> {
        let mut expected = Expected::Operand;
        let mut groups = vec![Group::new(false, is_condition)];
        let mut may_call = false;
        let mut rest = text.trim_start_matches(is_space);
        while let Some(character) = rest.chars().next() {
            self.count_part()?;
            let after_name = std::mem::take(&mut may_call);
            let begin = self.source.len();
            let was_expected = expected;
            let depth = groups.len();
            let group = groups.last_mut().ok_or_else(|| syntax_error(rest))?;
            let in_arguments = group.is_call;
            let is_number = in_arguments || group.comparison.is_some();
            let length = if let Some((literal, length)) =
                quoted(rest).filter(|_| expected == Expected::Operand)
            {
                self.add_literal(literal);
                expected = Expected::Operator;
                length
            } else if character == '(' && (after_name || expected == Expected::Operand) {
                let is_condition = group.is_condition && !after_name;
                if !after_name {
                    group.begin(begin, Operand::Nested);
                }
                groups.push(Group::new(after_name, is_condition));
                expected = Expected::Operand;
                self.source.push('(');
                1
            } else if character == ')' && depth > 1 {
                self.end_operand(groups.pop().as_mut())?;
                expected = Expected::Operator;
                self.source.push(')');
                1
            } else if expected == Expected::Operand && in_arguments && !number(rest).is_empty() {
                self.source.push_str(number(rest));
                expected = Expected::Operator;
                number(rest).len()
            } else if let Some(slice) = slice(rest).filter(|_| expected == Expected::Operator) {
                self.source.push_str(slice);
                slice.len()
            } else if let Some(operator) = operator(rest, expected, in_arguments, is_number) {
                match operator {
                    "|" | "-" => self.source.push_str(operator),
                    "," => {
                        self.end_operand(Some(group))?;
                        self.source.push(',');
                    }
                    _ => {
                        group.compare(operator)?;
                        self.source.push(',');
                    }
                }
                expected = if operator == "|" { Expected::Filter } else { Expected::Operand };
                operator.len()
            } else {
                let word = first_word(rest);
                match expected {
                    Expected::Operand => {
                        self.add_operand(rest, in_arguments, &mut expected, variables)?
                    }
                    Expected::Operator => {
                        self.prepare_group(group, word, is_condition)?;
                        expected = self.add_keyword(word, rest)?;
                        word.len()
                    }
                    Expected::Filter if !FILTERS.contains(&word) => {
                        return Err(unknown_filter(word));
                    }
                    Expected::Filter | Expected::Test => {
                        self.source.push_str(word);
                        if word != "not" {
                            (expected, may_call) = (Expected::Operator, true);
                        }
                        word.len()
                    }
                }
            };
            let is_value = (was_expected, expected) == (Expected::Operand, Expected::Operator);
            if let Some(group) = groups.last_mut().filter(|_| is_value && character != ')') {
                group.begin(begin, Operand::Value);
            }
            let after = &rest[length..];
            rest = after.trim_start_matches(is_space);
            self.source.push(' ');
            if length == 0 {
                return Err(syntax_error(rest));
            }
        }
        match expected {
            Expected::Operator if groups.len() == 1 => self.end_operand(groups.last_mut()),
            Expected::Filter => Err(unknown_filter("")),
            Expected::Operand | Expected::Operator | Expected::Test => Err(syntax_error("")),
        }
    }

    /// Ends an operand with its filters: completes a comparison, or turns the operand of a condition into yes or no.
    fn end_operand(&mut self, group: Option<&mut Group>) -> Result<(), Explanation> {
        let Some(group) = group else { return Ok(()) };
        if let Some((left, operator)) = group.comparison.take() {
            if group.operand != Operand::Value {
                return Err(not_comparable());
            }
            // Texts in quotes are compared as texts.
            let is_text = [left, group.start].iter().any(|at| self.source[*at..].starts_with('"'));
            self.source.insert_str(left, "compare(");
            // Writing to a text cannot fail.
            let _ = write!(self.source, ", \"{operator}\", {is_text}) ");
        } else if group.is_condition && group.operand == Operand::Value {
            self.source.insert_str(group.start, "truth(");
            self.source.push_str(") ");
        }
        group.operand = Operand::Value;
        Ok(())
    }

    /// Prepares a group for a keyword after an operand. `is_condition` says whether the whole expression is one.
    fn prepare_group(
        &mut self,
        group: &mut Group,
        keyword: &str,
        is_condition: bool,
    ) -> Result<(), Explanation> {
        match keyword {
            "or" | "and" | "if" | "else" => self.end_operand(Some(group))?,
            "is" | "in" | "not" => group.operand = Operand::Tested,
            _ => {}
        }
        match keyword {
            "if" => group.is_condition = true,
            "else" => group.is_condition = is_condition,
            _ => {}
        }
        Ok(())
    }

    /// Adds a quoted text.
    fn add_literal(&mut self, literal: &str) {
        self.source.push('"');
        let mut is_escaped = false;
        for character in literal.chars() {
            if character == '"' && !is_escaped {
                self.source.push('\\');
            }
            is_escaped = character == '\\' && !is_escaped;
            self.source.push(character);
        }
        self.source.push('"');
    }

    /// Adds the variable, number or constant at the beginning of `rest`, and returns its length.
    fn add_operand(
        &mut self,
        rest: &str,
        in_arguments: bool,
        expected: &mut Expected,
        variables: &Variables,
    ) -> Result<usize, Explanation> {
        if let Some((position, length)) = find_variable(rest, variables) {
            self.add_variable(position);
            *expected = Expected::Operator;
            return Ok(length);
        }
        let word = match number(rest) {
            "" => first_word(rest),
            number => number,
        };
        let is_constant = matches!(word, "true" | "false" | "none") && in_arguments;
        if word == "not" || is_constant || word.parse::<f64>().is_ok() {
            self.source.push_str(word);
            if word != "not" {
                *expected = Expected::Operator;
            }
            return Ok(word.len());
        }
        if word.is_empty() {
            return Err(syntax_error(rest));
        }
        let name = name_region(rest);
        let end = [" or ", " and ", " if ", " else ", " is ", " in "];
        let end = end.iter().filter_map(|keyword| name.find(keyword)).min();
        let name = name[..end.unwrap_or(name.len())].trim_end_matches(is_space);
        self.unknown.push(variables.explain_unknown(name));
        *expected = Expected::Operator;
        Ok(name.len())
    }

    /// Adds a keyword between two operands, and returns what must follow.
    fn add_keyword(&mut self, word: &str, rest: &str) -> Result<Expected, Explanation> {
        if !matches!(word, "or" | "and" | "in" | "not" | "if" | "else" | "is") {
            return Err(match rest.chars().next() {
                Some(character)
                    if character.is_alphanumeric() || Quote::of(character).is_some() =>
                {
                    Explanation::new("there are several words in place of one name", VARIABLES)
                }
                Some('.') => {
                    let message =
                        "values are texts without parts, so a dot after a name has no meaning";
                    Explanation::new(message, VARIABLES)
                }
                _ => syntax_error(rest),
            });
        }
        self.source.push_str(word);
        Ok(match word {
            "is" => Expected::Test,
            // `not in`
            "not" => Expected::Operator,
            _ => Expected::Operand,
        })
    }
}

/// Returns the longest name of a variable at the beginning of `text`, with its length.
fn find_variable(text: &str, variables: &Variables) -> Option<(usize, usize)> {
    let region = up_to_words(name_region(text), variables.longest_name());
    // Only the whole region may end in a sign, such as `100 %`.
    let whole = region.trim_end_matches(|character| is_space(character) || character == ')').len();
    let words = iter::successors(Some(region.trim_end_matches(separates).len()), |end| {
        let last_word = region[..*end].trim_end_matches(|character| !separates(character));
        Some(last_word.trim_end_matches(separates).len())
    });
    iter::once(whole).chain(words.take_while(|end| *end > 0)).find_map(|end| {
        let name = &region[..end];
        // A closing parenthesis belongs to the name if the opening one does.
        let is_open = name.matches('(').count() > name.matches(')').count();
        let closes = is_open && text[end..].starts_with(')');
        Some((variables.find(name)?, end + usize::from(closes)))
    })
}

/// Returns the beginning of `text` that may be the name of a variable: up to a filter, a quote, a comparison or a bracket.
fn name_region(text: &str) -> &str {
    let ends = |character: char| {
        matches!(character, '|' | ',' | '=' | '<' | '>' | '!' | '[' | '{')
            || Quote::of(character).is_some()
    };
    let end = text.char_indices().nth(MAX_NAME).map_or(text.len(), |(offset, _)| offset);
    text[..end].split(ends).next().unwrap_or_default()
}

/// Returns the beginning of `text` with whole words that have at most `letters` letters and digits together. A longer
/// text is no name, and comparing it would take long.
fn up_to_words(text: &str, letters: usize) -> &str {
    let mut further = text.char_indices().filter(|(_, character)| character.is_alphanumeric());
    match further.nth(letters) {
        Some((end, _)) => text[..end].trim_end_matches(|character| !separates(character)),
        None => text,
    }
}

/// Checks whether a character stands between two words.
fn separates(character: char) -> bool {
    is_space(character) || (character.is_ascii_punctuation() && character != '_')
}

/// Returns the digits and points at the beginning of `text`.
fn number(text: &str) -> &str {
    let end = text.find(|character: char| !character.is_ascii_digit() && character != '.');
    &text[..end.unwrap_or(text.len())]
}

/// Returns the part of a text that `text` begins with: `[:4]`.
fn slice(text: &str) -> Option<&str> {
    let (range, _) = text.strip_prefix('[')?.split_once(']')?;
    let is_range = range.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b':'));
    (is_range && range.contains(':')).then(|| &text[..range.len() + 2])
}

fn first_word(text: &str) -> &str {
    text.split(separates).next().unwrap_or_default()
}

/// Returns the operator at the beginning of `text`.
fn operator(
    text: &str,
    expected: Expected,
    in_arguments: bool,
    may_be_negative: bool,
) -> Option<&'static str> {
    let operators: &[&str] = match expected {
        Expected::Operator if in_arguments => &["==", "!=", "<=", ">=", "<", ">", "|", ","],
        Expected::Operator => &["==", "!=", "<=", ">=", "<", ">", "|"],
        Expected::Operand if may_be_negative => &["-"],
        Expected::Operand | Expected::Filter | Expected::Test => &[],
    };
    operators.iter().copied().find(|operator| text.starts_with(operator))
}

fn unknown_filter(word: &str) -> Explanation {
    if word.is_empty() {
        return Explanation::new("the name of a filter is missing after `|`", FILTER_HELP);
    }
    let all = format!("the filters are {}", list(FILTERS, "and"));
    let help = match closest_match(word, FILTERS) {
        Some(near) => format!("did you mean `{near}`? {all}"),
        None => all,
    };
    Explanation::new(format!("there is no filter {}", quote(word)), help)
}

/// Explains why the template cannot be read from `rest` on.
fn syntax_error(rest: &str) -> Explanation {
    let message = match rest.chars().next() {
        Some('[' | ']' | '{' | '}') => "templates have no lists",
        Some('+' | '-' | '*' | '/' | '%' | '~') => "templates do not calculate",
        Some('(') => "templates do not call functions",
        _ => "the template has a syntax error",
    };
    Explanation::new(message, format!("{VARIABLES}; {FILTER_HELP}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without the limit, a chain of `or` takes milliseconds in each row.
    #[test]
    fn only_texts_as_long_as_a_name_are_compared_with_names() {
        for (letters, expected) in [
            (0, ""),
            (7, "First "),
            (9, "First Name "),
            (11, "First Name or "),
            (12, "First Name or x"),
        ] {
            assert_eq!(up_to_words("First Name or x", letters), expected, "{letters}");
        }
        assert_eq!(up_to_words("100 % (net)", 3), "100 % (");
    }
}
