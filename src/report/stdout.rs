//! Standard output, whose writes wait for its reader.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of writes that have begun or ended. It is odd while a write waits for the reader.
static STEPS: AtomicUsize = AtomicUsize::new(0);

/// Standard output. Unlike the one of the standard library, it fails if it cannot be written to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        STEPS.fetch_add(1, Ordering::Relaxed);
        #[cfg(unix)]
        let written = rustix::io::write(io::stdout(), bytes).map_err(io::Error::from);
        #[cfg(not(unix))]
        let written = io::stdout().write(bytes);
        STEPS.fetch_add(1, Ordering::Relaxed);
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

/// Returns the number of the write that waits for the reader; `None` without one.
pub(crate) fn waiting_write() -> Option<usize> {
    Some(STEPS.load(Ordering::Relaxed)).filter(|steps| steps % 2 == 1)
}
