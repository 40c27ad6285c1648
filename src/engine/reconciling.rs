//! The part of the engine that finds out what the provider already has: jobs in doubt, and jobs that
//! a lost journal has forgotten.
//!
//! Both are found by their tags in the provider's list. *Found* is always believed. *Not found* is
//! believed only with proof, because a list may be late or cut short, and believing it wrongly means
//! paying twice. For a job that was sent at `s` and cannot have been accepted after `a`:
//!
//! - Each of two listings shows every **witness**: our own jobs accepted at about that time. If the
//!   provider needs some time to show a job, the first listing was made after the newest witness,
//!   accepted at `w`, had become visible; a job accepted by `a` is visible `a − w` later.
//! - So the second listing comes at least `a − w` after the first, and a settle time more.
//! - The list reaches back beyond `s`: it shows a witness accepted before `s`, or it has fewer rows
//!   than a list has shown before, so that nothing can have been cut off.
//!
//! Without a witness there is no proof, and the job stays in doubt for a person to judge.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::backoff::READ;
use super::{Batch, Submits};
use crate::model::{
    Command, CommandKind, Disposition, Event, Failure, FailureKind, Generation, JobEvent, Listing,
    RemoteId, RenderReport, StopReason, Tag, Timestamp, find_tags,
};

/// A create is given up after two minutes: one that was sent earlier can no longer be accepted.
pub(super) const LONGEST_CREATE: Duration = Duration::from_secs(120);

/// Witnesses on either side of a job; more would prove no more.
const WITNESSES: usize = 10;

/// How many settle times a run that has nothing else to do goes on looking for proof.
const SETTLES_BEFORE_GIVING_UP: u32 = 20;

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
    /// Read once, at the time given; to be read once more, because the journal was lost.
    ReadOnce(Timestamp),
}

impl Inventory {
    pub(super) const fn allows_submits(&self) -> bool {
        matches!(self, Self::Settled)
    }
}

/// What a listing under way was asked, and why.
#[derive(Debug)]
pub(super) struct ListInAir {
    started: Timestamp,
    /// The jobs each tag stands for.
    wanted: BTreeMap<Tag, (usize, Generation)>,
    /// The doubts it may settle, with their witnesses.
    doubts: Vec<Doubt>,
}

/// A job in doubt, and what would prove that it was not accepted.
#[derive(Debug)]
struct Doubt {
    place: usize,
    witnesses: Vec<RemoteId>,
    /// One of the witnesses was accepted before the job was sent.
    has_earlier_witness: bool,
    /// The time that must lie between two listings.
    gap: Duration,
}

impl Batch {
    /// Decides at the beginning of a run whether the list must be read before anything is submitted:
    /// whenever something would be, because a tag in it may be all that is left of a lost journal, or
    /// the work of another machine.
    pub(super) fn plan_inventory(&mut self, now: Timestamp) {
        if self.policy.submits == Submits::Selected && !self.ready.is_empty() {
            self.inventory = Inventory::Due;
            self.next_list.get_or_insert(now);
        }
    }

    /// Whether the run is still waiting for proof about a job in doubt.
    pub(super) fn is_reconciling(&self, now: Timestamp) -> bool {
        let patience = self.policy.limits.settle * SETTLES_BEFORE_GIVING_UP;
        self.doubts.iter().any(|place| {
            let since = self.jobs[*place].live.doubtful_since.unwrap_or(now);
            now < since.plus(patience)
        })
    }

    /// Asks for the list when it is due.
    pub(super) fn list_due(&mut self, now: Timestamp) {
        let takes_inventory = !self.inventory.allows_submits() && !self.is_stopping();
        if self.list_in_air.is_some() || (!takes_inventory && self.doubts.is_empty()) {
            return;
        }
        if !takes_inventory && !self.is_reconciling(now) {
            return;
        }
        let due = self.next_list.unwrap_or(now);
        if due > now {
            return self.wake(due);
        }
        if let Err(later) = self.read_lane.take(now) {
            return self.wake(later);
        }
        self.list(now, takes_inventory);
    }

    fn list(&mut self, now: Timestamp, takes_inventory: bool) {
        let mut wanted = BTreeMap::new();
        if takes_inventory {
            for &place in &self.ready {
                for generation in self.plausible_generations(place) {
                    let tag = self.jobs[place].tag(&self.campaign, generation);
                    wanted.insert(tag, (place, generation));
                }
            }
        }
        let doubts: Vec<Doubt> = self.doubts.iter().map(|place| self.doubt(*place)).collect();
        for doubt in &doubts {
            let state = &self.jobs[doubt.place].state;
            if let Some(tag) = &state.tag {
                wanted.insert(tag.clone(), (doubt.place, state.generation));
            }
        }
        let tags: BTreeSet<Tag> = wanted.keys().cloned().collect();
        let witnesses: BTreeSet<RemoteId> = doubts
            .iter()
            .flat_map(|doubt| doubt.witnesses.iter().cloned())
            .collect();
        self.commands.push(Command::List {
            tags: Arc::new(tags),
            witnesses: Arc::new(witnesses),
        });
        self.list_in_air = Some(ListInAir {
            started: now,
            wanted,
            doubts,
        });
    }

    /// What would prove that a job in doubt was not accepted.
    fn doubt(&self, place: usize) -> Doubt {
        let state = &self.jobs[place].state;
        let sent = state.submitted_at.unwrap_or_default();
        let known_lost = self.jobs[place].live.doubtful_since.unwrap_or(sent);
        let accepted_by = known_lost.min(sent.plus(LONGEST_CREATE));
        let earlier = self.accepted.range(..(sent, 0)).rev().take(WITNESSES);
        let later = self.accepted.range((sent, 0)..).take(WITNESSES);
        let mut newest = None;
        let mut has_earlier_witness = false;
        let mut witnesses = Vec::new();
        for (accepted, witness) in earlier.chain(later) {
            let state = &self.jobs[*witness].state;
            if let Some(remote) = state.phase.remote() {
                // It was accepted somewhere between its own sending and the moment we knew of it.
                // Each end is used where it proves less.
                if state.attempts > 0 {
                    newest = newest.max(state.submitted_at);
                }
                has_earlier_witness |= *accepted < sent;
                witnesses.push(remote.clone());
            }
        }
        let behind = newest.map_or(Duration::ZERO, |newest| accepted_by.since(newest));
        Doubt {
            place,
            witnesses,
            has_earlier_witness,
            gap: self.policy.limits.settle + behind,
        }
    }

    pub(super) fn on_listed(&mut self, now: Timestamp, result: Result<Listing, Failure>) {
        let Some(asked) = self.list_in_air.take() else {
            return;
        };
        match result {
            Ok(listing) => {
                self.on_read_success();
                self.list_failures = 0;
                self.adopt_found(now, &asked, &listing);
                self.weigh_absence(now, &asked, &listing);
                self.settle_inventory(now, &asked, listing.rows);
                self.most_rows = self.most_rows.max(listing.rows);
                self.next_list = Some(self.next_listing(now));
            }
            Err(failure) => self.on_list_failed(now, failure),
        }
    }

    /// Takes over what was found: paid for already, never to be paid again.
    fn adopt_found(&mut self, now: Timestamp, asked: &ListInAir, listing: &Listing) {
        // The newest generation of a job is the one that counts; of several rows with one tag, the
        // first that was accepted.
        let mut found: BTreeMap<usize, (Generation, &Tag, &RenderReport)> = BTreeMap::new();
        for report in &listing.found {
            for tag in report.name.as_deref().into_iter().flat_map(find_tags) {
                let Some((tag, (place, generation))) = asked.wanted.get_key_value(&tag) else {
                    continue;
                };
                let is_better = found.get(place).is_none_or(|(known, _, earlier)| {
                    (*generation, std::cmp::Reverse(report.created_at))
                        > (*known, std::cmp::Reverse(earlier.created_at))
                });
                if is_better {
                    found.insert(*place, (*generation, tag, report));
                }
            }
        }
        for (place, (generation, tag, report)) in found {
            let is_doubt = self.doubts.contains(&place);
            if !is_doubt && !self.ready.contains(&place) {
                continue;
            }
            let job = &self.jobs[place];
            if !is_doubt && self.policy.fresh && job.state.attempts == 0 {
                let generation = generation.next();
                self.transition(now, place, JobEvent::Reopened { generation });
                continue;
            }
            let fingerprint = if is_doubt {
                job.submitted_fingerprint()
            } else {
                job.spec.fingerprint.clone()
            };
            let event = JobEvent::Adopted {
                remote: report.remote.clone(),
                tag: tag.clone(),
                fingerprint,
                generation,
                reserved: job.reservation(),
            };
            self.transition(now, place, event);
            self.on_report(now, place, report.clone());
        }
    }

    /// Believes that a job in doubt was not accepted, if there is proof.
    fn weigh_absence(&mut self, now: Timestamp, asked: &ListInAir, listing: &Listing) {
        let shown: HashSet<&RemoteId> = listing.found.iter().map(|report| &report.remote).collect();
        for doubt in &asked.doubts {
            if !self.doubts.contains(&doubt.place) {
                continue;
            }
            let all_shown = !doubt.witnesses.is_empty()
                && doubt
                    .witnesses
                    .iter()
                    .all(|witness| shown.contains(witness));
            let reaches_back = doubt.has_earlier_witness || listing.rows < self.most_rows;
            let live = &mut self.jobs[doubt.place].live;
            if !(all_shown && reaches_back) {
                live.absent_since = None;
                continue;
            }
            let first = *live.absent_since.get_or_insert(asked.started);
            if asked.started >= first.plus(doubt.gap) && asked.started > first {
                live.absent_since = None;
                live.doubtful_since = None;
                self.transition(now, doubt.place, JobEvent::FoundAbsent);
            }
        }
    }

    fn settle_inventory(&mut self, now: Timestamp, asked: &ListInAir, rows: u64) {
        let settle = self.policy.limits.settle;
        self.inventory = match self.inventory {
            Inventory::Settled => return,
            Inventory::Due if self.policy.journal_was_lost => Inventory::ReadOnce(asked.started),
            Inventory::ReadOnce(first) if asked.started < first.plus(settle) => return,
            Inventory::Due | Inventory::ReadOnce(_) => Inventory::Settled,
        };
        if self.inventory.allows_submits() {
            self.record(now, Event::InventoryTaken { rows });
        }
    }

    fn on_list_failed(&mut self, now: Timestamp, failure: Failure) {
        self.list_failures += 1;
        self.next_list = Some(now.plus(READ.wait(self.list_failures, self.salt(usize::MAX))));
        let disposition = failure.disposition(CommandKind::List);
        let gives_up = self.list_failures >= INVENTORY_TRIES
            && !self.inventory.allows_submits()
            && disposition == Disposition::Retry
            && failure.kind != FailureKind::NotSent;
        if gives_up {
            if self.policy.journal_was_lost {
                self.stop(StopReason::InventoryRefused {
                    message: failure.to_string(),
                });
            } else {
                self.inventory = Inventory::Settled;
                self.record(
                    now,
                    Event::InventorySkipped {
                        failure: failure.clone(),
                    },
                );
            }
        }
        self.on_read_failed(now, failure, CommandKind::List);
    }

    /// When the next listing can bring something new.
    fn next_listing(&self, now: Timestamp) -> Timestamp {
        let settle = self.policy.limits.settle;
        let proofs = self.doubts.iter().filter_map(|place| {
            let first = self.jobs[*place].live.absent_since?;
            Some(first.plus(self.doubt(*place).gap))
        });
        let inventory = match self.inventory {
            Inventory::ReadOnce(first) => Some(first.plus(settle)),
            Inventory::Due | Inventory::Settled => None,
        };
        let soonest = proofs.chain(inventory).min();
        let usual = now.plus(settle.clamp(Duration::from_millis(200), Duration::from_secs(60)));
        // One millisecond at least, so that two listings are never one.
        soonest
            .map_or(usual, |soonest| soonest.min(usual))
            .max(now.plus(Duration::from_millis(1)))
    }
}
