//! Values with their places, and tables of them.

use std::sync::Arc;

use crate::manifest::diagnostics::place::{Place, Source};

/// A text with its place: a cell of a sheet, or a key or scalar of a YAML manifest.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    /// The text as written.
    pub(crate) text: Arc<str>,
    pub(crate) place: Place,
}

impl Value {
    /// Creates a value.
    pub(crate) fn new(text: impl Into<Arc<str>>, place: &Place) -> Self {
        Self { text: text.into(), place: place.clone() }
    }

    /// Whether the text is empty or white space.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Returns the text without white space at its ends.
    pub(crate) fn trimmed(&self) -> Arc<str> {
        trimmed(&self.text)
    }
}

/// Returns `text` without white space at its ends, without a copy if there is none.
pub(crate) fn trimmed(text: &Arc<str>) -> Arc<str> {
    match text.trim() {
        trimmed if trimmed.len() == text.len() => text.clone(),
        trimmed => trimmed.into(),
    }
}

/// A sheet. Blank rows are left out.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) source: Arc<Source>,
    pub(crate) header: Vec<Value>,
    /// The rows below the header. A row has as many cells as were written.
    pub(crate) rows: Vec<Vec<Value>>,
}
