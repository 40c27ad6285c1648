//! Mutants: each promise is broken once, by a wrong rule or a journal that is written wrongly, and the simulation must
//! notice, by the check that guards this promise.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::recorder::Recorder;
use super::run::Simulation;
use super::run_and_check;
use crate::engine::evidence::{AbsenceEvidence, ListedRows, ListingCheck, PendingProof};
use crate::engine::job::TrackedJob;
use crate::engine::lane::LaneLimiter;
use crate::engine::rules::{SafetyRules, SoundRules};
use crate::model::{
    Credits, Event, Failure, FailureKind, Fingerprint, Generation, JobEvent, JobId, JobState, Lane,
    ListOrder, Listing, Phase, RemoteId, RenderReport, StopReason, Tag, Timestamp,
};

/// Number of seeds of which at least one must notice.
const SEEDS: u64 = 10_000;

/// Defines a mutant: the sound rules with one replaced.
macro_rules! mutant {
    ($name:ident: $($rule:item)*) => {
        #[derive(Debug)]
        struct $name;
        impl SafetyRules for $name {
            $($rule)*
        }
    };
}

mutant! { DoubtResentOnResume:
    fn interrupted_submit(&self) -> JobEvent {
        let failure = Failure::new(FailureKind::Interrupted, "taken for not sent");
        JobEvent::SubmitDeferred { failure }
    }
}

mutant! { LostIsRetried:
    fn unanswered_submit(&self, failure: Failure) -> JobEvent {
        JobEvent::SubmitDeferred { failure }
    }
}

mutant! { PaceForgotten:
    fn last_submit(&self, _recorded: Option<Timestamp>) -> Option<Timestamp> {
        None
    }
}

mutant! { ThrottleHoldsOneJob:
    fn throttle(&self, lane: &mut LaneLimiter, now: Timestamp, failure: &Failure, jitter: u64) -> Timestamp {
        match lane.name {
            Lane::Submit => now,
            Lane::Poll | Lane::Download => lane.throttle(now, failure, jitter),
        }
    }
}

mutant! { ReadPauseIgnored:
    fn throttle(&self, lane: &mut LaneLimiter, now: Timestamp, failure: &Failure, jitter: u64) -> Timestamp {
        let failure = match lane.name {
            Lane::Submit | Lane::Download => failure.clone(),
            Lane::Poll => failure.clone().with_retry_after(None),
        };
        lane.throttle(now, &failure, jitter)
    }

    fn apply_retry_after(&self, lane: &mut LaneLimiter, now: Timestamp, failure: &Failure) -> Option<Event> {
        match lane.name {
            Lane::Submit | Lane::Download => lane.apply_retry_after(now, failure),
            Lane::Poll => None,
        }
    }
}

mutant! { DownloadPauseIgnored:
    fn throttle(&self, lane: &mut LaneLimiter, now: Timestamp, failure: &Failure, jitter: u64) -> Timestamp {
        match lane.name {
            Lane::Submit | Lane::Poll => lane.throttle(now, failure, jitter),
            Lane::Download => now.plus(Duration::from_secs(1)),
        }
    }
}

mutant! { UnavailableHostAsked:
    fn apply_retry_after(&self, lane: &mut LaneLimiter, now: Timestamp, failure: &Failure) -> Option<Event> {
        match lane.name {
            Lane::Submit | Lane::Poll => lane.apply_retry_after(now, failure),
            Lane::Download => None,
        }
    }
}

mutant! { OneListingIsProof:
    fn is_proof(&self, evidence: &[AbsenceEvidence], longest_list: u64) -> bool {
        evidence.iter().any(|it| self.is_complete(it, longest_list))
    }
}

mutant! { NoReferenceNeeded:
    fn check_listing(&self, proof: &PendingProof, _rows: &ListedRows<'_>) -> ListingCheck {
        let newest = proof.references.iter().filter_map(|row| row.sent).max();
        let newest = newest.unwrap_or(proof.settled);
        ListingCheck::Complete { newest }
    }
}

mutant! { CappedListIsProof:
    fn is_complete(&self, _evidence: &AbsenceEvidence, _longest_list: u64) -> bool {
        true
    }
}

mutant! { CutOffListBelieved:
    fn may_be_cut_off(&self, _: &Listing, _: u64, _: bool) -> bool {
        false
    }
}

mutant! { ListWithoutJobsBelieved:
    fn must_show_jobs(&self, _has_accepted_jobs: bool) -> bool {
        false
    }
}

mutant! { OneListForNewCampaign:
    fn listings_of_new_campaign(&self) -> u32 {
        1
    }
}

mutant! { RefusalBelieved:
    fn is_looked_for(&self, _refusal: &Failure) -> bool {
        false
    }
}

mutant! { HiddenRendersIgnored:
    fn shows_unfinished(&self, _shows_ours: bool) -> bool {
        true
    }
}

mutant! { NewerGenerationIgnored:
    fn is_newer(&self, _state: &JobState, _generation: Generation) -> bool {
        false
    }
}

mutant! { GatewayBelieved:
    fn may_be_accepted_late(&self, failure: &Failure) -> bool {
        failure.kind == FailureKind::Interrupted
    }
}

mutant! { ProofUsedTwice:
    fn may_be_found_absent(&self, _state: &JobState) -> bool {
        true
    }
}

mutant! { HiddenRowsIgnored:
    fn shows_kind(&self, _has_shown: (bool, bool), _would_be_finished: bool) -> bool {
        true
    }
}

mutant! { AnyOrderIsNewestFirst:
    fn order(&self, _listing: &Listing) -> ListOrder {
        ListOrder::NewestFirst
    }
}

mutant! { AnyTextFits:
    fn fits(&self, _report: &RenderReport, _job: &TrackedJob) -> bool {
        true
    }
}

mutant! { DoubtIsFree:
    fn committed(&self, state: &JobState) -> Credits {
        if matches!(state.phase, Phase::InDoubt { .. }) {
            return state.spent();
        }
        SoundRules.committed(state)
    }
}

mutant! { ReportedChargeBelieved:
    fn committed(&self, state: &JobState) -> Credits {
        state.spent() + state.promised()
    }
}

mutant! { PricesNeverRise:
    fn price(&self, _learned: Option<i64>, _is_alone: bool) -> i64 {
        1000
    }
}

mutant! { UnknownPriceTrusted:
    fn price(&self, learned: Option<i64>, _is_alone: bool) -> i64 {
        learned.unwrap_or(1000)
    }
}

mutant! { SettlingMakesRoom:
    fn committed_by_run(&self, state: &JobState, _before_run: Option<Credits>) -> Credits {
        self.committed(state)
    }
}

mutant! { FirstChargeIsFinal:
    fn is_higher_charge(&self, _reported: Credits, _known: Credits) -> bool {
        false
    }
}

mutant! { TwinsIgnored:
    fn is_duplicate(&self, _: &JobState, _: &Tag, _: &RemoteId) -> bool {
        false
    }
}

mutant! { NoCheckAfterCap:
    fn checks_at_end(&self, stop: Option<&StopReason>) -> bool {
        stop.is_none()
    }
}

mutant! { LateListBelieved:
    fn is_up_to_date(&self, _shows_newest: bool) -> bool {
        true
    }
}

mutant! { DoubtTakesNoSlot:
    fn occupied_until(&self, _: &JobState, _: Timestamp, _: Duration) -> Option<Timestamp> {
        None
    }
}

mutant! { AdoptedIsFree:
    fn adopted_request(&self, job: &TrackedJob, tag: &Tag) -> (Fingerprint, Credits, Option<Credits>) {
        let (fingerprint, ..) = SoundRules.adopted_request(job, tag);
        (fingerprint, Credits::ZERO, None)
    }
}

mutant! { InventorySkipped:
    fn needs_inventory(&self, _has_submits: bool, _may_have_lost_jobs: bool) -> bool {
        false
    }
}

mutant! { CollectSkipsList:
    fn needs_inventory(&self, has_submits: bool, _may_have_lost_jobs: bool) -> bool {
        has_submits
    }
}

mutant! { EditsForgotten:
    fn may_be_edited(&self) -> bool {
        false
    }
}

mutant! { NamelessIgnored:
    fn may_be_nameless(&self, _proof: &PendingProof, _listing: &Listing) -> bool {
        false
    }
}

mutant! { OtherIdsForgotten:
    fn other_ids<'a>(&self, _job: &'a TrackedJob) -> Vec<&'a JobId> {
        Vec::new()
    }

    // As with recordings, whose texts the list does not show.
    fn may_be_edited(&self) -> bool {
        false
    }
}

mutant! { FailedPollFailsJob:
    fn failed_poll(&self, failure: &Failure) -> Option<JobEvent> {
        let failure = failure.clone();
        Some(JobEvent::Failed { failure, charged: None })
    }
}

mutant! { LinkExpiryResubmits:
    fn expired_link(&self, failure: Failure, generation: Generation) -> Vec<JobEvent> {
        let expired = JobEvent::LinkExpired { failure: failure.clone() };
        let failed = JobEvent::Failed { failure, charged: None };
        vec![expired, failed, JobEvent::Reopened { generation }]
    }
}

mutant! { MissingLinkFailsJob:
    fn missing_link(&self, failure: Failure) -> JobEvent {
        JobEvent::Failed { failure, charged: None }
    }
}

mutant! { CreditsIgnored:
    fn stops_submits(&self, _failure: &Failure) -> bool {
        false
    }
}

mutant! { RetryWithoutLook:
    fn is_looked_for_before_retry(&self) -> bool {
        false
    }
}

mutant! { AllSentWithoutCredits:
    fn probes(&self, _lacked_credits: bool) -> bool {
        false
    }
}

mutant! { VideoGivenUpTooSoon:
    fn may_give_up(&self, _failure: &Failure) -> bool {
        true
    }
}

/// Checks whether a seed notices a mutant, with a message that contains `says`.
fn notices(seed: u64, rules: &'static dyn SafetyRules, recorder: &Recorder, says: &str) -> bool {
    let mut simulation = Simulation::with_mutant(seed, rules, recorder.clone());
    let run = AssertUnwindSafe(|| run_and_check(&mut simulation));
    let Err(panic) = catch_unwind(run) else {
        return false;
    };
    let message = panic.downcast_ref::<String>().map(String::as_str);
    let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
    message.is_some_and(|message| message.contains(says))
}

macro_rules! is_caught {
    ($($test:ident: $rules:expr, $recorder:expr, $says:literal;)*) => {
        $(
            #[test]
            fn $test() {
                let (rules, recorder) = (&$rules, $recorder);
                let is_caught = (0..SEEDS).any(|seed| notices(seed, rules, &recorder, $says));
                assert!(is_caught, "no seed noticed");
            }
        )*
    };
}

is_caught! {
    resending_in_doubt_on_resume_is_caught: DoubtResentOnResume, Recorder::Faithful, "paid";
    retrying_a_lost_submit_is_caught: LostIsRetried, Recorder::Faithful, "paid";
    recording_the_intent_after_the_answer_is_caught: SoundRules, Recorder::LateIntent(Vec::new()), "unknown";
    forgetting_the_pace_on_restart_is_caught: PaceForgotten, Recorder::Faithful, "between two submits";
    holding_one_job_for_a_429_is_caught: ThrottleHoldsOneJob, Recorder::Faithful, "before the time";
    ignoring_the_pause_of_a_read_is_caught: ReadPauseIgnored, Recorder::Faithful, "before the time";
    holding_one_download_for_a_429_is_caught: DownloadPauseIgnored, Recorder::Faithful, "before the time";
    ignoring_the_pause_of_a_file_host_is_caught: UnavailableHostAsked, Recorder::Faithful, "before the time";
    believing_one_listing_is_caught: OneListingIsProof, Recorder::Faithful, "paid";
    believing_a_list_without_references_is_caught: NoReferenceNeeded, Recorder::Faithful, "paid";
    believing_a_capped_list_is_caught: CappedListIsProof, Recorder::Faithful, "paid";
    believing_a_list_that_is_cut_off_before_the_first_submit_is_caught: CutOffListBelieved, Recorder::Faithful, "paid";
    believing_a_list_without_any_job_of_a_lost_journal_is_caught: ListWithoutJobsBelieved, Recorder::Faithful, "paid";
    one_list_before_an_unattended_campaign_is_caught: OneListForNewCampaign, Recorder::Faithful, "paid";
    resending_a_refused_submit_at_once_is_caught: RefusalBelieved, Recorder::Faithful, "paid";
    believing_a_list_without_renders_under_way_is_caught: HiddenRendersIgnored, Recorder::Faithful, "paid";
    keeping_an_older_generation_is_caught: NewerGenerationIgnored, Recorder::Faithful, "renders at once";
    believing_a_gateway_that_gave_up_is_caught: GatewayBelieved, Recorder::Faithful, "paid";
    proving_an_absence_twice_is_caught: ProofUsedTwice, Recorder::Faithful, "absent twice";
    believing_a_list_that_hides_a_kind_of_renders_is_caught: HiddenRowsIgnored, Recorder::Faithful, "paid";
    taking_any_order_for_newest_first_is_caught: AnyOrderIsNewestFirst, Recorder::Faithful, "paid";
    adopting_a_copy_with_another_text_is_caught: AnyTextFits, Recorder::Faithful, "another text";
    a_cap_that_ignores_doubts_is_caught: DoubtIsFree, Recorder::Faithful, "credits promised";
    a_cap_that_believes_any_charge_is_caught: ReportedChargeBelieved, Recorder::Faithful, "credits promised";
    prices_that_never_rise_are_caught: PricesNeverRise, Recorder::Faithful, "known price";
    trusting_an_unknown_price_is_caught: UnknownPriceTrusted, Recorder::Faithful, "known price";
    a_run_cap_with_room_from_earlier_runs_is_caught: SettlingMakesRoom, Recorder::Faithful, "promised by one run";
    a_first_charge_that_is_taken_for_final_is_caught: FirstChargeIsFinal, Recorder::Faithful, "not followed";
    twins_that_do_not_count_are_caught: TwinsIgnored, Recorder::Faithful, "does not count";
    ending_at_a_cap_without_a_last_list_is_caught: NoCheckAfterCap, Recorder::Faithful, "not looked for";
    believing_a_late_list_is_caught: LateListBelieved, Recorder::Faithful, "not looked for";
    doubts_that_take_no_slot_are_caught: DoubtTakesNoSlot, Recorder::Faithful, "renders at once";
    forgetting_an_adopted_charge_is_caught: AdoptedIsFree, Recorder::Faithful, "credits counted";
    skipping_the_inventory_of_a_lost_journal_is_caught: InventorySkipped, Recorder::Faithful, "paid";
    collecting_without_the_list_is_caught: CollectSkipsList, Recorder::Faithful, "a collecting run left";
    paying_again_for_edited_rows_is_caught: EditsForgotten, Recorder::Faithful, "before an edit";
    believing_a_list_with_nameless_rows_is_caught: NamelessIgnored, Recorder::Faithful, "paid";
    forgetting_other_ids_is_caught: OtherIdsForgotten, Recorder::Faithful, "before an edit";
    failing_a_job_for_a_failed_poll_is_caught: FailedPollFailsJob, Recorder::Faithful, "lost";
    rendering_again_for_an_expired_link_is_caught: LinkExpiryResubmits, Recorder::Faithful, "paid";
    failing_a_job_for_a_missing_link_is_caught: MissingLinkFailsJob, Recorder::Faithful, "lost";
    submitting_without_credits_is_caught: CreditsIgnored, Recorder::Faithful, "without credits";
    paying_for_a_failed_job_again_without_a_look_is_caught: RetryWithoutLook, Recorder::Faithful, "without a look";
    sending_all_jobs_that_lacked_credits_is_caught: AllSentWithoutCredits, Recorder::Faithful, "waits for credits";
    giving_up_a_video_whose_link_may_live_is_caught: VideoGivenUpTooSoon, Recorder::Faithful, "may live";
    phases_that_are_not_recorded_are_caught: SoundRules, Recorder::WithoutRendered, "left == right";
}
