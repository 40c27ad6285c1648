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
const MOST: usize = 1000;

/// Renders whose usual time, and whose pace, is known and compared.
const FEW: usize = 8;

/// A usual time so many times the shortest one tells of a queue nobody speaks of.
const SLOWER: u32 = 2;

/// A usual render must leave room for one that takes so many times as long, or it would be given up.
const TIMES_A_TIMEOUT: u32 = 3;

/// The next attempt to have more places waits for so many rounds at the most.
const MOST_PATIENCE: usize = 32;

/// The places at the provider, as far as they are known.
#[derive(Debug)]
pub(crate) struct Window {
    /// How many it began with.
    first: usize,
    /// How many there are taken to be.
    places: usize,
    /// Whether the provider has shown where they end.
    is_known: bool,
    /// Whether most places are taken, and more would be.
    is_full: bool,
    /// Renders that began while that was so, since the places last changed.
    begun: usize,
    /// Rounds of `places` renders that earn more.
    patience: usize,
    /// The places were more than is known to be taken when they last changed.
    is_attempt: bool,
    /// Renders known to wait in the provider's queue.
    waiting: usize,
    times: Times,
    /// The number that is on record.
    told: Option<usize>,
}

/// How long renders take, and how many end in a time.
#[derive(Debug)]
struct Times {
    /// The newest: when they ended, and after how long; oldest first.
    newest: VecDeque<(Timestamp, Duration)>,
    /// How long a usual one of the newest took at the least.
    shortest: Duration,
    /// How long a usual one may take.
    longest: Duration,
    /// How many have ended since the places were last cut because of their times.
    since_cut: usize,
}

impl Window {
    /// Begins with `first` places (at least 1). A usual render may take a third of `render_timeout`; beyond
    /// that no more places are earned.
    pub(crate) fn new(first: u32, render_timeout: Duration) -> Self {
        let first = usize::try_from(first.max(1)).unwrap_or(MOST).min(MOST);
        Self {
            first,
            places: first,
            is_known: false,
            is_full: false,
            begun: 0,
            patience: 1,
            is_attempt: false,
            waiting: 0,
            times: Times {
                newest: VecDeque::with_capacity(FEW),
                shortest: Duration::MAX,
                longest: render_timeout / TIMES_A_TIMEOUT,
                since_cut: 0,
            },
            told: None,
        }
    }

    /// Goes on from an earlier run, which found `learnt` places and left `in_flight` renders. Fewer than this
    /// run would begin with are not believed: a refusal costs nothing.
    pub(crate) fn restore(&mut self, learnt: Option<usize>, in_flight: usize) {
        self.is_known = learnt.is_some();
        self.told = learnt;
        let known = learnt.unwrap_or(in_flight);
        self.places = self.first.max(known).min(MOST);
    }

    /// Whether one more may be submitted. Jobs in doubt count against the most that ever are in flight, not
    /// against what is only a guess.
    pub(crate) fn has_room(&self, in_flight: usize, doubtful: usize) -> bool {
        in_flight < self.places && in_flight.saturating_add(doubtful) < MOST
    }

    /// Whether most places are taken, and more would be.
    pub(crate) const fn filled(&mut self, is_full: bool) {
        self.is_full = is_full;
    }

    /// Renders that wait at the provider, and take over the moment another ends.
    pub(crate) const fn has_spare(&self) -> bool {
        self.waiting > 0
    }

    /// The provider has begun to work on a render.
    pub(crate) fn begun(&mut self) {
        let most = self.times.most_places().unwrap_or(self.first * 2).min(MOST);
        if !self.is_full || self.waiting > 0 || self.places >= most || self.times.are_longer() {
            return;
        }
        self.begun += 1;
        if !self.is_known {
            self.places += 1;
        } else if self.begun >= self.places.saturating_mul(self.patience) {
            if self.is_attempt {
                // The last attempt held for a whole round.
                self.patience = (self.patience / 2).max(1);
            }
            self.change((self.places + spare(self.places)).min(most));
            self.is_attempt = true;
        }
    }

    /// The provider refused one more while `in_flight` were under way. With none under way it cannot have
    /// meant their number.
    pub(crate) fn refused(&mut self, in_flight: usize) {
        if in_flight == 0 {
            return;
        }
        if self.is_attempt {
            self.patience = (self.patience * 2).min(MOST_PATIENCE);
        }
        self.is_known = true;
        self.is_attempt = false;
        self.change(self.places.min(in_flight));
    }

    /// Of `in_flight` renders so many are now known to wait in the provider's queue.
    pub(crate) fn waits(&mut self, in_flight: usize, waiting: usize) {
        self.waiting = waiting;
        let rendered = in_flight.saturating_sub(waiting);
        let enough = rendered + spare(rendered);
        if waiting > spare(rendered) && enough < self.places {
            self.is_known = true;
            self.is_attempt = false;
            self.change(enough);
        }
    }

    /// A render was seen finished at `now`, `took` after it was accepted.
    pub(crate) fn finished(&mut self, now: Timestamp, took: Duration) {
        if let Some(part) = self.times.learn(now, took) {
            self.is_known = true;
            self.is_attempt = false;
            self.change(scaled(self.places, part));
        }
    }

    /// The places, if they have been learnt and are others than what is on record, by more than a little.
    pub(crate) fn news(&mut self) -> Option<usize> {
        let is_news = self
            .told
            .is_none_or(|told| told.abs_diff(self.places) > spare(told));
        let places = (self.is_known && is_news).then_some(self.places)?;
        self.told = Some(places);
        Some(places)
    }

    fn change(&mut self, places: usize) {
        self.places = places.max(1);
        self.begun = 0;
    }
}

/// A few beyond so many: what ends between two looks, and what one attempt asks for.
const fn spare(places: usize) -> usize {
    1 + places / 8
}

/// A part of so many.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a few hundred places, and a part that is not negative"
)]
fn scaled(places: usize, part: f64) -> usize {
    (places as f64 * part).min(MOST as f64) as usize
}

impl Times {
    /// Takes in how long a render took; answers with the part of the places to keep if that was too long.
    fn learn(&mut self, now: Timestamp, took: Duration) -> Option<f64> {
        if self.newest.len() == FEW {
            self.newest.pop_front();
        }
        self.newest.push_back((now, took));
        self.since_cut += 1;
        let usual = self.usual()?;
        self.shortest = self.shortest.min(usual);
        // What was submitted before a cut has still waited as long.
        if usual <= self.longest || self.since_cut < 2 * FEW {
            return None;
        }
        self.since_cut = 0;
        Some(self.longest.as_secs_f64() / usual.as_secs_f64())
    }

    /// How long a usual one of the newest took, once there are a few.
    fn usual(&self) -> Option<Duration> {
        let mut times: Vec<Duration> = self.newest.iter().map(|(_, took)| *took).collect();
        times.sort_unstable();
        times.get(FEW / 2).copied().filter(|_| times.len() == FEW)
    }

    /// Whether more renders at one time only take longer.
    fn are_longer(&self) -> bool {
        self.usual()
            .is_some_and(|usual| usual > self.shortest.saturating_mul(SLOWER))
    }

    /// As many places as become free in the longest time a usual render may take, once a few are home.
    fn most_places(&self) -> Option<usize> {
        let (first, _) = self.newest.front().filter(|_| self.newest.len() == FEW)?;
        let (last, _) = self.newest.back()?;
        let between = last.since(*first).max(Duration::from_secs(1));
        Some(scaled(
            FEW,
            self.longest.as_secs_f64() / between.as_secs_f64(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(1800);

    fn window(first: u32) -> Window {
        let mut window = Window::new(first, TIMEOUT);
        window.filled(true);
        window
    }

    /// So many renders that took so long end, one every second.
    fn finish(window: &mut Window, count: usize, took: u64) {
        for _ in 0..count {
            let last = window.times.newest.back().map(|(at, _)| *at);
            let now = last.unwrap_or_default().plus(Duration::from_secs(1));
            window.finished(now, Duration::from_secs(took));
        }
    }

    fn begin(window: &mut Window, count: usize) {
        for _ in 0..count {
            window.begun();
        }
    }

    #[test]
    fn doubles_at_first_and_waits_for_a_few_to_come_home() {
        let mut window = window(4);
        begin(&mut window, 3);
        assert_eq!(window.places, 7);
        begin(&mut window, 100);
        assert_eq!(window.places, 8, "nobody knows yet how long they take");
        finish(&mut window, FEW, 100);
        begin(&mut window, 8);
        assert_eq!(window.places, 16);
        begin(&mut window, 5000);
        assert_eq!(
            window.places,
            8 * 600 / 7,
            "what can end in a third of the timeout"
        );
        assert!(!window.has_room(1, MOST - 1), "doubts count in the end");
    }

    #[test]
    fn earns_nothing_while_something_else_is_the_limit() {
        let mut window = window(4);
        window.filled(false);
        begin(&mut window, 50);
        assert_eq!(window.places, 4);
    }

    #[test]
    fn a_refusal_cuts_and_each_attempt_in_vain_doubles_the_patience() {
        let mut window = window(16);
        window.refused(10);
        assert_eq!(window.places, 10);
        window.refused(0);
        assert_eq!(window.places, 10, "the number cannot have been meant");
        for rounds in [1, 2, 4] {
            begin(&mut window, 10 * rounds - 1);
            assert_eq!(window.places, 10);
            window.begun();
            assert_eq!(window.places, 12);
            window.refused(10);
        }
        begin(&mut window, 80);
        assert_eq!(window.places, 12);
        begin(&mut window, 12 * 8);
        assert_eq!(window.places, 14);
        assert_eq!(window.patience, 4, "what holds makes it bolder");
    }

    #[test]
    fn what_waits_at_the_provider_leaves_a_few_to_take_over() {
        let mut window = window(30);
        window.waits(30, 2);
        assert_eq!(window.places, 30, "a few may wait");
        window.waits(30, 14);
        assert_eq!(window.places, 16 + 3);
        begin(&mut window, 100);
        assert_eq!(window.places, 19, "nothing is earned while some wait");
        window.waits(19, 0);
        begin(&mut window, 19);
        assert_eq!(window.places, 22);
    }

    #[test]
    fn renders_that_take_longer_and_longer_earn_nothing() {
        let mut window = window(10);
        finish(&mut window, FEW, 100);
        finish(&mut window, FEW, 190);
        begin(&mut window, 1);
        assert_eq!(window.places, 11);
        finish(&mut window, FEW, 210);
        begin(&mut window, 5);
        assert_eq!(window.places, 11);
        finish(&mut window, FEW, 120);
        begin(&mut window, 1);
        assert_eq!(window.places, 12);
    }

    #[test]
    fn renders_that_nearly_time_out_cut_the_places_once_for_all_that_have_waited() {
        let mut window = window(10);
        finish(&mut window, 2 * FEW, 600);
        assert_eq!(window.places, 10);
        finish(&mut window, FEW, 1200);
        assert_eq!(window.places, 5);
        finish(&mut window, FEW, 1200);
        assert_eq!(window.places, 5);
        finish(&mut window, FEW, 1200);
        assert_eq!(window.places, 2);
        finish(&mut window, 10 * FEW, 9000);
        assert_eq!(window.places, 1);
    }

    #[test]
    fn an_earlier_run_is_believed_if_it_found_more() {
        for (learnt, in_flight, places) in [
            (None, 0, 10),
            (None, 37, 37),
            (Some(40), 3, 40),
            (Some(3), 2, 10),
        ] {
            let mut window = window(10);
            window.restore(learnt, in_flight);
            assert_eq!(window.places, places, "{learnt:?} {in_flight}");
            assert_eq!(window.is_known, learnt.is_some());
        }
    }

    #[test]
    fn small_changes_are_no_news() {
        let mut window = window(40);
        assert_eq!(window.news(), None, "nothing has been learnt");
        window.refused(24);
        assert_eq!(window.news(), Some(24));
        window.refused(21);
        assert_eq!(window.news(), None);
        window.refused(19);
        assert_eq!(window.news(), Some(19));
    }
}
