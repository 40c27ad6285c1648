//! Languages and regions of number formats.
//!
//! The tables `regions.tsv` and `languages.tsv` have the separators and names of `LibreOffice`. Where it has Roman numerals
//! or English names (short months of Polish, Czech, Slovak and Hungarian; months of Japanese and Korean; the nominative of
//! Greek), the names are those of the Unicode locale data (CLDR).

use super::error::FormatError;

/// The regions: Windows identifier, BCP 47 tag, language; separators of decimals, groups and dates. The United States are
/// first.
const REGIONS: &str = include_str!("regions.tsv");

/// The names of each language, separated by spaces. The halves of the day are empty if programs differ.
pub(super) const LANGUAGES: &str = include_str!("languages.tsv");

/// A list of names in the table of languages.
#[derive(Clone, Copy, Debug)]
pub(super) enum Names {
    Months = 1,
    /// The months beside a day number, which some languages inflect.
    MonthsBesideDay,
    ShortMonths,
    Days,
    ShortDays,
    Halves,
}

/// The language tag of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// A row of the table of regions.
    Known(&'static str),
    Unknown(String),
}

impl Language {
    /// Returns the language of formats without a tag.
    pub(super) fn united_states() -> Self {
        Self::Known(REGIONS.lines().nth(1).unwrap_or_default())
    }

    /// Parses the text after the dash in `[$-…]`: a Windows identifier or a BCP 47 tag (ECMA-376 part 1, section 18.8.31).
    ///
    /// # Errors
    ///
    /// The tag asks for other digits than 0-9 or another calendar than the Gregorian one.
    pub(super) fn parse(tag: &str) -> Result<Self, FormatError> {
        let code = |text: &str| u32::from_str_radix(text, 16).ok();
        // The upper bytes of an identifier are the digits and the calendar. A tag has them after a comma: `pl-PL,1`.
        let (tag, suffix) = match tag.split_once(',') {
            Some((tag, suffix)) => (tag, code(suffix)),
            None => (tag, code(tag).map(|code| code >> 16).or(Some(0))),
        };
        // 0 and 1 are the usual ones.
        if !suffix.is_some_and(|suffix| matches!(suffix.to_be_bytes(), [0, 0, 0 | 1, 0 | 1])) {
            return Err(FormatError::Unsupported("other digits or another calendar"));
        }
        let found = if let Some(code) = code(tag) {
            let id = match code & 0xFFFF {
                // No language, and the language of the user and of the system.
                0 | 0x400 | 0x800 => 0x409,
                // Russian and Ukrainian with inflected months.
                id @ (0xFC19 | 0xFC22) => id - 0xF800,
                id => id,
            };
            Self::find(|region| region.starts_with(&format!("{id:04X}\t")))
        } else {
            Self::find(|region| {
                region.split('\t').nth(1).is_some_and(|known| known.eq_ignore_ascii_case(tag))
            })
        };
        Ok(found.unwrap_or_else(|| Self::Unknown(tag.to_owned())))
    }

    fn find(predicate: impl Fn(&str) -> bool) -> Option<Self> {
        REGIONS.lines().skip(1).find(|region| predicate(region)).map(Self::Known)
    }

    /// Returns a column of the region.
    ///
    /// # Errors
    ///
    /// The language is unknown.
    fn column(&self, index: usize) -> Result<&'static str, FormatError> {
        match self {
            Self::Known(region) => Ok(region.split('\t').nth(index).unwrap_or_default()),
            Self::Unknown(tag) => Err(FormatError::UnknownLanguage(tag.clone())),
        }
    }

    pub(super) fn decimal_separator(&self) -> Result<&'static str, FormatError> {
        self.column(3)
    }

    pub(super) fn date_separator(&self) -> Result<&'static str, FormatError> {
        self.column(5)
    }

    /// Returns the separator to the right of the digit at a power of ten, or nothing.
    pub(super) fn group_separator(&self, power: i32) -> Result<&'static str, FormatError> {
        if power < 3 {
            return Ok("");
        }
        // India groups the digits above thousands in pairs.
        let is_boundary = if self.column(1)? == "en-IN" { power % 2 == 1 } else { power % 3 == 0 };
        Ok(match self.column(4)? {
            "space" if is_boundary => "\u{a0}",
            separator if is_boundary => separator,
            _ => "",
        })
    }

    /// Returns a name, counted from 0.
    ///
    /// # Errors
    ///
    /// The language is unknown, or programs differ in the name.
    pub(super) fn name(&self, names: Names, index: usize) -> Result<&'static str, FormatError> {
        let language = self.column(2)?;
        let row = LANGUAGES.lines().find(|row| row.split('\t').next() == Some(language));
        let names = row.and_then(|row| row.split('\t').nth(names as usize)).unwrap_or_default();
        names
            .split(' ')
            .nth(index)
            .filter(|name| !name.is_empty())
            .ok_or(FormatError::Ambiguous("AM and PM in this language"))
    }
}
