//! The decisions of the parts of the engine.

use std::time::Duration;

use crate::model::{Credits, Event, Failure, JobEvent, StopReason, Timestamp};

/// A decision of one part. [`Batch`](super::Batch) carries decisions out in order.
#[derive(Debug)]
pub(super) enum Decision {
    /// Applies an event to a job.
    Apply(usize, JobEvent),
    /// Records an event that is not about one job.
    Record(Event),
    /// Schedules the next poll of a render.
    PollAgain(usize),
    /// Fails a job whose render failed or no longer exists.
    FailRender { index: usize, failure: Failure, charged: Option<Credits> },
    /// Counts a failed job.
    CountFailure,
    /// Adds the duration of a render.
    AddRenderTime(Duration),
    /// Notes that the provider has answered.
    NoteReachable,
    /// Stops the run if the provider could not be reached for too long.
    CheckReachable { silence: Duration, message: String },
    /// Stops the run.
    Stop(StopReason),
}

/// The next time at which a step is needed without any input.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct WakeUp(Option<Timestamp>);

impl WakeUp {
    /// Wakes up at `at`, or earlier if that was asked for before.
    pub(super) fn at(&mut self, at: Timestamp) {
        self.0 = Some(self.0.map_or(at, |earlier| earlier.min(at)));
    }

    /// Returns the time.
    pub(super) const fn time(self) -> Option<Timestamp> {
        self.0
    }
}
