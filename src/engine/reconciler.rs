//! The provider's list: when it is read, and what it shows. Jobs in doubt and jobs that a lost journal
//! has forgotten are found by their tags.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::RunOptions;
use super::absence_proof::AbsenceProofs;
use super::adoption::ListRequest;
use super::backoff::{Jitter, READ};
use super::duplicate_runs::Detector;
use super::inventory::{Inventory, accepted_around};
use super::job::PLAUSIBLE_GENERATIONS;
use super::job_table::JobTable;
use super::rules::SafetyRules;
use crate::model::{
    CampaignTags, Command, Failure, FailureKind, ListFilter, Listing, Phase, RemoteId,
    RequestIndex, Tag, Timestamp,
};

/// For how many settle times a list that cannot be read is waited for, unless the user names a time.
const LIST_PATIENCE: u32 = 2;

/// How often a list is requested again that the API refuses in its own form.
const TRIES_OF_REFUSED_LIST: u32 = 5;

/// How often a refused list is requested again before the end of a run.
const FINAL_TRIES: u32 = 5;

/// What a refused list means for the run.
#[derive(Debug)]
pub(super) enum ListRefusal {
    /// The list is requested again.
    Retry,
    /// The run continues without the list.
    Skip,
    /// The run must not submit without the list.
    Stop,
}

/// Reads the list.
#[derive(Debug)]
pub(super) struct Reconciler {
    campaign: String,
    settle: Duration,
    /// How long a list that must be read is waited for.
    patience: Duration,
    without_list: bool,
    /// Whether the run waits for renders, so that it can wait for a late list meanwhile.
    waits_for_renders: bool,
    jitter: Jitter,
    rules: &'static dyn SafetyRules,
    pub(super) inventory: Inventory,
    request: Option<ListRequest>,
    next: Option<Timestamp>,
    /// Refusals since the last listing.
    failures: u32,
    failing_since: Option<Timestamp>,
    pub(super) detector: Detector,
    /// The tags of all jobs, once they were needed.
    own_rows: Option<CampaignTags>,
    /// The requests of the jobs without any record of a submit when the run began, once they were needed.
    unpaid: Option<Arc<RequestIndex>>,
    pub(super) proofs: AbsenceProofs,
}

impl Reconciler {
    pub(super) fn new(
        campaign: &str,
        options: &RunOptions,
        jitter: Jitter,
        proofs: AbsenceProofs,
        rules: &'static dyn SafetyRules,
    ) -> Self {
        let settle = options.limits.settle;
        Self {
            campaign: campaign.to_owned(),
            settle,
            patience: options.limits.patience.unwrap_or(settle * LIST_PATIENCE),
            without_list: options.without_list,
            waits_for_renders: !options.leave_after_submitting,
            jitter,
            rules,
            inventory: Inventory::new(options, rules),
            request: None,
            next: None,
            failures: 0,
            failing_since: None,
            detector: Detector::new(settle),
            own_rows: None,
            unpaid: None,
            proofs,
        }
    }

    /// Decides at the beginning of a run whether the list must be read before anything else. It must be whenever this
    /// run may submit, because a tag in it may be all that is left of a lost journal, or the work of
    /// another machine. It is read even if the run submits nothing if jobs may have been paid for without a record: what
    /// it shows is collected.
    pub(super) fn plan_inventory(
        &mut self,
        now: Timestamp,
        may_submit: bool,
        may_have_unknown_jobs: bool,
        known: HashMap<RemoteId, Option<usize>>,
        last: Option<Timestamp>,
        jobs: &JobTable,
    ) {
        if self.rules.needs_inventory(may_submit, may_have_unknown_jobs) {
            self.inventory.plan(now, jobs, known, last);
            self.next.get_or_insert(now);
        }
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

    /// Returns when the list is due. `for_jobs`: it is needed for the inventory or for jobs in doubt. `for_refused`: from
    /// when submits wait for it.
    pub(super) fn due(
        &self,
        now: Timestamp,
        for_jobs: bool,
        for_refused: Option<Timestamp>,
    ) -> Option<Timestamp> {
        if self.is_waiting() {
            return None;
        }
        let next = self.next.unwrap_or(now);
        let is_failing = self.failures > 0;
        let for_refused = for_refused.map(|from| if is_failing { from.max(next) } else { from });
        let for_jobs = for_jobs.then_some(next);
        for_jobs.into_iter().chain(for_refused).chain(self.detector.next).min()
    }

    /// Requests the list.
    pub(super) fn request(
        &mut self,
        now: Timestamp,
        jobs: &JobTable,
        is_inventory: bool,
        refused_since: Option<Timestamp>,
    ) -> Command {
        let includes_own_rows =
            self.detector.on_request(now) || is_inventory || refused_since.is_some();
        if includes_own_rows {
            self.own_tags(jobs);
        }
        let tag = |index: &usize| {
            let state = &jobs[*index].state;
            Some((state.tag.clone()?, (*index, state.generation)))
        };
        let in_doubt: HashMap<Tag, _> = jobs.in_doubt.iter().filter_map(tag).collect();
        let proofs = self.proofs.prepare(now, jobs);
        let mut references: BTreeSet<RemoteId> = proofs
            .iter()
            .flat_map(|proof| &proof.references)
            .map(|row| row.remote.clone())
            .collect();
        if includes_own_rows {
            references.append(&mut self.inventory.references(jobs));
            let around = refused_since.map(|since| accepted_around(jobs, since));
            references.extend(around.into_iter().flatten());
        }
        let unpaid = is_inventory.then(|| self.unpaid_requests(jobs));
        let may_be_nameless = |index: &&usize| !jobs[**index].has_changed();
        let nameless = jobs.in_doubt.iter().filter(may_be_nameless).map(|index| &jobs[*index].spec);
        let nameless = RequestIndex::new(&self.campaign, 0, nameless);
        let command = Command::List {
            filter: Arc::new(ListFilter {
                unpaid: unpaid.filter(|unpaid| !unpaid.is_empty()),
                in_doubt: (!nameless.is_empty()).then(|| Arc::new(nameless)),
                tags: in_doubt.keys().cloned().collect(),
                references,
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
    pub(super) fn on_listed(
        &mut self,
        now: Timestamp,
        request: &ListRequest,
        listing: &Listing,
        jobs: &JobTable,
    ) {
        self.failures = 0;
        self.failing_since = None;
        if !request.includes_own_rows {
            return;
        }
        let unchecked = self.detector.unchecked();
        // An adopted job is older than it seems, and one that the provider does not know is in no list.
        let may_be_newest = |(_, index): &&(Timestamp, usize)| {
            let state = &jobs[*index].state;
            !state.is_adopted && !matches!(state.phase, Phase::Failed { .. })
        };
        let since_unchecked = |(accepted, _): &&(Timestamp, usize)| Some(*accepted) >= unchecked;
        let accepted = jobs.accepted.iter().rev().take_while(since_unchecked);
        let newest = accepted.into_iter().find(may_be_newest);
        let newest = newest.and_then(|(_, index)| jobs[*index].state.phase.remote());
        let is_listed = |remote: &RemoteId| listing.found.iter().any(|row| row.remote == *remote);
        let is_late =
            self.waits_for_renders && !self.rules.is_up_to_date(newest.is_none_or(is_listed));
        self.detector.on_checked(now, request.started, is_late);
    }

    /// Notes that a request by id was answered: the next one, or the list, is due.
    pub(super) fn on_looked_up(&mut self, now: Timestamp) {
        self.failures = 0;
        self.failing_since = None;
        self.next = Some(now);
    }

    /// Returns the tags of the campaign.
    pub(super) fn own_tags(&mut self, jobs: &JobTable) -> &CampaignTags {
        let (campaign, rules) = (&self.campaign, self.rules);
        self.own_rows.get_or_insert_with(|| campaign_tags(campaign, jobs, rules))
    }

    /// Returns the requests of the jobs without any record of a submit.
    pub(super) fn unpaid_requests(&mut self, jobs: &JobTable) -> Arc<RequestIndex> {
        let campaign = &self.campaign;
        let unpaid = self.unpaid.get_or_insert_with(|| {
            let unpaid = jobs.iter().filter(|job| job.is_unsubmitted()).map(|job| &job.spec);
            Arc::new(RequestIndex::new(campaign, PLAUSIBLE_GENERATIONS, unpaid))
        });
        Arc::clone(unpaid)
    }

    /// Returns the tags of the campaign, if the request was for its rows too.
    pub(super) fn own_rows(&self, request: &ListRequest) -> Option<&CampaignTags> {
        self.own_rows.as_ref().filter(|_| request.includes_own_rows)
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
    pub(super) fn schedule_next(&mut self, now: Timestamp, jobs: &JobTable) {
        let inventory = self.inventory.next_listing(now, jobs);
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

    /// Decides what a refused list means that was requested at `started`. `is_awaited`: submits wait for the list. Nothing is paid for on the assumption
    /// that a list which cannot be read is empty, unless the user says so.
    pub(super) fn on_refused(
        &mut self,
        now: Timestamp,
        started: Timestamp,
        failure: &Failure,
        is_awaited: bool,
    ) -> ListRefusal {
        self.failures += 1;
        self.detector.postpone(now);
        let wait = READ.wait(self.failures, self.jitter.of_job(usize::MAX));
        self.next = Some(now.plus(wait));
        let since = *self.failing_since.get_or_insert(started);
        let has_tried = self.failures >= TRIES_OF_REFUSED_LIST;
        let is_final = if failure.kind == FailureKind::Rejected {
            // A server that refuses to list will continue to.
            has_tried
        } else {
            // One that asks for a pause lists after it.
            let is_paused = failure.kind == FailureKind::Throttled && !has_tried;
            let may_end = failure.kind != FailureKind::NotSent && !is_paused;
            may_end && now.since(since) >= self.patience
        };
        if !is_awaited || !is_final {
            return ListRefusal::Retry;
        }
        if !self.without_list {
            return ListRefusal::Stop;
        }
        // The check before the end of the run has tries of its own.
        self.failures = 0;
        self.failing_since = None;
        self.inventory.skip();
        ListRefusal::Skip
    }

    /// Schedules a last check for another run before this one ends, if it needs one. Returns whether it did.
    /// `is_held`: reads are held for a long time.
    pub(super) fn schedule_final_check(&mut self, now: Timestamp, is_held: bool) -> bool {
        let is_failing = self.failures > 0;
        let is_hopeless = self.failures >= FINAL_TRIES;
        if !self.detector.needs_check() || is_hopeless || (is_held && !is_failing) {
            return false;
        }
        let retry = self.next.filter(|_| is_failing);
        let at = retry.map_or(now, |retry| retry.max(now)).max(self.detector.not_before);
        self.detector.schedule(at);
        true
    }

    /// Updates what the list is searched for after an event of a job.
    pub(super) fn update_tags(&mut self, index: usize, jobs: &JobTable) {
        if let Some(own) = &mut self.own_rows {
            let job = &jobs[index];
            own.set_ended(index, job.ended_remote(), job.state.charged.unwrap_or_default());
            if let Some(tag) = &job.state.tag {
                own.add(tag, index, job.state.generation);
            }
            if matches!(job.state.phase, Phase::Pending) || job.state.is_adopted {
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
        if jobs.pending.contains(&index) || job.state.is_adopted {
            job.add_plausible_tags(&mut tags, campaign, index, &rules.other_ids(job));
        }
        tags.set_ended(index, job.ended_remote(), job.state.charged.unwrap_or_default());
    }
    tags
}
