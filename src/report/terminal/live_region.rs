//! Lines at the bottom of a terminal that are redrawn in place.

use std::fmt;
use std::io::Write;
use std::sync::Arc;

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::report::stderr::Stderr;
use crate::report::stdout::Stdout;
use crate::report::terminal::resize_safe_term::{ResizeSafeTerm, Size};
use crate::util::printed;
use crate::util::style::Colours;
use crate::util::text::{truncate, wrap};

/// Lines at the bottom of a terminal, below those that scroll. They are cut at the terminal's width, never wrapped, and
/// drawn in one frame. A terminal with too few rows shows the last lines.
pub(crate) struct LiveRegion {
    size: Size,
    screen: MultiProgress,
    /// One bar whose message is all lines; `None` while nothing is shown.
    bar: Option<ProgressBar>,
}

impl fmt::Debug for LiveRegion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LiveRegion").field("bar", &self.bar).finish_non_exhaustive()
    }
}

impl LiveRegion {
    /// Returns a region on standard error.
    pub(crate) fn on_errors() -> Self {
        Self::on(size_of(Term::stderr()), Box::new(Stderr))
    }

    /// Returns a region on standard output.
    pub(crate) fn on_output() -> Self {
        Self::on(size_of(Term::stdout()), Box::new(Stdout))
    }

    pub(super) fn on(size: Size, output: Box<dyn Write + Send>) -> Self {
        let target = ResizeSafeTerm::target(Arc::clone(&size), output);
        Self { size, screen: MultiProgress::with_draw_target(target), bar: None }
    }

    /// Replaces the lines.
    pub(crate) fn show(&mut self, lines: impl IntoIterator<Item = String>) {
        let (columns, rows) = (self.size)();
        let lines: Vec<String> = lines
            .into_iter()
            .map(|line| truncate(&printed::shown(&line, Colours::On), usize::from(columns)))
            .collect();
        let hidden = lines.len().saturating_sub(usize::from(rows).saturating_sub(1).max(1));
        let bar = self.bar.get_or_insert_with(|| {
            let style =
                ProgressStyle::with_template("{msg}").expect("the template is a valid constant");
            self.screen.add(ProgressBar::new_spinner().with_style(style))
        });
        bar.set_message(lines[hidden..].join("\n"));
    }

    /// Prints a line above the region, wrapped at words below its text, which begins at the column `indent`.
    pub(crate) fn print(&self, line: &str, indent: usize) {
        let (columns, _) = (self.size)();
        // A terminal that is gone must not end the run.
        let line = printed::shown(line, Colours::On);
        let _ = self.screen.println(wrap(&line, usize::from(columns), indent));
    }

    /// Removes the lines.
    pub(crate) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
            self.screen.remove(&bar);
        }
        // A terminal that is gone must not end the run.
        let _ = self.screen.clear();
    }
}

/// Returns the columns of standard error if it is a terminal.
pub(crate) fn error_columns() -> Option<usize> {
    Term::stderr().size_checked().map(|(_, columns)| usize::from(columns))
}

/// Returns the columns of standard output if it is a terminal.
pub(crate) fn output_columns() -> Option<usize> {
    Term::stdout().size_checked().map(|(_, columns)| usize::from(columns))
}

fn size_of(terminal: Term) -> Size {
    Arc::new(move || {
        let (rows, columns) = terminal.size();
        (columns, rows)
    })
}
