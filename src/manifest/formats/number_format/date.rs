//! Dates and times.

use jiff::ToSpan;
use jiff::civil::date;

use super::decimal::{Decimal, padded};
use super::error::FormatError;
use super::locale::{Language, Names};
use super::parse::{Field, Placeholder, Token, Unit};

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// The last day that Excel shows, 31 December 9999, counted from 1900.
const LAST_DAY: u64 = 2_958_465;

/// The days from 1583, the first year that is all Gregorian, to 30 December 1899.
const DAYS_BEFORE: u64 = 115_780;

/// The parts of a second that are counted before the rest is cut off. Serial numbers have no smaller ones.
const UNITS_PER_SECOND: u64 = 10_000;

/// The most decimals of seconds that Excel shows.
const MAX_DECIMALS: u32 = 3;

/// The years of the Buddhist calendar before those of the Gregorian one.
const BUDDHIST_ERA: u64 = 543;

/// The day from which a workbook counts its dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateSystem {
    /// Day 1 is 1 January 1900.
    From1900,
    /// Day 0 is 1 January 1904.
    From1904,
    /// Day 0 is 30 December 1899, and the days before it are negative, as in `LibreOffice`. A time shows the seconds that
    /// have passed; Excel rounds them.
    OpenDocument,
}

/// The format of a date or time.
#[derive(Debug)]
pub(super) struct DateFormat {
    tokens: Vec<Token>,
    /// The decimals of the seconds to which the time is rounded, at most three.
    precision: u32,
    /// Whether the format shows more than a time.
    has_date: bool,
    /// Whether hours count to 12.
    has_halves: bool,
    has_day: bool,
}

/// A moment as its parts.
struct Moment {
    year: i16,
    month: i8,
    day: i8,
    /// From 0, which is Sunday.
    weekday: usize,
    /// The seconds since the start of the calendar.
    seconds: u64,
    /// The rest in units of the precision.
    decimals: u64,
}

impl DateFormat {
    /// Parses the tokens of a section that has a date field.
    ///
    /// # Errors
    ///
    /// The section has digits that are not decimals of seconds, `General` or `@`.
    pub(super) fn parse(tokens: &[Token]) -> Result<Self, FormatError> {
        let mut parsed: Vec<Token> = Vec::new();
        let mut last_field: Option<usize> = None;
        let mut rest = tokens;
        while let [token, after @ ..] = rest {
            rest = after;
            let zeros =
                rest.iter().take_while(|token| **token == Token::Digit(Placeholder::Zero)).count();
            let mut token = *token;
            if token == Token::Point && zeros > 0 {
                rest = &rest[zeros..];
                let decimals =
                    u32::try_from(zeros).ok().filter(|decimals| *decimals <= MAX_DECIMALS);
                let decimals =
                    decimals.ok_or(FormatError::Invalid("more than three decimals of seconds"))?;
                token = Token::Date(Field::Decimals(decimals));
            } else if let Token::Date(field) = &mut token {
                if let Some(Token::Date(last)) = last_field.map(|index| &mut parsed[index]) {
                    resolve_minutes(last, field);
                }
                last_field = Some(parsed.len());
            } else if token.literal().is_none() {
                return Err(FormatError::Invalid("digits or text in a date"));
            }
            parsed.push(token);
        }
        let fields = || {
            parsed.iter().filter_map(|token| {
                if let Token::Date(field) = token { Some(*field) } else { None }
            })
        };
        Ok(Self {
            // A format without a time shows the day before midnight until the last millisecond.
            precision: fields().filter_map(precision).max().unwrap_or(MAX_DECIMALS),
            has_date: fields().any(|field| precision(field).is_none()),
            has_halves: fields().any(|field| {
                matches!(field, Field::Half | Field::HalfWord(_) | Field::HalfLetter { .. })
            }),
            has_day: fields().any(|field| matches!(field, Field::Unit(Unit::Day, 1 | 2))),
            tokens: parsed,
        })
    }

    /// Renders a date or time, rounded to the seconds or their decimals.
    ///
    /// # Errors
    ///
    /// The number is not a date that Excel shows, or the language is unknown and the text depends on it.
    pub(super) fn render(
        &self,
        value: f64,
        system: DateSystem,
        language: &Language,
    ) -> Result<String, FormatError> {
        if self.has_date {
            // An unknown language may have another calendar.
            language.date_separator()?;
        }
        let moment = self.moment(value, system)?;
        let mut text = String::new();
        for token in &self.tokens {
            if let Token::Date(field) = *token {
                text += &self.render_field(field, &moment, language)?;
            } else if *token == Token::Slash {
                text += language.date_separator()?;
            } else {
                text.extend(token.literal());
            }
        }
        Ok(text)
    }

    /// Splits a number of days into its parts.
    fn moment(&self, value: f64, system: DateSystem) -> Result<Moment, FormatError> {
        let is_open = system == DateSystem::OpenDocument;
        let per_second = 10_u64.pow(self.precision);
        let is_elapsed = |token: &Token| matches!(token, Token::Date(Field::Elapsed(..)));
        let is_cut = is_open && !self.tokens.iter().any(is_elapsed);
        let units_per_second = if is_cut { UNITS_PER_SECOND } else { per_second };
        let units = Decimal::from_f64(value).scaled(SECONDS_PER_DAY * units_per_second);
        let units = units.filter(|_| value >= 0.0 || is_cut).ok_or(FormatError::NoDate)?;
        // Days before day 0 are counted from far in the past, so that nothing is negative.
        let past = if value < 0.0 { DAYS_BEFORE * SECONDS_PER_DAY * units_per_second } else { 0 };
        let units = if value < 0.0 { past.checked_sub(units) } else { Some(units) };
        let ticks = units.ok_or(FormatError::NoDate)? / (units_per_second / per_second);
        let seconds = ticks / per_second;
        let serial =
            seconds / SECONDS_PER_DAY + if system == DateSystem::From1904 { 1462 } else { 0 };
        let days =
            i64::try_from(serial).ok().filter(|_| serial <= LAST_DAY).ok_or(FormatError::NoDate)?;
        let days = if value < 0.0 { days - DAYS_BEFORE.cast_signed() } else { days };
        // Excel has the days 0 January and 29 February 1900, and calls 1 January 1900 a Sunday.
        let (year, month, day) = match days {
            0 if !is_open => (1900, 1, 0),
            60 if !is_open => (1900, 2, 29),
            _ => {
                let is_shifted = days < 60 && !is_open;
                let start = if is_shifted { date(1899, 12, 31) } else { date(1899, 12, 30) };
                let date = start.checked_add(days.days()).map_err(|_| FormatError::NoDate)?;
                (date.year(), date.month(), date.day())
            }
        };
        let weekday = usize::try_from((days + 6).rem_euclid(7)).unwrap_or(0);
        Ok(Moment { year, month, day, weekday, seconds, decimals: ticks % per_second })
    }

    fn render_field(
        &self,
        field: Field,
        moment: &Moment,
        language: &Language,
    ) -> Result<String, FormatError> {
        let &Moment { year, month, day, weekday, seconds, .. } = moment;
        let name = |names, index| language.name(names, index).map(str::to_owned);
        let months = if self.has_day { Names::MonthsBesideDay } else { Names::Months };
        let month_index = usize::try_from(month - 1).unwrap_or(0);
        let hour = seconds / 3600 % 24;
        let half = usize::from(hour >= 12);
        let year = u64::from(year.unsigned_abs());
        let (number, length) = match field {
            Field::Unit(Unit::Month, 3) => return name(Names::ShortMonths, month_index),
            Field::Unit(Unit::Month, 4) => return name(months, month_index),
            Field::Unit(Unit::Month, 5) => {
                let first = name(Names::Months, month_index)?.chars().next();
                let letter = first.filter(|first| first.is_lowercase() || first.is_uppercase());
                let unknown = FormatError::Ambiguous("the first letter of a month");
                return letter.map(String::from).ok_or(unknown);
            }
            Field::Unit(Unit::Day, 3) => return name(Names::ShortDays, weekday),
            Field::Unit(Unit::Day, 4) => return name(Names::Days, weekday),
            Field::Half => return name(Names::Halves, half),
            Field::HalfWord(words) => return Ok(words[half].to_owned()),
            Field::HalfLetter { upper } => {
                return Ok(["a", "p", "A", "P"][half + 2 * usize::from(upper)].to_owned());
            }
            Field::Unit(Unit::Year, 1 | 2) => (year % 100, 2),
            Field::Unit(Unit::Year, length) => (year, length),
            Field::Unit(Unit::BuddhistYear, 1 | 2) => ((year + BUDDHIST_ERA) % 100, 2),
            Field::Unit(Unit::BuddhistYear, length) => (year + BUDDHIST_ERA, length),
            Field::Unit(Unit::Month, length) => (u64::from(month.unsigned_abs()), length),
            Field::Unit(Unit::Day, length) => (u64::from(day.unsigned_abs()), length),
            Field::Unit(Unit::Hour, length) if self.has_halves => ((hour + 11) % 12 + 1, length),
            Field::Unit(Unit::Hour, length) => (hour, length),
            Field::Unit(Unit::Minute, length) => (seconds / 60 % 60, length),
            Field::Unit(Unit::Second, length) => (seconds % 60, length),
            Field::Elapsed(Unit::Hour, length) => (seconds / 3600, length),
            Field::Elapsed(Unit::Minute, length) => (seconds / 60, length),
            Field::Elapsed(_, length) => (seconds, length),
            Field::Decimals(count) => {
                let decimals = moment.decimals / 10_u64.pow(self.precision - count);
                return Ok(
                    language.decimal_separator()?.to_owned() + &padded(decimals, count as usize)
                );
            }
        };
        Ok(padded(number, length))
    }
}

/// Changes a month to minutes if it follows hours or precedes seconds (ECMA-376 part 1, section 18.8.31).
fn resolve_minutes(last: &mut Field, field: &mut Field) {
    let is_after_hour = matches!(
        last,
        Field::Unit(Unit::Hour, _)
            | Field::Elapsed(Unit::Hour, _)
            | Field::Half
            | Field::HalfWord(_)
            | Field::HalfLetter { .. }
    );
    if let Field::Unit(unit @ Unit::Month, 1 | 2) = field
        && is_after_hour
    {
        *unit = Unit::Minute;
    }
    if let Field::Unit(unit @ Unit::Month, 1 | 2) = last
        && matches!(field, Field::Unit(Unit::Second, _) | Field::Elapsed(Unit::Second, _))
    {
        *unit = Unit::Minute;
    }
}

/// Returns the decimals of the seconds that a field of a time shows.
fn precision(field: Field) -> Option<u32> {
    match field {
        Field::Decimals(count) => Some(count),
        Field::Unit(Unit::Year | Unit::BuddhistYear | Unit::Month | Unit::Day, _) => None,
        Field::Unit(..)
        | Field::Elapsed(..)
        | Field::Half
        | Field::HalfWord(_)
        | Field::HalfLetter { .. } => Some(0),
    }
}
