//! The styles of a workbook: they turn the numbers in cells into the text that a spreadsheet shows.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::manifest::formats::number_format::{DateSystem, FormatError, NumberFormat};
use crate::manifest::formats::table::Trouble;

use super::error::ReadError;

/// The most styles, and the most formats; Excel can have 65,490 styles.
pub(crate) const MAX_STYLES: usize = 100_000;

/// A text and what is wrong with it.
pub(crate) type Shown<'t> = (Cow<'t, str>, Option<Trouble>);

/// The number formats of a workbook's cell styles.
#[derive(Debug, Default)]
pub(crate) struct Styles {
    /// Whether the workbook counts its dates from 1904.
    pub(crate) is_from_1904: bool,
    /// The codes of the workbook's own formats by their ids.
    codes: HashMap<u32, String>,
    /// The id of each style's format.
    formats: Vec<u32>,
    /// The formats that have been used.
    parsed: HashMap<u32, Result<NumberFormat, FormatError>>,
}

impl Styles {
    /// Adds a format. Spreadsheets take one without a code for the general format.
    pub(crate) fn add_format(&mut self, id: u32, code: &str) -> Result<(), ReadError> {
        let code = if code.is_empty() { "General" } else { code };
        self.codes.insert(id, code.to_owned());
        check(self.codes.len())
    }

    /// Adds a style with a format.
    pub(crate) fn add_style(&mut self, format: u32) -> Result<(), ReadError> {
        self.formats.push(format);
        check(self.formats.len())
    }

    /// Returns the day from which the workbook counts its dates.
    pub(crate) fn dates(&self) -> DateSystem {
        if self.is_from_1904 { DateSystem::From1904 } else { DateSystem::From1900 }
    }

    /// Returns a number as a cell with `style` shows it.
    pub(crate) fn number(&mut self, style: u32, value: f64) -> Shown<'static> {
        if !value.is_finite() {
            return ("#NUM!".into(), Some(Trouble::ErrorValue));
        }
        let dates = self.dates();
        let format = self.format(style).and_then(|format| format.render(value, dates));
        match format {
            Ok(text) => (text.into(), None),
            Err(error) => (value.to_string().into(), Some(Trouble::UnknownFormat(error))),
        }
    }

    /// Returns a text as a cell with `style` shows it: a format can add words to it, or hide it.
    pub(crate) fn text<'t>(&mut self, style: u32, text: &'t str) -> Shown<'t> {
        if self.is_general(style) {
            return (text.into(), None);
        }
        match self.format(style) {
            Ok(format) => (format.render_text(text).into(), None),
            Err(error) => {
                // A format that is not understood leaves the text alone unless it mentions it.
                let code = self.id(style).and_then(|id| self.codes.get(&id));
                let trouble = code.is_some_and(|code| code.contains('@'));
                (text.into(), trouble.then_some(Trouble::UnknownFormat(error)))
            }
        }
    }

    /// Checks whether a style has the general format, which shows a value without decoration.
    pub(crate) fn is_general(&self, style: u32) -> bool {
        self.id(style) == Some(0)
    }

    /// Returns the format of a style.
    fn format(&mut self, style: u32) -> Result<&NumberFormat, FormatError> {
        let id = self.id(style).ok_or(FormatError::Invalid("the style does not exist"))?;
        let code = self.codes.get(&id).map(String::as_str).or_else(|| NumberFormat::builtin(id));
        let parsed = self.parsed.entry(id).or_insert_with(|| {
            NumberFormat::parse(code.ok_or(FormatError::Invalid("it is not built in"))?)
        });
        parsed.as_ref().map_err(FormatError::clone)
    }

    /// Returns the id of a style's format. A workbook without styles shows numbers in the general format.
    fn id(&self, style: u32) -> Option<u32> {
        if self.formats.is_empty() { Some(0) } else { self.formats.get(style as usize).copied() }
    }
}

fn check(count: usize) -> Result<(), ReadError> {
    if count > MAX_STYLES { Err(ReadError::TooLarge("the workbook")) } else { Ok(()) }
}

/// Returns a date or a time in ISO 8601 without the parts that say nothing: `2026-11-24`, `2026-11-24 12:00:00`,
/// `09:16`.
pub(crate) fn iso_text(text: &str) -> String {
    let Ok(duration) = text.parse::<jiff::SignedDuration>() else {
        return text.replace("T00:00:00", "").replace('T', " ");
    };
    let seconds = duration.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match seconds % 60 {
        0 => format!("{hours:02}:{minutes:02}"),
        seconds => format!("{hours:02}:{minutes:02}:{seconds:02}"),
    }
}

/// Converts a date in ISO 8601 to a serial number of days.
pub(crate) fn date_serial(text: &str, dates: DateSystem) -> Option<f64> {
    let time: jiff::civil::DateTime = text.trim_end_matches('Z').parse().ok()?;
    let epoch = match dates {
        DateSystem::From1900 | DateSystem::OpenDocument => jiff::civil::date(1899, 12, 30),
        DateSystem::From1904 => jiff::civil::date(1904, 1, 1),
    };
    let seconds = time.duration_since(epoch.into()).as_secs_f64();
    Some(seconds / 86_400.0)
}

/// Whether a formula joins texts with `&`, outside of all parentheses and quotes, so its result cannot be a number.
/// Some programs store 0 for each formula instead of calculating it.
pub(crate) fn must_be_text(formula: &str) -> bool {
    let mut depth = 0_usize;
    let mut quote = None;
    for character in formula.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, '&') if depth == 0 => return true,
            (Some(_) | None, _) => {}
        }
    }
    false
}
