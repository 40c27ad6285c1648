//! When to look at a render again: an interval learnt from how long renders of this campaign take.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::Timestamp;

/// Learns from finished renders when it is worth asking about the next.
#[derive(Debug)]
pub(crate) struct PollIntervals {
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
const MAX_SAMPLES: usize = 500;

/// Fewer finished renders than this say nothing about the spread.
const MIN_SAMPLES: usize = 5;

/// However slow renders have been, the first look comes after so many intervals (five minutes by
/// default): a provider may have become quicker overnight.
const MAX_FIRST_WAIT: u32 = 60;

/// While finished renders hold up the next: so many requests that ask about everything in the time of a
/// usual render. A place stands empty for half of a beat, on average, a sixty-fourth of a render.
const TICKS_HIGH: u32 = 32;

/// The same where many are under way: of a hundred each request finds more than three ends, and little is lost by it.
const TICKS_MANY: u32 = 29;

/// While other limits hold up the next, fewer find more ends each, and still one is seen after 4.2 % of its
/// length, on average. Two beats only, because looks that were planned on different ones do not meet.
const TICKS_LOW: u32 = 12;

/// Where so many are under way, each request finds several ends on any beat.
const MANY: usize = 64;

/// What waits for the end of a render; how many are under way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum PollUrgency {
    /// The next submit: no place is free. Or the end of the run: there is nothing left to submit.
    High(usize),
    /// Nothing but its own download, because the pace of submits is the limit.
    Low(usize),
}

/// The beat changes in such parts of the shortest, and a long one in steps twice as long: a step must be more
/// than what the usual render of those remembered changes by from one to the next.
const STEPS_PER_FLOOR: u32 = 8;

impl PollIntervals {
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
    pub(crate) fn record_render(&mut self, took: Duration) {
        self.newest.push_back(took);
        let place = self.sorted.partition_point(|known| *known < took);
        self.sorted.insert(place, took);
        if self.newest.len() > MAX_SAMPLES
            && let Some(oldest) = self.newest.pop_front()
            && let Ok(place) = self.sorted.binary_search(&oldest)
        {
            self.sorted.remove(place);
        }
    }

    /// Whether a render accepted at `accepted` may plausibly have ended.
    pub(crate) fn may_have_finished(&self, accepted: Timestamp, now: Timestamp) -> bool {
        self.earliest()
            .is_none_or(|early| now.since(accepted) >= early)
    }

    /// How long a render takes at the least, as far as that is known: a little less than the quickest, else
    /// nothing would ever be seen to be quicker.
    fn earliest(&self) -> Option<Duration> {
        let is_known = self.sorted.len() >= MIN_SAMPLES;
        self.sorted
            .first()
            .filter(|_| is_known)
            .map(|quickest| *quickest / 10 * 9)
    }

    /// When to look next at a render accepted at `accepted`: on a beat that all renders have in common,
    /// so that one request asks about all of them.
    pub(crate) fn next(
        &self,
        accepted: Timestamp,
        now: Timestamp,
        poll_urgency: PollUrgency,
    ) -> Timestamp {
        let age = now.since(accepted);
        let (floor, longest) = (self.floor, self.floor.saturating_mul(6));
        let tick = self.tick(poll_urgency);
        let wait = match (self.earliest(), self.sorted.last()) {
            (Some(early), Some(slowest)) => {
                if age < early {
                    early
                        .saturating_sub(age)
                        .clamp(tick, floor.saturating_mul(MAX_FIRST_WAIT))
                } else {
                    // Those that take twice as long as any are asked about more and more seldom. Not sooner: the
                    // first to finish are the quick ones, and say little of how slow others are.
                    let overdue = age.saturating_sub(slowest.saturating_mul(2));
                    (overdue / 4).clamp(tick, longest.saturating_mul(2))
                }
            }
            _ => (age / 10).clamp(floor, longest),
        };
        // The answer to the request of a beat arrives a little after it; the next beat is meant.
        self.on_tick(now.plus(wait).minus(tick / 2), tick)
    }

    /// The first beat at or after a moment.
    fn on_tick(&self, at: Timestamp, tick: Duration) -> Timestamp {
        if at < self.origin {
            // The clock has been set back; nothing waits for it.
            return at;
        }
        let tick = tick.as_millis().max(1);
        let ticks = at.since(self.origin).as_millis().div_ceil(tick);
        let wait = u64::try_from(ticks.saturating_mul(tick)).unwrap_or(u64::MAX);
        self.origin.plus(Duration::from_millis(wait))
    }

    /// The time between two requests that ask about everything: a small part of a usual render, so
    /// that little of it is lost between its end and its being seen; in coarse steps, so that it
    /// changes seldom, and the looks that were planned before still fall together.
    fn tick(&self, poll_urgency: PollUrgency) -> Duration {
        if self.sorted.len() < MIN_SAMPLES {
            return self.floor;
        }
        let usual = self.sorted[self.sorted.len() / 2];
        let ticks = match poll_urgency {
            PollUrgency::High(under_way) | PollUrgency::Low(under_way) if under_way >= MANY => {
                TICKS_MANY
            }
            PollUrgency::High(_) => TICKS_HIGH,
            PollUrgency::Low(_) => TICKS_LOW,
        };
        let adoptable = usual / ticks;
        let is_long = adoptable >= self.floor.saturating_mul(2);
        let steps_a_floor = STEPS_PER_FLOOR / if is_long { 2 } else { 1 };
        let step = (self.floor / steps_a_floor).max(Duration::from_millis(1));
        let steps = (adoptable + step / 2).as_millis() / step.as_millis().max(1);
        let tick = step.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX));
        tick.clamp(self.floor, self.floor.saturating_mul(6))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn wait(polling: &PollIntervals, age: u64) -> Duration {
        let accepted = Timestamp::from_millis(0);
        let now = accepted.plus(seconds(age));
        polling
            .next(accepted, now, PollUrgency::High(100))
            .since(now)
    }

    #[test]
    fn without_samples_the_interval_grows_with_age() {
        let polling = PollIntervals::new(seconds(5), Timestamp::default());
        assert_eq!(wait(&polling, 0), seconds(5));
        assert_eq!(wait(&polling, 60), seconds(5));
        assert_eq!(wait(&polling, 200), seconds(20));
        assert_eq!(wait(&polling, 6000), seconds(30));
    }

    #[test]
    fn all_renders_are_polled_on_common_ticks() {
        let mut polling = PollIntervals::new(seconds(5), Timestamp::default());
        for _ in 0..MIN_SAMPLES {
            polling.record_render(seconds(250));
        }
        let due = |accepted: i64, now: i64| {
            let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
            polling
                .next(at(accepted), at(now), PollUrgency::High(100))
                .as_millis()
        };
        assert_eq!(due(0, 230), 236_250, "beats of eight and three quarters");
        assert_eq!(due(4, 234), 245_000, "the answer took its time");
        assert_eq!(due(8, 242), 253_750, "and here too long for the next");
        assert_eq!(due(0, 450), 455_000, "longer than any");
        assert_eq!(due(0, 700), 752_500, "overdue, so more seldom");
    }

    #[test]
    fn low_urgency_polls_less_often() {
        let mut polling = PollIntervals::new(seconds(5), Timestamp::default());
        for _ in 0..MIN_SAMPLES {
            polling.record_render(seconds(200));
        }
        for (poll_urgency, tick) in [
            (PollUrgency::High(50), 6_250),
            (PollUrgency::High(100), 6_875),
            (PollUrgency::Low(50), 16_250),
            (PollUrgency::Low(3), 16_250),
            (PollUrgency::Low(1000), 6_875),
        ] {
            assert_eq!(
                polling.tick(poll_urgency).as_millis(),
                tick,
                "{poll_urgency:?}"
            );
        }
        let now = Timestamp::from_millis(179_999);
        assert!(!polling.may_have_finished(Timestamp::default(), now));
        assert!(polling.may_have_finished(Timestamp::default(), Timestamp::from_millis(180_000)));
    }

    #[test]
    fn a_render_that_was_just_polled_waits_for_the_next_tick() {
        for usual in [20, 100, 250, 400, 800, 3000] {
            let mut polling = PollIntervals::new(seconds(5), Timestamp::default());
            for _ in 0..MIN_SAMPLES {
                polling.record_render(seconds(usual));
            }
            for (age, poll_urgency) in (0..1000)
                .flat_map(|age| [(age, PollUrgency::High(100)), (age, PollUrgency::Low(9))])
            {
                let accepted = Timestamp::default();
                let now = accepted.plus(seconds(age));
                let tick = polling.tick(poll_urgency);
                let due = polling.next(accepted, now, poll_urgency);
                assert!(due >= now.plus(tick / 2), "{usual} {age} {poll_urgency:?}");
            }
        }
    }

    /// Of 200 renders that were begun together the quick ones end first, and a hundred slow ones are the newest when
    /// those that took the quick ones' places may end.
    #[test]
    fn fast_renders_are_expected_though_the_newest_were_slow() {
        let mut polling = PollIntervals::new(seconds(5), Timestamp::default());
        for took in 100..300 {
            polling.record_render(seconds(took));
        }
        assert!(polling.may_have_finished(Timestamp::default(), Timestamp::from_millis(90_000)));
    }

    #[test]
    fn renders_are_not_polled_before_they_can_be_finished() {
        let mut polling = PollIntervals::new(seconds(5), Timestamp::default());
        for took in 100..200 {
            polling.record_render(seconds(took));
        }
        // The quickest took 100 s; a tenth less, on the nearest beat.
        assert_eq!(wait(&polling, 0), seconds(90));
        assert!(wait(&polling, 150) <= seconds(10));
        for _ in 0..MAX_SAMPLES {
            polling.record_render(seconds(36_000));
        }
        assert_eq!(wait(&polling, 0), seconds(300), "never for hours");
        for _ in 0..MAX_SAMPLES {
            polling.record_render(seconds(20));
        }
        assert_eq!(wait(&polling, 0), seconds(20), "it follows what changes");
    }
}
