//! The limits of one kind of command: a pace, and a hold ("not before").

use std::time::Duration;

use super::backoff::Backoff;
use super::pace::Pace;
use crate::model::{Failure, Timestamp};

/// A pause longer than this is not worth sitting out: the run ends and says so.
pub(crate) const LONGEST_HOLD: Duration = Duration::from_secs(15 * 60);

/// A wish for a longer pause in submitting is heeded for so long. Then one request asks whether it still holds.
pub(crate) const LONGEST_SUBMIT_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// The same for reads. They cost nothing, and a slip of the provider (a date in the far future) must not keep
/// what is paid for out of reach.
pub(crate) const LONGEST_READ_PAUSE: Duration = Duration::from_secs(60 * 60);

/// When nobody has tried for so long (other limits, a laptop asleep), that is no silence of the
/// provider.
const IDLE_GAP: Duration = Duration::from_secs(5 * 60);

/// What is over sooner is not worth a word.
const SHORTEST_OUTAGE: Duration = Duration::from_secs(3);

/// One lane.
#[derive(Debug)]
pub(crate) struct Lane {
    pace: Pace,
    backoff: Backoff,
    longest_pause: Duration,
    held_until: Option<Timestamp>,
    /// Failures in a row that concern the lane and not one job.
    failures: u32,
    /// Since when nothing has succeeded.
    failing_since: Option<Timestamp>,
    last_failed_at: Option<Timestamp>,
    /// What was heard, or not, when something last failed to get through.
    last_failure: Option<Failure>,
}

impl Lane {
    /// A lane that is open, and heeds no wish for a pause for longer than `longest_pause`.
    pub(crate) fn new(pace: Pace, backoff: Backoff, longest_pause: Duration) -> Self {
        Self {
            pace,
            backoff,
            longest_pause,
            held_until: None,
            failures: 0,
            failing_since: None,
            last_failed_at: None,
            last_failure: None,
        }
    }

    /// Lets one command through at `now`, or says when to ask again.
    pub(crate) fn take(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        match self.held_until {
            Some(until) if until > now => Err(until),
            Some(_) | None => self.pace.take(now),
        }
    }

    /// The provider refused the pace (429): hold the lane, slow down, and say until when.
    pub(crate) fn throttled(
        &mut self,
        now: Timestamp,
        failure: &Failure,
        jitter: u64,
    ) -> Timestamp {
        // Answers to commands sent before the hold began belong to the same episode.
        let same_episode = self.held_until.is_some_and(|until| until > now);
        if !same_episode {
            self.pace.slow_down();
        }
        self.failed(now, !same_episode);
        // A moment that has passed is no pause.
        let until = match failure.retry_after.map(|wish| wish.moment(now)) {
            Some(until) if until > now => self.cap_pause(now, until),
            Some(_) | None => now.plus(self.backoff.wait(self.failures, jitter)),
        };
        self.hold(until);
        until
    }

    /// Nothing got through (the network is gone, or a read failed): wait before the next.
    pub(crate) fn failed_to_reach(&mut self, now: Timestamp, failure: &Failure, jitter: u64) {
        self.last_failure = Some(failure.clone());
        let new_episode = self.held_until.is_none_or(|until| until <= now);
        self.failed(now, new_episode);
        if new_episode {
            self.hold(now.plus(self.backoff.wait(self.failures, jitter)));
        }
    }

    /// The end of a pause that the provider wishes for, or of the part of it that is believed.
    pub(crate) fn cap_pause(&self, now: Timestamp, until: Timestamp) -> Timestamp {
        until.min(now.plus(self.longest_pause))
    }

    fn failed(&mut self, now: Timestamp, counts: bool) {
        let tried = self.last_failed_at.replace(now).max(self.held_until);
        if tried.is_some_and(|tried| now.since(tried) > IDLE_GAP) {
            self.failures = 0;
            self.failing_since = None;
        }
        self.failures += u32::from(counts || self.failures == 0);
        self.failing_since.get_or_insert(now);
    }

    /// Not before `until`; an earlier moment never shortens a hold.
    pub(crate) fn hold(&mut self, until: Timestamp) {
        self.held_until = Some(self.held_until.map_or(until, |held| held.max(until)));
    }

    /// Something succeeded.
    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
        self.failing_since = None;
        self.last_failure = None;
        self.pace.succeeded();
    }

    /// Whether the newest attempt failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.failing_since.is_some()
    }

    /// How long nothing has succeeded though it was tried.
    pub(crate) fn failing_for(&self, now: Timestamp) -> Duration {
        self.failing_since
            .map_or(Duration::ZERO, |since| now.since(since))
    }

    /// Why nothing gets through, once that is more than a hiccup.
    pub(crate) fn last_failure(&self, now: Timestamp) -> Option<&Failure> {
        self.last_failure
            .as_ref()
            .filter(|_| self.failing_for(now) >= SHORTEST_OUTAGE)
    }

    /// The end of a hold that is not worth sitting out.
    pub(crate) fn long_hold(&self, now: Timestamp) -> Option<Timestamp> {
        self.held_until
            .filter(|until| *until > now.plus(LONGEST_HOLD))
    }

    /// The moment before which nothing may start, if it lies ahead.
    pub(crate) fn held_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.held_until.filter(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::backoff::SUBMIT;
    use crate::model::{FailureKind, RetryAfter};

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn lane() -> Lane {
        Lane::new(
            Pace::new("10/s".parse().unwrap(), at(0), None),
            SUBMIT,
            LONGEST_READ_PAUSE,
        )
    }

    #[test]
    fn retry_after_is_exact_and_never_shortened() {
        let mut lane = lane();
        let throttled = |seconds| {
            Failure::new(FailureKind::Throttled, "slow down")
                .with_retry_after(Some(RetryAfter::Seconds(seconds)))
        };
        assert_eq!(lane.throttled(at(0), &throttled(7), 0), at(7000));
        lane.throttled(at(10), &throttled(1), 0);
        assert_eq!(lane.take(at(6999)), Err(at(7000)));
        assert_eq!(lane.take(at(7000)), Ok(()));
    }

    #[test]
    fn an_absurd_pause_is_capped_at_an_hour() {
        let mut lane = lane();
        let failure = Failure::new(FailureKind::Throttled, "x");
        let failure = failure.with_retry_after(Some(RetryAfter::Seconds(365 * 24 * 3600)));
        assert_eq!(lane.throttled(at(0), &failure, 0), at(3_600_000));
        assert_eq!(lane.long_hold(at(0)), Some(at(3_600_000)));
    }

    #[test]
    fn a_retry_after_in_the_past_is_ignored() {
        let mut lane = lane();
        for wish in [RetryAfter::Seconds(0), RetryAfter::At(at(-5000))] {
            let failure = Failure::new(FailureKind::Throttled, "x").with_retry_after(Some(wish));
            assert!(lane.throttled(at(0), &failure, 0) >= at(1000), "{wish:?}");
        }
    }

    #[test]
    fn time_without_attempts_does_not_count_as_failing() {
        let mut lane = lane();
        let failure = Failure::new(FailureKind::NotSent, "no route");
        lane.failed_to_reach(at(0), &failure, 0);
        lane.failed_to_reach(at(60_000), &failure, 0);
        assert_eq!(lane.failing_for(at(60_000)), Duration::from_secs(60));
        lane.failed_to_reach(at(3_660_000), &failure, 0);
        assert_eq!(lane.failing_for(at(3_660_000)), Duration::ZERO);
    }

    #[test]
    fn a_failure_is_shown_after_three_seconds_until_a_success() {
        let mut lane = lane();
        let failure = Failure::new(FailureKind::NotSent, "no route");
        lane.failed_to_reach(at(0), &failure, 0);
        assert_eq!(lane.last_failure(at(2999)), None);
        assert_eq!(lane.last_failure(at(3000)), Some(&failure));
        lane.succeeded();
        assert_eq!(lane.last_failure(at(3001)), None);
    }

    #[test]
    fn refusals_of_one_burst_are_one_episode() {
        let mut lane = lane();
        let failure = Failure::new(FailureKind::Throttled, "slow down");
        for _ in 0..20 {
            lane.throttled(at(5), &failure, 3);
        }
        assert!(lane.held_until(at(5)).unwrap() <= at(5).plus(SUBMIT.first));
    }
}
