//! How many renders at one time an account takes, learnt from what becomes of those it is given.
//!
//! The provider publishes no figure, and what happens beyond it differs: one more is refused (429), or it waits in
//! the provider's queue, or all of them take longer. So the number is found as TCP finds the width of a path
//! (RFC 5681, and Vegas for paths that queue in silence):
//!
//! * each render that begins while the places are what is scarce earns one place more, which doubles them in the
//!   time of a render; until a few are home it stays at twice the number begun with;
//! * a refusal cuts the places to what is under way, and renders that wait in the queue cut them to what is being
//!   rendered and a few more, which take over the moment another ends;
//! * from then on an eighth more is earned by as many renders as there are places; and each time that is
//!   refused, the next attempt needs twice as many;
//! * for a provider that lets renders wait and says they are running: nothing is earned while they take twice as long
//!   as they once did, nor more places than can end in a third of the time after which a render is given up (by Little's
//!   law: places are ends in a time, times how long each takes); and the places are cut while they take longer.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::Timestamp;

/// However much a provider takes: so many are in flight at the most.
const MAX_SLOTS: usize = 1000;

/// Renders whose usual time, and whose pace, is known and compared.
const SAMPLES: usize = 8;

/// A usual time so many times the shortest one tells of a queue nobody speaks of.
const QUEUE_FACTOR: u32 = 2;

/// A usual render must leave room for one that takes so many times as long, or it would be given up.
const TIMEOUT_FACTOR: u32 = 3;

/// The next attempt to have more places waits for so many rounds at the most.
const MAX_PATIENCE: usize = 32;

/// The places at the provider, as far as they are known.
#[derive(Debug)]
pub(crate) struct ConcurrencyLimit {
    /// How many it began with.
    first: usize,
    /// How many there are taken to be.
    slots: usize,
    /// Whether the provider has shown where they end.
    is_known: bool,
    /// Whether most places are taken, and more would be.
    is_saturated: bool,
    /// Renders that began while that was so, since the places last changed.
    render_started: usize,
    /// Rounds of `slots` renders that earn more.
    patience: usize,
    /// The places were more than is known to be taken when they last changed.
    is_probe: bool,
    /// Renders known to wait in the provider's queue.
    waiting: usize,
    times: RenderTimes,
    /// The number that is on record.
    recorded: Option<usize>,
}

/// How long renders take, and how many end in a time.
#[derive(Debug)]
struct RenderTimes {
    /// The newest: when they ended, and after how long; oldest first.
    newest: VecDeque<(Timestamp, Duration)>,
    /// How long a usual one of the newest took at the least.
    shortest: Duration,
    /// How long a usual one may take.
    longest: Duration,
    /// How many have ended since the places were last cut because of their times.
    since_reduction: usize,
}

impl ConcurrencyLimit {
    /// Begins with `first` places (at least 1). A usual render may take a third of `render_timeout`; beyond
    /// that no more places are earned.
    pub(crate) fn new(first: u32, render_timeout: Duration) -> Self {
        let first = usize::try_from(first.max(1))
            .unwrap_or(MAX_SLOTS)
            .min(MAX_SLOTS);
        Self {
            first,
            slots: first,
            is_known: false,
            is_saturated: false,
            render_started: 0,
            patience: 1,
            is_probe: false,
            waiting: 0,
            times: RenderTimes {
                newest: VecDeque::with_capacity(SAMPLES),
                shortest: Duration::MAX,
                longest: render_timeout / TIMEOUT_FACTOR,
                since_reduction: 0,
            },
            recorded: None,
        }
    }

    /// Goes on from an earlier run, which found `learned` places and left `in_flight` renders. Fewer than this
    /// run would begin with are not believed: a refusal costs nothing.
    pub(crate) fn restore(&mut self, learned: Option<usize>, in_flight: usize) {
        self.is_known = learned.is_some();
        self.recorded = learned;
        let known = learned.unwrap_or(in_flight);
        self.slots = self.first.max(known).min(MAX_SLOTS);
    }

    /// Whether one more may be submitted. Jobs in doubt count against the most that ever are in flight, not
    /// against what is only a guess.
    pub(crate) fn has_room(&self, in_flight: usize, doubtful: usize) -> bool {
        in_flight < self.slots && in_flight.saturating_add(doubtful) < MAX_SLOTS
    }

    /// Whether most places are taken, and more would be.
    pub(crate) const fn set_saturated(&mut self, is_saturated: bool) {
        self.is_saturated = is_saturated;
    }

    /// Renders that wait at the provider, and take over the moment another ends.
    pub(crate) const fn has_queued(&self) -> bool {
        self.waiting > 0
    }

    /// The provider has begun to work on a render.
    pub(crate) fn render_started(&mut self) {
        let most = self
            .times
            .max_slots()
            .unwrap_or(self.first * 2)
            .min(MAX_SLOTS);
        if !self.is_saturated || self.waiting > 0 || self.slots >= most || self.times.are_slowing()
        {
            return;
        }
        self.render_started += 1;
        if !self.is_known {
            self.slots += 1;
        } else if self.render_started >= self.slots.saturating_mul(self.patience) {
            if self.is_probe {
                // The last attempt held for a whole round.
                self.patience = (self.patience / 2).max(1);
            }
            self.change((self.slots + headroom(self.slots)).min(most));
            self.is_probe = true;
        }
    }

    /// The provider refused one more while `in_flight` were under way. With none under way it cannot have
    /// meant their number.
    pub(crate) fn refused(&mut self, in_flight: usize) {
        if in_flight == 0 {
            return;
        }
        if self.is_probe {
            self.patience = (self.patience * 2).min(MAX_PATIENCE);
        }
        self.is_known = true;
        self.is_probe = false;
        self.change(self.slots.min(in_flight));
    }

    /// Of `in_flight` renders so many are now known to wait in the provider's queue.
    pub(crate) fn queue_changed(&mut self, in_flight: usize, waiting: usize) {
        self.waiting = waiting;
        let rendered = in_flight.saturating_sub(waiting);
        let enough = rendered + headroom(rendered);
        if waiting > headroom(rendered) && enough < self.slots {
            self.is_known = true;
            self.is_probe = false;
            self.change(enough);
        }
    }

    /// A render was seen finished at `now`, `took` after it was accepted.
    pub(crate) fn render_finished(&mut self, now: Timestamp, took: Duration) {
        if let Some(part) = self.times.learn(now, took) {
            self.is_known = true;
            self.is_probe = false;
            self.change(scaled(self.slots, part));
        }
    }

    /// The places, if they have been learnt and are others than what is on record, by more than a little.
    pub(crate) fn unrecorded(&mut self) -> Option<usize> {
        let is_news = self
            .recorded
            .is_none_or(|recorded| recorded.abs_diff(self.slots) > headroom(recorded));
        let slots = (self.is_known && is_news).then_some(self.slots)?;
        self.recorded = Some(slots);
        Some(slots)
    }

    fn change(&mut self, slots: usize) {
        self.slots = slots.max(1);
        self.render_started = 0;
    }
}

/// A few beyond so many: what ends between two looks, and what one attempt asks for.
const fn headroom(slots: usize) -> usize {
    1 + slots / 8
}

/// A part of so many.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a few hundred places, and a part that is not negative"
)]
fn scaled(slots: usize, part: f64) -> usize {
    (slots as f64 * part).min(MAX_SLOTS as f64) as usize
}

impl RenderTimes {
    /// Takes in how long a render took; answers with the part of the places to keep if that was too long.
    fn learn(&mut self, now: Timestamp, took: Duration) -> Option<f64> {
        if self.newest.len() == SAMPLES {
            self.newest.pop_front();
        }
        self.newest.push_back((now, took));
        self.since_reduction += 1;
        let typical = self.typical()?;
        self.shortest = self.shortest.min(typical);
        // What was submitted before a cut has still waited as long.
        if typical <= self.longest || self.since_reduction < 2 * SAMPLES {
            return None;
        }
        self.since_reduction = 0;
        Some(self.longest.as_secs_f64() / typical.as_secs_f64())
    }

    /// How long a usual one of the newest took, once there are a few.
    fn typical(&self) -> Option<Duration> {
        let mut times: Vec<Duration> = self.newest.iter().map(|(_, took)| *took).collect();
        times.sort_unstable();
        times
            .get(SAMPLES / 2)
            .copied()
            .filter(|_| times.len() == SAMPLES)
    }

    /// Whether more renders at one time only take longer.
    fn are_slowing(&self) -> bool {
        self.typical()
            .is_some_and(|typical| typical > self.shortest.saturating_mul(QUEUE_FACTOR))
    }

    /// As many places as become free in the longest time a usual render may take, once a few are home.
    fn max_slots(&self) -> Option<usize> {
        let (first, _) = self
            .newest
            .front()
            .filter(|_| self.newest.len() == SAMPLES)?;
        let (last, _) = self.newest.back()?;
        let between = last.since(*first).max(Duration::from_secs(1));
        Some(scaled(
            SAMPLES,
            self.longest.as_secs_f64() / between.as_secs_f64(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(1800);

    fn limit(first: u32) -> ConcurrencyLimit {
        let mut limit = ConcurrencyLimit::new(first, TIMEOUT);
        limit.set_saturated(true);
        limit
    }

    /// So many renders that took so long end, one every second.
    fn finish(limit: &mut ConcurrencyLimit, count: usize, took: u64) {
        for _ in 0..count {
            let last = limit.times.newest.back().map(|(at, _)| *at);
            let now = last.unwrap_or_default().plus(Duration::from_secs(1));
            limit.render_finished(now, Duration::from_secs(took));
        }
    }

    fn begin(limit: &mut ConcurrencyLimit, count: usize) {
        for _ in 0..count {
            limit.render_started();
        }
    }

    #[test]
    fn doubles_at_first_until_render_times_are_known() {
        let mut limit = limit(4);
        begin(&mut limit, 3);
        assert_eq!(limit.slots, 7);
        begin(&mut limit, 100);
        assert_eq!(limit.slots, 8, "nobody knows yet how long they take");
        finish(&mut limit, SAMPLES, 100);
        begin(&mut limit, 8);
        assert_eq!(limit.slots, 16);
        begin(&mut limit, 5000);
        assert_eq!(
            limit.slots,
            8 * 600 / 7,
            "what can end in a third of the timeout"
        );
        assert!(!limit.has_room(1, MAX_SLOTS - 1), "doubts count in the end");
    }

    #[test]
    fn does_not_grow_while_another_limit_applies() {
        let mut limit = limit(4);
        limit.set_saturated(false);
        begin(&mut limit, 50);
        assert_eq!(limit.slots, 4);
    }

    #[test]
    fn a_refusal_reduces_and_each_failed_probe_doubles_the_wait() {
        let mut limit = limit(16);
        limit.refused(10);
        assert_eq!(limit.slots, 10);
        limit.refused(0);
        assert_eq!(limit.slots, 10, "the number cannot have been meant");
        for rounds in [1, 2, 4] {
            begin(&mut limit, 10 * rounds - 1);
            assert_eq!(limit.slots, 10);
            limit.render_started();
            assert_eq!(limit.slots, 12);
            limit.refused(10);
        }
        begin(&mut limit, 80);
        assert_eq!(limit.slots, 12);
        begin(&mut limit, 12 * 8);
        assert_eq!(limit.slots, 14);
        assert_eq!(limit.patience, 4, "what holds makes it bolder");
    }

    #[test]
    fn a_queue_at_the_provider_leaves_some_headroom() {
        let mut limit = limit(30);
        limit.queue_changed(30, 2);
        assert_eq!(limit.slots, 30, "a few may wait");
        limit.queue_changed(30, 14);
        assert_eq!(limit.slots, 16 + 3);
        begin(&mut limit, 100);
        assert_eq!(limit.slots, 19, "nothing is earned while some wait");
        limit.queue_changed(19, 0);
        begin(&mut limit, 19);
        assert_eq!(limit.slots, 22);
    }

    #[test]
    fn slower_renders_stop_the_growth() {
        let mut limit = limit(10);
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
        let mut limit = limit(10);
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
        for (learned, in_flight, slots) in [
            (None, 0, 10),
            (None, 37, 37),
            (Some(40), 3, 40),
            (Some(3), 2, 10),
        ] {
            let mut limit = limit(10);
            limit.restore(learned, in_flight);
            assert_eq!(limit.slots, slots, "{learned:?} {in_flight}");
            assert_eq!(limit.is_known, learned.is_some());
        }
    }

    #[test]
    fn small_changes_are_not_recorded() {
        let mut limit = limit(40);
        assert_eq!(limit.unrecorded(), None, "nothing has been learnt");
        limit.refused(24);
        assert_eq!(limit.unrecorded(), Some(24));
        limit.refused(21);
        assert_eq!(limit.unrecorded(), None);
        limit.refused(19);
        assert_eq!(limit.unrecorded(), Some(19));
    }
}
