//! A terminal that stands being resized.
//!
//! `indicatif` fills each of its lines with spaces up to the terminal's edge. When the terminal is made
//! narrower, it wraps them, and what is cleared afterwards is not what is there. Here each frame is
//! collected, written without the filling and in one piece; and what is cleared is as many rows as its
//! lines take up at the width that the terminal has by then.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressDrawTarget, TermLike};

/// Redraws in a second.
const RATE: u8 = 10;

/// Terminals that know these draw what lies between them at once; others ignore them.
const BEGIN_FRAME: &str = "\u{1b}[?2026h";
const END_FRAME: &str = "\u{1b}[?2026l";

/// To the beginning of the row, and everything from there on gone.
const CLEAR_REST: &str = "\r\u{1b}[J";

#[derive(Debug)]
pub(super) struct ResizeSafeTerm<T> {
    terminal: T,
    frame: Arc<Mutex<Frame>>,
}

#[derive(Debug, Default)]
struct Frame {
    /// Widths of the lines that the newest frame wrote, without what colours them.
    lines: Vec<usize>,
    /// How many of them are to be cleared by the frame that is being drawn.
    cleared: usize,
    /// What is to be written.
    text: String,
    /// The frame that is being drawn has begun to write.
    has_begun: bool,
    /// The filling comes next.
    fills: bool,
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

    /// Clears what the frame before has left, as far as it is to be replaced.
    fn begin(&self, frame: &mut Frame) {
        if std::mem::replace(&mut frame.has_begun, true) {
            return;
        }
        let width = usize::from(self.terminal.width()).max(1);
        let kept = frame.lines.len().saturating_sub(frame.cleared);
        let rows: usize = frame.lines[kept..]
            .iter()
            .map(|line| line.div_ceil(width).max(1))
            .sum();
        if rows > 0 {
            if rows > 1 {
                let up = format!("\u{1b}[{}A", rows - 1);
                frame.text.push_str(&up);
            }
            frame.text.push_str(CLEAR_REST);
        } else if !frame.lines.is_empty() {
            // What is there stays.
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

    // How the cursor travels over the lines to be cleared does not matter, only how many there are.

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

    /// A line and its filling, in turn.
    fn write_str(&self, text: &str) -> io::Result<()> {
        let mut frame = self.frame();
        self.begin(&mut frame);
        if std::mem::take(&mut frame.fills) {
            return Ok(());
        }
        frame.fills = true;
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
        frame.fills = false;
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
    fn frames_are_whole_and_what_was_wrapped_is_cleared() {
        let terminal = FakeTerminal {
            width: Arc::new(AtomicU16::new(40)),
            text: Arc::default(),
        };
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
        assert!(
            text.contains(CLEAR_REST) && !text.contains("line"),
            "{text:?}"
        );
    }

    #[test]
    fn what_is_printed_stays_and_the_next_begins_below_it() {
        let terminal = FakeTerminal {
            width: Arc::new(AtomicU16::new(40)),
            text: Arc::default(),
        };
        let mut region = LiveRegion::on(terminal.clone());
        region.print("run");
        region.print("done");
        region.clear();
        let text = terminal
            .taken()
            .replace(BEGIN_FRAME, "")
            .replace(END_FRAME, "");
        assert_eq!(text, "run\r\ndone\r\n");
    }
}
