//! How far the times of a journal can be believed: [`TrustedTime`].

use std::time::Duration;

use super::Timestamp;

/// When something on record became true, as far as can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrustedTime {
    /// The moment; never later than what follows it, nor than now.
    pub at: Timestamp,
    /// Whether the clock that wrote it has gone on since without being set back.
    pub is_certain: bool,
}

impl TrustedTime {
    /// A moment by a clock that is right.
    pub const fn certain(at: Timestamp) -> Self {
        Self {
            at,
            is_certain: true,
        }
    }

    /// What can be believed at `now` of moments that were `written` one after the other. A clock that was
    /// set back leaves moments that lie in the future, or after those that follow them: they are moved
    /// back, each as little as will do, and what lay between two moments of one clock stays between them.
    /// So nothing ever waits for a wrong clock.
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
                Self {
                    at: next,
                    is_certain: ahead.is_zero(),
                }
            })
            .collect();
        moments.reverse();
        moments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is believed at 100 of what was written, and how many of the last are certain.
    fn believed(written: &[i64]) -> (Vec<i64>, usize) {
        let written = written.iter().map(|at| Timestamp::from_millis(*at));
        let moments = TrustedTime::believed(written, Timestamp::from_millis(100));
        let certain = moments.iter().filter(|moment| moment.is_certain).count();
        let at = moments.iter().map(|moment| moment.at.as_millis());
        (at.collect(), certain)
    }

    #[test]
    fn a_clock_that_is_right_is_believed() {
        assert_eq!(believed(&[1, 1, 50, 100]), (vec![1, 1, 50, 100], 4));
        assert_eq!(believed(&[]), (vec![], 0));
    }

    #[test]
    fn what_a_clock_wrote_that_was_set_back_is_moved_back_and_keeps_its_distances() {
        assert_eq!(believed(&[1000, 1030, 40, 60]), (vec![10, 40, 40, 60], 2));
        assert_eq!(believed(&[500, 560]), (vec![40, 100], 0));
    }
}
