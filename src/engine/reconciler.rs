//! The provider's list: when it is read, and what it shows. Jobs in doubt and jobs that a lost journal
//! has forgotten are found by their tags.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::absence_proof::AbsenceProofs;
use super::adoption::ListRequest;
use super::backoff::{Jitter, READ};
use super::duplicate_runs::Detector;
use super::job::PLAUSIBLE_GENERATIONS;
use super::job_table::JobTable;
use super::rules::SafetyRules;
use crate::model::{
    CampaignTags, Command, CommandKind, Disposition, Failure, FailureKind, ListFilter, Phase, Tag,
    Timestamp,
};

/// How often a refused list is requested again before a run continues without it.
const INVENTORY_TRIES: u32 = 5;

/// How often a refused list is requested again before the end of a run.
const FINAL_TRIES: u32 = 5;

/// The listing before the first submit.
#[derive(Debug, Default)]
enum InventoryState {
    /// No submit is planned, or the list has been read.
    #[default]
    Settled,
    /// Still to be read.
    Due,
    /// Read once, by this time, and to be read again a settle time later: the journal was lost, a submit was
    /// redirected, or the list shows submits that the journal does not know, and may not show all of them yet.
    ReadOnce(Timestamp),
}

/// What a refused list means for the run.
#[derive(Debug)]
pub(super) enum ListRefusal {
    /// The list is requested again.
    Retry,
    /// The run continues without the list.
    Skip,
    /// The run must not go on without the list, because the journal was lost.
    Stop,
}

/// Reads the list.
#[derive(Debug)]
pub(super) struct Reconciler {
    campaign: String,
    settle: Duration,
    journal_was_lost: bool,
    jitter: Jitter,
    rules: &'static dyn SafetyRules,
    inventory: InventoryState,
    request: Option<ListRequest>,
    next: Option<Timestamp>,
    /// Refusals since the last listing.
    failures: u32,
    failing_since: Option<Timestamp>,
    pub(super) detector: Detector,
    /// The tags of all jobs, once they were needed.
    own_rows: Option<CampaignTags>,
    pub(super) proofs: AbsenceProofs,
}

impl Reconciler {
    pub(super) fn new(
        campaign: &str,
        settle: Duration,
        journal_was_lost: bool,
        jitter: Jitter,
        proofs: AbsenceProofs,
        rules: &'static dyn SafetyRules,
    ) -> Self {
        Self {
            campaign: campaign.to_owned(),
            settle,
            journal_was_lost,
            jitter,
            rules,
            inventory: InventoryState::default(),
            request: None,
            next: None,
            failures: 0,
            failing_since: None,
            detector: Detector::new(settle),
            own_rows: None,
            proofs,
        }
    }

    /// Decides at the beginning of a run whether the list must be read before anything else. It must be whenever this
    /// run may submit, because a tag in it may be all that is left of a lost journal, or the work of
    /// another machine. With a lost journal it is read even if the run submits nothing: what it shows is collected.
    pub(super) fn plan_inventory(&mut self, now: Timestamp, may_submit: bool, jobs: &JobTable) {
        let may_have_lost_jobs = self.journal_was_lost && !jobs.pending.is_empty();
        if self.rules.needs_inventory(may_submit, may_have_lost_jobs) {
            self.inventory = InventoryState::Due;
            self.next.get_or_insert(now);
        }
    }

    /// Checks whether the list has been read that is needed before the first submit.
    pub(super) const fn allows_submits(&self) -> bool {
        matches!(self.inventory, InventoryState::Settled)
    }

    /// Notes that a job is in doubt.
    pub(super) fn add_doubt(&mut self, now: Timestamp, index: usize) {
        self.proofs.add(now, index);
        self.next.get_or_insert(now);
    }

    /// Checks whether the answer to a request is outstanding.
    pub(super) const fn is_waiting(&self) -> bool {
        self.request.is_some()
    }

    /// Returns when the list is due. `for_jobs`: it is needed for the inventory or for jobs in doubt.
    pub(super) fn due(&self, now: Timestamp, for_jobs: bool) -> Option<Timestamp> {
        if self.is_waiting() {
            return None;
        }
        let for_jobs = for_jobs.then(|| self.next.unwrap_or(now));
        for_jobs.into_iter().chain(self.detector.next).min()
    }

    /// Requests the list.
    pub(super) fn request(
        &mut self,
        now: Timestamp,
        jobs: &JobTable,
        is_inventory: bool,
    ) -> Command {
        let includes_own_rows = self.detector.on_request(now) || is_inventory;
        if includes_own_rows && self.own_rows.is_none() {
            self.own_rows = Some(campaign_tags(&self.campaign, jobs, self.rules));
        }
        let tag = |index: &usize| {
            let state = &jobs[*index].state;
            Some((state.tag.clone()?, (*index, state.generation)))
        };
        let in_doubt: HashMap<Tag, _> = jobs.in_doubt.iter().filter_map(tag).collect();
        let proofs = self.proofs.prepare(now, jobs);
        let references = proofs.iter().flat_map(|proof| &proof.references);
        let command = Command::List {
            filter: Arc::new(ListFilter {
                tags: in_doubt.keys().cloned().collect(),
                references: references.map(|row| row.remote.clone()).collect(),
                own: self.own_rows.clone().filter(|_| includes_own_rows),
            }),
        };
        self.request =
            Some(ListRequest { started: now, in_doubt, includes_own_rows, is_inventory, proofs });
        command
    }

    /// Returns the request that was answered or refused.
    pub(super) fn take_request(&mut self) -> Option<ListRequest> {
        let request = self.request.take()?;
        self.proofs.count_listing(&request.proofs);
        Some(request)
    }

    /// Notes that the list has arrived.
    pub(super) fn on_listed(&mut self, request: &ListRequest) {
        self.failures = 0;
        self.failing_since = None;
        if request.includes_own_rows {
            self.detector.on_checked(request.started);
        }
    }

    /// Returns the tags of the campaign, if the request was for its rows too.
    pub(super) fn own_rows(&self, request: &ListRequest) -> Option<&CampaignTags> {
        self.own_rows.as_ref().filter(|_| request.includes_own_rows)
    }

    /// Decides whether the list has been read with enough care before the first submit. `has_unknown_submits`: it has shown
    /// submits that the journal does not know. Returns whether it is now settled.
    pub(super) fn advance_inventory(
        &mut self,
        now: Timestamp,
        request: &ListRequest,
        jobs: &JobTable,
        has_unknown_submits: bool,
    ) -> bool {
        self.inventory = match self.inventory {
            InventoryState::Settled => return false,
            InventoryState::Due if self.journal_was_lost || jobs.has_redirected_submit() => {
                InventoryState::ReadOnce(now)
            }
            // The list may not show all of it yet, or another run is submitting.
            InventoryState::Due | InventoryState::ReadOnce(_) if has_unknown_submits => {
                InventoryState::ReadOnce(now)
            }
            InventoryState::ReadOnce(first) if request.started < first.plus(self.settle) => {
                return false;
            }
            InventoryState::Due | InventoryState::ReadOnce(_) => InventoryState::Settled,
        };
        self.allows_submits()
    }

    /// Checks whether the list was requested too early to show a submit of this job.
    pub(super) fn is_too_early(
        &self,
        request: &ListRequest,
        jobs: &JobTable,
        index: usize,
    ) -> bool {
        let sent = jobs[index].state.submitted_at.unwrap_or_default();
        request.started < sent.plus(self.settle)
    }

    /// Schedules the next request for when it can show something new.
    pub(super) fn schedule_next(&mut self, now: Timestamp, jobs: &JobTable, may_have_more: bool) {
        let inventory = match self.inventory {
            InventoryState::ReadOnce(first) => Some(first.plus(self.settle)),
            InventoryState::Due if may_have_more => Some(now),
            InventoryState::Due | InventoryState::Settled => None,
        };
        let proof = self.proofs.next_completion(now, jobs);
        let soonest = proof.into_iter().chain(inventory).min();
        let usual = self.settle.clamp(Duration::from_millis(200), Duration::from_secs(60));
        let usual = now.plus(usual);
        // At least one millisecond, so that two requests never coincide.
        let next = soonest
            .map_or(usual, |soonest| soonest.min(usual))
            .max(now.plus(Duration::from_millis(1)));
        self.next = Some(next);
    }

    /// Decides what a refused list means. `awaits_inventory`: the first submit waits for the list. `is_fresh`: the user
    /// asked to pay for everything again.
    pub(super) fn on_refused(
        &mut self,
        now: Timestamp,
        failure: &Failure,
        jobs: &JobTable,
        awaits_inventory: bool,
        is_fresh: bool,
    ) -> ListRefusal {
        self.failures += 1;
        self.detector.postpone(now);
        let wait = READ.wait(self.failures, self.jitter.of_job(usize::MAX));
        self.next = Some(now.plus(wait));
        let is_final = self.failures >= INVENTORY_TRIES
            && awaits_inventory
            && failure.disposition(CommandKind::List) == Disposition::Retry
            && failure.kind != FailureKind::NotSent;
        // Without any record another run may have paid for all jobs, so the run waits a while for a list that is down. A
        // server that refuses to list will continue to.
        let waits = !jobs.has_submits() && !is_fresh && failure.kind != FailureKind::Rejected;
        let since = *self.failing_since.get_or_insert(now);
        if !is_final || (waits && now.since(since) < self.settle) {
            return ListRefusal::Retry;
        }
        if self.journal_was_lost {
            return ListRefusal::Stop;
        }
        // The check before the end of the run has tries of its own.
        self.failures = 0;
        self.inventory = InventoryState::Settled;
        ListRefusal::Skip
    }

    /// Schedules a last check for another run before this one ends, if it needs one. Returns whether it did.
    /// `is_held`: reads are held.
    pub(super) fn schedule_final_check(&mut self, now: Timestamp, is_held: bool) -> bool {
        let is_failing = self.failures > 0;
        let is_hopeless = self.failures >= FINAL_TRIES;
        if !self.detector.needs_check() || is_hopeless || (is_held && !is_failing) {
            return false;
        }
        let retry = self.next.filter(|_| is_failing);
        let at = retry.map_or(now, |retry| retry.max(now));
        self.detector.schedule(at);
        true
    }

    /// Updates what the list is searched for after an event of a job.
    pub(super) fn update_tags(&mut self, index: usize, jobs: &JobTable) {
        if let Some(own) = &mut self.own_rows {
            let job = &jobs[index];
            own.set_ended(index, job.ended_remote());
            if matches!(job.state.phase, Phase::Pending) {
                let other_ids = self.rules.other_ids(job);
                job.add_plausible_tags(own, &self.campaign, index, &other_ids);
            }
        }
    }
}

/// Returns the tags of all jobs: of those that were submitted before, and of those that may be.
fn campaign_tags(campaign: &str, jobs: &JobTable, rules: &dyn SafetyRules) -> CampaignTags {
    let pending = jobs.pending.len();
    let capacity = pending * PLAUSIBLE_GENERATIONS as usize + jobs.len() - pending;
    let mut tags = CampaignTags::new(jobs.len(), capacity);
    for (index, job) in jobs.iter().enumerate() {
        if let Some(tag) = &job.state.tag {
            tags.add(tag, index, job.state.generation);
        }
        if jobs.pending.contains(&index) {
            job.add_plausible_tags(&mut tags, campaign, index, &rules.other_ids(job));
        }
        tags.set_ended(index, job.ended_remote());
    }
    tags
}
