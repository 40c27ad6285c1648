//! Numbers: digits, separators, percentages, exponents and `General`.

use super::decimal::{Decimal, padded};
use super::error::FormatError;
use super::locale::Language;
use super::parse::{Placeholder, Token, count_digits, literals};

/// The format of a number with digit placeholders.
#[derive(Clone, Debug)]
pub(super) struct Number {
    items: Vec<Item>,
    /// The number of placeholders before the decimal point.
    integers: i32,
    /// The number of placeholders after the decimal point.
    decimals: i32,
    /// The power of ten by which the number is multiplied: 2 for each `%`, -3 for each comma after the last digit.
    scale: i32,
    is_grouped: bool,
    has_exponent: bool,
}

#[derive(Clone, Debug)]
enum Item {
    Literal(char),
    /// A placeholder and the power of ten of its digit.
    Digit(Placeholder, i32),
    Point,
    /// The exponent with its least number of digits.
    Exponent {
        plus: bool,
        digits: usize,
    },
}

impl Number {
    /// Parses the tokens of a section for numbers.
    ///
    /// # Errors
    ///
    /// The tokens are in an order whose text is unknown.
    pub(super) fn parse(tokens: &[Token]) -> Result<Self, FormatError> {
        let end = tokens
            .iter()
            .position(|token| matches!(token, Token::Exponent { .. }))
            .unwrap_or(tokens.len());
        let (mantissa, exponent) = tokens.split_at(end);
        let point = mantissa.iter().position(|token| *token == Token::Point).unwrap_or(end);
        let mut number = Self {
            items: Vec::new(),
            integers: count_digits(&mantissa[..point]),
            decimals: count_digits(&mantissa[point..]),
            scale: tokens.iter().map(|token| if *token == Token::Percent { 2 } else { 0 }).sum(),
            is_grouped: false,
            has_exponent: !exponent.is_empty(),
        };
        if number.has_exponent && number.integers == 0 {
            return Err(FormatError::Ambiguous("an exponent without digits before the point"));
        }
        let mut power = number.integers;
        for (index, token) in mantissa.iter().enumerate() {
            let part = if index < point { &mantissa[index..point] } else { &mantissa[index..] };
            if let Token::Digit(placeholder) = token {
                power -= 1;
                number.items.push(Item::Digit(*placeholder, power));
            } else if index == point {
                if number.integers == 0 {
                    // `.00` shows the same as `#.00`.
                    number.integers = 1;
                    number.items.push(Item::Digit(Placeholder::Hash, 0));
                }
                number.items.push(Item::Point);
            } else if *token == Token::Point {
                return Err(FormatError::Ambiguous("two decimal points"));
            } else if *token == Token::Comma && count_digits(&mantissa[..index]) > 0 {
                let is_after_digit = matches!(mantissa[index - 1], Token::Digit(_) | Token::Comma);
                if count_digits(part) > 0 && index < point {
                    number.is_grouped = true;
                } else if count_digits(part) == 0 && is_after_digit {
                    number.scale -= 3;
                } else {
                    return Err(FormatError::Ambiguous("a comma that is not beside a digit"));
                }
            } else {
                number.items.extend(token.literal().map(Item::Literal));
            }
        }
        if let [Token::Exponent { plus }, rest @ ..] = exponent {
            let digits = rest.iter().take_while(|token| token.placeholder().is_some()).count();
            if digits == 0 {
                return Err(FormatError::Invalid("an exponent without digits"));
            }
            number.items.push(Item::Exponent { plus: *plus, digits });
            number.items.extend(literals(&rest[digits..])?.chars().map(Item::Literal));
        }
        Ok(number)
    }

    pub(super) fn has_digits(&self) -> bool {
        self.integers + self.decimals > 0
    }

    /// Returns the format that shows zero as `0`, also with the placeholders `#` and `?`.
    pub(super) fn with_zero(mut self) -> Self {
        for item in &mut self.items {
            if let Item::Digit(placeholder, 0) = item {
                *placeholder = Placeholder::Zero;
            }
        }
        self
    }

    /// Renders the absolute value of a number. Also returns whether the text is that of zero.
    ///
    /// # Errors
    ///
    /// The language is unknown, and the text depends on it.
    pub(super) fn render(
        &self,
        value: f64,
        language: &Language,
    ) -> Result<(String, bool), FormatError> {
        let value = Decimal::from_f64(value).shifted(self.scale);
        let scaled = |exponent: i32| value.clone().shifted(-exponent).rounded(self.decimals);
        // With several integer placeholders the exponent is a multiple of their number.
        let mut exponent = if self.has_exponent {
            value.exponent().div_euclid(self.integers) * self.integers
        } else {
            0
        };
        if self.has_exponent && scaled(exponent).point() > self.integers {
            exponent += self.integers;
        }
        let mantissa = scaled(exponent);
        let has_unit = |item: &Item| matches!(item, Item::Digit(Placeholder::Zero, 0));
        if self.has_exponent && mantissa.is_zero() && !self.items.iter().any(has_unit) {
            return Err(FormatError::Ambiguous(
                "zero with an exponent and without the placeholder 0",
            ));
        }
        let mut text = String::new();
        for item in &self.items {
            match *item {
                Item::Literal(character) => text.push(character),
                Item::Digit(placeholder, power) => {
                    // The first placeholder also shows the digits that have none.
                    let is_first = power + 1 == self.integers;
                    let highest = if is_first { power.max(mantissa.point() - 1) } else { power };
                    for power in (power..=highest).rev() {
                        text += &self.render_digit(
                            placeholder,
                            mantissa.digit(power),
                            power,
                            language,
                        )?;
                    }
                }
                Item::Point => text += language.decimal_separator()?,
                Item::Exponent { plus, digits } => {
                    let sign = if plus { "E+" } else { "E" };
                    text += if exponent < 0 { "E-" } else { sign };
                    text += &padded(exponent.unsigned_abs().into(), digits);
                }
            }
        }
        Ok((text, mantissa.is_zero()))
    }

    /// Renders a digit, or what its placeholder shows without one, and the separator after it.
    fn render_digit(
        &self,
        placeholder: Placeholder,
        digit: Option<char>,
        power: i32,
        language: &Language,
    ) -> Result<String, FormatError> {
        let separator = if self.is_grouped { language.group_separator(power)? } else { "" };
        Ok(match (digit.or(placeholder.filler()), separator) {
            (None, _) => String::new(),
            (Some(' '), separator) if !separator.is_empty() => "  ".to_owned(),
            (Some(digit), separator) => format!("{digit}{separator}"),
        })
    }
}

/// The most digits before the decimal point that `General` shows. Spreadsheets show 11 and the magnitude of larger numbers,
/// but what is meant by 4.91511E+12 is the telephone number or the article behind it.
const MAX_INTEGERS: i32 = 15;

/// Renders the absolute value of a number as `General`: with at most 9 decimals, and in scientific notation if the number
/// is very small or has more digits than are stored (ECMA-376 part 1, section 18.8.30).
///
/// # Errors
///
/// The language is unknown, and the text has a decimal separator.
pub(super) fn general(value: f64, language: &Language) -> Result<String, FormatError> {
    let value = Decimal::from_f64(value);
    let exponent = value.exponent();
    // The digits of the integer and the point leave this many decimals of 11 characters.
    let places = if exponent < 11 { (9 - exponent).clamp(0, 9) } else { MAX_INTEGERS };
    let rounded = value.clone().rounded(places);
    if rounded.point() <= MAX_INTEGERS && (exponent >= -4 || rounded == value) {
        return plain(&rounded, language);
    }
    let places = if exponent.abs() < 100 { 5 } else { 4 };
    let scaled = |exponent: i32| value.clone().shifted(-exponent).rounded(places);
    let exponent = exponent + i32::from(scaled(exponent).point() > 1);
    let sign = if exponent < 0 { '-' } else { '+' };
    Ok(format!("{}E{sign}{:02}", plain(&scaled(exponent), language)?, exponent.abs()))
}

/// Returns a decimal with all its digits, and at least one before the point.
fn plain(value: &Decimal, language: &Language) -> Result<String, FormatError> {
    let integer: String =
        (0..value.point().max(1)).rev().map(|power| value.digit(power).unwrap_or('0')).collect();
    let decimals: String = (1..).map_while(|place: i32| value.digit(-place)).collect();
    Ok(if decimals.is_empty() {
        integer
    } else {
        integer + language.decimal_separator()? + &decimals
    })
}
