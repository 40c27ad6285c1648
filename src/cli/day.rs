//! `--date`: the day that `{{ date }}` stands for.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use crate::model::Timestamp;

/// A day as it can be typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    /// The day it is in the system's time zone.
    Today,
    /// The day before: what a run began before midnight is collected after it.
    Yesterday,
    /// `2026-11-24`.
    Given(Date),
}

impl FromStr for Day {
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

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Today => formatter.write_str("today"),
            Self::Yesterday => formatter.write_str("yesterday"),
            Self::Given(date) => date.fmt(formatter),
        }
    }
}

impl Day {
    /// Which it is; `None` beyond the calendar.
    pub(super) fn date(self, now: Timestamp) -> Option<Date> {
        let today = || {
            let moment = jiff::Timestamp::from_millisecond(now.as_millis()).ok()?;
            Some(jiff::tz::TimeZone::system().to_datetime(moment).date())
        };
        match self {
            Self::Today => today(),
            Self::Yesterday => today()?.yesterday().ok(),
            Self::Given(date) => Some(date),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_the_rest_is_refused() {
        let noon = Timestamp::from_millis(1_764_072_000_000);
        let day = |text: &str| text.parse::<Day>().unwrap().date(noon).unwrap();
        assert_eq!(day("2026-11-24").to_string(), "2026-11-24");
        assert_eq!(day("yesterday"), day("today").yesterday().unwrap());
        for wrong in ["", "2026-13-01", "tomorrow", "24.11.2026"] {
            assert!(wrong.parse::<Day>().is_err(), "{wrong}");
        }
    }
}
