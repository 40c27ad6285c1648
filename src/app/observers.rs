//! The observers of a run: result files, displays, log.

use super::error::Error;
use super::options::ResultFiles;
use crate::driver::{Clock as _, SystemClock};
use crate::report::events::{JsonLines, TextLines, Verbosity};
use crate::report::files::{ResultsWriter, open_log};
use crate::report::notification::EarlyNotifier;
use crate::report::terminal::{Colours, Progress};
use crate::report::{Observer, Summary};

/// An observer that shows a run while it is active.
pub trait Display: Observer {
    /// Removes the moving part from the screen.
    fn clear(&mut self) {}
}

impl Display for TextLines {}
impl Display for JsonLines {}
impl Display for Progress {
    fn clear(&mut self) {
        Self::clear(self);
    }
}

/// All observers of a run.
pub(super) struct Observers {
    results: ResultsWriter,
    displays: Vec<Box<dyn Display>>,
    log: Option<TextLines>,
}

impl Observers {
    pub(super) fn new(
        summary: &Summary,
        displays: Vec<Box<dyn Display>>,
        files: &ResultFiles,
        clock: &SystemClock,
    ) -> Self {
        // A log that cannot be written does not end the run: the journal has everything that matters.
        let file = open_log(&summary.campaign().out, clock.now()).ok();
        let log = file.map(|file| {
            let stream = Box::new(file);
            TextLines::new(summary, stream, Verbosity::Verbose, Colours::Off)
        });
        Self {
            results: files.writer(summary),
            displays,
            log,
        }
    }

    /// Returns all observers in the order in which they are called.
    pub(super) fn all<'a>(
        &'a mut self,
        early_notifier: &'a mut Option<EarlyNotifier>,
    ) -> Vec<&'a mut dyn Observer> {
        let mut all: Vec<&mut dyn Observer> = vec![&mut self.results];
        for display in &mut self.displays {
            all.push(display.as_mut());
        }
        all.extend(self.log.iter_mut().map(|log| log as &mut dyn Observer));
        let notifier = early_notifier.iter_mut();
        all.extend(notifier.map(|notifier| notifier as &mut dyn Observer));
        all
    }

    /// Clears the displays and writes the result files for the last time.
    pub(super) fn finish(mut self, summary: &Summary) -> Result<(), Error> {
        for display in &mut self.displays {
            display.clear();
        }
        self.results
            .finish(summary)
            .map_err(|source| Error::Results {
                source,
                out: summary.campaign().out.clone(),
                report: summary.campaign().command("report", &[]),
            })
    }
}

impl ResultFiles {
    /// Returns a writer of these files.
    pub(crate) fn writer(&self, summary: &Summary) -> ResultsWriter {
        let results = ResultsWriter::new(summary, self.encoding).with_junit(self.junit.clone());
        if self.workbook {
            results.with_workbook()
        } else {
            results
        }
    }
}
