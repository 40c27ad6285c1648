//! Numbers as cells show them: `1,234.50`, `19,90 €`, `25 %`.

use std::iter;

/// The words and signs of currencies, in lower case. Other signs are known by their Unicode block.
const CURRENCIES: &str = "$ us$ a$ c$ r$ £ ¥ ฿ ¢ eur usd gbp chf sek nok dkk pln czk huf ron bgn try inr jpy cny brl \
                          mxn cad aud nzd sgd hkd zar aed euro euros kr kr. zł kč ft fr. sfr. rs rs.";

/// The most digits of a number.
const MAX_DIGITS: usize = 30;

/// A number with all its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SheetNumber {
    is_negative: bool,
    /// The digits without the decimal separator.
    digits: u128,
    /// The number of digits after the decimal separator.
    decimals: usize,
    separator: char,
    /// Whether a percent sign or a currency is part of the text.
    pub(crate) has_unit: bool,
}

/// The readings of a text as a number: the second one exists if its only separator may be that of decimals or of
/// thousands, as in `1,234`.
pub(crate) type Readings = (SheetNumber, Option<SheetNumber>);

/// Reads a number. Returns `None` for other texts.
pub(crate) fn read_number(text: &str) -> Option<Readings> {
    let text = text.trim().replace('\u{2212}', "-");
    let is_begin = |(index, c): (usize, char)| {
        c.is_ascii_digit()
            || matches!(c, '.' | ',') && text[index + 1..].starts_with(|c: char| c.is_ascii_digit())
    };
    let begin = text.char_indices().find(|at| is_begin(*at))?.0;
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let (before, after) = (text[..begin].trim(), text[end..].trim());
    let is_negative = before.starts_with('-') || before.ends_with('-');
    let before = before.trim_matches(|c: char| matches!(c, '-' | '+') || c.is_whitespace());
    let is_percent = after == "%" && before.is_empty();
    let has_currency = match (before, after) {
        ("", "") => false,
        ("", unit) | (unit, "") => is_percent || is_currency(unit),
        _ => return None,
    };
    if !(has_currency || before.is_empty() && after.is_empty()) {
        return None;
    }
    let number = |decimal: Option<char>| {
        let (digits, separator, decimals) = split_digits(&text[begin..end], decimal)?;
        let decimals = decimals + if is_percent { 2 } else { 0 };
        Some(SheetNumber { is_negative, digits, decimals, separator, has_unit: has_currency })
    };
    let as_decimal = ['.', ','].into_iter().find_map(|separator| number(Some(separator)));
    let as_integer = number(None);
    // Prices have no three decimals.
    match (as_integer, as_decimal) {
        (Some(integer), Some(_)) if has_currency && !is_percent => Some((integer, None)),
        (Some(integer), decimal) => Some((integer, decimal)),
        (None, decimal) => decimal.map(|decimal| (decimal, None)),
    }
}

fn is_currency(unit: &str) -> bool {
    let unit = unit.to_lowercase();
    let mut signs = unit.chars();
    let is_sign = matches!((signs.next(), signs.next()), (Some('\u{20a0}'..='\u{20cf}'), None));
    is_sign || CURRENCIES.split_whitespace().any(|known| known == unit)
}

/// Splits a number at the decimal separator, which it must have if there is one. Returns its digits, the separator, and
/// the number of decimals; `None` if the rest is not grouped like thousands.
fn split_digits(text: &str, decimal: Option<char>) -> Option<(u128, char, usize)> {
    let (integer, decimals) = match decimal {
        Some(separator) => text.rsplit_once(separator)?,
        None => (text, ""),
    };
    let is_group = |c: char| matches!(c, '.' | ',' | '\'' | '’') || c.is_whitespace();
    let separator = integer.chars().find(|c| is_group(*c));
    let mut groups = integer.split(|c| Some(c) == separator);
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    // India groups the digits above thousands in pairs.
    let is_grouped = separator.is_none()
        || separator != decimal
            && (1..=3).contains(&first.len())
            && !first.starts_with('0')
            && rest.last().is_some_and(|last| last.len() == 3)
            && rest.iter().all(|group| matches!(group.len(), 2 | 3));
    let digits: String = iter::once(first).chain(rest).chain([decimals]).collect();
    let is_number = digits.len() <= MAX_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    let digits = digits.parse().ok().filter(|_| is_grouped && is_number)?;
    Some((digits, decimal.unwrap_or('.'), decimals.len()))
}

impl SheetNumber {
    pub(crate) fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// Returns the nearest binary number.
    pub(crate) fn to_f64(self) -> f64 {
        let number: f64 = format!("{}e-{}", self.digits, self.decimals).parse().unwrap_or(f64::NAN);
        if self.is_negative { -number } else { number }
    }

    /// Checks whether this may be `value`, rounded to the decimals of this number.
    pub(crate) fn is_rounded(self, value: f64) -> bool {
        let unit: f64 = format!("1e-{}", self.decimals).parse().unwrap_or(1.0);
        (self.to_f64() - value).abs() <= 0.500_001 * unit
    }

    /// Rounds to a number of decimals, halves away from zero.
    pub(crate) fn round(self, places: usize) -> String {
        let divisor = 10_u128.pow(self.dropped(places));
        self.text((self.digits + divisor / 2) / divisor, places.min(self.decimals))
    }

    /// Returns the number without its decimals.
    pub(crate) fn truncate(self) -> String {
        self.text(self.digits / 10_u128.pow(self.dropped(0)), 0)
    }

    fn dropped(self, places: usize) -> u32 {
        u32::try_from(self.decimals.saturating_sub(places)).unwrap_or(0)
    }

    fn text(self, digits: u128, decimals: usize) -> String {
        let sign = if self.is_negative && digits > 0 { "-" } else { "" };
        let digits = format!("{digits:0width$}", width = decimals + 1);
        let (integer, decimals) = digits.split_at(digits.len() - decimals);
        let separator =
            if decimals.is_empty() { String::new() } else { self.separator.to_string() };
        format!("{sign}{integer}{separator}{decimals}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_cells_show_them() {
        for (text, expected) in [
            ("3", 3.0),
            ("19.5", 19.5),
            ("19,90", 19.9),
            ("1,234.50", 1_234.5),
            ("1.234,5", 1_234.5),
            ("1 234,50", 1_234.5),
            ("1\u{a0}234", 1_234.0),
            ("1’234.50", 1_234.5),
            ("1,234,567", 1_234_567.0),
            ("12,34,567.5", 1_234_567.5),
            ("1234,567", 1_234.567),
            ("0,123", 0.123),
            (".5", 0.5),
            ("−7", -7.0),
            ("25%", 0.25),
            ("12,5 %", 0.125),
            ("$1,234.50", 1_234.5),
            ("-$5", -5.0),
            ("$1,234", 1_234.0),
            ("1.234 €", 1_234.0),
            ("19,90 €", 19.9),
            ("CHF 20", 20.0),
            ("₹ 500", 500.0),
        ] {
            let (number, other) = read_number(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                (number.to_f64().to_string(), other),
                (expected.to_string(), None),
                "{text}"
            );
        }
    }

    #[test]
    fn a_single_group_of_three_digits_has_two_readings() {
        for (text, integer, decimal) in [("1,234", 1_234.0, 1.234), ("-12.500", -12_500.0, -12.5)] {
            let (number, other) = read_number(text).unwrap();
            let other = other.unwrap().to_f64();
            assert_eq!(
                [number.to_f64(), other].map(|it| it.to_string()),
                [integer, decimal].map(|it: f64| it.to_string())
            );
        }
    }

    #[test]
    fn other_texts_are_no_numbers() {
        for text in [
            "",
            "abc",
            "5 stars",
            "24.12.2026",
            "10:30",
            "1,2,3",
            "1.2.3",
            "$5 €",
            "% 5",
            "5-7",
            "1e5",
            "--",
            "12,3456,789",
            "1234567890123456789012345678901",
        ] {
            assert_eq!(read_number(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_rounded_by_their_digits() {
        for (text, places, rounded, truncated) in [
            ("19.5", 0, "20", "19"),
            ("2.675", 2, "2.68", "2"),
            ("19,95", 1, "20,0", "19"),
            ("19", 1, "19", "19"),
            ("-0.4", 0, "0", "0"),
            ("-19.5", 0, "-20", "-19"),
            ("1,234.50", 0, "1235", "1234"),
            ("0.05", 1, "0.1", "0"),
        ] {
            let (number, other) = read_number(text).unwrap();
            let number = other.unwrap_or(number);
            assert_eq!(
                (number.round(places), number.truncate()),
                (rounded.to_owned(), truncated.to_owned()),
                "{text}"
            );
        }
    }
}
