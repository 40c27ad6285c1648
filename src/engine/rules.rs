//! The decisions on which the promise depends: payment, proof and sums.
//!
//! The parts of the engine ask [`SafetyRules`] at these points, and a batch gets its rules when it is made. There is one
//! sound implementation, [`SoundRules`]. The tests replace one rule at a time by a wrong one, and check that the
//! simulation notices.

use std::fmt::Debug;
use std::time::Duration;

use super::evidence::{AbsenceEvidence, ListedRows, ListingCheck, PendingProof};
use super::job::TrackedJob;
use super::lane::LaneLimiter;
use crate::model::{
    Credits, Event, Failure, FailureKind, Fingerprint, Generation, JobEvent, JobId, JobState,
    ListOrder, Listing, Phase, RemoteId, RenderReport, StopReason, Tag, Timestamp,
};

/// The sound rules.
#[derive(Debug)]
pub(super) struct SoundRules;

impl SafetyRules for SoundRules {}

/// Numbers of rows in a page of other APIs.
const PAGE_SIZES: [u64; 12] = [10, 12, 15, 20, 24, 25, 30, 40, 50, 60, 75, 80];

/// The least number of rows of a page that a server may have been set to.
const SMALLEST_PAGE: u64 = 5;

/// Checks whether a list may be cut off: it says so, is as long as a page, or ends with a row of ours. A list that is
/// shorter than an earlier one is whole; one whose newest rows come first, down to one that another record knows, shows
/// what was accepted since.
fn is_cut_off(listing: &Listing, longest_list: u64, is_oldest_recorded: bool) -> bool {
    let rows = listing.rows;
    let is_page = PAGE_SIZES.contains(&rows) || (rows > 0 && rows.is_multiple_of(50));
    let ends_early = rows >= SMALLEST_PAGE && listing.oldest_own.is_some();
    let shows_newest = listing.order == ListOrder::NewestFirst && is_oldest_recorded;
    listing.is_truncated
        || listing.unreadable > 0
        || (rows >= longest_list && !shows_newest && (is_page || ends_early))
}

/// The decisions on which the promise depends. The defaults are the sound ones.
pub(super) trait SafetyRules: Debug + Sync {
    /// Decides what becomes of a submit whose answer was outstanding when the program ended: it may have been
    /// accepted.
    fn interrupted_submit(&self) -> JobEvent {
        JobEvent::SubmitLost {
            failure: Failure::new(
                FailureKind::Interrupted,
                "the program ended before the answer arrived",
            ),
        }
    }

    /// Decides what becomes of a submit whose answer says neither accepted nor refused.
    fn unanswered_submit(&self, failure: Failure) -> JobEvent {
        JobEvent::SubmitLost { failure }
    }

    /// Returns when the last submit was made, for the pace of this run.
    fn last_submit(&self, recorded: Option<Timestamp>) -> Option<Timestamp> {
        recorded
    }

    /// Holds a lane after a refusal for its pace (429). Returns the end of the hold.
    fn throttle(
        &self,
        lane: &mut LaneLimiter,
        now: Timestamp,
        failure: &Failure,
        jitter: u64,
    ) -> Timestamp {
        lane.throttle(now, failure, jitter)
    }

    /// Holds a lane if another failure names a pause. Returns the event to be recorded.
    fn apply_retry_after(
        &self,
        lane: &mut LaneLimiter,
        now: Timestamp,
        failure: &Failure,
    ) -> Option<Event> {
        lane.apply_retry_after(now, failure)
    }

    /// Returns until when a job in doubt may occupy a slot at the provider: as long as a render can take.
    fn occupied_until(
        &self,
        state: &JobState,
        now: Timestamp,
        render_timeout: Duration,
    ) -> Option<Timestamp> {
        let until = state.submitted_at?.plus(render_timeout);
        (until > now).then_some(until)
    }

    /// Returns what a job has spent and promised, and may have cost beyond what is reported.
    fn committed(&self, state: &JobState) -> Credits {
        state.counted()
    }

    /// Returns how many thousandths of its reservation a job may cost. `learned` is the highest charge of this run, in
    /// thousandths of the reservation. Without any, prices may be twice as high, unless nothing else is under way.
    fn price(&self, learned: Option<i64>, is_alone: bool) -> i64 {
        learned.unwrap_or(if is_alone { 1000 } else { 2000 })
    }

    /// Returns what of that comes from submits of this run. `before_run` is what the job had spent and promised before
    /// the first of them; a charge of an earlier run that is lower than promised makes no room for this one.
    fn committed_by_run(&self, state: &JobState, before_run: Option<Credits>) -> Credits {
        before_run.map_or(Credits::ZERO, |before| self.committed(state).less(before))
    }

    /// Returns what a row with this tag asked for when it is adopted for a job, and the most and the least that it may
    /// cost.
    fn adopted_request(
        &self,
        job: &TrackedJob,
        tag: &Tag,
    ) -> (Fingerprint, Credits, Option<Credits>) {
        if matches!(job.state.phase, Phase::InDoubt { .. }) || job.is_refused() {
            (job.submitted_fingerprint(), job.state.reserved, job.state.least)
        } else if let Some(left) = job.superseded(tag) {
            (left.fingerprint.clone(), left.reserved, None)
        } else {
            (job.spec.fingerprint.clone(), job.reservation, job.least)
        }
    }

    /// Checks whether the charge of a finished job has grown since it was recorded.
    fn is_higher_charge(&self, reported: Credits, known: Credits) -> bool {
        reported > known
    }

    /// Returns the other ids whose tags a list is searched for while a job is pending: all that it may have had.
    fn other_ids<'a>(&self, job: &'a TrackedJob) -> Vec<&'a JobId> {
        job.spec.other_ids().collect()
    }

    /// Checks whether a refused submit is looked for in the list before it is sent again: a gateway may have repeated the
    /// request by itself, so that a refusal follows an acceptance. A request that was never sent cannot have been accepted.
    fn is_looked_for(&self, refusal: &Failure) -> bool {
        refusal.kind != FailureKind::NotSent
    }

    /// Checks whether a submit may be accepted after its answer was lost, as long as any create may take: the program was
    /// killed, or a gateway answered in place of the API.
    fn may_be_accepted_late(&self, failure: &Failure) -> bool {
        matches!(
            failure.kind,
            FailureKind::Interrupted | FailureKind::ServerError | FailureKind::NotFromApi
        )
    }

    /// Checks whether a job may be proven absent: once in a generation. A second lost answer in a row needs another
    /// explanation than bad luck.
    fn may_be_found_absent(&self, state: &JobState) -> bool {
        !state.was_found_absent
    }

    /// Checks whether the lists of this run would have shown a job in doubt, whether or not its render is finished.
    /// `has_shown`: whether they have shown a finished and an unfinished render.
    fn shows_kind(&self, has_shown: (bool, bool), would_be_finished: bool) -> bool {
        has_shown.0 && (has_shown.1 || would_be_finished)
    }

    /// Checks whether a list would show a refused create that was accepted, given whether it shows one of our renders
    /// under way.
    fn shows_unfinished(&self, shows_ours: bool) -> bool {
        shows_ours
    }

    /// Checks whether a row of this generation takes the place of an adopted job: a lost journal knew that it was made
    /// again, and the list has shown that late. A render under way is finished first.
    fn is_newer(&self, state: &JobState, generation: Generation) -> bool {
        let is_under_way =
            matches!(state.phase, Phase::Rendering { .. }) && !state.is_to_be_downloaded();
        state.is_adopted && !is_under_way && generation > state.generation
    }

    /// Returns the order of a list.
    fn order(&self, listing: &Listing) -> ListOrder {
        listing.order
    }

    /// Checks whether the jobs that a list does not show may have been cut off. `longest_list` is the number of rows of
    /// the longest list ever seen, and `is_oldest_recorded` says whether another record than this list knows its oldest
    /// row.
    fn may_be_cut_off(
        &self,
        listing: &Listing,
        longest_list: u64,
        is_oldest_recorded: bool,
    ) -> bool {
        is_cut_off(listing, longest_list, is_oldest_recorded)
    }

    /// Returns how often the list is read before the first submit of a campaign that no person attends: a run elsewhere
    /// may have paid for jobs that the list does not show yet.
    fn listings_of_new_campaign(&self) -> u32 {
        2
    }

    /// Checks whether a complete list shows a job of the campaign: if other records than a lost journal know of accepted
    /// ones. A list that shows none cannot be told from one that hides them.
    fn must_show_jobs(&self, has_accepted_jobs: bool) -> bool {
        has_accepted_jobs
    }

    /// Checks whether a row may be the job by what it is made from.
    fn fits(&self, report: &RenderReport, job: &TrackedJob) -> bool {
        job.has_changed() || report.echo.fits(&job.spec.request)
    }

    /// Checks whether rows are recognised that were paid for before the ids or texts of their rows were edited.
    fn may_be_edited(&self) -> bool {
        true
    }

    /// Checks whether a listing shows a row without a name that may be a job in doubt.
    fn may_be_nameless(&self, proof: &PendingProof, listing: &Listing) -> bool {
        proof.may_be_nameless_in(listing)
    }

    /// Decides whether the list must be read before anything else: if a submit is due, or if jobs of a lost journal
    /// may be there.
    fn needs_inventory(&self, has_submits: bool, may_have_lost_jobs: bool) -> bool {
        has_submits || may_have_lost_jobs
    }

    /// Decides what a failed poll says about the jobs that it was for: nothing.
    fn failed_poll(&self, _failure: &Failure) -> Option<JobEvent> {
        None
    }

    /// Decides whether a job is missing because the provider does not know its id: only if this account is known to be
    /// the one that paid for it.
    fn is_missing(&self, is_account_proven: bool) -> bool {
        is_account_proven
    }

    /// Decides what becomes of a finished render that the provider shows without a link for too long: the video is
    /// paid for and may still appear.
    fn missing_link(&self, failure: Failure) -> JobEvent {
        JobEvent::DownloadGivenUp { failure }
    }

    /// Checks whether only one job is submitted until it is rendered, given whether jobs have failed for want of credits.
    fn probes(&self, lacked_credits: bool) -> bool {
        lacked_credits
    }

    /// Decides whether a finished render whose video cannot be downloaded may be paid for again: only if its link is refused
    /// for good.
    fn may_give_up(&self, failure: &Failure) -> bool {
        failure.denies_video()
    }

    /// Checks whether a failed render stops further submits: the next ones would fail for the same reason.
    fn stops_submits(&self, failure: &Failure) -> bool {
        failure.kind == FailureKind::OutOfCredits
    }

    /// Decides whether an accepted job that failed is looked for, by its id and in the list, before it is paid for
    /// again: it may have finished since.
    fn is_looked_for_before_retry(&self) -> bool {
        true
    }

    /// Decides what becomes of a finished render whose link has expired: it is polled for a fresh link.
    fn expired_link(&self, failure: Failure, _generation: Generation) -> Vec<JobEvent> {
        vec![JobEvent::LinkExpired { failure }]
    }

    /// Checks whether a row with this tag is a second one of a job.
    fn is_duplicate(&self, state: &JobState, tag: &Tag, remote: &RemoteId) -> bool {
        state.tag.as_ref() == Some(tag)
            && state.phase.remote().is_some()
            && !state.duplicates.contains(remote)
            && !state.replaced.contains(remote)
    }

    /// Checks whether a run that ends for this reason, if any, reads the list a last time.
    fn checks_at_end(&self, stop: Option<&StopReason>) -> bool {
        stop.is_none_or(StopReason::finishes_paid_work)
    }

    /// Checks whether a list shows what other runs have submitted by now, given whether it shows the newest job.
    fn is_up_to_date(&self, shows_newest: bool) -> bool {
        shows_newest
    }

    /// Checks what a listing without the job says about its absence.
    fn check_listing(&self, proof: &PendingProof, rows: &ListedRows<'_>) -> ListingCheck {
        proof.check(rows)
    }

    /// Checks whether a listing cannot have left out the job because it was cut short. `longest_list` is the number of
    /// rows of the longest list ever seen.
    fn is_complete(&self, evidence: &AbsenceEvidence, longest_list: u64) -> bool {
        evidence.reaches_beyond || evidence.rows < longest_list
    }

    /// Checks whether listings prove that a job was not accepted: two complete ones, far enough apart. `evidence` is in
    /// the order of the requests.
    fn is_proof(&self, evidence: &[AbsenceEvidence], longest_list: u64) -> bool {
        let mut complete = evidence.iter().filter(|it| self.is_complete(it, longest_list));
        let last = complete.next_back();
        last.is_some_and(|last| complete.any(|first| first.completed_from <= last.started))
    }
}
