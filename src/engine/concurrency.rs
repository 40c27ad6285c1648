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

    /// How many may be in flight now.
    pub(crate) fn current(&self) -> usize {
        self.current
    }

    /// The provider refused one more while `in_flight` were under way.
    pub(crate) fn refused(&mut self, in_flight: usize) {
        self.current = self.current.min(in_flight.max(1));
        self.accepted = 0;
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

    #[test]
    fn cut_at_once_and_grown_back_slowly() {
        let mut concurrency = Concurrency::new(8);
        concurrency.refused(3);
        assert_eq!(concurrency.current(), 3);
        for _ in 0..3 {
            concurrency.accepted();
        }
        assert_eq!(concurrency.current(), 4);
        for _ in 0..1000 {
            concurrency.accepted();
        }
        assert_eq!(concurrency.current(), 8, "never above the user's limit");
        concurrency.refused(0);
        assert_eq!(concurrency.current(), 1, "never below one");
    }
}
