//! The kinds of suspicious texts.

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum SuspicionKind {
    /// Letters that became question marks or U+FFFD: `Gr??e`.
    LostLetters,
    /// Control characters U+0080 to U+009F, which stand for letters and quotes of Windows-1252, and those that change the
    /// direction of letters.
    ControlCharacter,
    /// Nothing to speak: `...`.
    NoLetters,
    /// Only a number, an amount, a date or a time: `19.9`, `30/11/2026`.
    OnlyNumber,
    /// Only `TRUE`, `WAHR` or the like, which are checkboxes.
    OnlyBoolean,
    /// Only a web or e-mail address.
    OnlyAddress,
    /// Text that was decoded with another encoding: `JosÃ©`, `Ïðèâåò`.
    Mojibake,
    /// A long number whose digits a spreadsheet has removed: `4.91511E+12`.
    LostDigits,
    /// HTML tags and entities: `<b>`, `&amp;`.
    Markup,
    /// A field of this or another program that was not filled: `[First Name]`, `{{ name }}`.
    Placeholder,
    /// A word for a missing value: `null`, `N/A`.
    EmptyValue,
    /// An error of a spreadsheet formula: `#REF!`.
    ErrorValue,
    /// Unfinished text: `TODO`, `Lorem ipsum`.
    Draft,
    /// A formula that was not calculated: `=A1`.
    Formula,
    /// A character as a program writes it: `\n`, `\u00e9`, `%20`.
    Escape,
    /// Template syntax inside a filled value, which is not filled again.
    NestedTemplate,
}
