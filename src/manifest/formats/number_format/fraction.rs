//! Fractions, such as `# ?/?` and `# ??/16`.

use super::decimal::Decimal;
use super::error::FormatError;
use super::locale::Language;
use super::number::Number;
use super::parse::{Placeholder, Token, literals};

/// The longest denominator that Excel computes, in digits.
const MAX_DENOMINATOR_DIGITS: usize = 7;

/// The least number that is not shown as a fraction.
const TOO_LARGE: f64 = 1e15;

/// The format of a number as a fraction.
#[derive(Debug)]
pub(super) struct Fraction {
    /// The part before the numerator. Without digits, the fraction may be greater than 1.
    integer: Number,
    /// Whether the integer and the numerator are separated by more than spaces.
    has_text_between: bool,
    numerator: Vec<Placeholder>,
    /// The slash and the characters around it.
    slash: String,
    /// The denominator, if it is fixed.
    fixed: Option<u64>,
    /// The number of digits of the denominator.
    width: usize,
    /// The placeholder of its digits.
    placeholder: Placeholder,
    after: String,
}

impl Fraction {
    /// Parses the tokens of a section. Returns `None` if it is not a fraction: a slash with digits on both sides.
    ///
    /// # Errors
    ///
    /// The tokens are in an order whose text is unknown.
    pub(super) fn parse(tokens: &[Token]) -> Result<Option<Self>, FormatError> {
        let is_digit = |token: &Token| token.placeholder().is_some();
        let is_denominator = |token: &Token| is_digit(token) || matches!(token, Token::Numeral(_));
        let first_digit = tokens.iter().position(is_digit).unwrap_or(0);
        let slash = (first_digit..tokens.len()).find(|index| tokens[*index] == Token::Slash);
        let Some(slash) = slash else { return Ok(None) };
        let Some(gap) = tokens[slash..].iter().position(is_denominator) else { return Ok(None) };
        let last_digit = tokens[..slash].iter().rposition(is_digit).unwrap_or(0);
        let has_other =
            |token: &Token| matches!(token, Token::Percent | Token::Point | Token::Exponent { .. });
        if tokens.iter().any(has_other) {
            return Err(FormatError::Ambiguous(
                "a fraction with a percent sign, a point or an exponent",
            ));
        }
        let (left, right) = (&tokens[..=last_digit], &tokens[slash + gap..]);
        let start = left.iter().rposition(|token| !is_digit(token)).map_or(0, |before| before + 1);
        let length = right.iter().take_while(|token| is_denominator(token)).count();
        let (denominator, after) = right.split_at(length);
        let fixed = if denominator.iter().all(is_digit) { None } else { Some(fixed(denominator)?) };
        let mut between = left[..start].iter().rev().map_while(|token| token.literal());
        let has_text = between.any(|character| character != ' ');
        Ok(Some(Self {
            has_text_between: has_text && left[..start].iter().any(is_digit),
            integer: Number::parse(&left[..start])?,
            numerator: left[start..].iter().filter_map(|token| token.placeholder()).collect(),
            slash: literals(&tokens[last_digit + 1..slash + gap])?,
            fixed,
            width: length.min(MAX_DENOMINATOR_DIGITS),
            placeholder: denominator[0]
                .placeholder()
                .filter(|_| fixed.is_none())
                .unwrap_or(Placeholder::Hash),
            after: literals(after)?,
        }))
    }

    /// Renders the absolute value of a number. Also returns whether the text is that of zero.
    ///
    /// # Errors
    ///
    /// The number is too large, or the language is unknown and the text depends on it.
    pub(super) fn render(
        &self,
        value: f64,
        language: &Language,
    ) -> Result<(String, bool), FormatError> {
        let value = value.abs();
        let is_mixed = self.integer.has_digits();
        let mut integer = if is_mixed { value.trunc() } else { 0.0 };
        let too_large = FormatError::Ambiguous("very large numbers as fractions");
        let (mut numerator, denominator) = match self.fixed {
            _ if value >= TOO_LARGE => return Err(too_large),
            Some(fixed) => {
                let scaled = |number| Decimal::from_f64(number).scaled(fixed);
                let whole = scaled(integer).unwrap_or(0);
                (scaled(value).ok_or(too_large)?.saturating_sub(whole), fixed)
            }
            None => convergent(value - integer, (0..self.width).fold(1, |power, _| power * 10) - 1),
        };
        if is_mixed && numerator == denominator {
            integer += 1.0;
            numerator = 0;
        }
        if self.has_text_between && (integer == 0.0 || numerator == 0) {
            return Err(FormatError::Ambiguous("the text between an integer and a fraction"));
        }
        let is_zero = integer == 0.0 && numerator == 0;
        let format = if is_zero { &self.integer.clone().with_zero() } else { &self.integer };
        let before = format.render(integer, language)?.0;
        let mut fraction = self.render_fraction(numerator, denominator);
        if is_mixed && numerator == 0 && !self.numerator.contains(&Placeholder::Zero) {
            fraction = " ".repeat(fraction.chars().count());
        }
        Ok((format!("{before}{fraction}{}", self.after), is_zero))
    }

    fn render_fraction(&self, numerator: u64, denominator: u64) -> String {
        let digits = numerator.to_string();
        let fillers = self.numerator.len().saturating_sub(digits.len());
        let fillers =
            self.numerator[..fillers].iter().filter_map(|placeholder| placeholder.filler());
        let numerator: String = fillers.chain(digits.chars()).collect();
        let (slash, width) = (&self.slash, self.width);
        match self.placeholder {
            Placeholder::Zero => format!("{numerator}{slash}{denominator:0width$}"),
            Placeholder::Hash => format!("{numerator}{slash}{denominator}"),
            // Excel also aligns the numerator with the denominator.
            Placeholder::Space => format!("{numerator:>width$}{slash}{denominator:<width$}"),
        }
    }
}

/// Parses a fixed denominator.
fn fixed(tokens: &[Token]) -> Result<u64, FormatError> {
    let digit = |token: &Token| match token.placeholder() {
        Some(Placeholder::Zero) => Some('0'),
        Some(Placeholder::Hash | Placeholder::Space) => None,
        None => token.literal(),
    };
    let digits: Option<String> = tokens.iter().map(digit).collect();
    let number = digits
        .filter(|digits| digits.len() <= MAX_DENOMINATOR_DIGITS)
        .and_then(|digits| digits.parse().ok());
    number.filter(|number| *number > 0).ok_or(FormatError::Ambiguous("this denominator"))
}

/// Returns the last convergent of the continued fraction of a number whose denominator is not above the limit.
///
/// Excel shows this one, and not the nearest fraction: 0.456 as `?/?` is 1/2 and not 4/9. It takes the binary value of the
/// number: 0.3 is slightly less than 3/10 and shown as 2/7.
fn convergent(value: f64, limit: u128) -> (u64, u64) {
    // A number below 2^-70 is zero with any denominator.
    const FRACTION_BITS: u32 = 70;
    let bits = value.to_bits();
    let mantissa = u128::from(bits & ((1 << 52) - 1) | 1 << 52);
    let shift = u32::try_from(bits >> 52)
        .ok()
        .and_then(|exponent| (exponent + FRACTION_BITS).checked_sub(1075));
    let mut numerator = shift.map_or(0, |shift| mantissa << shift);
    let mut denominator = 1_u128 << FRACTION_BITS;
    let (mut previous, mut current) = ((0, 1), (1, 0));
    while denominator != 0 {
        let whole = numerator / denominator;
        let next = (whole * current.0 + previous.0, whole * current.1 + previous.1);
        if next.1 > limit {
            break;
        }
        (previous, current) = (current, next);
        (numerator, denominator) = (denominator, numerator % denominator);
    }
    let small = |number: u128| u64::try_from(number).unwrap_or(u64::MAX);
    (small(current.0), small(current.1))
}
