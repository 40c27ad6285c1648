//! When to look at a render again: an interval learnt from how long renders of this campaign take.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::Timestamp;

/// Learns from finished renders when it is worth asking about the next.
#[derive(Debug)]
pub(crate) struct Polling {
    /// The shortest time between two looks at one render.
    floor: Duration,
    /// How long the newest finished renders took, oldest first.
    newest: VecDeque<Duration>,
    /// The same, shortest first.
    sorted: Vec<Duration>,
}

/// Enough to know the spread, few enough to follow a provider whose speed changes over the day.
const REMEMBERED: usize = 100;

/// Fewer finished renders than this say nothing about the spread.
const ENOUGH: usize = 5;

/// However slow renders have been, the first look comes after so many intervals (five minutes by
/// default): a provider may have become quicker overnight.
const LONGEST_FIRST_WAIT: u32 = 60;

impl Polling {
    pub(crate) fn new(floor: Duration) -> Self {
        Self {
            floor,
            newest: VecDeque::new(),
            sorted: Vec::new(),
        }
    }

    /// Takes in that a render was seen finished `took` after it was accepted.
    pub(crate) fn learn(&mut self, took: Duration) {
        self.newest.push_back(took);
        let place = self.sorted.partition_point(|known| *known < took);
        self.sorted.insert(place, took);
        if self.newest.len() > REMEMBERED
            && let Some(oldest) = self.newest.pop_front()
            && let Ok(place) = self.sorted.binary_search(&oldest)
        {
            self.sorted.remove(place);
        }
    }

    /// When to look next at a render accepted at `accepted`.
    pub(crate) fn next(&self, accepted: Timestamp, now: Timestamp) -> Timestamp {
        let age = now.since(accepted);
        let (floor, longest) = (self.floor, self.floor.saturating_mul(6));
        let wait = if self.sorted.len() < ENOUGH {
            (age / 4).clamp(floor, longest)
        } else {
            let share = |percent: usize| self.sorted[(self.sorted.len() - 1) * percent / 100];
            let (early, late) = (share(5), share(95));
            if age < early {
                // None can plausibly be done before the quickest ones were.
                early
                    .saturating_sub(age)
                    .clamp(floor, floor.saturating_mul(LONGEST_FIRST_WAIT))
            } else if age <= late {
                (late.saturating_sub(early) / 10).clamp(floor, longest)
            } else {
                (age / 10).clamp(floor, longest.saturating_mul(2))
            }
        };
        now.plus(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn wait(polling: &Polling, age: u64) -> Duration {
        let accepted = Timestamp::from_millis(0);
        let now = accepted.plus(seconds(age));
        polling.next(accepted, now).since(now)
    }

    #[test]
    fn without_knowledge_it_asks_more_seldom_with_age() {
        let polling = Polling::new(seconds(5));
        assert_eq!(wait(&polling, 0), seconds(5));
        assert_eq!(wait(&polling, 60), seconds(15));
        assert_eq!(wait(&polling, 6000), seconds(30));
    }

    #[test]
    fn learnt_renders_are_not_looked_at_before_they_can_be_done() {
        let mut polling = Polling::new(seconds(5));
        for took in 100..200 {
            polling.learn(seconds(took));
        }
        assert!(wait(&polling, 0) >= seconds(100));
        assert!(wait(&polling, 150) <= seconds(10));
        for _ in 0..REMEMBERED {
            polling.learn(seconds(36_000));
        }
        assert_eq!(wait(&polling, 0), seconds(300), "never for hours");
        for _ in 0..REMEMBERED {
            polling.learn(seconds(20));
        }
        assert_eq!(wait(&polling, 0), seconds(20), "it follows what changes");
    }
}
