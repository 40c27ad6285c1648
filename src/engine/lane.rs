//! A lane: the limits of one kind of request, or of the downloads from one host. It has a pace and a hold ("not before").

use std::time::Duration;

use super::backoff::{self, Backoff};
use super::pace::Pace;
use crate::model::{Event, Failure, Lane, Rate, Timestamp};

/// The longest hold that a run waits for. For a longer one it ends early.
pub(super) const LONGEST_HOLD: Duration = Duration::from_secs(15 * 60);

/// The longest pause in submitting that is kept. After it one request tests whether the pause still holds.
const LONGEST_SUBMIT_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest pause in reading that is kept. Reads cost nothing, and a wrong date in the far future must not
/// keep paid videos out of reach.
const LONGEST_READ_PAUSE: Duration = Duration::from_secs(60 * 60);

/// After this long without an attempt (other limits, a machine asleep) the provider does not count as
/// continuously failing.
const IDLE_GAP: Duration = Duration::from_secs(5 * 60);

/// A failure that is over sooner is not displayed.
const SHORTEST_OUTAGE: Duration = Duration::from_secs(3);

/// One lane.
#[derive(Debug)]
pub(super) struct LaneLimiter {
    pub(super) name: Lane,
    /// `None` for downloads: only their number is limited.
    pace: Option<Pace>,
    backoff: Backoff,
    longest_pause: Duration,
    held_until: Option<Timestamp>,
    /// Whether a request was refused for its pace, and none has succeeded since.
    is_throttled: bool,
    /// Consecutive failures of the lane, as opposed to failures of one job.
    failures: u32,
    /// When the first of these happened.
    failing_since: Option<Timestamp>,
    last_failed_at: Option<Timestamp>,
    /// Why the last request did not get through.
    last_failure: Option<Failure>,
}

impl LaneLimiter {
    /// Creates the lane of submits. `last` is when an earlier run last submitted.
    pub(super) fn of_submits(rate: Rate, now: Timestamp, last: Option<Timestamp>) -> Self {
        let pace = Pace::new(rate, now, last);
        Self::new(Lane::Submit, Some(pace), backoff::SUBMIT, LONGEST_SUBMIT_PAUSE)
    }

    /// Creates the lane of reads: polls and listings.
    pub(super) fn of_reads(rate: Rate, now: Timestamp) -> Self {
        let pace = Pace::new(rate, now, None);
        Self::new(Lane::Poll, Some(pace), backoff::READ, LONGEST_READ_PAUSE)
    }

    /// Creates the lane of the downloads from one host.
    pub(super) fn of_downloads() -> Self {
        Self::new(Lane::Download, None, backoff::DOWNLOAD, LONGEST_READ_PAUSE)
    }

    fn new(name: Lane, pace: Option<Pace>, backoff: Backoff, longest_pause: Duration) -> Self {
        Self {
            name,
            pace,
            backoff,
            longest_pause,
            held_until: None,
            is_throttled: false,
            failures: 0,
            failing_since: None,
            last_failed_at: None,
            last_failure: None,
        }
    }

    /// Takes one request's turn at `now`.
    ///
    /// # Errors
    /// The time of the next turn, if it is not now.
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        match self.held_until {
            Some(until) if until > now => Err(until),
            Some(_) | None => self.pace.as_mut().map_or(Ok(()), |pace| pace.take(now)),
        }
    }

    /// Holds the lane after a refusal for its pace (429). The first one since a success slows it down. Returns the end of
    /// the hold.
    pub(super) fn throttle(&mut self, now: Timestamp, failure: &Failure, jitter: u64) -> Timestamp {
        let is_first = !std::mem::replace(&mut self.is_throttled, true);
        if let Some(pace) = &mut self.pace {
            if is_first { pace.reduce(now) } else { pace.on_refused_again(now) }
        }
        // Answers to requests that were sent before the hold began are no further attempts.
        self.count_failure(now, !self.is_held(now));
        let until = self
            .requested_pause(now, failure)
            .unwrap_or_else(|| now.plus(self.backoff.wait(self.failures, jitter)));
        self.hold(until);
        until
    }

    /// Holds the lane for a back-off after a request that did not get through (no network, a failed read).
    pub(super) fn back_off(&mut self, now: Timestamp, failure: &Failure, jitter: u64) {
        self.last_failure = Some(failure.clone());
        let is_new_episode = !self.is_held(now);
        self.count_failure(now, is_new_episode);
        if is_new_episode {
            self.hold(now.plus(self.backoff.wait(self.failures, jitter)));
        }
    }

    /// Holds the lane if `failure` names a pause (`Retry-After`), and returns the event to be recorded.
    pub(super) fn apply_retry_after(&mut self, now: Timestamp, failure: &Failure) -> Option<Event> {
        let until = self.requested_pause(now, failure)?;
        self.hold(until);
        Some(self.held(until, failure.clone()))
    }

    /// Returns the event which records that this lane is held.
    pub(super) fn held(&self, until: Timestamp, failure: Failure) -> Event {
        Event::LaneHeld { lane: self.name, until, failure }
    }

    /// Returns the end of the pause that `failure` names, at most the longest pause. A time that has passed is no
    /// pause.
    fn requested_pause(&self, now: Timestamp, failure: &Failure) -> Option<Timestamp> {
        let until = failure.retry_after?.end(now);
        (until > now).then(|| until.min(now.plus(self.longest_pause)))
    }

    fn count_failure(&mut self, now: Timestamp, is_new_episode: bool) {
        let tried = self.last_failed_at.replace(now).max(self.held_until);
        if tried.is_some_and(|tried| now.since(tried) > IDLE_GAP) {
            self.failures = 0;
            self.failing_since = None;
        }
        self.failures += u32::from(is_new_episode || self.failures == 0);
        self.failing_since.get_or_insert(now);
    }

    /// Holds the lane until `until`. Never shortens a hold.
    pub(super) fn hold(&mut self, until: Timestamp) {
        self.held_until = Some(self.held_until.map_or(until, |held| held.max(until)));
    }

    /// Counts a request that succeeded.
    pub(super) fn succeed(&mut self) {
        self.is_throttled = false;
        self.failures = 0;
        self.failing_since = None;
        self.last_failure = None;
        if let Some(pace) = &mut self.pace {
            pace.succeeded();
        }
    }

    /// Checks whether a request was refused for its pace, and none has succeeded since.
    pub(super) const fn is_throttled(&self) -> bool {
        self.is_throttled
    }

    /// Checks whether the newest attempt failed.
    pub(super) fn is_failing(&self) -> bool {
        self.failing_since.is_some()
    }

    /// Returns for how long all attempts have failed.
    pub(super) fn failing_for(&self, now: Timestamp) -> Duration {
        self.failing_since.map_or(Duration::ZERO, |since| now.since(since))
    }

    /// Returns why no request gets through, once that lasts longer than three seconds.
    pub(super) fn last_failure(&self, now: Timestamp) -> Option<&Failure> {
        self.last_failure.as_ref().filter(|_| self.failing_for(now) >= SHORTEST_OUTAGE)
    }

    /// Returns the end of a hold that is too long to wait for.
    pub(super) fn long_hold(&self, now: Timestamp) -> Option<Timestamp> {
        self.held_until.filter(|until| *until > now.plus(LONGEST_HOLD))
    }

    /// Returns the end of the hold, if the lane is held.
    pub(super) fn held_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.held_until.filter(|until| *until > now)
    }

    fn is_held(&self, now: Timestamp) -> bool {
        self.held_until(now).is_some()
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

    fn lane() -> LaneLimiter {
        let pace = Pace::new("10/s".parse().unwrap(), at(0), None);
        LaneLimiter::new(Lane::Poll, Some(pace), SUBMIT, LONGEST_READ_PAUSE)
    }

    #[test]
    fn retry_after_is_exact_and_never_shortened() {
        let mut lane = lane();
        let throttled = |seconds| {
            Failure::new(FailureKind::Throttled, "slow down")
                .with_retry_after(Some(RetryAfter::Seconds(seconds)))
        };
        assert_eq!(lane.throttle(at(0), &throttled(7), 0), at(7000));
        lane.throttle(at(10), &throttled(1), 0);
        assert_eq!(lane.take(at(6999)), Err(at(7000)));
        assert_eq!(lane.take(at(7000)), Ok(()));
    }

    #[test]
    fn an_absurd_pause_is_capped_at_an_hour() {
        let mut lane = lane();
        let failure = Failure::new(FailureKind::Throttled, "x");
        let failure = failure.with_retry_after(Some(RetryAfter::Seconds(365 * 24 * 3600)));
        assert_eq!(lane.throttle(at(0), &failure, 0), at(3_600_000));
        assert_eq!(lane.long_hold(at(0)), Some(at(3_600_000)));
    }

    #[test]
    fn a_retry_after_in_the_past_is_ignored() {
        let mut lane = lane();
        for pause in [RetryAfter::Seconds(0), RetryAfter::At(at(-5000))] {
            let failure = Failure::new(FailureKind::Throttled, "x").with_retry_after(Some(pause));
            assert!(lane.throttle(at(0), &failure, 0) >= at(500), "{pause:?}");
        }
    }

    #[test]
    fn time_without_attempts_does_not_count_as_failing() {
        let mut lane = lane();
        let failure = Failure::new(FailureKind::NotSent, "no route");
        lane.back_off(at(0), &failure, 0);
        lane.back_off(at(60_000), &failure, 0);
        assert_eq!(lane.failing_for(at(60_000)), Duration::from_secs(60));
        lane.back_off(at(3_660_000), &failure, 0);
        assert_eq!(lane.failing_for(at(3_660_000)), Duration::ZERO);
    }

    #[test]
    fn a_failure_is_shown_after_three_seconds_until_a_success() {
        let mut lane = lane();
        let failure = Failure::new(FailureKind::NotSent, "no route");
        lane.back_off(at(0), &failure, 0);
        assert_eq!(lane.last_failure(at(2999)), None);
        assert_eq!(lane.last_failure(at(3000)), Some(&failure));
        lane.succeed();
        assert_eq!(lane.last_failure(at(3001)), None);
    }

    #[test]
    fn refusals_until_the_next_success_reduce_the_pace_once() {
        let mut lane = lane();
        let failure = Failure::new(FailureKind::Throttled, "slow down")
            .with_retry_after(Some(RetryAfter::Seconds(2)));
        lane.take(at(0)).unwrap();
        for second in 0..7 {
            let held = at(2000 * second + 2000);
            assert_eq!(lane.throttle(at(2000 * second), &failure, 0), held);
            assert_eq!(lane.take(held), Ok(()), "one request tests whether the hold is over");
        }
        assert_eq!(lane.take(at(14_000)), Err(at(14_200)), "half of 10/s");
        lane.succeed();
        lane.throttle(at(14_000), &failure, 0);
        lane.take(at(16_000)).unwrap();
        let Err(next) = lane.take(at(16_000)) else { panic!("the pace is slow") };
        assert!(next > at(16_200), "the next episode: {next:?}");
    }

    #[test]
    fn refusals_of_one_burst_are_one_episode() {
        let mut lane = lane();
        let failure = Failure::new(FailureKind::Throttled, "slow down");
        for _ in 0..20 {
            lane.throttle(at(5), &failure, 3);
        }
        assert!(lane.held_until(at(5)).unwrap() <= at(5).plus(SUBMIT.first));
    }
}
