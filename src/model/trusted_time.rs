//! How far the times of a journal can be trusted.

use std::time::Duration;

use super::Timestamp;

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
