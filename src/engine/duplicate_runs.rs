//! Detection of a second run that pays for the same jobs: a run of the same campaign with another output folder, as on
//! two machines or in a copied folder.
//!
//! What the provider shows when a run begins is adopted, so runs one after the other never pay twice. Two runs that
//! submit at the same time can: the API has no key that would make a submit unique, and each run learns only from the
//! list what the other has done. To keep that time short, a run that submits reads the list again a settle time after
//! its first submit was accepted, then at intervals that double, and a last time before it ends, when the list shows its
//! newest job: a list that is late for one run is late for the other.
//! Jobs that only the other run has paid for are adopted. A job that both have paid for is recorded, and
//! the run stops submitting.

use std::time::Duration;

use super::absence_proof::longest_create;
use crate::model::Timestamp;

/// The longest time between two checks.
const LONGEST_INTERVAL: Duration = Duration::from_secs(30 * 60);

/// The shortest time until the next check after a refused list.
const WAIT_AFTER_REFUSAL: Duration = Duration::from_secs(60);

/// Decides when the list is read to detect another run.
#[derive(Debug)]
pub(super) struct Detector {
    /// When the next check is due.
    pub(super) next: Option<Timestamp>,
    /// The time from the next check to the one after it.
    interval: Duration,
    has_begun: bool,
    /// When a submit was last accepted, if no list requested later has shown it.
    unchecked: Option<Timestamp>,
    settle: Duration,
    /// The earliest time of the last check.
    pub(super) not_before: Timestamp,
}

impl Detector {
    /// Creates a detector that begins with the first submit. `settle` is how long the list may lag.
    pub(super) const fn new(settle: Duration) -> Self {
        Self {
            next: None,
            interval: settle,
            has_begun: false,
            unchecked: None,
            settle,
            not_before: Timestamp::from_millis(i64::MIN),
        }
    }

    /// Notes that a submit was accepted.
    pub(super) fn on_accepted(&mut self, now: Timestamp) {
        self.unchecked = Some(now);
        if !self.has_begun {
            self.has_begun = true;
            self.advance(now);
        }
    }

    /// Notes that a submit was refused for good: it is looked for once more before the run ends, when the list must show
    /// it.
    pub(super) fn on_refused(&mut self, now: Timestamp) {
        self.unchecked = Some(now);
        self.not_before = now.plus(self.settle);
    }

    /// Reads the list again at once, and before the run ends.
    pub(super) fn look_again(&mut self, now: Timestamp) {
        self.unchecked = Some(now);
        self.next = Some(now);
    }

    /// Notes that a list is requested, and returns whether it is the check that is due.
    pub(super) fn on_request(&mut self, now: Timestamp) -> bool {
        let is_due = self.next.is_some_and(|next| next <= now);
        if is_due {
            self.advance(now);
        }
        is_due
    }

    /// Notes that a list has arrived that was requested at `started`. Unless `is_late`, it would show what was accepted
    /// before. A list that never shows it is no longer waited for when any create must be in it.
    pub(super) fn on_checked(&mut self, now: Timestamp, started: Timestamp, is_late: bool) {
        let longest = longest_create(self.settle);
        let is_open = |accepted: &Timestamp| {
            *accepted > started || (is_late && started < accepted.plus(longest))
        };
        self.unchecked = self.unchecked.filter(is_open);
        if self.unchecked.is_some() {
            self.not_before = self.not_before.max(now.plus(self.settle));
        }
    }

    /// Returns the time of the newest submit that no list has shown.
    pub(super) const fn unchecked(&self) -> Option<Timestamp> {
        self.unchecked
    }

    /// Checks whether a submit was accepted that no list has shown.
    pub(super) const fn needs_check(&self) -> bool {
        self.unchecked.is_some()
    }

    /// Schedules the next check.
    pub(super) const fn schedule(&mut self, at: Timestamp) {
        self.next = Some(at);
    }

    /// Postpones the next check after a refused list, because failed reads delay other reads.
    pub(super) fn postpone(&mut self, now: Timestamp) {
        let later = now.plus(WAIT_AFTER_REFUSAL);
        self.next = self.next.map(|next| next.max(later));
    }

    fn advance(&mut self, now: Timestamp) {
        // At least one millisecond, so that two checks never coincide.
        self.next = Some(now.plus(self.interval.max(Duration::from_millis(1))));
        self.interval = self.interval.saturating_mul(2).min(LONGEST_INTERVAL);
    }
}
