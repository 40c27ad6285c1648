//! Observers of a run.

use std::fmt;
use std::io::{self, Write};

use crate::model::{Entry, Failure, JobId, Lane, StopReason, Timestamp};
use crate::report::summary::Summary;

/// Receives what happens in a run. Its methods are called synchronously and in order.
///
/// All observers share one [`Summary`]. An observer should not keep a copy, which may hold 100,000 jobs, and it
/// cannot make the run fail.
pub trait Observer {
    /// Handles an entry that is on disk. The summary includes it already.
    fn on_entry(&mut self, _summary: &Summary, _entry: &Entry) {}

    /// Handles the current state of a live run, several times a second.
    fn on_tick(&mut self, _summary: &Summary, _state: &LiveState) {}

    /// Completes the output after the run has ended.
    ///
    /// # Errors
    /// If the output cannot be written.
    fn finish(&mut self, _summary: &Summary) -> io::Result<()> {
        Ok(())
    }
}

/// The state of a live run that is not recorded in the journal.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LiveState {
    /// The time.
    pub now: Timestamp,
    /// Downloads under way.
    pub transfers: Vec<Transfer>,
    /// Pauses that the provider asked for, with their ends.
    pub holds: Vec<(Lane, Timestamp)>,
    /// The newest failure, if requests to the provider have failed for a while.
    pub trouble: Option<Failure>,
    /// Progress from 0 to 1 of the renders whose newest response stated it.
    pub progress: Vec<(JobId, f64)>,
    /// Why the run is ending early, if it is.
    pub stopping: Option<StopReason>,
    /// Submits whose responses are outstanding.
    pub submits: usize,
    /// Whether submits wait until the provider's list of jobs has been read.
    pub is_reading_list: bool,
    /// Jobs in doubt that the run still looks for in the provider's list.
    pub looked_for: usize,
}

/// A download under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The job.
    pub job: JobId,
    /// Bytes received.
    pub received: u64,
    /// Bytes in total, if the server stated it.
    pub expected: Option<u64>,
}

/// A stream of lines. After the first write error, such as a closed pipe, all output is discarded: the run must go on.
pub(super) struct LineStream(Option<Box<dyn Write + Send>>);

impl LineStream {
    pub(super) fn new(stream: Box<dyn Write + Send>) -> Self {
        Self(Some(stream))
    }

    /// Writes `line` and a line feed at once, and flushes.
    pub(super) fn write_line(&mut self, line: &str) {
        let line = format!("{line}\n");
        if let Some(stream) = &mut self.0
            && (stream.write_all(line.as_bytes()).is_err() || stream.flush().is_err())
        {
            self.0 = None;
        }
    }
}

impl fmt::Debug for LineStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LineStream").finish_non_exhaustive()
    }
}
