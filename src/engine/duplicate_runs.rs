//! The part of the engine that notices when somebody else pays for the same jobs: a run of the same campaign
//! into another output folder, as two machines or a copied folder may have it.
//!
//! What the provider shows when a run begins is adopted, so runs one after the other never pay twice, wherever
//! they are. Two that submit in the same moments can: the API has no key that would make a submit unique,
//! and each of them only learns from the list what the other has done. To keep that short, a run that submits
//! reads the list again a settle time after its first submit was accepted, then twice as long after that,
//! and so on, and once more before it ends. What the other has paid for and this run has not is adopted; a job
//! that both have paid for is put on record, and nothing more is submitted.

use std::time::Duration;

use super::Batch;
use super::job::PLAUSIBLE_GENERATIONS;
use super::reconciling::ListRequest;
use crate::model::{CampaignTags, JobEvent, Listing, Phase, StopReason, Timestamp, find_tags};

/// Looks are never further apart than this.
const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);

/// The list that is looked at before a run ends is asked for so often, should it be refused.
const LAST_LOOKS: u32 = 5;

/// A list that is refused is not looked at again before this.
const WAIT_AFTER_REFUSAL: Duration = Duration::from_secs(60);

/// When the list is read to see whether somebody else is at work.
#[derive(Debug)]
pub(super) struct Detector {
    next: Option<Timestamp>,
    /// From the next look to the one after it.
    wait: Duration,
    has_begun: bool,
    /// When a submit was last accepted, if no list that was asked for later has been had.
    unseen: Option<Timestamp>,
}

impl Detector {
    /// A watch that begins with the first submit; `settle` is how long the list may lag.
    pub(super) const fn new(settle: Duration) -> Self {
        Self {
            next: None,
            wait: settle,
            has_begun: false,
            unseen: None,
        }
    }

    /// A submit was accepted.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.unseen = Some(now);
        if !self.has_begun {
            self.has_begun = true;
            self.advance(now);
        }
    }

    /// When the list is to be read.
    pub(super) const fn due(&self) -> Option<Timestamp> {
        self.next
    }

    /// The list is being read, for whatever reason: whether that is the look that is due.
    pub(super) fn look(&mut self, now: Timestamp) -> bool {
        let is_due = self.next.is_some_and(|next| next <= now);
        if is_due {
            self.advance(now);
        }
        is_due
    }

    /// A list has been had that was asked for at `started`.
    pub(super) fn seen(&mut self, started: Timestamp) {
        self.unseen = self.unseen.filter(|accepted| *accepted > started);
    }

    /// Whether no list has been had since the last submit was accepted.
    pub(super) const fn needs_final_check(&self) -> bool {
        self.unseen.is_some()
    }

    /// The list is to be read at `moment`.
    pub(super) const fn schedule_at(&mut self, moment: Timestamp) {
        self.next = Some(moment);
    }

    /// The list was refused. A failed read holds up those that are wanted more: the next look waits.
    pub(super) fn defer(&mut self, now: Timestamp) {
        let later = now.plus(WAIT_AFTER_REFUSAL);
        self.next = self.next.map(|next| next.max(later));
    }

    fn advance(&mut self, now: Timestamp) {
        // One millisecond at least, so that two looks are never one.
        self.next = Some(now.plus(self.wait.max(Duration::from_millis(1))));
        self.wait = self.wait.saturating_mul(2).min(LONGEST_WAIT);
    }
}

impl Batch {
    /// Looks a last time before the run ends, however short it was. Answers whether there is something to wait
    /// for.
    pub(super) fn starts_final_check(&mut self, now: Timestamp) -> bool {
        let can_look = !self.stops_at_once() && self.stop.is_none() && !self.reads_ended;
        let is_hopeless = self.list_failures >= LAST_LOOKS;
        let is_held = self.read_lane.held_until(now).is_some();
        if !can_look
            || !self.duplicate_runs.needs_final_check()
            || is_hopeless
            || (is_held && self.list_failures == 0)
        {
            return false;
        }
        let retry = self.next_list.filter(|_| self.list_failures > 0);
        self.duplicate_runs
            .schedule_at(retry.map_or(now, |retry| retry.max(now)));
        self.list_if_due(now);
        true
    }

    /// The tags of all jobs: of those that were submitted before, and of those that may be.
    pub(super) fn make_tags(&self) -> CampaignTags {
        let pending = self.pending.len() * PLAUSIBLE_GENERATIONS as usize;
        let mut own = CampaignTags::new(
            self.jobs.len(),
            pending + self.jobs.len() - self.pending.len(),
        );
        for (place, job) in self.jobs.iter().enumerate() {
            if let Some(tag) = &job.state.tag {
                own.add(tag, place, job.state.generation);
            }
            if self.pending.contains(&place) {
                job.add_plausible_tags(&mut own, &self.campaign, place);
            }
            own.set_ended(place, job.final_remote());
        }
        own
    }

    /// Keeps what a list is to be searched for true of one job.
    pub(super) fn update_campaign_tags(&mut self, place: usize) {
        if let Some(own) = &mut self.own_rows {
            let job = &self.jobs[place];
            own.set_ended(place, job.final_remote());
            if matches!(job.state.phase, Phase::Pending) {
                job.add_plausible_tags(own, &self.campaign, place);
            }
        }
    }

    /// Puts on record which of our jobs the list shows a second time, and submits no more if that is news of
    /// this run.
    pub(super) fn detect_duplicates(
        &mut self,
        now: Timestamp,
        asked: &ListRequest,
        listing: &Listing,
    ) {
        if is_broken!(RivalIgnored) {
            return;
        }
        for report in &listing.found {
            if self.by_remote.contains_key(&report.remote) {
                continue;
            }
            for tag in report.name.as_deref().into_iter().flat_map(find_tags) {
                let Some((place, _)) = self.owner(asked, &tag) else {
                    continue;
                };
                let state = &self.jobs[place].state;
                let is_ours = state.tag.as_ref() == Some(&tag) && state.phase.remote().is_some();
                if !is_ours || state.twins.contains(&report.remote) {
                    continue;
                }
                let remote = report.remote.clone();
                self.transition(now, place, JobEvent::PaidTwice { remote });
                if !asked.is_inventory {
                    let job = self.jobs[place].spec.id.clone();
                    self.stop(StopReason::Rival { job });
                }
            }
        }
    }
}
