//! A few lines at the bottom of a terminal that are redrawn in place.

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle, TermLike};

use crate::report::terminal::resize_safe_term::ResizeSafeTerm;

/// Lines that stay below while others scroll by above. They are cut at the terminal's width, never
/// wrapped, and drawn together: no frame shows some of the old and some of the new.
#[derive(Debug)]
pub(crate) struct LiveRegion {
    /// Asked for its width alone.
    terminal: Box<dyn TermLike>,
    screen: MultiProgress,
    /// All lines as the message of one bar; none while there is nothing to show.
    bar: Option<ProgressBar>,
}

impl LiveRegion {
    /// On standard error.
    pub(crate) fn on_errors() -> Self {
        Self::on(Term::stderr())
    }

    /// On standard output.
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

    /// Shows `lines` in place of those shown before.
    pub(crate) fn show(&mut self, lines: impl IntoIterator<Item = String>) {
        let width = usize::from(self.terminal.width());
        let lines: Vec<String> = lines
            .into_iter()
            .map(|line| console::truncate_str(&line, width, "…").into_owned())
            .collect();
        let bar = self.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{msg}")
                .expect("the template is a constant, and right");
            self.screen
                .add(ProgressBar::new_spinner().with_style(style))
        });
        bar.set_message(lines.join("\n"));
    }

    /// Prints a line above, where it stays.
    pub(crate) fn print(&self, line: &str) {
        // A terminal that has gone away is no reason to fail.
        let _ = self.screen.println(line);
    }

    /// Takes the lines off the screen.
    pub(crate) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
            self.screen.remove(&bar);
        }
        // A terminal that has gone away is no reason to fail.
        let _ = self.screen.clear();
    }
}
