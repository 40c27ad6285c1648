//! `--date`: the day that `{{ date }}` stands for.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use crate::app::today;
use crate::model::Timestamp;

/// The value of `--date`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum DateArg {
    /// Today in the system's time zone.
    Today,
    /// The day before, to collect after midnight what a run began before it.
    Yesterday,
    /// `2026-11-24`.
    Given(Date),
}

impl FromStr for DateArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "today" => Ok(Self::Today),
            "yesterday" => Ok(Self::Yesterday),
            day => day.parse().map(Self::Given).map_err(|_| {
                format!("`{text}` is not a day such as `2026-11-24`, `today` or `yesterday`")
            }),
        }
    }
}

impl fmt::Display for DateArg {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Today => formatter.write_str("today"),
            Self::Yesterday => formatter.write_str("yesterday"),
            Self::Given(date) => date.fmt(formatter),
        }
    }
}

impl DateArg {
    /// Returns the day, or `None` outside the calendar.
    pub(in crate::cli) fn date(self, now: Timestamp) -> Option<Date> {
        match self {
            Self::Today => today(now),
            Self::Yesterday => today(now)?.yesterday().ok(),
            Self::Given(date) => Some(date),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_parsed() {
        let noon = Timestamp::from_millis(1_764_072_000_000);
        let day = |text: &str| text.parse::<DateArg>().unwrap().date(noon).unwrap();
        assert_eq!(day("2026-11-24").to_string(), "2026-11-24");
        assert_eq!(day("yesterday"), day("today").yesterday().unwrap());
        for wrong in ["", "2026-13-01", "tomorrow", "24.11.2026"] {
            assert!(wrong.parse::<DateArg>().is_err(), "{wrong}");
        }
    }
}
