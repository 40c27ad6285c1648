//! The engine broken on purpose, one promise at a time, to see that the simulation notices.

use std::cell::Cell;

/// One way to break the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mutant {
    /// On resume, what was in the air is taken for not sent.
    DoubtResentOnResume,
    /// A submit whose answer was lost is tried again at once.
    LostIsRetried,
    /// The intent is not on record before the submit.
    IntentAfterAnswer,
    /// A restart forgets when the last submit was.
    PaceForgotten,
    /// A 429 holds back the job, not the lane.
    ThrottleHoldsOneJob,
    /// A `Retry-After` of a read is not kept.
    ReadWishIgnored,
    /// One listing without the job proves its absence.
    OneListingIsProof,
    /// Absence is believed without witnesses.
    NoWitnessNeeded,
    /// A list that may be cut short proves absence.
    CappedListIsProof,
    /// What is in doubt does not count against the cap.
    DoubtIsFree,
    /// What earlier runs promised and did not need makes room under the cap of this run.
    SettlingMakesRoom,
    /// What is in doubt takes no place at the provider.
    DoubtTakesNoPlace,
    /// What is found is taken over without its charge.
    AdoptedIsFree,
    /// With the journal lost, nothing is looked for.
    InventorySkipped,
    /// A failed poll fails the job.
    FailedPollFailsJob,
    /// A link that has expired means a new render.
    LinkExpiryResubmits,
    /// A list that shows one of our jobs twice is nothing special.
    RivalIgnored,
    /// The live state moves, the record does not.
    PhaseNotRecorded,
}

thread_local! {
    static BROKEN: Cell<Option<Mutant>> = const { Cell::new(None) };
}

/// Whether the engine of this thread is to be broken in this way.
pub(super) fn is(mutant: Mutant) -> bool {
    BROKEN.get() == Some(mutant)
}

/// Breaks the engine of this thread, or mends it.
pub(super) fn set(mutant: Option<Mutant>) {
    BROKEN.set(mutant);
}
