//! Times: [`Timestamp`] for deadlines, the journal and the display, and how far recorded ones can be trusted.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A time in milliseconds since the Unix epoch. A plain number, so that tests can use any time and other programs can
/// read the journal.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Returns the time `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Returns the time since `earlier`, or zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Adds `duration`, saturating.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// Subtracts `duration`, saturating.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(millis))
    }

    /// Parses an RFC 3339 time such as `2025-05-13T03:12:44.123456-07:00`, the API's format. Returns `None` for other
    /// text.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|moment| Self(moment.as_millisecond()))
    }
}

impl fmt::Display for Timestamp {
    /// Formats as UTC in RFC 3339 with milliseconds: `2026-11-24T14:03:07.250Z`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(formatter, "{moment:.3}"),
            Err(_) => write!(formatter, "{} ms", self.0),
        }
    }
}

/// The time of an entry, as far as it can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrustedTime {
    /// The time; not later than that of the next entry, nor than now.
    pub at: Timestamp,
    /// Whether the clock was not set back since.
    pub is_certain: bool,
}

impl TrustedTime {
    /// Returns a time from a clock that is right.
    pub const fn certain(at: Timestamp) -> Self {
        Self { at, is_certain: true }
    }

    /// Returns the times that can be trusted at `now`, for times `written` one after the other. A clock that was set
    /// back leaves times in the future, or later than those that follow: they are moved back by the smallest amount,
    /// and intervals within one setting of the clock are preserved. So no wait depends on a wrong clock.
    pub fn believed(
        written: impl DoubleEndedIterator<Item = Timestamp>,
        now: Timestamp,
    ) -> Vec<Self> {
        let mut ahead = Duration::ZERO;
        let mut next = now;
        let mut moments: Vec<Self> = written
            .rev()
            .map(|written| {
                let at = written.minus(ahead);
                ahead += at.since(next);
                next = at.min(next);
                Self { at: next, is_certain: ahead.is_zero() }
            })
            .collect();
        moments.reverse();
        moments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_formatted_and_parsed_exactly() {
        let moment = Timestamp::from_millis(1_764_000_000_250);
        assert_eq!(moment.to_string(), "2025-11-24T16:00:00.250Z");
        assert_eq!(Timestamp::parse(&moment.to_string()), Some(moment));
    }

    #[test]
    fn the_apis_format_with_an_offset_is_parsed() {
        let with_offset = Timestamp::parse("2025-05-13T03:12:44.123456-07:00");
        assert_eq!(with_offset, Timestamp::parse("2025-05-13T10:12:44.123Z"));
        assert_eq!(Timestamp::parse("yesterday"), None);
    }

    #[test]
    fn arithmetic_saturates() {
        let late = Timestamp::from_millis(i64::MAX);
        assert_eq!(late.plus(Duration::from_secs(1)), late);
        assert_eq!(Timestamp::from_millis(0).since(late), Duration::ZERO);
    }

    /// Returns the trusted times at 100, and the number of certain ones at the end.
    fn believed(written: &[i64]) -> (Vec<i64>, usize) {
        let written = written.iter().map(|at| Timestamp::from_millis(*at));
        let moments = TrustedTime::believed(written, Timestamp::from_millis(100));
        let certain = moments.iter().filter(|moment| moment.is_certain).count();
        let at = moments.iter().map(|moment| moment.at.as_millis());
        (at.collect(), certain)
    }

    #[test]
    fn times_of_a_right_clock_are_trusted() {
        assert_eq!(believed(&[1, 1, 50, 100]), (vec![1, 1, 50, 100], 4));
        assert_eq!(believed(&[]), (vec![], 0));
    }

    #[test]
    fn times_after_a_clock_was_set_back_keep_their_intervals() {
        assert_eq!(believed(&[1000, 1030, 40, 60]), (vec![10, 40, 40, 60], 2));
        assert_eq!(believed(&[500, 560]), (vec![40, 100], 0));
    }
}
