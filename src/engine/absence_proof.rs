//! When a list that does not show a job in doubt proves that it was not accepted.
//!
//! *Not found* is believed only with proof, because a list may be late or cut short, and a wrong conclusion means
//! paying twice. For a job that was sent at `s` and can no longer be accepted after `a`:
//!
//! - Two listings each show the **reference rows**: our own jobs accepted at about that time, the nearest ten on
//!   either side, except those of the last settle time. A list without one of them is cut short or late and
//!   proves nothing. A list that shows a reference row without its tag proves nothing either: names are not kept
//!   there, so any row may be the job.
//! - If the provider needs some time to list a job, the first listing was made after its newest reference row, sent
//!   at `w`, had become visible; a job accepted by `a` is visible `a − w` later. So the second listing is
//!   requested at least `a − w` after the first has arrived, plus a settle time, which also covers an acceptance that
//!   comes a little after we heard that the answer was lost.
//! - If the oldest rows come first, each of the two shows a reference row sent after `a`, because such a list is cut
//!   short at its newest rows. If the order is unknown, any row may be cut off.
//! - The lists of this run have shown finished and unfinished renders, so that neither kind is left out; or only finished
//!   ones, and the job would have finished long ago.
//! - None of them shows a row without a name that may be the job by its text, persona and ratio.
//! - Each of the two reaches back beyond `s`: it shows a reference row accepted before `s`, or its oldest row is
//!   older than `s` by a margin, or some list, earlier or later, has had more rows, so this one was not cut off.
//!
//! A job is proven absent once in a generation: if the answer to the second submit is lost as well, it stays in doubt.
//!
//! Without a reference row there is no proof, and the job stays in doubt for a person to decide. The same happens if the
//! reference rows were deleted at the provider.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::decision::Decision;
use super::evidence::{AbsenceEvidence, ListedRows, ListingCheck, PendingProof, ReferenceRow};
use super::job_table::JobTable;
use super::rules::SafetyRules;
use crate::model::{Failure, Inconclusive, JobEvent, ListOrder, Listing, Timestamp};

/// The HTTP client gives up a create after two minutes, so one that was sent earlier can no longer be accepted.
pub(super) const LONGEST_CREATE: Duration = Duration::from_secs(120);

/// For how many settle times a create may continue at the provider after the program was killed: by default as long as
/// any create may take. It is counted in settle times because a user who shortens those says that this
/// provider is faster.
const SETTLES_OF_A_CREATE: u32 = 4;

/// Returns how long a create may continue at the provider after the program that sent it was killed.
pub(super) fn longest_create(settle: Duration) -> Duration {
    settle.saturating_mul(SETTLES_OF_A_CREATE).min(LONGEST_CREATE)
}

/// Reference rows on either side of a job. More would prove no more.
const REFERENCES: usize = 10;

/// For how many settle times a run that has nothing else to do looks for proof: ten minutes by default, which is
/// longer than any list has been seen to lag.
const SETTLES_BEFORE_GIVING_UP: u32 = 20;

/// The same if no proof is possible, because there is no reference row and none can come. A list that is a little late
/// may still show the job.
const SETTLES_WITHOUT_REFERENCE: u32 = 2;

/// The least number of listings before a job is left to a person.
const LISTINGS_BEFORE_GIVING_UP: u32 = 2;

/// The proofs of all jobs in doubt.
#[derive(Debug)]
pub(super) struct AbsenceProofs {
    settle: Duration,
    rules: &'static dyn SafetyRules,
    /// When this run began.
    started: Timestamp,
    /// Times recorded before this one come from a clock that was set back since.
    clock_trusted_since: Timestamp,
    /// Rows of the longest list ever seen.
    pub(super) longest_list: u64,
    /// Whether a list of this run has shown a finished and an unfinished render.
    has_shown_finished: bool,
    pub(super) has_shown_unfinished: bool,
    /// How long a render may take: an accepted job has finished then.
    render_timeout: Duration,
    doubts: HashMap<usize, Doubt>,
}

/// A job in doubt, as far as this run knows.
#[derive(Debug, Default)]
struct Doubt {
    /// When its answer was known to be lost, by a clock that can be trusted. A restart keeps this time, so it does
    /// not delay the proof.
    lost_at: Option<Timestamp>,
    /// Since when this run has had it in doubt.
    since: Option<Timestamp>,
    /// Listings that were requested for it and answered or refused.
    listings: u32,
    /// Whether the newest list showed a row without a name that may be the job.
    may_be_nameless: bool,
    /// Listings that credibly did not show it, in the order of the requests.
    evidence: Vec<AbsenceEvidence>,
}

impl AbsenceProofs {
    pub(super) fn new(
        settle: Duration,
        rules: &'static dyn SafetyRules,
        clock_trusted_since: Timestamp,
        longest_list: u64,
        render_timeout: Duration,
    ) -> Self {
        Self {
            settle,
            rules,
            started: clock_trusted_since,
            clock_trusted_since,
            longest_list,
            has_shown_finished: false,
            has_shown_unfinished: false,
            render_timeout,
            doubts: HashMap::new(),
        }
    }

    /// Takes in from the journal when the answer for a job was known to be lost.
    pub(super) fn restore_loss(&mut self, index: usize, lost_at: Timestamp) {
        self.doubts.entry(index).or_default().lost_at = Some(lost_at);
    }

    pub(super) const fn begin(&mut self, now: Timestamp) {
        self.started = now;
    }

    /// Begins to look for proof about a job.
    pub(super) fn add(&mut self, now: Timestamp, index: usize) {
        let doubt = self.doubts.entry(index).or_default();
        doubt.since.get_or_insert(now);
    }

    pub(super) fn forget(&mut self, index: usize) {
        self.doubts.remove(&index);
    }

    /// Checks whether the run still looks for a job in doubt. `may_have_reference`: there are accepted jobs, or
    /// may be later.
    pub(super) fn is_pending(
        &self,
        now: Timestamp,
        jobs: &JobTable,
        may_have_reference: bool,
    ) -> bool {
        let settles =
            if may_have_reference { SETTLES_BEFORE_GIVING_UP } else { SETTLES_WITHOUT_REFERENCE };
        let patience = self.settle.saturating_mul(settles);
        jobs.in_doubt.iter().any(|index| {
            let doubt = self.doubts.get(index);
            let since = doubt.and_then(|doubt| doubt.since).unwrap_or(now);
            let listings = doubt.map_or(0, |doubt| doubt.listings);
            now < since.plus(patience) || listings < LISTINGS_BEFORE_GIVING_UP
        })
    }

    /// Prepares for each job in doubt what a list requested at `now` must show to prove its absence.
    pub(super) fn prepare(&self, now: Timestamp, jobs: &JobTable) -> Vec<PendingProof> {
        let in_doubt = jobs.in_doubt.iter();
        in_doubt.map(|index| self.prepare_one(now, jobs, *index)).collect()
    }

    fn prepare_one(&self, now: Timestamp, jobs: &JobTable, index: usize) -> PendingProof {
        let sent = jobs[index].state.submitted_at.unwrap_or_default();
        let accepted = &jobs.accepted;
        let earlier = accepted.range(..(sent, 0)).rev().take(REFERENCES);
        let later = accepted
            .range((sent, 0)..)
            .filter(|(accepted, _)| accepted.plus(self.settle) <= now)
            .take(REFERENCES);
        let references = earlier
            .chain(later)
            .filter_map(|(accepted, index)| self.reference(jobs, *accepted, *index));
        PendingProof {
            index,
            tag: jobs[index].state.tag.clone(),
            request: Arc::clone(&jobs[index].spec.request),
            sent,
            settled: self.settled(jobs, index, sent),
            references: references.collect(),
        }
    }

    /// Returns the time after which the job can no longer be accepted, as far as that can be known. We hear of a
    /// broken connection when the provider does. But if we were killed, or a gateway has answered, the provider does not
    /// know, and continues with the request however soon we are back.
    fn settled(&self, jobs: &JobTable, index: usize, sent: Timestamp) -> Timestamp {
        let failure = jobs[index].state.last_failure.as_ref();
        let is_late = failure.is_some_and(|it| self.rules.may_be_accepted_late(it));
        let doubt = self.doubts.get(&index);
        let lost_at = doubt.and_then(|doubt| doubt.lost_at);
        let since = doubt.and_then(|doubt| doubt.since);
        let heard = lost_at.or(since.filter(|_| sent >= self.started));
        // However late that was: the machine may have been asleep between the record and the request.
        if let Some(heard) = heard.filter(|_| !is_late) {
            return heard;
        }
        let known_lost = lost_at.or(since).unwrap_or(sent);
        let settled = if is_late {
            known_lost.max(sent.plus(longest_create(self.settle)))
        } else {
            known_lost
        };
        settled.min(sent.plus(LONGEST_CREATE))
    }

    fn reference(
        &self,
        jobs: &JobTable,
        accepted: Timestamp,
        index: usize,
    ) -> Option<ReferenceRow> {
        let state = &jobs[index].state;
        // A job that was found without a record of its submit may be of any age, and so may one whose submit was
        // recorded by a clock that was set back since.
        let sent = state.submitted_at.filter(|sent| {
            let is_recorded = !state.is_adopted || *sent < accepted;
            is_recorded && *sent >= self.clock_trusted_since
        });
        Some(ReferenceRow {
            remote: state.phase.remote()?.clone(),
            tag: state.tag.clone(),
            sent,
            accepted,
        })
    }

    /// Counts a listing, answered or refused, for the jobs that it was requested for.
    pub(super) fn count_listing(&mut self, proofs: &[PendingProof]) {
        for proof in proofs {
            if let Some(doubt) = self.doubts.get_mut(&proof.index) {
                doubt.listings += 1;
            }
        }
    }

    /// Decides what a listing that was requested at `started` says about jobs that it does not show.
    pub(super) fn evaluate(
        &mut self,
        now: Timestamp,
        started: Timestamp,
        proofs: &[PendingProof],
        listing: &Listing,
        jobs: &JobTable,
    ) -> Vec<Decision> {
        let rows: ListedRows<'_> =
            listing.found.iter().map(|report| (&report.remote, report)).collect();
        self.longest_list = self.longest_list.max(listing.rows);
        self.has_shown_finished |= listing.shows_finished;
        self.has_shown_unfinished |= listing.shows_unfinished;
        let started = started.minus(listing.age);
        let open = || {
            let proofs = proofs.iter();
            proofs.filter(|proof| jobs.in_doubt.contains(&proof.index))
        };
        for proof in open() {
            self.evaluate_one(now, started, proof, listing, &rows);
        }
        // A longer list completes evidence of earlier, shorter ones.
        let is_absent = |index: &usize| {
            self.rules.may_be_found_absent(&jobs[*index].state)
                && self.shows_kind(now, jobs, *index)
                && self.rules.is_proof(self.evidence(*index), self.longest_list)
        };
        let absent = jobs.in_doubt.iter().copied().filter(is_absent);
        let absent = absent.map(|index| Decision::Apply(index, JobEvent::FoundAbsent));
        let inconclusive = open()
            .filter(|proof| !is_absent(&proof.index))
            .filter_map(|proof| inconclusive(jobs, proof.index, self.reason(now, jobs, proof)));
        absent.chain(inconclusive).collect()
    }

    fn evaluate_one(
        &mut self,
        now: Timestamp,
        started: Timestamp,
        proof: &PendingProof,
        listing: &Listing,
        rows: &ListedRows<'_>,
    ) {
        let doubt = self.doubts.entry(proof.index).or_default();
        let evidence = &mut doubt.evidence;
        doubt.may_be_nameless = self.rules.may_be_nameless(proof, listing);
        if proof.is_named_in(listing) || doubt.may_be_nameless {
            // A row of another text, persona or ratio has its name: it may be the job, changed by the provider.
            return evidence.clear();
        }
        match self.rules.check_listing(proof, rows) {
            ListingCheck::Incomplete => evidence.clear(),
            ListingCheck::NoReference => {}
            ListingCheck::Complete { newest } => {
                let lag = self.settle.saturating_add(proof.settled.since(newest));
                evidence.push(AbsenceEvidence {
                    started,
                    rows: listing.rows,
                    reaches_beyond: proof.is_reached_by(listing, rows)
                        && match self.rules.order(listing) {
                            ListOrder::NewestFirst => true,
                            ListOrder::OldestFirst => proof.settled <= newest,
                            ListOrder::Unknown => false,
                        },
                    completed_from: now.plus(lag),
                });
            }
        }
    }

    /// Checks whether the lists of this run would have shown the job, whether or not its render is finished.
    fn shows_kind(&self, now: Timestamp, jobs: &JobTable, index: usize) -> bool {
        let sent = jobs[index].state.submitted_at.unwrap_or_default();
        let would_be_finished = sent.plus(self.render_timeout) <= now;
        let has_shown = (self.has_shown_finished, self.has_shown_unfinished);
        self.rules.shows_kind(has_shown, would_be_finished)
    }

    fn evidence(&self, index: usize) -> &[AbsenceEvidence] {
        let doubt = self.doubts.get(&index);
        doubt.map_or(&[], |doubt| &doubt.evidence)
    }

    /// Returns why the listing that was just evaluated has proven nothing about a job.
    fn reason(&self, now: Timestamp, jobs: &JobTable, proof: &PendingProof) -> Inconclusive {
        if !self.rules.may_be_found_absent(&jobs[proof.index].state) {
            return Inconclusive::ProvenBefore;
        }
        match self.evidence(proof.index).last() {
            Some(_) if !self.shows_kind(now, jobs, proof.index) => Inconclusive::OneKind,
            Some(evidence) if self.rules.is_complete(evidence, self.longest_list) => {
                Inconclusive::Once
            }
            Some(_) => Inconclusive::CutShort,
            None if self.doubts.get(&proof.index).is_some_and(|doubt| doubt.may_be_nameless) => {
                Inconclusive::Nameless
            }
            None if proof.references.iter().any(|row| row.sent.is_some()) => {
                Inconclusive::Incomplete
            }
            None => Inconclusive::NoReference,
        }
    }

    /// Decides what a refused listing says about the jobs in doubt.
    pub(super) fn on_refused(jobs: &JobTable, failure: &Failure) -> Vec<Decision> {
        let refused = || Inconclusive::Refused { failure: failure.clone() };
        let in_doubt = jobs.in_doubt.iter();
        in_doubt.filter_map(|index| inconclusive(jobs, *index, refused())).collect()
    }

    /// Discards all evidence after a step that came much later than it was due: the machine slept, or the clock was put
    /// forward, so the time that must pass at the provider between two listings may not have passed.
    pub(super) fn discard(&mut self, jobs: &JobTable) {
        for index in &jobs.in_doubt {
            if let Some(doubt) = self.doubts.get_mut(index) {
                doubt.evidence.clear();
            }
        }
    }

    /// Returns the next time at which a listing can complete a proof of which the first half is there.
    pub(super) fn next_completion(&self, now: Timestamp, jobs: &JobTable) -> Option<Timestamp> {
        let first_half = |index: &usize| {
            let mut evidence = self.evidence(*index).iter();
            evidence.find(|evidence| self.rules.is_complete(evidence, self.longest_list))
        };
        jobs.in_doubt
            .iter()
            .filter_map(first_half)
            .map(|evidence| evidence.completed_from)
            .filter(|from| *from > now)
            .min()
    }
}

/// Records why a search has proven nothing, if the reason is a new one.
fn inconclusive(jobs: &JobTable, index: usize, why: Inconclusive) -> Option<Decision> {
    let is_new = jobs[index].state.unproven.as_deref() != Some(&why);
    is_new.then_some(Decision::Apply(index, JobEvent::NotProven { why }))
}
