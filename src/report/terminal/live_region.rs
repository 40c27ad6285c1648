//! Lines at the bottom of a terminal that are redrawn in place.

use std::fmt::{self, Write};

use console::Term;

/// Synchronized output: terminals that support it draw a frame at once, others ignore it.
const BEGIN_FRAME: &str = "\u{1b}[?2026h";
const END_FRAME: &str = "\u{1b}[?2026l";

/// Moves to the beginning of the row and clears everything after it.
const CLEAR_REST: &str = "\r\u{1b}[J";

/// Lines at the bottom of a terminal, below those that scroll. They are cut at the terminal's width, never wrapped, and
/// drawn in one frame.
#[derive(Debug)]
pub(crate) struct LiveRegion {
    screen: Box<dyn Screen>,
    /// The lines on the screen. The cursor is at the end of the last one.
    lines: Vec<String>,
}

/// A terminal that may be resized at any time. Write errors are ignored: a terminal that is gone must not end the run.
pub(super) trait Screen: fmt::Debug {
    /// Returns the number of rows and columns.
    fn size(&self) -> (u16, u16);

    /// Writes text at once.
    fn write(&self, text: &str);
}

impl Screen for Term {
    fn size(&self) -> (u16, u16) {
        Self::size(self)
    }

    fn write(&self, text: &str) {
        let _ = self.write_str(text);
    }
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

    pub(super) fn on(screen: impl Screen + 'static) -> Self {
        Self { screen: Box::new(screen), lines: Vec::new() }
    }

    /// Replaces the lines. Lines that exceed the terminal's height are left out.
    pub(crate) fn show(&mut self, lines: impl IntoIterator<Item = String>) {
        let (rows, columns) = self.screen.size();
        let cut =
            |line: String| console::truncate_str(&line, usize::from(columns), "…").into_owned();
        let lines = lines.into_iter().take(usize::from(rows)).map(cut).collect();
        if self.lines != lines {
            self.draw("", lines);
        }
    }

    /// Prints a line above the region.
    pub(crate) fn print(&mut self, line: &str) {
        let lines = self.lines.clone();
        self.draw(&format!("{line}\r\n"), lines);
    }

    /// Removes the lines.
    pub(crate) fn clear(&mut self) {
        if !self.lines.is_empty() {
            self.draw("", Vec::new());
        }
    }

    /// Replaces the lines on the screen by `printed` and `lines`.
    fn draw(&mut self, printed: &str, lines: Vec<String>) {
        // The lines wrap if the terminal has become narrower.
        let columns = usize::from(self.screen.size().1).max(1);
        let height = |line: &String| console::measure_text_width(line).div_ceil(columns).max(1);
        let rows: usize = self.lines.iter().map(height).sum();
        let mut frame = BEGIN_FRAME.to_owned();
        if rows > 1 {
            let _ = write!(frame, "\u{1b}[{}A", rows - 1);
        }
        if rows > 0 {
            frame.push_str(CLEAR_REST);
        }
        let _ = write!(frame, "{printed}{}{END_FRAME}", lines.join("\r\n"));
        self.screen.write(&frame);
        self.lines = lines;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;

    use super::*;

    /// Keeps the text that it receives, and can be made narrower.
    #[derive(Debug, Clone)]
    struct FakeScreen {
        columns: Rc<Cell<u16>>,
        text: Rc<RefCell<String>>,
    }

    impl FakeScreen {
        fn new() -> Self {
            Self { columns: Rc::new(Cell::new(40)), text: Rc::default() }
        }

        fn taken(&self) -> String {
            self.text.take()
        }
    }

    impl Screen for FakeScreen {
        fn size(&self) -> (u16, u16) {
            (4, self.columns.get())
        }

        fn write(&self, text: &str) {
            self.text.borrow_mut().push_str(text);
        }
    }

    fn lines(count: usize) -> impl Iterator<Item = String> {
        (0..count).map(|n| format!("line {n} {}", "=".repeat(50)))
    }

    #[test]
    fn frames_are_written_at_once_and_wrapped_lines_are_cleared() {
        let screen = FakeScreen::new();
        let mut region = LiveRegion::on(screen.clone());
        region.show(lines(2));
        let cut = |n| format!("line {n} {}…", "=".repeat(32));
        let frame = format!("{}\r\n{}{END_FRAME}", cut(0), cut(1));
        assert_eq!(screen.taken(), format!("{BEGIN_FRAME}{frame}"), "cut, and not padded");
        // Each line of 40 takes three rows of 15: five rows up from the last.
        screen.columns.set(15);
        region.print("done");
        let clears = format!("{BEGIN_FRAME}\u{1b}[5A{CLEAR_REST}done\r\n");
        assert_eq!(screen.taken(), format!("{clears}{frame}"));
        region.clear();
        assert_eq!(screen.taken(), format!("{BEGIN_FRAME}\u{1b}[5A{CLEAR_REST}{END_FRAME}"));
    }

    #[test]
    fn equal_lines_are_not_drawn_again() {
        let screen = FakeScreen::new();
        let mut region = LiveRegion::on(screen.clone());
        region.show(lines(1));
        screen.taken();
        region.show(lines(1));
        assert_eq!(screen.taken(), "");
        screen.columns.set(15);
        region.show(lines(1));
        let frame =
            format!("{BEGIN_FRAME}\u{1b}[2A{CLEAR_REST}line 0 {}…{END_FRAME}", "=".repeat(7));
        assert_eq!(screen.taken(), frame, "cut at the new width");
    }

    #[test]
    fn lines_beyond_the_height_are_left_out() {
        let screen = FakeScreen::new();
        LiveRegion::on(screen.clone()).show(lines(9));
        let text = screen.taken();
        assert!(text.contains("line 3") && !text.contains("line 4"), "{text:?}");
    }

    #[test]
    fn printed_lines_stay_above_the_next() {
        let screen = FakeScreen::new();
        let mut region = LiveRegion::on(screen.clone());
        region.print("run");
        region.print("done");
        region.clear();
        let text = screen.taken().replace(BEGIN_FRAME, "").replace(END_FRAME, "");
        assert_eq!(text, "run\r\ndone\r\n");
    }
}
