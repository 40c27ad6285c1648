//! A terminal that may be resized while it is drawn on.
//!
//! `indicatif` pads each line with spaces to the terminal's width. When the terminal is made narrower, these lines wrap,
//! and `indicatif` clears too few rows. This wrapper collects each frame, writes it at once and without the padding, and
//! clears as many rows as its lines occupy at the current width.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressDrawTarget, TermLike};

/// Redraws per second.
const RATE: u8 = 10;

/// Synchronized output: terminals that support it draw a frame at once, others ignore it.
const BEGIN_FRAME: &str = "\u{1b}[?2026h";
const END_FRAME: &str = "\u{1b}[?2026l";

/// Moves to the beginning of the row and clears everything after it.
const CLEAR_REST: &str = "\r\u{1b}[J";

/// A terminal for `indicatif` that handles resizing.
#[derive(Debug)]
pub(super) struct ResizeSafeTerm<T> {
    terminal: T,
    frame: Arc<Mutex<Frame>>,
}

#[derive(Debug, Default)]
struct Frame {
    /// Widths of the newest frame's lines, without escape sequences.
    lines: Vec<usize>,
    /// The number of lines that the current frame clears.
    cleared: usize,
    /// The text of the current frame.
    text: String,
    /// Whether the current frame has begun to write.
    has_begun: bool,
    /// Whether the next string is padding.
    is_padding_next: bool,
}

impl<T: TermLike + 'static> ResizeSafeTerm<T> {
    pub(super) fn target(terminal: T) -> ProgressDrawTarget {
        let frame = Arc::default();
        ProgressDrawTarget::term_like_with_hz(Box::new(Self { terminal, frame }), RATE)
    }
}

impl<T: TermLike> ResizeSafeTerm<T> {
    fn frame(&self) -> MutexGuard<'_, Frame> {
        self.frame.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Clears the lines of the previous frame that the current one replaces.
    fn begin(&self, frame: &mut Frame) {
        if std::mem::replace(&mut frame.has_begun, true) {
            return;
        }
        let width = usize::from(self.terminal.width()).max(1);
        let kept = frame.lines.len().saturating_sub(frame.cleared);
        let rows: usize = frame.lines[kept..].iter().map(|line| line.div_ceil(width).max(1)).sum();
        if rows > 0 {
            if rows > 1 {
                let up = format!("\u{1b}[{}A", rows - 1);
                frame.text.push_str(&up);
            }
            frame.text.push_str(CLEAR_REST);
        } else if !frame.lines.is_empty() {
            // The lines stay; the frame begins below them.
            frame.text.push_str("\r\n");
        }
        frame.lines.clear();
    }
}

impl<T: TermLike> TermLike for ResizeSafeTerm<T> {
    fn width(&self) -> u16 {
        self.terminal.width()
    }

    fn height(&self) -> u16 {
        self.terminal.height()
    }

    // Only the number of cleared lines matters, not how the cursor moves over them.

    fn move_cursor_up(&self, _rows: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _rows: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _columns: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _columns: usize) -> io::Result<()> {
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.frame().cleared += 1;
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(text)?;
        self.write_str("")
    }

    /// Collects a line or, in turn, ignores its padding.
    fn write_str(&self, text: &str) -> io::Result<()> {
        let mut frame = self.frame();
        self.begin(&mut frame);
        if std::mem::take(&mut frame.is_padding_next) {
            return Ok(());
        }
        frame.is_padding_next = true;
        if !frame.lines.is_empty() {
            frame.text.push_str("\r\n");
        }
        frame.text.push_str(text);
        frame.lines.push(console::measure_text_width(text));
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let mut frame = self.frame();
        self.begin(&mut frame);
        frame.cleared = 0;
        frame.has_begun = false;
        frame.is_padding_next = false;
        let text = std::mem::take(&mut frame.text);
        if !text.is_empty() {
            let whole = format!("{BEGIN_FRAME}{text}{END_FRAME}");
            self.terminal.write_str(&whole)?;
        }
        self.terminal.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU16, Ordering};

    use super::*;
    use crate::report::terminal::live_region::LiveRegion;

    /// Keeps what it is sent, and can be made narrower.
    #[derive(Debug, Clone)]
    struct FakeTerminal {
        width: Arc<AtomicU16>,
        text: Arc<Mutex<String>>,
    }

    impl FakeTerminal {
        fn taken(&self) -> String {
            std::mem::take(&mut *self.text.lock().unwrap())
        }
    }

    impl TermLike for FakeTerminal {
        fn width(&self) -> u16 {
            self.width.load(Ordering::Relaxed)
        }
        fn move_cursor_up(&self, _n: usize) -> io::Result<()> {
            unreachable!("frames say so themselves")
        }
        fn move_cursor_down(&self, _n: usize) -> io::Result<()> {
            unreachable!("frames say so themselves")
        }
        fn move_cursor_right(&self, _n: usize) -> io::Result<()> {
            unreachable!("frames say so themselves")
        }
        fn move_cursor_left(&self, _n: usize) -> io::Result<()> {
            unreachable!("frames say so themselves")
        }
        fn write_line(&self, _text: &str) -> io::Result<()> {
            unreachable!("frames say so themselves")
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.text.lock().unwrap().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            unreachable!("frames say so themselves")
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn frames_are_written_at_once_and_wrapped_lines_are_cleared() {
        let terminal = FakeTerminal { width: Arc::new(AtomicU16::new(40)), text: Arc::default() };
        let mut region = LiveRegion::on(terminal.clone());
        let lines = |count: usize| (0..count).map(|n| format!("line {n} {}", "=".repeat(50)));
        region.show(lines(2));
        let first = terminal.taken();
        let cut = |n| format!("line {n} {}…", "=".repeat(32));
        assert_eq!(
            first,
            format!("{BEGIN_FRAME}{}\r\n{}{END_FRAME}", cut(0), cut(1)),
            "cut, and not filled"
        );
        // Each line of 40 takes three rows of 15: five rows up from the last.
        terminal.width.store(15, Ordering::Relaxed);
        region.print("done");
        let text = terminal.taken();
        let clears = format!("{BEGIN_FRAME}\u{1b}[5A{CLEAR_REST}done\r\n");
        assert!(text.starts_with(&clears), "{text:?}");
        region.clear();
        let text = terminal.taken();
        assert!(text.contains(CLEAR_REST) && !text.contains("line"), "{text:?}");
    }

    #[test]
    fn printed_lines_stay_above_the_next() {
        let terminal = FakeTerminal { width: Arc::new(AtomicU16::new(40)), text: Arc::default() };
        let mut region = LiveRegion::on(terminal.clone());
        region.print("run");
        region.print("done");
        region.clear();
        let text = terminal.taken().replace(BEGIN_FRAME, "").replace(END_FRAME, "");
        assert_eq!(text, "run\r\ndone\r\n");
    }
}
