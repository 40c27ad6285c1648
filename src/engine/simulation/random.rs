//! Random numbers, replayable from their seed.

use std::time::Duration;

use crate::engine::backoff::mix;

/// A sequence of numbers that is determined by its seed.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = mix(self.0);
        self.0 % limit.max(1)
    }

    /// Returns true in `share` of a hundred cases.
    pub(super) fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    /// Returns true in `share` of a thousand cases.
    pub(super) fn permille(&mut self, share: u64) -> bool {
        self.below(1000) < share
    }

    pub(super) fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from + 1))
    }

    pub(super) fn one_of<'a, T>(&mut self, these: &'a [T]) -> &'a T {
        let count = u64::try_from(these.len()).unwrap();
        &these[usize::try_from(self.below(count)).unwrap()]
    }
}
