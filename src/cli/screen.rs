//! What a run shows while it goes on.

use std::time::Duration;

use super::environment::Environment;
use super::herald::Printer;
use super::screen_arguments::{LogFormat, ProgressStyle, ScreenArguments};
use crate::report::events::{JsonLines, TextLines, Verbosity};
use crate::report::terminal::{Colours, Progress};
use crate::report::{Observer, Summary};

/// Often enough for a bar that moves.
const TICK_OF_A_BAR: Duration = Duration::from_millis(120);

/// Lines and files only need the time to pass.
const TICK_OF_LINES: Duration = Duration::from_secs(1);

/// How a run is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen {
    form: Form,
    verbosity: Verbosity,
    colours: Colours,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Bar,
    TextLines,
    Json,
    Nothing,
}

/// Whoever shows a run; what it has on the screen can be taken off again.
pub(super) trait Display: Observer {
    /// Takes what moves off the screen.
    fn clear(&mut self) {}
}

impl Display for TextLines {}
impl Display for JsonLines {}
impl Display for Progress {
    fn clear(&mut self) {
        Self::clear(self);
    }
}

impl Screen {
    /// What `arguments` ask for, as far as the terminal can.
    pub(super) fn new(arguments: &ScreenArguments, environment: &Environment) -> Self {
        let form = match arguments.progress {
            _ if arguments.log_format == LogFormat::Json => Form::Json,
            ProgressStyle::None => Form::Nothing,
            ProgressStyle::Bar => Form::Bar,
            ProgressStyle::Auto if environment.shows_bars() => Form::Bar,
            ProgressStyle::Plain | ProgressStyle::Auto => Form::TextLines,
        };
        let verbosity = match (arguments.quiet, arguments.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Normal,
            (false, _) => Verbosity::Verbose,
        };
        // Quiet means lines for what goes wrong, and no bar at all.
        let form = if verbosity == Verbosity::Quiet && form == Form::Bar {
            Form::TextLines
        } else {
            form
        };
        Self {
            form,
            verbosity,
            colours: if environment.has_colours() {
                Colours::On
            } else {
                Colours::Off
            },
        }
    }

    /// Whether to use colours.
    pub(super) const fn colours(self) -> Colours {
        self.colours
    }

    /// Who tells what is no event, if it is wanted.
    pub(super) fn herald(self) -> Printer {
        match self.form {
            Form::Json => Printer::Json,
            _ if self.verbosity == Verbosity::Quiet => Printer::Quiet,
            Form::Bar | Form::TextLines | Form::Nothing => Printer::Text,
        }
    }

    /// How often the display wants to be told the time.
    pub(super) fn tick(self) -> Duration {
        match self.form {
            Form::Bar => TICK_OF_A_BAR,
            Form::TextLines | Form::Json | Form::Nothing => TICK_OF_LINES,
        }
    }

    /// Whoever shows what follows on `summary`.
    pub(super) fn display(self, summary: &Summary) -> Option<Box<dyn Display>> {
        let errors = || Box::new(std::io::stderr());
        Some(match self.form {
            Form::Bar => Box::new(Progress::on_terminal(summary, self.verbosity, self.colours)),
            Form::TextLines => Box::new(TextLines::new(
                summary,
                errors(),
                self.verbosity,
                self.colours,
            )),
            Form::Json => Box::new(JsonLines::new(errors())),
            Form::Nothing => return None,
        })
    }
}
