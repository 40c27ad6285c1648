//! Everybody who is told what happens while a run goes on.

use super::argument_groups::OutputArguments;
use super::error::Error;
use super::screen::{Display, Screen};
use crate::driver::{Clock as _, SystemClock};
use crate::report::events::{TextLines, Verbosity};
use crate::report::files::{ResultsWriter, open_log};
use crate::report::notification::EarlyNotifier;
use crate::report::terminal::Colours;
use crate::report::{Observer, Summary};

/// The files, the screen and the log of a run.
pub(super) struct Observers {
    results: ResultsWriter,
    display: Option<Box<dyn Display>>,
    log: Option<TextLines>,
}

impl Observers {
    /// Whoever is to be told what follows on `summary`.
    pub(super) fn new(
        summary: &Summary,
        screen: Screen,
        output: &OutputArguments,
        clock: &SystemClock,
    ) -> Self {
        let mut results =
            ResultsWriter::new(summary, output.encoding()).with_junit(output.junit.clone());
        if output.xlsx {
            results = results.with_workbook();
        }
        // A log that cannot be written fails no run: the journal holds what matters.
        let file = open_log(&summary.campaign().out, clock.now()).ok();
        let log = file.map(|file| {
            let stream = Box::new(file);
            TextLines::new(summary, stream, Verbosity::Verbose, Colours::Off)
        });
        Self {
            results,
            display: screen.display(summary),
            log,
        }
    }

    /// All of them, in the order in which they are told; `alarm` is the last.
    pub(super) fn observers<'a>(
        &'a mut self,
        alarm: &'a mut Option<EarlyNotifier>,
    ) -> Vec<&'a mut dyn Observer> {
        let mut observers: Vec<&mut dyn Observer> = vec![&mut self.results];
        if let Some(display) = &mut self.display {
            observers.push(display.as_mut());
        }
        observers.extend(self.log.iter_mut().map(|log| log as &mut dyn Observer));
        observers.extend(alarm.iter_mut().map(|alarm| alarm as &mut dyn Observer));
        observers
    }

    /// The run is over: the screen is cleared, the files are written for the last time.
    pub(super) fn dismiss(mut self, summary: &Summary) -> Result<(), Error> {
        if let Some(display) = &mut self.display {
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
