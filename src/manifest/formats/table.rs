//! Values with their places, and tables of them.

use std::borrow::Cow;
use std::sync::Arc;

use crate::manifest::diagnostics::place::{Place, Source};
use crate::manifest::diagnostics::problem::Problem;
use crate::manifest::diagnostics::suspicions::is_formula_error;
use crate::manifest::diagnostics::text::quote;

use super::number_format::FormatError;

/// A text with its place: a cell of a sheet, or a key or scalar of a YAML manifest.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    /// The text as written.
    pub(crate) text: Arc<str>,
    pub(crate) place: Place,
    /// What is wrong with the cell of a workbook.
    pub(crate) trouble: Option<Box<Trouble>>,
}

/// A reason why the text of a cell may not be what a spreadsheet shows, or not what its author meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A formula without a stored result.
    FormulaWithoutValue,
    /// A formula whose stored result is a placeholder of a program that does not calculate.
    FormulaNeverCalculated,
    /// A formula that failed; the text is the word for the error, such as `#REF!`.
    ErrorValue,
    /// A value whose format is not understood; the text is the bare value.
    UnknownFormat(FormatError),
    /// A value with a format that the file does not apply; the text is the bare value.
    UnformattedNumber,
}

impl Value {
    /// Creates a value.
    pub(crate) fn new(text: impl Into<Arc<str>>, place: &Place) -> Self {
        Self { text: text.into(), place: place.clone(), trouble: None }
    }

    /// Returns what is wrong with the value. In a file without types, the words for errors are texts.
    pub(crate) fn problem(&self) -> Option<Problem> {
        let text = self.text.trim();
        let calculate = "open the workbook in a spreadsheet program and save it";
        let (message, help) = match self.trouble.as_deref() {
            None if is_formula_error(text) => return Some(self.error_value()),
            None => return None,
            Some(Trouble::ErrorValue) => return Some(self.error_value()),
            Some(Trouble::FormulaWithoutValue) => {
                ("the formula in this cell has no stored value".to_owned(), calculate)
            }
            Some(Trouble::FormulaNeverCalculated) => {
                let message = "the formula in this cell was never calculated; its stored value is a placeholder";
                (message.to_owned(), calculate)
            }
            Some(Trouble::UnknownFormat(error)) => (
                format!("it is not known how the cell shows its value: {error}"),
                "give the cell a simpler format, or make it a text",
            ),
            Some(Trouble::UnformattedNumber) => (
                "it is not known how the cell shows its value: the file has only the bare value"
                    .to_owned(),
                calculate,
            ),
        };
        Some(Problem::at(&self.place, message).help(help))
    }

    fn error_value(&self) -> Problem {
        let text = self.text.trim();
        if text.bytes().all(|byte| byte == b'#') {
            let message = format!("{} stands for a value", quote(text));
            let help =
                "the column was too narrow when it was saved; make it wider and save it again";
            return Problem::at(&self.place, message).help(help);
        }
        let message = format!("{} is the error of a formula", quote(text));
        Problem::at(&self.place, message).help("correct the formula in the sheet")
    }

    /// Checks whether the text is empty or white space. A cell whose text is not certain is not blank.
    pub(crate) fn is_blank(&self) -> bool {
        self.trouble.is_none() && self.text.trim().is_empty()
    }

    /// Returns the text without white space at its ends.
    pub(crate) fn trimmed(&self) -> Arc<str> {
        trimmed(&self.text)
    }
}

/// Returns what a cell shows: without invisible characters that come with copied text, without white space at its ends,
/// and without `="…"`, by which sheets keep the zeros of `="01234"`. There is no copy if nothing is removed.
pub(crate) fn visible(text: &Arc<str>) -> Arc<str> {
    let shown = text.trim();
    if shown.is_ascii() && !shown.starts_with("=\"") {
        return trimmed(text);
    }
    let is_invisible = |character: char| {
        character.is_whitespace()
            || matches!(
                character,
                '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}'
            )
    };
    let shown = shown.trim_matches(is_invisible);
    let quoted = shown.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    // Any other quote ends the text, as in `="a"&B2`.
    let whole = quoted.filter(|inner| !inner.replace("\"\"", "").contains('"'));
    let shown = whole.map_or(shown.into(), |inner| Cow::from(inner.replace("\"\"", "\"")));
    let mut result = String::with_capacity(shown.len());
    let mut rest = shown.chars();
    while let Some(character) = rest.next() {
        let near = [result.chars().next_back(), rest.clone().next()];
        let is_kept = match character {
            '\u{2060}' | '\u{feff}' => false,
            // In scripts without spaces, it separates words.
            '\u{200b}' => {
                near.iter().flatten().filter(|near| is_southeast_asian(**near)).count() == 2
            }
            _ => true,
        };
        if is_kept {
            result.push(character);
        }
    }
    let result = result.trim();
    if result.len() == text.len() { text.clone() } else { result.into() }
}

fn is_southeast_asian(character: char) -> bool {
    matches!(character, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}

/// Returns `text` without white space at its ends, without a copy if there is none.
pub(crate) fn trimmed(text: &Arc<str>) -> Arc<str> {
    match text.trim() {
        trimmed if trimmed.len() == text.len() => text.clone(),
        trimmed => trimmed.into(),
    }
}

/// The number of rows below the first in which a header is searched.
pub(crate) const MAX_TITLE_ROWS: u32 = 20;

/// A sheet. Blank rows are left out.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) source: Arc<Source>,
    pub(crate) header: Vec<Value>,
    /// The rows below the header. A row has as many cells as were written.
    pub(crate) rows: Vec<Vec<Value>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_lose_what_is_not_seen() {
        for (text, shown) in [
            (" Hi ", "Hi"),
            ("=\"01234\"", "01234"),
            (" =\"say \"\"yes\"\"\" ", "say \"yes\""),
            ("=\"a\"&\"b\"", "=\"a\"&\"b\""),
            ("=\"\"", ""),
            ("=\"", "=\""),
            ("=A1", "=A1"),
            ("\u{feff}Hi\u{200b}", "Hi"),
            ("\u{200e}7350\u{202c}", "7350"),
            ("\u{a0}Hi\u{a0}you\u{a0}", "Hi\u{a0}you"),
            ("\u{ad}co\u{ad}op\u{ad}", "co\u{ad}op"),
            ("9\u{200b}:\u{2060}16", "9:16"),
            ("สวัสดี\u{200b}ครับ", "สวัสดี\u{200b}ครับ"),
            ("می\u{200c}خواهم\u{200c}", "می\u{200c}خواهم"),
            ("👩\u{200d}🚀", "👩\u{200d}🚀"),
            ("\u{200b}", ""),
        ] {
            assert_eq!(&*visible(&text.into()), shown, "{text:?}");
        }
    }
}
