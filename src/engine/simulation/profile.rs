//! The kind of provider that a seed stands for.

use std::time::Duration;

use super::random::Random;
use crate::model::ListOrder;

/// The kind of provider. Faults are in percent of requests unless otherwise noted.
#[derive(Debug, Clone)]
pub(super) struct ProviderProfile {
    /// Accepted, and the answer is lost. Some are accepted only after the answer was lost.
    pub(super) lost_accepted: u64,
    pub(super) lost_not_accepted: u64,
    pub(super) not_sent: u64,
    pub(super) throttled: u64,
    /// In percent of those: accepted, and refused when a gateway has repeated the request.
    pub(super) repeated_by_gateway: u64,
    pub(super) refused: u64,
    /// Failures that stop a run (key revoked, no credits, redirects, a full disk), in a thousand requests.
    pub(super) fatal: u64,
    pub(super) read_faults: u64,
    pub(super) download_faults: u64,
    pub(super) failed_renders: u64,
    /// Of those, in percent: for want of credits, and without a charge.
    pub(super) out_of_credits: u64,
    /// Of those, in percent: finished after all, a while later.
    pub(super) recovers: u64,
    /// Unknown statuses, late outputs, jobs that are not found by their ids.
    pub(super) odd_renders: u64,
    /// Whether it charges more than was estimated.
    pub(super) overcharges: bool,
    /// Whether it reports less than it charges: nothing for failed renders, and little for finished ones at first.
    pub(super) underreports: bool,
    /// Renders that it works on at one time.
    pub(super) slots: usize,
    /// Whether one more waits in a queue. Otherwise it is answered with 429.
    pub(super) has_queue: bool,
    /// How long until a job is found by its id.
    pub(super) lookup_delay: Duration,
    /// How long a list takes to arrive at most, in milliseconds.
    pub(super) list_takes: u64,
    /// How long until a job appears in the list.
    pub(super) list_delay: Duration,
    /// The number of newest jobs that the list shows.
    pub(super) list_cap: usize,
    pub(super) list_order: ListOrder,
    /// Jobs of which a person makes a copy in the dashboard, in percent.
    pub(super) copied: u64,
    /// Jobs that another run has paid for too, in percent.
    pub(super) twins: u64,
    /// Jobs that are shown without their names, in percent.
    pub(super) nameless: u64,
    /// Whether it hides finished renders, or unfinished ones.
    pub(super) hides: Option<bool>,
    pub(super) list_refused: u64,
    pub(super) fleet_refused: u64,
    /// Rows of other campaigns.
    pub(super) foreign_rows: usize,
    /// How far the provider's clock is ahead.
    pub(super) clock_ahead: Duration,
    /// How long a link to a video works.
    pub(super) link_life: Duration,
}

/// How long after its answer was lost a submit may still be accepted.
pub(super) const LATEST_ACCEPTANCE: Duration = Duration::from_secs(10);

/// The same if a gateway has answered in place of the API.
pub(super) const LATEST_BEHIND_GATEWAY: Duration = Duration::from_secs(110);

impl ProviderProfile {
    pub(super) fn new(random: &mut Random) -> Self {
        let has_faults = random.percent(70);
        let mut share = |most: u64| {
            if has_faults { random.below(most + 1) } else { 0 }
        };
        let mut profile = Self {
            lost_accepted: share(15),
            lost_not_accepted: share(15),
            not_sent: share(10),
            throttled: share(15),
            repeated_by_gateway: share(40),
            refused: share(5),
            fatal: share(6),
            read_faults: share(20),
            download_faults: share(30),
            failed_renders: share(10),
            out_of_credits: 20,
            recovers: 20,
            odd_renders: share(12),
            overcharges: random.percent(10),
            underreports: false,
            slots: usize::try_from(2 + random.below(10)).unwrap(),
            has_queue: random.percent(40),
            lookup_delay: random.millis(0, 8000),
            list_takes: *random.one_of(&[200, 20_000]),
            list_delay: random.millis(0, 60_000),
            list_cap: match random.below(100) {
                0..30 => usize::try_from(2 + random.below(8)).unwrap(),
                30..45 => 10,
                _ => usize::MAX,
            },
            list_order: *random.one_of(&[
                ListOrder::NewestFirst,
                ListOrder::NewestFirst,
                ListOrder::NewestFirst,
                ListOrder::OldestFirst,
                ListOrder::Unknown,
            ]),
            hides: *random.one_of(&[None, None, None, None, None, Some(true), Some(false)]),
            twins: 0,
            copied: if random.percent(10) { 30 } else { 0 },
            nameless: 0,
            list_refused: if random.percent(10) { 60 } else { 0 },
            fleet_refused: if random.percent(10) { 40 } else { 0 },
            foreign_rows: if random.percent(40) { 50 } else { 0 },
            clock_ahead: random.millis(0, 3_600_000),
            link_life: random.millis(120_000, 86_400_000),
        };
        let hides_some = profile.hides == Some(true)
            || profile.hides == Some(false) && profile.list_cap < usize::MAX;
        if profile.list_cap < 10 || hides_some {
            // One list would not show what was accepted.
            profile.repeated_by_gateway = 0;
        }
        profile
    }

    /// Checks whether the list shows every accepted job within `settle`, so that a person who looked at it knows.
    pub(super) fn lists_within(&self, settle: Duration) -> bool {
        let latest = self.list_delay + LATEST_BEHIND_GATEWAY;
        self.list_cap == usize::MAX
            && self.list_refused == 0
            && self.hides.is_none()
            && self.nameless == 0
            && latest <= settle.saturating_mul(4)
    }

    /// Returns the same provider without faults.
    pub(super) fn faultless(&self) -> Self {
        Self {
            lost_accepted: 0,
            lost_not_accepted: 0,
            not_sent: 0,
            throttled: 0,
            repeated_by_gateway: 0,
            refused: 0,
            fatal: 0,
            read_faults: 0,
            download_faults: 0,
            out_of_credits: 0,
            odd_renders: 0,
            lookup_delay: Duration::ZERO,
            list_delay: Duration::ZERO,
            list_cap: usize::MAX,
            list_order: ListOrder::NewestFirst,
            nameless: 0,
            hides: None,
            twins: 0,
            list_refused: 0,
            fleet_refused: 0,
            link_life: Duration::from_secs(86_400),
            ..self.clone()
        }
    }
}
