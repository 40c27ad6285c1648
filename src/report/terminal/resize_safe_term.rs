//! A terminal that may be resized while it is drawn on.
//!
//! `indicatif` pads each line with spaces to the terminal's width. When the terminal is made narrower, these lines wrap,
//! and `indicatif` clears too few rows. This wrapper collects each frame, writes it at once and without the padding, and
//! clears as many rows as its lines occupy at the current width.

use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressDrawTarget, TermLike};

use crate::util::text::width;

/// Redraws per second.
const RATE: u8 = 10;

/// Synchronized output: terminals that support it draw a frame at once, others ignore it.
const BEGIN_FRAME: &str = "\u{1b}[?2026h";
const END_FRAME: &str = "\u{1b}[?2026l";

/// Clears the row. Everything after the cursor is never cleared at once: tmux would copy a screen that is cleared from
/// its first row into the scrollback.
const CLEAR_ROW: &str = "\u{1b}[2K";

const ROW_DOWN: &str = "\u{1b}[B";

/// Returns the columns and rows of a terminal.
pub(super) type Size = Arc<dyn Fn() -> (u16, u16) + Send + Sync>;

/// A terminal for `indicatif` that handles resizing.
pub(super) struct ResizeSafeTerm {
    size: Size,
    frame: Mutex<Frame>,
}

struct Frame {
    output: Box<dyn Write + Send>,
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

impl fmt::Debug for ResizeSafeTerm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ResizeSafeTerm")
            .field("size", &(self.size)())
            .finish_non_exhaustive()
    }
}

impl ResizeSafeTerm {
    pub(super) fn target(size: Size, output: Box<dyn Write + Send>) -> ProgressDrawTarget {
        let frame = Frame {
            output,
            lines: Vec::new(),
            cleared: 0,
            text: String::new(),
            has_begun: false,
            is_padding_next: false,
        };
        let terminal = Self { size, frame: Mutex::new(frame) };
        ProgressDrawTarget::term_like_with_hz(Box::new(terminal), RATE)
    }

    fn frame(&self) -> MutexGuard<'_, Frame> {
        self.frame.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Clears the lines of the previous frame that the current one replaces.
    fn begin(&self, frame: &mut Frame) {
        if std::mem::replace(&mut frame.has_begun, true) {
            return;
        }
        let width = usize::from(self.width()).max(1);
        let kept = frame.lines.len().saturating_sub(frame.cleared);
        let rows: usize = frame.lines[kept..].iter().map(|line| line.div_ceil(width).max(1)).sum();
        if rows > 0 {
            let up = if rows > 1 { format!("\u{1b}[{}A", rows - 1) } else { String::new() };
            let clear = vec![CLEAR_ROW; rows].join(ROW_DOWN);
            let _ = write!(frame.text, "{up}\r{clear}{up}");
        } else if !frame.lines.is_empty() {
            // The lines stay; the frame begins below them.
            frame.text.push_str("\r\n");
        }
        frame.lines.clear();
    }
}

impl TermLike for ResizeSafeTerm {
    fn width(&self) -> u16 {
        (self.size)().0
    }

    fn height(&self) -> u16 {
        (self.size)().1
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
        frame.lines.push(width(text));
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
            frame.output.write_all(whole.as_bytes())?;
        }
        frame.output.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU16, Ordering};

    use super::*;
    use crate::report::terminal::live_region::LiveRegion;
    use crate::report::testing::SharedBuffer;

    /// A terminal that keeps what it is sent, and can be made narrower.
    struct FakeTerminal {
        width: Arc<AtomicU16>,
        text: SharedBuffer,
    }

    impl FakeTerminal {
        fn new(rows: u16) -> (Self, LiveRegion) {
            let (width, text) = (Arc::new(AtomicU16::new(40)), SharedBuffer::default());
            let columns = Arc::clone(&width);
            let size = Arc::new(move || (columns.load(Ordering::Relaxed), rows));
            let region = LiveRegion::on(size, Box::new(text.clone()));
            (Self { width, text }, region)
        }

        fn taken(&self) -> String {
            self.text.take()
        }
    }

    fn lines(count: usize) -> impl Iterator<Item = String> {
        (0..count).map(|n| format!("line {n} {}", "=".repeat(50)))
    }

    #[test]
    fn frames_are_written_at_once_and_wrapped_lines_are_cleared() {
        let (terminal, mut region) = FakeTerminal::new(24);
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
        region.print("done", 0);
        let text = terminal.taken();
        let rows = format!("{CLEAR_ROW}{}", format!("{ROW_DOWN}{CLEAR_ROW}").repeat(5));
        let clears = format!("\u{1b}[5A\r{rows}\u{1b}[5A");
        assert!(text.starts_with(&format!("{BEGIN_FRAME}{clears}done\r\n")), "{text:?}");
        assert!(!text.contains("\u{1b}[J"), "{text:?}");
        region.clear();
        let text = terminal.taken();
        assert!(text.contains(CLEAR_ROW) && !text.contains("line"), "{text:?}");
    }

    #[test]
    fn a_low_terminal_shows_the_last_lines() {
        let (terminal, mut region) = FakeTerminal::new(4);
        region.show(lines(6));
        let text = terminal.taken();
        let shown: Vec<usize> = (0..6).filter(|n| text.contains(&format!("line {n}"))).collect();
        assert_eq!(shown, [3, 4, 5], "{text:?}");
    }

    #[test]
    fn a_line_is_cut_and_measured_by_the_same_width() {
        let (terminal, mut region) = FakeTerminal::new(24);
        // Each heart is two columns wide: 20 of them fill a row.
        let hearts = |count: usize| [("\u{2764}\u{fe0f}").repeat(count)];
        region.show(hearts(20));
        region.show(hearts(25));
        let text = terminal.taken();
        assert!(!text.contains(ROW_DOWN), "{text:?}");
        assert!(text.contains(&format!("{}…", hearts(19)[0])), "{text:?}");
    }

    #[test]
    fn printed_lines_stay_above_the_next() {
        let (terminal, mut region) = FakeTerminal::new(24);
        region.print("run", 0);
        region.print("done", 0);
        region.clear();
        let text = terminal.taken().replace(BEGIN_FRAME, "").replace(END_FRAME, "");
        assert_eq!(text, "run\r\ndone\r\n");
    }
}
