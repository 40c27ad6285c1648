//! The part of the engine that brings finished videos home. A failed download never fails the
//! render: the job stays collectable.

use std::sync::Arc;

use super::Batch;
use super::backoff::FETCH;
use super::lane::LONGEST_HOLD;
use crate::model::{
    Artifact, Command, CommandKind, Disposition, Failure, FetchOrder, JobEvent, Phase, StopReason,
    Timestamp,
};

/// Downloads of one job that this run tries in vain before it leaves it to `collect`.
const FETCHES_A_RUN: u32 = 8;

/// After so many failures in a row the provider is asked for a fresh link: the one at hand may be
/// days old, and its host gone.
const FETCHES_A_LINK: u32 = 3;

/// A try that has brought the file so many bytes further, however it ended, was worth it: the tries are
/// counted anew.
const MUCH_OF_A_FILE: u64 = 64 << 10;

impl Batch {
    /// Starts the downloads that are due.
    pub(super) fn fetch_if_due(&mut self, now: Timestamp) {
        let limit = usize::try_from(self.policy.limits.downloads.max(1)).unwrap_or(usize::MAX);
        while let Some(&(due, place)) = self.fetches.first() {
            if due > now {
                self.wake(due);
                return;
            }
            if self.outstanding_fetches >= limit {
                return;
            }
            self.fetches.pop_first();
            let job = &self.jobs[place];
            let Phase::Fetching { output, .. } = &job.state.phase else {
                continue;
            };
            self.commands.push(Command::Fetch(FetchOrder {
                job: job.spec.id.clone(),
                video_url: output.video_url.clone(),
                thumbnail_url: output.thumbnail_url.clone(),
                file: job.spec.video_path(),
                thumbnail: job.spec.thumbnail_path(),
            }));
            self.outstanding_fetches += 1;
        }
    }

    pub(super) fn on_fetched(
        &mut self,
        now: Timestamp,
        place: usize,
        result: Result<Artifact, Failure>,
    ) {
        if !matches!(self.jobs[place].state.phase, Phase::Fetching { .. }) {
            return;
        }
        let mut failure = match result {
            Ok(artifact) => {
                let artifact = Arc::new(artifact);
                return self.transition(now, place, JobEvent::Fetched { artifact });
            }
            Err(failure) => failure,
        };
        let reached = std::mem::take(&mut failure.reached);
        let live = &mut self.jobs[place].live;
        if reached >= live.reached.saturating_add(MUCH_OF_A_FILE) {
            // Far more than ever before: it comes home, if only piece by piece.
            live.reached = reached;
            live.fetches = 0;
        }
        live.fetches += 1;
        let tries = live.fetches;
        let is_last = tries >= FETCHES_A_RUN;
        match failure.disposition(CommandKind::Fetch) {
            Disposition::FreshLink if is_broken!(LinkExpiryResubmits) => {
                let generation = self.jobs[place].state.generation;
                self.transition(
                    now,
                    place,
                    JobEvent::LinkExpired {
                        failure: failure.clone(),
                    },
                );
                self.transition(
                    now,
                    place,
                    JobEvent::Failed {
                        failure,
                        charged: None,
                    },
                );
                self.transition(now, place, JobEvent::Reopened { generation });
            }
            Disposition::WaitForPerson => self.park(now, place, failure),
            Disposition::FreshLink if is_last => self.park(now, place, failure),
            Disposition::FreshLink => {
                self.transition(now, place, JobEvent::LinkExpired { failure });
            }
            Disposition::StopRun => {
                let reason = StopReason::of_refusal(&failure);
                self.park(now, place, failure);
                self.stop(reason);
            }
            Disposition::Retry
            | Disposition::HoldLane
            | Disposition::InDoubt
            | Disposition::FailJob
            | Disposition::StopSubmitting
            | Disposition::AskById
            | Disposition::NotVisible => {
                let wish = failure
                    .retry_after
                    .map(|wish| wish.moment(now))
                    .filter(|wish| *wish > now);
                let due = wish.unwrap_or_else(|| now.plus(FETCH.wait(tries, self.jitter(place))));
                if is_last || due > now.plus(LONGEST_HOLD) {
                    self.park(now, place, failure);
                } else if wish.is_none() && tries.is_multiple_of(FETCHES_A_LINK) {
                    self.transition(now, place, JobEvent::LinkExpired { failure });
                } else {
                    self.transition(now, place, JobEvent::FetchDeferred { failure });
                    self.fetches.insert((due, place));
                }
            }
        }
    }

    /// Leaves a download to a person or a later run.
    pub(super) fn park(&mut self, now: Timestamp, place: usize, failure: Failure) {
        self.jobs[place].live.is_parked = true;
        self.transition(now, place, JobEvent::FetchLeft { failure });
    }
}
