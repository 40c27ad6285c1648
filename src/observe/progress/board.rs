//! A few lines at the bottom of a terminal that are redrawn in place.

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::steady::Steady;

/// Lines that stay below while others scroll by above. They are cut at the terminal's width, never
/// wrapped, and only what has changed is drawn again.
#[derive(Debug)]
pub(in crate::observe) struct Board {
    screen: MultiProgress,
    bars: Vec<ProgressBar>,
}

impl Board {
    /// On standard error.
    pub(in crate::observe) fn on_errors() -> Self {
        Self::new(Steady::target(Term::stderr()))
    }

    /// On standard output.
    pub(in crate::observe) fn on_output() -> Self {
        Self::new(Steady::target(Term::stdout()))
    }

    pub(in crate::observe) fn new(target: ProgressDrawTarget) -> Self {
        Self {
            screen: MultiProgress::with_draw_target(target),
            bars: Vec::new(),
        }
    }

    /// Shows `lines` in place of those shown before.
    pub(in crate::observe) fn show(&mut self, lines: impl IntoIterator<Item = String>) {
        let lines: Vec<String> = lines.into_iter().collect();
        while self.bars.len() > lines.len() {
            if let Some(bar) = self.bars.pop() {
                bar.finish_and_clear();
                self.screen.remove(&bar);
            }
        }
        let style = ProgressStyle::with_template("{wide_msg}")
            .expect("the template is a constant, and right");
        while self.bars.len() < lines.len() {
            let bar = ProgressBar::new_spinner().with_style(style.clone());
            self.bars.push(self.screen.add(bar));
        }
        for (bar, line) in self.bars.iter().zip(lines) {
            if bar.message() != line {
                bar.set_message(line);
            }
        }
    }

    /// Prints a line above, where it stays.
    pub(in crate::observe) fn print(&self, line: &str) {
        // A terminal that has gone away is no reason to fail.
        let _ = self.screen.println(line);
    }

    /// Takes the lines off the screen.
    pub(in crate::observe) fn clear(&mut self) {
        for bar in self.bars.drain(..) {
            bar.finish_and_clear();
            self.screen.remove(&bar);
        }
        // A terminal that has gone away is no reason to fail.
        let _ = self.screen.clear();
    }
}
