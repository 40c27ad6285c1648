//! The last words of a run.

use super::argument_groups::{LogFormat, ScreenArguments};
use super::console;
use super::herald::Herald;
use crate::observe::{Colours, Summary, closing, write_json};

/// Says what became of everything, whatever else is wrong. Answers whether those who read standard output
/// could be told.
pub(super) fn conclude(summary: &Summary, arguments: &ScreenArguments, colours: Colours) -> bool {
    let mut is_told = true;
    if arguments.json
        && let Err(error) = console::print_all(|output| write_json(summary, output))
    {
        Herald::of(arguments.log_format).warning(&format!(
            "the results could not be written to standard output ({error}); `results.json` has them"
        ));
        is_told = false;
    }
    if arguments.log_format == LogFormat::Text {
        console::tell(&closing(summary, colours));
    }
    is_told
}
