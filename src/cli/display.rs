//! The display of a run.

use std::time::Duration;

use super::args::{LogFormat, ProgressStyle, ScreenArguments};
use super::config::Environment;
use super::printer::Printer;
use crate::app::Severity;
use crate::report::events::{JsonLines, TextLines, Verbosity};
use crate::report::stderr::Stderr;
use crate::report::terminal::Progress;
use crate::report::{Observer, Summary};
use crate::util::style::Colours;

/// The refresh interval of a progress bar.
const BAR_TICK: Duration = Duration::from_millis(120);

/// The interval of the time updates of lines and result files.
const LINES_TICK: Duration = Duration::from_secs(1);

/// How a run is displayed.
#[derive(Debug, Clone, Copy)]
pub(super) struct DisplayStyle {
    mode: DisplayMode,
    verbosity: Verbosity,
    /// Whether the display is coloured.
    pub(super) colours: Colours,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DisplayMode {
    Bar,
    TextLines,
    Json,
    Nothing,
}

impl DisplayStyle {
    /// Returns the style for `arguments`, as far as the terminal supports it.
    pub(super) fn new(arguments: &ScreenArguments) -> Self {
        let verbosity = match (arguments.quiet, arguments.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Normal,
            (false, _) => Verbosity::Verbose,
        };
        let mode = match arguments.progress {
            _ if arguments.log_format == LogFormat::Json => DisplayMode::Json,
            ProgressStyle::None => DisplayMode::Nothing,
            // With `--quiet`, failures are lines and there is no bar.
            _ if arguments.quiet => DisplayMode::TextLines,
            ProgressStyle::Bar if Environment::has_cursor() => DisplayMode::Bar,
            ProgressStyle::Auto if Environment::shows_bars() => DisplayMode::Bar,
            ProgressStyle::Bar | ProgressStyle::Plain | ProgressStyle::Auto => {
                DisplayMode::TextLines
            }
        };
        Self { mode, verbosity, colours: Environment::error_colours() }
    }

    /// Reports that the bar of `arguments` is replaced by lines.
    pub(super) fn report(self, arguments: &ScreenArguments) {
        let has_bar = arguments.progress != ProgressStyle::Bar || Environment::has_cursor();
        if self.mode == DisplayMode::TextLines && !has_bar {
            let note = "progress is shown in lines: `TERM` names no terminal that can show a bar";
            self.printer().notice(Severity::Note, note);
        }
    }

    /// Returns the printer for notes and warnings.
    pub(super) fn printer(self) -> Printer {
        match self.mode {
            DisplayMode::Json => Printer::Json,
            _ if self.verbosity == Verbosity::Quiet => Printer::Quiet,
            DisplayMode::Bar | DisplayMode::TextLines | DisplayMode::Nothing => Printer::Text,
        }
    }

    /// Returns the refresh interval.
    pub(super) fn tick(self) -> Duration {
        match self.mode {
            DisplayMode::Bar => BAR_TICK,
            DisplayMode::TextLines | DisplayMode::Json | DisplayMode::Nothing => LINES_TICK,
        }
    }

    /// Returns the displays of a run that begins with `summary`.
    pub(super) fn displays(self, summary: &Summary) -> Vec<Box<dyn Observer>> {
        let stderr = || Box::new(Stderr);
        match self.mode {
            DisplayMode::Bar => {
                vec![Box::new(Progress::on_terminal(summary, self.verbosity, self.colours))]
            }
            DisplayMode::TextLines => {
                vec![Box::new(TextLines::new(summary, stderr(), self.verbosity, self.colours))]
            }
            DisplayMode::Json => vec![Box::new(JsonLines::new(stderr()))],
            DisplayMode::Nothing => Vec::new(),
        }
    }
}
