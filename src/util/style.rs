//! Terminal colours with fixed meanings. All output is readable without them.

/// Whether output is coloured. The edge decides, from the terminal and `NO_COLOR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colours {
    /// Escape sequences of the eight standard colours, which follow the terminal's theme.
    On,
    /// Plain text.
    #[default]
    Off,
}

/// The meaning of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Success: green.
    Success,
    /// Failure: red.
    Failure,
    /// A warning, a job in doubt or a pause: yellow.
    Warning,
    /// Work in progress: cyan.
    Active,
    /// Less important text: dim.
    Dim,
    /// Important text: bold.
    Bold,
}

impl Style {
    const fn code(self) -> &'static str {
        match self {
            Self::Success => "32",
            Self::Failure => "31",
            Self::Warning => "33",
            Self::Active => "36",
            Self::Dim => "2",
            Self::Bold => "1",
        }
    }
}

impl Colours {
    /// Returns `text` in the colour of `style`, or unchanged if colours are off.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        match self {
            Self::On => format!("\u{1b}[{}m{text}\u{1b}[0m", style.code()),
            Self::Off => text.to_owned(),
        }
    }
}
