//! A sheet in memory, whatever kind of file it came from: [`Table`], [`Value`].

use std::sync::Arc;

use crate::manifest::diagnostics::place::{Place, Source};
use crate::model::Text;

/// A text with its place: a cell of a sheet or a scalar of a YAML manifest.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    /// The content, as written.
    pub(crate) text: Text,
    /// Where it stands.
    pub(crate) place: Place,
}

impl Value {
    /// Whether there is nothing in it.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// A sheet: its header and its rows, blank rows left out.
#[derive(Debug)]
pub(crate) struct Table {
    /// The file.
    pub(crate) source: Arc<Source>,
    /// The header cells.
    pub(crate) header: Vec<Value>,
    /// The rows below it; a row has as many cells as were written.
    pub(crate) rows: Vec<Vec<Value>>,
}
