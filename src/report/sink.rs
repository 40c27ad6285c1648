//! Where lines are written.

use std::fmt;
use std::io::Write;

/// A stream of lines that stops quietly when nobody reads it any more: a closed pipe ends the
/// telling, not the run.
pub(super) struct Sink(Option<Box<dyn Write + Send>>);

impl Sink {
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

impl fmt::Debug for Sink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_open = self.0.is_some();
        formatter
            .debug_struct("Sink")
            .field("is_open", &is_open)
            .finish_non_exhaustive()
    }
}
