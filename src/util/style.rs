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

/// The meaning of a piece of text, with its SGR code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Success: green.
    Success = 32,
    /// Failure: red.
    Failure = 31,
    /// A warning, a job in doubt or a pause: yellow.
    Warning = 33,
    /// Work in progress: cyan.
    Active = 36,
    /// Less important text: dim.
    Dim = 2,
    /// Important text: bold.
    Bold = 1,
}

impl Colours {
    /// Returns `text` in the colour of `style`, or unchanged if colours are off.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        match self {
            Self::On => format!("\u{1b}[{}m{text}\u{1b}[0m", style as u8),
            Self::Off => text.to_owned(),
        }
    }
}
