//! How many renders at one time: the user's limit, or less when the provider wants less.

/// A limit that is cut when the provider refuses and grows back by ones.
#[derive(Debug)]
pub(crate) struct Concurrency {
    limit: usize,
    current: usize,
    /// Submits accepted since the limit last changed.
    accepted: usize,
}

impl Concurrency {
    pub(crate) fn new(limit: u32) -> Self {
        let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
        Self {
            limit,
            current: limit,
            accepted: 0,
        }
    }

    /// Whether one more may be submitted while `in_flight` are known to be under way and `doubtful`
    /// may be. Those count against the user's limit, which is never passed; what the provider wants
    /// is a guess anyhow, and one job in doubt must not freeze a campaign that was once slowed down.
    pub(crate) fn has_room(&self, in_flight: usize, doubtful: usize) -> bool {
        in_flight < self.current && in_flight.saturating_add(doubtful) < self.limit
    }

    /// The provider refused one more while `in_flight` were under way. With none under way it cannot
    /// have meant their number.
    pub(crate) fn refused(&mut self, in_flight: usize) {
        if in_flight > 0 {
            self.current = self.current.min(in_flight);
            self.accepted = 0;
        }
    }

    /// The provider accepted one: as many as fit at one time earn one place more.
    pub(crate) fn accepted(&mut self) {
        self.accepted += 1;
        if self.current < self.limit && self.accepted >= self.current {
            self.current += 1;
            self.accepted = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many it lets be in flight.
    fn places(concurrency: &Concurrency) -> usize {
        (0..100)
            .find(|flying| !concurrency.has_room(*flying, 0))
            .unwrap()
    }

    #[test]
    fn cut_at_once_and_grown_back_slowly() {
        let mut concurrency = Concurrency::new(8);
        concurrency.refused(3);
        assert_eq!(places(&concurrency), 3);
        for _ in 0..3 {
            concurrency.accepted();
        }
        assert_eq!(places(&concurrency), 4);
        for _ in 0..1000 {
            concurrency.accepted();
        }
        assert_eq!(places(&concurrency), 8, "never above the user's limit");
        concurrency.refused(0);
        assert_eq!(places(&concurrency), 8, "the number cannot have been meant");
        concurrency.refused(1);
        assert_eq!(places(&concurrency), 1);
    }

    #[test]
    fn what_is_in_doubt_counts_against_the_users_limit_alone() {
        let mut concurrency = Concurrency::new(3);
        assert!(!concurrency.has_room(1, 2));
        concurrency.refused(1);
        assert!(concurrency.has_room(0, 2) && !concurrency.has_room(0, 3));
    }
}
