//! The one way in which anybody is told anything.

use std::fmt;
use std::io::Write;

use crate::model::{Entry, Failure, JobId, Lane, StopReason, Timestamp};
use crate::report::summary::Summary;

/// Somebody who is told what has become true. Called synchronously, in order, after the entry is on
/// disk. An observer cannot fail the run: what goes wrong in it stays in it. Nobody keeps the fold of the
/// entries for himself: all are shown the same one, which holds 100,000 jobs once.
pub trait Observer {
    /// Something has become true, and is on disk. The summary has taken it in already.
    fn on_entry(&mut self, _summary: &Summary, _entry: &Entry) {}

    /// A moment of a live run; comes several times a second and is not on record.
    fn on_tick(&mut self, _summary: &Summary, _pulse: &LiveState) {}
}

/// What only a live run knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LiveState {
    /// The time.
    pub now: Timestamp,
    /// Downloads under way.
    pub transfers: Vec<Transfer>,
    /// Pauses the provider asked for that are not over yet.
    pub holds: Vec<(Lane, Timestamp)>,
    /// What went wrong last, if the provider has been asked for a while and nothing could be read.
    pub trouble: Option<Failure>,
    /// Progress from 0 to 1 of the renders whose newest answer named it.
    pub progress: Vec<(JobId, f64)>,
    /// Why the run is coming to its end early, if it is.
    pub stopping: Option<StopReason>,
    /// Submits whose answers are still to come.
    pub submits: usize,
    /// Submits wait until the provider's list of jobs has been read.
    pub is_reading_list: bool,
    /// Jobs in doubt that the run still looks for in the provider's list.
    pub looked_for: usize,
}

/// One download under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The job.
    pub job: JobId,
    /// Bytes received.
    pub received: u64,
    /// Bytes in all, if the server said so.
    pub expected: Option<u64>,
}

/// A stream of lines that stops quietly when nobody reads it any more: a closed pipe ends the
/// telling, not the run.
pub(super) struct LineStream(Option<Box<dyn Write + Send>>);

impl LineStream {
    pub(super) fn new(stream: Box<dyn Write + Send>) -> Self {
        Self(Some(stream))
    }

    /// Writes `line` and a line feed in one piece.
    pub(super) fn write_line(&mut self, line: &str) {
        let whole = format!("{line}\n");
        if let Some(stream) = &mut self.0
            && (stream.write_all(whole.as_bytes()).is_err() || stream.flush().is_err())
        {
            self.0 = None;
        }
    }
}

impl fmt::Debug for LineStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_open = self.0.is_some();
        formatter
            .debug_struct("Sink")
            .field("is_open", &is_open)
            .finish_non_exhaustive()
    }
}
