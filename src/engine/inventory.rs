//! What the provider has of a campaign, before the first submit.
//!
//! A journal may be lost, older than the work, or on another machine, so what may exist is compared with what is on
//! record before anything is paid for:
//!
//! - If the list shows nothing that the journal does not know, and one of the newest accepted jobs is in it or is found by
//!   its id, the record is **intact**: one list is enough, however short it is.
//! - If there is **evidence** of work that is not on record (a lost journal, unknown tags, accepted jobs that the account
//!   does not know, a redirected submit), pending jobs are paid for only after two complete lists a settle time apart, the
//!   second of them after the longest time that a create of a killed run may take.
//! - A **new campaign** without any evidence is submitted after one list if a person attends the run, else after two.
//!
//! Jobs whose ids at the provider are named by other records are asked for by id and need no list.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use super::absence_proof::longest_create;
use super::adoption::ListRequest;
use super::job_table::JobTable;
use super::rules::SafetyRules;
use super::{RunOptions, Submits};
use crate::model::{Command, ListOrder, Listing, RemoteId, RenderReport, Timestamp, find_tags};

/// Newest accepted jobs of which one must be known to the provider.
const NEWEST: usize = 10;

/// A list that arrives this long after a submit was sent was requested after its refusal.
const UNTIL_LISTED: Duration = Duration::from_secs(10 * 60);

/// Ids in one request.
const IDS_PER_REQUEST: usize = 100;

/// The listing before the first submit, or of a run that collects.
#[derive(Debug, Clone, Copy)]
enum State {
    /// No submit is planned, or the list has been read.
    Settled,
    /// Still to be read.
    Due,
    /// Read once, by this time, and to be read again a settle time later.
    ReadOnce { at: Timestamp, is_complete: bool },
}

/// What a list means for the first submit.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The first submit does not wait for a list.
    NotNeeded,
    /// The list is read again.
    ReadAgain,
    /// Jobs may be submitted. `is_cut_off`: the list of a new campaign may have been cut off.
    Settled { is_cut_off: bool },
    /// The list has shown jobs that were not on record; the next run that submits reads it again.
    Collected,
    /// Nothing may be submitted: what the list lacks.
    Unproven(String),
}

/// Decides what must be known before the first submit.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "four are options of the run")]
pub(super) struct Inventory {
    settle: Duration,
    rules: &'static dyn SafetyRules,
    without_list: bool,
    requires_proof: bool,
    is_unattended: bool,
    /// Whether one list is enough: the run pays for nothing, and no loss of the journal was known when it began.
    reads_once: bool,
    state: State,
    /// When the run began: a run elsewhere may have been killed shortly before.
    begun: Timestamp,
    /// Whether there is evidence of work that is not on record.
    has_evidence: bool,
    /// Whether the journal was lost, and other records know of accepted jobs.
    has_accepted_jobs: bool,
    /// Whether the journal knows of no submit.
    is_new: bool,
    /// Since when pending jobs whose submit was refused were not looked for.
    refused_since: Option<Timestamp>,
    /// The ids that other records name, with the pending jobs that they name them for.
    known: HashMap<RemoteId, Option<usize>>,
    /// Rows that other records name and that do not fit the job that they are named for, or whose job is not in the sheet.
    pub(super) unmatched: Vec<(Option<usize>, RenderReport)>,
    /// Ids still to be asked for, the request under way, and the ids that the provider knows.
    waiting: Vec<RemoteId>,
    asked: Option<Vec<RemoteId>>,
    answered: HashSet<RemoteId>,
    has_asked_for_newest: bool,
}

impl Inventory {
    pub(super) fn new(options: &RunOptions, rules: &'static dyn SafetyRules) -> Self {
        Self {
            settle: options.limits.settle,
            rules,
            without_list: options.without_list,
            requires_proof: options.requires_proof,
            is_unattended: options.is_unattended,
            reads_once: options.submits == Submits::Nothing && !options.journal_was_lost,
            state: State::Settled,
            begun: Timestamp::default(),
            has_evidence: options.journal_was_lost,
            has_accepted_jobs: options.journal_was_lost && options.has_accepted_jobs,
            is_new: false,
            refused_since: None,
            known: HashMap::new(),
            unmatched: Vec::new(),
            waiting: Vec::new(),
            asked: None,
            answered: HashSet::new(),
            has_asked_for_newest: false,
        }
    }

    /// Plans the listing. `known`: ids at the provider from other records, with the pending jobs that they are named for.
    /// `last`: when the list was last read.
    pub(super) fn plan(
        &mut self,
        now: Timestamp,
        jobs: &JobTable,
        known: HashMap<RemoteId, Option<usize>>,
        last: Option<Timestamp>,
    ) {
        self.state = State::Due;
        self.begun = now;
        let sent = jobs.pending.iter().filter_map(|index| {
            let state = &jobs[*index].state;
            let failure = state.last_failure.as_ref()?;
            state.submitted_at.filter(|_| self.rules.is_looked_for(failure))
        });
        let is_newer = |sent: &Timestamp| last.is_none_or(|last| sent.plus(UNTIL_LISTED) >= last);
        self.refused_since = sent.filter(is_newer).min();
        self.is_new = !jobs.has_submits();
        self.has_evidence |= jobs.has_redirected_submit() || !known.is_empty();
        self.waiting = known.keys().cloned().collect();
        self.waiting.sort();
        self.known = known;
    }

    /// Checks whether jobs may be submitted.
    pub(super) const fn is_settled(&self) -> bool {
        matches!(self.state, State::Settled)
    }

    /// Allows submits without a list.
    pub(super) fn skip(&mut self) {
        self.state = State::Settled;
    }

    /// Checks whether ids are still to be asked for before the list is read.
    pub(super) fn wants_lookup(&self) -> bool {
        !self.is_settled() && (self.asked.is_some() || !self.waiting.is_empty())
    }

    /// Checks whether a request by id can be made now.
    pub(super) fn may_look_up(&self) -> bool {
        self.asked.is_none() && !self.waiting.is_empty()
    }

    /// Returns the next request by id.
    pub(super) fn look_up(&mut self) -> Option<Command> {
        if !self.may_look_up() {
            return None;
        }
        let rest = self.waiting.split_off(self.waiting.len().min(IDS_PER_REQUEST));
        let remotes = std::mem::replace(&mut self.waiting, rest);
        self.asked = Some(remotes.clone());
        Some(Command::Poll { remotes })
    }

    /// Checks whether an answer is the one to a request by id, which is over then.
    pub(super) fn takes(&mut self, remotes: &[RemoteId]) -> bool {
        let is_own = self.asked.as_deref() == Some(remotes);
        if is_own {
            self.asked = None;
        }
        is_own
    }

    /// Notes that the provider knows this id. Returns the pending job that it was named for.
    pub(super) fn on_found(&mut self, remote: &RemoteId) -> Option<usize> {
        self.answered.insert(remote.clone());
        self.known.get(remote).copied().flatten()
    }

    /// Keeps a row that another record names, to compare it with the list.
    pub(super) fn keep_unmatched(&mut self, report: &RenderReport) {
        if let Some(named) = self.known.get(&report.remote) {
            self.unmatched.push((*named, report.clone()));
        }
    }

    /// Repeats a failed request.
    pub(super) fn retry(&mut self, remotes: Vec<RemoteId>) {
        self.waiting.extend(remotes);
    }

    /// Returns the ids that a list must show or be compared with.
    pub(super) fn references(&self, jobs: &JobTable) -> BTreeSet<RemoteId> {
        let accepted = jobs.accepted.iter().rev().filter_map(|entry| remote(jobs, entry));
        if self.has_evidence {
            // A job that is no longer in the sheet may have been deleted at the provider.
            let named = self.known.iter().filter(|(_, job)| job.is_some());
            accepted.chain(named.map(|(remote, _)| remote.clone())).collect()
        } else {
            let before = self.refused_since.map(|since| accepted_around(jobs, since));
            accepted.take(NEWEST).chain(before.into_iter().flatten()).collect()
        }
    }

    /// Decides what a list means. `has_unknown`: it has shown submits that the journal does not know.
    pub(super) fn judge(
        &mut self,
        now: Timestamp,
        request: &ListRequest,
        listing: &Listing,
        jobs: &JobTable,
        has_unknown: bool,
        longest_list: u64,
    ) -> Verdict {
        if self.is_settled() || !request.is_inventory {
            return Verdict::NotNeeded;
        }
        self.has_evidence |= has_unknown;
        if !self.has_evidence && !self.shows_newest(listing, jobs) {
            if !self.has_asked_for_newest {
                self.has_asked_for_newest = true;
                self.waiting.extend(self.references(jobs));
                return Verdict::ReadAgain;
            }
            self.has_evidence = true;
        }
        if let Some(since) = self.refused_since {
            let started = request.started;
            self.has_evidence |= !reaches(listing, jobs, started, since, longest_list, self.rules);
        }
        let listings = if self.is_new && self.is_unattended {
            self.rules.listings_of_new_campaign()
        } else {
            1
        };
        if jobs.pending.is_empty() {
            // The list may show later that a job was made again.
            let may_have_more = match self.state {
                State::ReadOnce { at, .. } => {
                    has_unknown || request.started.minus(listing.age) < self.next_after(at, jobs)
                }
                State::Due | State::Settled => has_unknown,
            };
            if may_have_more && !self.reads_once {
                if has_unknown {
                    self.state = State::ReadOnce { at: now, is_complete: false };
                }
                return Verdict::ReadAgain;
            }
            self.state = State::Settled;
            return Verdict::Settled { is_cut_off: false };
        }
        let lacks = self.lacks(listing, jobs, longest_list);
        let is_cut_off = self.is_new && self.may_be_cut_off(listing, jobs, longest_list);
        if self.reads_once {
            self.state = State::Settled;
            return match lacks.filter(|_| self.has_evidence || is_cut_off) {
                Some(lacks) => Verdict::Unproven(lacks),
                None if self.has_evidence => Verdict::Collected,
                None => Verdict::Settled { is_cut_off },
            };
        }
        let read_once = State::ReadOnce { at: now, is_complete: lacks.is_none() };
        match self.state {
            // A refused create is looked for when the list must show it.
            State::Due if self.has_evidence || listings > 1 || self.refused_since.is_some() => {
                self.state = read_once;
                return Verdict::ReadAgain;
            }
            State::ReadOnce { .. } if has_unknown => {
                // It may not show all of them yet, or another run is submitting.
                self.state = read_once;
                return Verdict::ReadAgain;
            }
            State::ReadOnce { at, .. }
                if request.started.minus(listing.age.min(self.settle))
                    < self.next_after(at, jobs) =>
            {
                return Verdict::ReadAgain;
            }
            State::ReadOnce { is_complete: false, .. } if self.has_evidence && lacks.is_none() => {
                self.state = read_once;
                return Verdict::ReadAgain;
            }
            State::Due | State::ReadOnce { .. } | State::Settled => {}
        }
        let is_unproven = self.has_evidence || (self.requires_proof && is_cut_off);
        if let Some(lacks) = lacks
            && is_unproven
            && !jobs.ready.is_empty()
            && !self.without_list
        {
            return Verdict::Unproven(lacks);
        }
        self.state = State::Settled;
        Verdict::Settled { is_cut_off: is_cut_off && !self.has_evidence }
    }

    /// Returns when the list is to be read again.
    pub(super) fn next_listing(&self, now: Timestamp, jobs: &JobTable) -> Option<Timestamp> {
        match self.state {
            State::ReadOnce { at, .. } => Some(self.next_after(at, jobs)),
            State::Due => Some(now),
            State::Settled => None,
        }
    }

    /// Returns from when a list can complete one that arrived at `at`. A create that was under way when another run was killed
    /// may be accepted later, which matters if jobs are pending.
    fn next_after(&self, at: Timestamp, jobs: &JobTable) -> Timestamp {
        let settled = at.plus(self.settle);
        if !self.has_evidence || jobs.pending.is_empty() {
            return settled;
        }
        settled.max(self.begun.plus(longest_create(self.settle)))
    }

    /// Checks whether one of the newest accepted jobs is in the list or was found by its id.
    fn shows_newest(&self, listing: &Listing, jobs: &JobTable) -> bool {
        let newest = self.references(jobs);
        let is_listed = |remote: &RemoteId| listing.found.iter().any(|row| row.remote == *remote);
        newest.is_empty()
            || newest.iter().any(|remote| self.answered.contains(remote) || is_listed(remote))
    }

    fn may_be_cut_off(&self, listing: &Listing, jobs: &JobTable, longest_list: u64) -> bool {
        let is_known = listing.oldest_own.as_ref().is_some_and(|it| self.known.contains_key(it));
        let is_recorded = is_known || recorded_oldest(listing, jobs).is_some();
        self.rules.may_be_cut_off(listing, longest_list, is_recorded)
    }

    /// Returns what a list lacks to be complete; `None` if it is.
    fn lacks(&self, listing: &Listing, jobs: &JobTable, longest_list: u64) -> Option<String> {
        let listed: HashSet<&RemoteId> = listing.found.iter().map(|row| &row.remote).collect();
        let missing = self.references(jobs).iter().filter(|id| !listed.contains(id)).count();
        if missing > 0 {
            return Some(format!("the list lacks {missing} of the campaign's accepted jobs"));
        }
        if self.rules.must_show_jobs(self.has_accepted_jobs)
            && listed.is_empty()
            && jobs.accepted.is_empty()
        {
            return Some("jobs of this campaign were accepted, and the list shows none".to_owned());
        }
        if listing.age >= self.settle {
            return Some(format!("a cache has kept the list for {} s", listing.age.as_secs()));
        }
        self.may_be_cut_off(listing, jobs, longest_list).then(|| match listing.unreadable {
            0 => format!("the list may be cut off after {} rows", listing.rows),
            rows => format!("{rows} rows of the list cannot be read"),
        })
    }
}

/// Returns the id of an accepted job at the provider.
fn remote(jobs: &JobTable, (_, index): &(Timestamp, usize)) -> Option<RemoteId> {
    jobs[*index].state.phase.remote().cloned()
}

/// Returns the ids of the jobs that were accepted shortly before and after `at`.
pub(super) fn accepted_around(jobs: &JobTable, at: Timestamp) -> Vec<RemoteId> {
    let before = jobs.accepted.range(..(at, 0)).rev().take(NEWEST);
    let after = jobs.accepted.range((at, 0)..).take(NEWEST);
    before.chain(after).filter_map(|entry| remote(jobs, entry)).collect()
}

/// Checks whether a list requested at `started` shows none of our renders under way, of which there are some.
pub(super) fn leaves_out_unfinished(
    listing: &Listing,
    jobs: &JobTable,
    started: Timestamp,
    rules: &dyn SafetyRules,
) -> bool {
    let accepted = jobs.accepted.range(..(started, 0)).rev();
    // A failed job that is asked for once more is not under way.
    let is_under_way = |(_, index): &&(Timestamp, usize)| {
        jobs[*index].is_in_flight() && jobs[*index].state.revisited.is_none()
    };
    let under_way = accepted.filter(is_under_way).take(NEWEST);
    let mut under_way = under_way.filter_map(|entry| remote(jobs, entry)).peekable();
    let is_listed = |remote: RemoteId| listing.found.iter().any(|row| row.remote == remote);
    under_way.peek().is_some() && !rules.shows_unfinished(under_way.any(is_listed))
}

/// Returns when the oldest row of a list was accepted, if it is a job that the journal recorded then.
fn recorded_oldest(listing: &Listing, jobs: &JobTable) -> Option<Timestamp> {
    let state = &jobs[jobs.with_remote(listing.oldest_own.as_ref()?)?].state;
    state.accepted_at.filter(|_| !state.is_adopted)
}

/// Checks whether a list requested at `started` would show a job that was accepted at `at`: it is whole, or shows one of ours beyond it.
pub(super) fn reaches(
    listing: &Listing,
    jobs: &JobTable,
    started: Timestamp,
    at: Timestamp,
    longest_list: u64,
    rules: &dyn SafetyRules,
) -> bool {
    let mut accepted = listing.found.iter().filter_map(|row| {
        let state = &jobs[jobs.with_remote(&row.remote)?].state;
        let mut tags = row.name.as_deref().into_iter().flat_map(find_tags);
        state.accepted_at.filter(|_| tags.any(|tag| state.tag.as_ref() == Some(&tag)))
    });
    if !accepted_around(jobs, at).is_empty() && accepted.clone().next().is_none() {
        // It shows none of our jobs, or not their names.
        return false;
    }
    if leaves_out_unfinished(listing, jobs, started, rules) {
        // It is late, or hides renders under way, of which the job would be one.
        return false;
    }
    // One that ends with a later job may have left out this one.
    let is_recorded = recorded_oldest(listing, jobs).is_some_and(|oldest| oldest < at);
    match rules.order(listing) {
        _ if !rules.may_be_cut_off(listing, longest_list, is_recorded) => true,
        ListOrder::NewestFirst => accepted.any(|accepted| accepted < at),
        ListOrder::OldestFirst => accepted.any(|accepted| accepted > at),
        ListOrder::Unknown => false,
    }
}
