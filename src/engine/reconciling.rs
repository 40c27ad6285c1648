//! The part of the engine that finds out what the provider already has: jobs in doubt, and jobs that
//! a lost journal has forgotten. Both are found by their tags in the provider's list. *Found* is
//! always believed; what *not found* means is decided in [`absence`](super::absence).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::absence_proof::PendingProof;
use super::backoff::READ;
use super::{Batch, Submits};
use crate::model::{
    Command, CommandKind, Disposition, Event, Failure, FailureKind, Generation, Inconclusive,
    JobEvent, ListFilter, Listing, RenderReport, StopReason, Tag, Timestamp, find_tags,
};

/// How many settle times a run that has nothing else to do goes on looking for proof: ten minutes by
/// default, which is longer than any list has been seen to lag.
const SETTLES_BEFORE_GIVING_UP: u32 = 20;

/// How many where no proof is possible, because there is no witness and none can come: the job may
/// still be found in a list that is a little late.
const SETTLES_WITHOUT_WITNESS: u32 = 2;

/// However long it has been, a job is looked for so often before it is left to a person.
const LISTINGS_BEFORE_GIVING_UP: u32 = 2;

/// How often a refused list is asked for again before a run goes on without the inventory.
const INVENTORY_TRIES: u32 = 5;

/// The listing before the first submit.
#[derive(Debug, Default)]
pub(super) enum Inventory {
    /// Nothing is to be submitted, or the list has been read.
    #[default]
    Settled,
    /// Still to be read.
    Due,
    /// Read once, by the time given; to be read once more, a settle time later: the journal was lost, a submit
    /// was redirected, or the list shows submits that it knows nothing of, and may not show all of them yet.
    ReadOnce(Timestamp),
}

impl Inventory {
    pub(super) const fn allows_submits(&self) -> bool {
        matches!(self, Self::Settled)
    }
}

/// What a listing has brought.
#[derive(Debug, Default)]
struct Found {
    /// So many jobs were taken over that were not in doubt: nothing was known of their submits.
    unknown: usize,
    /// There may be more to find, of later generations.
    has_more: bool,
}

/// What a listing under way was asked, and why.
#[derive(Debug)]
pub(super) struct ListRequest {
    pub(super) started: Timestamp,
    /// The jobs in doubt, by their tags.
    doubtful: HashMap<Tag, (usize, Generation)>,
    /// Whether all our rows were asked for, as far as they may be news.
    includes_own_rows: bool,
    /// Whether the list was read before anything was submitted: what it shows is older than this run.
    pub(super) is_inventory: bool,
    /// The doubts it may settle, with their witnesses.
    pub(super) in_doubt: Vec<PendingProof>,
}

impl Batch {
    /// Decides at the beginning of a run whether the list must be read before anything is submitted:
    /// whenever something would be, because a tag in it may be all that is left of a lost journal, or
    /// the work of another machine. With the journal lost, it is read even if nothing is to be
    /// submitted: what it shows is to be collected.
    pub(super) fn plan_first_listing(&mut self, now: Timestamp) {
        let submits = self.policy.submits == Submits::Selected
            && (!self.ready.is_empty()
                || self
                    .in_doubt
                    .iter()
                    .any(|place| self.is_resubmit_requested(*place)));
        if is_broken!(InventorySkipped) {
            return;
        }
        if submits || (self.policy.journal_was_lost && !self.pending.is_empty()) {
            self.inventory = Inventory::Due;
            self.next_list.get_or_insert(now);
        }
    }

    /// Whether the list is still to be read before anything else can be decided.
    pub(super) fn awaits_inventory(&self) -> bool {
        !self.inventory.allows_submits() && !self.is_stopping()
    }

    /// Whether the run is still waiting for proof about a job in doubt.
    pub(super) fn is_reconciling(&self, now: Timestamp) -> bool {
        !self.reads_ended
            && self.in_doubt.iter().any(|place| {
                let live = &self.jobs[*place].live;
                now < self.patience_ends(now, *place) || live.listings < LISTINGS_BEFORE_GIVING_UP
            })
    }

    /// Until when proof about a job in doubt is waited for.
    fn patience_ends(&self, now: Timestamp, place: usize) -> Timestamp {
        let may_have_witness =
            !self.accepted.is_empty() || self.outstanding_submits > 0 || self.wants_to_submit();
        let settles = if may_have_witness {
            SETTLES_BEFORE_GIVING_UP
        } else {
            SETTLES_WITHOUT_WITNESS
        };
        let since = self.jobs[place].live.in_doubt_since.unwrap_or(now);
        since.plus(self.policy.limits.settle.saturating_mul(settles))
    }

    /// Asks for the list when it is due.
    pub(super) fn list_if_due(&mut self, now: Timestamp) {
        if self.outstanding_list.is_some() {
            return;
        }
        let awaits_inventory = self.awaits_inventory();
        let reconciles = awaits_inventory || self.is_reconciling(now);
        let for_jobs = reconciles.then(|| self.next_list.unwrap_or(now));
        let Some(due) = for_jobs.into_iter().chain(self.duplicate_runs.due()).min() else {
            return;
        };
        if due > now {
            self.wake(due);
        } else if self.may_read(now) {
            self.list(now, awaits_inventory);
        }
    }

    fn list(&mut self, now: Timestamp, awaits_inventory: bool) {
        let includes_own_rows = self.duplicate_runs.look(now) || awaits_inventory;
        if includes_own_rows && self.own_rows.is_none() {
            self.own_rows = Some(self.make_tags());
        }
        let in_doubt: Vec<PendingProof> = self
            .in_doubt
            .iter()
            .map(|place| self.doubt(now, *place))
            .collect();
        let tag = |place: &usize| {
            let state = &self.jobs[*place].state;
            Some((state.tag.clone()?, (*place, state.generation)))
        };
        let doubtful: HashMap<Tag, _> = self.in_doubt.iter().filter_map(tag).collect();
        self.commands.push(Command::List {
            sought: Arc::new(ListFilter {
                tags: doubtful.keys().cloned().collect(),
                witnesses: in_doubt
                    .iter()
                    .flat_map(PendingProof::witnesses)
                    .cloned()
                    .collect(),
                own: self.own_rows.clone().filter(|_| includes_own_rows),
            }),
        });
        self.outstanding_list = Some(ListRequest {
            started: now,
            doubtful,
            includes_own_rows,
            is_inventory: awaits_inventory,
            in_doubt,
        });
    }

    pub(super) fn on_listed(&mut self, now: Timestamp, result: Result<Listing, Failure>) {
        let Some(asked) = self.outstanding_list.take() else {
            return;
        };
        for doubt in &asked.in_doubt {
            self.jobs[doubt.place()].live.listings += 1;
        }
        match result {
            Ok(listing) => {
                self.on_read_success(now);
                self.list_failures = 0;
                self.list_failing_since = None;
                if asked.includes_own_rows {
                    self.duplicate_runs.seen(asked.started);
                }
                let Found { unknown, has_more } = self.adopt_found(now, &asked, &listing);
                self.detect_duplicates(now, &asked, &listing);
                self.evaluate_listing(now, &asked, &listing);
                self.apply_listed_reports(now, &listing);
                if !has_more {
                    self.advance_inventory(now, &asked, listing.rows, unknown > 0);
                }
                self.next_list = Some(self.next_listing(now, has_more));
            }
            Err(failure) => self.on_list_failed(now, failure),
        }
    }

    /// Takes over what was found: paid for already, never to be paid again.
    fn adopt_found(&mut self, now: Timestamp, asked: &ListRequest, listing: &Listing) -> Found {
        // The newest generation of a job is the one that counts; of several rows with one tag, the
        // first that was accepted.
        let mut found: BTreeMap<usize, (Generation, Tag, &RenderReport)> = BTreeMap::new();
        for report in &listing.found {
            for tag in report.name.as_deref().into_iter().flat_map(find_tags) {
                let Some((place, generation)) = self.adoptable(asked, &tag) else {
                    continue;
                };
                let is_better = found.get(&place).is_none_or(|(known, _, earlier)| {
                    (generation, std::cmp::Reverse(report.created_at))
                        > (*known, std::cmp::Reverse(earlier.created_at))
                });
                if is_better {
                    found.insert(place, (generation, tag, report));
                }
            }
        }
        let mut result = Found::default();
        for (place, (generation, tag, report)) in found {
            let is_doubt = self.in_doubt.contains(&place);
            // A row that stands for another job of ours already is somebody's copy of it.
            let is_taken = self.by_remote.contains_key(&report.remote);
            let job = &self.jobs[place];
            if is_taken || !(is_doubt || self.pending.contains(&place) || job.is_refused()) {
                continue;
            }
            // What is still under way is not doubled, and what a crash left of this very wish is
            // known by its attempts.
            let is_old = asked.is_inventory
                && !is_doubt
                && job.state.attempts == 0
                && report.status.is_final();
            if self.policy.fresh && job.may_submit && is_old {
                let generation = generation.next();
                self.transition(now, place, JobEvent::Reopened { generation });
                result.has_more = true;
                continue;
            }
            let (fingerprint, reserved) = if is_doubt || job.is_refused() {
                (job.submitted_fingerprint(), job.state.reserved)
            } else if let Some(left) = job.left_behind(&tag) {
                (left.fingerprint.clone(), left.reserved)
            } else {
                (job.spec.fingerprint.clone(), job.reservation)
            };
            let reserved = if is_broken!(AdoptedIsFree) {
                crate::model::Credits::ZERO
            } else {
                reserved
            };
            let event = JobEvent::Adopted {
                remote: report.remote.clone(),
                tag,
                fingerprint,
                generation,
                reserved,
            };
            self.transition(now, place, event);
            result.unknown += usize::from(!is_doubt);
        }
        result
    }

    /// The job that a tag in the list stands for, if a row with it would be taken over: it is in doubt, or may
    /// have been paid for by somebody this run knows nothing of.
    fn adoptable(&self, asked: &ListRequest, tag: &Tag) -> Option<(usize, Generation)> {
        let in_doubt = asked.doubtful.get(tag).copied();
        in_doubt.or_else(|| {
            let (place, generation) = self.owner(asked, tag)?;
            let job = &self.jobs[place];
            let is_newest = job.state.tag.as_ref() == Some(tag);
            // What it was before it was reopened is behind it, unless nobody knew what that was.
            let is_wanted = if self.pending.contains(&place) {
                job.state.generation <= generation || job.left_behind(tag).is_some()
            } else {
                is_newest && (self.in_doubt.contains(&place) || job.is_refused())
            };
            is_wanted.then_some((place, generation))
        })
    }

    /// The job that a tag in the list stands for, if all our rows were asked for.
    pub(super) fn owner(&self, asked: &ListRequest, tag: &Tag) -> Option<(usize, Generation)> {
        let own = self.own_rows.as_ref().filter(|_| asked.includes_own_rows)?;
        own.owner(tag)
    }

    /// What a list says of renders being watched is as good as a poll, and costs nothing more.
    fn apply_listed_reports(&mut self, now: Timestamp, listing: &Listing) {
        for report in &listing.found {
            if let Some(place) = self.by_remote.get(&report.remote).copied() {
                self.on_report(now, place, report.clone());
            }
        }
    }

    /// Decides whether the list has been read with enough care before the first submit. `has_news`: it has shown
    /// submits that the journal knows nothing of.
    fn advance_inventory(
        &mut self,
        now: Timestamp,
        asked: &ListRequest,
        rows: u64,
        has_news: bool,
    ) {
        let settle = self.policy.limits.settle;
        let is_too_early = |place: &usize| {
            let sent = self.jobs[*place].state.submitted_at.unwrap_or_default();
            self.is_resubmit_requested(*place) && asked.started < sent.plus(settle)
        };
        if self.in_doubt.iter().any(is_too_early) {
            // Sent a moment ago: give the list its time before the person's word is carried out.
            return;
        }
        self.inventory = match self.inventory {
            Inventory::Settled => return,
            Inventory::Due if self.policy.journal_was_lost || self.was_redirected() => {
                Inventory::ReadOnce(now)
            }
            // There may be more that it does not show yet, or somebody is at work at this moment.
            Inventory::Due | Inventory::ReadOnce(_) if has_news => Inventory::ReadOnce(now),
            Inventory::ReadOnce(first) if asked.started < first.plus(settle) => return,
            Inventory::Due | Inventory::ReadOnce(_) => Inventory::Settled,
        };
        if self.inventory.allows_submits() {
            self.record(now, Event::InventoryTaken { rows });
            self.reopen_requested(now);
        }
    }

    /// The person's word about jobs in doubt, heeded once the list has had its chance to know better.
    fn reopen_requested(&mut self, now: Timestamp) {
        for place in self.in_doubt.clone() {
            if self.is_resubmit_requested(place) && self.is_unapplied_request(place) {
                let generation = self.jobs[place].state.generation.next();
                self.transition(now, place, JobEvent::Reopened { generation });
            }
        }
    }

    fn on_list_failed(&mut self, now: Timestamp, failure: Failure) {
        self.list_failures += 1;
        for place in self.in_doubt.clone() {
            let failure = failure.clone();
            self.record_inconclusive(now, place, Inconclusive::Refused { failure });
        }
        self.duplicate_runs.defer(now);
        self.next_list = Some(now.plus(READ.wait(self.list_failures, self.jitter(usize::MAX))));
        let disposition = failure.disposition(CommandKind::List);
        let gives_up = self.list_failures >= INVENTORY_TRIES
            && self.awaits_inventory()
            && disposition == Disposition::Retry
            && failure.kind != FailureKind::NotSent;
        // Nothing is on record yet, and a run elsewhere may have paid for all of it: a list that is down for a
        // moment is waited for. A server that refuses to list will go on to.
        let is_blind = !self.has_submits_on_record()
            && !self.policy.fresh
            && failure.kind != FailureKind::Rejected;
        let since = *self.list_failing_since.get_or_insert(now);
        let is_patient = is_blind && now.since(since) < self.policy.limits.settle;
        if gives_up && !is_patient {
            if self.policy.journal_was_lost {
                self.stop(StopReason::InventoryRefused {
                    message: failure.to_string(),
                });
            } else {
                // The look before the end has tries of its own.
                self.list_failures = 0;
                self.inventory = Inventory::Settled;
                self.record(
                    now,
                    Event::InventorySkipped {
                        failure: failure.clone(),
                    },
                );
                self.reopen_requested(now);
            }
        }
        self.on_read_failed(now, failure, CommandKind::List);
    }

    /// When the next listing can bring something new.
    fn next_listing(&self, now: Timestamp, has_more: bool) -> Timestamp {
        let settle = self.policy.limits.settle;
        let inventory = match self.inventory {
            Inventory::ReadOnce(first) => Some(first.plus(settle)),
            Inventory::Due if has_more => Some(now),
            Inventory::Due | Inventory::Settled => None,
        };
        let soonest = self.next_proof(now).into_iter().chain(inventory).min();
        let usual = now.plus(settle.clamp(Duration::from_millis(200), Duration::from_secs(60)));
        // One millisecond at least, so that two listings are never one.
        soonest
            .map_or(usual, |soonest| soonest.min(usual))
            .max(now.plus(Duration::from_millis(1)))
    }
}
