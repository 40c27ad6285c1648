//! When to look at a render again: an interval learnt from how long renders of this campaign take.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::Timestamp;

/// Learns from finished renders when it is worth asking about the next.
#[derive(Debug)]
pub(crate) struct Polling {
    /// The shortest time between two looks at one render.
    floor: Duration,
    /// When the beats begin: at another moment in each run, so that many programs do not ask at once.
    origin: Timestamp,
    /// How long the newest finished renders took, oldest first.
    newest: VecDeque<Duration>,
    /// The same, shortest first.
    sorted: Vec<Duration>,
}

/// Few enough to follow a provider whose speed changes over the day; and more than are under way at one time, for
/// of those that were begun together the quick ones end first, and the newest are then all slow.
const REMEMBERED: usize = 500;

/// Fewer finished renders than this say nothing about the spread.
const ENOUGH: usize = 5;

/// However slow renders have been, the first look comes after so many intervals (five minutes by
/// default): a provider may have become quicker overnight.
const LONGEST_FIRST_WAIT: u32 = 60;

/// While finished renders hold up the next: so many requests that ask about everything in the time of a
/// usual render. A place stands empty for half of a beat, on average, a sixty-fourth of a render.
const BEATS_IN_HASTE: u32 = 32;

/// The same where many are under way: of a hundred each request finds more than three ends, and little is lost by it.
const BEATS_OF_MANY: u32 = 29;

/// While other limits hold up the next, fewer find more ends each, and still one is seen after 4.2 % of its
/// length, on average. Two beats only, because looks that were planned on different ones do not meet.
const BEATS_AT_LEISURE: u32 = 12;

/// Where so many are under way, each request finds several ends on any beat.
const MANY: usize = 64;

/// What waits for the end of a render; how many are under way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Haste {
    /// The next submit: no place is free. Or the end of the run: there is nothing left to submit.
    Held(usize),
    /// Nothing but its own download, because the pace of submits is the limit.
    Free(usize),
}

/// The beat changes in such parts of the shortest, and a long one in steps twice as long: a step must be more
/// than what the usual render of those remembered changes by from one to the next.
const STEPS_A_FLOOR: u32 = 8;

impl Polling {
    /// Nothing is known yet; `origin` is a moment in which a beat falls.
    pub(crate) fn new(floor: Duration, origin: Timestamp) -> Self {
        Self {
            floor,
            origin,
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

    /// Whether a render accepted at `accepted` may plausibly have ended.
    pub(crate) fn may_be_done(&self, accepted: Timestamp, now: Timestamp) -> bool {
        self.earliest()
            .is_none_or(|early| now.since(accepted) >= early)
    }

    /// How long a render takes at the least, as far as that is known: a little less than the quickest, else
    /// nothing would ever be seen to be quicker.
    fn earliest(&self) -> Option<Duration> {
        let is_known = self.sorted.len() >= ENOUGH;
        self.sorted
            .first()
            .filter(|_| is_known)
            .map(|quickest| *quickest / 10 * 9)
    }

    /// When to look next at a render accepted at `accepted`: on a beat that all renders have in common,
    /// so that one request asks about all of them.
    pub(crate) fn next(&self, accepted: Timestamp, now: Timestamp, haste: Haste) -> Timestamp {
        let age = now.since(accepted);
        let (floor, longest) = (self.floor, self.floor.saturating_mul(6));
        let beat = self.beat(haste);
        let wait = match (self.earliest(), self.sorted.last()) {
            (Some(early), Some(slowest)) => {
                if age < early {
                    early
                        .saturating_sub(age)
                        .clamp(beat, floor.saturating_mul(LONGEST_FIRST_WAIT))
                } else {
                    // Those that take twice as long as any are asked about more and more seldom. Not sooner: the
                    // first to finish are the quick ones, and say little of how slow others are.
                    let overdue = age.saturating_sub(slowest.saturating_mul(2));
                    (overdue / 4).clamp(beat, longest.saturating_mul(2))
                }
            }
            _ => (age / 10).clamp(floor, longest),
        };
        // The answer to the request of a beat arrives a little after it; the next beat is meant.
        self.on_beat(now.plus(wait).minus(beat / 2), beat)
    }

    /// The first beat at or after a moment.
    fn on_beat(&self, at: Timestamp, beat: Duration) -> Timestamp {
        if at < self.origin {
            // The clock has been set back; nothing waits for it.
            return at;
        }
        let beat = beat.as_millis().max(1);
        let beats = at.since(self.origin).as_millis().div_ceil(beat);
        let wait = u64::try_from(beats.saturating_mul(beat)).unwrap_or(u64::MAX);
        self.origin.plus(Duration::from_millis(wait))
    }

    /// The time between two requests that ask about everything: a small part of a usual render, so
    /// that little of it is lost between its end and its being seen; in coarse steps, so that it
    /// changes seldom, and the looks that were planned before still fall together.
    fn beat(&self, haste: Haste) -> Duration {
        if self.sorted.len() < ENOUGH {
            return self.floor;
        }
        let usual = self.sorted[self.sorted.len() / 2];
        let beats = match haste {
            Haste::Held(under_way) | Haste::Free(under_way) if under_way >= MANY => BEATS_OF_MANY,
            Haste::Held(_) => BEATS_IN_HASTE,
            Haste::Free(_) => BEATS_AT_LEISURE,
        };
        let wanted = usual / beats;
        let is_long = wanted >= self.floor.saturating_mul(2);
        let steps_a_floor = STEPS_A_FLOOR / if is_long { 2 } else { 1 };
        let step = (self.floor / steps_a_floor).max(Duration::from_millis(1));
        let steps = (wanted + step / 2).as_millis() / step.as_millis().max(1);
        let beat = step.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX));
        beat.clamp(self.floor, self.floor.saturating_mul(6))
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
        polling.next(accepted, now, Haste::Held(100)).since(now)
    }

    #[test]
    fn without_knowledge_it_asks_more_seldom_with_age() {
        let polling = Polling::new(seconds(5), Timestamp::default());
        assert_eq!(wait(&polling, 0), seconds(5));
        assert_eq!(wait(&polling, 60), seconds(5));
        assert_eq!(wait(&polling, 200), seconds(20));
        assert_eq!(wait(&polling, 6000), seconds(30));
    }

    #[test]
    fn all_renders_are_looked_at_on_one_beat() {
        let mut polling = Polling::new(seconds(5), Timestamp::default());
        for _ in 0..ENOUGH {
            polling.learn(seconds(250));
        }
        let due = |accepted: i64, now: i64| {
            let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
            polling
                .next(at(accepted), at(now), Haste::Held(100))
                .as_millis()
        };
        assert_eq!(due(0, 230), 236_250, "beats of eight and three quarters");
        assert_eq!(due(4, 234), 245_000, "the answer took its time");
        assert_eq!(due(8, 242), 253_750, "and here too long for the next");
        assert_eq!(due(0, 450), 455_000, "longer than any");
        assert_eq!(due(0, 700), 752_500, "overdue, so more seldom");
    }

    #[test]
    fn where_nobody_waits_for_the_place_fewer_requests_find_more_ends_each() {
        let mut polling = Polling::new(seconds(5), Timestamp::default());
        for _ in 0..ENOUGH {
            polling.learn(seconds(200));
        }
        for (haste, beat) in [
            (Haste::Held(50), 6_250),
            (Haste::Held(100), 6_875),
            (Haste::Free(50), 16_250),
            (Haste::Free(3), 16_250),
            (Haste::Free(1000), 6_875),
        ] {
            assert_eq!(polling.beat(haste).as_millis(), beat, "{haste:?}");
        }
        let now = Timestamp::from_millis(179_999);
        assert!(!polling.may_be_done(Timestamp::default(), now));
        assert!(polling.may_be_done(Timestamp::default(), Timestamp::from_millis(180_000)));
    }

    #[test]
    fn a_render_that_was_just_asked_about_waits_for_the_next_beat() {
        for usual in [20, 100, 250, 400, 800, 3000] {
            let mut polling = Polling::new(seconds(5), Timestamp::default());
            for _ in 0..ENOUGH {
                polling.learn(seconds(usual));
            }
            for (age, haste) in
                (0..1000).flat_map(|age| [(age, Haste::Held(100)), (age, Haste::Free(9))])
            {
                let accepted = Timestamp::default();
                let now = accepted.plus(seconds(age));
                let beat = polling.beat(haste);
                let due = polling.next(accepted, now, haste);
                assert!(due >= now.plus(beat / 2), "{usual} {age} {haste:?}");
            }
        }
    }

    /// Of 200 renders that were begun together the quick ones end first, and a hundred slow ones are the newest when
    /// those that took the quick ones' places may end.
    #[test]
    fn quick_renders_are_expected_though_the_newest_were_slow() {
        let mut polling = Polling::new(seconds(5), Timestamp::default());
        for took in 100..300 {
            polling.learn(seconds(took));
        }
        assert!(polling.may_be_done(Timestamp::default(), Timestamp::from_millis(90_000)));
    }

    #[test]
    fn learnt_renders_are_not_looked_at_before_they_can_be_done() {
        let mut polling = Polling::new(seconds(5), Timestamp::default());
        for took in 100..200 {
            polling.learn(seconds(took));
        }
        // The quickest took 100 s; a tenth less, on the nearest beat.
        assert_eq!(wait(&polling, 0), seconds(90));
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
