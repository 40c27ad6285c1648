//! Colours with fixed meanings. Everything can be read without them.

/// Whether to use colours; the edge decides, from the terminal and `NO_COLOR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colours {
    /// Escape sequences of the eight standard colours, which follow the user's own theme.
    On,
    /// None.
    #[default]
    Off,
}

/// What a piece of text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Done: green.
    Good,
    /// Failed: red.
    Bad,
    /// In doubt, or a pause: yellow.
    Doubt,
    /// Going on: cyan.
    Work,
    /// Of less weight.
    Faint,
    /// Of more weight.
    Strong,
}

impl Style {
    /// The tone of a status word of `results.csv`.
    pub(crate) fn of_status(status: &str) -> Self {
        match status {
            "done" => Self::Good,
            "failed" => Self::Bad,
            "in_doubt" => Self::Doubt,
            "rendering" | "downloading" => Self::Work,
            _ => Self::Faint,
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::Good => "32",
            Self::Bad => "31",
            Self::Doubt => "33",
            Self::Work => "36",
            Self::Faint => "2",
            Self::Strong => "1",
        }
    }
}

impl Colours {
    /// `text` in the colour of `style`, if there are colours.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        match self {
            Self::On => format!("\u{1b}[{}m{text}\u{1b}[0m", style.code()),
            Self::Off => text.to_owned(),
        }
    }
}
