//! Number formats of spreadsheets: the text that a cell shows for its value.
//!
//! The grammar is that of ECMA-376 part 1, sections 18.8.30 (`numFmt`) and 18.8.31 (`numFmts`). Where the standard is
//! silent, the text is that of Excel. Where Excel and `LibreOffice` differ and Excel's text is not documented, rendering
//! fails with [`FormatError::Ambiguous`] instead of a guess.
//!
//! A format without a language tag is rendered as in the United States: `1,234.5`, `March`. A tag at the start, as in
//! `[$-407]#,##0.00`, selects names and separators, as `LibreOffice` does. (Excel takes the separators from the
//! computer.) The tag of a currency, as in `[$€-407]`, has no effect. Booleans have no format: they are shown as `TRUE` and
//! `FALSE`.

mod date;
mod decimal;
mod error;
mod fraction;
mod locale;
mod number;
mod parse;

use date::DateFormat;
use error::MAX_LENGTH;
use fraction::Fraction;
use locale::Language;
use number::Number;
use parse::{Condition, Token};

pub(crate) use date::DateSystem;
pub(crate) use error::FormatError;

/// The built-in formats by their identifiers.
const BUILTIN: &str = include_str!("builtin.tsv");

/// A parsed number format.
#[derive(Debug)]
pub(crate) struct NumberFormat {
    /// The sections for numbers, at most three. None if the format is only for text.
    numbers: Vec<Section>,
    /// The section for text.
    text: Option<Vec<Token>>,
    language: Language,
}

/// A section of a number format.
#[derive(Debug)]
struct Section {
    condition: Option<Condition>,
    body: Body,
}

/// The contents of a section.
#[derive(Debug)]
enum Body {
    /// Literal characters, `General` and `@`.
    Plain(Vec<Token>),
    Number(Number),
    Fraction(Fraction),
    Date(DateFormat),
}

impl NumberFormat {
    /// Parses a format code such as `#,##0.00;[Red]-#,##0.00`.
    ///
    /// # Errors
    ///
    /// The code is too long or invalid, or its text is unknown for every number.
    pub(crate) fn parse(code: &str) -> Result<Self, FormatError> {
        if code.chars().count() > MAX_LENGTH {
            return Err(FormatError::TooLong);
        }
        let mut language = Language::united_states();
        let mut numbers = Vec::new();
        for section in parse::sections(code)? {
            match section.language {
                // The language of the first section is that of all.
                Some(first) if numbers.is_empty() => language = first,
                Some(other) if other != language => {
                    return Err(FormatError::Ambiguous("a format with several languages"));
                }
                _ => {}
            }
            numbers
                .push(Section { condition: section.condition, body: Body::parse(section.tokens)? });
        }
        let has_text_section =
            numbers.len() == 4 || numbers.last().is_some_and(|last| last.body.has_text());
        let text = match numbers.pop_if(|_| has_text_section).map(|last| last.body) {
            None => None,
            Some(Body::Plain(tokens)) => Some(tokens),
            Some(_) => return Err(FormatError::Invalid("the fourth section is for text")),
        };
        if numbers.iter().any(|section| section.body.has_text()) {
            return Err(FormatError::Invalid("@ is only allowed in the last section"));
        }
        let has_condition = |section: &Section| section.condition.is_some();
        if numbers.iter().any(has_condition) && !has_condition(&numbers[0]) {
            return Err(FormatError::Ambiguous("a format whose first section has no condition"));
        }
        Ok(Self { numbers, text, language })
    }

    /// Returns the code of a built-in format, as Excel shows it in the United States.
    ///
    /// The codes are those of ECMA-376 part 1, section 18.8.30, except that Excel shows 5-8 and 41-44 in dollars, 14 and 22
    /// with the short date of the system, and 47 with a colon. Identifiers that mean different formats in East Asian
    /// versions (27-36, 50-58) and unassigned ones are `None`.
    pub(crate) fn builtin(id: u32) -> Option<&'static str> {
        BUILTIN
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .find(|(key, _)| key.parse() == Ok(id))
            .map(|(_, code)| code)
    }

    /// Checks whether the format shows numbers as dates or times.
    #[cfg(test)]
    pub(crate) fn is_date(&self) -> bool {
        self.numbers.iter().any(|section| matches!(section.body, Body::Date(_)))
    }

    /// Renders a number.
    ///
    /// The spaces for alignment (`_x` and `?`) are included. A fill (`*x`) is left out, because it depends on the width of
    /// the column. `General` is shown as in a wide column, with up to 15 digits before the decimal point.
    ///
    /// # Errors
    ///
    /// The format has no text for the number, or the text is unknown.
    pub(crate) fn render(&self, value: f64, system: DateSystem) -> Result<String, FormatError> {
        if !value.is_finite() {
            return Err(FormatError::NotFinite);
        }
        let (section, has_sign) = self.select(value)?;
        let (text, is_unsigned) = match section.map(|section| &section.body) {
            None => (number::general(value, &self.language)?, false),
            Some(Body::Plain(tokens)) if tokens.contains(&Token::General) => {
                (join(tokens, &number::general(value, &self.language)?), false)
            }
            Some(Body::Plain(tokens)) => (join(tokens, ""), true),
            Some(Body::Number(format)) => format.render(value, &self.language)?,
            Some(Body::Fraction(format)) => format.render(value, &self.language)?,
            Some(Body::Date(format)) => (format.render(value, system, &self.language)?, true),
        };
        Ok(if has_sign && !is_unsigned { format!("-{text}") } else { text })
    }

    /// Renders a text. A format without a section for text shows it unchanged.
    pub(crate) fn render_text(&self, text: &str) -> String {
        self.text
            .as_ref()
            .filter(|_| !text.is_empty())
            .map_or_else(|| text.to_owned(), |tokens| join(tokens, text))
    }

    /// Selects the section for a number, and whether a minus sign precedes its text. Without a section, the number is shown
    /// as `General`.
    fn select(&self, value: f64) -> Result<(Option<&Section>, bool), FormatError> {
        let is_negative = value < 0.0;
        let sections = self.numbers.as_slice();
        let Some(first) = sections.first() else { return Ok((None, is_negative)) };
        let Some(condition) = first.condition else {
            let index = match sections.len() {
                1 => 0,
                2 => usize::from(is_negative),
                _ if is_negative => 1,
                _ if value == 0.0 => 2,
                _ => 0,
            };
            return Ok((Some(&sections[index]), is_negative && sections.len() == 1));
        };
        let holds =
            |section: &&Section| section.condition.is_some_and(|condition| condition.holds(value));
        if let Some(section @ Section { condition: Some(condition), .. }) =
            sections.iter().find(holds)
        {
            return Ok((Some(section), is_negative && condition.shows_sign()?));
        }
        match sections {
            [_] if !is_negative => Ok((None, false)),
            [_, last @ Section { condition: None, .. }] if !is_negative => Ok((Some(last), false)),
            // Excel shows -2 as `[>=-1]0;0` without a sign.
            [_, last @ Section { condition: None, .. }]
                if condition.above && !condition.below && condition.limit < 0.0 =>
            {
                Ok((Some(last), false))
            }
            [_, Section { condition: Some(_), .. }, last @ Section { condition: None, .. }] => {
                Ok((Some(last), is_negative))
            }
            [_, Section { condition: Some(_), .. }, ..] => Err(FormatError::NoSection),
            _ => Err(FormatError::Ambiguous("a number for which the format has no condition")),
        }
    }
}

impl Body {
    fn parse(tokens: Vec<Token>) -> Result<Self, FormatError> {
        let has = |wanted: fn(&Token) -> bool| tokens.iter().any(wanted);
        if has(|token| matches!(token, Token::Date(_))) {
            return DateFormat::parse(&tokens).map(Self::Date);
        }
        let is_plain = has(|token| matches!(token, Token::General | Token::Text));
        let has_digits = has(|token| matches!(token, Token::Digit(_)));
        if is_plain && (has_digits || has(|token| *token == Token::Percent)) {
            return Err(FormatError::Invalid("General or @ beside digits or a percent sign"));
        }
        if has_digits {
            let fraction = Fraction::parse(&tokens)?.map(Self::Fraction);
            return fraction.map_or_else(|| Number::parse(&tokens).map(Self::Number), Ok);
        }
        if has(|token| matches!(token, Token::Exponent { .. })) {
            return Err(FormatError::Invalid("an exponent without digits"));
        }
        Ok(Self::Plain(tokens))
    }

    fn has_text(&self) -> bool {
        matches!(self, Self::Plain(tokens) if tokens.contains(&Token::Text))
    }
}

/// Joins the tokens of a section without digits; `value` replaces `General` and `@`.
fn join(tokens: &[Token], value: &str) -> String {
    let part = |token: &Token| token.literal().map_or_else(|| value.to_owned(), String::from);
    tokens.iter().map(part).collect()
}

#[cfg(test)]
mod tests;
