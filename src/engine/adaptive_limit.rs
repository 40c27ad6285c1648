//! An adaptive limit for renders in flight, learned from how the provider treats those it gets.
//!
//! The provider publishes no limit, and accounts differ in what happens beyond it: one render more is refused (429),
//! or it waits in the provider's queue, or all renders take longer. So the limit is found as TCP finds the capacity of a
//! path (RFC 5681, and Vegas for paths that queue silently):
//!
//! * Slow start: each render that starts while slots are scarce adds one slot, which doubles the limit in the time of
//!   a render. Until render times are known, it stays at twice its first value.
//! * A refusal reduces the limit to the number in flight. A queue at the provider reduces it to the number being
//!   rendered plus some headroom, which fills a slot as soon as another render ends.
//! * After that the limit grows by an eighth (a probe) whenever as many renders have started as there are slots. Each
//!   probe that is refused doubles the number of renders before the next.
//! * Some providers queue silently: a render that waits is reported as running. So the limit does not grow while
//!   renders take twice as long as they once did, nor beyond the number of renders that can end within a third of the
//!   render time-out (Little's law: the number in flight is the rate of ends times the duration). It is
//!   reduced while renders take longer than that third.
//!
//! A plain additive increase with a multiplicative decrease would grow without bound at a provider that queues silently.

use std::collections::VecDeque;
use std::time::Duration;

use super::concurrency_limit::ConcurrencyLimit;
use crate::model::Timestamp;

/// The limit is never higher than this.
const MAX_SLOTS: usize = 1000;

/// Number of newest renders from which duration and rate are measured.
const SAMPLES: usize = 8;

/// A typical render that takes this many times the shortest one indicates a silent queue.
const QUEUE_FACTOR: u32 = 2;

/// A typical render may take this fraction of the time-out, so that slower ones do not exceed it.
const TIMEOUT_FACTOR: u32 = 3;

/// The most rounds between two probes.
const MAX_PATIENCE: usize = 32;

/// An adaptive limit for renders in flight.
#[derive(Debug)]
pub(super) struct AdaptiveLimit {
    /// The first value.
    first: usize,
    /// The current value.
    slots: usize,
    /// Whether the provider has shown its limit.
    is_known: bool,
    /// Whether nearly all slots are taken and more jobs are ready.
    is_saturated: bool,
    /// Renders that started while saturated since the last change.
    started: usize,
    /// Rounds of `slots` renders before the next probe.
    patience: usize,
    /// Whether the last change was a probe.
    is_probe: bool,
    /// Renders known to wait in the provider's queue.
    queued: usize,
    times: RenderTimes,
    /// The value that was recorded last.
    recorded: Option<usize>,
}

/// How long the newest renders took, and how fast they ended.
#[derive(Debug)]
struct RenderTimes {
    /// End and duration of the newest renders, oldest first.
    newest: VecDeque<(Timestamp, Duration)>,
    /// The shortest typical duration so far.
    shortest: Duration,
    /// The longest typical duration that is accepted.
    longest: Duration,
    /// Renders that ended since the limit was last reduced because of their duration.
    since_reduction: usize,
}

impl AdaptiveLimit {
    /// Creates a limit that starts with `first` slots (at least 1).
    pub(super) fn new(first: u32, render_timeout: Duration) -> Self {
        let first = usize::try_from(first.max(1)).unwrap_or(MAX_SLOTS).min(MAX_SLOTS);
        Self {
            first,
            slots: first,
            is_known: false,
            is_saturated: false,
            started: 0,
            patience: 1,
            is_probe: false,
            queued: 0,
            times: RenderTimes {
                newest: VecDeque::with_capacity(SAMPLES),
                shortest: Duration::MAX,
                longest: render_timeout / TIMEOUT_FACTOR,
                since_reduction: 0,
            },
            recorded: None,
        }
    }

    fn reduce(&mut self, slots: usize) {
        self.is_known = true;
        self.is_probe = false;
        self.change(slots);
    }

    fn change(&mut self, slots: usize) {
        self.slots = slots.max(1);
        self.started = 0;
    }
}

impl ConcurrencyLimit for AdaptiveLimit {
    fn is_adaptive(&self) -> bool {
        true
    }

    /// A value below the first one is raised to it, because a refusal costs nothing.
    fn restore(&mut self, learned: Option<usize>, in_flight: usize) {
        self.is_known = learned.is_some();
        self.recorded = learned;
        let known = learned.unwrap_or(in_flight);
        self.slots = self.first.max(known).min(MAX_SLOTS);
    }

    fn has_room(&self, in_flight: usize, in_doubt: usize) -> bool {
        in_flight < self.slots && in_flight.saturating_add(in_doubt) < MAX_SLOTS
    }

    /// The limit grows only while it is saturated.
    fn set_saturated(&mut self, is_saturated: bool) {
        self.is_saturated = is_saturated;
    }

    fn has_queued(&self) -> bool {
        self.queued > 0
    }

    fn on_render_started(&mut self) {
        let max_slots = self.times.max_slots().unwrap_or(self.first * 2).min(MAX_SLOTS);
        let may_grow = self.is_saturated && self.queued == 0 && self.slots < max_slots;
        if !may_grow || self.times.are_slowing() {
            return;
        }
        self.started += 1;
        if !self.is_known {
            self.slots += 1;
        } else if self.started >= self.slots.saturating_mul(self.patience) {
            if self.is_probe {
                // The last probe held for a whole round.
                self.patience = (self.patience / 2).max(1);
            }
            self.change((self.slots + headroom(self.slots)).min(max_slots));
            self.is_probe = true;
        }
    }

    fn on_refused(&mut self, in_flight: usize, outstanding: usize) {
        let in_flight = in_flight.saturating_sub(outstanding);
        if in_flight == 0 {
            return;
        }
        if self.is_probe {
            self.patience = (self.patience * 2).min(MAX_PATIENCE);
        }
        self.reduce(self.slots.min(in_flight));
    }

    /// Many queued renders reduce the limit.
    fn on_queue_changed(&mut self, in_flight: usize, queued: usize) {
        self.queued = queued;
        let rendered = in_flight.saturating_sub(queued);
        let enough = rendered + headroom(rendered);
        if queued > headroom(rendered) && enough < self.slots {
            self.reduce(enough);
        }
    }

    fn on_render_finished(&mut self, now: Timestamp, took: Duration) {
        if let Some(factor) = self.times.add(now, took) {
            self.reduce(scaled(self.slots, factor));
        }
    }

    /// Returns the limit if it is known and differs from the recorded one by more than the headroom.
    fn take_unrecorded(&mut self) -> Option<usize> {
        let differs =
            self.recorded.is_none_or(|recorded| recorded.abs_diff(self.slots) > headroom(recorded));
        let slots = (self.is_known && differs).then_some(self.slots)?;
        self.recorded = Some(slots);
        Some(slots)
    }
}

/// Returns how many slots to have beyond `slots`: for renders that end between two polls, and for a probe.
const fn headroom(slots: usize) -> usize {
    1 + slots / 8
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "at most a thousand slots, and a factor that is not negative"
)]
fn scaled(slots: usize, factor: f64) -> usize {
    (slots as f64 * factor).min(MAX_SLOTS as f64) as usize
}

impl RenderTimes {
    /// Adds the duration of a render. Returns the factor by which to reduce the limit if renders take too long.
    fn add(&mut self, now: Timestamp, took: Duration) -> Option<f64> {
        if self.newest.len() == SAMPLES {
            self.newest.pop_front();
        }
        self.newest.push_back((now, took));
        self.since_reduction += 1;
        let typical = self.typical()?;
        self.shortest = self.shortest.min(typical);
        // Renders that were submitted before a reduction have still waited as long.
        if typical <= self.longest || self.since_reduction < 2 * SAMPLES {
            return None;
        }
        self.since_reduction = 0;
        Some(self.longest.as_secs_f64() / typical.as_secs_f64())
    }

    /// Returns the median duration, once there are enough samples.
    fn typical(&self) -> Option<Duration> {
        let mut times: Vec<Duration> = self.newest.iter().map(|(_, took)| *took).collect();
        times.sort_unstable();
        times.get(SAMPLES / 2).copied().filter(|_| times.len() == SAMPLES)
    }

    /// Checks whether more renders at one time only take longer.
    fn are_slowing(&self) -> bool {
        self.typical().is_some_and(|typical| typical > self.shortest.saturating_mul(QUEUE_FACTOR))
    }

    /// Returns how many slots become free within the longest accepted duration, once there are enough samples.
    fn max_slots(&self) -> Option<usize> {
        let (first, _) = self.newest.front().filter(|_| self.newest.len() == SAMPLES)?;
        let (last, _) = self.newest.back()?;
        let between = last.since(*first).max(Duration::from_secs(1));
        Some(scaled(SAMPLES, self.longest.as_secs_f64() / between.as_secs_f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(1800);

    fn adaptive(first: u32) -> AdaptiveLimit {
        let mut limit = AdaptiveLimit::new(first, TIMEOUT);
        limit.set_saturated(true);
        limit
    }

    /// Ends `count` renders that took `took` seconds, one every second.
    fn finish(limit: &mut AdaptiveLimit, count: usize, took: u64) {
        for _ in 0..count {
            let last = limit.times.newest.back().map(|(at, _)| *at);
            let now = last.unwrap_or_default().plus(Duration::from_secs(1));
            limit.on_render_finished(now, Duration::from_secs(took));
        }
    }

    fn begin(limit: &mut AdaptiveLimit, count: usize) {
        for _ in 0..count {
            limit.on_render_started();
        }
    }

    #[test]
    fn doubles_at_first_until_render_times_are_known() {
        let mut limit = adaptive(4);
        begin(&mut limit, 3);
        assert_eq!(limit.slots, 7);
        begin(&mut limit, 100);
        assert_eq!(limit.slots, 8, "render times are not known");
        finish(&mut limit, SAMPLES, 100);
        begin(&mut limit, 8);
        assert_eq!(limit.slots, 16);
        begin(&mut limit, 5000);
        assert_eq!(limit.slots, 8 * 600 / 7, "ends within a third of the time-out");
        assert!(!limit.has_room(1, MAX_SLOTS - 1), "jobs in doubt count against the maximum");
    }

    #[test]
    fn does_not_grow_while_another_limit_applies() {
        let mut limit = adaptive(4);
        limit.set_saturated(false);
        begin(&mut limit, 50);
        assert_eq!(limit.slots, 4);
    }

    #[test]
    fn a_refusal_reduces_and_each_failed_probe_doubles_the_wait() {
        let mut limit = adaptive(16);
        limit.on_refused(10, 0);
        assert_eq!(limit.slots, 10);
        limit.on_refused(0, 0);
        assert_eq!(limit.slots, 10, "not about concurrency");
        for rounds in [1, 2, 4] {
            begin(&mut limit, 10 * rounds - 1);
            assert_eq!(limit.slots, 10);
            limit.on_render_started();
            assert_eq!(limit.slots, 12);
            limit.on_refused(10, 0);
        }
        begin(&mut limit, 80);
        assert_eq!(limit.slots, 12);
        begin(&mut limit, 12 * 8);
        assert_eq!(limit.slots, 14);
        assert_eq!(limit.patience, 4, "a probe that held");
    }

    #[test]
    fn a_queue_at_the_provider_leaves_some_headroom() {
        let mut limit = adaptive(30);
        limit.on_queue_changed(30, 2);
        assert_eq!(limit.slots, 30, "within the headroom");
        limit.on_queue_changed(30, 14);
        assert_eq!(limit.slots, 16 + 3);
        begin(&mut limit, 100);
        assert_eq!(limit.slots, 19, "no growth while renders wait");
        limit.on_queue_changed(19, 0);
        begin(&mut limit, 19);
        assert_eq!(limit.slots, 22);
    }

    #[test]
    fn slower_renders_stop_the_growth() {
        let mut limit = adaptive(10);
        finish(&mut limit, SAMPLES, 100);
        finish(&mut limit, SAMPLES, 190);
        begin(&mut limit, 1);
        assert_eq!(limit.slots, 11);
        finish(&mut limit, SAMPLES, 210);
        begin(&mut limit, 5);
        assert_eq!(limit.slots, 11);
        finish(&mut limit, SAMPLES, 120);
        begin(&mut limit, 1);
        assert_eq!(limit.slots, 12);
    }

    #[test]
    fn renders_close_to_the_timeout_reduce_the_limit_once_per_backlog() {
        let mut limit = adaptive(10);
        finish(&mut limit, 2 * SAMPLES, 600);
        assert_eq!(limit.slots, 10);
        finish(&mut limit, SAMPLES, 1200);
        assert_eq!(limit.slots, 5);
        finish(&mut limit, SAMPLES, 1200);
        assert_eq!(limit.slots, 5);
        finish(&mut limit, SAMPLES, 1200);
        assert_eq!(limit.slots, 2);
        finish(&mut limit, 10 * SAMPLES, 9000);
        assert_eq!(limit.slots, 1);
    }

    #[test]
    fn a_larger_limit_of_an_earlier_run_is_kept() {
        for (learned, in_flight, slots) in
            [(None, 0, 10), (None, 37, 37), (Some(40), 3, 40), (Some(3), 2, 10)]
        {
            let mut limit = adaptive(10);
            limit.restore(learned, in_flight);
            assert_eq!(limit.slots, slots, "{learned:?} {in_flight}");
            assert_eq!(limit.is_known, learned.is_some());
        }
    }

    #[test]
    fn small_changes_are_not_recorded() {
        let mut limit = adaptive(40);
        assert_eq!(limit.take_unrecorded(), None, "nothing was learned");
        limit.on_refused(24, 0);
        assert_eq!(limit.take_unrecorded(), Some(24));
        limit.on_refused(21, 0);
        assert_eq!(limit.take_unrecorded(), None);
        limit.on_refused(19, 0);
        assert_eq!(limit.take_unrecorded(), Some(19));
    }
}
