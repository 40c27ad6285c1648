//! When a list that does not show a job in doubt proves that it was not accepted.
//!
//! *Not found* is believed only with proof, because a list may be late or cut short, and believing it
//! wrongly means paying twice. For a job that was sent at `s` and whose fate was settled at `a`:
//!
//! - Two listings each show the **witnesses**: our own jobs accepted at about that time, the nearest ten
//!   on either side, those of the last settle time excepted. A list that lacks one is truncated or
//!   late and proves nothing. One that shows a witness without its tag proves nothing either: names
//!   are not kept there, and the job may be any of its rows.
//! - If the provider needs some time to show a job, the first listing was made after its newest
//!   witness, sent at `w`, had become visible; a job accepted by `a` is visible `a − w` later. So
//!   the second listing begins at least `a − w` after the first has arrived, and a settle time more,
//!   which also covers an acceptance that comes a little after we heard that the answer was lost.
//! - Where the oldest rows come first, each of the two shows a witness sent after `a`; for if such a list is cut
//!   short, it is the newest that are missing.
//! - Each of the two reaches back beyond `s`: it shows a witness accepted before `s`; or its oldest row
//!   is older than `s` by a good margin; or a list, then, before or since, has had more rows, so
//!   that nothing can have been cut off from this one.
//!
//! Without a witness there is no proof, and the job stays in doubt for a person to judge. So it does
//! when somebody has deleted the rows of its witnesses at the provider.

use std::collections::HashMap;
use std::time::Duration;

use super::Batch;
use super::reconciling::ListRequest;
use crate::model::{
    FailureKind, Inconclusive, JobEvent, Listing, RemoteId, RenderReport, Tag, Timestamp, find_tags,
};

/// A create is given up after two minutes: one that was sent earlier can no longer be accepted.
const LONGEST_CREATE: Duration = Duration::from_secs(120);

/// A create that was in the air when the program was killed may go on for so many settle times: by default
/// as long as any create may take. Counted in settle times because whoever shortens those says that this
/// provider is quicker.
const SETTLES_OF_A_CREATE: u32 = 4;

/// Witnesses on either side of a job; more would prove no more.
const WITNESSES: usize = 10;

/// The oldest row must be older than the job by so much, because the two moments come from two clocks.
const CLOCK_MARGIN: Duration = Duration::from_secs(5 * 60);

/// A job in doubt, and what would prove that it was not accepted.
#[derive(Debug)]
pub(super) struct PendingProof {
    place: usize,
    sent: Timestamp,
    /// By then it was accepted or never will be.
    settled: Timestamp,
    witnesses: Vec<ReferenceRow>,
}

/// A job of ours that the provider has.
#[derive(Debug)]
struct ReferenceRow {
    remote: RemoteId,
    /// What its name must show.
    tag: Option<Tag>,
    /// Not accepted before this moment, where that is known.
    sent: Option<Timestamp>,
    /// Accepted by this moment.
    accepted: Timestamp,
}

/// A listing that showed every witness and not the job.
#[derive(Debug, Clone, Copy)]
pub(super) struct AbsenceEvidence {
    /// When it was asked for.
    started: Timestamp,
    rows: u64,
    /// It shows something older than the job, and something newer if the newest may have been cut off.
    reaches_beyond: bool,
    /// A second one, asked for at this moment or later, completes the proof.
    completed_from: Timestamp,
}

impl AbsenceEvidence {
    /// Nothing as new as the job can have been cut off, now that a list has been seen with
    /// `most_rows`.
    fn is_whole(self, most_rows: u64) -> bool {
        if is_broken!(CappedListIsProof) {
            return true;
        }
        self.reaches_beyond || self.rows < most_rows
    }
}

impl Batch {
    /// What would prove, if a list is asked for at `now`, that a job was not accepted.
    pub(super) fn doubt(&self, now: Timestamp, place: usize) -> PendingProof {
        let job = &self.jobs[place];
        let sent = job.state.submitted_at.unwrap_or_default();
        let settle = self.policy.limits.settle;
        let earlier = self.accepted.range(..(sent, 0)).rev().take(WITNESSES);
        let later = self.accepted.range((sent, 0)..);
        let later = later
            .filter(|(accepted, _)| accepted.plus(settle) <= now)
            .take(WITNESSES);
        let witnesses = earlier
            .chain(later)
            .filter_map(|(accepted, witness)| self.witness(*accepted, *witness));
        PendingProof {
            place,
            sent,
            settled: self.settled(place, sent),
            witnesses: witnesses.collect(),
        }
    }

    /// When the job was accepted or never will be, as far as that can be known. We hear of a broken
    /// connection when the provider does; but if we were killed, it knows nothing of that, and goes on
    /// with what it has been sent however soon we are back.
    fn settled(&self, place: usize, sent: Timestamp) -> Timestamp {
        let job = &self.jobs[place];
        let failure = job.state.last_failure.as_ref();
        let was_killed = failure.is_some_and(|it| it.kind == FailureKind::Interrupted);
        let is_of_this_run = Some(sent) >= self.started;
        let heard = job.live.in_doubt_since.filter(|_| is_of_this_run);
        // However late that was: the machine may have been asleep between the record and the request.
        if let Some(heard) = job.live.lost_at.or(heard).filter(|_| !was_killed) {
            return heard;
        }
        let known_lost = job.live.lost_at.or(job.live.in_doubt_since);
        let known_lost = known_lost.unwrap_or(sent);
        let settled = if was_killed {
            let longest = self
                .policy
                .limits
                .settle
                .saturating_mul(SETTLES_OF_A_CREATE);
            known_lost.max(sent.plus(longest))
        } else {
            known_lost
        };
        settled.min(sent.plus(LONGEST_CREATE))
    }

    fn witness(&self, accepted: Timestamp, place: usize) -> Option<ReferenceRow> {
        let state = &self.jobs[place].state;
        // One that was found without a memory of its sending may be of any age; so may one whose
        // sending was recorded by a clock that has been set back.
        let sent = state.submitted_at.filter(|sent| {
            let is_remembered = !state.is_adopted || *sent < accepted;
            is_remembered && *sent >= self.clock_trusted_since
        });
        Some(ReferenceRow {
            remote: state.phase.remote()?.clone(),
            tag: state.tag.clone(),
            sent,
            accepted,
        })
    }

    /// Takes in what a listing says, by what it does not show, about the jobs in doubt.
    pub(super) fn evaluate_listing(
        &mut self,
        now: Timestamp,
        asked: &ListRequest,
        listing: &Listing,
    ) {
        let shown: HashMap<&RemoteId, &RenderReport> = listing
            .found
            .iter()
            .map(|report| (&report.remote, report))
            .collect();
        self.most_rows = self.most_rows.max(listing.rows);
        for doubt in &asked.in_doubt {
            if self.in_doubt.contains(&doubt.place) {
                self.evaluate_for_job(now, asked.started, doubt, listing, &shown);
            }
        }
        // A longer list completes what earlier, shorter ones have said.
        for place in self.in_doubt.clone() {
            if self.is_absence_proven(place) {
                self.transition(now, place, JobEvent::FoundAbsent);
            }
        }
        for doubt in &asked.in_doubt {
            if self.in_doubt.contains(&doubt.place) {
                let why = self.unproven(doubt);
                self.record_inconclusive(now, doubt.place, why);
            }
        }
    }

    /// Why a listing that was just weighed has proven nothing about a job that is still in doubt.
    fn unproven(&self, doubt: &PendingProof) -> Inconclusive {
        match self.jobs[doubt.place].live.evidence.last() {
            Some(absence) if absence.is_whole(self.most_rows) => Inconclusive::Once,
            Some(_) => Inconclusive::CutShort,
            None if doubt.witnesses.iter().any(|witness| witness.sent.is_some()) => {
                Inconclusive::Incomplete
            }
            None => Inconclusive::NoWitness,
        }
    }

    /// Puts on record why a search has proven nothing, if that is news.
    pub(super) fn record_inconclusive(&mut self, now: Timestamp, place: usize, why: Inconclusive) {
        if self.jobs[place].state.unproven.as_deref() != Some(&why) {
            self.transition(now, place, JobEvent::NotProven { why });
        }
    }

    fn evaluate_for_job(
        &mut self,
        now: Timestamp,
        started: Timestamp,
        doubt: &PendingProof,
        listing: &Listing,
        shown: &HashMap<&RemoteId, &RenderReport>,
    ) {
        let settle = self.policy.limits.settle;
        let all_shown = doubt
            .witnesses
            .iter()
            .all(|witness| witness.is_recognised_in(shown));
        let newest = doubt.witnesses.iter().filter_map(|w| w.sent).max();
        let (all_shown, newest) = if is_broken!(NoWitnessNeeded) {
            (true, newest.or(Some(doubt.settled)))
        } else {
            (all_shown, newest)
        };
        let evidence = &mut self.jobs[doubt.place].live.evidence;
        if !all_shown {
            evidence.clear();
        } else if let Some(newest) = newest {
            let lag = settle.saturating_add(doubt.settled.since(newest));
            evidence.push(AbsenceEvidence {
                started,
                rows: listing.rows,
                reaches_beyond: doubt.is_reached_by(listing, shown)
                    && (!listing.is_oldest_first() || doubt.settled <= newest),
                completed_from: now.plus(lag),
            });
        }
    }

    /// A step that comes much later than it was due was held up, or the clock was put forward: what was to pass at
    /// the provider between two listings may not have passed. Proofs begin anew.
    pub(super) fn check_for_lost_time(&mut self, now: Timestamp) {
        let settle = self.policy.limits.settle;
        if self.wake_at.is_some_and(|due| now > due.plus(settle)) {
            for place in &self.in_doubt {
                self.jobs[*place].live.evidence.clear();
            }
        }
    }

    fn is_absence_proven(&self, place: usize) -> bool {
        let evidence = &self.jobs[place].live.evidence;
        let mut whole = evidence.iter().filter(|it| it.is_whole(self.most_rows));
        if is_broken!(OneListingIsProof) {
            return whole.next().is_some();
        }
        // They stand in the order in which they were asked for.
        let last = whole.next_back();
        last.is_some_and(|last| whole.any(|first| first.completed_from <= last.started))
    }

    /// The next moment at which a listing can complete a proof: the first half of it must be there.
    pub(super) fn next_proof(&self, now: Timestamp) -> Option<Timestamp> {
        let first_half = |place: &usize| {
            let mut evidence = self.jobs[*place].live.evidence.iter();
            evidence.find(|absence| absence.is_whole(self.most_rows))
        };
        self.in_doubt
            .iter()
            .filter_map(first_half)
            .map(|absence| absence.completed_from)
            .filter(|from| *from > now)
            .min()
    }
}

impl ReferenceRow {
    /// Whether a listing shows it, and shows it as the job in doubt would be shown.
    fn is_recognised_in(&self, shown: &HashMap<&RemoteId, &RenderReport>) -> bool {
        let name = shown.get(&self.remote).and_then(|it| it.name.as_deref());
        name.into_iter()
            .flat_map(find_tags)
            .any(|tag| self.tag.as_ref() == Some(&tag))
    }
}

impl PendingProof {
    pub(super) fn witnesses(&self) -> impl Iterator<Item = &RemoteId> {
        self.witnesses.iter().map(|witness| &witness.remote)
    }

    pub(super) fn place(&self) -> usize {
        self.place
    }

    /// Whether a listing that shows all witnesses shows anything older than the job.
    fn is_reached_by(&self, listing: &Listing, shown: &HashMap<&RemoteId, &RenderReport>) -> bool {
        if self.witnesses.iter().any(|it| it.accepted < self.sent) {
            return true;
        }
        // How far the provider's clock is ahead of ours, at the least: a witness came into being,
        // by its own clock, before we knew of it by ours.
        let ahead = self.witnesses.iter().filter_map(|witness| {
            let created = shown.get(&witness.remote)?.created_at?;
            Some(
                created
                    .as_millis()
                    .saturating_sub(witness.accepted.as_millis()),
            )
        });
        let (Some(ahead), Some(oldest)) = (ahead.max(), listing.oldest) else {
            return false;
        };
        let sent_there = Timestamp::from_millis(self.sent.as_millis().saturating_add(ahead));
        oldest.plus(CLOCK_MARGIN) < sent_there
    }
}
