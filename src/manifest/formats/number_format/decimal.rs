//! Decimal numbers with the 15 significant digits of a spreadsheet.

/// A decimal number without sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    /// The significant digits from 0 to 9, without leading and trailing zeros. Zero has none.
    digits: Vec<u8>,
    /// The power of ten of the first digit, plus one: the number of digits before the decimal point.
    point: i32,
}

impl Decimal {
    /// Returns the absolute value of a finite number, rounded to the 15 significant digits that Excel stores.
    pub(super) fn from_f64(value: f64) -> Self {
        let text = format!("{:.14e}", value.abs());
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits =
            mantissa.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
        Self { digits, point: exponent.parse().unwrap_or(0) + 1 }.trimmed()
    }

    fn trimmed(mut self) -> Self {
        let end = self.digits.iter().rposition(|digit| *digit != 0).map_or(0, |last| last + 1);
        self.digits.truncate(end);
        if self.digits.is_empty() {
            self.point = 0;
        }
        self
    }

    pub(super) fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// Returns the exponent of the scientific notation, and 0 for zero.
    pub(super) fn exponent(&self) -> i32 {
        if self.is_zero() { 0 } else { self.point - 1 }
    }

    /// Returns the number of digits before the decimal point; negative or zero if the number is less than 1.
    pub(super) fn point(&self) -> i32 {
        self.point
    }

    /// Returns the number multiplied by a power of ten.
    pub(super) fn shifted(mut self, places: i32) -> Self {
        if !self.is_zero() {
            self.point += places;
        }
        self
    }

    /// Rounds to a number of decimal places, halves away from zero.
    pub(super) fn rounded(mut self, places: i32) -> Self {
        let Ok(keep) = usize::try_from(self.point + places) else {
            return Self { digits: Vec::new(), point: 0 };
        };
        let Some(first_dropped) = self.digits.get(keep) else { return self };
        let up = *first_dropped >= 5;
        self.digits.truncate(keep);
        if up {
            self.digits.insert(0, 0);
            self.point += 1;
            let last = self.digits.iter().rposition(|digit| *digit != 9).unwrap_or(0);
            self.digits.truncate(last + 1);
            self.digits[last] += 1;
            if last > 0 {
                self.digits.remove(0);
                self.point -= 1;
            }
        }
        self.trimmed()
    }

    /// Returns the digit at a power of ten, or `None` if it is a leading zero of the integer or a trailing zero of the
    /// fraction.
    pub(super) fn digit(&self, power: i32) -> Option<char> {
        let index = self.point - 1 - power;
        let digit = usize::try_from(index).ok().and_then(|index| self.digits.get(index));
        match digit {
            Some(digit) => Some(char::from(b'0' + digit)),
            None if power >= 0 => (index >= 0).then_some('0'),
            None => (index < 0 && !self.is_zero()).then_some('0'),
        }
    }

    /// Returns the number multiplied by `factor`, rounded to an integer, halves up; `None` if it is too large.
    pub(super) fn scaled(&self, factor: u64) -> Option<u64> {
        let coefficient =
            self.digits.iter().fold(0_u128, |sum, digit| sum * 10 + u128::from(*digit));
        let product = coefficient * u128::from(factor);
        let power = self.point - i32::try_from(self.digits.len()).ok()?;
        let scale = 10_u128.checked_pow(power.unsigned_abs());
        let result = match (scale, power >= 0) {
            (Some(scale), true) => product.checked_mul(scale)?,
            (Some(scale), false) => (product + scale / 2) / scale,
            (None, true) => return None,
            (None, false) => 0,
        };
        u64::try_from(result).ok()
    }
}

/// Returns a number with leading zeros up to a width.
pub(super) fn padded(number: u64, width: usize) -> String {
    format!("{number:0width$}")
}
