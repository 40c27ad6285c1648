//! When to poll a render next: intervals learned from how long renders of this campaign take.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::Timestamp;

/// The next time to poll a render, learned from finished renders.
///
/// All renders are polled on common ticks, so that one request polls many of them.
#[derive(Debug)]
pub(super) struct PollIntervals {
    /// The interval between two polls of one render while it is not known how long renders take.
    usual: Duration,
    /// The shortest interval between two requests.
    shortest: Duration,
    /// The time of the first tick. It differs from run to run, so that many programs do not poll at once.
    origin: Timestamp,
    /// Durations of the newest finished renders, oldest first.
    newest: VecDeque<Duration>,
    /// The same, shortest first.
    sorted: Vec<Duration>,
}

/// Few enough to follow a provider whose speed changes over the day, and more than are in flight: of renders that
/// started together the fast ones end first, so the newest few samples are all slow.
const MAX_SAMPLES: usize = 500;

/// With fewer samples the spread of durations is not known.
const MIN_SAMPLES: usize = 5;

/// The first poll comes after at most this many intervals (five minutes by default), because a provider may have
/// become faster since.
const MAX_FIRST_WAIT: u32 = 60;

/// Ticks in the time of a typical render, while finished renders delay the next submits. A slot stays empty for half a
/// tick on average, a ninetieth of a render. With fifty renders in flight that is nine tenths of a request per job.
const TICKS_HIGH: u32 = 45;

/// The same while the provider limits the number of renders, which may mean that it limits requests, too.
const TICKS_LEARNED: u32 = 17;

/// Ticks in the time of a typical render, while other limits delay the next submits. Each request finds more ends, and
/// an end is still seen after 4.2 % of the render time on average.
const TICKS_LOW: u32 = 12;

/// Longer than any interval, so that it can be computed with.
const MAX_TICK: Duration = Duration::from_secs(24 * 3600);

/// The most renders that one request polls.
pub(super) const IDS_PER_REQUEST: usize = 100;

/// How urgent it is to see the end of a render, with the number of renders in flight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum PollUrgency {
    /// The next submit waits for a slot, or the end of the run waits for the last renders.
    High(usize),
    /// The same, with a limit of renders that is learned.
    Learned(usize),
    /// Only the download of the video waits, because the submit rate is the limit.
    Low(usize),
}

impl PollIntervals {
    /// Creates intervals without samples. `origin` is the time of the first tick.
    pub(super) fn new(usual: Duration, shortest: Duration, origin: Timestamp) -> Self {
        Self { usual, shortest, origin, newest: VecDeque::new(), sorted: Vec::new() }
    }

    /// Adds the duration of a render, from its acceptance until it was seen to be finished.
    pub(super) fn add_sample(&mut self, took: Duration) {
        self.newest.push_back(took);
        let position = self.sorted.partition_point(|known| *known < took);
        self.sorted.insert(position, took);
        if self.newest.len() > MAX_SAMPLES
            && let Some(oldest) = self.newest.pop_front()
            && let Ok(position) = self.sorted.binary_search(&oldest)
        {
            self.sorted.remove(position);
        }
    }

    /// Checks whether a render accepted at `accepted` may have finished.
    pub(super) fn may_have_finished(&self, accepted: Timestamp, now: Timestamp) -> bool {
        self.earliest().is_none_or(|early| now.since(accepted) >= early)
    }

    /// Returns the shortest expected duration, if it is known: a little less than the shortest sample, because
    /// otherwise no render would ever be seen to be faster.
    fn earliest(&self) -> Option<Duration> {
        let is_known = self.sorted.len() >= MIN_SAMPLES;
        self.sorted.first().filter(|_| is_known).map(|shortest| *shortest / 10 * 9)
    }

    /// Returns the tick at which to poll next a render accepted at `accepted`.
    pub(super) fn next(
        &self,
        accepted: Timestamp,
        now: Timestamp,
        urgency: PollUrgency,
    ) -> Timestamp {
        let age = now.since(accepted);
        let (usual, longest) = (self.usual, self.usual.saturating_mul(6));
        let tick = self.tick(urgency);
        let wait = match (self.earliest(), self.sorted.last()) {
            (Some(early), Some(slowest)) => {
                if age < early {
                    early
                        .saturating_sub(age)
                        .clamp(tick, usual.saturating_mul(MAX_FIRST_WAIT).max(tick))
                } else {
                    // Renders that take twice as long as any sample are polled less and less often. Not sooner: the
                    // first samples are of fast renders, and say little about slow ones.
                    let overdue = age.saturating_sub(slowest.saturating_mul(2));
                    (overdue / 4).clamp(tick, longest.saturating_mul(2).max(tick))
                }
            }
            _ => (age / 10).clamp(usual, longest),
        };
        // The answer to the poll of a tick arrives a little after it, and the next tick is meant.
        self.on_tick(now.plus(wait).minus(tick / 2), tick)
    }

    /// Returns how long to wait before a failed poll is repeated. The lane of the reads has a back-off beside it.
    pub(super) fn after_failure(&self) -> Duration {
        self.tick(PollUrgency::High(1)).min(self.usual)
    }

    /// Returns the first tick at or after a time.
    fn on_tick(&self, at: Timestamp, tick: Duration) -> Timestamp {
        if at < self.origin {
            // The clock was set back.
            return at;
        }
        let tick = tick.as_millis().max(1);
        let ticks = at.since(self.origin).as_millis().div_ceil(tick);
        let wait = u64::try_from(ticks.saturating_mul(tick)).unwrap_or(u64::MAX);
        self.origin.plus(Duration::from_millis(wait))
    }

    /// Returns the time between two looks at everything: a small fraction of a typical render, so that its end is seen
    /// soon. It is rounded to a quarter of a power of two, so that it seldom changes and polls that were planned before
    /// still share a request.
    fn tick(&self, urgency: PollUrgency) -> Duration {
        if self.sorted.len() < MIN_SAMPLES {
            return self.usual;
        }
        let typical = self.sorted[self.sorted.len() / 2];
        let (in_flight, ticks) = match urgency {
            PollUrgency::High(in_flight) => (in_flight, TICKS_HIGH),
            PollUrgency::Learned(in_flight) => (in_flight, TICKS_LEARNED),
            PollUrgency::Low(in_flight) => (in_flight, TICKS_LOW),
        };
        let requests = in_flight.div_ceil(IDS_PER_REQUEST).clamp(1, 100);
        let shortest = self.shortest.saturating_mul(u32::try_from(requests).unwrap_or(100));
        let wanted = (typical / ticks).as_secs_f64().max(0.001);
        let rounded = ((wanted.log2() * 4.0).round() / 4.0).exp2();
        let tick = Duration::from_secs_f64(rounded.min(MAX_TICK.as_secs_f64()));
        tick.min(self.usual.saturating_mul(6)).max(shortest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn wait(intervals: &PollIntervals, age: u64) -> Duration {
        let accepted = Timestamp::from_millis(0);
        let now = accepted.plus(seconds(age));
        intervals.next(accepted, now, PollUrgency::High(100)).since(now)
    }

    #[test]
    fn without_samples_the_interval_grows_with_age() {
        let intervals = PollIntervals::new(seconds(5), seconds(1), Timestamp::default());
        assert_eq!(wait(&intervals, 0), seconds(5));
        assert_eq!(wait(&intervals, 60), seconds(5));
        assert_eq!(wait(&intervals, 200), seconds(20));
        assert_eq!(wait(&intervals, 6000), seconds(30));
    }

    #[test]
    fn all_renders_are_polled_on_common_ticks() {
        let mut intervals = PollIntervals::new(seconds(5), seconds(1), Timestamp::default());
        for _ in 0..MIN_SAMPLES {
            intervals.add_sample(seconds(250));
        }
        let due = |accepted: i64, now: i64| {
            let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
            intervals.next(at(accepted), at(now), PollUrgency::High(100)).as_millis()
        };
        assert_eq!(due(0, 230), 237_552, "ticks of 5.657 s");
        assert_eq!(due(4, 235), 243_208, "the answer came after the tick");
        assert_eq!(due(8, 236), 243_208, "too close to the next tick");
        assert_eq!(due(0, 450), 458_136, "longer than any sample");
        assert_eq!(due(0, 700), 752_248, "overdue, so less often");
    }

    #[test]
    fn low_urgency_polls_less_often() {
        let mut intervals = PollIntervals::new(seconds(5), seconds(1), Timestamp::default());
        for _ in 0..MIN_SAMPLES {
            intervals.add_sample(seconds(200));
        }
        for (urgency, tick) in [
            (PollUrgency::High(50), 4_756),
            (PollUrgency::High(1000), 10_000),
            (PollUrgency::Learned(50), 11_313),
            (PollUrgency::Low(50), 16_000),
        ] {
            assert_eq!(intervals.tick(urgency).as_millis(), tick, "{urgency:?}");
        }
        let now = Timestamp::from_millis(179_999);
        assert!(!intervals.may_have_finished(Timestamp::default(), now));
        assert!(intervals.may_have_finished(Timestamp::default(), Timestamp::from_millis(180_000)));
    }

    #[test]
    fn a_render_that_was_just_polled_waits_for_the_next_tick() {
        for typical in [20, 100, 250, 400, 800, 3000] {
            let mut intervals = PollIntervals::new(seconds(5), seconds(1), Timestamp::default());
            for _ in 0..MIN_SAMPLES {
                intervals.add_sample(seconds(typical));
            }
            for (age, urgency) in (0..1000)
                .flat_map(|age| [(age, PollUrgency::High(100)), (age, PollUrgency::Low(9))])
            {
                let accepted = Timestamp::default();
                let now = accepted.plus(seconds(age));
                let tick = intervals.tick(urgency);
                let due = intervals.next(accepted, now, urgency);
                assert!(due >= now.plus(tick / 2), "{typical} {age} {urgency:?}");
            }
        }
    }

    /// Of 200 renders that started together the fast ones end first, so the newest hundred samples are slow when the renders
    /// that followed the fast ones may end.
    #[test]
    fn fast_renders_are_expected_though_the_newest_were_slow() {
        let mut intervals = PollIntervals::new(seconds(5), seconds(1), Timestamp::default());
        for took in 100..300 {
            intervals.add_sample(seconds(took));
        }
        assert!(intervals.may_have_finished(Timestamp::default(), Timestamp::from_millis(90_000)));
    }

    #[test]
    fn renders_are_not_polled_before_they_can_be_finished() {
        let mut intervals = PollIntervals::new(seconds(5), seconds(1), Timestamp::default());
        for took in 100..200 {
            intervals.add_sample(seconds(took));
        }
        // The fastest took 100 s; a tenth less, on the nearest tick.
        let first = wait(&intervals, 0);
        assert!(first >= seconds(90) && first < seconds(92), "{first:?}");
        assert!(wait(&intervals, 150) <= seconds(10));
        for _ in 0..MAX_SAMPLES {
            intervals.add_sample(seconds(36_000));
        }
        assert_eq!(wait(&intervals, 0), seconds(300), "at most five minutes");
        for _ in 0..MAX_SAMPLES {
            intervals.add_sample(seconds(20));
        }
        assert_eq!(wait(&intervals, 0), seconds(18), "old samples are dropped");
    }
}
