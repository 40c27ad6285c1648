//! Lines at the bottom of a terminal that are redrawn in place.

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle, TermLike};

use crate::report::terminal::resize_safe_term::ResizeSafeTerm;

/// Lines at the bottom of a terminal, below those that scroll. They are cut at the terminal's width, never wrapped, and
/// drawn in one frame.
#[derive(Debug)]
pub(crate) struct LiveRegion {
    /// Used only for its width.
    terminal: Box<dyn TermLike>,
    screen: MultiProgress,
    /// One bar whose message is all lines; `None` while nothing is shown.
    bar: Option<ProgressBar>,
}

impl LiveRegion {
    /// Returns a region on standard error.
    pub(crate) fn on_errors() -> Self {
        Self::on(Term::stderr())
    }

    /// Returns a region on standard output.
    pub(crate) fn on_output() -> Self {
        Self::on(Term::stdout())
    }

    pub(super) fn on(terminal: impl TermLike + Clone + 'static) -> Self {
        Self {
            terminal: Box::new(terminal.clone()),
            screen: MultiProgress::with_draw_target(ResizeSafeTerm::target(terminal)),
            bar: None,
        }
    }

    /// Replaces the lines.
    pub(crate) fn show(&mut self, lines: impl IntoIterator<Item = String>) {
        let width = usize::from(self.terminal.width());
        let lines: Vec<String> = lines
            .into_iter()
            .map(|line| console::truncate_str(&line, width, "…").into_owned())
            .collect();
        let bar = self.bar.get_or_insert_with(|| {
            let style =
                ProgressStyle::with_template("{msg}").expect("the template is a valid constant");
            self.screen.add(ProgressBar::new_spinner().with_style(style))
        });
        bar.set_message(lines.join("\n"));
    }

    /// Prints a line above the region.
    pub(crate) fn print(&self, line: &str) {
        // A terminal that is gone must not end the run.
        let _ = self.screen.println(line);
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
