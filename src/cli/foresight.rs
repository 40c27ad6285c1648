//! What a run would begin with: the engine's own first decisions, taken in and not kept.

use std::convert::Infallible;

use super::error::Error;
use crate::engine::{Batch, Policy};
use crate::model::{Entry, PlannedJob, Timestamp};
use crate::observe::Summary;

/// `summary` as the first step of a run would make it: what that step would reopen is what the run would
/// pay for again.
///
/// # Errors
/// If the journal contradicts itself.
pub(super) fn foresee(
    summary: &Summary,
    jobs: Vec<PlannedJob>,
    policy: Policy,
    entries: &[Entry],
    now: Timestamp,
) -> Result<Summary, Error> {
    let mut foreseen = summary.clone();
    let campaign = foreseen.campaign().name.clone();
    let mut batch = Batch::restore(&campaign, jobs, policy, entries, now)?;
    let told: Result<_, Infallible> = batch.step(now, []).persist(|entries| {
        for entry in entries {
            foreseen.apply(entry);
        }
        Ok(())
    });
    drop(told);
    Ok(foreseen)
}
