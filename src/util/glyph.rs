//! The characters beyond ASCII that the program prints by itself.
//!
//! A locale without UTF-8 cannot show them. Like the locale, the choice holds for the whole process; the edge makes it once,
//! before anything is printed. Texts of the user are never changed.

use std::sync::atomic::{AtomicBool, Ordering};

static IS_ASCII: AtomicBool = AtomicBool::new(false);

/// A character of the program's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glyph {
    /// The end of a text that was cut.
    Ellipsis,
    /// The part of a progress bar that is done.
    FilledBar,
    /// The rest of a progress bar.
    EmptyBar,
    /// Times, behind a count.
    Times,
}

/// Prints ASCII from now on.
pub(crate) fn use_ascii() {
    IS_ASCII.store(true, Ordering::Relaxed);
}

/// Checks whether ASCII alone is printed.
pub(super) fn is_ascii() -> bool {
    IS_ASCII.load(Ordering::Relaxed)
}

impl Glyph {
    /// Returns the glyph as the locale can show it.
    pub(crate) fn text(self) -> &'static str {
        let (unicode, ascii) = self.forms();
        if is_ascii() { ascii } else { unicode }
    }

    const fn forms(self) -> (&'static str, &'static str) {
        match self {
            Self::Ellipsis => ("…", "..."),
            Self::FilledBar => ("━", "#"),
            Self::EmptyBar => ("─", "-"),
            Self::Times => ("×", "x"),
        }
    }
}
