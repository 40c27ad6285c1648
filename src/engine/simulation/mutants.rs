//! Each promise is broken once on purpose, and the simulation is seen to notice, by the check that
//! guards this promise.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::play;
use super::run::Simulation;
use crate::engine::mutant::{self, Mutant};

/// Seeds among which one at least must notice.
const SEEDS: u64 = 2000;

/// What the first seed that notices the mutant says.
fn seed_that_catches(mutant: Mutant, says: &str) -> Option<u64> {
    mutant::set(Some(mutant));
    let caught = (0..SEEDS).find(|seed| {
        let mut simulation = Simulation::new(*seed);
        let Err(panic) = catch_unwind(AssertUnwindSafe(|| play(&mut simulation))) else {
            return false;
        };
        let words = panic.downcast_ref::<String>().map(String::as_str);
        let words = words.or_else(|| panic.downcast_ref::<&str>().copied());
        words.is_some_and(|words| words.contains(says))
    });
    mutant::set(None);
    caught
}

macro_rules! is_caught {
    ($($test:ident: $mutant:ident, $says:literal;)*) => {
        $(
            #[test]
            fn $test() {
                let caught = seed_that_catches(Mutant::$mutant, $says);
                assert!(caught.is_some(), "no seed noticed");
            }
        )*
    };
}

is_caught! {
    resending_in_doubt_on_resume_is_caught: DoubtResentOnResume, "paid";
    retrying_a_lost_submit_is_caught: LostIsRetried, "paid";
    recording_the_intent_after_the_answer_is_caught: IntentAfterAnswer, "unknown";
    forgetting_the_pace_on_restart_is_caught: PaceForgotten, "between two submits";
    holding_one_job_for_a_429_is_caught: ThrottleHoldsOneJob, "before the time";
    ignoring_the_pause_of_a_read_is_caught: ReadWishIgnored, "before the time";
    believing_one_listing_is_caught: OneListingIsProof, "paid";
    believing_a_list_without_witnesses_is_caught: NoWitnessNeeded, "paid";
    believing_a_capped_list_is_caught: CappedListIsProof, "paid";
    a_cap_that_ignores_doubts_is_caught: DoubtIsFree, "credits promised";
    a_run_cap_that_earlier_runs_make_room_under_is_caught: SettlingMakesRoom, "promised by one run";
    doubts_that_take_no_place_are_caught: DoubtTakesNoPlace, "renders at once";
    forgetting_an_adopted_charge_is_caught: AdoptedIsFree, "credits counted";
    skipping_the_inventory_of_a_lost_journal_is_caught: InventorySkipped, "paid";
    failing_a_job_for_a_failed_poll_is_caught: FailedPollFailsJob, "lost";
    rendering_again_for_an_expired_link_is_caught: LinkExpiryResubmits, "paid";
    phases_that_are_not_on_record_are_caught: PhaseNotRecorded, "left == right";
}
