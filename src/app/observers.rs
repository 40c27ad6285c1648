//! The observers of a run: result files, displays, log.

use std::io;

use super::error::Error;
use super::notices::Notices;
use crate::driver::{Clock as _, SystemClock};
use crate::model::CommandName;
use crate::report::events::{TextLines, Verbosity};
use crate::report::files::{ResultFiles, ResultsWriter, open_log};
use crate::report::{Observer, Summary};
use crate::util::fs::{OutputDir, describe};
use crate::util::style::Colours;

/// Returns the observers of a run that begins with `summary`, in the order in which they are called.
pub(super) fn observers(
    summary: &Summary,
    displays: Vec<Box<dyn Observer>>,
    files: &ResultFiles,
    clock: &SystemClock,
    notices: &Notices,
) -> Vec<Box<dyn Observer>> {
    let writer = ResultsWriter::new(summary, files.clone());
    let mut observers: Vec<Box<dyn Observer>> = vec![Box::new(writer)];
    observers.extend(displays);
    // A log that cannot be written does not end the run: the journal has everything that matters.
    let out = &summary.campaign().out;
    match open_log(out, clock.now()) {
        Ok(file) => {
            let (verbosity, colours) = (Verbosity::Verbose, Colours::Off);
            let log = TextLines::new(summary, Box::new(file), verbosity, colours);
            observers.push(Box::new(log));
        }
        Err(error) => notices.warning(&format!(
            "this run has no log: `{}` cannot be written: {}",
            OutputDir(out).logs().display(),
            describe(&error)
        )),
    }
    observers
}

/// Completes the output of all observers after the run.
///
/// # Errors
/// If the results could not be written.
pub(super) fn finish(observers: &mut [Box<dyn Observer>], summary: &Summary) -> Result<(), Error> {
    let finished =
        observers.iter_mut().map(|observer| observer.finish(summary)).fold(Ok(()), io::Result::and);
    finished.map_err(|source| Error::Results {
        source,
        out: summary.campaign().out.clone(),
        report: summary.campaign().command(CommandName::Report).to_string(),
    })
}
