//! Reasons why a workbook cannot be read.

use std::io;

/// The reason why a workbook or one of its sheets cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// The file contradicts its format, or ends early.
    Damaged,
    /// The same at a cell, or after it if the next one is not known: its row and its column, from 0.
    DamagedAt(u32, u32),
    /// The file is something else; the text names it.
    NotWorkbook(&'static str),
    /// The file is a text with columns.
    Text,
    /// The contents are encrypted.
    Password,
    /// More than can be read; the text names what is too large.
    TooLarge(&'static str),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::FileTooLarge {
            Self::TooLarge("the unpacked file")
        } else {
            Self::Damaged
        }
    }
}
