//! The characters beyond ASCII that the program prints by itself.
//!
//! A locale without UTF-8 cannot show them. Like the locale, the choice holds for the whole process; the edge makes it once,
//! before anything is printed. Texts of the user are never changed.

use std::borrow::Cow;
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

/// Returns `text` as the locale can show it: `?…`, the end of addresses whose secret parts are left out, ends in three dots
/// without UTF-8. Records and files have the one form alone.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    shown_in(text, IS_ASCII.load(Ordering::Relaxed))
}

fn shown_in(text: &str, is_ascii: bool) -> Cow<'_, str> {
    if is_ascii && text.contains("?…") {
        text.replace("?…", "?...").into()
    } else {
        text.into()
    }
}

impl Glyph {
    /// Returns the glyph as the locale can show it.
    pub(crate) fn text(self) -> &'static str {
        let (unicode, ascii) = self.forms();
        if IS_ASCII.load(Ordering::Relaxed) { ascii } else { unicode }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortened_addresses_are_ascii_without_utf_8() {
        let text = "`https://x.example/v.mp4?…` of Zoë… is missing";
        assert_eq!(shown_in(text, false), text);
        assert_eq!(shown_in(text, true), "`https://x.example/v.mp4?...` of Zoë… is missing");
    }
}
