//! The last words of a run.

use super::console;
use super::herald::Printer;
use super::screen_arguments::{LogFormat, ScreenArguments};
use crate::report::Summary;
use crate::report::files::write_json;
use crate::report::summary_text::{headline, summary_text};
use crate::report::terminal::Colours;

/// Whether there was anything to do when a run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// There was.
    Something,
    /// All was done already: a night without work sends nobody a mail.
    Nothing,
}

/// Says what became of everything, whatever else is wrong. Answers whether those who read standard output
/// could be told.
pub(super) fn conclude(
    summary: &Summary,
    arguments: &ScreenArguments,
    colours: Colours,
    work: Work,
) -> bool {
    let mut is_told = true;
    if arguments.json
        && let Err(error) = console::print_all(|output| write_json(summary, output))
    {
        Printer::of(arguments.log_format).warning(&format!(
            "the results could not be written to standard output ({error}); `results.json` has them"
        ));
        is_told = false;
    }
    if arguments.log_format == LogFormat::Text {
        let was_idle = work == Work::Nothing && summary.stopped().is_none();
        match (was_idle, arguments.quiet) {
            (true, true) => {}
            (true, false) => console::tell(&format!("{}; nothing to do\n", headline(summary))),
            (false, _) => console::tell(&summary_text(summary, colours)),
        }
    }
    is_told
}
